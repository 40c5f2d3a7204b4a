// The source of a shift: what the changed graph does to the focus before the change.
//   source = β (b' − b) + λ_d (1 − t) (P' − P) φ + Σ c_k (M'^k − M^k) φ
//   e_k = (M'^k − M^k) φ:   e_k = M' e_{k−1} + (M' − M) M^{k−1} φ
// Only columns of changed particles differ between M' and M, so M^{k−1} φ is needed there alone.
// From power K on, which the base does not hold, (M^k φ)_i ≤ density · d_i bounds what is missing:
// ‖e_k‖₁ grows by at most 2 · (weight moved) · density with each power.

import type { LocalBase } from './base.js';
import { cancellationOf, type ChangedGraph, type ChangedParticle } from './changed-graph.js';
import { meanPowerBeyond } from './series.js';
import { addAverages, followAxons, scatter, type Flow } from './flow.js';
import { addAt, clear, sparseVector, type SparseVector } from './sparse.js';

/** A source and how well it is known. */
export interface Source {
  readonly vector: readonly { readonly place: number; readonly value: number }[];
  /** L1 of what was not followed, and of the powers that are not held. */
  readonly lost: number;
  /** L1 of all that flowed, which roundings are relative to. */
  readonly flow: number;
  /** Roundings of the base's powers, and of what is formed of them. */
  readonly rounding: number;
  /** By how much what is added at a changed particle exceeds its sum, at most. */
  readonly cancellation: number;
  /** Whether the change changes nothing. */
  readonly isEmpty: boolean;
}

const NOTHING = sparseVector(0);

/** Computes the source, with `out` as scratch; O(arcs of the particles reached). */
export function sourceOf(
  base: LocalBase,
  graph: ChangedGraph,
  flow: Flow,
  out: SparseVector,
  least: number,
): Source {
  const { series, powers, injection, parameters, graph: before } = base;
  const { changed } = graph;
  flow.lost = 0;
  let total = 0;
  for (const particle of changed) {
    const { index, degree } = particle;
    const old = index < before.particles ? before.degree[index] : 0;
    if (parameters.prior === 'degree') addAt(out, index, injection * (degree - old));
    else addAt(out, index, injection * (Number(degree > 0) - Number(old > 0)));
    total += injection * Math.max(degree, old, 1);
    if (index < before.particles) {
      const value = flow.follow * base.phi[index];
      followAxons(flow, graph, index, value, out);
      if (before.outStake[index] > 0)
        scatter(before.axons, index, -value / before.outStake[index], out);
      total += 2 * base.phi[index];
    }
  }
  const last = powers.length - 1;
  const inject = (k: number, next: SparseVector): void => {
    for (const particle of changed) injectColumn(base, particle, k - 1, next);
  };
  addAverages(flow, graph, NOTHING, out, least, 1, { powers: last, inject });
  let [moved, relative, cancellation, powered] = [0, 0, 1, 0];
  for (const particle of changed) {
    const most = largestPower(base, particle);
    moved += particle.moved;
    relative += most * largestDifference(base, particle);
    powered += 2 * most;
    const { step, out } = cancellationOf(before, particle);
    cancellation = Math.max(cancellation, step, out);
  }
  const beyond = meanPowerBeyond(series, last);
  const vector = Array.from(out.places.subarray(0, out.count), (place) => ({
    place,
    value: out.values[place],
  }));
  clear(out);
  return {
    vector,
    lost: flow.lost + beyond * 2 * moved * base.density,
    flow: total,
    rounding:
      meanPowerBeyond(series, 0) *
        (base.powerError * relative + 2 ** -50 * cancellation * powered) +
      2 ** -50 * cancellation * total,
    cancellation,
    isEmpty: changed.length === 0,
  };
}

/** next += (M' − M) e_i (M^k φ)_i for one changed particle. */
function injectColumn(
  { columns, powers, graph: before }: LocalBase,
  { index, degree, leaving, arriving }: ChangedParticle,
  k: number,
  next: SparseVector,
): void {
  if (index >= before.particles) return;
  const value = powers[k][columns.get(index) ?? 0];
  const share = degree > 0 ? 1 / degree : 0;
  // For a particle that is left without a link, M' keeps nothing.
  const difference = value * (share - 1 / before.degree[index]);
  scatter(before.axons, index, difference, next);
  scatter(before.reverse, index, difference, next);
  for (const { end, weight } of leaving) addAt(next, end, value * share * weight);
  for (const { end, weight } of arriving) addAt(next, end, value * share * weight);
}

/** The largest (M^k φ)_i, for one changed particle. */
function largestPower({ columns, powers }: LocalBase, { index }: ChangedParticle): number {
  const column = columns.get(index);
  if (column === undefined) return 0;
  return powers.reduce((largest, values) => Math.max(largest, values[column]), 0);
}

/** A bound of ‖column of M' − column of M‖₁, for one changed particle. */
function largestDifference(
  { graph: before }: LocalBase,
  { index, degree, moved }: ChangedParticle,
): number {
  if (index >= before.particles) return 0;
  return 2 * Math.min(1, moved / Math.max(degree, before.degree[index]));
}
