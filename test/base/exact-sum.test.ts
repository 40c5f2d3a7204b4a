// Sums of doubles that do not depend on order, against sums of rationals by their own route.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exactSum } from '../../src/base/exact-sum.js';

/** The sum as an integer multiple of 2⁻¹⁰⁷⁴, by scaling up in steps that are exact. */
function scaledSum(values: readonly number[]): bigint {
  let sum = 0n;
  for (const value of values) {
    let rest = value;
    let shift = 0;
    while (!Number.isInteger(rest)) {
      rest *= 2;
      shift++;
    }
    sum += BigInt(rest) << BigInt(1074 - shift);
  }
  return sum;
}

const weights = fc.array(
  fc.oneof(
    fc.double({ min: 0, max: 1e300, noNaN: true }),
    fc.double({ min: 0, max: 1e-300, noNaN: true }),
    fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    fc.constantFrom(0.1, 2 ** 53, 2 ** 53 - 1, 5e-324, 1, 2 ** -53),
  ),
  { maxLength: 12 },
);

it('is within half a unit in the last place of the rational sum, ties to even', () => {
  fc.assert(
    fc.property(weights, (values) => {
      const found = exactSum(Float64Array.from(values), 0, values.length);
      const exact = scaledSum(values);
      const error = scaledSum([found]) - exact;
      const magnitude = error < 0n ? -error : error;
      const bits = exact.toString(2).length;
      const half = bits <= 53 ? 0n : 1n << BigInt(bits - 54);
      expect(magnitude <= half).toBe(true);
      if (magnitude === half && half > 0n) {
        expect((scaledSum([found]) >> BigInt(bits - 53)) % 2n).toBe(0n);
      }
    }),
    { numRuns: 500 },
  );
});

it('does not depend on the order', () => {
  fc.assert(
    fc.property(weights, (values) => {
      const forward = exactSum(Float64Array.from(values), 0, values.length);
      const backward = exactSum(Float64Array.from(values).reverse(), 0, values.length);
      const sorted = exactSum(Float64Array.from(values).sort(), 0, values.length);
      expect([backward, sorted]).toEqual([forward, forward]);
    }),
    { numRuns: 500 },
  );
});

it('sums a part of an array, nothing to zero, and too much to infinity', () => {
  const values = Float64Array.of(1, 0.1, 0.2, 0.3, 4);
  expect(exactSum(values, 1, 4)).toBe(0.6);
  expect(exactSum(values, 2, 2)).toBe(0);
  expect(exactSum(Float64Array.of(1e308, 1e308), 0, 2)).toBe(Infinity);
});
