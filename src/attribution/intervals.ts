// Confidence intervals of means of replicates.
//   student     x̄ ± t_{R−1} s/√R: right for replicates that are near normal, as sums of marginals are
//   bernstein   x̄ ± (√(2 s² L/R) + 7 b L/(3 (R − 1))), L = ln(2/δ) (Maurer and Pontil 2009): holds for
//               any replicates whose estimates lie in a range of width b, which the caller must know
// Both hold for a number of replicates fixed in advance; stopping when an interval is narrow makes them
// a little too narrow.

import { check } from '../base/errors.js';
import { logarithm } from '../base/logarithm.js';
import { studentQuantile } from './student.js';

/** What an interval is made by. */
export interface IntervalOptions {
  /** Chance to hold the truth, in (0, 1), for each player alone; default 0.95. */
  readonly confidence?: number | undefined;
  readonly method?: 'student' | 'bernstein' | undefined;
  /** b of `bernstein`, in 1: no replicate's estimate of a player ranges wider. */
  readonly range?: number | undefined;
}

/**
 * Half the width of the interval, in the unit of the variance's root; null below two replicates.
 * `variance` is that of one replicate (divisor R − 1). Throws `bad-parameter` for a confidence out of
 * range and a `bernstein` without range.
 */
export function halfWidthOf(
  variance: number | null,
  replicates: number,
  options: IntervalOptions = {},
): number | null {
  const { confidence = 0.95, method = 'student', range } = options;
  check(
    confidence > 0 && confidence < 1,
    'bad-parameter',
    () => `confidence: expected a number between 0 and 1, found ${confidence}`,
  );
  if (variance === null || replicates < 2) return null;
  if (method === 'student')
    return studentQuantile(confidence, replicates - 1) * Math.sqrt(variance / replicates);
  check(
    range !== undefined && range >= 0 && range < Infinity,
    'bad-parameter',
    () => `bernstein interval: expected the range of a replicate's estimate, found ${range}`,
    'give the range, or take the method student',
  );
  const level = logarithm(2 / (1 - confidence));
  return (
    Math.sqrt((2 * variance * level) / replicates) + (7 * range * level) / (3 * (replicates - 1))
  );
}
