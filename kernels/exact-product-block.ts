// The formula of exact-product.ts for a block of columns, a row at a time: tiles of one, two or
// four v128 registers of two columns each, so an arc's index and weight are loaded once per tile.
// Weights of more than 32 bits go column by column. WGSL twin: shaders/product.wgsl.

import {
  DIAGONAL, FACTOR, HALVED, MATRICES, MEDIUM_BITS, OUT, ROW_SCALE, STRIDE, TERM_BYTES,
  TERM_COUNT, TERMS, WEIGHTS, WEIGHTS_MEDIUM, WEIGHTS_NARROW, WEIGHTS_UNIFORM, X,
} from '../src/backend/cpu/layout';
import { FULL, fraction, halfFraction, LOW, scaled } from './exact';

const INDEX: usize = 4;

/** Ends one element: factor, row scale, diagonal and terms; `offset` is its place in the row. */
function finish(control: usize, sum: i64, row: u32, offset: usize, rowBytes: usize): void {
  const factor = load<i64>(control, FACTOR);
  const rowScale = load<usize>(control, ROW_SCALE), diagonal = load<usize>(control, DIAGONAL);
  const place = <usize>row * rowBytes + offset;
  let value = factor != FULL ? fraction(factor, sum) : sum;
  const halved = load<u32>(control, HALVED) != 0;
  if (rowScale) {
    const scale = load<i64>(rowScale + (<usize>row << 3));
    value = halved ? halfFraction(scale, value) : fraction(scale, value);
  }
  if (diagonal) {
    const scale = load<i64>(diagonal + (<usize>row << 3)), own = load<i64>(load<usize>(control, X) + place);
    const kept = halved ? halfFraction(scale, own) : fraction(scale, own);
    value += factor != FULL ? fraction(factor, kept) : kept;
  }
  const end = control + TERMS + load<usize>(control, TERM_COUNT) * TERM_BYTES;
  for (let term = control + TERMS; term < end; term += TERM_BYTES) {
    const block = load<usize>(term);
    const element = load<i64>(load<u32>(term, 4) == 1 ? block + (<usize>row << 3) : block + place);
    value += scaled(load<i64>(load<usize>(term, 8) + offset), element, <i64>load<u32>(term, 12));
  }
  store<i64>(load<usize>(control, OUT) + place, value);
}

/** Σ high · 2³² + middle of two columns, in units of 2³²: rnd(…, 30). */
// @ts-ignore: decorator
@inline
function joined(high: v128, middle: v128): v128 {
  const mask = i64x2.splat(LOW), half = i64x2.splat(1 << 29);
  const carried = v128.add<i64>(high, v128.shr<i64>(middle, 32));
  const rest = v128.add<i64>(v128.and(middle, mask), half);
  return v128.add<i64>(v128.shl<i64>(carried, 2), v128.shr<u64>(rest, 30));
}

/**
 * Ends two elements. With `short`, a constant of each copy, there is no diagonal and at most one term, whose numbers
 * are then at hand: `block` 0 is none, `step` the bytes of its row, `by` its coefficients from the tile's first on.
 */
// @ts-ignore: decorator
@inline
function finishPair(
  control: usize, pair: v128, row: u32, offset: usize, rowBytes: usize, short: bool, out: usize, factor: i64,
  rowScale: usize, halved: bool, block: usize, step: usize, by: usize, shift: i64, within: usize,
): void {
  if (!short) {
    finish(control, i64x2.extract_lane(pair, 0), row, offset + within, rowBytes);
    finish(control, i64x2.extract_lane(pair, 1), row, offset + within + 8, rowBytes);
    return;
  }
  let a = i64x2.extract_lane(pair, 0), b = i64x2.extract_lane(pair, 1);
  if (factor != FULL) {
    a = fraction(factor, a);
    b = fraction(factor, b);
  }
  if (rowScale) {
    const scale = load<i64>(rowScale + (<usize>row << 3));
    a = halved ? halfFraction(scale, a) : fraction(scale, a);
    b = halved ? halfFraction(scale, b) : fraction(scale, b);
  }
  if (block) {
    const from = block + <usize>row * step;
    const first = step == 8 ? load<i64>(from) : load<i64>(from + within);
    const second = step == 8 ? first : load<i64>(from + within, 8);
    a += scaled(load<i64>(by + within), first, shift);
    b += scaled(load<i64>(by + within, 8), second, shift);
  }
  const place = out + <usize>row * rowBytes + within;
  store<i64>(place, a);
  store<i64>(place, b, 8);
}

