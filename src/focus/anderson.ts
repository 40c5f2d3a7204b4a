// Anderson acceleration of a fixed-point map x ← G(x): the next point is the affine combination of
// the last m + 1 images whose residual is least in the norm Σ h f². For an affine G this is GMRES
// restarted by sliding; mixing weights are per column.
//   min over Σ w_i = 1 of ‖Σ w_i f_i‖_h,   f_i = G(x_i) − x_i,   x_next = Σ w_i G(x_i)
// Source: Walker and Ni, Anderson Acceleration for Fixed-Point Iterations, 2011.

import type { Reduction, Vector, Workspace } from '../backend/backend.js';
import { eventTurn } from '../base/turn.js';

/**
 * Blocks for the last m + 1 points, kept between calls: making them anew costs as much as a pass
 * over the graph.
 */
export interface AndersonHistory {
  readonly columns: number;
  readonly points: readonly { readonly image: Vector; readonly residual: Vector }[];
  release(): void;
}

/** Makes room for mixing `memory` past points: 2 (memory + 1) blocks. */
export function openHistory(
  workspace: Workspace,
  columns: number,
  memory: number,
): AndersonHistory {
  const points = Array.from({ length: memory + 1 }, () => ({
    image: workspace.vector(columns),
    residual: workspace.vector(columns),
  }));
  return {
    columns,
    points,
    release: () => {
      for (const { image, residual } of points) {
        workspace.release(image);
        workspace.release(residual);
      }
    },
  };
}

