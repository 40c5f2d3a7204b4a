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
  const perLevel = (units: bigint): bigint => ceiling(units * gamma, 1n << 20n);
  if (!randomWalk) return levels + perLevel(4n * n) + 9n * n + axons;
  if (weights.values !== null) return levels + perLevel(2n * n) + 6n * n;
  return levels + perLevel(n + 2n * axons) + 6n * n + 2n * axons;
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
    const magnitude = phi[i] < 0n ? -phi[i] : phi[i];
    if (out > 0n) sum += ceiling(2n * magnitude * out, sumAt(outStake, i) * divisor);
    const own = sumAt(degrees, i) * divisor;
    const slope = ceiling(magnitude << 62n, own);
    if (slope > steepest) steepest = slope;
    if (own > most) most = own;
    busiest = Math.max(busiest, touching[i]);
  }
  if (series === null) return sum;
  const steps = series.levels(degree).gamma + (1n << 20n);
  return randomWalk
    ? sum + ceiling(4n * arcs * steps * steepest, 1n << 82n)
    : sum + ceiling(4n * steps * BigInt(busiest) * ONE, most << 20n);
}

/** (error / (λ_d t) + shift) / ONE as the least double not below it. */
export function boundOf(error: bigint, shift: bigint, injection: Rational): number {
  const { numerator, denominator } = injection;
  return doubleAbove({
    numerator: error * denominator + shift * numerator,
    denominator: numerator * ONE,
  });
}
