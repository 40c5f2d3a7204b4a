// Sparse product of a block of columns: the formula of product.ts for each column, one row of tiles at a time. A tile is one, two
// or four v128 registers of neighbouring columns, so an arc's index and weight are loaded once per tile and not once per column.
// Order of summation within a column: even and odd arcs apart where a tile has at most two registers, then their sum.
// WGSL twin: shaders/product.wgsl.

import {
  BOUNDS, DIAGONAL, FACTOR, MATRICES, MATRIX_BYTES, MATRIX_COUNT, OUT, ROW_SCALE, SECOND, STRIDE, TERM_BYTES, TERM_COUNT, TERMS,
  UNIT, X, BLOCK_ARCS,
} from '../src/backend/cpu/layout';

const INDEX: usize = 4;

// Accumulators of the tile at hand; globals of a WebAssembly instance belong to one thread.
let s0: v128 = i64x2.splat(0);
let s1: v128 = i64x2.splat(0);
let s2: v128 = i64x2.splat(0);
let s3: v128 = i64x2.splat(0);

// @ts-ignore: decorator
@inline
function weightOf<T>(values: usize): v128 {
  return sizeof<T>() == 8 ? v128.load64_splat(values) : v128.load32_splat(values);
}

// @ts-ignore: decorator
@inline
function plus<T>(sum: v128, weighted: bool, weight: v128, address: usize, offset: usize): v128 {
  const loaded = v128.load(address + offset);
  return v128.add<T>(sum, weighted ? v128.mul<T>(weight, loaded) : loaded);
}

/** Adds one row of one matrix to s0…s(registers−1). `x` points at the tile's first column of row 0. */
// @ts-ignore: decorator
@inline
function addRow<T>(
  registers: i32, weighted: bool, offsets: usize, columns: usize, values: usize, row: u32, x: usize, rowBytes: usize,
): void {
  const first = load<u32>(offsets + (<usize>row << 2));
  const last = load<u32>(offsets + (<usize>row << 2), INDEX);
  let p = columns + <usize>first * INDEX;
  const to = columns + <usize>last * INDEX;
  let v = values + <usize>first * sizeof<T>();
  const none = i64x2.splat(0);
  while (p < to) {
    const stop = min<usize>(to, p + <usize>BLOCK_ARCS * INDEX);
    let a0 = none, a1 = none, a2 = none, a3 = none;
    let w = none;
    if (registers <= 2) {
      const whole = p + ((stop - p) & ~7);
      for (; p < whole; p += 2 * INDEX) {
        const even = x + <usize>load<u32>(p) * rowBytes, odd = x + <usize>load<u32>(p, INDEX) * rowBytes;
        if (weighted) w = weightOf<T>(v);
        a0 = plus<T>(a0, weighted, w, even, 0);
        if (registers == 2) a1 = plus<T>(a1, weighted, w, even, 16);
        if (weighted) w = weightOf<T>(v + sizeof<T>());
        a2 = plus<T>(a2, weighted, w, odd, 0);
        if (registers == 2) a3 = plus<T>(a3, weighted, w, odd, 16);
        if (weighted) v += 2 * sizeof<T>();
      }
    }
    for (; p < stop; p += INDEX) {
      const address = x + <usize>load<u32>(p) * rowBytes;
      if (weighted) w = weightOf<T>(v);
      a0 = plus<T>(a0, weighted, w, address, 0);
      if (registers >= 2) a1 = plus<T>(a1, weighted, w, address, 16);
      if (registers == 4) {
        a2 = plus<T>(a2, weighted, w, address, 32);
        a3 = plus<T>(a3, weighted, w, address, 48);
      }
      if (weighted) v += sizeof<T>();
    }
    if (registers == 4) {
      s0 = v128.add<T>(s0, a0);
      s1 = v128.add<T>(s1, a1);
      s2 = v128.add<T>(s2, a2);
      s3 = v128.add<T>(s3, a3);
    } else {
      s0 = v128.add<T>(s0, v128.add<T>(a0, a2));
      if (registers == 2) s1 = v128.add<T>(s1, v128.add<T>(a1, a3));
    }
  }
}

