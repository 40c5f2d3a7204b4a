// Sparse product of one column: out = factor · (rowScale ⊙ (M x) + diagonal ⊙ x) + Σ coefficient · vector, M = one or two CSRs
// (with two, the first multiplies a vector of its own).
// Order of summation: four interleaved accumulators over blocks of BLOCK_ARCS arcs, ((0+1)+(2+3)) per block, blocks in order,
// first matrix before second; so the result never depends on the number of threads. WGSL twin: shaders/product.wgsl.

import {
  BLOCK_ARCS, BOUNDS, DIAGONAL, FACTOR, MATRICES, MATRIX_BYTES, MATRIX_COUNT, OUT, ROW_SCALE, SECOND, TERM_BYTES,
  TERM_COUNT, TERMS, UNIT, X,
} from '../src/backend/cpu/layout';

const INDEX: usize = 4;

// @ts-ignore: decorator
@inline
function at<T>(block: usize, index: u32): T {
  return load<T>(block + <usize>index * sizeof<T>());
}

/** Σ x over the arcs whose column indices lie in [from, to). */
// @ts-ignore: decorator
@inline
function plainSum<T>(from: usize, to: usize, x: usize): T {
  let total = <T>0;
  let p = from;
  while (p < to) {
    const stop = min<usize>(to, p + <usize>BLOCK_ARCS * INDEX);
    const whole = p + ((stop - p) & ~15);
    let a = <T>0, b = <T>0, c = <T>0, d = <T>0;
    for (; p < whole; p += 16) {
      const low = load<u64>(p), high = load<u64>(p, 8);
      a += at<T>(x, <u32>low);
      b += at<T>(x, <u32>(low >> 32));
      c += at<T>(x, <u32>high);
      d += at<T>(x, <u32>(high >> 32));
    }
    for (; p < stop; p += INDEX) a += at<T>(x, load<u32>(p));
    total += (a + b) + (c + d);
  }
  return total;
}

/** Σ w x over the arcs whose column indices lie in [from, to); `values` points at the weight of the first. */
// @ts-ignore: decorator
@inline
function weightedSum<T>(from: usize, to: usize, values: usize, x: usize): T {
  let total = <T>0;
  let p = from, v = values;
  while (p < to) {
    const stop = min<usize>(to, p + <usize>BLOCK_ARCS * INDEX);
    const whole = p + ((stop - p) & ~15);
    let a = <T>0, b = <T>0, c = <T>0, d = <T>0;
    for (; p < whole; p += 16) {
      const low = load<u64>(p), high = load<u64>(p, 8);
      a += load<T>(v) * at<T>(x, <u32>low);
      b += load<T>(v, sizeof<T>()) * at<T>(x, <u32>(low >> 32));
      c += load<T>(v, 2 * sizeof<T>()) * at<T>(x, <u32>high);
      d += load<T>(v, 3 * sizeof<T>()) * at<T>(x, <u32>(high >> 32));
      v += 4 * sizeof<T>();
    }
    for (; p < stop; p += INDEX) {
      a += load<T>(v) * at<T>(x, load<u32>(p));
      v += sizeof<T>();
    }
    total += (a + b) + (c + d);
  }
  return total;
}

/** Σ over the arcs first … last − 1 of one matrix. */
// @ts-ignore: decorator
@inline
function rowSum<T>(weighted: bool, columns: usize, values: usize, first: u32, last: u32, x: usize): T {
  const from = columns + <usize>first * INDEX, to = columns + <usize>last * INDEX;
  return weighted ? weightedSum<T>(from, to, values + <usize>first * sizeof<T>(), x) : plainSum<T>(from, to, x);
}

// @ts-ignore: decorator
@inline
function term<T>(control: usize, sum: T, place: u32, row: u32): T {
  const entry = control + TERMS + place * TERM_BYTES;
  return sum + load<T>(load<usize>(entry, 8)) * at<T>(load<usize>(entry), row);
}

/** Scales the sum of a row, adds diagonal and terms, stores. The loads of constants hit the first cache line of the command. */
// @ts-ignore: decorator
@inline
function finish<T>(control: usize, sum: T, row: u32, x: usize, terms: u32): void {
  const rowScale = load<usize>(control, ROW_SCALE), diagonal = load<usize>(control, DIAGONAL);
  sum *= <T>load<f64>(control, UNIT);
  if (rowScale) sum *= at<T>(rowScale, row);
  if (diagonal) sum += at<T>(diagonal, row) * at<T>(x, row);
  sum *= <T>load<f64>(control, FACTOR);
  if (terms > 0) sum = term<T>(control, sum, 0, row);
  if (terms > 1) sum = term<T>(control, sum, 1, row);
  if (terms > 2) sum = term<T>(control, sum, 2, row);
  if (terms > 3) sum = term<T>(control, sum, 3, row);
  store<T>(load<usize>(control, OUT) + <usize>row * sizeof<T>(), sum);
}

// @ts-ignore: decorator
@inline
function rows<T>(control: usize, begin: u32, end: u32, weighted: bool, two: bool): void {
  const x = load<usize>(control, X), terms = load<u32>(control, TERM_COUNT);
  const xFirst = load<usize>(control, SECOND);
  const m = control + MATRICES;
  const offsets = load<usize>(m), columns = load<usize>(m, 4), values = load<usize>(m, 8);
  const offsets2 = load<usize>(m, MATRIX_BYTES), columns2 = load<usize>(m, MATRIX_BYTES + 4);
  const values2 = load<usize>(m, MATRIX_BYTES + 8);
  let first = load<u32>(offsets + (<usize>begin << 2)), first2: u32 = 0;
  if (two) first2 = load<u32>(offsets2 + (<usize>begin << 2));
  for (let row = begin; row < end; row++) {
    const last = load<u32>(offsets + (<usize>row << 2), INDEX);
    let sum = rowSum<T>(weighted, columns, values, first, last, xFirst);
    first = last;
    if (two) {
      const last2 = load<u32>(offsets2 + (<usize>row << 2), INDEX);
      sum += rowSum<T>(weighted, columns2, values2, first2, last2, x);
      first2 = last2;
    }
    finish<T>(control, sum, row, x, terms);
  }
}

export function product<T>(control: usize, thread: u32): void {
  const bounds = load<usize>(control, BOUNDS) + (<usize>thread << 2);
  const begin = load<u32>(bounds), end = load<u32>(bounds, 4);
  const two = load<u32>(control, MATRIX_COUNT) == 2;
  if (load<usize>(control, MATRICES + 8)) {
    if (two) rows<T>(control, begin, end, true, true);
    else rows<T>(control, begin, end, true, false);
  } else if (two) rows<T>(control, begin, end, false, true);
  else rows<T>(control, begin, end, false, false);
}
