// Vector verbs: out = Σ coefficient · vector (up to 24 terms in one pass), and out = factor · by ⊙
// x + plus. Terms are added in the order given; every element is read before its place in `out` is
// written, so `out` may be a term. WGSL twins: shaders/combine.wgsl, shaders/scale.wgsl.

import {
  CHUNK_ROWS, FACTOR, OUT, ROW_SCALE, SECOND, STRIDE, TERM_BYTES, TERM_COUNT, TERMS, X,
} from '../src/backend/cpu/layout';
import { chunkCount, chunkEnd, takeShare } from './share';

export function combine<T>(control: usize): void {
  const stride = load<u32>(control, STRIDE), chunks = chunkCount(control);
  for (let chunk = takeShare(control); chunk < chunks; chunk = takeShare(control)) {
    const first = chunk * CHUNK_ROWS, last = chunkEnd(control, chunk);
    if (stride == 1) combineColumn<T>(control, first, last);
    else combineBlock<T>(control, first, last, <usize>stride * sizeof<T>());
  }
}

/** One column: four numbers (two v128 of f64, one of f32) at a time, then the rest one by one. */
function combineColumn<T>(control: usize, first: u32, last: u32): void {
  const out: usize = load<usize>(control, OUT);
  const termsEnd = control + TERMS + <usize>load<u32>(control, TERM_COUNT) * TERM_BYTES;
  const width: usize = 16 / sizeof<T>();
  let at = <usize>first * sizeof<T>();
  const end = <usize>last * sizeof<T>();
  const whole = at + (<usize>(last - first) / width) * 16;
  for (; at < whole; at += 16) {
    let sum = v128.splat<T>(<T>0);
    for (let term = control + TERMS; term < termsEnd; term += TERM_BYTES) {
      const c = v128.splat<T>(load<T>(load<usize>(term, 8)));
      sum = v128.add<T>(sum, v128.mul<T>(c, v128.load(load<usize>(term) + at)));
    }
    v128.store(out + at, sum);
  }
  for (; at < end; at += sizeof<T>()) {
    let sum = <T>0;
    for (let term = control + TERMS; term < termsEnd; term += TERM_BYTES) {
      sum += load<T>(load<usize>(term, 8)) * load<T>(load<usize>(term) + at);
    }
    store<T>(out + at, sum);
  }
}

function combineBlock<T>(control: usize, first: u32, last: u32, rowBytes: usize): void {
  const out: usize = load<usize>(control, OUT);
  const termsEnd = control + TERMS + <usize>load<u32>(control, TERM_COUNT) * TERM_BYTES;
  // Whole tiles of 64 bytes first: what a term costs beside its numbers is shared by four registers.
  const whole = rowBytes & ~63;
  for (let row = first; row < last; row++) {
    for (let offset: usize = 0; offset < whole; offset += 64) {
      combineFour<T>(termsEnd, control, out, row, offset, rowBytes);
    }
    for (let offset = whole; offset < rowBytes; offset += 16) {
      const place = <usize>row * rowBytes + offset;
      let sum = v128.splat<T>(<T>0);
      for (let term = control + TERMS; term < termsEnd; term += TERM_BYTES) {
        const block: usize = load<usize>(term);
        const value = load<u32>(term, 4) == 1
          ? v128.splat<T>(load<T>(block + <usize>row * sizeof<T>()))
          : v128.load(block + place);
        sum = v128.add<T>(sum, v128.mul<T>(v128.load(load<usize>(term, 8) + offset), value));
      }
      v128.store(out + place, sum);
    }
  }
}

/** Σ coefficient · vector over 64 bytes of a row. */
// @ts-ignore: decorator
@inline
function combineFour<T>(
  termsEnd: usize, control: usize, out: usize, row: u32, offset: usize, rowBytes: usize,
): void {
  const place = <usize>row * rowBytes + offset;
  let s0 = v128.splat<T>(<T>0), s1 = s0, s2 = s0, s3 = s0;
  for (let term = control + TERMS; term < termsEnd; term += TERM_BYTES) {
    const block: usize = load<usize>(term), c = load<usize>(term, 8) + offset;
    if (load<u32>(term, 4) == 1) {
      const value = v128.splat<T>(load<T>(block + <usize>row * sizeof<T>()));
      s0 = v128.add<T>(s0, v128.mul<T>(v128.load(c), value));
      s1 = v128.add<T>(s1, v128.mul<T>(v128.load(c, 16), value));
      s2 = v128.add<T>(s2, v128.mul<T>(v128.load(c, 32), value));
      s3 = v128.add<T>(s3, v128.mul<T>(v128.load(c, 48), value));
    } else {
      const x = block + place;
      s0 = v128.add<T>(s0, v128.mul<T>(v128.load(c), v128.load(x)));
      s1 = v128.add<T>(s1, v128.mul<T>(v128.load(c, 16), v128.load(x, 16)));
      s2 = v128.add<T>(s2, v128.mul<T>(v128.load(c, 32), v128.load(x, 32)));
      s3 = v128.add<T>(s3, v128.mul<T>(v128.load(c, 48), v128.load(x, 48)));
    }
  }
  v128.store(out + place, s0);
  v128.store(out + place, s1, 16);
  v128.store(out + place, s2, 32);
  v128.store(out + place, s3, 48);
}

export function scale<T>(control: usize): void {
  const chunks = chunkCount(control);
  for (let chunk = takeShare(control); chunk < chunks; chunk = takeShare(control)) {
    scaleRows<T>(control, chunk * CHUNK_ROWS, chunkEnd(control, chunk));
  }
}

function scaleRows<T>(control: usize, first: u32, last: u32): void {
  const out: usize = load<usize>(control, OUT), x: usize = load<usize>(control, X);
  const by: usize = load<usize>(control, ROW_SCALE);
  const plus = load<usize>(control, SECOND);
  const factor = <T>load<f64>(control, FACTOR);
  const rowBytes = <usize>load<u32>(control, STRIDE) * sizeof<T>();
  if (rowBytes == sizeof<T>()) {
    const end = <usize>last * sizeof<T>();
    for (let at = <usize>first * sizeof<T>(); at < end; at += sizeof<T>()) {
      const value = factor * load<T>(by + at) * load<T>(x + at);
      store<T>(out + at, plus ? value + load<T>(plus + at) : value);
    }
    return;
  }
  for (let row = first; row < last; row++) {
    const c = v128.splat<T>(factor * load<T>(by + <usize>row * sizeof<T>()));
    for (let offset: usize = 0; offset < rowBytes; offset += 16) {
      const place = <usize>row * rowBytes + offset;
      let value = v128.mul<T>(c, v128.load(x + place));
      if (plus) value = v128.add<T>(value, v128.load(plus + place));
      v128.store(out + place, value);
    }
  }
}
