// Exact numbers of formulas: what a caller gives as a number, a bigint or decimal text, as a rational, and
// back as decimal text. A number is its shortest decimal text, so 1.1 is 11/10; no double is computed with.

import { check } from '../../base/errors.js';
import { found, rationalOf, type Rational } from '../../ledger/amount.js';

/** A decimal from outside. */
export type Decimal = number | bigint | string;

/** The number 1. */
export const ONE: Rational = { numerator: 1n, denominator: 1n };

/**
 * The exact value of a decimal from 0 on; `name` is the field. Throws `bad-input` naming it for what is
 * negative, NaN, ±∞, −0 or no decimal.
 */
export function exactDecimal(value: unknown, name: string): Rational {
  const isDecimal = typeof value === 'number' || typeof value === 'bigint';
  const text = isDecimal && !Object.is(value, -0) ? String(value) : value;
  check(
    typeof text === 'string',
    'bad-input',
    () => `${name}: expected a decimal number from 0 on, found ${found(value)}`,
    'give a number like 1.1, or its text',
  );
  const exact = rationalOf(text, name);
  check(
    exact.numerator >= 0n,
    'bad-input',
    () => `${name}: expected a decimal number from 0 on, found ${found(value)}`,
  );
  return exact;
}

/** −1, 0 or 1 as a is below, equal to or above b. */
export function compared(a: Rational, b: Rational): -1 | 0 | 1 {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/**
 * The decimal text of a rational that is a finite decimal: 11/10 → "1.1". Throws `bad-parameter` for one
 * that is not, like 1/3.
 */
export function decimalText({ numerator, denominator }: Rational): string {
  let rest = denominator;
  let places = 0;
  for (; rest % 10n === 0n; places++) rest /= 10n;
  for (; rest % 2n === 0n; places++) rest /= 2n;
  for (; rest % 5n === 0n; places++) rest /= 5n;
  check(rest === 1n, 'bad-parameter', () => `${numerator}/${denominator}: no finite decimal`);
  const size = numerator < 0n ? -numerator : numerator;
  const digits = String((size * 10n ** BigInt(places)) / denominator).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '');
  return `${numerator < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
