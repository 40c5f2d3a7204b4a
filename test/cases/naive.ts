// The verbs of backend.ts written again as plain loops in f64, with the magnitude of each result:
// the sum of the absolute values of all that was added, which is what an error is measured against.

import type { Direction, Entry, Place } from '../../src/backend/backend.js';
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
  /** What Aᵀ multiplies, with `both`; absent: x. */
  readonly xIn?: Block;
  readonly factor: number;
  readonly rowScale?: Float64Array;
  readonly diagonal?: Float64Array;
  readonly terms: readonly NaiveTerm[];
}

/** factor · (rowScale ⊙ (matrix · x) + diagonal ⊙ x) + Σ terms. */
export function naiveProduct(product: NaiveProduct): Expected {
  const { axons, direction, x, factor, rowScale, diagonal, terms } = product;
  const { rows, offsets, columns, weights } = axons;
  const B = x.columns;
  const sums = new Sums(rows * B);
  const addArc = (to: number, from: number, weight: number, values: Float64Array): void => {
    for (let b = 0; b < B; b++) {
      sums.add(to * B + b, factor * (rowScale?.[to] ?? 1) * weight * values[from * B + b]);
    }
  };
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      if (direction !== 'out') addArc(columns[k], p, weights[k], (product.xIn ?? x).values);
      if (direction !== 'in') addArc(p, columns[k], weights[k], x.values);
    }
  }
  if (diagonal !== undefined) {
    for (let k = 0; k < rows * B; k++) {
      sums.add(k, factor * diagonal[Math.floor(k / B)] * x.values[k]);
    }
  }
  addTerms(sums, rows, B, terms);
  return sums.result();
}

/** Σ coefficient · vector. */
export function naiveCombine(rows: number, columns: number, terms: readonly NaiveTerm[]): Expected {
  const sums = new Sums(rows * columns);
  addTerms(sums, rows, columns, terms);
  return sums.result();
}

/** One reduction, per column. */
export function naiveReduction(
  kind: 'sum' | 'absolute' | 'dot' | 'distance',
  x: Block,
  y: Block | null,
  weight: Float64Array | null,
): Expected {
  const B = x.columns;
  const sums = new Sums(B);
  for (let k = 0; k < x.values.length; k++) {
    const w = weight === null ? 1 : weight[Math.floor(k / B)];
    const [a, c] = [x.values[k], y === null ? 0 : y.values[k]];
    const parts = { sum: a, absolute: Math.abs(a), dot: a * c, distance: Math.abs(a - c) };
    // A distance of nearly equal numbers is as exact as the numbers are.
    const size = kind === 'distance' ? Math.abs(a) + Math.abs(c) : Math.abs(parts[kind]);
    sums.add(k % B, w * parts[kind], Math.abs(w) * size);
  }
  return sums.result();
}

/** A block or scalars that entries take numbers from; scalars are a block of one row. */
export interface NaiveSource extends Block {
  readonly factor: number;
}

/**
 * What a block of `columns`, or scalars as a block of one row, become by entries. Looks up, element
 * by element, whether there is an entry for it.
 */
export function naiveAmend(
  { columns, values }: Block,
  entries: readonly Entry[],
  sources: readonly NaiveSource[],
): Expected {
  const placeIn = (stride: number, { row, column }: Place): number => (row ?? 0) * stride + column;
  const byPlace = new Map(entries.map((entry) => [placeIn(columns, entry), entry]));
  const sums = new Sums(values.length);
  values.forEach((old, k) => {
    const entry = byPlace.get(k);
    if (entry === undefined) sums.add(k, old);
    else if (entry.keep !== 0) sums.add(k, entry.keep * old);
    for (const part of entry?.parts ?? []) {
      const from = sources[part.source];
      sums.add(k, from.factor * (from.values[placeIn(from.columns, part)] * part.weight));
    }
  });
  return sums.result();
}

function addTerms(sums: Sums, rows: number, columns: number, terms: readonly NaiveTerm[]): void {
  for (const { coefficient, vector } of terms) {
    for (let i = 0; i < rows; i++) {
      for (let b = 0; b < columns; b++) {
        const by = typeof coefficient === 'number' ? coefficient : coefficient[b];
        const at = vector.columns === 1 ? i : i * columns + b;
        sums.add(i * columns + b, by * vector.values[at]);
      }
    }
  }
}

/** Sums whose own rounding errors are caught (Neumaier 1974), so that f64 kernels can be judged. */
class Sums {
  readonly #value: Float64Array;
  readonly #lost: Float64Array;
  readonly #magnitude: Float64Array;

  constructor(length: number) {
    this.#value = new Float64Array(length);
    this.#lost = new Float64Array(length);
    this.#magnitude = new Float64Array(length);
  }

  add(place: number, part: number, magnitude = Math.abs(part)): void {
    const old = this.#value[place];
    const sum = old + part;
    this.#lost[place] += Math.abs(old) >= Math.abs(part) ? old - sum + part : part - sum + old;
    this.#value[place] = sum;
    this.#magnitude[place] += magnitude;
  }

  result(): Expected {
    const value = this.#value.map((sum, place) => sum + this.#lost[place]);
    return { value, magnitude: this.#magnitude };
  }
}
