// The spectrum of a graph by a second way: dense matrices of test/dense.ts, all eigenvalues by
// ml-matrix. Zero-sum vectors are singled out by R − (1/n)11ᵀ, which is R on them and 0 on the rest.

import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Graph } from '../../src/graph/graph.js';
import { denseOperator, type DenseParameters } from '../dense.js';

/** |λ₂| of R, for column sums 1. */
export function denseLambda2(graph: Graph, parameters: DenseParameters): number {
  const r = denseOperator(graph, parameters);
  const n = r.length;
  const rest = r.map((row) => row.map((x) => x - 1 / n));
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(new Matrix(rest));
  return Math.max(...realEigenvalues.map((x, i) => Math.hypot(x, imaginaryEigenvalues[i])));
}

/** |λ₂| of D: R with all weight on diffusion. */
export function denseLambda2Diffusion(graph: Graph, parameters: DenseParameters): number {
  return denseLambda2(graph, { ...parameters, lambda: [1, 0, 0] });
}

/** Second smallest eigenvalue of the symmetric form of the Laplacian. */
export function denseFiedler(graph: Graph, parameters: DenseParameters): number {
  const { rows, offsets, columns, weights } = graph.axons;
  const w = Matrix.zeros(rows, rows);
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const j = columns[k];
      w.set(i, j, w.get(i, j) + weights[k]);
      w.set(j, i, w.get(j, i) + weights[k]);
    }
  }
  const d = Array.from({ length: rows }, (_, i) => w.getRow(i).reduce((x, y) => x + y, 0));
  const l = Matrix.zeros(rows, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      const same = i === j ? 1 : 0;
      l.set(
        i,
        j,
        parameters.laplacian === 'random-walk'
          ? same - w.get(i, j) / Math.sqrt(d[i] * d[j])
          : (same * d[i] - w.get(i, j)) / parameters.unit,
      );
    }
  }
  const values = new EigenvalueDecomposition(l, { assumeSymmetric: true }).realEigenvalues;
  return [...values].sort((x, y) => x - y)[1];
}
