// Reductions per column: Σ w x, Σ w |x|, Σ w x y, Σ w |x − y|, always accumulated in f64 and delivered as one partial sum per chunk of rows.
// Order of summation: four interleaved accumulators within a chunk; the host adds the chunks in order. So the result never
// depends on the number of threads. WGSL twin: shaders/reduce.wgsl.

import {
  CHUNK_ROWS, COLUMNS, KIND_ABSOLUTE, KIND_DISTANCE, KIND_DOT, KIND_SUM, PARTIALS, REDUCTION_BYTES, REDUCTION_COUNT, REDUCTIONS, STRIDE,
} from '../src/backend/cpu/layout';
import { shareStart } from './share';

// @ts-ignore: decorator
@inline
function element<T>(kind: u32, x: usize, y: usize, weight: usize, at: usize, row: usize): f64 {
  let value = <f64>load<T>(x + at);
  if (kind == KIND_ABSOLUTE) value = abs<f64>(value);
  if (kind == KIND_DOT) value *= <f64>load<T>(y + at);
  if (kind == KIND_DISTANCE) value = abs<f64>(value - <f64>load<T>(y + at));
  return weight ? value * <f64>load<T>(weight + row) : value;
}

/** One column over rows [first, last): `at` is the byte place of its first element, `step` the bytes to the next row. */
// @ts-ignore: decorator
@inline
function chunk<T>(
  kind: u32, x: usize, y: usize, weight: usize, first: u32, last: u32, column: usize, step: usize,
): f64 {
  let a: f64 = 0, b: f64 = 0, c: f64 = 0, d: f64 = 0;
  let at = <usize>first * step + column, row = <usize>first * sizeof<T>();
  let left = last - first;
  for (; left >= 4; left -= 4) {
    a += element<T>(kind, x, y, weight, at, row);
    b += element<T>(kind, x, y, weight, at + step, row + sizeof<T>());
    c += element<T>(kind, x, y, weight, at + 2 * step, row + 2 * sizeof<T>());
    d += element<T>(kind, x, y, weight, at + 3 * step, row + 3 * sizeof<T>());
    at += 4 * step;
    row += 4 * sizeof<T>();
  }
  for (; left > 0; left--) {
    a += element<T>(kind, x, y, weight, at, row);
    at += step;
    row += sizeof<T>();
  }
  return (a + b) + (c + d);
}

export function reduce<T>(control: usize, thread: u32): void {
  const begin = shareStart(control, thread), end = shareStart(control, thread + 1);
  const step = <usize>load<u32>(control, STRIDE) * sizeof<T>();
  const columns = load<u32>(control, COLUMNS), count = load<u32>(control, REDUCTION_COUNT);
  const partials: usize = load<usize>(control, PARTIALS);
  for (let first = begin; first < end; first += CHUNK_ROWS) {
    const last = min<u32>(end, first + CHUNK_ROWS);
    let place = partials + <usize>(first / CHUNK_ROWS) * count * columns * sizeof<f64>();
    for (let r: u32 = 0; r < count; r++) {
      const reduction = control + REDUCTIONS + <usize>r * REDUCTION_BYTES;
      const kind = load<u32>(reduction);
      const x: usize = load<usize>(reduction, 4), y: usize = load<usize>(reduction, 8);
      const weight: usize = load<usize>(reduction, 12);
      for (let column: u32 = 0; column < columns; column++) {
        const at = <usize>column * sizeof<T>();
        let sum: f64;
        if (kind == KIND_DOT) sum = chunk<T>(KIND_DOT, x, y, weight, first, last, at, step);
        else if (kind == KIND_ABSOLUTE) sum = chunk<T>(KIND_ABSOLUTE, x, y, weight, first, last, at, step);
        else if (kind == KIND_DISTANCE) sum = chunk<T>(KIND_DISTANCE, x, y, weight, first, last, at, step);
        else sum = chunk<T>(KIND_SUM, x, y, weight, first, last, at, step);
        store<f64>(place, sum);
        place += sizeof<f64>();
      }
    }
  }
}
