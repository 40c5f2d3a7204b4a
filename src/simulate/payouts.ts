// How rewards become earnings: every epoch pays the same emission under each reward function.
//   emission = stake of one neuron · players that signal in the epoch
//   payout_i = emission · max(0, reward_i) / Σ_k max(0, reward_k)
// Idle players are not counted, or those who act would earn more because another waits. Where nothing
// is positive nobody is paid, and the emission of that epoch is not made.

import type { SimulationSettings } from './settings.js';
import type { Played } from './strategy.js';

/** The emission of an epoch; a whale and the names of a sybil count as one player. */
export function emissionOf({ stake }: SimulationSettings, played: readonly Played[]): number {
  return stake * new Set(played.map(({ player }) => player)).size;
}

/**
 * The payouts of an epoch's rewards: ≥ 0, summing to the emission up to rounding, or all 0. Throws
 * nothing; rewards are finite.
 */
export function payoutsOf(rewards: readonly number[], emission: number): number[] {
  const positive = rewards.map((reward) => Math.max(0, reward));
  // The largest comes out of the sum, so that the smallest doubles share too.
  const largest = positive.reduce((most, reward) => Math.max(most, reward), 0);
  if (largest === 0) return positive;
  const shares = positive.map((reward) => reward / largest);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => (emission * share) / total);
}
