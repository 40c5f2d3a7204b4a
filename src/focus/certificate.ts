// The proven L1 error of a computed focus. R contracts zero-sum differences by κ = 1 − λ_d t in L1,
// so for every φ
//   ‖φ − φ*‖₁ ≤ ‖Rφ − φ‖₁ / (1 − κ)
// What is computed is f = fl(R_K φ − φ). To ‖f‖₁ are added, before the division:
//   truncation   ‖(g − p_K)(𝓛) φ‖₁ ≤ ε_K √(Σh · Σh(z − z̄)²), because 𝓛 is self-adjoint under h and
//                g − p_K vanishes on constants z̄
//   rounding     (γ + γ') λ_d ‖φ‖₁ + γ G √(Σh · Σh z²), γ = (2·depth + 24) u for products, γ' for the
//                reduction that feeds the prior, G the amplification of Clenshaw's recurrence
//                where columns vary, each part times what cancels where stake is taken away, and the
//                prior's too: varied.ts
// Both norms come from reductions on the machine, whose own error is inside the slack factor.

import type { Vector } from '../backend/backend.js';
import { roundingAmplification } from './chebyshev.js';
import type { FocusOperator } from './operator.js';

/** What was measured at a point φ, per column; all in L1 of φ. */
export interface Measured {
  /** ‖f‖₁ as computed. */
  readonly residual: Float64Array;
  readonly truncation: Float64Array;
  readonly rounding: Float64Array;
  /** √(Σh · Σh(z − z̄)²), what the truncation of an expansion is multiplied by. */
  readonly spread: Float64Array;
  /** Σφ. */
  readonly mass: Float64Array;
}

/** Covers the rounding of the norms themselves: chunked f64 sums of up to 2³² terms. */
const SLACK = 1 + 1e-9;

/** Measures f = R_K z − z at z. `f` holds f already. Waits for the machine once. */
export async function measure(
  operator: FocusOperator,
  degree: number,
  z: Vector,
  f: Vector,
  diffusionShare: number,
): Promise<Measured> {
  const { workspace, measure: h, totalMeasure, expansion, stepNorm } = operator;
  const varied = operator.varied()?.measures;
  const [residual, mass, magnitude, shared] = await workspace.numbers(
    workspace.reduce([
      { kind: 'absolute', x: f, weight: h },
      { kind: 'sum', x: z, weight: h },
      { kind: 'absolute', x: z, weight: h },
      { kind: 'dot', x: z, y: z, weight: h },
    ]),
  );
  // Columns that vary have a measure of their own, which differs at a few particles.
  const square = (await varied?.squares(z)) ?? shared;
  const squared = (b: number): number => (varied?.totals[b] ?? totalMeasure) * square[b];
  const epsilon = expansion.truncation(degree);
  const coefficients = expansion.coefficients(degree);
  // Of columns that vary each term may cancel, those of z too.
  const amplified = roundingAmplification(coefficients, stepNorm);
  const amplification = (b: number): number => amplified * (varied?.stepNorms[b] ?? 1);
  const u = workspace.unitRoundoff;
  const depth = workspace.summationDepth(z.columns);
  const gamma = (b: number): number => (2 * (depth + (varied?.depths[b] ?? 0)) + 24) * u;
  // The share that goes to the prior is a reduction over all particles, times a rounded prior.
  const share = (workspace.reductionDepth(z.columns) + 16) * u;
  const spread = square.map((_, b) => {
    const s = squared(b);
    return Math.sqrt(Math.max(0, s - mass[b] ** 2) + 1e-12 * s);
  });
  return {
    residual: residual.map((r) => r * SLACK),
    truncation: spread.map((s) => epsilon * s),
    rounding: square.map(
      (_, b) =>
        (gamma(b) * (varied?.outNorms[b] ?? 1) + share * (varied?.priorNorms[b] ?? 1)) *
          diffusionShare *
          magnitude[b] +
        gamma(b) * amplification(b) * Math.sqrt(squared(b)),
    ),
    spread,
    mass,
  };
}

/**
 * The error bound of one column after its mass is divided out: ‖φ/Σφ − φ*‖₁; infinite where there is
 * no mass.
 */
export function errorBound(measured: Measured, column: number, contraction: number): number {
  const mass = measured.mass[column];
  if (mass <= 0) return Infinity;
  return defectOf(measured, column) / (1 - contraction) / mass;
}

/** What ‖Rφ − φ‖₁ is at most, for one column. */
export function defectOf(measured: Measured, column: number): number {
  return measured.residual[column] + measured.truncation[column] + measured.rounding[column];
}