/** Finishes 16 bytes of a row: scales the sum, adds diagonal and terms, stores. `offset` is their place in the row in bytes. */
// @ts-ignore: decorator
@inline
function finish<T>(control: usize, sum: v128, row: u32, offset: usize, rowBytes: usize): void {
  const rowScale: usize = load<usize>(control, ROW_SCALE), diagonal: usize = load<usize>(control, DIAGONAL);
  const place = <usize>row * rowBytes + offset;
  let scale = <T>load<f64>(control, UNIT);
  if (rowScale) scale *= load<T>(rowScale + <usize>row * sizeof<T>());
  sum = v128.mul<T>(sum, v128.splat<T>(scale));
  if (diagonal) {
    const d = weightOf<T>(diagonal + <usize>row * sizeof<T>());
    sum = v128.add<T>(sum, v128.mul<T>(d, v128.load(load<usize>(control, X) + place)));
  }
  sum = v128.mul<T>(sum, v128.splat<T>(<T>load<f64>(control, FACTOR)));
  const terms = load<u32>(control, TERM_COUNT);
  for (let t: u32 = 0; t < terms; t++) {
    const term = control + TERMS + <usize>t * TERM_BYTES;
    const block: usize = load<usize>(term);
    const value = load<u32>(term, 4) == 1
      ? weightOf<T>(block + <usize>row * sizeof<T>())
      : v128.load(block + place);
    sum = v128.add<T>(sum, v128.mul<T>(v128.load(load<usize>(term, 8) + offset), value));
  }
  v128.store(load<usize>(control, OUT) + place, sum);
}

// @ts-ignore: decorator
@inline
function tiles<T>(
  control: usize, first: u32, last: u32, registers: i32, weighted: bool, offset: usize, rowBytes: usize,
): void {
  const x = load<usize>(control, X) + offset, xFirst = load<usize>(control, SECOND) + offset;
  const m = control + MATRICES;
  const offsets: usize = load<usize>(m), columns: usize = load<usize>(m, 4), values: usize = load<usize>(m, 8);
  const two = load<u32>(control, MATRIX_COUNT) == 2;
  const offsets2: usize = load<usize>(m, MATRIX_BYTES), columns2: usize = load<usize>(m, MATRIX_BYTES + 4);
  const values2: usize = load<usize>(m, MATRIX_BYTES + 8);
  for (let row = first; row < last; row++) {
    s0 = i64x2.splat(0);
    s1 = i64x2.splat(0);
    s2 = i64x2.splat(0);
    s3 = i64x2.splat(0);
    addRow<T>(registers, weighted, offsets, columns, values, row, xFirst, rowBytes);
    if (two) addRow<T>(registers, weighted, offsets2, columns2, values2, row, x, rowBytes);
    finish<T>(control, s0, row, offset, rowBytes);
    if (registers >= 2) finish<T>(control, s1, row, offset + 16, rowBytes);
    if (registers == 4) {
      finish<T>(control, s2, row, offset + 32, rowBytes);
      finish<T>(control, s3, row, offset + 48, rowBytes);
    }
  }
}

export function productBlock<T>(control: usize, thread: u32): void {
  const bounds: usize = load<usize>(control, BOUNDS) + (<usize>thread << 2);
  const first = load<u32>(bounds), last = load<u32>(bounds, 4);
  const rowBytes = <usize>load<u32>(control, STRIDE) * sizeof<T>();
  const weighted = load<u32>(control, MATRICES + 8) != 0;
  for (let offset: usize = 0; offset < rowBytes; ) {
    const left = rowBytes - offset;
    if (left >= 64) {
      if (weighted) tiles<T>(control, first, last, 4, true, offset, rowBytes);
      else tiles<T>(control, first, last, 4, false, offset, rowBytes);
      offset += 64;
    } else if (left >= 32) {
      if (weighted) tiles<T>(control, first, last, 2, true, offset, rowBytes);
      else tiles<T>(control, first, last, 2, false, offset, rowBytes);
      offset += 32;
    } else {
      if (weighted) tiles<T>(control, first, last, 1, true, offset, rowBytes);
      else tiles<T>(control, first, last, 1, false, offset, rowBytes);
      offset += 16;
    }
  }
}
