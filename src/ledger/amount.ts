// Amounts of the ledger: integers in base units, 9 decimals for every token, in the range of a
// signed 64-bit integer without its lowest value, so that every amount has a negative. Rates and
// factors are exact rationals read from decimal text. No double is ever made of either.
//   text ⇄ units: 1.5 = 1_500_000_000n       floor(units · Π numerator / Π denominator), one floor

import { check, shown } from '../base/errors.js';

/** Decimals of every token. */
export const DECIMALS = 9;
/** Base units of one token: 10⁹. */
export const UNITS_PER_TOKEN = 10n ** BigInt(DECIMALS);
/** The largest amount, 2⁶³ − 1; the smallest is its negative. */
export const MAX_UNITS = 2n ** 63n - 1n;

/** A number numerator / denominator in lowest terms, denominator > 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const DECIMAL = /^(-?)(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,9}))?$/;
const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;
const EXACT = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,2}))?$/;
/** Longest text of an exact decimal, and its largest power of ten. */
const MOST_DIGITS = 64;
const MOST_EXPONENT = 30;

/** Whether |units| < 2⁶³. */
export function inRange(units: bigint): boolean {
  return units <= MAX_UNITS && units >= -MAX_UNITS;
}

/** Checks a bigint of base units from outside; `name` is the field. Throws `bad-input`. */
export function checkUnits(value: unknown, name: string): bigint {
  check(
    typeof value === 'bigint',
    'bad-input',
    () => `${name}: expected base units as a bigint, found ${found(value)}`,
    'write 1_500_000_000n, or unitsOf("1.5")',
  );
  check(inRange(value), 'bad-input', () => `${name}: expected |units| < 2⁶³, found ${value}`);
  return value;
}

/**
 * Base units of a decimal amount in tokens: "1.5" → 1_500_000_000n. At most 9 decimals, no blanks,
 * no exponent, no plus, no leading zero, no −0. Throws `bad-input` with the field's name.
 */
export function unitsOf(text: unknown, name = 'amount'): bigint {
  const match = typeof text === 'string' ? DECIMAL.exec(text) : null;
  check(
    match !== null,
    'bad-input',
    () => `${name}: expected a decimal with at most 9 decimals, found ${found(text)}`,
    'write it like "12.5"',
  );
  const [, sign, whole, fraction = ''] = match;
  const size = BigInt(whole) * UNITS_PER_TOKEN + BigInt(fraction.padEnd(DECIMALS, '0'));
  check(!(sign === '-' && size === 0n), 'bad-input', () => `${name}: expected 0, found "${text}"`);
  return checkUnits(sign === '-' ? -size : size, name);
}

/** The decimal text of base units, in tokens, without trailing zeros: 1_500_000_000n → "1.5". */
export function decimalOf(units: bigint): string {
  const size = units < 0n ? -units : units;
  const fraction = String(size % UNITS_PER_TOKEN)
    .padStart(DECIMALS, '0')
    .replace(/0+$/, '');
  const whole = `${units < 0n ? '-' : ''}${size / UNITS_PER_TOKEN}`;
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Base units of their own decimal text, as JSON carries them: "1500000000". Throws `bad-input`. */
export function unitsOfText(text: unknown, name: string): bigint {
  check(
    typeof text === 'string' && INTEGER.test(text),
    'bad-input',
    () => `${name}: expected base units as decimal text, found ${found(text)}`,
  );
  return checkUnits(BigInt(text), name);
}

/**
 * An exact rational of decimal text: "0.1" → 1/10, "2.5e-3" → 1/400. At most 64 characters and
 * exponents of −30 … 30. Throws `bad-input` with the field's name for everything else: NaN, Infinity,
 * hex, blanks, −0, a leading plus or zero.
 */
export function rationalOf(text: unknown, name = 'number'): Rational {
  const match = typeof text === 'string' && text.length <= MOST_DIGITS ? EXACT.exec(text) : null;
  const exponent = Number(match?.[4] ?? 0);
  check(
    match !== null && Math.abs(exponent) <= MOST_EXPONENT,
    'bad-input',
    () => `${name}: expected a decimal number as text, found ${found(text)}`,
    `write it like "0.125": at most ${MOST_DIGITS} characters, powers of ten of −30 … 30`,
  );
  const [, sign, whole, fraction = ''] = match;
  const digits = BigInt(whole + fraction);
  check(
    !(sign === '-' && digits === 0n),
    'bad-input',
    () => `${name}: expected 0, found "${text}"`,
  );
  const power = exponent - fraction.length;
  const numerator = (sign === '-' ? -digits : digits) * 10n ** BigInt(Math.max(0, power));
  return reduced(numerator, 10n ** BigInt(Math.max(0, -power)));
}

/** ⌊a · b / c⌋ without an intermediate rounding; towards −∞ for negative products; c > 0. */
export function multiplyDivideFloor(a: bigint, b: bigint, c: bigint): bigint {
  check(c > 0n, 'bad-parameter', () => `divisor: expected an integer above 0, found ${c}`);
  const product = a * b;
  const quotient = product / c;
  return product % c < 0n ? quotient - 1n : quotient;
}

/** ⌊units · Π factors⌋: all multiplied, then divided once, then one floor. */
export function scaleFloor(units: bigint, factors: readonly Rational[]): bigint {
  let numerator = 1n;
  let denominator = 1n;
  for (const factor of factors) {
    numerator *= factor.numerator;
    denominator *= factor.denominator;
  }
  return multiplyDivideFloor(units, numerator, denominator);
}

/** The text of a value from outside for an error; never throws, as String may. */
export function found(value: unknown): string {
  if (typeof value === 'string') return shown(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : typeof value;
}

function reduced(numerator: bigint, denominator: bigint): Rational {
  let a = numerator < 0n ? -numerator : numerator;
  let b = denominator;
  while (b > 0n) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
