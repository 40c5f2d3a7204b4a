// A policy of rewards from YAML. Every key has one reader here, in the order of the file; a key unknown, a
// number that is none, a split that does not sum to 1, floors or ceilings that cannot be met are refused with
// file, line and reason. A file states what it changes; the rest is read from the policy before it.

import { decimalOf } from '../../ledger/amount.js';
import { BUCKETS, sumOf } from './bucket.js';
import { decimalText } from './exact-decimal.js';
import { PARTS, withDigest, type BucketPolicy } from './policy.js';
import {
  amount,
  confidence,
  days,
  factor,
  hours,
  integer,
  interval,
  MOST_HOURS,
  parts,
  positiveShare,
  priority,
  range,
  rate,
  share,
  shares,
} from './policy-values.js';
import {
  isEmpty,
  keysOf,
  placeOf,
  refuse,
  states,
  truth,
  word,
  yamlRoot,
  type Place,
} from './yaml-place.js';

/** The file, in its own keys. */
const FILE = keysOf({
  total_supply: amount(1n),
  annual_inflation_cap: share,
  daily_budget_bly: amount(1n),
  rates: keysOf({
    per_1k_tokens_bly: rate,
    per_1pct_improvement_bly: rate,
    per_validation_task_bly: rate,
    per_gb_dataset_bly: rate,
  }),
  multipliers: keysOf({
    inference_quality: range,
    learning_difficulty: range,
    learning_applicability: range,
    validation_complexity: range,
    dataset_quality: range,
    dataset_diversity: range,
  }),
  dataset_most_bly: amount(1n),
  bucket_split: shares,
  bucket_floor_pct: shares,
  bucket_ceiling_pct: shares,
  rebalancing: keysOf({ smoothing: parts }),
  rollover: keysOf({ enabled: truth, hours }),
  backpay: keysOf({ enabled: truth, max_queue_days: days, priority }),
  minimum_rewards: keysOf({
    enabled: truth,
    learning_stipend: amount(0n),
    validation_task: amount(0n),
    dataset_contrib: amount(0n),
  }),
  distribution: keysOf({
    interval_seconds: interval,
    // A transaction of the ledger holds 1,000 effects, and a claim has two.
    max_batch_size: integer(1, 500),
    idempotency_window_hours: integer(48, MOST_HOURS),
    order: word(['pro-rata', 'fifo'] as const),
  }),
  validation: keysOf({
    min_improvement_pct: factor,
    confidence_threshold: confidence,
    verification_nodes: integer(0, 1000),
    challenge_period_hours: integer(0, MOST_HOURS),
    verdict_hours: hours,
  }),
  anti_gaming: keysOf({
    max_claims_per_hour: integer(1, 1_000_000_000),
    cooldown_minutes: integer(0, 60 * MOST_HOURS),
    diversity_requirement: integer(0, 1000),
    max_entity_share: positiveShare,
  }),
  monitoring: keysOf({
    learning_utilisation: keysOf({ below: share, hours }),
    backpay_above_bly: amount(0n),
    bucket_empty_hours: hours,
  }),
});

type PolicyFile = ReturnType<typeof FILE>;

/**
 * Reads a policy. `name` is the file, for errors; keys that `text` leaves out are read from `base`, the text
 * of a complete policy. Throws `bad-input` with file, line, key and reason.
 */
export function readPolicy(text: string, name: string, base: string | null = null): BucketPolicy {
  const fallback = base === null ? null : yamlRoot(base, 'the packaged policy');
  const root = yamlRoot(text, name, fallback);
  const file = FILE(isEmpty(root) && fallback !== null ? fallback : root);
  checkShares(root, file);
  if (file.daily_budget_bly > file.total_supply) {
    const most = decimalOf(file.total_supply);
    refuse(placeOf(root, 'daily_budget_bly'), `expected at most the supply, ${most} BLY`);
  }
  return policyOf(file);
}

