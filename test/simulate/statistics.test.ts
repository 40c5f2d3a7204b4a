// Estimates of replicates against hand computations and against chance itself.

import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import {
  correlationOf,
  meanOf,
  ratioOf,
  sideOf,
  tQuantile,
} from '../../src/simulate/statistics.js';

describe('estimates', () => {
  it('give the textbook interval of a mean', () => {
    // Mean 3, standard deviation √2.5, t 2.776 for four degrees of freedom.
    const { value, margin } = meanOf([1, 2, 3, 4, 5]) ?? { value: NaN, margin: NaN };
    expect(value).toBe(3);
    expect(margin).toBeCloseTo(2.776 * Math.sqrt(2.5 / 5), 12);
    expect(meanOf([7])).toEqual({ value: 7, margin: null });
    expect(meanOf([])).toBeNull();
  });

  it('never narrow an interval with more freedom than there is', () => {
    let last = Infinity;
    for (let freedom = 1; freedom < 300; freedom++) {
      const found = tQuantile(freedom);
      expect(found).toBeLessThanOrEqual(last);
      expect(found).toBeGreaterThan(1.9599);
      last = found;
    }
    expect(tQuantile(9)).toBe(2.262);
  });

  it('give a ratio of means that a single small denominator does not decide', () => {
    expect(ratioOf([2, 4, 6], [1, 2, 3])?.value).toBe(2);
    expect(ratioOf([2, 4, 6], [1, 2, 3])?.margin).toBeCloseTo(0, 12);
    expect(ratioOf([1, 1, 1], [1, 1, 1e-9])?.value).toBeCloseTo(1.5, 6);
    expect(ratioOf([1, 1], [0, 0])).toBeNull();
  });

  it('hold the true ratio in about 95 of 100 intervals', () => {
    const random = randomStream(9, 0);
    let held = 0;
    const trials = 2000;
    for (let k = 0; k < trials; k++) {
      const below = Array.from({ length: 12 }, () => 1 + random.double());
      const above = below.map((y) => 2 * y + random.double() - 0.5);
      const { value, margin } = ratioOf(above, below) ?? { value: NaN, margin: NaN };
      if (Math.abs(value - 2) <= (margin ?? 0)) held++;
    }
    expect(held / trials).toBeGreaterThan(0.93);
    expect(held / trials).toBeLessThan(0.97);
  });

  it('correlate', () => {
    expect(correlationOf([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
    expect(correlationOf([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
    expect(correlationOf([1, 2, 1, 2], [1, 1, 2, 2])).toBeCloseTo(0, 12);
    expect(correlationOf([1, 1], [1, 2])).toBeNull();
  });

  it('take a side only where the whole interval lies on it', () => {
    expect(sideOf({ value: 2, margin: 0.5 }, 1)).toBe('above');
    expect(sideOf({ value: 0.2, margin: 0.5 }, 1)).toBe('below');
    expect(sideOf({ value: 1.2, margin: 0.5 }, 1)).toBe('open');
    expect(sideOf({ value: 2, margin: null }, 1)).toBe('open');
    expect(sideOf(null, 1)).toBe('open');
  });
});
