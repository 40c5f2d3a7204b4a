// How rewards become earnings: every epoch pays a fixed emission under each reward function.
//   payout_i = emission · max(0, reward_i) / Σ_k max(0, reward_k)
// Where nothing is positive nobody is paid, and the emission of that epoch is not made.

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
