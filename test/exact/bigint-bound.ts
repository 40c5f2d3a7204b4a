// Section 6 of exact arithmetic in BigInt: the roundings of one application, the truncation of the
// series, the quantisation of weights, and the error bound they make together. Written from
// docs/exact-arithmetic.md alone.

import type { Spread } from './bigint-map.js';
import {
  ONE,
  type Rational,
  SERIES_ONE as C,
  ceilDivide,
  magnitude,
  over,
  plus,
  ratio,
  sumOf,
} from './bigint-rational.js';
import type { Folded } from './bigint-series.js';
import type { IntegerWeights } from './bigint-weights.js';

/** Γ is in units of 2⁻²⁰. */
const DEPTH_ONE = 1n << 20n;

/** Q: what the roundings of one application of G cost in L1, in focus units. */
export function roundingCost(weights: IntegerWeights, spread: Spread, series: Folded): bigint {
  const n = BigInt(weights.particles);
  const a = BigInt(weights.axons.length);
  const deep = (each: bigint): bigint => ceilDivide(each * series.depth, DEPTH_ONE);
  const steps = 2n * BigInt(series.degree) + 16n;
  if (series.coefficients.length === 0) return 5n * n + a + 16n;
  if (spread === 'row') return deep(4n * n) + 9n * n + a + steps;
  return weights.uniform
    ? deep(n + 2n * a) + 6n * n + 2n * a + steps
    : deep(2n * n) + 6n * n + steps;
}

/** ⌈2·tail(K)·2⁶²/C⌉. */
export function truncationCost(series: Folded): bigint {
  return ceilDivide((2n * series.tail) << 62n, C);
}

/**
 * V: what the rounding of weights to integers costs, in focus units. The units are those before the
 * final correction, the series that of the last measurement.
 */
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
  let cost = ceilDivide(4n * axons * ONE, sumOf(scaled));
  units.forEach((phi, i) => {
    if (out[i] > 0n) cost += ceilDivide(2n * magnitude(phi) * BigInt(leaving[i]), out[i] * divisor);
  });
  if (series.coefficients.length === 0) return cost;
  const depth = series.depth + DEPTH_ONE;
  if (spread === 'row') {
    const most = scaled.reduce(larger);
    const widest = touching.reduce((x, y) => Math.max(x, y));
    return cost + ceilDivide(4n * depth * BigInt(widest) * ONE, most << 20n);
  }
  const densest = units
    .map((phi, i) => ceilDivide(magnitude(phi) << 62n, scaled[i]))
    .reduce(larger);
  return cost + ceilDivide(4n * axons * depth * densest, 1n << 82n);
}

/** ((E + V)/(λ_d t) + ĉ) / ONE. */
export function errorBound(
  uncertainty: bigint,
  quantisation: bigint,
  completion: bigint,
  strength: Rational,
): Rational {
  const spread = over(ratio(uncertainty + quantisation), strength);
  return over(plus(spread, ratio(completion)), ratio(ONE));
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
