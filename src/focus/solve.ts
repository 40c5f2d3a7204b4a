// Solves φ = Rφ by iterative refinement. A stage computes the residual f = Rφ − φ with springs and
// heat to the degree that the stage needs, then solves δ = R δ + f roughly, with a low-degree
// expansion and Anderson acceleration, and adds δ to φ. So the many iterations use a cheap
// operator, the few accurate ones measure, and accuracy grows with the residual's fall. Against the
// plain iteration this saves five to ten times the passes over the graph (bench/acceleration.mjs).

import type { Precision, Vector, Workspace } from '../backend/backend.js';
import { FocusError } from '../base/errors.js';
import { exponential } from '../base/exponential.js';
import { logarithm } from '../base/logarithm.js';
import { eventTurn } from '../base/turn.js';
import { anderson, openHistory, type AndersonHistory } from './anderson.js';
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
  /**
   * A guess of the start's defect ‖Rφ − φ‖₁: 1 cold, the tolerance warm. A wrong guess costs
   * passes, never accuracy.
   */
  readonly startDefect: number;
  /**
   * For columns that start at the solution of a graph near their own: its R_K φ − φ (one column) at
   * a low degree K. Taken off their own at K, it leaves what the changes brought, without the
   * truncation that both have.
   */
  readonly neighbour?: { readonly degree: number; readonly residual: Vector } | undefined;
  /** Default: made for this solve. */
  readonly scratch?: SolveScratch | undefined;
  /** CPU threads of the f64 measurements of mixed precision. */
  readonly threads?: number | undefined;
  /** Called after each measurement. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Checked before every application of R. */
  readonly signal?: AbortSignal | undefined;
}

/** Blocks that a solve works in; making them anew costs as much as some passes over the graph. */
export interface SolveScratch {
  readonly f: Vector;
  readonly delta: Vector;
  readonly history: AndersonHistory;
  release(): void;
}

