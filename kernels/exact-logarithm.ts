// Σ w ln a over rows with w > 0, in integers (docs/exact-arithmetic.md, section 8): logarithms in
// units of 2⁻⁵⁶ from a table of 128 centres and a series of eight terms. Host side and table:
// src/backend/cpu/logarithms.ts. No WGSL twin: it is read off once, from a result on the host.

import { fraction, LOW } from './exact';

/** Eight-byte places of the table: LN2, then (centre, inverse) 128 times, then 2⁶²/i for i = 1 … 8. */
const CENTRES: usize = 8;
const INVERSES: usize = 8 + 128 * 16;

/** ln a for a ≥ 1. */
// @ts-ignore: decorator
@inline
function logarithm(a: i64, table: usize): i64 {
  const zeros = clz<u64>(<u64>a);
  const y = <u64>a << zeros;
  const j = <usize>((y >> 56) & 127);
  const centre = table + CENTRES + (j << 4);
  const t = fraction(<i64>(y - ((257 + 2 * <u64>j) << 55)), load<i64>(centre, 8));
  let p = load<i64>(table + INVERSES, 56);
  for (let i: usize = 6; ; i--) {
    p = load<i64>(table + INVERSES + (i << 3)) - fraction(p, t);
    if (i == 0) break;
  }
  const rest = (fraction(p, t) + (1 << 5)) >> 6;
  return (63 - <i64>zeros) * load<i64>(table) + load<i64>(centre) + rest;
}

/** Sums `count` rows; stores three i64 at `out`: the sum is a·2⁶⁴ + b·2³² + c. */
export function weightedLogarithms(w: usize, a: usize, count: u32, table: usize, out: usize): void {
  let high: i64 = 0, middle: i64 = 0, low: i64 = 0;
  const end = w + (<usize>count << 3);
  for (; w < end; w += 8, a += 8) {
    const weight = load<i64>(w), argument = load<i64>(a);
    if (weight <= 0) continue;
    const value = logarithm(argument > 0 ? argument : 1, table);
    const w0 = <i64>(<u64>weight & LOW), w1 = weight >> 32, v0 = <i64>(<u64>value & LOW), v1 = value >> 32;
    const bottom = <u64>(w0 * v0);
    const first = w1 * v0 + <i64>(bottom >> 32);
    const second = w0 * v1 + <i64>(<u64>first & LOW);
    high += w1 * v1 + (first >> 32) + (second >> 32);
    middle += <i64>(<u64>second & LOW);
    low += <i64>(bottom & LOW);
  }
  store<i64>(out, high);
  store<i64>(out, middle, 8);
  store<i64>(out, low, 16);
}
