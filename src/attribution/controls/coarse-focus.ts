// The focus of a coarse graph, in plain doubles: the tri-kernel with springs and heat as one series of
// positive coefficients in M = W diag(1/d),
//   R φ = λ_d D φ + Σ_k c_k M^k φ     c_k = λ_s μ/(1 + μ)^{k+1} + λ_h e^{−τ} τ^k/k!
// cut where what is left is below 10⁻⁴ (the last term takes it), applied until φ moves by less than a
// tolerance. A surrogate needs to be like the focus, and to depend on the coalition alone; nothing
// here is certified. + − × ÷ only, in a fixed order.

import { exponential } from '../../base/exponential.js';
import type { Parameters } from '../../focus/parameters.js';
import type { CoarseGraph, CoarseLinks } from './coarse-graph.js';

const TAIL = 1e-4;
const MOVED = { base: 1e-12, change: 1e-6 };
const MOST_STEPS = 400;
/** What is left of a sum of weights, relatively, when its parts are taken away. */
const NOTHING = 1e-12;

/** The focus of a coarse graph by node, with none or some of its changes made. */
export interface CoarseFocus {
  readonly base: Float64Array;
  of(members: readonly number[]): Float64Array;
}

/** Solves the base, and each set of changes from there. */
export function openCoarseFocus(
  { nodes, links, changes, counts, focus }: CoarseGraph,
  parameters: Parameters,
): CoarseFocus {
  const series = seriesOf(parameters);
  const most = links.from.length + changes.reduce((sum, { from }) => sum + from.length, 0);
  const from = new Uint32Array(most);
  const to = new Uint32Array(most);
  const weight = new Float64Array(most);
  const [out, degree, prior] = [0, 1, 2].map(() => new Float64Array(nodes));
  const gather = (members: readonly number[]): number => {
    let count = 0;
    const add = (part: CoarseLinks): void => {
      from.set(part.from, count);
      to.set(part.to, count);
      weight.set(part.weight, count);
      count += part.from.length;
    };
    add(links);
    for (const member of members) add(changes[member]);
    return count;
  };
  const solve = (members: readonly number[], start: Float64Array, moved: number): Float64Array => {
    const count = gather(members);
    sumDegrees(from, to, weight, count, out, degree);
    priorOf(parameters, degree, counts, prior);
    const step = { from, to, weight, count, out, degree, prior, series, parameters };
    let phi = start;
    for (let i = 0; i < MOST_STEPS; i++) {
      const next = applied(step, phi);
      let change = 0;
      for (let j = 0; j < nodes; j++) change += Math.abs(next[j] - phi[j]);
      phi = next;
      if (change < moved) break;
    }
    return phi;
  };
  const base = solve([], focus, MOVED.base);
  return { base, of: (members) => solve(members, base, MOVED.change) };
}

/** c_0, c_1, …; they add up to λ_s + λ_h. */
function seriesOf({ lambda, mu, tau }: Parameters): Float64Array {
  const [, springs, heat] = lambda;
  const coefficients: number[] = [];
  let left = springs + heat;
  let spring = (springs * mu) / (1 + mu);
  let warm = heat * exponential(-tau);
  for (let k = 0; left > 0; k++) {
    const own = spring + warm;
    if (left - own < TAIL) {
      coefficients.push(left);
      break;
    }
    coefficients.push(own);
    left -= own;
    spring /= 1 + mu;
    warm *= tau / (k + 1);
  }
  return Float64Array.from(coefficients);
}

function sumDegrees(
  from: Uint32Array,
  to: Uint32Array,
  weight: Float64Array,
  count: number,
  out: Float64Array,
  degree: Float64Array,
): void {
  out.fill(0);
  degree.fill(0);
  const gross = new Float64Array(degree.length);
  for (let k = 0; k < count; k++) {
    out[from[k]] += weight[k];
    degree[to[k]] += weight[k];
    gross[from[k]] += Math.abs(weight[k]);
    gross[to[k]] += Math.abs(weight[k]);
  }
  for (let i = 0; i < degree.length; i++) {
    if (out[i] <= NOTHING * gross[i]) out[i] = 0;
    degree[i] += out[i];
    if (degree[i] <= NOTHING * gross[i]) degree[i] = 0;
  }
}

function priorOf(
  { prior }: Parameters,
  degree: Float64Array,
  counts: Float64Array,
  target: Float64Array,
): void {
  let total = 0;
  for (let i = 0; i < degree.length; i++) {
    const own = prior === 'degree' ? degree[i] : degree[i] > 0 ? Math.max(1, counts[i]) : 0;
    target[i] = own;
    total += own;
  }
  for (let i = 0; i < target.length; i++) target[i] /= total;
}

interface Step {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly weight: Float64Array;
  readonly count: number;
  readonly out: Float64Array;
  readonly degree: Float64Array;
  readonly prior: Float64Array;
  readonly series: Float64Array;
  readonly parameters: Parameters;
}

/** Rφ, at mass 1. */
function applied(step: Step, phi: Float64Array): Float64Array {
  const { from, to, weight, count, out, degree, prior, series, parameters } = step;
  const { lambda, teleport } = parameters;
  const nodes = phi.length;
  const next = new Float64Array(nodes);
  const scaled = new Float64Array(nodes);
  let given = 0;
  let mass = 0;
  for (let i = 0; i < nodes; i++) {
    const walks = lambda[0] * (1 - teleport) * phi[i];
    scaled[i] = out[i] > 0 ? walks / out[i] : 0;
    given += lambda[0] * teleport * phi[i] + (out[i] > 0 ? 0 : walks);
  }
  for (let k = 0; k < count; k++) next[to[k]] += weight[k] * scaled[from[k]];
  for (let i = 0; i < nodes; i++) next[i] += given * prior[i] + (series[0] ?? 0) * phi[i];
  let power = phi;
  let [product, spare] = [new Float64Array(nodes), new Float64Array(nodes)];
  for (let term = 1; term < series.length; term++) {
    product.fill(0);
    for (let i = 0; i < nodes; i++) scaled[i] = degree[i] > 0 ? power[i] / degree[i] : 0;
    for (let k = 0; k < count; k++) {
      product[to[k]] += weight[k] * scaled[from[k]];
      product[from[k]] += weight[k] * scaled[to[k]];
    }
    for (let i = 0; i < nodes; i++) next[i] += series[term] * product[i];
    power = product;
    [product, spare] = [spare, product];
  }
  for (let i = 0; i < nodes; i++) mass += next[i];
  for (let i = 0; i < nodes; i++) next[i] /= mass;
  return next;
}
