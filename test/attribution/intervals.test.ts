// Intervals: quantiles against published tables, coverage over a thousand runs, sums that merge in any
// order, and what is written down.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accumulatorFrom,
  emptyAccumulator,
  merged,
  standardErrorOf,
  stateOf,
  withReplicate,
} from '../../src/attribution/accumulator.js';
import { shapleyOfTable } from '../../src/attribution/enumeration.js';
import { halfWidthOf } from '../../src/attribution/intervals.js';
import { shapleyOf } from '../../src/attribution/shapley.js';
import { arctangent, studentQuantile } from '../../src/attribution/student.js';
import { beaconOf, randomGame } from './random-games.js';

describe('quantiles of t', () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, three decimals.
  it.each([
    [0.9, 1, 6.314],
    [0.95, 1, 12.706],
    [0.99, 1, 63.657],
    [0.95, 2, 4.303],
    [0.95, 3, 3.182],
    [0.95, 4, 2.776],
    [0.99, 4, 4.604],
    [0.95, 9, 2.262],
    [0.95, 10, 2.228],
    [0.998, 7, 4.785],
    [0.95, 30, 2.042],
    [0.99, 61, 2.659],
    [0.95, 100, 1.984],
  ])('at %f with %i degrees of freedom', (confidence, degrees, expected) => {
    expect(studentQuantile(confidence, degrees)).toBeCloseTo(expected, 3);
  });

  it('come to those of the normal distribution', () => {
    expect(Math.abs(studentQuantile(0.95, 1e6) / 1.959963984540054 - 1)).toBeLessThan(4e-4);
  });

  it('have an arctangent to the last digits', () => {
    for (const x of [0, 1e-9, 0.1, 0.5, 1, 1.7, 30, 1e9])
      expect(Math.abs(arctangent(x) - Math.atan(x))).toBeLessThan(1e-15);
  });

  it('refuse what is no confidence', () => {
    expect(() => studentQuantile(95, 3)).toThrow(/between 0 and 1, found 95/);
    expect(() => studentQuantile(0.95, 0)).toThrow(/integer ≥ 1, found 0/);
  });
});

describe('sums over replicates', () => {
  const rows = fc.array(
    fc.array(fc.bigInt(-(2n ** 70n), 2n ** 70n), { minLength: 3, maxLength: 3 }),
    {
      minLength: 2,
      maxLength: 12,
    },
  );
  const empty = emptyAccumulator(3, 4n);

  it('are the same in any order and grouping, and through JSON', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (list, seed) => {
        const whole = list.reduce((sums, row) => withReplicate(sums, row), empty);
        const at = seed % list.length;
        const turned = [...list.slice(at), ...list.slice(0, at)].reverse();
        const [left, right] = [turned.slice(0, at), turned.slice(at)].map((part) =>
          part.reduce((sums, row) => withReplicate(sums, row), empty),
        );
        expect(merged(left, right)).toEqual(whole);
        const written = JSON.stringify(stateOf(merged(right, left)));
        expect(accumulatorFrom(JSON.parse(written))).toEqual(whole);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it('have the standard error of a mean', () => {
    const sample = [3, 8, 1, 12, 7].map((x) => x / 64);
    const list = sample.map((x) => BigInt(x * 2 ** 61));
    const sums = list.reduce((s, x) => withReplicate(s, [x]), emptyAccumulator(1, 1n));
    const mean = sample.reduce((a, b) => a + b) / 5;
    const variance = sample.reduce((s, x) => s + (x - mean) ** 2, 0) / 4;
    expect(standardErrorOf(sums, 0)).toBeCloseTo(Math.sqrt(variance / 5), 14);
  });

  it('refuse sums of another run, and what was not written by them', () => {
    expect(() => merged(empty, emptyAccumulator(3, 5n))).toThrow(
      /3 players over 4, found 3 over 5/,
    );
    expect(() => accumulatorFrom({ ...stateOf(empty), sums: ['1', 'x', '2'] })).toThrow(/decimal/);
  });
});

describe('an interval', () => {
  it('by Bernstein needs a range, and is the formula of Maurer and Pontil', () => {
    expect(() => halfWidthOf(1, 9, { method: 'bernstein' })).toThrow(/range/);
    const level = Math.log(2 / 0.05);
    expect(halfWidthOf(0.04, 101, { method: 'bernstein', range: 2 })).toBeCloseTo(
      Math.sqrt((2 * 0.04 * level) / 101) + (14 * level) / 300,
      12,
    );
    expect(halfWidthOf(null, 1)).toBe(null);
  });

  // What breaks it: replicates that depend on each other, a variance over R, a normal quantile.
  it('of the default estimator holds the truth 95 ± 2 times in a hundred, over 1,000 runs', async () => {
    const players = 7;
    let [held, all] = [0, 0];
    for (let run = 0; run < 1000; run++) {
      const game = randomGame(run, players, 0.5);
      const { numerators, denominator } = shapleyOfTable(players, game.values);
      const result = await shapleyOf(game, {
        beacon: beaconOf(run),
        cluster: 3,
        stopping: { kind: 'evaluations', evaluations: 16 * players },
      });
      result.players.forEach(({ low, high }, i) => {
        const truth = Number(numerators[i]) / Number(denominator) / 2 ** 61;
        all++;
        if (low !== null && high !== null && low <= truth && truth <= high) held++;
      });
    }
    expect(held / all).toBeGreaterThan(0.93);
    expect(held / all).toBeLessThan(0.97);
  });
});
