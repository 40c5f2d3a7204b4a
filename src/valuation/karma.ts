// Karma of a neuron: the φ*-weight that its links have accumulated.
//   karma(ν) = Σ_e Σ_{i→j} (ν's share of axon i→j in e) · [φ*_j(e) − φ*_j(e−1)] = Σ over its links of R
// with w = 1: the valuation of links, summed by neuron in the order of slots. It can be negative, and is
// reported so; what may not fall below zero is karma after a score (bts.ts). Links that no neuron
// signs are summed apart, so that nothing is lost. Another weighting gives another table, named so.

import { check, shown } from '../base/errors.js';
import { NO_NEURON } from '../graph/links.js';
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

/**
 * Karma of all neurons, in the order of their first links. O(links). Throws `bad-input` where a sum
 * overflows, which only weights of links can make it do.
 */
export function karmaOf(valuation: Valuation): readonly NeuronKarma[] {
  type Sum = { links: number; alive: number; karma: number; size: number; bound: number | null };
  const { neuron: neuronOf, neurons, values, lastIndex } = valuation;
  const sums = new Map<number, Sum>();
  for (let slot = 0; slot < valuation.count; slot++) {
    let sum = sums.get(neuronOf[slot]);
    if (sum === undefined) {
      sums.set(neuronOf[slot], (sum = { links: 0, alive: 0, karma: 0, size: 0, bound: 0 }));
    }
    const bound = valuation.boundAt(slot);
    sum.links++;
    if (lastIndex[slot] >= 0) sum.alive++;
    sum.karma += values[slot];
    sum.size += Math.abs(values[slot]);
    sum.bound = sum.bound === null || bound === null ? null : sum.bound + bound;
  }
  return [...sums].map(([index, { links, alive, karma, size, bound }]) => {
    const neuron = index === NO_NEURON ? null : neurons.at(index);
    check(
      size < Infinity,
      'bad-input',
      () => `karma of ${shown(neuron ?? 'no neuron')}: what its links earned is more than 1.8e308`,
      'use a larger unit of stake',
    );
    const errorBound = bound === null ? null : bound + links * ROUNDING * (size + bound);
    return { neuron, links, alive, karma, errorBound };
  });
}
