// Springs and heat as one power series with positive coefficients (docs/exact-arithmetic.md,
// section 2):
//   λ_s S + λ_h H = Σ_k a_k P^k      a_k = λ_s μ/(μ+Λ) (Λ/(μ+Λ))^k + λ_h e^(−τΛ) (τΛ)^k / k!
// Nothing cancels, so in L1 no rounding grows on its way, whatever the graph. Coefficients are
// integers in units of 2⁻¹⁹².

import { check } from '../../base/errors.js';
import { complement, floorOf, FULL, nearest, over, plus, times, type Rational } from './units.js';

/** 1 in the series' units. */
export const CERTAIN = 1n << 192n;
const NEGLIGIBLE = 1n << 92n;
const MOST_TERMS = 1 << 17;

/** The function of the Laplacian, and Λ, the scale of its spectrum. */
export interface SeriesParameters {
  readonly springs: Rational;
  readonly mu: Rational;
  readonly heat: Rational;
  readonly tau: Rational;
  readonly scale: Rational;
}

/** What the products of one degree need, in units of 2⁻⁶²; arrays by level 0 … K−1. */
export interface Levels {
  readonly own: readonly bigint[];
  readonly factor: readonly bigint[];
  readonly halved: readonly boolean[];
  /** Γ of the rounding bound, in units of 2⁻²⁰. */
  readonly gamma: bigint;
}

/** A series; sums and tails in units of 2⁻¹⁹². */
export interface Series {
  /** B, the value at P = 1, in units of 2⁻⁶². */
  readonly total: bigint;
  tail(degree: number): bigint;
  /** The least degree K ≥ `least` with multiple · tail(K) ≤ bound. */
  degreeFor(multiple: bigint, bound: bigint, least: number): number;
  levels(degree: number): Levels;
}

/**
 * Expands the series. O(terms) long multiplications, some milliseconds for the default parameters.
 * Throws `bad-parameter` where it takes more than 2¹⁷ terms.
 */
export function expandSeries(parameters: SeriesParameters): Series {
  const { springs, heat } = parameters;
  const total = plus(springs, heat);
  const theta = (CERTAIN * total.numerator) / total.denominator;
  const terms = seriesTerms(parameters);
  let missing = theta;
  for (const term of terms) missing -= term;
  terms[terms.length - 1] += missing;
  const last = terms.length - 1;
  // Sums of a_k, a_{k+2}, … for folding, and of a_k, a_{k+1}, … for tails.
  const alternate = terms.slice();
  const all = terms.slice();
  for (let k = last - 1; k >= 0; k--) {
    all[k] += all[k + 1];
    if (k + 2 <= last) alternate[k] += alternate[k + 2];
  }
  const at = (list: readonly bigint[], k: number): bigint => list[k] ?? 0n;
  const tail = (degree: number): bigint => at(all, degree + 1);
  const full = nearest(FULL * theta, CERTAIN);
  const known = new Map<number, Levels>();
  return {
    total: full,
    tail,
    degreeFor: (multiple, bound, least) => {
      let degree = least;
      while (degree < last && multiple * tail(degree) > bound) degree++;
      return degree;
    },
    levels: (degree) => {
      let levels = known.get(degree);
      if (levels === undefined) {
        const folded = terms.slice(0, degree + 1);
        while (folded.length <= degree) folded.push(0n);
        if (degree === 0) folded[0] = all[0];
        else {
          folded[degree] = at(alternate, degree);
          folded[degree - 1] += at(alternate, degree + 1);
        }
        levels = levelsOf(folded);
        known.set(degree, levels);
      }
      return levels;
    },
  };
}

/** a_0 … a_{N−1}. */
function seriesTerms({ springs, mu, heat, tau, scale }: SeriesParameters): bigint[] {
  const sum = plus(mu, scale);
  const ratio = over(scale, sum);
  const rho = (CERTAIN * ratio.numerator) / ratio.denominator;
  const time = times(tau, scale);
  const poisson = poissonWeights(time);
  let weightSum = 0n;
  for (const weight of poisson) weightSum += weight;
  const beginning = Number(time.numerator / time.denominator) + 1;
  const terms: bigint[] = [];
  let spring = (springs.numerator * (CERTAIN - rho)) / springs.denominator;
  for (let k = 0; ; k++) {
    const heatPart =
      k < poisson.length
        ? (heat.numerator * CERTAIN * poisson[k]) / (heat.denominator * weightSum)
        : 0n;
    const term = spring + heatPart;
    if (k >= beginning && term < NEGLIGIBLE) return terms;
    check(
      k < MOST_TERMS,
      'bad-parameter',
      () =>
        `springs and heat in exact arithmetic need a series of more than ${MOST_TERMS} terms, ` +
        `expected fewer`,
      'raise mu or unit, lower tau, or use --precision f64',
    );
    terms.push(term);
    spring = (spring * rho) / CERTAIN;
  }
}

/** y_k, until they vanish: proportional to time^k / k!. */
function poissonWeights(time: Rational): bigint[] {
  check(
    time.numerator <= BigInt(MOST_TERMS) * time.denominator,
    'bad-parameter',
    () => `tau times the spectrum: expected at most ${MOST_TERMS} in exact arithmetic`,
    'raise unit, lower tau, or use --precision f64',
  );
  const weights: bigint[] = [];
  let weight = CERTAIN;
  for (let k = 1n; weight > 0n; k++) {
    weights.push(weight);
    weight = (weight * time.numerator) / (time.denominator * k);
  }
  return weights;
}

/** s_k, f_k, h_k from the folded coefficients b_0 … b_K. */
function levelsOf(folded: readonly bigint[]): Levels {
  const degree = folded.length - 1;
  const rest = folded.slice();
  for (let k = degree - 1; k >= 0; k--) rest[k] += rest[k + 1];
  const unit = [CERTAIN];
  for (let k = 1; k < degree; k++) {
    const enough = powerAbove(rest[k]);
    const half = unit[k - 1] / 2n;
    unit.push(k === 1 || enough > half ? enough : half);
  }
  const own = unit.map((power, k) => nearest(FULL * folded[k], power));
  const factor = unit.map(() => FULL);
  if (degree > 0) factor[degree - 1] = nearest(FULL * folded[degree], unit[degree - 1]);
  if (degree > 1) factor[0] = nearest(FULL * unit[1], CERTAIN);
  const halved = unit.map((power, k) => k > 0 && k < degree - 1 && unit[k + 1] * 2n === power);
  let sum = 0n;
  for (let k = 1; k < degree; k++) sum += unit[k];
  return { own, factor, halved, gamma: -floorOf(-(sum << 20n), CERTAIN) };
}

/** The least power of two that is not below a positive integer. */
function powerAbove(value: bigint): bigint {
  return value <= 1n ? 1n : 1n << BigInt((value - 1n).toString(2).length);
}

/** F = λ_d (1 − t) in units of 2⁻⁶². */
export function diffusionFactor(diffusion: Rational, teleport: Rational): bigint {
  const { numerator, denominator } = times(diffusion, complement(teleport));
  return nearest(FULL * numerator, denominator);
}
