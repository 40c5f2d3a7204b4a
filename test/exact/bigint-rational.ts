// Roundings and exact rationals of the second implementation of exact arithmetic, in BigInt. It was
// written from docs/exact-arithmetic.md alone and shares nothing with src/focus, src/backend, the
// kernels or the shaders.

/** A number as an exact quotient; the denominator is positive, the quotient not always reduced. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A focus unit is 2⁻⁶¹; ONE stands for 1. */
export const ONE = 1n << 61n;
/** Fractions are in units of 2⁻⁶²; FULL stands for 1. */
export const FULL = 1n << 62n;
/** The unit of the series coefficients: C stands for 1. */
export const SERIES_ONE = 1n << 192n;

/** rnd(v, s): v / 2^s to the nearest, halves up. BigInt's >> rounds down, also below zero. */
export function rounded(value: bigint, shift: number | bigint): bigint {
  const bits = BigInt(shift);
  return bits === 0n ? value : (value + (1n << (bits - 1n))) >> bits;
}

/** ⌊v / w⌋ for w > 0. */
export function floorDivide(value: bigint, divisor: bigint): bigint {
  if (divisor <= 0n) throw new Error('floorDivide: the divisor is not positive');
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

/** ⌈v / w⌉ for w > 0. */
export function ceilDivide(value: bigint, divisor: bigint): bigint {
  return -floorDivide(-value, divisor);
}

/** div(v, w): v / w to the nearest, halves up. */
export function roundedDivide(value: bigint, divisor: bigint): bigint {
  return floorDivide(2n * value + divisor, 2n * divisor);
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

export function sumOf(values: readonly bigint[]): bigint {
  let sum = 0n;
  for (const value of values) sum += value;
  return sum;
}

/** ‖x‖₁. */
export function normOf(values: readonly bigint[]): bigint {
  let sum = 0n;
  for (const value of values) sum += magnitude(value);
  return sum;
}

/** ⌊log₂ x⌋ of a positive integer. */
export function floorLog2(value: bigint): number {
  if (value <= 0n) throw new Error('floorLog2: the value is not positive');
  return value.toString(2).length - 1;
}

/** ℓ(x) = ⌈log₂ x⌉ of a positive integer. */
export function ceilLog2(value: bigint): number {
  return value === 1n ? 0 : floorLog2(value - 1n) + 1;
}

export function ratio(numerator: bigint, denominator: bigint = 1n): Rational {
  if (denominator === 0n) throw new Error('ratio: the denominator is zero');
  return denominator < 0n
    ? { numerator: -numerator, denominator: -denominator }
    : { numerator, denominator };
}

/** 2^k for any integer k. */
export function powerOfTwo(exponent: number): Rational {
  return exponent >= 0 ? ratio(1n << BigInt(exponent)) : ratio(1n, 1n << BigInt(-exponent));
}

export const plus = (a: Rational, b: Rational): Rational =>
  ratio(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);

export const minus = (a: Rational, b: Rational): Rational =>
  ratio(a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator);

export const times = (a: Rational, b: Rational): Rational =>
  ratio(a.numerator * b.numerator, a.denominator * b.denominator);

export const over = (a: Rational, b: Rational): Rational =>
  ratio(a.numerator * b.denominator, a.denominator * b.numerator);

/** a ≤ b. */
export const atMost = (a: Rational, b: Rational): boolean =>
  a.numerator * b.denominator <= b.numerator * a.denominator;

export const floorOf = (a: Rational): bigint => floorDivide(a.numerator, a.denominator);
export const ceilOf = (a: Rational): bigint => ceilDivide(a.numerator, a.denominator);
/** To the nearest integer, halves up. */
export const nearest = (a: Rational): bigint => roundedDivide(a.numerator, a.denominator);

/** The rational that a finite binary64 is, from its bits. */
export function exactly(value: number): Rational {
  if (!Number.isFinite(value)) throw new Error(`exactly: ${value} is not finite`);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const low = view.getUint32(4);
  const biased = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) + BigInt(low);
  const mantissa = biased === 0 ? fraction : fraction + (1n << 52n);
  const exponent = Math.max(biased, 1) - 1075;
  const signed = high >>> 31 === 1 ? -mantissa : mantissa;
  return times(ratio(signed), powerOfTwo(exponent));
}

/** ⌊log₂ x⌋ of a positive rational. */
export function floorLog2Of(value: Rational): number {
  let exponent = floorLog2(value.numerator) - floorLog2(value.denominator);
  while (!atMost(powerOfTwo(exponent), value)) exponent--;
  while (atMost(powerOfTwo(exponent + 1), value)) exponent++;
  return exponent;
}

/** The least binary64 that is not below a non-negative rational. */
export function leastDoubleFrom(value: Rational): number {
  if (value.numerator === 0n) return 0;
  const exponent = Math.max(floorLog2Of(value), -1022) - 52;
  const mantissa = ceilOf(times(value, powerOfTwo(-exponent)));
  // Two factors: 2^exponent alone may be subnormal.
  const half = Math.trunc(exponent / 2);
  return Number(mantissa) * 2 ** half * 2 ** (exponent - half);
}
