// Sparse product in exact arithmetic, one column at a time:
//   out_i = rnd(rowScale_i · rnd(factor · v_i, 62), 62 + h)
//         + rnd(factor · rnd(diagonal_i · x_i, 62 + h), 62)
//         + Σ rnd(coefficient · vector_i, shift),      v_i = rnd(Σ q·x, 62)
// The row sum is formed in full width: 64 bits where all q are 2⁶², else in limbs of 32 bits that
// are joined at the end of the row. Integer sums have no order. WGSL twin: shaders/product.wgsl.

import {
  BOUNDS, DIAGONAL, FACTOR, HALVED, MATRICES, OUT, ROW_SCALE, SHARES, STRIDE,
  TERM_BYTES, TERM_COUNT, TERMS, WEIGHTS, WEIGHTS_MEDIUM, WEIGHTS_NARROW, WEIGHTS_UNIFORM,
  WEIGHTS_WIDE, X,
} from '../src/backend/cpu/layout';
import { FULL, fraction, halfFraction, LOW, scaled } from './exact';
import { exactProductBlock } from './exact-product-block';
import { takeShare } from './share';

const INDEX: usize = 4;
/** Arcs whose medium products are added before their sums are split into limbs. */
const MEDIUM_ARCS: usize = 32;

// @ts-ignore: decorator
@inline
function at(block: usize, index: u32): i64 {
  return load<i64>(block + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline
function plainSum(from: usize, to: usize, x: usize): i64 {
  let p = from, a: i64 = 0, b: i64 = 0;
  // Most rows of real graphs are shorter than an unrolled step.
  if (to - from < 4 * INDEX) {
    for (; p < to; p += INDEX) a += at(x, load<u32>(p));
    return a;
  }
  const whole = from + ((to - from) & ~15);
  for (; p < whole; p += 16) {
    const low = load<u64>(p), high = load<u64>(p, 8);
    a += at(x, <u32>low) + at(x, <u32>(low >> 32));
    b += at(x, <u32>high) + at(x, <u32>(high >> 32));
  }
  for (; p < to; p += INDEX) a += at(x, load<u32>(p));
  return a + b;
}

/**
 * Rows begin … end − 1; `weights` and `terms` are constants of each copy that the compiler makes.
 */
// @ts-ignore: decorator
@inline
function rows(control: usize, begin: u32, end: u32, weights: u32, terms: i32): void {
  const x = load<usize>(control, X), out = load<usize>(control, OUT);
  const rowScale = load<usize>(control, ROW_SCALE), diagonal = load<usize>(control, DIAGONAL);
  const factor = load<i64>(control, FACTOR), halved = load<u32>(control, HALVED) != 0;
  const m = control + MATRICES;
  const offsets = load<usize>(m), columns = load<usize>(m, 4), values = load<usize>(m, 8);
  let v0: usize = 0, v1: usize = 0, v2: usize = 0, v3: usize = 0;
  let c0: i64 = 0, c1: i64 = 0, c2: i64 = 0, c3: i64 = 0;
  let s0: i64 = 0, s1: i64 = 0, s2: i64 = 0, s3: i64 = 0;
  if (terms > 0) { v0 = termVector(control, 0); c0 = coefficient(control, 0); s0 = shiftOf(control, 0); }
  if (terms > 1) { v1 = termVector(control, 1); c1 = coefficient(control, 1); s1 = shiftOf(control, 1); }
  if (terms > 2) { v2 = termVector(control, 2); c2 = coefficient(control, 2); s2 = shiftOf(control, 2); }
  if (terms > 3) { v3 = termVector(control, 3); c3 = coefficient(control, 3); s3 = shiftOf(control, 3); }
  let p = columns + <usize>load<u32>(offsets + (<usize>begin << 2)) * INDEX;
  let q = values + ((p - columns) << (weights == WEIGHTS_MEDIUM || weights == WEIGHTS_WIDE ? 1 : 0));
  for (let row = begin; row < end; row++) {
    const to = columns + <usize>load<u32>(offsets + (<usize>row << 2), INDEX) * INDEX;
    let value: i64 = 0;
    if (weights == WEIGHTS_UNIFORM) {
      value = plainSum(p, to, x);
      p = to;
    } else if (weights == WEIGHTS_NARROW) {
      let high: i64 = 0, middle: i64 = 0;
      for (; p < to; p += INDEX, q += 4) {
        const weight = <i64>load<u32>(q), element = at(x, load<u32>(p));
        const below = <u64>(weight * <i64>(<u64>element & LOW));
        high += weight * (element >> 32) + <i64>(below >> 32);
        middle += <i64>(below & LOW);
      }
      // The sum is high · 2³² + middle in units of 2³²: rnd(…, 30).
      const carried = high + (middle >> 32), rest = <u64>middle & LOW;
      value = (carried << 2) + <i64>((rest + (1 << 29)) >> 30);
    } else if (weights == WEIGHTS_MEDIUM) {
      // In units of 2⁶⁴, 2³² and one, times 2¹⁰. Sums of 32 products of 58 bits fit in 64.
      let high: i64 = 0, middle: i64 = 0, low: i64 = 0;
      while (p < to) {
        const stop = min<usize>(to, p + MEDIUM_ARCS * INDEX);
        let a: i64 = 0, b: i64 = 0, c: i64 = 0, d: i64 = 0;
        for (; p < stop; p += INDEX, q += 8) {
          const element = at(x, load<u32>(p));
          const q0 = <i64>load<u32>(q), q1 = <i64>load<u32>(q, 4);
          const x0 = <i64>(<u64>element & LOW), x1 = element >> 32;
          a += q0 * x0;
          b += q0 * x1;
          c += q1 * x0;
          d += q1 * x1;
        }
        // a + b · 2³² + c · 2²⁶ + d · 2⁵⁸; a and c are unsigned.
        low += <i64>(<u64>a & LOW) + ((c & 63) << 26);
        middle += <i64>(<u64>a >> 32) + <i64>(<u64>b & LOW) + <i64>((<u64>c >> 6) & LOW) + ((d & 63) << 26);
        high += (b >> 32) + <i64>(<u64>c >> 38) + (d >> 6);
      }
      const joined = middle + (low >> 32), carried = high + (joined >> 32);
      const rest = (<u64>joined << 32) | (<u64>low & LOW);
      value = (carried << 12) + <i64>((rest >> 52) + ((rest >> 51) & 1));
    } else {
      let high: i64 = 0, middle: i64 = 0, low: i64 = 0;
      for (; p < to; p += INDEX, q += 8) {
        const element = at(x, load<u32>(p));
        const q0 = <i64>load<u32>(q), q1 = <i64>load<u32>(q, 4);
        const x0 = <i64>(<u64>element & LOW), x1 = element >> 32;
        const bottom = <u64>(q0 * x0), left = q0 * x1;
        const right = <u64>(q1 * x0) + (bottom >> 32);
        high += q1 * x1 + (left >> 32) + <i64>(right >> 32);
        middle += <i64>(<u64>left & LOW) + <i64>(right & LOW);
        low += <i64>(bottom & LOW);
      }
      const joined = middle + (low >> 32), carried = high + (joined >> 32);
      const rest = (<u64>joined << 32) | (<u64>low & LOW);
      value = (carried << 2) + <i64>(rest >> 62) + <i64>((rest >> 61) & 1);
    }
    if (factor != FULL) value = fraction(factor, value);
    if (rowScale) {
      const scale = at(rowScale, row);
      value = halved ? halfFraction(scale, value) : fraction(scale, value);
    }
    if (diagonal) {
      const scale = at(diagonal, row), own = at(x, row);
      const kept = halved ? halfFraction(scale, own) : fraction(scale, own);
      value += factor != FULL ? fraction(factor, kept) : kept;
    }
    if (terms > 0) value += scaled(c0, at(v0, row), s0);
    if (terms > 1) value += scaled(c1, at(v1, row), s1);
    if (terms > 2) value += scaled(c2, at(v2, row), s2);
    if (terms > 3) value += scaled(c3, at(v3, row), s3);
    store<i64>(out + (<usize>row << 3), value);
  }
}

// @ts-ignore: decorator
@inline
function termVector(control: usize, place: usize): usize {
  return load<usize>(control + TERMS + place * TERM_BYTES);
}

// @ts-ignore: decorator
@inline
function coefficient(control: usize, place: usize): i64 {
  return load<i64>(load<usize>(control + TERMS + place * TERM_BYTES, 8));
}

// @ts-ignore: decorator
@inline
function shiftOf(control: usize, place: usize): i64 {
  return <i64>load<u32>(control + TERMS + place * TERM_BYTES, 12);
}

// @ts-ignore: decorator
@inline
function byTerms(control: usize, begin: u32, end: u32, weights: u32): void {
  const terms = load<u32>(control, TERM_COUNT);
  if (terms == 1) rows(control, begin, end, weights, 1);
  else if (terms == 0) rows(control, begin, end, weights, 0);
  else if (terms == 2) rows(control, begin, end, weights, 2);
  else if (terms == 3) rows(control, begin, end, weights, 3);
  else rows(control, begin, end, weights, 4);
}

function uniformRows(control: usize, begin: u32, end: u32): void {
  byTerms(control, begin, end, WEIGHTS_UNIFORM);
}

function narrowRows(control: usize, begin: u32, end: u32): void {
  byTerms(control, begin, end, WEIGHTS_NARROW);
}

function mediumRows(control: usize, begin: u32, end: u32): void {
  byTerms(control, begin, end, WEIGHTS_MEDIUM);
}

function wideRows(control: usize, begin: u32, end: u32): void {
  byTerms(control, begin, end, WEIGHTS_WIDE);
}

export function exactProduct(control: usize): void {
  const bounds = load<usize>(control, BOUNDS), shares = load<u32>(control, SHARES);
  const weights = load<u32>(control, WEIGHTS), single = load<u32>(control, STRIDE) == 1;
  for (let taken = takeShare(control); taken < shares; taken = takeShare(control)) {
    const place = bounds + (<usize>taken << 2);
    const begin = load<u32>(place), end = load<u32>(place, 4);
    if (!single) exactProductBlock(control, begin, end);
    else if (weights == WEIGHTS_UNIFORM) uniformRows(control, begin, end);
    else if (weights == WEIGHTS_NARROW) narrowRows(control, begin, end);
    else if (weights == WEIGHTS_MEDIUM) mediumRows(control, begin, end);
    else wideRows(control, begin, end);
  }
}
