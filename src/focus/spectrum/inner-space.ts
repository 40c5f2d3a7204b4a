// Vectors of a workspace under an inner product ⟨x, y⟩ = Σ h x y: dots, norms and combinations of many
// vectors in the backend's portions. φ = h ⊙ z without mass is z orthogonal to constants, so the
// zero-sum space is what `settle` keeps.
// Rounding: a dot is within `dotError` · ‖x‖‖y‖ of the exact one.

import type { Term, Vector, Workspace } from '../../backend/backend.js';
import { compensatedSum } from '../sums.js';

/** Most vectors in one reduction, and most terms in one combination besides the first. */
const DOTS = 16;
const TERMS = 20;

/** The inner product space of one operator. */
export interface InnerSpace {
  readonly workspace: Workspace;
  readonly measure: Vector;
  readonly hostMeasure: Float64Array;
  /** Σ h. */
  readonly totalMeasure: number;
  /** Dimension of the zero-sum space: particles − 1. */
  readonly dimension: number;
  /** Relative error of a dot against ‖x‖‖y‖, for blocks of `columns`. */
  dotError(columns: number): number;
  vector(columns?: number): Vector;
  release(vectors: readonly Vector[]): void;
  /** ⟨x, y⟩ for one column each. */
  dots(x: Vector, ys: readonly Vector[]): Promise<number[]>;
  /** ‖x‖ per column. */
  norms(x: Vector): Promise<Float64Array>;
  /** x ← factor · x + Σ coefficient · y. */
  add(x: Vector, coefficients: ArrayLike<number>, ys: readonly Vector[], factor?: number): void;
  /** x ← x without its mass, per column. */
  settle(x: Vector): void;
  /** |⟨x, w⟩| of the unit constant w, per column: the mass that is left. */
  masses(x: Vector): Promise<Float64Array>;
}

/** Opens the space of a measure h > 0, one number a particle. Three vectors of its own. */
export function openInnerSpace(workspace: Workspace, hostMeasure: Float64Array): InnerSpace {
  const totalMeasure = compensatedSum(hostMeasure.length, (i) => hostMeasure[i]);
  const measure = workspace.vector(1);
  workspace.write(measure, hostMeasure);
  const ones = workspace.vector(1);
  workspace.write(ones, new Float64Array(workspace.rows).fill(1));
  const share = workspace.vector(1);
  workspace.write(
    share,
    hostMeasure.map((h) => -h / totalMeasure),
  );
  return {
    workspace,
    measure,
    hostMeasure,
    totalMeasure,
    dimension: workspace.rows - 1,
    dotError: (columns) => (workspace.reductionDepth(columns) + 8) * workspace.unitRoundoff,
    vector: (columns = 1) => workspace.vector(columns),
    release: (vectors) => {
      for (const vector of vectors) workspace.release(vector);
    },
    dots: async (x, ys) => {
      const found: number[] = [];
      for (let first = 0; first < ys.length; first += DOTS) {
        const reductions = ys
          .slice(first, first + DOTS)
          .map((y) => ({ kind: 'dot' as const, x, y, weight: measure }));
        const values = await workspace.numbers(workspace.reduce(reductions));
        found.push(...values.map(([value]) => value));
      }
      return found;
    },
    norms: async (x) => {
      const [squares] = await workspace.numbers(
        workspace.reduce([{ kind: 'dot', x, y: x, weight: measure }]),
      );
      return squares.map((square) => Math.sqrt(Math.max(0, square)));
    },
    add: (x, coefficients, ys, factor = 1) => {
      let own = factor;
      for (let first = 0; first < ys.length; first += TERMS) {
        const terms: Term[] = [{ coefficient: own, vector: x }];
        for (let k = first; k < Math.min(ys.length, first + TERMS); k++) {
          terms.push({ coefficient: coefficients[k], vector: ys[k] });
        }
        workspace.combine(x, terms);
        own = 1;
      }
      if (ys.length === 0 && factor !== 1) {
        workspace.combine(x, [{ coefficient: factor, vector: x }]);
      }
    },
    settle: (x) => {
      const [mass] = workspace.reduce([{ kind: 'sum', x, weight: share }]);
      workspace.combine(x, [
        { coefficient: 1, vector: x },
        { coefficient: mass, vector: ones },
      ]);
    },
    masses: async (x) => {
      const [found] = await workspace.numbers(
        workspace.reduce([{ kind: 'sum', x, weight: share }]),
      );
      const unit = Math.sqrt(totalMeasure);
      return found.map((mass) => Math.abs(mass) * unit);
    },
  };
}
