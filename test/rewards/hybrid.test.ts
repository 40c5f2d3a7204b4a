// The hybrid and the table of functions: weights that nobody chooses for you, terms that are not
// computed where their weight is zero, and intervals that stay in order.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockDag } from '../../src/rewards/block-dag.js';
import { doubleOf, EXACT_NUMBERS, exactOf, isEqual } from '../../src/rewards/exact-number.js';
import type { HybridWeights } from '../../src/rewards/hybrid.js';
import { around, INTERVALS, within, type Interval } from '../../src/rewards/interval.js';
import {
  evaluateReward,
  evaluateRewardExact,
  neededInputs,
  REWARD_FUNCTIONS,
  rewardFunction,
} from '../../src/rewards/reward.js';
import type { ShiftMeasures } from '../../src/rewards/reward-function.js';

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const weights = fc.record({
  deltaNorm: finite,
  deltaJ: finite,
  dagWeight: fc.constant(0),
  alignment: fc.constant(0),
});
const interval = fc
  .record({ value: finite, bound: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ value, bound }) => around(value, bound));
const shift = fc.record({ norm: interval, entropyPart: interval, discoveryPart: interval });

const hybrid = (given: HybridWeights, measures: ShiftMeasures<Interval>) =>
  evaluateReward('hybrid', { shift: measures }, { hybrid: { weights: given } });

describe('the hybrid', () => {
  it('is the weighted sum, with ends that hold it whatever the truth inside', () => {
    fc.assert(
      fc.property(
        weights,
        shift,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, measures, t) => {
          const { value, lower, upper, terms } = hybrid(given, measures);
          const at = ({ lower: low, upper: high }: Interval): number => low + t * (high - low);
          const truth =
            given.deltaNorm * at(measures.norm) +
            given.deltaJ * (at(measures.entropyPart) + at(measures.discoveryPart));
          const slack = 1e-9 * (1 + Math.abs(truth));
          expect(value ?? NaN).toBeCloseTo(
            given.deltaNorm * measures.norm.value +
              given.deltaJ * (measures.entropyPart.value + measures.discoveryPart.value),
            -1,
          );
          expect(lower ?? NaN).toBeLessThanOrEqual(truth + slack);
          expect(upper ?? NaN).toBeGreaterThanOrEqual(truth - slack);
          if (given.deltaJ !== 0) {
            expect(terms.entropy.value).toBe(given.deltaJ * measures.entropyPart.value);
            expect(terms.discovery.value).toBe(given.deltaJ * measures.discoveryPart.value);
          }
        },
      ),
    );
  });

  it('has no default for any weight', () => {
    const all = { deltaNorm: 1, deltaJ: 1, dagWeight: 0, alignment: 0 };
    expect(() => evaluateReward('hybrid', {})).toThrow(/expected weights, found none/);
    for (const name of Object.keys(all) as (keyof typeof all)[]) {
      const { [name]: _, ...rest } = all;
      expect(() => neededInputs(['hybrid'], { hybrid: { weights: rest as never } })).toThrow(
        new RegExp(`expected a finite weight ${name}, found undefined`),
      );
    }
    const odd = { ...all, directed: 1 };
    expect(() => neededInputs(['hybrid'], { hybrid: { weights: odd } })).toThrow(
      /found "directed" too/,
    );
  });

  it('needs no input for a term of weight zero', () => {
    const needs = (given: HybridWeights) => [
      ...neededInputs(['hybrid'], { hybrid: { weights: given } }),
    ];
    const none = { deltaNorm: 0, deltaJ: 0, dagWeight: 0, alignment: 0 };
    expect(needs(none)).toEqual([]);
    expect(needs({ ...none, deltaJ: 1 })).toEqual(['shift']);
    expect(needs({ ...none, dagWeight: 1 })).toEqual(['blocks']);
    expect(needs({ ...none, alignment: -1 })).toEqual(['focuses']);
    const result = evaluateReward('hybrid', {}, { hybrid: { weights: none } });
    expect([result.value, result.lower, result.upper]).toEqual([0, 0, 0]);
  });

  it('shows what is settled while a term waits', () => {
    const dag = blockDag([{ id: 'a', parents: [], signals: [] }]);
    const number = (value: number) => INTERVALS.of(value);
    const inputs = {
      shift: { norm: number(0.5), entropyPart: number(-0.25), discoveryPart: number(0.125) },
      blocks: { dag, blocks: [] },
    };
    const given = { deltaNorm: 2, deltaJ: 4, dagWeight: 1, alignment: 0 };
    const found = evaluateReward('hybrid', inputs, { hybrid: { weights: given } });
    expect(found.value).toBeNull();
    expect(found.pending).toBe('a block that carries it');
    expect(found.terms.settled.value).toBe(0.5);
  });

  it('is exact but for one rounding to 2⁻⁶¹', () => {
    fc.assert(
      fc.property(
        finite,
        finite,
        fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
        (a, b, units) => {
          const norm = { units: units < 0n ? -units : units, bits: 61 };
          const entropyPart = { units, bits: 56 };
          const inputs = { shift: { norm, entropyPart, discoveryPart: exactOf(0) } };
          const given = { deltaNorm: a, deltaJ: b, dagWeight: 0, alignment: 0 };
          const { value } = evaluateRewardExact('hybrid', inputs, { hybrid: { weights: given } });
          const { plus, minus, times } = EXACT_NUMBERS;
          const truth = plus(times(a, norm), times(b, entropyPart));
          if (value === null) throw new Error('expected a value');
          const error = minus(value, truth);
          expect(Math.abs(doubleOf(error))).toBeLessThanOrEqual(2 ** -62);
          expect(value.bits).toBe(61);
        },
      ),
    );
  });
});

