// Closeness of focuses: dense definitions, proven ends under every error within the bounds, and the
// integer forms against the doubles.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { idsOf } from '../../src/graph/id-list.js';
import { compareFocus, compareRows } from '../../src/rewards/closeness.js';
import { compareFocusExact, squareRoot } from '../../src/rewards/closeness-exact.js';
import { doubleOf } from '../../src/rewards/exact-number.js';
import type { Closeness } from '../../src/rewards/reward-function.js';

const CLOSENESS: Closeness[] = ['cosine', 'total-variation', 'jensen-shannon'];

/** A distribution on n rows; some of them may be zero. */
function distribution(seed: number, n: number): Float64Array {
  const random = randomStream(seed, 5);
  const values = Float64Array.from({ length: n }, () =>
    random.below(5) === 0 ? 0 : random.double() ** 4,
  );
  values[random.below(n)] += 0.1;
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
}

/** The same, moved by at most `bound` in L1. */
function moved(values: Float64Array, bound: number, seed: number): Float64Array {
  const other = distribution(seed, values.length);
  const distance = values.reduce((sum, value, i) => sum + Math.abs(value - other[i]), 0);
  const step = distance === 0 ? 0 : Math.min(1, (0.99 * bound) / distance);
  return values.map((value, i) => value + step * (other[i] - value));
}

function naive(closeness: Closeness, x: Float64Array, y: Float64Array): number {
  let [xy, xx, yy, apart, divergence] = [0, 0, 0, 0, 0];
  const part = (a: number, m: number): number => (a > 0 ? (a * Math.log2(a / m)) / 2 : 0);
  x.forEach((a, i) => {
    const b = y[i];
    xy += a * b;
    xx += a * a;
    yy += b * b;
    apart += Math.abs(a - b) / 2;
    divergence += part(a, (a + b) / 2) + part(b, (a + b) / 2);
  });
  if (closeness === 'cosine') return xy / Math.sqrt(xx * yy);
  return 1 - (closeness === 'total-variation' ? apart : divergence);
}

describe.each(CLOSENESS)('closeness by %s', (closeness) => {
  it('is its definition, 1 for equal focuses and symmetric', () => {
    for (let seed = 0; seed < 20; seed++) {
      const n = 2 + (seed % 9);
      const [x, y, t] = [0, 1, 2].map((k) => distribution(3 * seed + k, n));
      const { before, after, difference } = measured(closeness, x, y, t);
      expect(before.value).toBeCloseTo(naive(closeness, x, t), 13);
      expect(after.value).toBeCloseTo(naive(closeness, y, t), 13);
      expect(difference.value).toBeCloseTo(naive(closeness, y, t) - naive(closeness, x, t), 13);
      expect(measured(closeness, t, t, t).before.value).toBeCloseTo(1, 14);
      expect(measured(closeness, x, x, t).difference.value).toBe(0);
      expect(measured(closeness, t, t, x).before.value).toBeCloseTo(before.value, 14);
    }
  });

  it('has ends that hold the truth whatever the errors within the bounds', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 2, max: 12 }),
        fc.double({ min: 1e-12, max: 0.5, noNaN: true }),
        (seed, n, bound) => {
          const truths = [0, 1, 2].map((k) => distribution(7 * seed + k, n));
          const [x, y, t] = truths.map((truth, k) => moved(truth, bound, 7 * seed + 3 + k));
          const measure = compareRows(x, y, t, [bound, bound, bound]).measure;
          if (measure === null) throw new Error('expected a measure');
          const { before, after, difference } = measure(closeness);
          const [a, b] = [
            naive(closeness, truths[0], truths[2]),
            naive(closeness, truths[1], truths[2]),
          ];
          for (const [{ lower, upper }, truth] of [
            [before, a],
            [after, b],
            [difference, b - a],
          ] as const) {
            expect(lower - 1e-12).toBeLessThanOrEqual(truth);
            expect(upper + 1e-12).toBeGreaterThanOrEqual(truth);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is finite where a particle has all but no focus on one side', () => {
    for (const tiny of [1e-17, 1e-30, 5e-324]) {
      const x = Float64Array.of(tiny, 1);
      const t = Float64Array.of(0.5, 0.5);
      for (const [a, b] of [
        [x, t],
        [t, x],
      ] as const) {
        expect(measured(closeness, a, a, b).before.value).toBeCloseTo(naive(closeness, a, b), 14);
      }
    }
  });

  it('in integers is that of doubles', () => {
    for (let seed = 0; seed < 8; seed++) {
      const ids = idsOf(['a', 'b', 'c', 'd', 'e'].slice(0, 2 + (seed % 4)));
      const [x, y, t] = [0, 1, 2].map((k) => distribution(50 + 3 * seed + k, ids.count));
      const units = (values: Float64Array): BigInt64Array => {
        const found = BigInt64Array.from(
          values,
          (value) => BigInt(Math.round(value * 2 ** 53)) << 8n,
        );
        found[found.findIndex((value) => value > 1n << 40n)] +=
          (1n << 61n) - found.reduce((sum, value) => sum + value, 0n);
        return found;
      };
      const named = (values: Float64Array) => ({ ids, values: units(values) });
      const { measure } = compareFocusExact(named(x), named(y), named(t));
      if (measure === null) throw new Error('expected a measure');
      const exact = measure(closeness);
      expect(doubleOf(exact.before)).toBeCloseTo(naive(closeness, x, t), 12);
      expect(doubleOf(exact.after)).toBeCloseTo(naive(closeness, y, t), 12);
      expect(exact.difference.units).toBe(exact.after.units - exact.before.units);
    }
  });
});

function measured(closeness: Closeness, x: Float64Array, y: Float64Array, t: Float64Array) {
  const { measure } = compareRows(x, y, t, [0, 0, 0]);
  if (measure === null) throw new Error('expected a measure');
  return measure(closeness);
}

describe('focuses by id', () => {
  const named = (rows: Record<string, number>, errorBound: number | null = 0) => ({
    ids: idsOf(Object.keys(rows)),
    values: Float64Array.from(Object.values(rows)),
    errorBound,
  });

  it('are aligned by id, absent = 0', () => {
    const { measure } = compareFocus(
      named({ a: 0.5, b: 0.5 }),
      named({ b: 0.25, c: 0.75 }),
      named({ c: 1 }),
    );
    expect(measure?.('total-variation').before.value).toBe(0);
    expect(measure?.('total-variation').after.value).toBe(0.75);
    expect(measure?.('cosine').before.value).toBe(0);
  });

  it('have no proven ends where one has no bound', () => {
    const { measure } = compareFocus(named({ a: 1 }), named({ a: 1 }), named({ a: 1 }, null));
    const { before, difference } = measure?.('cosine') ?? { before: null, difference: null };
    expect([before?.lower, before?.upper]).toEqual([0, 1]);
    expect([difference?.lower, difference?.upper]).toEqual([-1, 1]);
  });

  it('are refused where they are no distribution', () => {
    const good = named({ a: 1 });
    expect(() => compareFocus(good, good, named({ a: 0.9 }))).toThrow(
      /expected a focus with sum 1 as checkpoint, found a sum of 0.9/,
    );
    expect(() => compareFocus(named({ a: 1.5, b: -0.5 }), good, good)).toThrow(
      /expected a focus ≥ 0 as before, found -0.5 at row 2/,
    );
  });
});

it('square roots of long integers are rounded down', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 300n }), (n) => {
      const root = squareRoot(n);
      expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true);
    }),
  );
});
