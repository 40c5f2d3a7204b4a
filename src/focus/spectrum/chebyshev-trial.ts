// A bound of a large self-adjoint map C with spectrum in [0, 1], on the complement of a few vectors V,
// from Chebyshev polynomials applied to random vectors g. With T = 2C₂/a − 1 and y_k = T_k(T)g, an
// eigenvalue λ > a of C₂ with unit eigenvector v and t = 2λ/a − 1 > 1 makes
//   ‖y_k‖ ≥ T_k(t) (|⟨v, g⟩| − e_0 − Σ_j (k − j + 1) e_j)
// e_j the rounding of step j: it comes back times U_{k−j}(t) ≤ (k − j + 1) T_k(t). |⟨v, g⟩| < c for all
// s columns has probability at most (2√2 c)^s (powers.ts), so but for that T_k(t) ≤ max ‖y_k‖/(c − Σ),
// which bounds t, and λ. v is the same for every k, so looking at many k costs no more probability.
// Part of a step's error is C's coupling of V to v, ‖V'ᵀCv‖ ≤ ‖R‖ (rayleigh.ts), times what y_k has along
// V by rounding: at most e_0 + Σ as well, because the recurrence at T = −1 grows no faster.
// Source: Kuczyński and Woźniakowski, SIAM J. Matrix Anal. 13 (1992), for Lanczos; here the polynomial
// is fixed, so rounding can be followed.

import type { Vector } from '../../backend/backend.js';
import { FocusError } from '../../base/errors.js';
import { eventTurn } from '../../base/turn.js';
import { UNIT } from './dense.js';
import type { Application, SpectralMap } from './map.js';
import { leastShare, uniformVectors } from './powers.js';
import type { Rayleigh } from './rayleigh.js';

/** A trial. */
export interface ChebyshevRequest {
  /** a: where most of C₂ is thought to end; any value in (0, 1] is sound. */
  readonly edge: number;
  /** A bound that is good enough to stop at. */
  readonly enough: number;
  readonly columns: number;
  /** Most steps, a power of two. */
  readonly most: number;
  readonly failureProbability: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((fraction: number) => void) | undefined;
}

const SLACK = 1 + 2 ** -30;
/** A stream of its own beside those of powers.ts. */
const STREAM = 101;

/** A number b with C ≤ b on the complement of V, but for the probability. */
export async function restByChebyshev(
  { space, norm }: SpectralMap,
  { apply, rounding }: Application,
  { vectors, size, defect, residual }: Rayleigh,
  request: ChebyshevRequest,
): Promise<number> {
  const { edge, enough, columns, most, failureProbability, seed, signal, onStep } = request;
  const { workspace } = space;
  const share = leastShare(failureProbability, 1, columns);
  const dot = space.dotError(columns);
  const span = size * size;
  const projection = span * (3 * dot + 3 * defect) + (vectors.length + 6) * UNIT * (1 + span);
  const weights = vectors.map((vector) => {
    const weight = space.vector();
    workspace.scale(weight, vector, space.measure, -1);
    return weight;
  });
  /** out ← out off V. */
  const project = (out: Vector): void => {
    for (let first = 0; first < weights.length; first += 16) {
      const shares = workspace.reduce(
        weights
          .slice(first, first + 16)
          .map((weight) => ({ kind: 'sum' as const, x: out, weight })),
      );
      workspace.combine(out, [
        { coefficient: 1, vector: out },
        ...shares.map((coefficient, i) => ({ coefficient, vector: vectors[first + i] })),
      ]);
    }
  };
  let [before, here, next] = [0, 1, 2].map(() => space.vector(columns));
  const lengthOf = async (x: Vector): Promise<number> =>
    Math.max(...(await space.norms(x))) * SLACK;
  let best = 1;
  try {
    workspace.write(here, uniformVectors(space.hostMeasure, columns, seed, STREAM));
    const started = await lengthOf(here);
    space.settle(here);
    project(here);
    // Σ_j (k − j + 1) e_j grows by the sum of all errors so far at each step.
    const first = started * (4 * dot + projection) + 2 ** -50 * Math.sqrt(workspace.rows);
    let errors = 0;
    let spread = 0;
    for (let k = 1; k <= most; k++) {
      if (signal?.aborted === true) throw new FocusError('interrupted', 'interrupted');
      const length = await lengthOf(here);
      const [mass, earlier] = [Math.max(...(await space.masses(here))), await lengthOf(before)];
      apply(next, here);
      project(next);
      // y_{k+1} = 2T y_k − y_{k−1}, y_1 = T y_0
      const double = k === 1 ? 1 : 2;
      workspace.combine(next, [
        { coefficient: (double * 2) / edge, vector: next },
        { coefficient: -double, vector: here },
        ...(k === 1 ? [] : [{ coefficient: -1, vector: before }]),
      ]);
      const image = rounding + projection * (norm + rounding);
      const beside = 2 * (mass * SLACK + dot * length) + residual * (first + spread);
      errors +=
        ((2 * double) / edge) * (image * length + beside) +
        8 * UNIT * ((4 / edge + 2) * length + earlier);
      spread += errors;
      [before, here, next] = [here, next, before];
      onStep?.(k / most);
      if ((k & (k - 1)) === 0) {
        const certain = share - first - spread * SLACK;
        if (!(certain > 0)) break;
        const reached = ((await lengthOf(here)) / certain) * SLACK;
        best = Math.min(best, (edge / 2) * (1 + argumentOf(k, reached)) * SLACK);
        if (best <= enough) break;
      }
      await eventTurn();
    }
  } finally {
    space.release([before, here, next, ...weights]);
  }
  return best;
}

/** The t ≥ 1 with T_k(t) ≥ value, rounded up, by bisection: + − × only, the same everywhere. */
function argumentOf(degree: number, value: number): number {
  const above = (t: number): boolean => {
    let [behind, here] = [1, t];
    for (let k = 1; k < degree && here <= value; k++)
      [behind, here] = [here, 2 * t * here - behind];
    return here > value;
  };
  let low = 1;
  let high = 2;
  while (!above(high) && high < 1e300) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (above(middle)) high = middle;
    else low = middle;
  }
  // The recurrence errs by some k² ulp of T_k, far inside this slack of t − 1.
  return 1 + (high - 1) * (1 + 1e-4) + 2 ** -46;
}