/** weight · the low halves, unsigned. Elements come as (low, low, high, high). */
// @ts-ignore: decorator
@inline
function lows(weight: v128, element: v128): v128 {
  return i64x2.extmul_low_i32x4_u(weight, element);
}

// @ts-ignore: decorator
@inline
function highs(weight: v128, element: v128): v128 {
  return i64x2.extmul_high_i32x4_s(weight, element);
}

// @ts-ignore: decorator
@inline
function halves(address: usize): v128 {
  const element = v128.load(address);
  return v128.shuffle<i32>(element, element, 0, 2, 1, 3);
}

/** One tile of rows begin … end − 1; `registers`, `narrow` and `short` are constants of each copy. */
// @ts-ignore: decorator
@inline
function tile(
  control: usize, begin: u32, end: u32, registers: i32, narrow: bool, short: bool, offset: usize, rowBytes: usize,
): void {
  const m = control + MATRICES;
  const offsets = load<usize>(m), columns = load<usize>(m, 4), values = load<usize>(m, 8);
  const none = i64x2.splat(0), mask = i64x2.splat(LOW);
  const x = load<usize>(control, X) + offset;
  const out = load<usize>(control, OUT) + offset, factor = load<i64>(control, FACTOR);
  const rowScale = load<usize>(control, ROW_SCALE), halved = load<u32>(control, HALVED) != 0;
  const term = control + TERMS, some = load<u32>(control, TERM_COUNT) > 0;
  const alone = some && load<u32>(term, 4) == 1;
  const block: usize = some ? load<usize>(term) + (alone ? 0 : offset) : 0, step: usize = alone ? 8 : rowBytes;
  const by = some ? load<usize>(term, 8) + offset : 0, shift = <i64>load<u32>(term, 12);
  for (let row = begin; row < end; row++) {
    let h0 = none, h1 = none, h2 = none, h3 = none, m0 = none, m1 = none, m2 = none, m3 = none;
    const bounds = offsets + (<usize>row << 2), first = load<u32>(bounds);
    let p = columns + <usize>first * INDEX, q = values + <usize>first * 4;
    const to = columns + <usize>load<u32>(bounds, INDEX) * INDEX;
    for (; p < to; p += INDEX) {
      const from = x + <usize>load<u32>(p) * rowBytes;
      if (narrow) {
        const w = v128.load32_splat(q);
        q += 4;
        const e0 = halves(from), l0 = lows(w, e0);
        h0 = v128.add<i64>(h0, v128.add<i64>(highs(w, e0), v128.shr<u64>(l0, 32)));
        m0 = v128.add<i64>(m0, v128.and(l0, mask));
        if (registers >= 2) {
          const e1 = halves(from + 16), l1 = lows(w, e1);
          h1 = v128.add<i64>(h1, v128.add<i64>(highs(w, e1), v128.shr<u64>(l1, 32)));
          m1 = v128.add<i64>(m1, v128.and(l1, mask));
        }
        if (registers == 4) {
          const e2 = halves(from + 32), l2 = lows(w, e2);
          h2 = v128.add<i64>(h2, v128.add<i64>(highs(w, e2), v128.shr<u64>(l2, 32)));
          m2 = v128.add<i64>(m2, v128.and(l2, mask));
          const e3 = halves(from + 48), l3 = lows(w, e3);
          h3 = v128.add<i64>(h3, v128.add<i64>(highs(w, e3), v128.shr<u64>(l3, 32)));
          m3 = v128.add<i64>(m3, v128.and(l3, mask));
        }
      } else {
        h0 = v128.add<i64>(h0, v128.load(from));
        if (registers >= 2) h1 = v128.add<i64>(h1, v128.load(from, 16));
        if (registers == 4) {
          h2 = v128.add<i64>(h2, v128.load(from, 32));
          h3 = v128.add<i64>(h3, v128.load(from, 48));
        }
      }
    }
    finishPair(
      control, narrow ? joined(h0, m0) : h0, row, offset, rowBytes,
      short, out, factor, rowScale, halved, block, step, by, shift, 0,
    );
    if (registers >= 2) {
      finishPair(
        control, narrow ? joined(h1, m1) : h1, row, offset, rowBytes,
        short, out, factor, rowScale, halved, block, step, by, shift, 16,
      );
    }
    if (registers == 4) {
      finishPair(
        control, narrow ? joined(h2, m2) : h2, row, offset, rowBytes,
        short, out, factor, rowScale, halved, block, step, by, shift, 32,
      );
      finishPair(
        control, narrow ? joined(h3, m3) : h3, row, offset, rowBytes,
        short, out, factor, rowScale, halved, block, step, by, shift, 48,
      );
    }
  }
}

