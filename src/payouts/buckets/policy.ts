// What a policy of rewards says, as the engine reads it: amounts in base units, rates and factors as exact
// rationals, shares in parts per million, times in whole hours. `read-policy.ts` makes it of YAML and
// refuses what cannot be met; nothing here is a double that becomes money.
//   digest = SHA-256("focus-bly-policy-1\n" ‖ canonical JSON of `policyJson`)

import { sha256Hex, canonicalJson } from '../../base/canonical.js';
import { decimalOf, type Rational } from '../../ledger/amount.js';
import type { Bucket, PerBucket } from './bucket.js';
import { decimalText } from './exact-decimal.js';

/** Parts of a share: 1 is a million. */
export const PARTS = 1_000_000n;

/** The range of a multiplier, and what it is where nobody says. */
export interface MultiplierRange {
  readonly least: Rational;
  readonly most: Rational;
  readonly usual: Rational;
}

/** BLY for a unit of work. */
export interface Rates {
  readonly per1kTokens: Rational;
  readonly per1pctImprovement: Rational;
  readonly perValidationTask: Rational;
  /** A gigabyte is 10⁹ bytes. */
  readonly perGbDataset: Rational;
}

/** Every multiplier of a formula. */
export interface Multipliers {
  readonly inferenceQuality: MultiplierRange;
  readonly learningDifficulty: MultiplierRange;
  readonly learningApplicability: MultiplierRange;
  readonly validationComplexity: MultiplierRange;
  readonly datasetQuality: MultiplierRange;
  readonly datasetDiversity: MultiplierRange;
}

/** What a claim that is worth anything is at least worth, in base units; `validationTask` is a task's. */
export interface MinimumRewards {
  readonly enabled: boolean;
  readonly learningStipend: bigint;
  readonly validationTask: bigint;
  readonly datasetContrib: bigint;
}

/** How hours are settled. */
export interface Distribution {
  /** Time between settlements, a multiple of an hour; every hour between is settled for itself. */
  readonly intervalMs: number;
  /** Claims a transaction. */
  readonly maxBatchSize: number;
  /** For how long the answer to a request is kept to be given again. */
  readonly idempotencyWindowHours: number;
  /** Who is paid of a cohort that cannot be paid in full. */
  readonly order: 'pro-rata' | 'fifo';
}

/** What a claim must prove. */
export interface ValidationRules {
  readonly minImprovementPct: Rational;
  /** Of the one-sided test, in [1/2, 1). */
  readonly confidenceThreshold: Rational;
  /** Attestations that a claim needs; 0: none. */
  readonly verificationNodes: number;
  readonly challengePeriodHours: number;
  /** After so many hours a challenge that nobody decided is dismissed. */
  readonly verdictHours: number;
}

/** Limits of one claimant and one attester. */
export interface AntiGaming {
  readonly maxClaimsPerHour: number;
  readonly cooldownMinutes: number;
  /** Least number of distinct owners among attesters. */
  readonly diversityRequirement: number;
  /** Largest share of the attesting weight that one entity may have, in (0, 1]. */
  readonly maxEntityShare: Rational;
}

/** When an operator is warned. */
export interface Monitoring {
  /** Learning used less than this share of its allotment for so many hours. */
  readonly learningUtilisation: { readonly below: Rational; readonly hours: number };
  /** Base units in the queue. */
  readonly backpayAbove: bigint;
  readonly bucketEmptyHours: number;
}

/** All that a policy says. */
export interface BucketPolicy {
  /** Base units. */
  readonly totalSupply: bigint;
  /** Share of the supply that a calendar year may pay, in [0, 1]. */
  readonly annualCap: Rational;
  /** Base units a day. */
  readonly dailyBudget: bigint;
  readonly rates: Rates;
  readonly multipliers: Multipliers;
  /** Base units that one claim of data may earn. */
  readonly datasetMost: bigint;
  /** Targets, in parts per million; they sum to a million. */
  readonly split: PerBucket<bigint>;
  readonly floors: PerBucket<bigint>;
  readonly ceilings: PerBucket<bigint>;
  /** Weight of the newest hour in the average of demand, in parts per million. */
  readonly smoothing: bigint;
  readonly rollover: { readonly enabled: boolean; readonly hours: number };
  readonly backpay: {
    readonly enabled: boolean;
    readonly maxQueueHours: number;
    /** Each bucket once. */
    readonly priority: readonly Bucket[];
  };
  readonly minimumRewards: MinimumRewards;
  readonly distribution: Distribution;
  readonly validation: ValidationRules;
  readonly antiGaming: AntiGaming;
  readonly monitoring: Monitoring;
  /** SHA-256 of all of the above, 64 lower-case hex digits. */
  readonly digest: string;
}

/** A JSON value. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What a policy says without its digest. */
export type PolicyBody = Omit<BucketPolicy, 'digest'>;

/**
 * A policy as plain JSON in the keys of this interface: amounts as decimal texts of BLY, rationals and
 * shares as decimal texts, times as numbers. One text for one policy.
 */
export function policyJson(policy: PolicyBody): { readonly [key: string]: Json } {
  const share = (parts: bigint) => decimalText({ numerator: parts, denominator: PARTS });
  const shares = ({ inference, learning, validation, dataset }: PerBucket<bigint>) => ({
    inference: share(inference),
    learning: share(learning),
    validation: share(validation),
    dataset: share(dataset),
  });
  const { split, floors, ceilings, smoothing, ...plain } = policy;
  return {
    ...(jsonOf(plain) as { readonly [key: string]: Json }),
    split: shares(split),
    floors: shares(floors),
    ceilings: shares(ceilings),
    smoothing: share(smoothing),
  };
}

/** The policy with its digest. */
export function withDigest(body: PolicyBody): BucketPolicy {
  const digest = sha256Hex(`focus-bly-policy-1\n${canonicalJson(policyJson(body))}`);
  return { ...body, digest };
}

function jsonOf(value: unknown): Json {
  if (typeof value === 'bigint') return decimalOf(value);
  if (typeof value !== 'object' || value === null) return value as Json;
  if (Array.isArray(value)) return value.map(jsonOf);
  if ('numerator' in value) return decimalText(value as unknown as Rational);
  const kept = Object.entries(value).filter(([key]) => key !== 'digest');
  return Object.fromEntries(kept.map(([key, each]) => [key, jsonOf(each)]));
}
