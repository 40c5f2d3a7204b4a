// Welch's one-sided test of two samples, by + − × ÷ √ of doubles and the house's own exp and log alone, so
// that every machine has the same bits of p.
//   t = (mean₂ − mean₁) / √(v₁ + v₂)     vᵢ = sdᵢ² / nᵢ     ν = (v₁ + v₂)² / (v₁²/(n₁ − 1) + v₂²/(n₂ − 1))
//   P(T ≥ t) = I_x(ν/2, 1/2) / 2, x = ν/(ν + t²), for t ≥ 0; by a series of positive terms in y = 1 − x near 0,
//   by a continued fraction in the tail.
// Source: Welch 1947; DiDonato and Morris 1992 (TOMS 708, BFRAC); DLMF 5.11.14 and 8.17.8.

import { exponential } from '../../../base/exponential.js';
import { invariant } from '../../../base/errors.js';
import { logarithmOfOnePlus } from '../../../base/logarithm.js';

/** What is known of a sample. */
export interface Sample {
  /** Measurements, an integer from 2 on. */
  readonly n: number;
  readonly mean: number;
  /** Standard deviation with n − 1 below the line, 0 or more. */
  readonly sd: number;
}

/** What a test says. */
export interface WelchTest {
  readonly t: number;
  /** Degrees of freedom by Welch and Satterthwaite, at least min(n₁, n₂) − 1. */
  readonly degrees: number;
  /** P(T ≥ t) where the second mean is not above the first: small values speak for an increase. */
  readonly p: number;
}

/** √π, rounded. */
const ROOT_PI = 1.7724538509055161;
/** Above this t² the tail is taken for 0. */
const MOST_SQUARE = 1e300;
/** Where Γ(a + ½)/Γ(a) is taken from its expansion: what that leaves out is below 10⁻¹⁶. */
const LARGE = 16;
/** Coefficients of w⁻², w⁻⁴ …, w = a − ¼: binomial(½, 2k) · B_2k^(3/2)(¾). */
const EXPANSION = [
  1 / 64,
  -19 / 8192,
  631 / 524288,
  -174317 / 134217728,
  20491783 / 8589934592,
] as const;
/** Up to this (a + ½) y the series is taken. Neither it nor the fraction then takes over 70 steps. */
const NEAR = 2;
const MOST_STEPS = 1000;

/**
 * Tests whether the mean of `candidate` is above that of `baseline`. At least one standard deviation must
 * be above 0, and squares must stay in the range of doubles. Below 10 µs.
 */
export function welchTest(baseline: Sample, candidate: Sample): WelchTest {
  const first = (baseline.sd * baseline.sd) / baseline.n;
  const second = (candidate.sd * candidate.sd) / candidate.n;
  const sum = first + second;
  invariant(sum > 0, 'a test needs a standard deviation above 0');
  const share = first / sum;
  const other = second / sum;
  const spread = (share * share) / (baseline.n - 1) + (other * other) / (candidate.n - 1);
  const degrees = 1 / spread;
  const t = (candidate.mean - baseline.mean) / Math.sqrt(sum);
  return { t, degrees, p: studentTail(t, degrees) };
}

/**
 * P(T ≥ t) of Student's distribution with so many degrees of freedom (from 1 on, not only integers); t is
 * finite. Absolute error below 10⁻¹⁴; in the tail t > 2 also relative, about t² · 10⁻¹⁶; 0 above t = 10¹⁵⁰.
 */
export function studentTail(t: number, degrees: number): number {
  const tail = upperTail(Math.abs(t), degrees);
  return t >= 0 ? tail : 1 - tail;
}

function upperTail(t: number, degrees: number): number {
  const square = t * t;
  if (square > MOST_SQUARE) return 0;
  const a = degrees / 2;
  const x = degrees / (degrees + square);
  const y = square / (degrees + square);
  // x^a √y / B(a, ½)
  const power = exponential(-a * logarithmOfOnePlus(square / degrees));
  const front = (power * (t / Math.sqrt(degrees + square)) * gammaRatio(a)) / ROOT_PI;
  if ((a + 0.5) * y <= NEAR && y <= 0.5) return 0.5 - front * nearSeries(a, y);
  return (0.5 * front) / tailFraction(a, x, y);
}

/** Γ(a + ½)/Γ(a). */
function gammaRatio(a: number): number {
  let factor = 1;
  let at = a;
  for (; at < LARGE; at++) factor *= at / (at + 0.5);
  const w = at - 0.25;
  const inverse = 1 / (w * w);
  let rest = 0;
  for (let k = EXPANSION.length - 1; k >= 0; k--) rest = (rest + EXPANSION[k]) * inverse;
  return factor * Math.sqrt(w) * (1 + rest);
}

/** Σ_k Π_{j<k} (a + ½ + j) y / (3/2 + j). */
function nearSeries(a: number, y: number): number {
  let sum = 0;
  let term = 1;
  for (let k = 0; term > sum * 2 ** -56; k++) {
    invariant(k < MOST_STEPS, 'the series of Student’s distribution ends');
    sum += term;
    term *= ((a + 0.5 + k) * y) / (1.5 + k);
  }
  return sum;
}

/** β₀ + α₁/(β₁ + α₂/(β₂ + …)) with I_x(a, ½) = x^a √y / (B(a, ½) · it). Lentz's method. */
function tailFraction(a: number, x: number, y: number): number {
  // a − (a + b) x without cancellation; b = ½. It is 0 or more where the fraction is used.
  const lambda = a * y - 0.5 * x;
  const beta = (n: number): number =>
    n +
    (n * (0.5 - n) * x) / (a + 2 * n - 1) +
    ((a + n) * (lambda + 1 + n * (1 + y))) / (a + 2 * n + 1);
  let value = (a * (lambda + 1)) / (a + 1);
  let c = value;
  let d = 0;
  for (let n = 1; n < MOST_STEPS; n++) {
    const below = a + 2 * n - 1;
    const part = ((a + n - 1) / below) * ((a + n - 0.5) / below) * x * x;
    const numerator = part * n * (0.5 - n);
    const denominator = beta(n);
    d = 1 / (denominator + numerator * d);
    c = denominator + numerator / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < 2 ** -52) return value;
  }
  invariant(false, 'the fraction of Student’s distribution ends');
  return value;
}
