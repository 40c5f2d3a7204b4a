// Policies and claims for tests of the buckets: the packaged policy, changed by a piece of YAML, and claims
// by a short hand.

import { RewardConfig } from '../../../src/payouts/buckets/config.js';
import { BUCKETS, type Bucket, type PerBucket } from '../../../src/payouts/buckets/bucket.js';
import type { OpenClaim } from '../../../src/payouts/buckets/bucket-state.js';
import type { BucketPolicy } from '../../../src/payouts/buckets/policy.js';

/** Base units of a BLY. */
export const BLY = 1_000_000_000n;
/** Base units of an hour's budget of the packaged policy: 273,972 / 24 = 11,415.5 BLY. */
export const HOUR_UNITS = 11_415_500_000_000n;

/** The packaged policy, changed by YAML. */
export function policyWith(yaml = ''): BucketPolicy {
  return RewardConfig.fromText(yaml).policy;
}

/** Hours since 1970 of the first hour of a day, UTC. */
export function hourOf(year: number, month = 1, day = 1): number {
  return Date.UTC(year, month - 1, day) / 3_600_000;
}

/** A claim; its key is made of what it is, unless given. */
export function claim(
  bucket: Bucket,
  hour: number,
  units: bigint,
  { key = `${bucket}-${hour}-${units}`, sequence = 0, recipient = `wallet:${key}` } = {},
): OpenClaim {
  return { key, recipient, bucket, hour, units, sequence };
}

/** Σ over the buckets. */
export function total(values: PerBucket<bigint>): bigint {
  return BUCKETS.reduce((sum, bucket) => sum + values[bucket], 0n);
}
