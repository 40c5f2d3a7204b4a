// The proven L1 error of an exact focus (docs/exact-arithmetic.md, section 6), in focus units: the
// measured residual, truncation, roundings, and the quantisation of weights.

import type { ExactOperator } from './operator.js';
import { CERTAIN } from './series.js';
import { doubleAbove, ONE, type Rational } from './units.js';
import { sumAt, totalOf } from './weights.js';

const ceiling = (numerator: bigint, denominator: bigint): bigint =>
  (numerator + denominator - 1n) / denominator;

/** Q + truncation: what one application of G at a degree adds to the measured residual. */
export function applicationError(operator: ExactOperator, degree: number): bigint {
  const { workspace, weights, series, randomWalk } = operator;
  const n = BigInt(workspace.rows);
  const axons = BigInt(weights.axons.offsets[workspace.rows]);
  if (series === null) return 5n * n + axons + 16n;
  const truncation = ceiling(series.tail(degree) << 63n, CERTAIN);
  const { gamma } = series.levels(degree);
  const levels = truncation + 2n * BigInt(degree) + 16n;
  if (!randomWalk) return levels + n * (5n * gamma + 6n) + axons;
  if (weights.values !== null) return levels + n * (3n * gamma + 6n);
  return levels + n * (gamma + 5n) + axons * (3n * gamma + 3n);
}

/** V: what the quantisation of weights adds. O(n) long divisions where any weight was rounded. */
export function quantisationError(
  { weights, series, randomWalk }: ExactOperator,
  phi: BigInt64Array,
  degree: number,
): bigint {
  if (!weights.quantised) return 0n;
  const { axons, degree: degrees, outStake, divisor, touching } = weights;
  const { rows, offsets } = axons;
  const arcs = BigInt(offsets[rows]);
  let sum = ceiling(4n * arcs * ONE, totalOf(degrees) * divisor);
  let steepest = 0n;
  let most = 0n;
  let busiest = 0;
  for (let i = 0; i < rows; i++) {
    const out = BigInt(offsets[i + 1] - offsets[i]);
    if (out > 0n) sum += ceiling(2n * phi[i] * out, sumAt(outStake, i) * divisor);
    const own = sumAt(degrees, i) * divisor;
    const slope = ceiling(phi[i] << 62n, own);
    if (slope > steepest) steepest = slope;
    if (own > most) most = own;
    busiest = Math.max(busiest, touching[i]);
  }
  if (series === null) return sum;
  const { gamma } = series.levels(degree);
  return randomWalk
    ? sum + ceiling(4n * arcs * gamma * steepest, 1n << 62n)
    : sum + ceiling(4n * gamma * BigInt(busiest) * ONE, most);
}

/** (error / (λ_d t) + shift) / ONE as the least double not below it. */
export function boundOf(error: bigint, shift: bigint, injection: Rational): number {
  const { numerator, denominator } = injection;
  return doubleAbove({
    numerator: error * denominator + shift * numerator,
    denominator: numerator * ONE,
  });
}
