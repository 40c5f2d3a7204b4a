// Formulas: the examples of the reward documentation to the unit, multipliers clamped or refused, and every
// result the same as fractions say that are computed another way.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calcDatasetBly,
  calcInferenceBly,
  calcLearningBly,
  calcValidationBly,
} from '../../../src/payouts/buckets/calculate.js';
import { RewardConfig } from '../../../src/payouts/buckets/config.js';
import {
  datasetUnits,
  inferenceUnits,
  learningUnits,
  validationUnits,
} from '../../../src/payouts/buckets/formulas.js';
import { BLY, policyWith } from './policies.js';

const policy = policyWith();

describe('the examples of the documentation', () => {
  // tokens at a quality · % at a difficulty · tasks · GB at a quality: text of BLY.
  const examples = [
    ['100k tokens at quality 1.1', calcInferenceBly(100_000, { quality: 1.1 }), '110'],
    ['2 % at difficulty 2', calcLearningBly(2, { difficulty: 2 }), '2000'],
    ['50 tasks', calcValidationBly(50), '500'],
    ['10 GB at quality 0.9', calcDatasetBly(10, { quality: 0.9 }), '900'],
    ['800k tokens a day', calcInferenceBly(800_000, { quality: 1 }), '800'],
    ['3 % at difficulty 1.5', calcLearningBly(3, { difficulty: 1.5 }), '2250'],
    ['200 tasks', calcValidationBly(200), '2000'],
    ['50 GB at 0.9 and 1.1', calcDatasetBly(50, { quality: 0.9, diversity: 1.1 }), '4950'],
  ] as const;

  it.each(examples)('%s', (_, amount, expected) => {
    expect(`${amount}`).toBe(expected);
    expect(JSON.stringify({ amount })).toBe(`{"amount":"${expected}"}`);
    expect(amount.units).toBe(BigInt(expected) * BLY);
  });

  it('come out of the formulas too, with their inputs', () => {
    expect(inferenceUnits(policy, { tokens: '100000', quality: '1.1' })).toEqual({
      units: 110n * BLY,
      formula: {
        name: 'tokens / 1000 × rate × quality, floor',
        inputs: { tokens: '100000', rate: '1', quality: '1.1' },
        result: '110',
      },
    });
    expect(learningUnits(policy, { improvementPct: 2, difficulty: 2 }).formula.inputs).toEqual({
      improvementPct: '2',
      rate: '500',
      difficulty: '2',
      applicability: '1',
    });
    expect(validationUnits(policy, { tasks: 50n }).units).toBe(500n * BLY);
    expect(datasetUnits(policy, { gb: '50', quality: 0.9, diversity: 1.1 }).formula.result).toBe(
      '4950',
    );
  });

  it('pay an improvement by what it is, not by the hours it took: 2,000, never 83.33', () => {
    expect(`${calcLearningBly('2', { difficulty: '2', applicability: '1' })}`).toBe('2000');
  });

  it('come out of the names that the package exports', async () => {
    const engine = await import('../../../src/index.js');
    expect(`${engine.calcInferenceBly('100000', { quality: '1.1' })}`).toBe('110');
    expect(`${engine.calcLearningBly(3, { difficulty: 1.5 })}`).toBe('2250');
    expect(`${engine.calcValidationBly(200)} ${engine.calcDatasetBly(10)}`).toBe('2000 900');
    expect(engine.RewardConfig.fromYaml().policy.digest).toBe(policy.digest);
    expect(engine.startState(policy, 0).nextHour).toBe(0);
  });

  it('are rates of the configuration', () => {
    const config = RewardConfig.fromYaml();
    expect(`${config.per1kTokensBly} ${config.per1pctImprovementBly}`).toBe('1 500');
    expect(`${config.perValidationTaskBly} ${config.perGbDatasetBly}`).toBe('10 100');
    const other = RewardConfig.fromText('rates: { per_1k_tokens_bly: 0.25 }');
    expect(`${calcInferenceBly(1_000_000, { quality: 1.2 })}`).toBe('1200');
    expect(`${calcInferenceBly(1_000_000, { quality: 1.2 }, other)}`).toBe('300');
  });
});

