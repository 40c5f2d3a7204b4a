// Vector verbs in exact arithmetic: out = Σ rnd(coefficient · vector, shift), every term rounded by
// itself, and out = rnd(by ⊙ x, 62). Every element is read before its place in `out` is written.
// WGSL twins: shaders/combine.wgsl, shaders/scale.wgsl.

import {
  CHUNK_ROWS, OUT, ROW_SCALE, STRIDE, TERM_BYTES, TERM_COUNT, TERMS, X,
} from '../src/backend/cpu/layout';
import { fraction, scaled } from './exact';
import { chunkCount, chunkEnd, takeShare } from './share';

export function exactCombine(control: usize): void {
  const stride = load<u32>(control, STRIDE), chunks = chunkCount(control);
  for (let chunk = takeShare(control); chunk < chunks; chunk = takeShare(control)) {
    combineRows(control, chunk * CHUNK_ROWS, chunkEnd(control, chunk), stride);
  }
}

function combineRows(control: usize, first: u32, last: u32, stride: u32): void {
  const out = load<usize>(control, OUT);
  const termsEnd = control + TERMS + load<usize>(control, TERM_COUNT) * TERM_BYTES;
  for (let row = first; row < last; row++) {
    for (let column: u32 = 0; column < stride; column++) {
      const place = (<usize>row * stride + column) << 3;
      let sum: i64 = 0;
      for (let term = control + TERMS; term < termsEnd; term += TERM_BYTES) {
        const block = load<usize>(term);
        const value = load<i64>(load<u32>(term, 4) == 1 ? block + (<usize>row << 3) : block + place);
        const coefficient = load<i64>(load<usize>(term, 8) + (<usize>column << 3));
        sum += scaled(coefficient, value, <i64>load<u32>(term, 12));
      }
      store<i64>(out + place, sum);
    }
  }
}

export function exactScale(control: usize): void {
  const chunks = chunkCount(control);
  const out = load<usize>(control, OUT), x = load<usize>(control, X), by = load<usize>(control, ROW_SCALE);
  const stride = load<u32>(control, STRIDE);
  for (let chunk = takeShare(control); chunk < chunks; chunk = takeShare(control)) {
    const last = chunkEnd(control, chunk);
    for (let row = chunk * CHUNK_ROWS; row < last; row++) {
      const factor = load<i64>(by + (<usize>row << 3));
      const end = (<usize>row + 1) * stride << 3;
      for (let place = <usize>row * stride << 3; place < end; place += 8) {
        store<i64>(out + place, fraction(factor, load<i64>(x + place)));
      }
    }
  }
}
