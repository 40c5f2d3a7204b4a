// The integers of exact arithmetic: focus units of 2⁻⁶¹, fractions of 2⁻⁶², and the one rounding, to
// the nearest with halves up. docs/exact-arithmetic.md defines them.

/** 1 in focus units. */
export const ONE = 1n << 61n;
/** 1 as a fraction. */
export const FULL = 1n << 62n;

/** ⌊value / divisor⌋ for divisor > 0. */
export function floorOf(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

/** value / divisor to the nearest integer, halves up; divisor > 0. */
export function nearest(value: bigint, divisor: bigint): bigint {
  return floorOf(2n * value + divisor, 2n * divisor);
}

/** value / 2^shift to the nearest integer, halves up. */
export function rounded(value: bigint, shift: number): bigint {
  return shift === 0 ? value : (value + (1n << BigInt(shift - 1))) >> BigInt(shift);
}

/** A non-negative rational number in lowest or any terms. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The rational that a finite double ≥ 0 is. */
export function rationalOf(value: number): Rational {
  let numerator = value;
  let halvings = 0;
  // Scaling by powers of two is exact; 53 bits of mantissa end it, 1,127 steps at most.
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    halvings++;
  }
  return { numerator: BigInt(numerator), denominator: 1n << BigInt(halvings) };
}

export function times(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

export function over(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.denominator, denominator: a.denominator * b.numerator };
}

export function plus(a: Rational, b: Rational): Rational {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

/** 1 − a. */
export function complement({ numerator, denominator }: Rational): Rational {
  return { numerator: denominator - numerator, denominator };
}

/** The least double that is not below a. */
export function doubleAbove({ numerator, denominator }: Rational): number {
  if (numerator <= 0n) return 0;
  const length = (x: bigint): number => x.toString(2).length;
  // 53 bits of quotient, rounded up.
  const shift = 54 - (length(numerator) - length(denominator));
  const [top, bottom] =
    shift >= 0
      ? [numerator << BigInt(shift), denominator]
      : [numerator, denominator << BigInt(-shift)];
  let quotient = (top + bottom - 1n) / bottom;
  let exponent = -shift;
  while (quotient > 1n << 53n) {
    quotient = (quotient + 1n) >> 1n;
    exponent++;
  }
  return Number(quotient) * 2 ** exponent;
}
