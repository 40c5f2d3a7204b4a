// Karma of a neuron: the φ*-weight that its links have accumulated.
//   karma(ν) = Σ_e Σ_{i→j} (ν's share of axon i→j in e) · [φ*_j(e) − φ*_j(e−1)] = Σ over its links of R
// with w = 1: the valuation of links, summed by neuron in the order of slots. It can be negative, and is
// reported so; what may not fall below zero is karma after a score (bts.ts). Links that no neuron
// signs are summed apart, so that nothing is lost. Another weighting gives another table, named so.

import type { Valuation } from './link-valuation.js';

/** What a neuron has accumulated. */
export interface NeuronKarma {
  /** Null for the links that no neuron signs. */
  readonly neuron: string | null;
  /** Links it ever had. */
  readonly links: number;
  /** Those that are alive in the last epoch. */
  readonly alive: number;
  readonly karma: number;
  /** Proven error; null where a focus has no bound. */
  readonly errorBound: number | null;
}

/** A rounding of each addition, of the sum of magnitudes. */
const ROUNDING = 2 ** -53;

/** Karma of all neurons, in the order of their first links. O(links). */
export function karmaOf(valuation: Valuation): readonly NeuronKarma[] {
  type Sum = { links: number; alive: number; karma: number; size: number; bound: number | null };
  const sums = new Map<string | null, Sum>();
  for (let slot = 0; slot < valuation.count; slot++) {
    const { neuron, isAlive, value, errorBound } = valuation.linkAt(slot);
    let sum = sums.get(neuron);
    if (sum === undefined) {
      sums.set(neuron, (sum = { links: 0, alive: 0, karma: 0, size: 0, bound: 0 }));
    }
    sum.links++;
    if (isAlive) sum.alive++;
    sum.karma += value;
    sum.size += Math.abs(value);
    sum.bound = sum.bound === null || errorBound === null ? null : sum.bound + errorBound;
  }
  return [...sums].map(([neuron, { links, alive, karma, size, bound }]) => ({
    neuron,
    links,
    alive,
    karma,
    errorBound: bound === null ? null : bound + links * ROUNDING * (size + bound),
  }));
}
