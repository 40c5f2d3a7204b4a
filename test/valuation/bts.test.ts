// Bayesian truth serum: a value from outside, the formula written out, what copying earns, and inputs
// that cannot be.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FocusError } from '../../src/base/errors.js';
import { btsScores, karmaAfterScore, type BtsEntry } from '../../src/valuation/bts.js';

const clamped = (p: number): number => Math.min(1 - 1e-6, Math.max(1e-6, p));
const logit = (p: number): number => Math.log(p / (1 - p));

/** Normalised geometric mean, by products. */
function crowd(probabilities: readonly number[]): number {
  const n = probabilities.length;
  const [yes, no] = [(p: number) => p, (p: number) => 1 - p].map((of) =>
    probabilities.reduce((product, p) => product * of(clamped(p)) ** (1 / n), 1),
  );
  return yes / (yes + no);
}

const kl = (a: number, b: number): number =>
  a * Math.log(a / b) + (1 - a) * Math.log((1 - a) / (1 - b));

function scoresAgain(entries: readonly BtsEntry[]): number[] {
  return entries.map(({ belief, prediction }, i) => {
    const others = entries.filter((_, k) => k !== i);
    const pBar = crowd(others.map((each) => each.belief));
    const mBar = crowd(others.map((each) => each.prediction));
    const [p, m] = [clamped(belief), clamped(prediction)];
    return kl(p, mBar) - kl(p, pBar) - kl(pBar, m);
  });
}

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const entry = fc.record({ belief: probability, prediction: probability });

describe('scores', () => {
  it('of three who agree and one who does not are those known from elsewhere', () => {
    const agree = { belief: 0.8, prediction: 0.8 };
    const scores = btsScores([agree, agree, agree, { belief: 0.15, prediction: 0.8 }]);
    for (const score of scores.slice(0, 3)) expect(score).toBeCloseTo(-0.222991872, 9);
    expect(scores[3]).not.toBeCloseTo(-0.222991872, 3);
  });

  it('are those of the formula by products of probabilities', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 2, maxLength: 12 }), (entries) => {
        const again = scoresAgain(entries);
        btsScores(entries).forEach((score, i) => expect(score).toBeCloseTo(again[i], 8));
      }),
    );
  });

  it('of whoever copies the crowd’s prediction are what that prediction is off by', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 2, maxLength: 12 }),
        probability,
        (others, belief) => {
          const [pBar, mBar] = [
            crowd(others.map((each) => each.belief)),
            crowd(others.map((each) => each.prediction)),
          ];
          const copied = btsScores([...others, { belief, prediction: mBar }]).at(-1) as number;
          expect(copied).toBeCloseTo((clamped(belief) - pBar) * (logit(pBar) - logit(mBar)), 8);
          // Believing what it copies earns nothing or less.
          const both = btsScores([...others, { belief: mBar, prediction: mBar }]).at(-1) as number;
          expect(both).toBeLessThanOrEqual(1e-9);
        },
      ),
    );
  });

  it('of copies are about 0 in a crowd that predicts itself rightly', () => {
    // Setting: predictions of the crowd are its mean belief, off by at most 1 % in log odds.
    const off = fc.double({ min: -0.01, max: 0.01, noNaN: true });
    const inner = fc.double({ min: 0.05, max: 0.95, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(inner, { minLength: 3, maxLength: 12 }),
        off,
        inner,
        (beliefs, e, own) => {
          const known = 1 / (1 + Math.exp(-logit(crowd(beliefs)) - e));
          const others = beliefs.map((belief) => ({ belief, prediction: known }));
          const copied = btsScores([...others, { belief: own, prediction: known }]).at(
            -1,
          ) as number;
          expect(Math.abs(copied)).toBeLessThanOrEqual(0.01);
        },
      ),
    );
  });

  it('reward what is more common than predicted', () => {
    const others = Array.from({ length: 5 }, () => ({ belief: 0.9, prediction: 0.5 }));
    const [with9, with1] = [0.9, 0.1].map(
      (belief) => btsScores([...others, { belief, prediction: 0.9 }]).at(-1) as number,
    );
    expect(with9).toBeGreaterThan(0.3);
    expect(with1).toBeLessThan(-0.3);
  });

  it('do not depend on the order of entries beyond roundings', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 2, maxLength: 20 }), (entries) => {
        const turned = btsScores([...entries].reverse()).reverse();
        btsScores(entries).forEach((score, i) => expect(score).toBeCloseTo(turned[i], 10));
      }),
    );
  });

  it('are finite at certainty', () => {
    const scores = btsScores([
      { belief: 1, prediction: 0 },
      { belief: 0, prediction: 1 },
    ]);
    // KL(1−ε‖1−ε) − KL(1−ε‖ε) − KL(ε‖ε), ε = 10⁻⁶.
    expect(scores[0]).toBeCloseTo(-(1 - 2e-6) * logit(1 - 1e-6), 8);
    expect(scores[1]).toBeCloseTo(scores[0], 9);
  });

  it('are refused by the number of the entry', () => {
    const good = { belief: 0.5, prediction: 0.5 };
    for (const [entries, message] of [
      [[], /at least two entries, found 0/],
      [[good], /at least two entries, found 1/],
      [[good, { belief: 1.5, prediction: 0 }], /entry 2: belief: .*\[0, 1\], found 1.5/],
      [[{ ...good, prediction: NaN }, good], /entry 1: prediction: .* found NaN/],
      [[good, good, { belief: 0.5 }], /entry 3: prediction: .* found undefined/],
      [[good, { belief: '0.5', prediction: 0 }], /entry 2: belief: .* found 0.5/],
      [[good, null], /entry 2: expected an object, found null/],
      ['no list', /expected a list/],
    ] as const) {
      const scored = (): number[] => btsScores(entries as unknown as readonly BtsEntry[]);
      expect(scored).toThrow(FocusError);
      expect(scored).toThrow(message);
    }
  });
});

describe('karma after a score', () => {
  it('is κ + η·s and never below zero', () => {
    expect(karmaAfterScore(1, -0.25, 2)).toBe(0.5);
    expect(karmaAfterScore(1, -0.25, 8)).toBe(0);
    expect(karmaAfterScore(-3, 0.5, 2)).toBe(0);
    expect(() => karmaAfterScore(1, 1, -1)).toThrow(
      /rate: expected a finite number from 0, found -1/,
    );
    expect(() => karmaAfterScore(NaN, 1, 1)).toThrow(/found NaN and 1/);
  });
});
