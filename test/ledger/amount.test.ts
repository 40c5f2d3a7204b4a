// Amounts and exact decimals: text ⇄ integers without a double in between, and one floor.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decimalOf,
  MAX_UNITS,
  multiplyDivideFloor,
  rationalOf,
  scaleFloor,
  unitsOf,
  unitsOfText,
} from '../../src/ledger/amount.js';

const units = fc.bigInt({ min: -MAX_UNITS, max: MAX_UNITS });

describe('amounts', () => {
  it('read back from their text', () => {
    fc.assert(fc.property(units, (each) => unitsOf(decimalOf(each)) === each));
    fc.assert(fc.property(units, (each) => unitsOfText(String(each), 'units') === each));
    expect(decimalOf(1_500_000_000n)).toBe('1.5');
    expect(decimalOf(-1n)).toBe('-0.000000001');
    expect(decimalOf(10n ** 9n * 10n)).toBe('10');
    expect(unitsOf('1.500')).toBe(1_500_000_000n);
    expect(unitsOf('9223372036.854775807')).toBe(MAX_UNITS);
  });

  it('refuse every other text', () => {
    const wrong = [
      ...['', ' 1', '1 ', '+1', '01', '1.', '.5', '-0', '-0.0', '1e3', '0x1', 'NaN', 'Infinity'],
      ...['1_000', '1,5', '1.0000000001', '9223372036.854775808', '٣', '1\n', null, 1, 1n],
    ];
    for (const text of wrong) {
      expect(() => unitsOf(text, 'pay'), String(text)).toThrow(/^pay: /);
    }
    for (const text of ['', '1.5', '-0', '01', '9223372036854775808', 5, '1e3']) {
      expect(() => unitsOfText(text, 'units'), String(text)).toThrow(/^units: /);
    }
  });
});

describe('exact decimals', () => {
  it('are fractions in lowest terms', () => {
    expect(rationalOf('0.1')).toEqual({ numerator: 1n, denominator: 10n });
    expect(rationalOf('2.5e-3')).toEqual({ numerator: 1n, denominator: 400n });
    expect(rationalOf('-1.25E+2')).toEqual({ numerator: -125n, denominator: 1n });
    expect(rationalOf('0')).toEqual({ numerator: 0n, denominator: 1n });
    // 0.1 + 0.2 of doubles is not 0.3.
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 20n }),
        fc.nat({ max: 20 }),
        (digits, places) => {
          const text = String(digits).padStart(places + 1, '0');
          const split = text.length - places;
          const decimal = `${text.slice(0, split)}${places > 0 ? '.' : ''}${text.slice(split)}`;
          const { numerator, denominator } = rationalOf(decimal);
          return numerator * 10n ** BigInt(places) === digits * denominator;
        },
      ),
    );
  });

  it('refuse every other text', () => {
    const wrong = [
      ...['', ' ', '1 ', 'NaN', 'Infinity', '-0', '-0.00', '0x10', '1e31', '1e-31', '1e999', '.1'],
      ...['1.', '+1', '00', '1'.repeat(65), '1_0', 0.1, 1n, null, undefined, {}],
    ];
    for (const text of wrong) expect(() => rationalOf(text, 'rate')).toThrow(/^rate: /);
  });

  it('are multiplied before they are divided, with one floor', () => {
    // 2 % · 500 · 2: with a division first it would pay 83.33 of something else.
    expect(scaleFloor(2n, [rationalOf('500'), rationalOf('2')])).toBe(2000n);
    expect(scaleFloor(10n, [rationalOf('0.35'), rationalOf('0.1')])).toBe(0n);
    expect(scaleFloor(100n, [rationalOf('0.35'), rationalOf('0.1')])).toBe(3n);
    expect(multiplyDivideFloor(-7n, 1n, 2n)).toBe(-4n);
    expect(() => multiplyDivideFloor(1n, 1n, 0n)).toThrow(/divisor/);
    fc.assert(
      fc.property(units, units, fc.bigInt({ min: 1n, max: MAX_UNITS }), (a, b, c) => {
        const quotient = multiplyDivideFloor(a, b, c);
        const rest = a * b - quotient * c;
        return rest >= 0n && rest < c;
      }),
    );
  });
});
