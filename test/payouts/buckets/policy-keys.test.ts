// No key without a reader: every key of the packaged policy is changed, one at a time, and a result must
// change with it. Keys that only other modules read are listed with the code that must read them.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import type { Bucket } from '../../../src/payouts/buckets/bucket.js';
import type { BucketState, Settlement } from '../../../src/payouts/buckets/bucket-state.js';
import { RewardConfig } from '../../../src/payouts/buckets/config.js';
import {
  datasetUnits,
  inferenceUnits,
  learningUnits,
  validationUnits,
} from '../../../src/payouts/buckets/formulas.js';
import type { BucketPolicy } from '../../../src/payouts/buckets/policy.js';
import { settleHour, startState } from '../../../src/payouts/buckets/settle-hour.js';
import { BLY, claim, hourOf } from './policies.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const packaged = readFileSync(join(root, 'datasets/reward_policy.yaml'), 'utf8');
const H = hourOf(2026);

/** A result, as text, that depends on a key. */
type Probe = (policy: BucketPolicy) => unknown;

interface KeyTest {
  /** What the key is changed to, as YAML; with companions where a policy needs them. */
  readonly to: string;
  readonly also?: Readonly<Record<string, string>>;
  /** Set before and after. */
  readonly given?: Readonly<Record<string, string>>;
  readonly probe: Probe;
}

/** The settlement of the last of some hours, each with claims in one bucket. */
function after(policy: BucketPolicy, hours: readonly (Bucket | null)[], granted = 0n): Settlement {
  let state: BucketState = { ...startState(policy, H), grantedInYear: granted };
  let last: Settlement | undefined;
  hours.forEach((bucket, i) => {
    const opened = bucket === null ? [] : [claim(bucket, H + i, 20_000n * BLY)];
    last = settleHour(policy, state, opened);
    state = last.next;
  });
  return last as Settlement;
}

const quality = (work: 'least' | 'most' | 'usual') =>
  ({ least: '0', most: '1000000', usual: undefined })[work];
const rangeOf = (key: string, probe: (given: string | undefined) => Probe) =>
  (['least', 'most', 'usual'] as const).map((end): readonly [string, KeyTest] => [
    `multipliers.${key}.${end}`,
    { to: end === 'least' ? '0.85' : end === 'most' ? '2.75' : '0.95', probe: probe(quality(end)) },
  ]);
const full = '{ least: 0.5, most: 5, usual: 1 }';
const targets =
  (bucket: Bucket): Probe =>
  (policy) =>
    after(policy, [null]).allotted[bucket];
const other = (bucket: Bucket): Bucket => (bucket === 'inference' ? 'learning' : 'inference');
const minimum = { 'minimum_rewards.enabled': 'true' };

