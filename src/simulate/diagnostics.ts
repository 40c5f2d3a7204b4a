// What is measured of a game besides earnings: whether a function pays those who are right, how fast
// the weight of a block in the DAG accrues, and how sharp focus is beside the truth's.

import { logarithm } from '../base/logarithm.js';
import { compensatedSum } from '../focus/sums.js';
import { blockDag } from '../rewards/block-dag.js';
import { descendantCounts } from '../rewards/descendants.js';
import { blocksOf } from './blocks.js';
import type { Game } from './play.js';
import type { ScoredEpoch } from './score.js';
import type { SimulationSettings } from './settings.js';
import { correlationOf } from './statistics.js';

/** How the weight of the first epoch's blocks grew. */
export interface Accrual {
  /** Σ descendants of the first epoch's blocks, after each epoch. */
  readonly descendants: readonly number[];
}

/**
 * Correlation of each function's reward with accuracy over the crowd's signals, within epochs: both
 * less their epoch's mean, so that what all gain or lose with time does not count.
 */
export function correlationsOf(
  { functions, crowd }: SimulationSettings,
  { epochs }: Game,
  scored: readonly ScoredEpoch[],
): Record<string, number | null> {
  const centred = (measure: string): number[] =>
    scored.flatMap(({ rewards }, epoch) => {
      const own = rewards[measure].filter((_, k) => epochs[epoch][k].player < crowd);
      const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
      return own.map((value) => value - mean);
    });
  const accuracy = centred('accuracy');
  return Object.fromEntries(
    functions.map((name) => [name, correlationOf(centred(name), accuracy)]),
  );
}

/** Descendants of the first blocks, epoch by epoch. O(epochs · references). */
export function accrualOf({ epochs }: Game): Accrual {
  const blocks = blocksOf(epochs);
  const first = blocks[0].length;
  return {
    descendants: blocks.map((_, epoch) => {
      const dag = blockDag(blocks.slice(0, epoch + 1).flat());
      return descendantCounts(dag)
        .subarray(0, first)
        .reduce((sum, count) => sum + count, 0);
    }),
  };
}

/** H(φ) = −Σ φ ln φ in nats, by a logarithm that is the same in every engine. O(n). */
export function entropyOf(phi: Float64Array): number {
  return -compensatedSum(phi.length, (i) => (phi[i] > 0 ? phi[i] * logarithm(phi[i]) : 0));
}
