// Springs and heat as a power series in the averaging M = W·diag(1/d) = I − 𝓛, with coefficients
// that are all positive, so that cutting it off costs in L1 exactly what is cut off:
//   λ_s μ((1+μ)I − M)⁻¹ + λ_h e^{−τ(I−M)} = Σ c_k M^k
//   c_k = λ_s μ/(1+μ)^{k+1} + λ_h e^{−τ} τ^k/k!
// Doubles with + − × ÷ alone: the same bits in every engine.

import { check } from '../../base/errors.js';
import { exponential } from '../../base/exponential.js';
import type { Parameters } from '../parameters.js';

/** c_0 … c_K and, per k, Σ_{j≥k} c_j, what is beyond K included. */
export interface PowerSeries {
  readonly coefficients: Float64Array;
  readonly tails: Float64Array;
}

/** What is cut off, relative to the vector that the series is applied to. */
const NEGLIGIBLE = 1e-18;
const MOST_TERMS = 1024;

/**
 * The series of a reading with the random-walk Laplacian. Throws `bad-parameter` where it is too
 * long.
 */
export function powerSeries({ lambda, mu, tau }: Parameters): PowerSeries {
  const [, springs, heat] = lambda;
  const ratio = 1 / (1 + mu);
  const terms: number[] = [];
  let spring = springs * mu * ratio;
  let poisson = heat * exponential(-tau);
  for (let k = 0; ; k++) {
    terms.push(spring + poisson);
    spring *= ratio;
    poisson *= tau / (k + 1);
    // From k ≥ 2τ on the Poisson terms at least halve, so the tail is below twice the next.
    const rest = spring / (1 - ratio) + 2 * poisson;
    if (k + 2 >= 2 * tau && rest <= NEGLIGIBLE) {
      return withTails(terms, rest);
    }
    check(
      k < MOST_TERMS,
      'bad-parameter',
      () => `local mode: mu ${mu} and tau ${tau} need a series of more than ${MOST_TERMS} terms`,
      'raise mu or lower tau, or solve the changed graph as a whole',
    );
  }
}

function withTails(terms: readonly number[], rest: number): PowerSeries {
  const tails = new Float64Array(terms.length + 1);
  tails[terms.length] = rest;
  for (let k = terms.length - 1; k >= 0; k--) tails[k] = tails[k + 1] + terms[k];
  return { coefficients: Float64Array.from(terms), tails };
}

/**
 * Σ_{k > last} k c_k: how many times, on average, the averages beyond the last power are formed.
 */
export function meanPowerBeyond({ coefficients, tails }: PowerSeries, last: number): number {
  let sum = 2 * coefficients.length * tails[coefficients.length];
  for (let k = last + 1; k < coefficients.length; k++) sum += k * coefficients[k];
  return sum;
}
