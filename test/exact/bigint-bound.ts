// Section 6 of exact arithmetic in BigInt: the roundings of one application, the truncation of the
// series, the quantisation of weights, and the error bound they make together. Written from
// docs/exact-arithmetic.md alone.

import type { Spread } from './bigint-map.js';
import {
  ONE,
  type Rational,
  SERIES_ONE as C,
  atMost,
  ceilDivide,
  ceilOf,
  magnitude,
  over,
  plus,
  ratio,
  sumOf,
} from './bigint-rational.js';
import type { Folded } from './bigint-series.js';
import type { IntegerWeights } from './bigint-weights.js';

/** Q: what the roundings of one application of G cost in L1, in focus units. */
export function roundingCost(weights: IntegerWeights, spread: Spread, series: Folded): bigint {
  const n = BigInt(weights.particles);
  const a = BigInt(weights.axons.length);
  const depth = series.depth;
  const steps = 2n * BigInt(series.degree) + 16n;
  if (series.coefficients.length === 0) return 5n * n + a + 16n;
  if (spread === 'row') return n * (5n * depth + 6n) + a + steps;
  return weights.uniform
    ? n * (depth + 5n) + a * (3n * depth + 3n) + steps
    : n * (3n * depth + 6n) + steps;
}

/** ⌈2·tail(K)·2⁶²/C⌉. */
export function truncationCost(series: Folded): bigint {
  return ceilDivide(2n * series.tail << 62n, C);
}

/** V: what the rounding of weights to integers costs, in focus units. */
export function quantisationCost(
  weights: IntegerWeights,
  spread: Spread,
  series: Folded,
  units: readonly bigint[],
): bigint {
  if (weights.exact) return 0n;
  const { divisor, degrees, out, leaving, touching } = weights;
  const axons = BigInt(weights.axons.length);
  const scaled = degrees.map((d) => d * divisor);
  let sum = ratio(0n);
  units.forEach((phi, i) => {
    if (out[i] > 0n) {
      sum = reduced(plus(sum, ratio(2n * magnitude(phi) * BigInt(leaving[i]), out[i] * divisor)));
    }
  });
  sum = plus(sum, ratio(4n * axons * ONE, sumOf(scaled)));
  if (series.coefficients.length === 0) return ceilOf(sum);
  const depth = 4n * series.depth;
  if (spread === 'row') {
    const most = scaled.reduce((x, y) => (x > y ? x : y));
    const widest = touching.reduce((x, y) => Math.max(x, y));
    return ceilOf(plus(sum, ratio(depth * BigInt(widest) * ONE, most)));
  }
  const densest = units
    .map((phi, i) => ratio(magnitude(phi), scaled[i]))
    .reduce((x, y) => (atMost(x, y) ? y : x));
  return ceilOf(plus(sum, ratio(depth * axons * densest.numerator, densest.denominator)));
}

/** ((E + V)/(λ_d t) + |c|) / ONE. */
export function errorBound(
  uncertainty: bigint,
  quantisation: bigint,
  missing: bigint,
  strength: Rational,
): Rational {
  const spread = over(ratio(uncertainty + quantisation), strength);
  return over(plus(spread, ratio(magnitude(missing))), ratio(ONE));
}

function reduced({ numerator, denominator }: Rational): Rational {
  let a = magnitude(numerator);
  let b = denominator;
  while (b !== 0n) [a, b] = [b, a % b];
  return a === 0n ? ratio(0n) : ratio(numerator / a, denominator / a);
}
