// Chebyshev expansion of g(x) = λ_s μ/(x + μ) + λ_h e^{−τx} on the spectrum x ∈ [0, Λ] of the
// Laplacian, x = (Λ/2)(1 + y):
//   resolvent   c_k = λ_s · 2m/√((1+m)² − 1) · (−ρ)^k,  m = 2μ/Λ,  ρ = (1 + m) − √((1+m)² − 1)
//   heat        c_k = λ_h · 2 e^{−z} I_k(z) (−1)^k,     z = τΛ/2          (c_0 of both halved)
// Both parts have the sign (−1)^k, so the error of the first K terms is largest at x = 0, where it
// is Σ_{k>K} |c_k| exactly. Adding that sum to |c_K| makes p(0) = g(0), so mass is kept, and at
// most doubles the error anywhere.
// Source: Trefethen, Approximation Theory and Practice, ch. 3 and 8; Abramowitz and Stegun 9.6.34.

import { check, invariant } from '../base/errors.js';
import { logarithm } from '../base/logarithm.js';

/** The function of the Laplacian that springs and heat make together. */
export interface Spectral {
  readonly springs: number;
  readonly mu: number;
  readonly heat: number;
  readonly tau: number;
  /** Upper end Λ > 0 of the spectrum. */
  readonly spectrum: number;
}

/** An expansion, complete to rounding: |c_k| for k = 0…, and the sums of what follows. */
export interface Expansion {
  /** Largest degree on offer; beyond it the tail is below 10⁻¹⁸. */
  readonly degree: number;
  /** Coefficients c_0 … c_K of degree K with p(0) = g(0). */
  coefficients(degree: number): Float64Array;
  /** max over the spectrum of |g − p_K|, at most: 2 Σ_{k>K} |c_k|. */
  truncation(degree: number): number;
  /** Smallest degree whose truncation is at most `error`, or the largest on offer. */
  degreeFor(error: number): number;
}

/** Below this a coefficient no longer matters to any f64 sum of the series. */
const NEGLIGIBLE = 1e-19;
/** Longer series would take hours a step: they mean Λτ or Λ/μ above some 10⁸. */
const MOST_TERMS = 1 << 17;

/**
 * Expands g. Cost O(degree). Throws FocusError `bad-parameter` where the series would be longer than
 * 2¹⁷ terms.
 */
export function expand({ springs, mu, heat, tau, spectrum }: Spectral): Expansion {
  const m = (2 * mu) / spectrum;
  const root = m > 1 ? m * Math.sqrt(1 + 2 / m) : Math.sqrt(m * (2 + m));
  const rho = 1 / (1 + m + root);
  const z = (tau * spectrum) / 2;
  const resolventTerms =
    springs > 0 && rho > 0 ? Math.ceil(logarithm(NEGLIGIBLE * (1 - rho)) / logarithm(rho)) : 0;
  const heatTerms = heat > 0 && tau > 0 ? Math.ceil(z < 60 ? z + 60 : 10 * Math.sqrt(z) + 60) : 0;
  const terms = Math.max(1, resolventTerms, heatTerms);
  check(
    terms <= MOST_TERMS,
    'bad-parameter',
    () =>
      `springs and heat need an expansion of degree ${terms} with mu ${mu}, tau ${tau} and a ` +
      `spectrum up to ${spectrum}, expected at most ${MOST_TERMS}`,
    'raise mu or unit, or lower tau',
  );
  const magnitude = new Float64Array(terms + 1);
  const bessel = heat > 0 ? scaledBessel(z, terms) : null;
  let power = springs > 0 ? (springs * 2 * m) / root : 0;
  for (let k = 0; k <= terms; k++) {
    magnitude[k] = power + (bessel === null ? 0 : heat * 2 * bessel[k]);
    power *= rho;
  }
  magnitude[0] /= 2;
  // Behind the last term: a geometric tail of the resolvent; heat has fallen below every double.
  const remainder = springs > 0 ? power / (1 - rho) : 0;
  return expansionOf(magnitude, remainder, springs + heat);
}

function expansionOf(magnitude: Float64Array, remainder: number, total: number): Expansion {
  const terms = magnitude.length - 1;
  const tail = new Float64Array(terms + 1);
  tail[terms] = remainder;
  for (let k = terms; k > 0; k--) tail[k - 1] = tail[k] + magnitude[k];
  invariant(
    total === 0 || Math.abs(tail[0] + magnitude[0] - total) <= 1e-9 * total + remainder,
    'the series of springs and heat sums to its value at zero',
  );
  let degree = terms;
  while (degree > 0 && tail[degree - 1] <= NEGLIGIBLE) degree--;
  return {
    degree,
    coefficients: (wanted) => {
      const last = Math.min(wanted, degree);
      const coefficients = new Float64Array(last + 1);
      for (let k = 0; k <= last; k++) coefficients[k] = k % 2 === 0 ? magnitude[k] : -magnitude[k];
      coefficients[last] += last % 2 === 0 ? tail[last] : -tail[last];
      return coefficients;
    },
    truncation: (wanted) => 2 * tail[Math.min(wanted, degree)],
    degreeFor: (error) => {
      let low = 0;
      let high = degree;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (2 * tail[middle] <= error) high = middle;
        else low = middle + 1;
      }
      return low;
    },
  };
}

/**
 * e^{−z} I_k(z) for k = 0…count by Miller's backward recurrence, normalised by I_0 + 2 Σ I_k = e^z.
 */
function scaledBessel(z: number, count: number): Float64Array {
  const values = new Float64Array(count + 1);
  if (z === 0) {
    values[0] = 1;
    return values;
  }
  const start = Math.ceil(Math.max(count, 12 * Math.sqrt(z), z < 60 ? z : 0)) + 40;
  let above = 0;
  let here = 1e-300;
  let sum = 0;
  for (let k = start; k >= 0; k--) {
    if (k <= count) values[k] = here;
    sum += k === 0 ? here : 2 * here;
    const below = ((2 * k) / z) * here + above;
    above = here;
    here = below;
    if (here > 1e250) {
      here *= 1e-250;
      above *= 1e-250;
      sum *= 1e-250;
      for (let j = k; j <= count; j++) values[j] *= 1e-250;
    }
  }
  for (let k = 0; k <= count; k++) values[k] /= sum;
  return values;
}

/**
 * How much Clenshaw's recurrence amplifies the rounding of one step, in the norm in which the
 * Laplacian is self-adjoint: Σ_k (k+1) (2 s B_{k+1} + |c_k| + B_{k+2}), with
 * B_k = Σ_{j≥k} |c_j| (j−k+1), because the recurrence's vectors are b_k = Σ c_j U_{j−k}; s bounds
 * the norm of Y with every entry's magnitude taken, which the rounding of Y b is relative to.
 */
export function roundingAmplification(coefficients: Float64Array, stepNorm: number): number {
  const degree = coefficients.length - 1;
  let ahead = 0;
  let further = 0;
  let weightSum = 0;
  let amplification = 0;
  for (let k = degree; k >= 0; k--) {
    amplification += (k + 1) * (2 * stepNorm * ahead + Math.abs(coefficients[k]) + further);
    weightSum += Math.abs(coefficients[k]);
    further = ahead;
    ahead += weightSum;
  }
  return amplification;
}
