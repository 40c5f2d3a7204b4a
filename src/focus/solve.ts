// Solves φ = Rφ by iterative refinement. A stage computes the residual f = Rφ − φ with springs and heat to the degree that the
// stage needs, then solves δ = R δ + f roughly, with a low-degree expansion and Anderson acceleration, and adds δ to φ.
// So the many iterations use a cheap operator, the few accurate ones measure, and accuracy grows with the residual's fall.
// Against the plain iteration this saves five to ten times the passes over the graph (bench/acceleration.ts).

import type { Vector } from '../backend/backend.js';
import { anderson } from './anderson.js';
import { errorBound, measure, type Measured } from './certificate.js';
import type { FocusOperator } from './operator.js';

/** How far and how to solve. */
export interface SolveOptions {
  readonly columns: number;
  /** L1 error to certify. */
  readonly tolerance: number;
  /** κ of the reading. */
  readonly contraction: number;
  /** λ_d. */
  readonly diffusionShare: number;
  /** Applications of R, of any degree, after which the solver gives up. */
  readonly mostIterations: number;
  /** Called after each measurement. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Checked between stages. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a solve stands. */
export interface Progress {
  readonly iterations: number;
  readonly passes: number;
  readonly errorBound: number;
}

/** What a solve reached; the certificate is of z as it stands. */
export interface Solved {
  readonly iterations: number;
  readonly converged: boolean;
  readonly measured: Measured;
  /** Largest over the columns. */
  readonly errorBound: number;
}

/** Past points that Anderson mixes; three are as good as eight on every graph measured, and cost half the memory. */
const MEMORY = 3;
/** A stage aims for this fraction of its residual … */
const STAGE_REDUCTION = 0.05;
/** … with an expansion whose relative truncation is at most this. */
const STAGE_TRUNCATION = 0.03;
/** Share of the allowed defect that truncation may use. */
const TRUNCATION_SHARE = 0.1;

/** Refines z (φ = h ⊙ z, Σφ = 1) until the bound is met, the limit is reached or rounding stops progress. */
export async function solve(operator: FocusOperator, z: Vector, options: SolveOptions): Promise<Solved> {
  const { workspace, expansion } = operator;
  const { columns, tolerance, contraction, mostIterations } = options;
  const f = workspace.vector(columns);
  const delta = workspace.vector(columns);
  const allowed = tolerance * (1 - contraction);
  const roughDegree = expansion.degreeFor(STAGE_TRUNCATION);
  let spread = 1;
  let expected = 1;
  let iterations = 0;
  let best = Infinity;
  let stalled = 0;
  for (;;) {
    const degree = Math.max(roughDegree,
      expansion.degreeFor((TRUNCATION_SHARE * Math.max(allowed, expected)) / spread));
    residualInto(operator, f, z, degree);
    iterations++;
    const measured = await measure(operator, degree, z, f, options.diffusionShare);
    const bound = largestBound(measured, columns, contraction);
    options.onProgress?.({ iterations, passes: operator.passes(), errorBound: bound });
    const defect = Math.max(...measured.residual);
    spread = Math.max(1, ...measured.truncation.map((t) => t / expansion.truncation(degree) || 0));
    stalled = bound < 0.7 * best ? 0 : stalled + 1;
    best = Math.min(best, bound);
    const stop = stalled >= 3 || iterations >= mostIterations || !Number.isFinite(bound);
    if (bound <= tolerance || stop) {
      for (const vector of [f, delta]) workspace.release(vector);
      return { iterations, converged: bound <= tolerance, measured, errorBound: bound };
    }
    options.signal?.throwIfAborted();
    expected = Math.max(STAGE_REDUCTION * defect, 0.3 * allowed);
    const rough = await anderson({
      workspace, columns, measure: operator.measure, x: delta, imageOfZero: f,
      image: (out, x) => operator.apply(out, x, roughDegree, f),
      target: expected, memory: MEMORY, mostIterations: Math.max(1, mostIterations - iterations),
    });
    iterations += rough.applications;
    workspace.combine(z, [{ coefficient: 1, vector: z }, { coefficient: 1, vector: delta }]);
  }
}

/** Applies R exactly `count` times: φ ← Rφ, every expansion accurate to `truncation`; then measures once more. */
export async function iterate(
  operator: FocusOperator,
  z: Vector,
  count: number,
  options: SolveOptions,
): Promise<Solved> {
  const { workspace, expansion } = operator;
  const { columns, tolerance, contraction } = options;
  const degree = expansion.degreeFor(TRUNCATION_SHARE * tolerance * (1 - contraction));
  const next = workspace.vector(columns);
  for (let i = 0; i < count; i++) {
    options.signal?.throwIfAborted();
    operator.apply(next, z, degree);
    workspace.combine(z, [{ coefficient: 1, vector: next }]);
  }
  residualInto(operator, next, z, degree);
  const measured = await measure(operator, degree, z, next, options.diffusionShare);
  workspace.release(next);
  const bound = largestBound(measured, columns, contraction);
  return { iterations: count, converged: bound <= tolerance, measured, errorBound: bound };
}

/** f = R_K z − z. */
function residualInto(operator: FocusOperator, f: Vector, z: Vector, degree: number): void {
  operator.apply(f, z, degree);
  operator.workspace.combine(f, [{ coefficient: 1, vector: f }, { coefficient: -1, vector: z }]);
}

function largestBound(measured: Measured, columns: number, contraction: number): number {
  let most = 0;
  for (let b = 0; b < columns; b++) {
    const bound = errorBound(measured, b, contraction);
    if (!(bound <= most)) most = bound;
  }
  return most;
}
