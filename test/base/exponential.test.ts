// The exponential of decay against rational arithmetic: Taylor's series in long integers.

import { expect, it } from 'vitest';
import { exponential } from '../../src/base/exponential.js';

const ONE = 1n << 300n;

/** e^x·2³⁰⁰ for x ≤ 0, by e^x = (e^(x/2^k))^(2^k). */
function series(x: number): bigint {
  let scaled = BigInt(Math.round(x * 2 ** 60)) << 240n;
  const halvings = 12n;
  scaled >>= halvings;
  let term = ONE;
  let sum = ONE;
  for (let k = 1n; term !== 0n && k < 200n; k++) {
    term = (term * scaled) / (ONE * k);
    sum += term;
  }
  for (let k = 0n; k < halvings; k++) sum = (sum * sum) / ONE;
  return sum;
}

it('is within one unit in the last place', () => {
  for (let k = 0; k <= 2000; k++) {
    // Multiples of 2⁻⁸, which the series takes without rounding.
    const x = -k / 16 - (k % 7) / 256;
    const exact = series(x);
    const found = BigInt(Math.round(exponential(x) * 2 ** 1000)) >> 700n;
    const error = Number(((found - exact) * (1n << 60n)) / exact) / 2 ** 60;
    if (x > -120) expect(Math.abs(error)).toBeLessThan(2 ** -52);
  }
});

it('ends at one and at zero', () => {
  expect(exponential(0)).toBe(1);
  expect(exponential(-0)).toBe(1);
  expect(exponential(-745)).toBe(5e-324);
  expect(exponential(-1e9)).toBe(0);
  expect(exponential(-708)).toBeCloseTo(3.307553003638408e-308, 320);
});