describe('multipliers', () => {
  it('outside their range are clamped, and the formula says what was stated', () => {
    expect(`${calcInferenceBly(1000, { quality: 7 })}`).toBe('1.5');
    expect(`${calcInferenceBly(1000, { quality: 0 })}`).toBe('0.5');
    expect(`${calcLearningBly(1, { difficulty: 9, applicability: 0 })}`).toBe('1200');
    expect(`${calcLearningBly(1, { difficulty: 0, applicability: 9 })}`).toBe('600');
    expect(`${calcValidationBly(1, { complexity: 99 })}`).toBe('30');
    expect(`${calcValidationBly(1, { complexity: 0.5 })}`).toBe('10');
    expect(`${calcDatasetBly(1, { quality: 2, diversity: 5 })}`).toBe('200');
    const { inputs } = inferenceUnits(policy, { tokens: 1, quality: 7 }).formula;
    expect(inputs).toMatchObject({ quality: '1.5', qualityStated: '7' });
  });

  it('outside their range are refused by name where a caller is strict', () => {
    const strict = 'strict';
    const tries: [() => unknown, RegExp][] = [
      [() => inferenceUnits(policy, { tokens: 1, quality: 1.51 }, strict), /^quality: .*0\.5 to 1/],
      [() => learningUnits(policy, { improvementPct: 1, difficulty: 0.9 }, strict), /^difficulty/],
      [
        () => learningUnits(policy, { improvementPct: 1, applicability: 1.3 }, strict),
        /^applicability: .*0\.8 to 1\.2, found 1\.3/,
      ],
      [() => validationUnits(policy, { tasks: 1, complexity: 3.001 }, strict), /^complexity/],
      [() => datasetUnits(policy, { gb: 1, quality: 1.1 }, strict), /^quality: .*0 to 1/],
      [() => datasetUnits(policy, { gb: 1, diversity: '2.1' }, strict), /^diversity/],
    ];
    for (const [call, message] of tries) expect(call).toThrow(message);
    // The ends belong to the range.
    expect(inferenceUnits(policy, { tokens: 1000, quality: 1.5 }, strict).units).toBe(
      (3n * BLY) / 2n,
    );
    expect(inferenceUnits(policy, { tokens: 1000, quality: 0.5 }, strict).units).toBe(BLY / 2n);
  });

  it('that nobody gives are the usual ones', () => {
    expect(`${calcLearningBly(1)}`).toBe('750');
    expect(`${calcDatasetBly(1)}`).toBe('90');
    expect(`${calcInferenceBly(1000, { quality: undefined })}`).toBe('1');
  });
});

describe('bad input', () => {
  const wrong = [-1, '-1', -1n, NaN, Infinity, -Infinity, -0, '-0', '', ' 1', '1,5', '0x10', null];

  it.each([...wrong, undefined, {}, [], true, '1e99'])('%s is refused with the field', (value) => {
    const bad = value as number;
    const isUsual = value === undefined;
    const expectField = (call: () => unknown, field: string) => {
      expect(call).toThrow(expect.objectContaining({ code: 'bad-input' }));
      expect(call).toThrow(new RegExp(`^${field}: `));
    };
    expectField(() => calcInferenceBly(bad), 'tokens');
    expectField(() => calcLearningBly(bad), 'improvementPct');
    expectField(() => calcValidationBly(bad), 'tasks');
    expectField(() => calcDatasetBly(bad), 'gb');
    if (isUsual) return;
    expectField(() => calcInferenceBly(1, { quality: bad }), 'quality');
    expectField(() => calcLearningBly(1, { difficulty: bad }), 'difficulty');
    expectField(() => calcLearningBly(1, { applicability: bad }), 'applicability');
    expectField(() => calcValidationBly(1, { complexity: bad }), 'complexity');
    expectField(() => calcDatasetBly(1, { quality: bad }), 'quality');
    expectField(() => calcDatasetBly(1, { diversity: bad }), 'diversity');
  });

  it('is more than an amount can hold', () => {
    expect(() => calcInferenceBly('1e13')).toThrow(/^tokens: expected work of at most/);
    expect(`${calcInferenceBly(9_223_372_036_854)}`).toBe('9223372036.854');
  });
});