const READ_HERE: Readonly<Record<string, KeyTest>> = {
  total_supply: { to: '500_000_000', probe: (p) => after(p, [null], 99_999_999n * BLY).available },
  annual_inflation_cap: {
    to: '0.05',
    probe: (p) => after(p, [null], 99_999_999n * BLY).available,
  },
  daily_budget_bly: { to: '240_000', probe: (p) => after(p, [null]).available },
  'rates.per_1k_tokens_bly': { to: '2', probe: (p) => inferenceUnits(p, { tokens: 5 }).units },
  'rates.per_1pct_improvement_bly': {
    to: '2',
    probe: (p) => learningUnits(p, { improvementPct: 5 }).units,
  },
  'rates.per_validation_task_bly': {
    to: '2',
    probe: (p) => validationUnits(p, { tasks: 5 }).units,
  },
  'rates.per_gb_dataset_bly': { to: '2', probe: (p) => datasetUnits(p, { gb: 5 }).units },
  dataset_most_bly: { to: '5', probe: (p) => datasetUnits(p, { gb: 1000 }).units },
  ...Object.fromEntries([
    ...rangeOf('inference_quality', (given) => (p) => {
      return inferenceUnits(p, { tokens: 9, quality: given }).units;
    }),
    ...rangeOf('learning_difficulty', (given) => (p) => {
      return learningUnits(p, { improvementPct: 9, difficulty: given }).units;
    }),
    ...rangeOf('learning_applicability', (given) => (p) => {
      return learningUnits(p, { improvementPct: 9, applicability: given }).units;
    }),
    ...rangeOf('validation_complexity', (given) => (p) => {
      return validationUnits(p, { tasks: 9, complexity: given }).units;
    }),
    ...rangeOf('dataset_quality', (given) => (p) => {
      return datasetUnits(p, { gb: 9, quality: given }).units;
    }),
    ...rangeOf('dataset_diversity', (given) => (p) => {
      return datasetUnits(p, { gb: 9, diversity: given }).units;
    }),
  ]),
  ...Object.fromEntries(
    Object.entries({
      inference: '0.44',
      learning: '0.34',
      validation: '0.09',
      dataset: '0.09',
    }).flatMap(([name, to]): [string, KeyTest][] => {
      const bucket = name as Bucket;
      const more = { inference: '0.46', learning: '0.36', validation: '', dataset: '' };
      const also = { [`bucket_split.${other(bucket)}`]: more[other(bucket)] };
      const given = { 'rebalancing.smoothing': '1' };
      return [
        [`bucket_split.${bucket}`, { to, also, probe: targets(bucket) }],
        [
          `bucket_floor_pct.${bucket}`,
          { to: '0.04', given, probe: (p) => after(p, [other(bucket)]).allotted[bucket] },
        ],
        [
          `bucket_ceiling_pct.${bucket}`,
          { to: '0.58', given, probe: (p) => after(p, [bucket]).allotted[bucket] },
        ],
      ];
    }),
  ),
  'rebalancing.smoothing': { to: '0.5', probe: (p) => after(p, ['dataset']).next.smoothed },
  'rollover.enabled': { to: 'false', probe: (p) => after(p, [null, null]).available },
  'rollover.hours': { to: '1', probe: (p) => after(p, [null, null, null]).available },
  'backpay.enabled': { to: 'false', probe: (p) => after(p, ['dataset']).next.queue },
  'backpay.max_queue_days': {
    to: '0.125',
    probe: (p) => after(p, ['dataset', null, null, null]).expiries.length,
  },
  'backpay.priority': {
    to: '[inference, dataset, validation, learning]',
    probe: (p) => {
      const opened = (['inference', 'learning'] as const).map((b) => claim(b, H, 20_000n * BLY));
      return settleHour({ ...p, smoothing: 0n }, startState(p, H), opened).granted;
    },
  },
  'minimum_rewards.enabled': {
    to: 'true',
    probe: (p) => learningUnits(p, { improvementPct: '0.001' }).units,
  },
  'minimum_rewards.learning_stipend': {
    to: '50',
    given: minimum,
    probe: (p) => learningUnits(p, { improvementPct: '0.001' }).units,
  },
  'minimum_rewards.validation_task': {
    to: '50',
    given: minimum,
    probe: (p) => validationUnits(p, { tasks: 1 }).units,
  },
  'minimum_rewards.dataset_contrib': {
    to: '50',
    given: minimum,
    probe: (p) => datasetUnits(p, { gb: '0.001' }).units,
  },
  'distribution.order': {
    to: 'fifo',
    probe: (p) => {
      const opened = [1, 2].map((sequence) =>
        claim('dataset', H, 20_000n * BLY, { key: `k${sequence}`, sequence }),
      );
      return settleHour(p, startState(p, H), opened).grants.map(({ units }) => units);
    },
  },
};

