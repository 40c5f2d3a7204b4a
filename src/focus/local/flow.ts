// The tri-kernel without its prior, applied to a vector that is zero almost everywhere, on a graph
// with a change laid over it:
//   Q v = λ_d (1 − t) P v + Σ c_k M^k v      P = Aᵀ diag(1/out),  M = W diag(1/d)
// Columns of dangling particles are zero in P; a particle without any axon keeps only c_0.
// M^k v widens with k while its weight Σ_{j≥k} c_j falls: an entry whose weight has fallen below
// `least` for each of its axons is not followed, so that what is lost saves the most work.
// What it could still have brought, in L1, is counted as lost; or, where a rough answer is enough,
// left where it stands, which at least keeps the sum.

import type { Csr } from '../../graph/csr.js';
import type { Parameters } from '../parameters.js';
import type { ChangedGraph } from './changed-graph.js';
import type { PowerSeries } from './series.js';
import { addAt, clear, sparseVector, type SparseVector } from './sparse.js';

/** What flows need besides a graph, and what they have done. */
export interface Flow {
  readonly series: PowerSeries;
  /** λ_d (1 − t). */
  readonly follow: number;
  readonly front: SparseVector;
  readonly next: SparseVector;
  /** Arcs followed so far. */
  arcs: number;
  /** L1 of what was not followed, since it was last set to zero. */
  lost: number;
  /** Whether what is not followed is left where it stands. */
  rough: boolean;
}

/** Scratch for graphs of up to `size` particles. */
export function openFlow(
  series: PowerSeries,
  { lambda, teleport }: Parameters,
  size: number,
): Flow {
  return {
    series,
    follow: lambda[0] * (1 - teleport),
    front: sparseVector(size),
    next: sparseVector(size),
    arcs: 0,
    lost: 0,
    rough: false,
  };
}

/** out += Q v; v must not be the flow's own scratch. */
export function addFlow(
  flow: Flow,
  graph: ChangedGraph,
  v: SparseVector,
  out: SparseVector,
  least: number,
): void {
  const { coefficients } = flow.series;
  for (let k = 0; k < v.count; k++) {
    const i = v.places[k];
    const value = v.values[i];
    if (value === 0) continue;
    addAt(out, i, coefficients[0] * value);
    followAxons(flow, graph, i, flow.follow * value, out);
  }
  addAverages(flow, graph, v, out, least, 1, null);
}

/**
 * What enters the averages at each power from outside: called with k before M^k is formed of the
 * front, it may add to `next`.
 */
export type Injection = (k: number, next: SparseVector) => void;

/**
 * out += Σ_{k ≥ first} c_k M^{k − first + 1} v, with an injection at each power up to `powers`
 * where one is given. An empty front ends it.
 */
export function addAverages(
  flow: Flow,
  graph: ChangedGraph,
  v: SparseVector,
  out: SparseVector,
  least: number,
  first: number,
  injection: { readonly powers: number; readonly inject: Injection } | null,
): void {
  const { coefficients, tails } = flow.series;
  let [front, next] = [flow.front, flow.next];
  for (let k = 0; k < v.count; k++) {
    const i = v.places[k];
    if (v.values[i] !== 0) keep(flow, graph, out, i, v.values[i], tails[first], least, front);
  }
  const last = coefficients.length - 1;
  const injected = injection === null ? 0 : injection.powers;
  for (let k = first; k <= last; k++) {
    if (front.count === 0 && k > injected) break;
    averageInto(flow, graph, front, next);
    if (k <= injected) injection?.inject(k, next);
    clear(front);
    for (let place = 0; place < next.count; place++) {
      const i = next.places[place];
      const value = next.values[i];
      if (value === 0) continue;
      addAt(out, i, coefficients[k] * value);
      keep(flow, graph, out, i, value, tails[k + 1], least, front);
    }
    clear(next);
  }
  // What the series leaves of the front.
  for (let k = 0; k < front.count; k++)
    flow.lost += tails[last + 1] * Math.abs(front.values[front.places[k]]);
  clear(front);
}

/** Follows an entry on, or counts it as lost and leaves it. */
function keep(
  flow: Flow,
  { before }: ChangedGraph,
  out: SparseVector,
  at: number,
  value: number,
  weight: number,
  least: number,
  front: SparseVector,
): void {
  const reach = weight * Math.abs(value);
  if (reach >= least * (at < before.particles ? before.touching[at] : 1)) {
    addAt(front, at, value);
    return;
  }
  flow.lost += reach;
  if (flow.rough) addAt(out, at, weight * value);
}

/** next += M front. */
function averageInto(
  flow: Flow,
  { before, changed, marks }: ChangedGraph,
  front: SparseVector,
  next: SparseVector,
): void {
  const { axons, reverse, degree, particles } = before;
  for (let k = 0; k < front.count; k++) {
    const i = front.places[k];
    const mark = marks[i];
    const total = mark === 0 ? degree[i] : changed[mark - 1].degree;
    if (total === 0) continue;
    const share = front.values[i] / total;
    if (i < particles) {
      flow.arcs += scatter(axons, i, share, next) + scatter(reverse, i, share, next);
    }
    if (mark === 0) continue;
    for (const { end, weight } of changed[mark - 1].leaving) addAt(next, end, share * weight);
    for (const { end, weight } of changed[mark - 1].arriving) addAt(next, end, share * weight);
  }
}

/** out += value · (column i of P). */
export function followAxons(
  flow: Flow,
  { before, changed, marks }: ChangedGraph,
  i: number,
  value: number,
  out: SparseVector,
): void {
  const mark = marks[i];
  const total = mark === 0 ? before.outStake[i] : changed[mark - 1].outStake;
  if (total === 0) return;
  const share = value / total;
  if (i < before.particles) flow.arcs += scatter(before.axons, i, share, out);
  if (mark === 0) return;
  for (const { end, weight } of changed[mark - 1].leaving) addAt(out, end, share * weight);
}

/** out += value · row i of the matrix; returns the arcs of the row. */
export function scatter(
  { offsets, columns, weights }: Csr,
  i: number,
  value: number,
  out: SparseVector,
): number {
  const { values, places, touched } = out;
  const end = offsets[i + 1];
  let { count } = out;
  for (let k = offsets[i]; k < end; k++) {
    const j = columns[k];
    if (touched[j] === 0) {
      touched[j] = 1;
      places[count++] = j;
    }
    values[j] += value * weights[k];
  }
  out.count = count;
  return end - offsets[i];
}
