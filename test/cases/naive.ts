// The verbs of backend.ts written again as plain loops in f64, with the magnitude of each result:
// the sum of the absolute values of all that was added, which is what an error is measured against.

import type { Direction } from '../../src/backend/backend.js';
import type { Csr } from '../../src/graph/csr.js';

/** A result and, element by element, what its rounding error is proportional to. */
export interface Expected {
  readonly value: Float64Array;
  readonly magnitude: Float64Array;
}

/** A block with its number of columns. */
export interface Block {
  readonly columns: number;
  readonly values: Float64Array;
}

/** One number for all columns, or one for each. */
export interface NaiveTerm {
  readonly coefficient: number | Float64Array;
  readonly vector: Block;
}

export interface NaiveProduct {
  readonly axons: Csr;
  readonly direction: Direction;
  readonly x: Block;
  readonly factor: number;
  readonly rowScale?: Float64Array;
  readonly diagonal?: Float64Array;
  readonly terms: readonly NaiveTerm[];
}

/** factor · rowScale ⊙ (matrix · x) + diagonal ⊙ x + Σ terms. */
export function naiveProduct({
  axons,
  direction,
  x,
  factor,
  rowScale,
  diagonal,
  terms,
}: NaiveProduct): Expected {
  const { rows, offsets, columns, weights } = axons;
  const B = x.columns;
  const value = new Float64Array(rows * B);
  const magnitude = new Float64Array(rows * B);
  const add = (to: number, from: number, weight: number): void => {
    for (let b = 0; b < B; b++) {
      const part = factor * (rowScale?.[to] ?? 1) * weight * x.values[from * B + b];
      value[to * B + b] += part;
      magnitude[to * B + b] += Math.abs(part);
    }
  };
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      if (direction !== 'out') add(columns[k], p, weights[k]);
      if (direction !== 'in') add(p, columns[k], weights[k]);
    }
  }
  if (diagonal !== undefined) {
    for (let k = 0; k < value.length; k++) {
      const part = diagonal[Math.floor(k / B)] * x.values[k];
      value[k] += part;
      magnitude[k] += Math.abs(part);
    }
  }
  const added = naiveCombine(rows, B, terms);
  for (let k = 0; k < value.length; k++) {
    value[k] += added.value[k];
    magnitude[k] += added.magnitude[k];
  }
  return { value, magnitude };
}

/** Σ coefficient · vector. */
export function naiveCombine(rows: number, columns: number, terms: readonly NaiveTerm[]): Expected {
  const value = new Float64Array(rows * columns);
  const magnitude = new Float64Array(rows * columns);
  for (const { coefficient, vector } of terms) {
    for (let i = 0; i < rows; i++) {
      for (let b = 0; b < columns; b++) {
        const by = typeof coefficient === 'number' ? coefficient : coefficient[b];
        const part = by * vector.values[vector.columns === 1 ? i : i * columns + b];
        value[i * columns + b] += part;
        magnitude[i * columns + b] += Math.abs(part);
      }
    }
  }
  return { value, magnitude };
}

/** One reduction, per column. */
export function naiveReduction(
  kind: 'sum' | 'absolute' | 'dot' | 'distance',
  x: Block,
  y: Block | null,
  weight: Float64Array | null,
): Expected {
  const B = x.columns;
  const value = new Float64Array(B);
  const magnitude = new Float64Array(B);
  for (let k = 0; k < x.values.length; k++) {
    const w = weight === null ? 1 : weight[Math.floor(k / B)];
    const [a, c] = [x.values[k], y === null ? 0 : y.values[k]];
    const parts = { sum: a, absolute: Math.abs(a), dot: a * c, distance: Math.abs(a - c) };
    value[k % B] += w * parts[kind];
    // A distance of nearly equal numbers is as exact as the numbers are.
    magnitude[k % B] +=
      Math.abs(w) * (kind === 'distance' ? Math.abs(a) + Math.abs(c) : Math.abs(parts[kind]));
  }
  return { value, magnitude };
}