/** What to iterate, from where, and when to stop. */
export interface AndersonProblem {
  readonly workspace: Workspace;
  readonly history: AndersonHistory;
  /** h of the norm; one column. */
  readonly measure: Vector;
  /** out = G(x). */
  readonly image: (out: Vector, x: Vector) => void | Promise<void>;
  /** Start, overwritten with the result. */
  readonly x: Vector;
  /**
   * Where x starts at zero: G(0), which is then image and residual of the first point and costs no
   * application.
   */
  readonly imageOfZero?: Vector;
  /** Stop when Σ h|f| is at most this in every column. */
  readonly target: number;
  readonly mostIterations: number;
  /** Checked before every application. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * How the iteration ended: applications of G, and the largest Σ h|f| over the columns at the last
 * point.
 */
export interface AndersonOutcome {
  readonly applications: number;
  readonly residual: number;
}

/**
 * Added to the diagonal of the normalised Gram matrix, so that parallel residuals cannot blow up
 * the weights.
 */
const REGULARISATION = 1e-13;

/**
 * Iterates until the target, the limit, or a residual that no longer falls. x ends at the mix of
 * the last images.
 */
export async function anderson(problem: AndersonProblem): Promise<AndersonOutcome> {
  const { workspace, x, target } = problem;
  const { points, columns } = problem.history;
  const size = points.length;
  const grams = Array.from({ length: columns }, () => new Float64Array(size ** 2));
  let used = 0;
  let applications = 0;
  let residual = Infinity;
  let best = Infinity;
  let sinceBest = 0;
  for (let slot = 0; applications < problem.mostIterations; slot = (slot + 1) % size) {
    const { image, residual: f } = points[slot];
    if (used === 0 && problem.imageOfZero !== undefined) {
      workspace.combine(image, [{ coefficient: 1, vector: problem.imageOfZero }]);
      workspace.combine(f, [{ coefficient: 1, vector: problem.imageOfZero }]);
    } else {
      await eventTurn();
      problem.signal?.throwIfAborted();
      // Plain steps cost a device no wait; f is free until its own turn.
      for (let plain = 1; plain < workspace.stepsPerWait; plain++) {
        await problem.image(f, x);
        workspace.combine(x, [{ coefficient: 1, vector: f }]);
      }
      applications += workspace.stepsPerWait;
      await problem.image(image, x);
      workspace.combine(f, [
        { coefficient: 1, vector: image },
        { coefficient: -1, vector: x },
      ]);
    }
    used = Math.min(used + 1, size);
    residual = await measureResidual(problem, used, slot, grams);
    const weights = mixingWeights(grams, used, size);
    workspace.combine(
      x,
      weights.map((w, i) => ({ coefficient: w, vector: points[i].image })),
    );
    if (!(residual > target)) break;
    if (residual < 0.9 * best) sinceBest = 0;
    else if (++sinceBest > 2 * size + 2) break;
    best = Math.min(best, residual);
  }
  return { applications, residual };
}

/**
 * Updates row and column `slot` of every column's Gram matrix; returns the largest Σ h|f| of that
 * slot.
 */
async function measureResidual(
  { workspace, measure, history }: AndersonProblem,
  used: number,
  slot: number,
  grams: readonly Float64Array[],
): Promise<number> {
  const { points, columns } = history;
  const size = points.length;
  const f = points[slot].residual;
  const wanted: Reduction[] = [{ kind: 'absolute', x: f, weight: measure }];
  for (const { residual } of points.slice(0, used))
    wanted.push({ kind: 'dot', x: f, y: residual, weight: measure });
  const [norms, ...dots] = await workspace.numbers(workspace.reduce(wanted));
  for (let b = 0; b < columns; b++) {
    dots.forEach((dot, i) => {
      grams[b][slot * size + i] = dot[b];
      grams[b][i * size + slot] = dot[b];
    });
  }
  return norms.reduce((most, value) => (value > most || Number.isNaN(value) ? value : most), 0);
}

/**
 * Weights per history entry (one array of columns each) that solve the constrained least squares of
 * each column.
 */
function mixingWeights(grams: readonly Float64Array[], used: number, size: number): Float64Array[] {
  const weights = Array.from({ length: used }, () => new Float64Array(grams.length));
  grams.forEach((gram, b) => {
    const column = columnWeights(gram, used, size);
    for (let i = 0; i < used; i++) weights[i][b] = column[i];
  });
  return weights;
}

function columnWeights(gram: Float64Array, used: number, size: number): Float64Array {
  const scale = new Float64Array(used);
  for (let i = 0; i < used; i++) {
    const norm = gram[i * size + i];
    scale[i] = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    if (norm === 0) return indicator(used, i);
  }
  const matrix = Array.from({ length: used }, (_, i) =>
    Float64Array.from(
      { length: used },
      (_, j) => gram[i * size + j] * scale[i] * scale[j] + (i === j ? REGULARISATION : 0),
    ),
  );
  const solution = solveSymmetric(matrix, scale.slice());
  let sum = 0;
  for (let i = 0; i < used; i++) {
    solution[i] *= scale[i];
    sum += solution[i];
  }
  if (!Number.isFinite(sum) || sum === 0) return indicator(used, smallest(gram, used, size));
  return solution.map((value) => value / sum);
}

function indicator(length: number, at: number): Float64Array {
  const weights = new Float64Array(length);
  weights[at] = 1;
  return weights;
}

function smallest(gram: Float64Array, used: number, size: number): number {
  let best = 0;
  for (let i = 1; i < used; i++) if (gram[i * size + i] < gram[best * size + best]) best = i;
  return best;
}

/**
 * Gaussian elimination with partial pivoting; overwrites both arguments and returns the solution.
 */
function solveSymmetric(matrix: Float64Array[], right: Float64Array): Float64Array {
  const n = right.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++)
      if (Math.abs(matrix[i][k]) > Math.abs(matrix[pivot][k])) pivot = i;
    [matrix[k], matrix[pivot]] = [matrix[pivot], matrix[k]];
    [right[k], right[pivot]] = [right[pivot], right[k]];
    for (let i = k + 1; i < n; i++) {
      const ratio = matrix[i][k] / matrix[k][k];
      for (let j = k; j < n; j++) matrix[i][j] -= ratio * matrix[k][j];
      right[i] -= ratio * right[k];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) right[k] -= matrix[k][j] * right[j];
    right[k] /= matrix[k][k];
  }
  return right;
}
