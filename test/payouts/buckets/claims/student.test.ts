// Student's distribution against mpmath at 40 digits, against the finite sums that exist for whole degrees of
// freedom, and Welch's test against SciPy.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  studentTail,
  welchTest,
  type Sample,
} from '../../../../src/payouts/buckets/claims/student.js';

type Row = readonly [t: number, degrees: number, tail: string];

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/student-t.json', import.meta.url), 'utf8'),
) as {
  readonly tail: readonly Row[];
  readonly farTail: readonly Row[];
  readonly welch: readonly {
    readonly baseline: Sample;
    readonly candidate: Sample;
    readonly t: number;
    readonly degrees: number;
    readonly p: number;
  }[];
};

/**
 * P(T ≥ t) for whole degrees of freedom as finite sums of cosines, θ = atan(t/√ν).
 * Source: Abramowitz and Stegun 26.7.3 and 26.7.4.
 */
function finiteTail(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < degrees; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  const within = isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return (1 - within) / 2;
}

describe('student', () => {
  it('is mpmath’s to 10⁻¹⁴, from 1 to 10¹⁵ degrees of freedom, on both sides of 0', () => {
    for (const [t, degrees, tail] of golden.tail) {
      const error = Math.abs(studentTail(t, degrees) - Number(tail));
      expect(error, `${t}, ${degrees}`).toBeLessThan(1e-14);
      const other = Math.abs(studentTail(-t, degrees) - (1 - Number(tail)));
      expect(other, `${-t}, ${degrees}`).toBeLessThan(1e-14);
    }
    expect(golden.tail.length).toBe(120);
    expect(studentTail(0, 7.5)).toBe(0.5);
    expect(studentTail(1e200, 1)).toBe(0);
  });

  it('keeps twelve digits of the smallest tails', () => {
    for (const [t, degrees, tail] of golden.farTail) {
      const ratio = studentTail(t, degrees) / Number(tail);
      expect(Math.abs(ratio - 1), `${t}, ${degrees}`).toBeLessThan(1e-12);
    }
  });

  it('is the finite sum of every whole number of degrees', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0, max: 12, noNaN: true }),
        (degrees, t) => {
          const error = Math.abs(studentTail(t, degrees) - finiteTail(t, degrees));
          expect(error).toBeLessThan(1e-12);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('falls with t, and where its two ways of computing meet', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1e15, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        (degrees, t, step) => {
          expect(studentTail(t + step, degrees)).toBeLessThanOrEqual(
            studentTail(t, degrees) + 1e-15,
          );
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('tests as SciPy does', () => {
    for (const { baseline, candidate, t, degrees, p } of golden.welch) {
      const test = welchTest(baseline, candidate);
      expect(Math.abs(test.t / t - 1)).toBeLessThan(1e-12);
      expect(Math.abs(test.degrees / degrees - 1)).toBeLessThan(1e-12);
      expect(Math.abs(test.p - p)).toBeLessThan(1e-10);
    }
  });

  it('uses nothing of Math that engines may round in their own way', () => {
    const file = '../../../../src/payouts/buckets/claims/student.ts';
    const text = readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
    const used = [...text.matchAll(/Math\.([a-zA-Z0-9]+)/g)].map(([, name]) => name);
    expect([...new Set(used)].sort()).toEqual(['abs', 'sqrt']);
  });
});
