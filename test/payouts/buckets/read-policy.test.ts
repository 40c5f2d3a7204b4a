// Policies from YAML: what is read, and what is refused with file, line, key and reason.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RewardConfig } from '../../../src/payouts/buckets/config.js';
import { readPolicy } from '../../../src/payouts/buckets/read-policy.js';
import { BLY, policyWith } from './policies.js';

const packaged = policyWith();
const rational = (numerator: bigint, denominator = 1n) => ({ numerator, denominator });

describe('the packaged policy', () => {
  it('is what the documentation of the rewards says', () => {
    expect(packaged).toMatchObject({
      totalSupply: 1_000_000_000n * BLY,
      annualCap: rational(1n, 10n),
      dailyBudget: 273_972n * BLY,
      rates: {
        per1kTokens: rational(1n),
        per1pctImprovement: rational(500n),
        perValidationTask: rational(10n),
        perGbDataset: rational(100n),
      },
      datasetMost: 10_000n * BLY,
      split: { inference: 450_000n, learning: 350_000n, validation: 100_000n, dataset: 100_000n },
      floors: { inference: 300_000n, learning: 250_000n, validation: 50_000n, dataset: 50_000n },
      ceilings: {
        inference: 600_000n,
        learning: 500_000n,
        validation: 150_000n,
        dataset: 150_000n,
      },
      rollover: { enabled: true, hours: 24 },
      backpay: {
        enabled: true,
        maxQueueHours: 168,
        priority: ['learning', 'validation', 'dataset', 'inference'],
      },
      minimumRewards: {
        enabled: false,
        learningStipend: 100n * BLY,
        validationTask: 5n * BLY,
        datasetContrib: 10n * BLY,
      },
      distribution: { intervalMs: 3_600_000, idempotencyWindowHours: 48, order: 'pro-rata' },
      validation: {
        minImprovementPct: rational(1n, 10n),
        confidenceThreshold: rational(19n, 20n),
        verificationNodes: 3,
        challengePeriodHours: 24,
      },
      antiGaming: { maxClaimsPerHour: 10, cooldownMinutes: 0 },
      monitoring: {
        learningUtilisation: { below: rational(3n, 20n), hours: 3 },
        backpayAbove: 100_000n * BLY,
        bucketEmptyHours: 6,
      },
    });
    expect(packaged.multipliers).toEqual({
      inferenceQuality: { least: rational(1n, 2n), most: rational(3n, 2n), usual: rational(1n) },
      learningDifficulty: { least: rational(1n), most: rational(3n), usual: rational(3n, 2n) },
      learningApplicability: {
        least: rational(4n, 5n),
        most: rational(6n, 5n),
        usual: rational(1n),
      },
      validationComplexity: { least: rational(1n), most: rational(3n), usual: rational(1n) },
      datasetQuality: { least: rational(0n), most: rational(1n), usual: rational(9n, 10n) },
      datasetDiversity: { least: rational(0n), most: rational(2n), usual: rational(1n) },
    });
  });
});

