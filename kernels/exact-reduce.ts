// Reductions per column in exact arithmetic: Σ x (of rows with a mask, where one is given), Σ |x|,
// Σ |x − y|, Σ ⌊x y / 2³²⌋, one partial sum of two words per chunk of rows: value = high · 2⁶⁴ + low (unsigned).
// The host adds the chunks. Integer sums have no order. WGSL twin: shaders/reduce.wgsl.

import {
  CHUNK_ROWS, COLUMNS, KIND_ABSOLUTE, KIND_BROADCAST, KIND_DISTANCE, KIND_DOT, KIND_SUM, PARTIALS, REDUCTION_BYTES,
  REDUCTION_COUNT, REDUCTIONS, STRIDE,
} from '../src/backend/cpu/layout';
import { LOW } from './exact';
import { chunkCount, chunkEnd, takeShare } from './share';

const PARTIAL_BYTES: usize = 16;

/** The partial sum of one column over rows [first, last); `kind` is a constant of each copy. */
// @ts-ignore: decorator
@inline
function chunk(kind: u32, reduction: usize, first: u32, last: u32, stride: u32, column: u32, place: usize): void {
  const mask = load<usize>(reduction, 12);
  const step = <usize>stride << 3;
  const from = (<usize>first * stride + column) << 3;
  const broadcast = load<u32>(reduction) >= <u32>KIND_BROADCAST;
  const yStep: usize = broadcast ? 8 : step;
  let x = load<usize>(reduction, 4) + from;
  let y = load<usize>(reduction, 8) + (broadcast ? <usize>first << 3 : from);
  // In units of 2⁶⁴, 2³² and one; every row adds less than 2³² to the lower two.
  let top: i64 = 0, high: i64 = 0, low: i64 = 0;
  for (let row = first; row < last; row++) {
    const value = load<i64>(x);
    if (kind == KIND_SUM) {
      if (!mask || load<i64>(mask + (<usize>row << 3))) {
        high += value >> 32;
        low += <i64>(<u64>value & LOW);
      }
    } else if (kind == KIND_DOT) {
      const other = load<i64>(y);
      const a0 = <i64>(<u64>value & LOW), b0 = <i64>(<u64>other & LOW), a1 = value >> 32, b1 = other >> 32;
      const right = a1 * b0 + <i64>(<u64>(a0 * b0) >> 32);
      const left = a0 * b1 + <i64>(<u64>right & LOW);
      const above = a1 * b1 + (right >> 32) + (left >> 32);
      top += above >> 32;
      high += <i64>(<u64>above & LOW);
      low += <i64>(<u64>left & LOW);
    } else {
      const difference = kind == KIND_DISTANCE ? value - load<i64>(y) : value;
      const magnitude = <u64>(difference < 0 ? -difference : difference);
      high += <i64>(magnitude >> 32);
      low += <i64>(magnitude & LOW);
    }
    x += step;
    y += yStep;
  }
  const middle = high + (low >> 32);
  store<i64>(place, top + (middle >> 32));
  store<u64>(place, (<u64>middle << 32) | (<u64>low & LOW), 8);
}

function byKind(
  kind: u32, reduction: usize, first: u32, last: u32, stride: u32, column: u32, place: usize,
): void {
  if (kind == KIND_DOT) chunk(KIND_DOT, reduction, first, last, stride, column, place);
  else if (kind == KIND_ABSOLUTE) chunk(KIND_ABSOLUTE, reduction, first, last, stride, column, place);
  else if (kind == KIND_DISTANCE) chunk(KIND_DISTANCE, reduction, first, last, stride, column, place);
  else chunk(KIND_SUM, reduction, first, last, stride, column, place);
}

export function exactReduce(control: usize): void {
  const chunks = chunkCount(control);
  const stride = load<u32>(control, STRIDE);
  const columns = load<u32>(control, COLUMNS), count = load<u32>(control, REDUCTION_COUNT);
  const partials = load<usize>(control, PARTIALS);
  for (let taken = takeShare(control); taken < chunks; taken = takeShare(control)) {
    const first = taken * CHUNK_ROWS, last = chunkEnd(control, taken);
    let place = partials + <usize>taken * count * columns * PARTIAL_BYTES;
    for (let r: u32 = 0; r < count; r++) {
      const reduction = control + REDUCTIONS + <usize>r * REDUCTION_BYTES;
      for (let column: u32 = 0; column < columns; column++) {
        byKind(load<u32>(reduction) & (<u32>KIND_BROADCAST - 1), reduction, first, last, stride, column, place);
        place += PARTIAL_BYTES;
      }
    }
  }
}
