// Rewards in exact precision: integers in units of a power of two. Focus counts in 2⁻⁶¹, logarithms
// in 2⁻⁵⁶ (docs/exact-arithmetic.md), and doubles such as weights are such numbers too, so sums and
// products are exact, and nothing rounds but `settle`.

import { rounded } from '../focus/exact/units.js';
import type { Arithmetic } from './arithmetic.js';

/** units · 2^−bits, exactly. */
export interface ExactNumber {
  readonly units: bigint;
  /** Integer ≥ 0. */
  readonly bits: number;
}

/** Units of focus, of 2⁻⁶¹. */
export function focusUnits(units: bigint): ExactNumber {
  return { units, bits: 61 };
}

/** Units of logarithms, of 2⁻⁵⁶ nats. */
export function logarithmUnits(units: bigint): ExactNumber {
  return { units, bits: 56 };
}

/** The exact number that a finite double is. */
export function exactOf(value: number): ExactNumber {
  let scaled = value;
  let bits = 0;
  // Scaling by powers of two is exact; the least double ends it after 1,074 steps.
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    bits++;
  }
  return { units: BigInt(scaled), bits };
}

/** The nearest double, for display. */
export function doubleOf({ units, bits }: ExactNumber): number {
  const magnitude = units < 0n ? -units : units;
  const length = magnitude.toString(2).length;
  // BigInt to Number rounds to the nearest; a long one is cut to 64 bits with a sticky last bit.
  const shift = Math.max(0, length - 64);
  const top = magnitude >> BigInt(shift);
  const sticky = top << BigInt(shift) === magnitude ? 0n : 1n;
  const half = Math.trunc((shift - bits) / 2);
  const size = Number(top | sticky) * 2 ** half * 2 ** (shift - bits - half);
  return units < 0n ? -size : size;
}

/** Whether two exact numbers are equal, whatever their units. */
export function isEqual(a: ExactNumber, b: ExactNumber): boolean {
  const [x, y] = aligned(a, b);
  return x === y;
}

/** Exact arithmetic. A result has the finer unit of its operands. */
export const EXACT_NUMBERS: Arithmetic<ExactNumber> = {
  precision: 'exact',
  of: exactOf,
  plus: (a, b) => {
    const [x, y] = aligned(a, b);
    return { units: x + y, bits: Math.max(a.bits, b.bits) };
  },
  minus: (a, b) => {
    const [x, y] = aligned(a, b);
    return { units: x - y, bits: Math.max(a.bits, b.bits) };
  },
  times: (factor, a) => {
    const { units, bits } = exactOf(factor);
    return { units: units * a.units, bits: bits + a.bits };
  },
  positive: (a) => (a.units < 0n ? { units: 0n, bits: a.bits } : a),
  settle: ({ units, bits }, to) => ({
    units: bits <= to ? units << BigInt(to - bits) : rounded(units, bits - to),
    bits: to,
  }),
};

function aligned(a: ExactNumber, b: ExactNumber): readonly [bigint, bigint] {
  const bits = Math.max(a.bits, b.bits);
  return [a.units << BigInt(bits - a.bits), b.units << BigInt(bits - b.bits)];
}
