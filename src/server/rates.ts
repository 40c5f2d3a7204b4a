// The rates of a policy under the names that its file gives them.

import type { Bucket, PerBucket } from '../payouts/buckets/bucket.js';
import type { RewardConfig } from '../payouts/buckets/config.js';
import { numberOf } from './figures.js';

/** A rate: its name and its BLY for a unit of work. */
export interface NamedRate {
  readonly name: string;
  readonly bly: number;
}

/** The rate of each bucket. */
export function rateNames({ policy: { rates } }: RewardConfig): PerBucket<NamedRate> {
  return {
    inference: { name: 'per_1k_tokens_bly', bly: numberOf(rates.per1kTokens) },
    learning: { name: 'per_1pct_improvement_bly', bly: numberOf(rates.per1pctImprovement) },
    validation: { name: 'per_validation_task_bly', bly: numberOf(rates.perValidationTask) },
    dataset: { name: 'per_gb_dataset_bly', bly: numberOf(rates.perGbDataset) },
  };
}

/** Which bucket a rate is of, for labels. */
export function rateList(
  config: RewardConfig,
): readonly (NamedRate & { readonly bucket: Bucket })[] {
  return Object.entries(rateNames(config)).map(([bucket, rate]) => ({
    bucket: bucket as Bucket,
    ...rate,
  }));
}
