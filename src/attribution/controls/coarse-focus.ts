// The focus of a coarse graph, in plain doubles: the tri-kernel with springs and heat as one series of
// positive coefficients in M = W diag(1/d),
//   R φ = λ_d D φ + Σ_k c_k M^k φ     c_k = λ_s μ/(1 + μ)^{k+1} + λ_h e^{−τ} τ^k/k!
// cut where what is left is below 10⁻³ (the last term takes it), applied until a step moves φ by less
// than 10⁻⁴ of what the first one moved it. A surrogate needs to be like the focus, and to depend on
// the coalition alone; nothing here is certified. + − × ÷ only, in a fixed order.

import { exponential } from '../../base/exponential.js';
import type { Parameters } from '../../focus/parameters.js';
import type { CoarseGraph, CoarseLinks } from './coarse-graph.js';

/** Of λ_s + λ_h, what the last term of the series takes. */
const TAIL = 1e-3;
/** What a step moves, relative to the first: then a change is done. */
const SETTLED = 1e-4;
/** For the base, in L1. */
const STILL = 1e-12;
const MOST_STEPS = 400;
/** What is left of a sum of weights, relatively, when its parts are taken away. */
const NOTHING = 1e-12;

/** The focus of a coarse graph by node, with none or some of its changes made. */
export interface CoarseFocus {
  readonly base: Float64Array;
  of(members: readonly number[]): Float64Array;
  /**
   * χ: the focus times β/β_S, the part that the prior brings before and after. It is what adds up
   * over changes that do not meet (focus/local/shift.ts). Of no members: the base.
   */
  unscaled(members: readonly number[]): Float64Array;
}

/** Solves the base, and each set of changes from there. */
export function openCoarseFocus(coarse: CoarseGraph, parameters: Parameters): CoarseFocus {
  const { nodes, links, changes, counts, focus, walks, springs, lumpDegree } = coarse;
  const most = links.from.length + changes.reduce((sum, { from }) => sum + from.length, 0);
  const own = openColumns(most);
  const [out, degree, prior] = [0, 1, 2].map(() => new Float64Array(nodes));
  const isLump = Uint8Array.from(lumpDegree, (own_) => Number(own_ > 0));
  const series = seriesOf(parameters);
  const solve = (members: readonly number[], start: Float64Array, settled: number): Solved => {
    own.count = 0;
    append(own, links);
    for (const member of members) append(own, changes[member]);
    sumDegrees(own, lumpDegree, out, degree);
    const total = priorOf(parameters, degree, counts, prior);
    const walking = byTarget(columnsWith(own, walks, isLump, out, false), nodes);
    const springing = byTarget(columnsWith(own, springs, isLump, degree, true), nodes);
    const lumpWalks = walksOf(walks, nodes);
    const step = { walking, springing, out, lumpWalks, prior, series, parameters };
    let phi = start;
    let first = 0;
    for (let i = 0; i < MOST_STEPS; i++) {
      const next = applied(step, phi, givenBy(step, phi));
      let change = 0;
      for (let j = 0; j < nodes; j++) change += Math.abs(next[j] - phi[j]);
      phi = next;
      if (i === 0) first = change;
      if (change <= Math.max(STILL, settled * first)) break;
    }
    return { phi, injection: givenBy(step, phi) / total };
  };
  const { phi: base, injection } = solve([], focus, 0);
  return {
    base,
    of: (members) => solve(members, base, SETTLED).phi,
    unscaled: (members) => {
      if (members.length === 0) return base;
      const solved = solve(members, base, SETTLED);
      const scale = injection / solved.injection;
      return solved.phi.map((value) => value * scale);
    },
  };
}

/** A focus, and β: what a unit of the prior's weight injects into it. */
interface Solved {
  readonly phi: Float64Array;
  readonly injection: number;
}

/** Links in buffers that are used again. */
interface Columns {
  count: number;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly weight: Float64Array;
}

function openColumns(most: number): Columns {
  return {
    count: 0,
    from: new Uint32Array(most),
    to: new Uint32Array(most),
    weight: new Float64Array(most),
  };
}

function append(columns: Columns, { from, to, weight }: CoarseLinks): void {
  columns.from.set(from, columns.count);
  columns.to.set(to, columns.count);
  columns.weight.set(weight, columns.count);
  columns.count += from.length;
}

/**
 * What a unit at each node sends where: of kept ones their links over `divisor` (both ways for
 * springs), of lumps the columns known.
 */