describe('a policy file', () => {
  it('states what it changes; the rest is as packaged', () => {
    const { digest, rates, ...rest } = policyWith(
      'rates:\n  per_1k_tokens_bly: 1.0\n  per_gb_dataset_bly: 1_2.5_0e-1 # with underscores\n',
    );
    expect(rates).toEqual({ ...packaged.rates, perGbDataset: rational(5n, 4n) });
    const { digest: before, rates: unchanged, ...others } = packaged;
    expect(unchanged.perGbDataset).toEqual(rational(100n));
    expect(rest).toEqual(others);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digest).not.toBe(before);
  });

  it('has the digest of what it says, not of how it is written', () => {
    const same = 'daily_budget_bly:   2.73972e5   # the same\nrollover: { hours: 24 }';
    expect(policyWith(same).digest).toBe(packaged.digest);
    for (const empty of ['', '# nothing', '---\n', '{}']) {
      expect(policyWith(empty).digest).toBe(packaged.digest);
    }
    expect(policyWith('daily_budget_bly: 273_973').digest).not.toBe(packaged.digest);
  });

  it('reads 1_000_000_000 as a number, like YAML 1.1', () => {
    expect(policyWith('total_supply: 2_000_000_000').totalSupply).toBe(2_000_000_000n * BLY);
  });

  it('is read by its path, and refused by its name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'policy-'));
    try {
      const path = join(folder, 'reward_policy.yaml');
      writeFileSync(path, 'rates: { per_1k_tokens_bly: 2 }\n');
      expect(`${RewardConfig.fromYaml(path).per1kTokensBly}`).toBe('2');
      writeFileSync(path, '\nrates: { per_1k_tokens: 2 }\n');
      expect(() => RewardConfig.fromYaml(path)).toThrow(
        `${path}:2: rates: unknown key "per_1k_tokens"`,
      );
      expect(() => RewardConfig.fromYaml(join(folder, 'none.yaml'))).toThrow(/^policy: ENOENT/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('without another behind it must state every key', () => {
    expect(() => readPolicy('total_supply: 1', 'p.yaml')).toThrow(
      'p.yaml:1: expected the key annual_inflation_cap, found none',
    );
    expect(() => readPolicy('', 'p.yaml')).toThrow(/^p\.yaml:1: expected the keys total_supply/);
  });
});

describe('a wrong policy is refused with line and reason:', () => {
  const buckets = (inference: string, learning: string, validation: string, dataset: string) =>
    `{ inference: ${inference}, learning: ${learning}, validation: ${validation}, dataset: ${dataset} }`;
  const wrong: readonly (readonly [string, string, string])[] = [
    ['an unknown key', '\n\nbudget: 5', ':3: unknown key "budget"; expected one of total_supply'],
    ['an unknown key inside', 'rollover:\n  hours: 3\n  max: 2', ':3: rollover: unknown key "max"'],
    [
      'a key twice',
      'rates:\n  per_1k_tokens_bly: 1\n  per_1k_tokens_bly: 2',
      ':3: Map keys must be',
    ],
    ['no YAML', 'rates: [', ':1: '],
    ['two documents', 'total_supply: 5\n---\ntotal_supply: 6', ':2: Source contains multiple'],
    ['a tag', 'total_supply: !big 5', ':1: Unresolved tag'],
    [
      'an alias',
      'rates: &a { per_1k_tokens_bly: 1 }\nrollover: *a',
      ':2: rollover: expected the keys',
    ],
    ['a list', '- 1', ':1: expected the keys total_supply'],
    ['a text for a map', 'rates: free', ':1: rates: expected the keys per_1k_tokens_bly'],
    ['nothing', 'rates:\n  per_1k_tokens_bly:', ':2: rates.per_1k_tokens_bly: expected a decimal'],
    ['a text', 'total_supply: many', ':1: total_supply: expected a decimal number, found "many"'],
    ['a quoted number', 'total_supply: "5"', ':1: total_supply: expected a decimal number'],
    ['NaN', '\ntotal_supply: .nan', ':2: total_supply: expected a decimal number, found ".nan"'],
    ['infinity', 'daily_budget_bly: .inf', ':1: daily_budget_bly: expected a decimal number'],
    ['hexadecimal', 'total_supply: 0x10', ':1: total_supply: expected a decimal number'],
    ['octal of YAML 1.1', 'total_supply: 0100', ':1: total_supply: expected a decimal number'],
    ['a loose underscore', 'total_supply: 1__0', ':1: total_supply: expected a decimal number'],
    [
      'a negative rate',
      'rates: { per_1k_tokens_bly: -1 }',
      'per_1k_tokens_bly: expected BLY, 0 to',
    ],
    ['a huge rate', 'rates: { per_1k_tokens_bly: 1e40 }', ':1: rates.per_1k_tokens_bly: expected'],
    [
      'a large rate',
      'rates: { per_1k_tokens_bly: 1e9_1 }',
      ':1: rates.per_1k_tokens_bly: expected',
    ],
    ['a rate above 10⁹', 'rates: { per_1k_tokens_bly: 1000000001 }', 'expected at most 10^9 BLY'],
    ['a rate of no unit', 'rates: { per_1k_tokens_bly: 1e-10 }', 'expected at most 9 decimals'],
    ['no supply', 'total_supply: 0', ':1: total_supply: expected BLY, more than 0'],
    ['more than 2⁶³', 'total_supply: 9223372036.854775808', ':1: total_supply: expected BLY'],
    [
      'a budget above the supply',
      '\ndaily_budget_bly: 2e9',
      ':2: daily_budget_bly: expected at most',
    ],
    [
      'a cap above 1',
      'annual_inflation_cap: 1.1',
      ':1: annual_inflation_cap: expected a number from 0',
    ],
    [
      'a range upside down',
      'multipliers:\n  dataset_quality: { least: 1, most: 0.5 }',
      ':2: multipliers.dataset_quality: expected least ≤ usual ≤ most, found 1, 0.9, 0.5',
    ],
    [
      'a split that does not sum to 1',
      `\nbucket_split: ${buckets('0.45', '0.35', '0.1', '0.11')}`,
      ':2: bucket_split: expected shares that sum to 1, found a sum of 1.01',
    ],
    [
      'a split of less than 1',
      `bucket_split: ${buckets('0.45', '0.35', '0.1', '0.09')}`,
      'found a sum of 0.99',
    ],
    [
      'half a split',
      'bucket_split: { inference: 1 }',
      ':1: bucket_split: expected the key learning, found none',
    ],
    [
      'a split beyond millionths',
      `bucket_split: ${buckets('0.4500001', '0.3499999', '0.1', '0.1')}`,
      ':1: bucket_split.inference: expected at most 6 decimals, found 0.4500001',
    ],
    [
      'floors that sum to more than 1',
      `bucket_floor_pct: ${buckets('0.45', '0.35', '0.1', '0.11')}`,
      ':1: bucket_floor_pct: no budget meets floors that sum to more than 1: 1.01',
    ],
    [
      'ceilings that sum to less than 1',
      `bucket_ceiling_pct: ${buckets('0.45', '0.35', '0.1', '0.09')}`,
      ':1: bucket_ceiling_pct: no budget fits under ceilings that sum to less than 1: 0.99',
    ],
    [
      'a floor above its split',
      `bucket_floor_pct:\n  inference: 0.3\n  learning: 0.36\n  validation: 0.05\n  dataset: 0.05`,
      ':3: bucket_floor_pct.learning: expected a floor of at most the split, found floor 0.36, split',
    ],
    [
      'a split above a ceiling that another file states',
      `\nbucket_split: ${buckets('0.4', '0.3', '0.2', '0.1')}`,
      ':2: bucket_split.validation: expected a ceiling of at least the split, found split 0.2',
    ],
    [
      'a share above 1',
      'rebalancing: { smoothing: 1.5 }',
      'smoothing: expected a number from 0 to 1',
    ],
    [
      'a word for a truth',
      'rollover: { enabled: yes }',
      'enabled: expected true or false, found "yes"',
    ],
    ['half an hour', 'rollover: { hours: 0.5 }', 'hours: expected a whole number from 1 to 8784'],
    ['no hours', 'rollover: { hours: 0 }', 'hours: expected a whole number from 1 to 8784'],
    ['a third of an hour', 'backpay: { max_queue_days: 0.01 }', 'expected days of whole hours'],
    [
      'an age too high',
      'backpay: { max_queue_days: 1000 }',
      'expected days of whole hours, up to 366',
    ],
    [
      'a bucket twice in the order',
      'backpay:\n  priority: [learning, learning, dataset, inference]',
      ':2: backpay.priority: expected each of inference, learning, validation, dataset once',
    ],
    ['an unknown bucket', 'backpay: { priority: [gpu] }', 'priority[0]: expected inference or'],
    ['a broken hour', 'distribution: { interval_seconds: 5400 }', 'expected a multiple of 3600'],
    ['a short window', 'distribution: { idempotency_window_hours: 47 }', 'whole number from 48'],
    ['a large batch', 'distribution: { max_batch_size: 501 }', 'whole number from 1 to 500'],
    [
      'an unknown order',
      'distribution: { order: lifo }',
      'expected pro-rata or fifo, found "lifo"',
    ],
    ['a certain test', 'validation: { confidence_threshold: 1 }', 'from 0.5 to below 1, found 1'],
    ['no entity', 'anti_gaming: { max_entity_share: 0 }', 'expected a number above 0, up to 1'],
    ['a mebibyte', `# ${'x'.repeat(1 << 20)}`, 'expected at most a mebibyte'],
  ];

  it.each(wrong)('%s', (_, yaml, message) => {
    const read = () => RewardConfig.fromText(yaml, 'p.yaml');
    expect(read).toThrow(message);
    expect(read).toThrow(/^p\.yaml:/);
    expect(read).toThrow(
      expect.objectContaining({ code: yaml.length > 1 << 20 ? 'too-large' : 'bad-input' }),
    );
  });
});
