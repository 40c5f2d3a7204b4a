// Bounds of the largest eigenvalue of a self-adjoint map C with spectrum in [0, 1] from an approximate
// eigenspace V and a bound b of C on what is orthogonal to it. With V' orthonormal, H = V'ᵀCV' with the
// largest eigenvalue θ, and R = CV' − V'H:
//   λ ≥ θ                     Courant and Fischer: a Rayleigh quotient, whatever V is
//   λ ≤ θ + ‖R‖²/(θ − b)      for b < θ, from H + Rᵀ(λ − C₂)⁻¹R;   λ ≤ max(θ, b) + ‖R‖ otherwise
// Source: Parlett, The Symmetric Eigenvalue Problem, section 11.7.

import type { Vector } from '../../backend/backend.js';
import { dense, frobenius, gammaOf, mapped, UNIT } from './dense.js';
import type { SpectralMap } from './map.js';

/** What was measured of V; norms are upper bounds. */
export interface Rayleigh {
  readonly vectors: readonly Vector[];
  /** θ between proven bounds. */
  readonly lower: number;
  readonly upper: number;
  /** θ as computed. */
  readonly value: number;
  /** ‖R‖. */
  readonly residual: number;
  /** ‖V‖_F and ‖VᵀV − I‖. */
  readonly size: number;
  readonly defect: number;
}

const SLACK = 1 + 2 ** -30;

/** Measures V: settled vectors, about orthonormal. Null where they are not. */
export async function measureRayleigh(
  { space, norm, forward }: SpectralMap,
  vectors: readonly Vector[],
): Promise<Rayleigh | null> {
  const m = vectors.length;
  const dot = space.dotError(1);
  const image = space.vector();
  const gram: number[][] = [];
  const products: number[][] = [];
  let size = 0;
  let square = 0;
  let masses = 0;
  for (let i = 0; i < m; i++) {
    const vector = vectors[i];
    gram.push(await space.dots(vector, vectors));
    const [length] = await space.norms(vector);
    const [mass] = await space.masses(vector);
    size += length * length;
    masses += (mass + dot * length) ** 2;
    forward.apply(image, vector);
    products.push(await space.dots(image, vectors));
    space.add(image, [-products[i][i]], [vector]);
    square += (await space.norms(image))[0] ** 2;
  }
  space.release([image]);
  const whole = Math.sqrt(size) * SLACK;
  const defect =
    frobenius(dense(m, m, (i, j) => gram[i][j] - (i === j ? 1 : 0))) + dot * whole * whole;
  if (!(defect < 0.01)) return null;
  const rounding = forward.rounding + (norm + 1) * Math.sqrt(masses);
  const error = whole * whole * (rounding + dot * (norm + rounding)) * SLACK;
  const h = dense(m, m, (i, j) => products[i][j]);
  const rows = Array.from({ length: m }, (_, i) =>
    mapped(h, Math.abs)
      .values.subarray(i * m, (i + 1) * m)
      .reduce((sum, x) => sum + x, 0),
  );
  const best = Math.max(...products.map((row, i) => row[i] / gram[i][i]));
  const tilt = 1 / (1 - defect);
  return {
    vectors,
    value: best,
    lower: Math.max(0, (Math.max(...products.map((row, i) => row[i])) - error) / (1 + defect)),
    upper: (Math.max(...rows) + error) * tilt * (1 + gammaOf(m + 4)),
    residual: (Math.sqrt(square) + whole * (rounding + 8 * UNIT * (norm + 1))) * tilt * SLACK,
    size: whole,
    defect,
  };
}

/** The largest eigenvalue at most, given that C ≤ `rest` on what is orthogonal to V. */
export function largestAtMost({ lower, upper, residual }: Rayleigh, rest: number): number {
  const wide = Math.max(upper, rest) + residual;
  if (!(rest < lower)) return wide * SLACK;
  return Math.min(wide * SLACK, upper + (residual * residual) / (lower - rest)) * (1 + 2 ** -50);
}