function columnsWith(
  own: Columns,
  lumps: CoarseLinks,
  isLump: Uint8Array,
  divisor: Float64Array,
  bothWays: boolean,
): Columns {
  const columns = openColumns((bothWays ? 2 : 1) * own.count + lumps.from.length);
  const put = (from: number, to: number, weight: number): void => {
    if (isLump[from] === 1 || divisor[from] === 0) return;
    columns.from[columns.count] = from;
    columns.to[columns.count] = to;
    columns.weight[columns.count++] = weight / divisor[from];
  };
  for (let k = 0; k < own.count; k++) {
    put(own.from[k], own.to[k], own.weight[k]);
    if (bothWays) put(own.to[k], own.from[k], own.weight[k]);
  }
  append(columns, lumps);
  return columns;
}

/** The same links as rows: what arrives at each node. */
interface Rows {
  readonly offsets: Uint32Array;
  readonly from: Uint32Array;
  readonly weight: Float64Array;
}

/** Sorted by target, in their order otherwise: a row is then summed in a register. */
function byTarget({ from, to, weight, count }: Columns, nodes: number): Rows {
  const offsets = new Uint32Array(nodes + 1);
  for (let k = 0; k < count; k++) offsets[to[k] + 1]++;
  for (let i = 0; i < nodes; i++) offsets[i + 1] += offsets[i];
  const next = offsets.slice();
  const rows = { offsets, from: new Uint32Array(count), weight: new Float64Array(count) };
  for (let k = 0; k < count; k++) {
    const place = next[to[k]]++;
    rows.from[place] = from[k];
    rows.weight[place] = weight[k];
  }
  return rows;
}

/** How much of what is at a lump walks on; 0 for kept nodes. */
function walksOf({ from, weight }: CoarseLinks, nodes: number): Float64Array {
  const walks = new Float64Array(nodes);
  for (let k = 0; k < from.length; k++) walks[from[k]] += weight[k];
  return walks;
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
  { from, to, weight, count }: Columns,
  lumpDegree: Float64Array,
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
    if (lumpDegree[i] > 0) degree[i] = lumpDegree[i];
  }
}

/** Writes the prior into `target` and returns the sum of its weights. */
function priorOf(
  { prior }: Parameters,
  degree: Float64Array,
  counts: Float64Array,
  target: Float64Array,
): number {
  let total = 0;
  for (let i = 0; i < degree.length; i++) {
    const own = prior === 'degree' ? degree[i] : degree[i] > 0 ? Math.max(1, counts[i]) : 0;
    target[i] = own;
    total += own;
  }
  for (let i = 0; i < target.length; i++) target[i] /= total;
  return total;
}

interface Step {
  readonly walking: Rows;
  readonly springing: Rows;
  readonly out: Float64Array;
  readonly lumpWalks: Float64Array;
  readonly prior: Float64Array;
  readonly series: Float64Array;
  readonly parameters: Parameters;
}

/** What the prior hands out: of teleports, and of what does not walk on. */
function givenBy({ out, lumpWalks, parameters }: Step, phi: Float64Array): number {
  const { lambda, teleport } = parameters;
  const walk = lambda[0] * (1 - teleport);
  let given = 0;
  for (let i = 0; i < phi.length; i++) {
    const walks = lumpWalks[i] > 0 ? lumpWalks[i] : Number(out[i] > 0);
    given += phi[i] * (lambda[0] * teleport + walk * (1 - walks));
  }
  return given;
}

/** Rφ, at mass 1. */
function applied(step: Step, phi: Float64Array, given: number): Float64Array {
  const { walking, springing, prior, series, parameters } = step;
  const { lambda, teleport } = parameters;
  const nodes = phi.length;
  const walk = lambda[0] * (1 - teleport);
  const next = new Float64Array(nodes);
  gather(walking, phi, next);
  for (let i = 0; i < nodes; i++)
    next[i] = walk * next[i] + given * prior[i] + (series[0] ?? 0) * phi[i];
  let power = phi;
  let [product, spare] = [new Float64Array(nodes), new Float64Array(nodes)];
  for (let term = 1; term < series.length; term++) {
    gather(springing, power, product);
    for (let i = 0; i < nodes; i++) next[i] += series[term] * product[i];
    power = product;
    [product, spare] = [spare, product];
  }
  let mass = 0;
  for (let i = 0; i < nodes; i++) mass += next[i];
  for (let i = 0; i < nodes; i++) next[i] /= mass;
  return next;
}

/** target = rows · x. */
function gather({ offsets, from, weight }: Rows, x: Float64Array, target: Float64Array): void {
  for (let i = 0; i < target.length; i++) {
    let sum = 0;
    for (let k = offsets[i]; k < offsets[i + 1]; k++) sum += weight[k] * x[from[k]];
    target[i] = sum;
  }
}
