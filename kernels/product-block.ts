// Sparse product of a block of columns: the formula of product.ts for each column, one row of tiles
// at a time. A tile is one, two or four v128 registers of neighbouring columns, so an arc's index
// and weight are loaded once per tile and not once per column. Order of summation within a column:
// even and odd arcs apart where a tile has at most two registers, then their sum. WGSL twin:
// shaders/product.wgsl.

import {
  BLOCK_ARCS, BOUNDS, DIAGONAL, FACTOR, MATRICES, MATRIX_BYTES, MATRIX_COUNT, OUT, ROW_SCALE, SECOND,
  SHARES, STRIDE, TERM_BYTES, TERM_COUNT, TERMS, UNIT, X,
} from '../src/backend/cpu/layout';
import { takeShare } from './share';

const INDEX: usize = 4;

// @ts-ignore: decorator
@inline
function weightOf<T>(values: usize): v128 {
  return sizeof<T>() == 8 ? v128.load64_splat(values) : v128.load32_splat(values);
}

/** sum + (weight ·) the 16 bytes at `address`. */
// @ts-ignore: decorator
@inline
function plus<T>(sum: v128, weighted: bool, weight: v128, address: usize): v128 {
  return v128.add<T>(sum, weighted ? v128.mul<T>(weight, v128.load(address)) : v128.load(address));
}

/**
 * Finishes 16 bytes of a row: scales the sum, adds diagonal and terms, stores. `offset` is their
 * place in the row.
 */
// @ts-ignore: decorator
@inline
function finish<T>(control: usize, sum: v128, row: u32, offset: usize, rowBytes: usize): void {
  const rowScale = load<usize>(control, ROW_SCALE), diagonal = load<usize>(control, DIAGONAL);
  const place = <usize>row * rowBytes + offset;
  let scale = <T>load<f64>(control, UNIT);
  if (rowScale) scale *= load<T>(rowScale + <usize>row * sizeof<T>());
  sum = v128.mul<T>(sum, v128.splat<T>(scale));
  if (diagonal) {
    const d = weightOf<T>(diagonal + <usize>row * sizeof<T>());
    sum = v128.add<T>(sum, v128.mul<T>(d, v128.load(load<usize>(control, X) + place)));
  }
  sum = v128.mul<T>(sum, v128.splat<T>(<T>load<f64>(control, FACTOR)));
  const end = control + TERMS + load<usize>(control, TERM_COUNT) * TERM_BYTES;
  for (let term = control + TERMS; term < end; term += TERM_BYTES) {
    const block = load<usize>(term);
    const value = load<u32>(term, 4) == 1
      ? weightOf<T>(block + <usize>row * sizeof<T>())
      : v128.load(block + place);
    sum = v128.add<T>(sum, v128.mul<T>(v128.load(load<usize>(term, 8) + offset), value));
  }
  v128.store(load<usize>(control, OUT) + place, sum);
}

