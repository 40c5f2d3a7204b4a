// An independent second computation of focus: every operator as a dense matrix, φ* by Gaussian
// elimination. The resolvent is an inverse, the heat kernel scaling and squaring of a Taylor
// series; nothing is shared with src/focus.

import type { Graph } from '../src/graph/graph.js';

export type Matrix = number[][];

export interface DenseParameters {
  readonly laplacian: 'random-walk' | 'combinatorial';
  readonly unit: number;
  readonly teleport: number;
  readonly mu: number;
  readonly tau: number;
  readonly lambda: readonly [number, number, number];
  /** Default degree. */
  readonly prior?: 'degree' | 'uniform';
}

export const DENSE_DEFAULTS: DenseParameters = {
  laplacian: 'random-walk',
  unit: 1,
  teleport: 0.15,
  mu: 1,
  tau: 1,
  lambda: [0.5, 0.3, 0.2],
};

/** R as a dense matrix acting on columns. */
export function denseOperator(graph: Graph, parameters: DenseParameters): Matrix {
  const { teleport: t, mu, tau, lambda } = parameters;
  const n = graph.particles;
  const a = adjacency(graph);
  const out = a.map((row) => row.reduce((x, y) => x + y, 0));
  const d = out.map((o, i) => o + a.reduce((sum, row) => sum + row[i], 0));
  const total = d.reduce((x, y) => x + y, 0);
  const diffusion = zeros(n);
  const laplacian = zeros(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const u = parameters.prior === 'uniform' ? 1 / n : d[i] / total;
      const step = out[j] > 0 ? a[j][i] / out[j] : u;
      diffusion[i][j] = (1 - t) * step + t * u;
      const w = a[i][j] + a[j][i];
      const same = i === j ? 1 : 0;
      laplacian[i][j] =
        parameters.laplacian === 'random-walk'
          ? same - w / d[j]
          : (same * d[i] - w) / parameters.unit;
    }
  }
  const shifted = laplacian.map((row, i) => row.map((x, j) => x + (i === j ? mu : 0)));
  const springs = inverse(shifted).map((row) => row.map((x) => x * mu));
  const heat = exponential(laplacian.map((row) => row.map((x) => -tau * x)));
  return diffusion.map((row, i) =>
    row.map((x, j) => lambda[0] * x + lambda[1] * springs[i][j] + lambda[2] * heat[i][j]),
  );
}

/** φ* = Rφ* with Σφ* = 1, by replacing one equation of (R − I)φ = 0. */
export function denseFocus(graph: Graph, parameters: DenseParameters): number[] {
  const r = denseOperator(graph, parameters);
  const n = r.length;
  const system = r.map((row, i) => row.map((x, j) => (i === n - 1 ? 1 : x - (i === j ? 1 : 0))));
  const right = Array.from({ length: n }, (_, i) => (i === n - 1 ? 1 : 0));
  return solveDense(
    system,
    right.map((x) => [x]),
  ).map((row) => row[0]);
}

function adjacency(graph: Graph): Matrix {
  const { rows, offsets, columns, weights } = graph.axons;
  const a = zeros(rows);
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) a[i][columns[k]] += weights[k];
  }
  return a;
}

function zeros(n: number): Matrix {
  return Array.from({ length: n }, () => new Array<number>(n).fill(0));
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const n = a.length;
  const c = zeros(n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = a[i][k];
      if (x !== 0) for (let j = 0; j < n; j++) c[i][j] += x * b[k][j];
    }
  }
  return c;
}

function inverse(a: Matrix): Matrix {
  return solveDense(
    a,
    zeros(a.length).map((row, i) => row.map((_, j) => (i === j ? 1 : 0))),
  );
}

function solveDense(a: Matrix, right: Matrix): Matrix {
  const n = a.length;
  const m = a.map((row) => row.slice());
  const x = right.map((row) => row.slice());
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(m[i][k]) > Math.abs(m[pivot][k])) pivot = i;
    [m[k], m[pivot]] = [m[pivot], m[k]];
    [x[k], x[pivot]] = [x[pivot], x[k]];
    for (let i = 0; i < n; i++) {
      const ratio = i === k ? 0 : m[i][k] / m[k][k];
      if (ratio === 0) continue;
      for (let j = k; j < n; j++) m[i][j] -= ratio * m[k][j];
      for (let j = 0; j < x[i].length; j++) x[i][j] -= ratio * x[k][j];
    }
  }
  return x.map((row, i) => row.map((value) => value / m[i][i]));
}

function exponential(a: Matrix): Matrix {
  const norm = Math.max(...a.map((row) => row.reduce((s, x) => s + Math.abs(x), 0)));
  const squarings = Math.max(0, Math.ceil(Math.log2(norm || 1)) + 4);
  const small = a.map((row) => row.map((x) => x / 2 ** squarings));
  let term: Matrix = zeros(a.length).map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  let sum = term.map((row) => row.slice());
  for (let k = 1; k <= 14; k++) {
    term = multiply(term, small).map((row) => row.map((x) => x / k));
    sum = sum.map((row, i) => row.map((x, j) => x + term[i][j]));
  }
  for (let s = 0; s < squarings; s++) sum = multiply(sum, sum);
  return sum;
}
