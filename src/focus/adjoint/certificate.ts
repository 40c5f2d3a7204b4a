// The proven error of an adjoint in the maximum norm. Q ≥ 0 has column sums ≤ κ = 1 − λ_d t, so
// ‖(I − Qᵀ)⁻¹‖_∞ ≤ 1/(1 − κ). With f = g + Qᵀλ̃ − λ̃, known up to a constant, F half its range and
// uᵀλ̃ = δ, the constant is a mean of f under φ* (uᵀ(I − Qᵀ)⁻¹ = φ*ᵀ/cᵀφ*), hence
//   ‖λ̃ − λ‖_∞ ≤ (2F + |δ|) / (1 − κ)
// whatever the error of the φ that the iteration used. To the F that was computed are added:
//   truncation   ‖(g − p_K)(𝓛)x‖_∞ ≤ ε_K ‖x‖_h / √h_min, 𝓛 being self-adjoint under h
//   rounding     γ G_∞ ‖x‖_∞ with Clenshaw's recurrence majorised entry by entry, or γ G ‖x‖_h / √h_min,
//                whichever is less; γ and γ' for walk, sums and the reduction uᵀx

import type { FocusOperator } from '../operator.js';
import { roundingAmplification } from '../chebyshev.js';

/** What was measured of f at x; all in the maximum norm. */
export interface AdjointMeasured {
  /** F: half the range of f as computed. */
  readonly residual: number;
  readonly truncation: number;
  readonly rounding: number;
}

/** How large x is. */
export interface Size {
  /** ‖x‖_∞. */
  readonly largest: number;
  /** ‖x‖_h / √h_min: what the truncation of an expansion is multiplied by. */
  readonly spread: number;
}

/** Covers the rounding of the norms, which are sums of up to 2³² terms on the host. */
const SLACK = 1 + 1e-6;

/** Measures x as read from the machine. O(n) on the host. */
export function sizeOf({ hostMeasure }: FocusOperator, x: Float64Array): Size {
  let [largest, square, least] = [0, 0, Infinity];
  for (let i = 0; i < x.length; i++) {
    largest = Math.max(largest, Math.abs(x[i]));
    square += hostMeasure[i] * x[i] * x[i];
    least = Math.min(least, hostMeasure[i]);
  }
  return { largest, spread: SLACK * Math.sqrt(square / least) };
}

/** Half the range of f: its maximum norm once the best constant is taken away; ≥ 0. */
export function halfRange(f: Float64Array): number {
  let [low, high] = [Infinity, -Infinity];
  for (const value of f) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return (high - low) / 2;
}

/**
 * Measures f at an x of the given size, both read from the machine, f with springs and heat to
 * `degree`. `right` is max |g|, `diffusionShare` λ_d. O(n) on the host.
 */
export function measureAdjoint(
  { workspace, expansion, stepNorm }: FocusOperator,
  degree: number,
  { largest, spread }: Size,
  f: Float64Array,
  right: number,
  diffusionShare: number,
): AdjointMeasured {
  const u = workspace.unitRoundoff;
  const gamma = (2 * workspace.summationDepth(1) + 24) * u;
  const reduced = (workspace.reductionDepth(1) + 16) * u;
  const coefficients = expansion.coefficients(degree);
  const spectral = Math.min(
    maximumAmplification(coefficients, stepNorm) * largest,
    roundingAmplification(coefficients, stepNorm) * spread,
  );
  return {
    residual: SLACK * halfRange(f),
    truncation: expansion.truncation(degree) * spread,
    rounding: gamma * (diffusionShare * largest + spectral + right + largest) + reduced * largest,
  };
}

/** The bound of ‖λ̃ − λ‖_∞, `offset` = |uᵀλ̃| at most. */
export function adjointBound(
  { residual, truncation, rounding }: AdjointMeasured,
  offset: number,
  contraction: number,
): number {
  return (2 * (residual + truncation + rounding) + offset) / (1 - contraction);
}

/**
 * G_∞: how much Clenshaw's recurrence amplifies the rounding γ of one step in the maximum norm, if
 * ‖|Y|‖_∞ ≤ s: with B_k = |c_k| + 2s B_{k+1} + B_{k+2} ≥ ‖b_k‖, errors obey the same recurrence
 * with γB_k as their source.
 */
export function maximumAmplification(coefficients: Float64Array, stepNorm: number): number {
  let [ahead, behind] = [0, 0];
  let [errorAhead, errorBehind] = [0, 0];
  for (let k = coefficients.length - 1; k >= 1; k--) {
    const size = Math.abs(coefficients[k]) + 2 * stepNorm * ahead + behind;
    const error = size + 2 * stepNorm * errorAhead + errorBehind;
    [ahead, behind] = [size, ahead];
    [errorAhead, errorBehind] = [error, errorAhead];
  }
  const size = Math.abs(coefficients[0]) + stepNorm * ahead + behind;
  return size + stepNorm * errorAhead + errorBehind;
}
