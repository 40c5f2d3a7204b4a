// The proven L1 error of an exact focus (docs/exact-arithmetic.md, section 6), in focus units: the
// measured residual, truncation, roundings, and the quantisation of weights.

import { CERTAIN, type Series } from './series.js';
import { doubleAbove, ONE, type Rational } from './units.js';
import { sumAt, totalOf, type IntegerWeights } from './weights.js';

/** What the bound must know of a map. */
export interface Certified {
  readonly weights: IntegerWeights;
  readonly series: Series | null;
  readonly randomWalk: boolean;
}

/** ⌈numerator / denominator⌉ of numerator ≥ 0. */
export const ceiling = (numerator: bigint, denominator: bigint): bigint =>
  (numerator + denominator - 1n) / denominator;

/** Q + truncation: what one application of G at a degree adds to the measured residual. */
export function applicationError(
  { particles, weights, series, randomWalk }: Certified & { readonly particles: number },
  degree: number,
): bigint {
  const n = BigInt(particles);
  const axons = BigInt(weights.axons.offsets[particles]);
  if (series === null) return 5n * n + axons + 16n;
  const truncation = truncationOf(series, degree);
  const { gamma } = series.levels(degree);
  const levels = truncation + 2n * BigInt(degree) + 16n;
  const perLevel = (units: bigint): bigint => ceiling(units * gamma, 1n << 20n);
  if (!randomWalk) return levels + perLevel(4n * n) + 9n * n + axons;
  if (weights.values !== null) return levels + perLevel(2n * n) + 6n * n;
  return levels + perLevel(n + 2n * axons) + 6n * n + 2n * axons;
}

/** ⌈2·tail(K)·2⁶²/C⌉, in focus units. */
export function truncationOf(series: Series, degree: number): bigint {
  return ceiling(series.tail(degree) << 63n, CERTAIN);
}

/** V: what the quantisation of weights adds. O(n) long divisions where any weight was rounded. */
export function quantisationError(
  { weights, series, randomWalk }: Certified,
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
