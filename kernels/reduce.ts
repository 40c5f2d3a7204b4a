// Reductions per column: Σ w x, Σ w |x|, Σ w x y, Σ w |x − y|, always accumulated in f64 and
// delivered as one partial sum per chunk of rows. Order of summation within a chunk: four
// interleaved accumulators for a single column, row by row in a block; the host adds the chunks in
// order. So the result never depends on the number of threads. WGSL twin: shaders/reduce.wgsl.

import {
  CHUNK_ROWS, COLUMNS, KIND_ABSOLUTE, KIND_DISTANCE, KIND_DOT, KIND_SUM, PARTIALS,
  REDUCTION_BYTES, REDUCTION_COUNT, REDUCTIONS, STRIDE,
} from '../src/backend/cpu/layout';
import { chunkCount, chunkEnd, takeShare } from './share';

// @ts-ignore: decorator
@inline
function element<T>(kind: u32, x: usize, y: usize, weight: usize, at: usize): f64 {
  let value = <f64>load<T>(x + at);
  if (kind == KIND_ABSOLUTE) value = abs<f64>(value);
  if (kind == KIND_DOT) value *= <f64>load<T>(y + at);
  if (kind == KIND_DISTANCE) value = abs<f64>(value - <f64>load<T>(y + at));
  return weight ? value * <f64>load<T>(weight + at) : value;
}

/** A block of one column over rows [first, last). */
// @ts-ignore: decorator
@inline
function chunk<T>(kind: u32, x: usize, y: usize, weight: usize, first: u32, last: u32): f64 {
  let a: f64 = 0, b: f64 = 0, c: f64 = 0, d: f64 = 0;
  let at = <usize>first * sizeof<T>();
  let left = last - first;
  for (; left >= 4; left -= 4) {
    a += element<T>(kind, x, y, weight, at);
    b += element<T>(kind, x, y, weight, at + sizeof<T>());
    c += element<T>(kind, x, y, weight, at + 2 * sizeof<T>());
    d += element<T>(kind, x, y, weight, at + 3 * sizeof<T>());
    at += 4 * sizeof<T>();
  }
  for (; left > 0; left--) {
    a += element<T>(kind, x, y, weight, at);
    at += sizeof<T>();
  }
  return (a + b) + (c + d);
}

/**
 * Two columns as f64: the low or the high half of a v128 of f32, or a v128 of f64 (then `high` is
 * ignored).
 */
// @ts-ignore: decorator
@inline
function pair<T>(value: v128, high: bool): v128 {
  if (sizeof<T>() == 8) return value;
  return f64x2.promote_low_f32x4(high ? i64x2.shuffle(value, value, 1, 1) : value);
}

// @ts-ignore: decorator
@inline
function elements(kind: u32, x: v128, y: v128): v128 {
  if (kind == KIND_ABSOLUTE) return f64x2.abs(x);
  if (kind == KIND_DOT) return f64x2.mul(x, y);
  if (kind == KIND_DISTANCE) return f64x2.abs(f64x2.sub(x, y));
  return x;
}

/**
 * 16 bytes of columns over rows [first, last), one accumulator a column; stores those of the `live`
 * columns at `place`.
 */
// @ts-ignore: decorator
@inline
function chunkBlock<T>(
  kind: u32, x: usize, y: usize, weight: usize, first: u32, last: u32, offset: usize, step: usize,
  place: usize, live: u32,
): void {
  let low = f64x2.splat(0), high = f64x2.splat(0), w = f64x2.splat(1);
  for (let row = first; row < last; row++) {
    const at = <usize>row * step + offset;
    const a = v128.load(x + at);
    const b = kind == KIND_DOT || kind == KIND_DISTANCE ? v128.load(y + at) : a;
    if (weight) w = f64x2.splat(<f64>load<T>(weight + <usize>row * sizeof<T>()));
    low = f64x2.add(low, f64x2.mul(w, elements(kind, pair<T>(a, false), pair<T>(b, false))));
    if (sizeof<T>() == 4) {
      high = f64x2.add(high, f64x2.mul(w, elements(kind, pair<T>(a, true), pair<T>(b, true))));
    }
  }
  store<f64>(place, f64x2.extract_lane(low, 0));
  if (live > 1) store<f64>(place, f64x2.extract_lane(low, 1), 8);
  if (live > 2) store<f64>(place, f64x2.extract_lane(high, 0), 16);
  if (live > 3) store<f64>(place, f64x2.extract_lane(high, 1), 24);
}

