// Compressed sparse rows: the arcs of a weighted directed graph, sorted by (row, column), one arc
// per pair.

import { invariant } from '../base/errors.js';

/**
 * Rows of arcs: arcs of row i are offsets[i] … offsets[i+1]−1, with ascending columns and positive
 * weights.
 */
export interface Csr {
  readonly rows: number;
  /** rows + 1 ascending arc positions; the last is the number of arcs (< 2³²). */
  readonly offsets: Uint32Array;
  readonly columns: Uint32Array;
  readonly weights: Float64Array;
}

/** The number of arcs. Cost O(1). */
export function arcCount(matrix: Csr): number {
  return matrix.offsets[matrix.rows];
}

/** Aᵀ in the same canonical form. Cost O(rows + arcs) time, one new matrix. */
export function transpose(matrix: Csr): Csr {
  const { rows, offsets, columns, weights } = matrix;
  const arcs = offsets[rows];
  const starts = new Uint32Array(rows + 1);
  for (let k = 0; k < arcs; k++) starts[columns[k] + 1]++;
  for (let i = 0; i < rows; i++) starts[i + 1] += starts[i];
  const next = starts.slice(0, rows);
  const sources = new Uint32Array(arcs);
  const values = new Float64Array(arcs);
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const place = next[columns[k]]++;
      sources[place] = i;
      values[place] = weights[k];
    }
  }
  invariant(starts[rows] === arcs, 'the transpose has as many arcs as the matrix');
  return { rows, offsets: starts, columns: sources, weights: values };
}