/** finish for 64 bytes of a row: what a row costs beside its arcs is shared by four registers. */
// @ts-ignore: decorator
@inline
function finishFour<T>(
  control: usize, s0: v128, s1: v128, s2: v128, s3: v128, row: u32, offset: usize, rowBytes: usize,
): void {
  const rowScale = load<usize>(control, ROW_SCALE), diagonal = load<usize>(control, DIAGONAL);
  const place = <usize>row * rowBytes + offset;
  let number = <T>load<f64>(control, UNIT);
  if (rowScale) number *= load<T>(rowScale + <usize>row * sizeof<T>());
  const scale = v128.splat<T>(number), factor = v128.splat<T>(<T>load<f64>(control, FACTOR));
  s0 = v128.mul<T>(s0, scale);
  s1 = v128.mul<T>(s1, scale);
  s2 = v128.mul<T>(s2, scale);
  s3 = v128.mul<T>(s3, scale);
  if (diagonal) {
    const d = weightOf<T>(diagonal + <usize>row * sizeof<T>()), x = load<usize>(control, X) + place;
    s0 = v128.add<T>(s0, v128.mul<T>(d, v128.load(x)));
    s1 = v128.add<T>(s1, v128.mul<T>(d, v128.load(x, 16)));
    s2 = v128.add<T>(s2, v128.mul<T>(d, v128.load(x, 32)));
    s3 = v128.add<T>(s3, v128.mul<T>(d, v128.load(x, 48)));
  }
  s0 = v128.mul<T>(s0, factor);
  s1 = v128.mul<T>(s1, factor);
  s2 = v128.mul<T>(s2, factor);
  s3 = v128.mul<T>(s3, factor);
  const end = control + TERMS + load<usize>(control, TERM_COUNT) * TERM_BYTES;
  for (let term = control + TERMS; term < end; term += TERM_BYTES) {
    const c = load<usize>(term, 8) + offset;
    if (load<u32>(term, 4) == 1) {
      const value = weightOf<T>(load<usize>(term) + <usize>row * sizeof<T>());
      s0 = v128.add<T>(s0, v128.mul<T>(v128.load(c), value));
      s1 = v128.add<T>(s1, v128.mul<T>(v128.load(c, 16), value));
      s2 = v128.add<T>(s2, v128.mul<T>(v128.load(c, 32), value));
      s3 = v128.add<T>(s3, v128.mul<T>(v128.load(c, 48), value));
    } else {
      const block = load<usize>(term) + place;
      s0 = v128.add<T>(s0, v128.mul<T>(v128.load(c), v128.load(block)));
      s1 = v128.add<T>(s1, v128.mul<T>(v128.load(c, 16), v128.load(block, 16)));
      s2 = v128.add<T>(s2, v128.mul<T>(v128.load(c, 32), v128.load(block, 32)));
      s3 = v128.add<T>(s3, v128.mul<T>(v128.load(c, 48), v128.load(block, 48)));
    }
  }
  const out = load<usize>(control, OUT) + place;
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

/**
 * One tile of rows begin … end − 1; `registers` and `weighted` are constants of each copy the
 * compiler makes.
 */
// @ts-ignore: decorator
@inline
function tile<T>(
  control: usize, begin: u32, end: u32, registers: i32, weighted: bool, offset: usize, rowBytes: usize,
): void {
  const matrices = control + MATRICES;
  const matricesEnd = matrices + load<usize>(control, MATRIX_COUNT) * MATRIX_BYTES;
  const none = i64x2.splat(0);
  for (let row = begin; row < end; row++) {
    let s0 = none, s1 = none, s2 = none, s3 = none;
    let x = load<usize>(control, SECOND) + offset;
    for (let matrix = matrices; matrix < matricesEnd; matrix += MATRIX_BYTES) {
      const bounds = load<usize>(matrix) + (<usize>row << 2);
      const first = load<u32>(bounds);
      let p = load<usize>(matrix, 4) + <usize>first * INDEX;
      const to = load<usize>(matrix, 4) + <usize>load<u32>(bounds, INDEX) * INDEX;
      let v = weighted ? load<usize>(matrix, 8) + <usize>first * sizeof<T>() : 0;
      while (p < to) {
        const stop = min<usize>(to, p + <usize>BLOCK_ARCS * INDEX);
        let a0 = none, a1 = none, a2 = none, a3 = none, w = none;
        if (registers <= 2) {
          const whole = p + ((stop - p) & ~7);
          for (; p < whole; p += 2 * INDEX) {
            const even = x + <usize>load<u32>(p) * rowBytes, odd = x + <usize>load<u32>(p, INDEX) * rowBytes;
            if (weighted) w = weightOf<T>(v);
            a0 = plus<T>(a0, weighted, w, even);
            if (registers == 2) a1 = plus<T>(a1, weighted, w, even + 16);
            if (weighted) w = weightOf<T>(v + sizeof<T>());
            a2 = plus<T>(a2, weighted, w, odd);
            if (registers == 2) a3 = plus<T>(a3, weighted, w, odd + 16);
            if (weighted) v += 2 * sizeof<T>();
          }
        }
        for (; p < stop; p += INDEX) {
          const address = x + <usize>load<u32>(p) * rowBytes;
          if (weighted) w = weightOf<T>(v);
          a0 = plus<T>(a0, weighted, w, address);
          if (registers >= 2) a1 = plus<T>(a1, weighted, w, address + 16);
          if (registers == 4) {
            a2 = plus<T>(a2, weighted, w, address + 32);
            a3 = plus<T>(a3, weighted, w, address + 48);
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
      x = load<usize>(control, X) + offset;
    }
    if (registers == 4) finishFour<T>(control, s0, s1, s2, s3, row, offset, rowBytes);
    else {
      finish<T>(control, s0, row, offset, rowBytes);
      if (registers >= 2) finish<T>(control, s1, row, offset + 16, rowBytes);
    }
  }
}

/** Row sizes that address by a shift and not by a multiplication. */
// @ts-ignore: decorator
@inline
function widths<T>(control: usize, begin: u32, end: u32, registers: i32, weighted: bool, offset: usize): void {
  const rowBytes = <usize>load<u32>(control, STRIDE) * sizeof<T>();
  if (rowBytes == 32) tile<T>(control, begin, end, registers, weighted, offset, 32);
  else if (rowBytes == 64) tile<T>(control, begin, end, registers, weighted, offset, 64);
  else tile<T>(control, begin, end, registers, weighted, offset, rowBytes);
}

function weightedTile<T>(control: usize, begin: u32, end: u32, registers: i32, offset: usize): void {
  if (registers == 4) widths<T>(control, begin, end, 4, true, offset);
  else if (registers == 2) widths<T>(control, begin, end, 2, true, offset);
  else widths<T>(control, begin, end, 1, true, offset);
}

function plainTile<T>(control: usize, begin: u32, end: u32, registers: i32, offset: usize): void {
  if (registers == 4) widths<T>(control, begin, end, 4, false, offset);
  else if (registers == 2) widths<T>(control, begin, end, 2, false, offset);
  else widths<T>(control, begin, end, 1, false, offset);
}

function share<T>(control: usize, begin: u32, end: u32): void {
  const rowBytes = <usize>load<u32>(control, STRIDE) * sizeof<T>();
  const weighted = load<u32>(control, MATRICES + 8) != 0;
  for (let offset: usize = 0; offset < rowBytes; ) {
    const left = rowBytes - offset;
    const registers = left >= 64 ? 4 : left >= 32 ? 2 : 1;
    if (weighted) weightedTile<T>(control, begin, end, registers, offset);
    else plainTile<T>(control, begin, end, registers, offset);
    offset += <usize>registers * 16;
  }
}

export function productBlock<T>(control: usize): void {
  const bounds = load<usize>(control, BOUNDS), shares = load<u32>(control, SHARES);
  for (let taken = takeShare(control); taken < shares; taken = takeShare(control)) {
    const place = bounds + (<usize>taken << 2);
    share<T>(control, load<u32>(place), load<u32>(place, 4));
  }
}
