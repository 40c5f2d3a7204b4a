// Sparse product of one column: out = factor · (rowScale ⊙ (M x) + diagonal ⊙ x) + Σ coefficient ·
// vector, M = one or two CSRs (with two, the first multiplies a vector of its own). Order of
// summation: four interleaved accumulators over blocks of BLOCK_ARCS arcs, ((0+1)+(2+3)) per block,
// blocks in order, first matrix before second; so the result never depends on the number of
// threads. WGSL twin: shaders/product.wgsl.

import {
  BLOCK_ARCS, BOUNDS, DIAGONAL, FACTOR, MATRICES, MATRIX_BYTES, MATRIX_COUNT, OUT, ROW_SCALE, SECOND, SHARES,
  TERM_BYTES, TERM_COUNT, TERMS, UNIT, X,
} from '../src/backend/cpu/layout';
import { takeShare } from './share';

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
  // Most rows of real graphs are shorter than an unrolled step.
  if (to - from < 4 * INDEX) {
    for (; p < to; p += INDEX) total += at<T>(x, load<u32>(p));
    return total;
  }
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

/**
 * Σ w x over the arcs whose column indices lie in [from, to); `values` points at the weight of the
 * first.
 */
// @ts-ignore: decorator
@inline
function weightedSum<T>(from: usize, to: usize, values: usize, x: usize): T {
  let total = <T>0;
  let p = from, v = values;
  if (to - from < 4 * INDEX) {
    for (; p < to; p += INDEX) {
      total += load<T>(v) * at<T>(x, load<u32>(p));
      v += sizeof<T>();
    }
    return total;
  }
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
function termVector(control: usize, place: usize): usize {
  return load<usize>(control + TERMS + place * TERM_BYTES);
}

// @ts-ignore: decorator
@inline
function termCoefficient<T>(control: usize, place: usize): T {
  return load<T>(load<usize>(control + TERMS + place * TERM_BYTES, 8));
}

/**
 * Rows begin … end − 1; `weighted`, `two` and `terms` are constants of each copy that the compiler
 * makes.
 */
// @ts-ignore: decorator
@inline
function rows<T>(control: usize, begin: u32, end: u32, weighted: bool, two: bool, terms: i32): void {
  const x = load<usize>(control, X), xFirst = load<usize>(control, SECOND), out = load<usize>(control, OUT);
  const rowScale = load<usize>(control, ROW_SCALE), diagonal = load<usize>(control, DIAGONAL);
  const unit = <T>load<f64>(control, UNIT), factor = <T>load<f64>(control, FACTOR);
  const m = control + MATRICES;
  const offsets = load<usize>(m), columns = load<usize>(m, 4), values = load<usize>(m, 8);
  const offsets2 = load<usize>(m, MATRIX_BYTES), columns2 = load<usize>(m, MATRIX_BYTES + 4);
  const values2 = load<usize>(m, MATRIX_BYTES + 8);
  let v0: usize = 0, v1: usize = 0, v2: usize = 0, v3: usize = 0;
  let c0 = <T>0, c1 = <T>0, c2 = <T>0, c3 = <T>0;
  if (terms > 0) { v0 = termVector(control, 0); c0 = termCoefficient<T>(control, 0); }
  if (terms > 1) { v1 = termVector(control, 1); c1 = termCoefficient<T>(control, 1); }
  if (terms > 2) { v2 = termVector(control, 2); c2 = termCoefficient<T>(control, 2); }
  if (terms > 3) { v3 = termVector(control, 3); c3 = termCoefficient<T>(control, 3); }
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
    sum *= unit;
    if (rowScale) sum *= at<T>(rowScale, row);
    if (diagonal) sum += at<T>(diagonal, row) * at<T>(x, row);
    sum *= factor;
    if (terms > 0) sum += c0 * at<T>(v0, row);
    if (terms > 1) sum += c1 * at<T>(v1, row);
    if (terms > 2) sum += c2 * at<T>(v2, row);
    if (terms > 3) sum += c3 * at<T>(v3, row);
    store<T>(out + <usize>row * sizeof<T>(), sum);
  }
}

// @ts-ignore: decorator
@inline
function byTerms<T>(control: usize, begin: u32, end: u32, weighted: bool, two: bool): void {
  const terms = load<u32>(control, TERM_COUNT);
  if (terms == 0) rows<T>(control, begin, end, weighted, two, 0);
  else if (terms == 1) rows<T>(control, begin, end, weighted, two, 1);
  else if (terms == 2) rows<T>(control, begin, end, weighted, two, 2);
  else if (terms == 3) rows<T>(control, begin, end, weighted, two, 3);
  else rows<T>(control, begin, end, weighted, two, 4);
}

function weightedTwo<T>(control: usize, begin: u32, end: u32): void {
  byTerms<T>(control, begin, end, true, true);
}

function weightedOne<T>(control: usize, begin: u32, end: u32): void {
  byTerms<T>(control, begin, end, true, false);
}

function plainTwo<T>(control: usize, begin: u32, end: u32): void {
  byTerms<T>(control, begin, end, false, true);
}

function plainOne<T>(control: usize, begin: u32, end: u32): void {
  byTerms<T>(control, begin, end, false, false);
}

function share<T>(control: usize, begin: u32, end: u32): void {
  const two = load<u32>(control, MATRIX_COUNT) == 2;
  if (load<usize>(control, MATRICES + 8)) {
    if (two) weightedTwo<T>(control, begin, end);
    else weightedOne<T>(control, begin, end);
  } else if (two) plainTwo<T>(control, begin, end);
  else plainOne<T>(control, begin, end);
}

export function product<T>(control: usize): void {
  const bounds = load<usize>(control, BOUNDS), shares = load<u32>(control, SHARES);
  for (let taken = takeShare(control); taken < shares; taken = takeShare(control)) {
    const place = bounds + (<usize>taken << 2);
    share<T>(control, load<u32>(place), load<u32>(place, 4));
  }
}
