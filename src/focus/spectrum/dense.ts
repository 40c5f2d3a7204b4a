// Small dense real matrices of the spectral proofs, row by row in one Float64Array: products, norms
// with their rounding inside, an inverse, and the eigendecomposition that ml-matrix provides. Inverse
// and decomposition are only ever guesses here: each use is followed by a residual that proves it.

import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { invariant } from '../../base/errors.js';

/** A rows × columns matrix, entry (i, j) at i · columns + j. */
export interface Dense {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Unit roundoff of double precision. */
export const UNIT = 2 ** -53;

/** γ_k = k u / (1 − k u): the relative error of k chained roundings. */
export function gammaOf(roundings: number): number {
  return (roundings * UNIT) / (1 - roundings * UNIT);
}

/** A matrix of entries; zeros without `entry`. */
export function dense(
  rows: number,
  columns: number,
  entry?: (i: number, j: number) => number,
): Dense {
  const values = new Float64Array(rows * columns);
  if (entry !== undefined) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) values[i * columns + j] = entry(i, j);
    }
  }
  return { rows, columns, values };
}

/** The entry-wise image of a matrix. */
export function mapped(a: Dense, change: (value: number, i: number, j: number) => number): Dense {
  return dense(a.rows, a.columns, (i, j) => change(a.values[i * a.columns + j], i, j));
}

/** Aᵀ. */
export function transposed(a: Dense): Dense {
  return dense(a.columns, a.rows, (i, j) => a.values[j * a.columns + i]);
}

/**
 * A B. Each entry is a sum of k = columns of A products in ascending order, four at a time: error at
 * most γ_k (|A||B|). Cost 2 rows·k·columns.
 */
export function multiply(a: Dense, b: Dense): Dense {
  const { rows, columns: inner, values: x } = a;
  const { columns, values: y } = b;
  const values = new Float64Array(rows * columns);
  const even = inner - (inner % 4);
  for (let i = 0; i < rows; i++) {
    const out = i * columns;
    const row = i * inner;
    for (let k = 0; k < even; k += 4) {
      const [a0, a1, a2, a3] = [x[row + k], x[row + k + 1], x[row + k + 2], x[row + k + 3]];
      const b0 = k * columns;
      const b1 = b0 + columns;
      const b2 = b1 + columns;
      const b3 = b2 + columns;
      for (let j = 0; j < columns; j++) {
        values[out + j] += a0 * y[b0 + j] + a1 * y[b1 + j] + a2 * y[b2 + j] + a3 * y[b3 + j];
      }
    }
    for (let k = even; k < inner; k++) {
      const factor = x[row + k];
      for (let j = 0; j < columns; j++) values[out + j] += factor * y[k * columns + j];
    }
  }
  return { rows, columns, values };
}

/** ‖A‖_F, rounded up. */
export function frobenius({ values }: Dense): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (const value of values) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum) * (1 + gammaOf(values.length + 8));
}

/** The trace. */
export function traceOf({ rows, columns, values }: Dense): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += values[i * columns + i];
  return sum;
}

/**
 * An approximate inverse by Gauss and Jordan with row pivots, or null where a pivot is zero. Cost 2n³.
 */
export function inverseOf(a: Dense): Dense | null {
  const n = a.rows;
  const m = a.values.slice();
  const swaps = new Int32Array(n);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(m[i * n + k]) > Math.abs(m[pivot * n + k])) pivot = i;
    }
    swaps[k] = pivot;
    const factor = 1 / m[pivot * n + k];
    if (!Number.isFinite(factor)) return null;
    if (pivot !== k) swapRows(m, n, pivot, k);
    m[k * n + k] = 1;
    const own = m.subarray(k * n, (k + 1) * n);
    for (let j = 0; j < n; j++) own[j] *= factor;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const row = i * n;
      const share = m[row + k];
      m[row + k] = 0;
      if (share !== 0) for (let j = 0; j < n; j++) m[row + j] -= share * own[j];
    }
  }
  // Swapped rows of A are swapped columns of the inverse, undone from the last.
  for (let k = n - 1; k >= 0; k--) {
    const other = swaps[k];
    if (other === k) continue;
    for (let i = 0; i < n; i++) {
      const kept = m[i * n + k];
      m[i * n + k] = m[i * n + other];
      m[i * n + other] = kept;
    }
  }
  return m.every(Number.isFinite) ? { rows: n, columns: n, values: m } : null;
}

function swapRows(m: Float64Array, n: number, i: number, k: number): void {
  const kept = m.slice(i * n, (i + 1) * n);
  m.copyWithin(i * n, k * n, (k + 1) * n);
  m.set(kept, k * n);
}

/** Approximate eigenvalues and eigenvectors in real form. */
export interface RealEigen {
  readonly real: Float64Array;
  /** A pair a ± ib stands in two neighbours, b > 0 first. */
  readonly imaginary: Float64Array;
  /** Columns; of a pair the real part, then the imaginary part. Null where none were found. */
  readonly vectors: Dense;
}

/** An approximate real eigendecomposition of a square matrix. Cost some 25 n³. */
export function eigenOf(a: Dense, symmetric = false): RealEigen {
  if (a.rows === 0) {
    return { real: new Float64Array(0), imaginary: new Float64Array(0), vectors: dense(0, 0) };
  }
  // The library would search for ever.
  invariant(a.values.every(Number.isFinite), 'a matrix to decompose is finite');
  const found = new EigenvalueDecomposition(toMatrix(a), { assumeSymmetric: symmetric });
  const vectors = found.eigenvectorMatrix;
  return {
    real: Float64Array.from(found.realEigenvalues),
    imaginary: Float64Array.from(found.imaginaryEigenvalues),
    vectors: dense(a.rows, a.columns, (i, j) => vectors.get(i, j)),
  };
}

function toMatrix({ rows, columns, values }: Dense): Matrix {
  return new Matrix(
    Array.from({ length: rows }, (_, i) =>
      Array.from(values.subarray(i * columns, (i + 1) * columns)),
    ),
  );
}