/** Keys that the core carries for others: the property, and the part of src that must read it. */
const READ_ELSEWHERE: Readonly<Record<string, readonly [string, string]>> = {
  'distribution.interval_seconds': ['intervalMs', 'src/payouts/buckets/distributor.ts'],
  'distribution.max_batch_size': ['maxBatchSize', 'src/payouts/buckets/distributor.ts'],
  'distribution.idempotency_window_hours': [
    'idempotencyWindowHours',
    'src/payouts/buckets/distributor.ts',
  ],
  'validation.min_improvement_pct': ['minImprovementPct', 'src/payouts/buckets/claims'],
  'validation.confidence_threshold': ['confidenceThreshold', 'src/payouts/buckets/claims'],
  'validation.verification_nodes': ['verificationNodes', 'src/payouts/buckets/claims'],
  'validation.challenge_period_hours': [
    'challengePeriodHours',
    'src/payouts/buckets/distributor.ts',
  ],
  'validation.verdict_hours': ['verdictHours', 'src/payouts/buckets/distributor.ts'],
  'anti_gaming.max_claims_per_hour': ['maxClaimsPerHour', 'src/payouts/buckets/claims'],
  'anti_gaming.cooldown_minutes': ['cooldownMinutes', 'src/payouts/buckets/claims'],
  'anti_gaming.diversity_requirement': ['diversityRequirement', 'src/payouts/buckets/claims'],
  'anti_gaming.max_entity_share': ['maxEntityShare', 'src/payouts/buckets/claims'],
  'monitoring.learning_utilisation.below': ['learningUtilisation', 'src/server'],
  'monitoring.learning_utilisation.hours': ['learningUtilisation', 'src/server'],
  'monitoring.backpay_above_bly': ['backpayAbove', 'src/server'],
  'monitoring.bucket_empty_hours': ['bucketEmptyHours', 'src/server'],
};

/** What each of those is changed to, for the digest. */
const ANOTHER: Readonly<Record<string, string>> = {
  'distribution.interval_seconds': '7200',
  'distribution.idempotency_window_hours': '72',
  'validation.confidence_threshold': '0.99',
  'anti_gaming.max_entity_share': '0.25',
  'monitoring.learning_utilisation.below': '0.25',
};

function leavesOf(node: Node | null, path: readonly string[] = []): string[] {
  if (!isMap(node) || isSeq(node)) return [path.join('.')];
  return node.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : '';
    return leavesOf(value as Node | null, [...path, name]);
  });
}

/** The packaged policy with some keys set. */
function changed(values: Readonly<Record<string, string>>): BucketPolicy {
  const document = parseDocument(packaged);
  for (const [path, yaml] of Object.entries(values)) {
    const keys = path.split('.');
    expect(document.hasIn(keys), path).toBe(true);
    document.setIn(keys, parseDocument(yaml).contents);
  }
  return RewardConfig.fromText(String(document)).policy;
}

const shown = (value: unknown) =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));

describe('every key of the policy', () => {
  const leaves = leavesOf(parseDocument(packaged).contents as Node);

  it('is tested here', () => {
    const tested = [...Object.keys(READ_HERE), ...Object.keys(READ_ELSEWHERE)];
    expect([...tested].sort()).toEqual([...leaves].sort());
    expect(new Set(tested).size).toBe(tested.length);
  });

  it.each(Object.entries(READ_HERE))('%s changes what it is said to change', (key, test) => {
    // Two multipliers have a range that their changed end would leave: all get a wide one.
    const wide = key.startsWith('multipliers.') ? { [key.split('.', 2).join('.')]: full } : {};
    const given = { ...wide, ...test.given };
    const before = changed(given);
    const later = changed({ ...given, ...test.also, [key]: test.to });
    expect(shown(test.probe(later))).not.toBe(shown(test.probe(before)));
    expect(later.digest).not.toBe(before.digest);
  });

  it.each(Object.keys(READ_ELSEWHERE))('%s changes the digest', (key) => {
    expect(changed({ [key]: ANOTHER[key] ?? '7' }).digest).not.toBe(changed({}).digest);
  });

  const entries = Object.entries(READ_ELSEWHERE);
  it.each(entries)('%s is read where it belongs', (_, [property, place]) => {
    // A module that this build does not hold cannot read; its folder brings the check with it.
    if (!existsSync(join(root, place))) return;
    const reading = sourceFiles('src').filter((file) =>
      new RegExp(`\\b${property}\\b`).test(readFileSync(join(root, file), 'utf8')),
    );
    expect(reading, property).not.toEqual([]);
  });
});

/** Source files but those that make a policy. */
function sourceFiles(folder: string): string[] {
  const makers = ['policy.ts', 'read-policy.ts', 'policy-values.ts'];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !makers.some((name) => file.endsWith(`/${name}`)))
    .map((file) => join(folder, file));
}
