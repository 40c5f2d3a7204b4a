// Links as they were read: columns of equal length, particles and neurons as indices into id
// tables. A link (cyberlink) ℓ = (neuron ν, from p, to q, amount a ≥ 0, valence v, price, time t);
// rows keep the order of the input. Optional columns are null where the input has none: karma 1,
// price 1, valence 0, will 0 and no neuron, no time.

import type { Ids } from './ids.js';

/**
 * A batch of links in columns; row i of every column belongs to link i. Arrays may be longer than
 * `count`.
 */
export interface Links {
  readonly count: number;
  /** Particle table, in order of first appearance over all rows (from before to). */
  readonly particles: Ids;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** Stake, ≥ 0 and finite. */
  readonly amount: Float64Array;
  /** Neuron table; null where no row names a neuron. */
  readonly neurons: Ids | null;
  /** Index of the signing neuron, or NO_NEURON. */
  readonly neuron: Uint32Array | null;
  /** Karma of the signing neuron as given on the row, ≥ 0. */
  readonly karma: Float64Array | null;
  /** Price in [0, 1] (values outside are clamped by the weight formula, not here). */
  readonly price: Float64Array | null;
  /** Valence in {−1, 0, +1}; carried, it does not enter the weight. */
  readonly valence: Int8Array | null;
  /** Will of the signing neuron, ≥ 0: shared equally over its links. */
  readonly will: Float64Array | null;
  /**
   * Time of the link in seconds (or block height), any finite number; NaN where the row gives none.
   */
  readonly time: Float64Array | null;
  /** Integer amounts above 2⁵³ that were rounded to the nearest double on reading. */
  readonly roundedAmounts: number;
}

/** Stands in the neuron column for a link that no neuron signs. */
export const NO_NEURON = 0xffffffff;