describe('the table of functions', () => {
  it('holds the five of the definition, the directed one and the hybrid, each with a definition', () => {
    expect(REWARD_FUNCTIONS.map(({ name }) => name)).toEqual([
      'delta-norm',
      'syntropy',
      'directed',
      'spectral-gap',
      'alignment',
      'dag-weight',
      'hybrid',
    ]);
    for (const { definition } of REWARD_FUNCTIONS) expect(definition.length).toBeGreaterThan(20);
    expect(() => rewardFunction('kindness')).toThrow(
      /expected one of delta-norm, .*, hybrid, found "kindness"/,
    );
  });

  it('evaluates the spectral gap with the sign that each quantity asks for', () => {
    const spectrum = (lambda2R: number, fiedler: number) => ({
      lambda2R: around(lambda2R, 0.01),
      lambda2Diffusion: INTERVALS.of(0.5),
      fiedler: INTERVALS.of(fiedler),
    });
    const spectra = { before: spectrum(0.9, 0.1), after: spectrum(0.8, 0.25) };
    const of = (quantity?: 'focus' | 'diffusion' | 'fiedler') =>
      evaluateReward('spectral-gap', { spectra }, { 'spectral-gap': { of: quantity } });
    expect(of().value).toBeCloseTo(0.1, 15);
    expect(of().errorBound).toBeCloseTo(0.02, 10);
    expect(of('diffusion')).toMatchObject({ value: 0, lower: 0, upper: 0 });
    expect(of('fiedler').value).toBeCloseTo(0.15, 15);
    expect(of('fiedler').remark).toMatch(/larger is better/);
  });
});

describe('intervals', () => {
  it('keep their ends in order when they are cut to where the truth must lie', () => {
    fc.assert(
      fc.property(
        interval,
        finite,
        fc.double({ min: 0, max: 10, noNaN: true }),
        (a, least, width) => {
          const { value, lower, upper } = within(a, least, least + width);
          expect(lower).toBeLessThanOrEqual(value);
          expect(value).toBeLessThanOrEqual(upper);
          expect(lower).toBeGreaterThanOrEqual(least);
          expect(upper).toBeLessThanOrEqual(least + width);
        },
      ),
    );
    expect(INTERVALS.positive(around(-3, 1))).toEqual({ value: 0, lower: 0, upper: 0 });
  });

  it('hold the exact sums, differences and products of their middles', () => {
    fc.assert(
      fc.property(finite, finite, (x, y) => {
        const [a, b] = [INTERVALS.of(x), INTERVALS.of(y)];
        const [p, q] = [exactOf(x), exactOf(y)];
        for (const name of ['plus', 'minus'] as const) {
          const { lower, upper } = INTERVALS[name](a, b);
          const truth = EXACT_NUMBERS[name](p, q);
          expect(EXACT_NUMBERS.minus(truth, exactOf(lower)).units >= 0n).toBe(true);
          expect(EXACT_NUMBERS.minus(exactOf(upper), truth).units >= 0n).toBe(true);
        }
        const { lower, upper } = INTERVALS.times(x, b);
        const truth = EXACT_NUMBERS.times(x, q);
        expect(EXACT_NUMBERS.minus(truth, exactOf(lower)).units >= 0n).toBe(true);
        expect(EXACT_NUMBERS.minus(exactOf(upper), truth).units >= 0n).toBe(true);
        expect(isEqual(exactOf(doubleOf(p)), p)).toBe(true);
      }),
    );
  });
});
