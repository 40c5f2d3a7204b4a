// An independent second computation for the adjoint: a value as a function of the dense weight matrix
// alone. Springs and heat by the eigenvectors of the symmetrised matrix (ml-matrix), φ* by LU of
// R − I, derivatives by differences. Nothing is shared with src/focus, nor with test/dense.ts.

import { EigenvalueDecomposition, LuDecomposition, Matrix } from 'ml-matrix';
import type { WeightedGraph } from '../../../src/graph/graph.js';

/** Parameters of the tri-kernel, written out. */
export interface DenseModel {
  readonly teleport: number;
  readonly mu: number;
  readonly tau: number;
  readonly lambda: readonly [number, number, number];
  /** Stake of the combinatorial Laplacian; null: random walk. */
  readonly unit: number | null;
  readonly prior: 'degree' | 'uniform' | readonly number[];
}

export const FOCUS_1: DenseModel = {
  teleport: 0.15,
  mu: 1,
  tau: 1,
  lambda: [0.5, 0.3, 0.2],
  unit: null,
  prior: 'degree',
};

/** What is differentiated: Σφ ln φ, its negative, or cᵀφ. Syntropy without its ln n. */
export type DenseValue = 'syntropy' | 'entropy' | readonly number[];

/** A as rows of numbers, with room for `extra` particles more. */
export function weightsOf(graph: WeightedGraph, extra = 0): number[][] {
  const { rows, offsets, columns, weights } = graph.axons;
  const a = Array.from({ length: rows + extra }, () => new Array<number>(rows + extra).fill(0));
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) a[i][columns[k]] = weights[k];
  }
  return a;
}

/** R of a weight matrix and the rank-one part u cᵀ of it; entries of A may be slightly negative. */
function operatorOf(
  a: readonly number[][],
  model: DenseModel,
): { readonly r: Matrix; readonly u: readonly number[]; readonly c: readonly number[] } {
  const { teleport, lambda, prior } = model;
  const n = a.length;
  const out = a.map((row) => row.reduce((x, y) => x + y, 0));
  const into = a.map((_, j) => a.reduce((sum, row) => sum + row[j], 0));
  const d = out.map((o, i) => o + into[i]);
  const weights = prior === 'degree' ? d : prior === 'uniform' ? d.map(() => 1) : [...prior];
  while (weights.length < n) weights.push(0);
  const sum = weights.reduce((x, y) => x + y, 0);
  const u = weights.map((weight) => weight / sum);
  const c = out.map((o) => lambda[0] * (teleport + (o === 0 ? 1 - teleport : 0)));
  const r = spectralOf(a, d, model);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const step = out[j] === 0 ? 0 : lambda[0] * (1 - teleport) * (a[j][i] / out[j]);
      r.set(i, j, r.get(i, j) + step + u[i] * c[j]);
    }
  }
  return { r, u, c };
}

/** φ* of a weight matrix. */
export function focusOf(a: readonly number[][], model: DenseModel): number[] {
  const n = a.length;
  const system = operatorOf(a, model).r.sub(Matrix.eye(n));
  // One equation of (R − I)φ = 0 gives way to Σφ = 1.
  for (let j = 0; j < n; j++) system.set(n - 1, j, 1);
  const right = Matrix.columnVector(new Array<number>(n).fill(0).fill(1, n - 1));
  return new LuDecomposition(system).solve(right).to1DArray();
}

/** λ with (I − Qᵀ)λ = g − φ*ᵀg, Q = R − u cᵀ, for a fixed gradient g. */
export function adjointOfDense(
  a: readonly number[][],
  model: DenseModel,
  gradient: readonly number[],
): number[] {
  const { r, u, c } = operatorOf(a, model);
  const mean = valueOf(focusOf(a, model), gradient);
  const system = Matrix.eye(a.length)
    .sub(r)
    .add(Matrix.columnVector(u).mmul(Matrix.rowVector(c)));
  const right = Matrix.columnVector(gradient.map((g) => g - mean));
  return new LuDecomposition(system.transpose()).solve(right).to1DArray();
}

/** λ_s μ(𝓛 + μ)⁻¹ + λ_h e^{−τ𝓛}. */
function spectralOf(a: readonly number[][], d: readonly number[], model: DenseModel): Matrix {
  const { mu, tau, lambda, unit } = model;
  const n = a.length;
  const root = d.map((x) => (unit === null ? Math.sqrt(x) : 1));
  const laplacian = new Matrix(
    a.map((row, i) =>
      row.map((x, j) => {
        const w = x + a[j][i];
        if (unit !== null) return ((i === j ? d[i] : 0) - w) / unit;
        return (i === j ? 1 : 0) - w / (root[i] * root[j]);
      }),
    ),
  );
  const { eigenvectorMatrix: v, realEigenvalues } = new EigenvalueDecomposition(laplacian, {
    assumeSymmetric: true,
  });
  const values = realEigenvalues.map(
    (x) => (lambda[1] * mu) / (x + mu) + lambda[2] * Math.exp(-tau * x),
  );
  const result = v.mmul(Matrix.diag(values)).mmul(v.transpose());
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) result.set(i, j, (result.get(i, j) * root[i]) / root[j]);
  }
  return result;
}

/** The value of a focus; particles beyond those of a linear functional count nothing. */
export function valueOf(phi: readonly number[], value: DenseValue): number {
  if (typeof value !== 'string') return value.reduce((sum, c, i) => sum + c * phi[i], 0);
  const sum = phi.reduce((total, p) => total + (p > 0 ? p * Math.log(p) : 0), 0);
  return value === 'syntropy' ? sum : -sum;
}

/** ∂v/∂A(p,q) by central differences of fourth order with a step of weight h. */
export function differenceAt(
  a: readonly number[][],
  [p, q]: readonly [number, number],
  h: number,
  model: DenseModel,
  value: DenseValue,
): number {
  const at = (w: number): number => {
    const moved = a.map((row) => row.slice());
    moved[p][q] += w;
    return valueOf(focusOf(moved, model), value);
  };
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}
