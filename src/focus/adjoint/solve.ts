// Solves the adjoint equation to a certified maximum norm. The refinement of solve.ts does the work
// in the norm Σφ|f|; then the residual is measured once at high degree, read back and judged in the
// maximum norm, which no reduction on the machine gives. Where that is not enough, the refinement
// goes on to a smaller target. Not converging is a result.

import type { Vector } from '../../backend/backend.js';
import { compensatedSum } from '../sums.js';
import { approximate, type SolveOptions } from '../solve.js';
import type { FocusOperator } from '../operator.js';
import { adjointBound, measureAdjoint } from './certificate.js';
import type { TransposedOperator } from './transposed.js';

/** An adjoint and what is proven of it, in units of the right side. */
export interface AdjointSolved {
  /** λ with uᵀλ = 0 up to rounding. */
  readonly lambda: Float64Array;
  /** ‖g + Qᵀλ − λ‖_∞ up to a constant, as computed. */
  readonly residual: number;
  readonly errorBound: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** The maximum norm is met by a mean this many times smaller, on most graphs … */
const FIRST_SHARE = 0.1;
/** … and else by a target that follows the ratio found, with this reserve. */
const NEXT_SHARE = 0.5;
/** Share of the allowed defect that truncation may use in the proof. */
const TRUNCATION_SHARE = 0.05;
const MOST_ROUNDS = 8;

/**
 * Solves (I − Qᵀ)λ = right for max |right| = 1 until the bound is at most options.tolerance.
 * `operator` is what `transposed` was built over. O(n) on the host a round.
 */
export async function solveAdjoint(
  operator: FocusOperator,
  transposed: TransposedOperator,
  right: Float64Array,
  options: SolveOptions,
): Promise<AdjointSolved> {
  const { workspace } = operator;
  const { tolerance, contraction } = options;
  const [source, x, f] = [workspace.vector(1), workspace.vector(1), workspace.vector(1)];
  workspace.write(source, right);
  let target = (FIRST_SHARE * tolerance * (1 - contraction)) / 2;
  let startDefect = 1;
  let iterations = 0;
  let best: AdjointSolved | null = null;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const mostIterations = options.mostIterations - iterations;
    iterations += await approximate(transposed, x, source, target, {
      ...options,
      mostIterations,
      startDefect,
    });
    const solved = await certify(operator, transposed, x, source, f, options, iterations);
    const stalled = best !== null && !(solved.errorBound < 0.7 * best.errorBound);
    if (best === null || solved.errorBound < best.errorBound) best = solved;
    if (best.converged || stalled || iterations >= options.mostIterations - 2) break;
    startDefect = target;
    target *= Math.min(0.1, (NEXT_SHARE * tolerance) / solved.errorBound);
  }
  for (const vector of [source, x, f]) workspace.release(vector);
  return best as AdjointSolved;
}

/** Reads x and its residual back, at a degree whose truncation spoils no bound. */
async function certify(
  operator: FocusOperator,
  transposed: TransposedOperator,
  x: Vector,
  source: Vector,
  f: Vector,
  options: SolveOptions,
  iterations: number,
): Promise<AdjointSolved> {
  const { workspace, expansion } = operator;
  const goal = (TRUNCATION_SHARE * options.tolerance * (1 - options.contraction)) / 2;
  const lambda = await workspace.read(x);
  const zeros = new Float64Array(lambda.length);
  const { spread } = measureAdjoint(operator, 0, lambda, zeros, 1, options.diffusionShare);
  const degree = expansion.degreeFor(goal / Math.max(1, spread));
  transposed.contract(f, x, degree, source);
  workspace.combine(f, [
    { coefficient: 1, vector: f },
    { coefficient: -1, vector: x },
  ]);
  const residual = await workspace.read(f);
  const measured = measureAdjoint(operator, degree, lambda, residual, 1, options.diffusionShare);
  const { hostPrior } = transposed;
  const mean = compensatedSum(lambda.length, (i) => hostPrior[i] * lambda[i]);
  // What is left of uᵀλ after the mean is taken away: the roundings of the mean and of n numbers.
  const offset = lambda.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 2 ** -50;
  const errorBound = adjointBound(measured, offset, options.contraction);
  return {
    lambda: lambda.map((value) => value - mean),
    residual: measured.residual,
    errorBound,
    iterations,
    converged: errorBound <= options.tolerance,
  };
}