/** Refuses shares that no hour could meet. */
function checkShares(root: Place, file: PolicyFile): void {
  const { bucket_split: split, bucket_floor_pct: floors, bucket_ceiling_pct: ceilings } = file;
  const text = (part: bigint) => decimalText({ numerator: part, denominator: PARTS });
  const refuseAt = (path: string, reason: string): never => refuse(placeOf(root, path), reason);
  if (sumOf(split) !== PARTS) {
    refuseAt('bucket_split', `expected shares that sum to 1, found a sum of ${text(sumOf(split))}`);
  }
  if (sumOf(floors) > PARTS) {
    const found = text(sumOf(floors));
    refuseAt('bucket_floor_pct', `no budget meets floors that sum to more than 1: ${found}`);
  }
  if (sumOf(ceilings) < PARTS) {
    const found = text(sumOf(ceilings));
    refuseAt(
      'bucket_ceiling_pct',
      `no budget fits under ceilings that sum to less than 1: ${found}`,
    );
  }
  for (const bucket of BUCKETS) {
    const [floor, target, ceiling] = [floors[bucket], split[bucket], ceilings[bucket]];
    // The place is the one that this file states.
    const at = (key: string) => `${states(root, key) ? key : 'bucket_split'}.${bucket}`;
    if (floor > target) {
      const found = `floor ${text(floor)}, split ${text(target)}`;
      refuseAt(at('bucket_floor_pct'), `expected a floor of at most the split, found ${found}`);
    }
    if (target > ceiling) {
      const found = `split ${text(target)}, ceiling ${text(ceiling)}`;
      refuseAt(
        at('bucket_ceiling_pct'),
        `expected a ceiling of at least the split, found ${found}`,
      );
    }
  }
}

function policyOf(file: PolicyFile): BucketPolicy {
  const { rates, multipliers, backpay, minimum_rewards, distribution } = file;
  const { validation, anti_gaming, monitoring } = file;
  return withDigest({
    totalSupply: file.total_supply,
    annualCap: file.annual_inflation_cap,
    dailyBudget: file.daily_budget_bly,
    rates: {
      per1kTokens: rates.per_1k_tokens_bly,
      per1pctImprovement: rates.per_1pct_improvement_bly,
      perValidationTask: rates.per_validation_task_bly,
      perGbDataset: rates.per_gb_dataset_bly,
    },
    multipliers: {
      inferenceQuality: multipliers.inference_quality,
      learningDifficulty: multipliers.learning_difficulty,
      learningApplicability: multipliers.learning_applicability,
      validationComplexity: multipliers.validation_complexity,
      datasetQuality: multipliers.dataset_quality,
      datasetDiversity: multipliers.dataset_diversity,
    },
    datasetMost: file.dataset_most_bly,
    split: file.bucket_split,
    floors: file.bucket_floor_pct,
    ceilings: file.bucket_ceiling_pct,
    smoothing: file.rebalancing.smoothing,
    rollover: file.rollover,
    backpay: {
      enabled: backpay.enabled,
      maxQueueHours: backpay.max_queue_days,
      priority: backpay.priority,
    },
    minimumRewards: {
      enabled: minimum_rewards.enabled,
      learningStipend: minimum_rewards.learning_stipend,
      validationTask: minimum_rewards.validation_task,
      datasetContrib: minimum_rewards.dataset_contrib,
    },
    distribution: {
      intervalMs: distribution.interval_seconds,
      maxBatchSize: distribution.max_batch_size,
      idempotencyWindowHours: distribution.idempotency_window_hours,
      order: distribution.order,
    },
    validation: {
      minImprovementPct: validation.min_improvement_pct,
      confidenceThreshold: validation.confidence_threshold,
      verificationNodes: validation.verification_nodes,
      challengePeriodHours: validation.challenge_period_hours,
      verdictHours: validation.verdict_hours,
    },
    antiGaming: {
      maxClaimsPerHour: anti_gaming.max_claims_per_hour,
      cooldownMinutes: anti_gaming.cooldown_minutes,
      diversityRequirement: anti_gaming.diversity_requirement,
      maxEntityShare: anti_gaming.max_entity_share,
    },
    monitoring: {
      learningUtilisation: monitoring.learning_utilisation,
      backpayAbove: monitoring.backpay_above_bly,
      bucketEmptyHours: monitoring.bucket_empty_hours,
    },
  });
}