describe('caps and minimums', () => {
  it('pay one claim of data at most 10,000', () => {
    expect(`${calcDatasetBly(100_000)}`).toBe('10000');
    expect(`${calcDatasetBly(100, { quality: 1, diversity: 1 })}`).toBe('10000');
    expect(`${calcDatasetBly('99.99', { quality: 1, diversity: 1 })}`).toBe('9999');
  });

  it('raise what is worth anything, where a policy has minimums on', () => {
    const config = RewardConfig.fromText('minimum_rewards: { enabled: true }');
    expect(`${calcLearningBly('0.01', {}, config)}`).toBe('100');
    expect(`${calcLearningBly('0.01')}`).toBe('7.5');
    expect(`${calcLearningBly(0, {}, config)}`).toBe('0');
    expect(`${calcLearningBly(1, {}, config)}`).toBe('750');
    const low = RewardConfig.fromText(
      'minimum_rewards: { enabled: true }\nrates: { per_validation_task_bly: 2 }',
    );
    expect(`${calcValidationBly(7, {}, low)}`).toBe('35');
    expect(`${calcValidationBly(7, { complexity: 3 }, low)}`).toBe('42');
    expect(`${calcDatasetBly('0.01', {}, config)}`).toBe('10');
    expect(`${calcDatasetBly(1, { quality: 0 }, config)}`).toBe('0');
    const { inputs, result } = learningUnits(config.policy, { improvementPct: '0.01' }).formula;
    expect({ least: inputs.least, result }).toEqual({ least: '100', result: '100' });
  });
});

describe('any work', () => {
  // Decimals as integers of thousandths, so that a second computation needs no fractions.
  const amount = fc.bigInt({ min: 0n, max: 10n ** 9n });
  const text = (thousandths: bigint) =>
    `${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, '0')}`;
  const between = (min: number, max: number) =>
    fc.bigInt({ min: BigInt(min * 1000), max: BigInt(max * 1000) });

  it('is worth what thousandths say, rounded down once', () => {
    fc.assert(
      fc.property(amount, between(0.5, 1.5), (tokens, quality) => {
        // units = tokens/1000 · quality · 10⁹ in thousandths each: 10⁹ / (1000 · 1000 · 1000) = 1.
        const { units } = inferenceUnits(policy, { tokens: text(tokens), quality: text(quality) });
        expect(units).toBe(tokens * quality);
      }),
    );
    fc.assert(
      fc.property(
        amount,
        between(1, 3),
        between(0.8, 1.2),
        (percent, difficulty, applicability) => {
          const { units } = learningUnits(policy, {
            improvementPct: text(percent / 1000n),
            difficulty: text(difficulty),
            applicability: text(applicability),
          });
          expect(units).toBe((percent / 1000n) * difficulty * applicability * 500n);
        },
      ),
    );
    fc.assert(
      fc.property(amount, between(0, 1), between(0, 2), (gb, quality, diversity) => {
        const { units } = datasetUnits(policy, {
          gb: text(gb),
          quality: text(quality),
          diversity: text(diversity),
        });
        const exact = gb * quality * diversity * 100n;
        expect(units).toBe(exact < 10_000n * BLY ? exact : 10_000n * BLY);
      }),
    );
  });

  it('is worth the same as number, bigint and text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (tokens) => {
        const { units } = calcInferenceBly(tokens);
        expect(calcInferenceBly(BigInt(tokens)).units).toBe(units);
        expect(calcInferenceBly(String(tokens)).units).toBe(units);
      }),
    );
  });

  it('rounds down at the end, not before', () => {
    // 0.0000015 tokens are 1.5 units: 1.
    expect(calcInferenceBly('0.0000015').units).toBe(1n);
    // Rounded after each factor it would be 0: 0.000001 · 0.5 · … is below a unit half way.
    const config = RewardConfig.fromText('rates: { per_1k_tokens_bly: 0.000000001 }');
    expect(calcInferenceBly(1500, { quality: 1.4 }, config).units).toBe(2n);
  });
});
