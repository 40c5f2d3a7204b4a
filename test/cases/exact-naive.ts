// The verbs of exact.ts written again as plain loops over BigInt. Results that leave 64 bits are an
// error of the case that asked for them: the interface promises nothing there.

import type { ExactEntry, ExactMatrices } from '../../src/backend/exact.js';

/** A block with its number of columns. */
export interface IntegerBlock {
  readonly columns: number;
  readonly values: BigInt64Array;
}

/** One integer for all columns, or one for each. */
export interface NaiveExactTerm {
  readonly coefficient: bigint | readonly bigint[];
  readonly shift: number;
  readonly vector: IntegerBlock;
}

export interface NaiveExactProduct {
  readonly matrices: ExactMatrices;
  readonly table: 'spread' | 'transition';
  readonly x: IntegerBlock;
  readonly factor: bigint;
  readonly rowScale?: BigInt64Array;
  readonly diagonal?: BigInt64Array;
  readonly halved?: boolean;
  readonly terms: readonly NaiveExactTerm[];
}

/** ⌊(v + 2^(s−1)) / 2^s⌋. */
export function rnd(value: bigint, shift: number): bigint {
  return shift === 0 ? value : (value + (1n << BigInt(shift - 1))) >> BigInt(shift);
}

/** rnd(rowScale · rnd(factor · v, 62), 62 + h) + rnd(factor · rnd(diagonal · x, 62 + h), 62) + Σ terms. */
export function naiveExactProduct(product: NaiveExactProduct): BigInt64Array {
  const { matrices, table, x, factor, rowScale, diagonal, terms } = product;
  const { columns: B } = x;
  const bits = product.halved === true ? 63 : 62;
  const sums = table === 'spread' ? spreadSums(matrices, x) : transitionSums(matrices, x);
  return Blocks.of(matrices.rows, B, (i, b) => {
    const place = i * B + b;
    let value = rnd(factor * fitting(rnd(sums[place], 62)), 62);
    if (rowScale !== undefined) value = rnd(rowScale[i] * value, bits);
    if (diagonal !== undefined) value += rnd(factor * rnd(diagonal[i] * x.values[place], bits), 62);
    return value + termsAt(terms, i, b);
  });
}

/** Σ rnd(coefficient · vector, shift). */
export function naiveExactCombine(
  rows: number,
  columns: number,
  terms: readonly NaiveExactTerm[],
): BigInt64Array {
  return Blocks.of(rows, columns, (i, b) => termsAt(terms, i, b));
}

/** (keep ? target : 0) + plus + rnd(factor · rnd(Σ weight · rnd(reciprocal · source, 62), 62), 62). */
export function naiveExactAmend(
  target: IntegerBlock,
  entries: readonly ExactEntry[],
  source: IntegerBlock,
  factor: bigint,
): BigInt64Array {
  const values = target.values.slice();
  for (const { row, column, keep, plus, parts } of entries) {
    const place = row * target.columns + column;
    let sum = 0n;
    for (const part of parts) {
      const value = source.values[part.row * source.columns + column];
      sum += part.weight * fitting(rnd(part.reciprocal * value, 62));
    }
    if (BigInt.asIntN(128, sum) !== sum) throw new Error(`a case made ${sum}, over 128 bits`);
    const changed = rnd(factor * fitting(rnd(sum, 62)), 62);
    values[place] = fitting((keep ? values[place] : 0n) + plus + changed);
  }
  return values;
}

/** One reduction, per column. */
export function naiveExactReduction(
  kind: 'sum' | 'absolute' | 'distance' | 'dot',
  x: IntegerBlock,
  y: IntegerBlock | null,
  mask: BigInt64Array | null,
): bigint[] {
  const B = x.columns;
  const sums = Array.from({ length: B }, () => 0n);
  for (let k = 0; k < x.values.length; k++) {
    const i = Math.floor(k / B);
    const a = x.values[k];
    const c = y === null ? 0n : y.values[y.columns === 1 ? i : k];
    if (kind === 'dot') sums[k % B] += (a * c) >> 32n;
    else if (kind === 'distance') sums[k % B] += magnitude(a - c);
    else if (kind === 'absolute') sums[k % B] += magnitude(a);
    else if (mask === null || mask[i] !== 0n) sums[k % B] += a;
  }
  return sums;
}

function spreadSums(matrices: ExactMatrices, x: IntegerBlock): bigint[] {
  const { spread } = matrices;
  if (spread === null) throw new Error('a case asked for a table that it did not place');
  const { by, exponents } = spread;
  return sumArcs(matrices, x, (add, from, to, weight) => {
    add(to, from, weight << BigInt(62 - exponents[by === 'source' ? from : to]));
    add(from, to, weight << BigInt(62 - exponents[by === 'source' ? to : from]));
  });
}

function transitionSums(matrices: ExactMatrices, x: IntegerBlock): bigint[] {
  const { transitionExponents } = matrices;
  return sumArcs(matrices, x, (add, from, to, weight) =>
    add(to, from, weight << BigInt(62 - transitionExponents[from])),
  );
}

type Add = (row: number, source: number, weight: bigint) => void;

function sumArcs(
  { rows, offsets, columns, weights }: ExactMatrices,
  x: IntegerBlock,
  visit: (add: Add, from: number, to: number, weight: bigint) => void,
): bigint[] {
  const B = x.columns;
  const sums = Array.from({ length: rows * B }, () => 0n);
  const add: Add = (row, source, weight) => {
    for (let b = 0; b < B; b++) sums[row * B + b] += weight * x.values[source * B + b];
  };
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++)
      visit(add, p, columns[k], weights === null ? 1n : BigInt(weights[k]));
  }
  return sums;
}

function termsAt(terms: readonly NaiveExactTerm[], i: number, b: number): bigint {
  let sum = 0n;
  for (const { coefficient, shift, vector } of terms) {
    const by = typeof coefficient === 'bigint' ? coefficient : BigInt.asIntN(64, coefficient[b]);
    const at = vector.columns === 1 ? i : i * vector.columns + b;
    sum += rnd(by * vector.values[at], shift);
  }
  return sum;
}

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

function fitting(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new Error(`a case made ${value}, over 64 bits`);
  return value;
}

const Blocks = {
  of: (rows: number, columns: number, at: (i: number, b: number) => bigint): BigInt64Array => {
    const values = new BigInt64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let b = 0; b < columns; b++) values[i * columns + b] = fitting(at(i, b));
    }
    return values;
  },
};