/**
 * Eight columns over rows [first, last): 64 bytes of f64 or 32 of f32. The sums of chunkBlock, side
 * by side, so that one addition need not wait for another.
 */
// @ts-ignore: decorator
@inline
function chunkEight<T>(
  kind: u32, x: usize, y: usize, weight: usize, first: u32, last: u32, offset: usize, step: usize,
  place: usize,
): void {
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0, w = f64x2.splat(1);
  const two = kind == KIND_DOT || kind == KIND_DISTANCE;
  for (let row = first; row < last; row++) {
    const at = x + <usize>row * step + offset, other = two ? y + <usize>row * step + offset : at;
    if (weight) w = f64x2.splat(<f64>load<T>(weight + <usize>row * sizeof<T>()));
    if (sizeof<T>() == 8) {
      s0 = f64x2.add(s0, f64x2.mul(w, elements(kind, v128.load(at), v128.load(other))));
      s1 = f64x2.add(s1, f64x2.mul(w, elements(kind, v128.load(at, 16), v128.load(other, 16))));
      s2 = f64x2.add(s2, f64x2.mul(w, elements(kind, v128.load(at, 32), v128.load(other, 32))));
      s3 = f64x2.add(s3, f64x2.mul(w, elements(kind, v128.load(at, 48), v128.load(other, 48))));
    } else {
      const a = v128.load(at), b = v128.load(other), c = v128.load(at, 16), d = v128.load(other, 16);
      s0 = f64x2.add(s0, f64x2.mul(w, elements(kind, pair<T>(a, false), pair<T>(b, false))));
      s1 = f64x2.add(s1, f64x2.mul(w, elements(kind, pair<T>(a, true), pair<T>(b, true))));
      s2 = f64x2.add(s2, f64x2.mul(w, elements(kind, pair<T>(c, false), pair<T>(d, false))));
      s3 = f64x2.add(s3, f64x2.mul(w, elements(kind, pair<T>(c, true), pair<T>(d, true))));
    }
  }
  v128.store(place, s0);
  v128.store(place, s1, 16);
  v128.store(place, s2, 32);
  v128.store(place, s3, 48);
}

/** Partial sums of all columns of rows [first, last) for one reduction of the given kind. */
// @ts-ignore: decorator
@inline
function columnsOf<T>(
  kind: u32, reduction: usize, first: u32, last: u32, step: usize, columns: u32, place: usize,
): void {
  const x = load<usize>(reduction, 4), y = load<usize>(reduction, 8), weight = load<usize>(reduction, 12);
  if (step == sizeof<T>()) {
    store<f64>(place, chunk<T>(kind, x, y, weight, first, last));
    return;
  }
  const lanes: u32 = 16 / sizeof<T>();
  let whole: u32 = 0;
  for (; whole + 8 <= columns; whole += 8) {
    chunkEight<T>(kind, x, y, weight, first, last, <usize>whole * sizeof<T>(), step,
      place + <usize>whole * sizeof<f64>());
  }
  for (let column = whole; column < columns; column += lanes) {
    const live = min<u32>(lanes, columns - column);
    chunkBlock<T>(kind, x, y, weight, first, last, <usize>column * sizeof<T>(), step,
      place + <usize>column * sizeof<f64>(), live);
  }
}

export function reduce<T>(control: usize): void {
  const chunks = chunkCount(control);
  const step = <usize>load<u32>(control, STRIDE) * sizeof<T>();
  const columns = load<u32>(control, COLUMNS), count = load<u32>(control, REDUCTION_COUNT);
  const partials = load<usize>(control, PARTIALS);
  for (let taken = takeShare(control); taken < chunks; taken = takeShare(control)) {
    const first = taken * CHUNK_ROWS, last = chunkEnd(control, taken);
    let place = partials + <usize>taken * count * columns * sizeof<f64>();
    for (let r: u32 = 0; r < count; r++) {
      const reduction = control + REDUCTIONS + <usize>r * REDUCTION_BYTES;
      const kind = load<u32>(reduction);
      if (kind == KIND_DOT) columnsOf<T>(KIND_DOT, reduction, first, last, step, columns, place);
      else if (kind == KIND_ABSOLUTE) columnsOf<T>(KIND_ABSOLUTE, reduction, first, last, step, columns, place);
      else if (kind == KIND_DISTANCE) columnsOf<T>(KIND_DISTANCE, reduction, first, last, step, columns, place);
      else columnsOf<T>(KIND_SUM, reduction, first, last, step, columns, place);
      place += <usize>columns * sizeof<f64>();
    }
  }
}
