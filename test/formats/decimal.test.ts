// Decimal numbers parsed from bytes, against the platform's own conversion.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRoundedInteger, parseDecimal, parseDecimalText } from '../../src/formats/decimal.js';

function parse(text: string): number {
  const bytes = Buffer.from(`..${text}..`);
  return parseDecimal(bytes, 2, bytes.length - 2);
}

describe('a decimal number in bytes', () => {
  it('is rounded like the literal of the language', () => {
    const digits = fc.string({
      unit: fc.constantFrom(...'0123456789'),
      minLength: 1,
      maxLength: 24,
    });
    const exponent = fc.option(fc.integer({ min: -345, max: 330 }));
    const sign = fc.constantFrom('', '-', '+');
    fc.assert(
      fc.property(sign, digits, fc.option(digits), exponent, (plus, whole, fraction, power) => {
        const text = `${plus}${whole}${fraction === null ? '' : `.${fraction}`}${power === null ? '' : `e${power}`}`;
        expect(parse(text)).toBe(Number(text) + 0);
        expect(parseDecimalText(text)).toBe(Number(text) + 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('round-trips every double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(parse(String(value))).toBe(value + 0);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    '.',
    '+',
    '-',
    'e5',
    '1e',
    '1e+',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '0b1',
    '1_000',
    '1,5',
    ' 1',
    '1 ',
    '--1',
    '1.2.3',
    '1n',
    'abc',
    '١',
  ])('is not %j', (text) => {
    expect(parse(text)).toBeNaN();
    expect(parseDecimalText(text)).toBeNaN();
  });

  it.each([
    ['5.', 5],
    ['.5', 0.5],
    ['+7', 7],
    ['-0', 0],
    ['-0.000', 0],
    ['007', 7],
    ['1e400', Infinity],
    ['-1e400', -Infinity],
    ['1e-400', 0],
  ])('%s is %d', (text, value) => {
    expect(Object.is(parse(text), value)).toBe(true);
  });

  it('that is an integer is known to be rounded exactly if its double is another one', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 52n, max: 2n ** 56n }), (value) => {
        const bytes = Buffer.from(String(value));
        const rounded = BigInt(Number(value)) !== value;
        expect(isRoundedInteger(bytes, 0, bytes.length, Number(value))).toBe(rounded);
      }),
    );
    const bytes = Buffer.from('9007199254740993.0');
    expect(isRoundedInteger(bytes, 0, bytes.length, 9007199254740992)).toBe(false);
  });
});
