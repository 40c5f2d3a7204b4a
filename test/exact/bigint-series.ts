// Section 2 of exact arithmetic in BigInt: the power series of springs and heat, its degree, and
// its coefficients folded by parity. Slow and plain; written from docs/exact-arithmetic.md alone.

import {
  FULL,
  type Rational,
  SERIES_ONE as C,
  atMost,
  ceilDivide,
  ceilLog2,
  floorDivide,
  floorOf,
  minus,
  over,
  plus,
  ratio,
  roundedDivide,
  sumOf,
  times,
} from './bigint-rational.js';

const MOST_TERMS = 1 << 17;
const LEAST_TERM = 1n << 92n;

/** λ_s S + λ_h H = Σ a_k P^k, in units of 2⁻¹⁹². */
export interface Series {
  /** Θ, what all coefficients sum to. */
  readonly total: bigint;
  readonly terms: readonly bigint[];
  /** tails[K] = Σ_{k>K} a_k. */
  readonly tails: readonly bigint[];
}

/** A series cut at degree K and folded by parity. */
export interface Folded {
  readonly degree: number;
  /** b. */
  readonly coefficients: readonly bigint[];
  /** s_k and f_k in units of 2⁻⁶², 0 ≤ k < K; and h_k. */
  readonly stay: readonly bigint[];
  readonly move: readonly bigint[];
  readonly halve: readonly number[];
  /** B in units of 2⁻⁶². */
  readonly whole: bigint;
  readonly tail: bigint;
  /** Γ = ⌈2²⁰·Σ τ_k / C⌉ over 1 ≤ k < K, in units of 2⁻²⁰. */
  readonly depth: bigint;
}

export interface SeriesParameters {
  readonly springs: Rational;
  readonly heat: Rational;
  readonly mu: Rational;
  readonly tau: Rational;
  /** Λ. */
  readonly scale: Rational;
}

/** The terms of the series. Without springs and heat there are none. */
export function seriesOf({ springs, heat, mu, tau, scale }: SeriesParameters): Series {
  const hasSprings = springs.numerator > 0n;
  const hasHeat = heat.numerator > 0n;
  if (!hasSprings && !hasHeat) return { total: 0n, terms: [], tails: [] };
  const total = floorOf(times(ratio(C), plus(springs, heat)));
  const heatTime = hasHeat ? times(tau, scale) : ratio(0n);
  if (!atMost(heatTime, ratio(BigInt(MOST_TERMS))))
    throw new Error('bad-parameter: too many terms');

  const heatTerms: bigint[] = [];
  if (hasHeat) {
    for (let y = C, k = 0n; y > 0n; k++) {
      heatTerms.push(y);
      y = floorDivide(y * heatTime.numerator, heatTime.denominator * (k + 1n));
    }
  }
  const heatSum = sumOf(heatTerms);
  const decay = hasSprings ? floorOf(times(ratio(C), over(scale, plus(mu, scale)))) : 0n;
  let spring = hasSprings ? floorOf(times(springs, minus(ratio(C), ratio(decay)))) : 0n;

  const terms: bigint[] = [];
  for (let k = 0; ; k++) {
    const y = k < heatTerms.length ? heatTerms[k] : 0n;
    const warm = y === 0n ? 0n : floorOf(times(heat, ratio(C * y, heatSum)));
    const term = spring + warm;
    const isPastPeak = !atMost(ratio(BigInt(k)), heatTime);
    if (isPastPeak && term < LEAST_TERM) break;
    if (k >= MOST_TERMS) throw new Error('bad-parameter: too many terms');
    terms.push(term);
    spring = floorDivide(spring * decay, C);
  }
  if (sumOf(terms) > total) throw new Error('the terms exceed their total');
  terms[terms.length - 1] += total - sumOf(terms);
  const tails = new Array<bigint>(terms.length).fill(0n);
  for (let k = terms.length - 2; k >= 0; k--) tails[k] = tails[k + 1] + terms[k + 1];
  return { total, terms, tails };
}

/** tail(K) ≤ C·share for the smallest K ≥ least. */
export function degreeFor(series: Series, share: Rational, least = 0): number {
  for (let degree = least; degree < series.tails.length; degree++) {
    if (atMost(ratio(series.tails[degree]), times(ratio(C), share))) return degree;
  }
  return series.terms.length === 0 ? 0 : Math.max(least, series.terms.length - 1);
}

/** Cuts a series at a degree; the terms beyond go to the last two by parity. */
export function fold(series: Series, degree: number): Folded {
  const { terms, total } = series;
  const coefficients = terms.slice(0, degree + 1);
  for (let k = degree + 1; k < terms.length; k++) {
    const place = (k - degree) % 2 === 0 ? degree : Math.max(degree - 1, 0);
    coefficients[place] += terms[k];
  }
  const remaining = coefficients.slice();
  for (let k = remaining.length - 2; k >= 0; k--) remaining[k] += remaining[k + 1];

  const scales = [C];
  for (let k = 1; k < degree; k++) {
    const least = 1n << BigInt(ceilLog2(remaining[k]));
    const half = scales[k - 1] / 2n;
    scales.push(k > 1 && half > least ? half : least);
  }
  const stay: bigint[] = [];
  const move: bigint[] = [];
  const halve: number[] = [];
  for (let k = 0; k < degree; k++) {
    stay.push(roundedDivide(FULL * coefficients[k], scales[k]));
    const isLast = k === degree - 1;
    const moved = isLast ? coefficients[degree] : scales[k + 1];
    move.push(isLast || k === 0 ? roundedDivide(FULL * moved, scales[k]) : FULL);
    halve.push(!isLast && k > 0 && 2n * scales[k + 1] === scales[k] ? 1 : 0);
  }
  return {
    degree,
    coefficients,
    stay,
    move,
    halve,
    whole: roundedDivide(FULL * total, C),
    tail: series.tails[degree] ?? 0n,
    depth: ceilDivide(sumOf(scales.slice(1)) << 20n, C),
  };
}
