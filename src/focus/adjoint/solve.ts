// Solves the adjoint equation to a certified maximum norm, by the refinement of ../solve.ts: a stage
// measures f = g + Qᵀx − x with springs and heat to the degree it needs, solves δ = R'ᵀδ + f roughly
// at low degree with Anderson acceleration, and adds δ. Only the judge differs: f is read back and
// judged in the maximum norm, which no reduction on the machine gives. Not converging is a result.

import type { Vector } from '../../backend/backend.js';
import { eventTurn } from '../../base/turn.js';
import { anderson, openHistory, type AndersonHistory } from '../anderson.js';
import type { FocusOperator } from '../operator.js';
import type { SolveOptions } from '../solve.js';
import { compensatedSum } from '../sums.js';
import { adjointBound, halfRange, measureAdjoint, sizeOf } from './certificate.js';
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

/** Past points that Anderson mixes, as in ../solve.ts. */
const MEMORY = 3;
/** A stage aims for this fraction of its residual … */
const STAGE_REDUCTION = 0.05;
/** … with an expansion whose relative truncation is at most this. */
const STAGE_TRUNCATION = 0.03;
/**
 * Share of the defect that truncation may take. Before the proof it is a typical error in another
 * norm: with 0.1 the maximum norm falls by a tenth a stage instead of a twentieth.
 */
const STAGE_SHARE = 0.01;
const PROOF_SHARE = 0.05;
/** A residual that makes less than this share of the bound is not worth reducing. */
const FLOOR_SHARE = 0.1;
/** Measurements without progress after which rounding has stopped it. */
const MOST_STALLED = 3;

/**
 * Solves (I − Qᵀ)λ = right for max |right| = 1 until the bound is at most options.tolerance.
 * `operator` is what `transposed` was built over. O(n) on the host a stage.
 */
export async function solveAdjoint(
  operator: FocusOperator,
  transposed: TransposedOperator,
  right: Float64Array,
  options: SolveOptions,
): Promise<AdjointSolved> {
  const { workspace, expansion } = operator;
  const { tolerance, contraction, mostIterations } = options;
  const state = openState(operator, right);
  const { x, delta } = state;
  const history = openHistory(workspace, 1, MEMORY);
  const allowed = (tolerance * (1 - contraction)) / 2;
  const rough = expansion.degreeFor(STAGE_TRUNCATION);
  let iterations = 0;
  let defect = halfRange(right);
  let best = defect;
  let stalled = 0;
  for (;;) {
    await eventTurn();
    options.signal?.throwIfAborted();
    // Another stage takes at least one application, a measurement and a proof.
    const last = stalled >= MOST_STALLED || mostIterations - iterations < 3;
    if (!last) {
      iterations += await correct(transposed, state, history, {
        rough,
        reduction: Math.max(STAGE_REDUCTION, (0.3 * allowed) / defect),
        mostIterations: mostIterations - iterations - 2,
        signal: options.signal,
      });
      workspace.combine(x, [
        { coefficient: 1, vector: x },
        { coefficient: 1, vector: delta },
      ]);
    }
    // Near the end the accurate measurement is made at once: it costs little more than another.
    const expected = STAGE_REDUCTION * defect;
    const early = expected > allowed && !last;
    if (early) {
      const degree = Math.max(rough, expansion.degreeFor(STAGE_SHARE * expected));
      defect = halfRange(await residualAt(transposed, state, degree));
      iterations++;
    }
    options.onProgress?.({
      iterations,
      passes: transposed.passes(),
      errorBound: (2 * defect) / (1 - contraction),
    });
    if (!early || defect <= allowed) {
      const proven = await prove(operator, transposed, state, options);
      iterations++;
      defect = proven.residual;
      const converged = proven.errorBound <= tolerance;
      // A bound that is nearly all rounding gains nothing from another stage.
      const floor = 2 * defect < FLOOR_SHARE * proven.errorBound * (1 - contraction);
      if (converged || last || floor) {
        for (const vector of Object.values(state)) workspace.release(vector);
        history.release();
        return { ...proven, iterations, converged };
      }
    }
    stalled = defect < 0.7 * best ? 0 : stalled + 1;
    best = Math.min(best, defect);
  }
}

/** The right side, the solution so far, its residual, and a correction. */
interface State {
  readonly source: Vector;
  readonly x: Vector;
  readonly f: Vector;
  readonly delta: Vector;
}

/** At x = 0 the residual is the right side, without a measurement. */
function openState({ workspace }: FocusOperator, right: Float64Array): State {
  const vector = (): Vector => workspace.vector(1);
  const state = { source: vector(), x: vector(), f: vector(), delta: vector() };
  workspace.write(state.source, right);
  workspace.write(state.f, right);
  return state;
}

interface Correction {
  readonly rough: number;
  /** Of Σφ|f|. */
  readonly reduction: number;
  readonly mostIterations: number;
  readonly signal: AbortSignal | undefined;
}

/** Solves δ = R'ᵀδ + f roughly, from zero. Returns applications. */
async function correct(
  { workspace, measure, contract }: TransposedOperator,
  { f, delta }: State,
  history: AndersonHistory,
  { rough, reduction, mostIterations, signal }: Correction,
): Promise<number> {
  const weighted = workspace.reduce([{ kind: 'absolute', x: f, weight: measure }]);
  const [[residual]] = await workspace.numbers(weighted);
  const { applications } = await anderson({
    workspace,
    history,
    measure,
    x: delta,
    imageOfZero: f,
    image: (out, point) => contract(out, point, rough, f),
    target: reduction * residual,
    signal,
    mostIterations,
  });
  return applications;
}

/** f = source + R'ᵀx − x, on the machine and read back. */
async function residualAt(
  { workspace, contract }: TransposedOperator,
  { source, x, f }: State,
  degree: number,
): Promise<Float64Array> {
  contract(f, x, degree, source);
  workspace.combine(f, [
    { coefficient: 1, vector: f },
    { coefficient: -1, vector: x },
  ]);
  return workspace.read(f);
}

/** Measures x at a degree whose truncation spoils no bound, and takes uᵀx away. */
async function prove(
  operator: FocusOperator,
  transposed: TransposedOperator,
  state: State,
  { tolerance, contraction, diffusionShare }: SolveOptions,
): Promise<Omit<AdjointSolved, 'iterations' | 'converged'>> {
  const { workspace, expansion } = operator;
  const x = await workspace.read(state.x);
  const size = sizeOf(operator, x);
  const truncation = (PROOF_SHARE * tolerance * (1 - contraction)) / 2;
  const degree = expansion.degreeFor(truncation / Math.max(1, size.spread));
  const f = await residualAt(transposed, state, degree);
  const measured = measureAdjoint(operator, degree, size, f, 1, diffusionShare);
  const mean = compensatedSum(x.length, (i) => transposed.hostPrior[i] * x[i]);
  // What is left of uᵀλ after the mean is taken away: the roundings of u, the mean and λ.
  const offset = size.largest * 2 ** -50;
  return {
    lambda: x.map((value) => value - mean),
    residual: measured.residual,
    errorBound: adjointBound(measured, offset, contraction),
  };
}