/** One column with weights of more than 32 bits, as in exact-product.ts. */
function wideColumn(control: usize, begin: u32, end: u32, offset: usize, rowBytes: usize): void {
  const m = control + MATRICES;
  const offsets = load<usize>(m), columns = load<usize>(m, 4), values = load<usize>(m, 8);
  const x = load<usize>(control, X) + offset;
  const medium = load<u32>(control, WEIGHTS) == WEIGHTS_MEDIUM;
  for (let row = begin; row < end; row++) {
    let high: i64 = 0, middle: i64 = 0, low: i64 = 0;
    const bounds = offsets + (<usize>row << 2), first = load<u32>(bounds);
    let p = columns + <usize>first * INDEX, q = values + <usize>first * 8;
    const to = columns + <usize>load<u32>(bounds, INDEX) * INDEX;
    for (; p < to; p += INDEX, q += 8) {
      const value = load<i64>(x + <usize>load<u32>(p) * rowBytes);
      let q0 = <i64>load<u32>(q), q1 = <i64>load<u32>(q, 4);
      if (medium) {
        const whole = ((q1 << MEDIUM_BITS) + q0) << 10;
        q0 = <i64>(<u64>whole & LOW);
        q1 = whole >> 32;
      }
      const x0 = <i64>(<u64>value & LOW), x1 = value >> 32;
      const bottom = <u64>(q0 * x0), left = q0 * x1;
      const right = <u64>(q1 * x0) + (bottom >> 32);
      high += q1 * x1 + (left >> 32) + <i64>(right >> 32);
      middle += <i64>(<u64>left & LOW) + <i64>(right & LOW);
      low += <i64>(bottom & LOW);
    }
    const all = middle + (low >> 32), carried = high + (all >> 32);
    const rest = (<u64>all << 32) | (<u64>low & LOW);
    const sum = (carried << 2) + <i64>(rest >> 62) + <i64>((rest >> 61) & 1);
    finish(control, sum, row, offset, rowBytes);
  }
}

// @ts-ignore: decorator
@inline
function tiles(
  control: usize, begin: u32, end: u32, registers: i32, narrow: bool, short: bool, offset: usize, rowBytes: usize,
): void {
  if (registers == 4) tile(control, begin, end, 4, narrow, short, offset, rowBytes);
  else if (registers == 2) tile(control, begin, end, 2, narrow, short, offset, rowBytes);
  else tile(control, begin, end, 1, narrow, short, offset, rowBytes);
}

function uniformTile(control: usize, begin: u32, end: u32, registers: i32, offset: usize, rowBytes: usize): void {
  tiles(control, begin, end, registers, false, false, offset, rowBytes);
}

function shortUniformTile(control: usize, begin: u32, end: u32, registers: i32, offset: usize, rowBytes: usize): void {
  tiles(control, begin, end, registers, false, true, offset, rowBytes);
}

function narrowTile(control: usize, begin: u32, end: u32, registers: i32, offset: usize, rowBytes: usize): void {
  tiles(control, begin, end, registers, true, false, offset, rowBytes);
}

function shortNarrowTile(control: usize, begin: u32, end: u32, registers: i32, offset: usize, rowBytes: usize): void {
  tiles(control, begin, end, registers, true, true, offset, rowBytes);
}

/** Rows begin … end − 1 of all columns. */
export function exactProductBlock(control: usize, begin: u32, end: u32): void {
  const rowBytes = <usize>load<u32>(control, STRIDE) << 3;
  const weights = load<u32>(control, WEIGHTS);
  const short = load<usize>(control, DIAGONAL) == 0 && load<u32>(control, TERM_COUNT) <= 1;
  for (let offset: usize = 0; offset < rowBytes; ) {
    const left = rowBytes - offset;
    const registers = left >= 64 ? 4 : left >= 32 ? 2 : 1;
    if (weights == WEIGHTS_UNIFORM) {
      if (short) shortUniformTile(control, begin, end, registers, offset, rowBytes);
      else uniformTile(control, begin, end, registers, offset, rowBytes);
    } else if (weights == WEIGHTS_NARROW) {
      if (short) shortNarrowTile(control, begin, end, registers, offset, rowBytes);
      else narrowTile(control, begin, end, registers, offset, rowBytes);
    } else {
      wideColumn(control, begin, end, offset, rowBytes);
      offset += 8;
      continue;
    }
    offset += <usize>registers * 16;
  }
}