/** Makes room for solves of blocks of `columns`: ten blocks. */
export function openSolveScratch(workspace: Workspace, columns: number): SolveScratch {
  const f = workspace.vector(columns);
  const delta = workspace.vector(columns);
  const history = openHistory(workspace, columns, MEMORY);
  return {
    f,
    delta,
    history,
    release: () => {
      for (const vector of [f, delta]) workspace.release(vector);
      history.release();
    },
  };
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

/**
 * Past points that Anderson mixes; three are as good as eight on every graph measured, and cost
 * half the memory.
 */
const MEMORY = 3;
/** A stage aims for this fraction of its residual … */
const STAGE_REDUCTION = 0.05;
/** … with an expansion whose relative truncation is at most this. */
const STAGE_TRUNCATION = 0.03;
/** Share of the allowed defect that truncation may use in a proof … */
const FINAL_SHARE = 0.2;
/** … and of the defect expected, before. */
const STAGE_SHARE = 0.1;
/** From the solution of a neighbour: stages, each at most by so much, down to so little. */
const MOST_NEIGHBOURING = 6;
const NEIGHBOURING_REDUCTION = 0.004;
const NEIGHBOURING_SHARE = 0.15;
/** Stages without progress after which rounding has stopped it. */
const MOST_STALLED = 3;

/**
 * Refines z (φ = h ⊙ z, Σφ = 1) until the bound is met, the limit is reached or rounding stops
 * progress.
 */
export async function solve(
  operator: FocusOperator,
  z: Vector,
  options: SolveOptions,
): Promise<Solved> {
  const { columns, tolerance, contraction } = options;
  let bound = Infinity;
  const { iterations, measured } = await refine(
    operator,
    z,
    null,
    options,
    (at, iterationsSoFar) => {
      bound = largestBound(at, columns, contraction);
      options.onProgress?.({
        iterations: iterationsSoFar,
        passes: operator.passes(),
        errorBound: bound,
      });
      return bound * (1 - contraction);
    },
    tolerance * (1 - contraction),
  );
  return { iterations, converged: bound <= tolerance, measured, errorBound: bound };
}

/**
 * Solves x = R'x + right from x = 0 until the computed residual is at most `target` in L1 (no
 * proof: for an arithmetic whose result is measured elsewhere); with right null, x = Rx from x.
 * Returns applications of R.
 */
export async function approximate(
  operator: FocusOperator,
  x: Vector,
  right: Vector | null,
  target: number,
  options: SolveOptions,
): Promise<number> {
  const residual = (at: Measured): number => Math.max(...at.residual);
  return (await refine(operator, x, right, options, residual, target)).iterations;
}

/** The refinement loop: stages until `judge` of the measurement is at most `allowed`. */
async function refine(
  operator: FocusOperator,
  x: Vector,
  right: Vector | null,
  options: SolveOptions,
  judge: (measured: Measured, iterations: number) => number,
  allowed: number,
): Promise<{ readonly iterations: number; readonly measured: Measured }> {
  const { workspace, expansion } = operator;
  const { columns, mostIterations } = options;
  const scratch = options.scratch ?? openSolveScratch(workspace, columns);
  const { f, delta, history } = scratch;
  const roughDegree = expansion.degreeFor(STAGE_TRUNCATION);
  let spread = 1;
  let expected = options.startDefect;
  let iterations = 0;
  let best = Infinity;
  let stalled = 0;
  const correct = async (degree: number, target: number): Promise<void> => {
    const rough = await anderson({
      workspace,
      history,
      measure: operator.measure,
      x: delta,
      imageOfZero: f,
      image: (out, point) => operator.contract(out, point, degree, f),
      target,
      signal: options.signal,
      mostIterations: mostIterations - iterations - 1,
    });
    iterations += rough.applications;
    workspace.combine(x, [
      { coefficient: 1, vector: x },
      { coefficient: 1, vector: delta },
    ]);
  };
  if (options.neighbour !== undefined) {
    const state = { spent: () => iterations, measured: () => iterations++, correct };
    spread = await approach(operator, x, right, f, options, options.neighbour, state, allowed);
    expected = 0;
  }
  for (;;) {
    await eventTurn();
    options.signal?.throwIfAborted();
    // Only the measurement that may be the last must be accurate in proof; before it, the typical
    // error of an expansion counts, which is `spread` times smaller than the proven one.
    const accuracy = expected > allowed ? STAGE_SHARE * expected : (FINAL_SHARE * allowed) / spread;
    const degree = Math.max(roughDegree, expansion.degreeFor(accuracy));
    residualInto(operator, f, x, degree, right);
    iterations++;
    const measured = await measure(operator, degree, x, f, options.diffusionShare);
    const defect = judge(measured, iterations);
    spread = Math.max(1, ...measured.spread);
    stalled = defect < 0.7 * best ? 0 : stalled + 1;
    best = Math.min(best, defect);
    if (!Number.isFinite(defect)) throw beyondPrecision(workspace.precision);
    // Another stage takes at least one application and one measurement.
    const stop = stalled >= MOST_STALLED || mostIterations - iterations < 2;
    if (defect <= allowed || stop) {
      if (options.scratch === undefined) scratch.release();
      return { iterations, measured };
    }
    const residual = Math.max(...measured.residual);
    expected = Math.max(STAGE_REDUCTION * residual, 0.3 * allowed);
    // A residual that drowns in the truncation says nothing yet: measure again, more accurately.
    if (residual <= 2 * expansion.truncation(degree)) continue;
    await correct(roughDegree, expected);
  }
}

/** What `approach` shares with the loop that goes on from where it ends. */
interface Approach {
  /** Applications of R so far. */
  readonly spent: () => number;
  readonly measured: () => void;
  /** x += δ of the residual f, to `target`, with an expansion of this degree. */
  readonly correct: (degree: number, target: number) => Promise<void>;
}

/** Stages from the solution of a neighbour, judged by differences from it; returns the spread. */
async function approach(
  operator: FocusOperator,
  x: Vector,
  right: Vector | null,
  f: Vector,
  options: SolveOptions,
  { degree, residual: known }: NonNullable<SolveOptions['neighbour']>,
  { spent, measured: counted, correct }: Approach,
  allowed: number,
): Promise<number> {
  const goal = NEIGHBOURING_SHARE * allowed;
  let spread = 1;
  for (let stage = 0; stage < MOST_NEIGHBOURING; stage++) {
    await eventTurn();
    options.signal?.throwIfAborted();
    residualInto(operator, f, x, degree, right, known);
    counted();
    const measured = await measure(operator, degree, x, f, options.diffusionShare);
    spread = Math.max(1, ...measured.spread);
    const residual = Math.max(...measured.residual);
    if (!(residual > 2 * goal) || options.mostIterations - spent() < 2) break;
    // As many stages as it takes, each by as much.
    const fall = logarithm(goal / residual);
    const stages = Math.ceil(fall / logarithm(NEIGHBOURING_REDUCTION));
    const target = stages > 1 ? residual * exponential(fall / stages) : goal;
    await correct(operator.expansion.degreeFor((0.6 * target) / residual), target);
    if (stages <= 1) break;
  }
  return spread;
}

/**
 * Applies R exactly `count` times: φ ← Rφ, springs and heat accurate to rounding; then measures
 * once more.
 */
export async function iterate(
  operator: FocusOperator,
  z: Vector,
  count: number,
  options: SolveOptions,
): Promise<Solved> {
  const { workspace, expansion } = operator;
  const { columns, tolerance, contraction } = options;
  const { degree } = expansion;
  const next = workspace.vector(columns);
  for (let i = 0; i < count; i++) {
    await eventTurn();
    options.signal?.throwIfAborted();
    operator.apply(next, z, degree);
    workspace.combine(z, [{ coefficient: 1, vector: next }]);
  }
  const { measured, bound } = await certify(
    operator,
    z,
    next,
    options,
    tolerance * (1 - contraction),
  );
  workspace.release(next);
  return { iterations: count, converged: bound <= tolerance, measured, errorBound: bound };
}

/**
 * Computes f = Rz − z accurately to a defect of `expected`, and the bound that it proves. Where the
 * truncation alone would spoil the bound, measures again with the degree that this z needs.
 */
export async function certify(
  operator: FocusOperator,
  z: Vector,
  f: Vector,
  options: SolveOptions,
  expected: number,
): Promise<{ readonly measured: Measured; readonly bound: number }> {
  const { columns, tolerance, contraction } = options;
  const { expansion } = operator;
  const goal = FINAL_SHARE * Math.max(expected, tolerance * (1 - contraction));
  let degree = expansion.degreeFor(goal);
  for (;;) {
    residualInto(operator, f, z, degree, null);
    const measured = await measure(operator, degree, z, f, options.diffusionShare);
    const needed = expansion.degreeFor(goal / Math.max(1, ...measured.spread));
    if (needed <= degree || !(Math.max(...measured.truncation) > goal)) {
      const bound = largestBound(measured, columns, contraction);
      if (!Number.isFinite(bound)) throw beyondPrecision(operator.workspace.precision);
      return { measured, bound };
    }
    degree = needed;
  }
}

/** Stakes so far apart that a vector overflows or vanishes. */
function beyondPrecision(precision: Precision): FocusError {
  return new FocusError(
    'bad-input',
    `stakes: expected a span that ${precision} arithmetic holds, found numbers that are not finite`,
    precision === 'f32'
      ? 'use --precision f64 --backend cpu'
      : 'remove links of vanishing or astronomic stake',
  );
}

/** f = R_K x + right − x − known. */
function residualInto(
  operator: FocusOperator,
  f: Vector,
  x: Vector,
  degree: number,
  right: Vector | null,
  known?: Vector,
): void {
  if (right === null) operator.apply(f, x, degree);
  else operator.contract(f, x, degree, right);
  operator.workspace.combine(f, [
    { coefficient: 1, vector: f },
    { coefficient: -1, vector: x },
    ...(known === undefined ? [] : [{ coefficient: -1, vector: known }]),
  ]);
  if (known !== undefined) operator.varied()?.clear(f);
}

function largestBound(measured: Measured, columns: number, contraction: number): number {
  let most = 0;
  for (let b = 0; b < columns; b++) {
    const bound = errorBound(measured, b, contraction);
    if (!(bound <= most)) most = bound;
  }
  return most;
}
