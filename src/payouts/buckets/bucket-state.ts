// What buckets carry from hour to hour: claims that wait, in cohorts of the hour they were opened in;
// tranches of budget that was not spent; the average of demand; what the calendar year has granted. All of
// it is immutable: a settlement makes the next state and shares what it did not touch.

import type { Bucket, PerBucket } from './bucket.js';

/** Parts of the average of demand: its weights sum to this. */
export const WEIGHT_PARTS = 1_000_000_000n;

/** A claim, or what is left of it. */
export interface OpenClaim {
  /** The ledger's key of the claim. */
  readonly key: string;
  /** Account of the recipient. */
  readonly recipient: string;
  readonly bucket: Bucket;
  /** Hours since 1970 of its opening. */
  readonly hour: number;
  /** Base units that wait, above 0. */
  readonly units: bigint;
  /** Position in the log; only `fifo` uses it. */
  readonly sequence: number;
}

/** Budget that an hour left unspent. */
export interface Tranche {
  readonly hour: number;
  /** Base units, above 0. */
  readonly units: bigint;
}

/** Claims of one bucket that were opened in one hour. */
export interface Cohort {
  readonly hour: number;
  /** By rising key; never empty. */
  readonly claims: readonly OpenClaim[];
}

/** The state between two settlements. */
export interface BucketState {
  /** The hour that is settled next, since 1970. */
  readonly nextHour: number;
  /** Average of demand: integers that sum to `WEIGHT_PARTS`. */
  readonly smoothed: PerBucket<bigint>;
  /** By rising hour, at most `rollover.hours` of them. */
  readonly tranches: readonly Tranche[];
  /** Base units granted in the calendar year `year`, UTC. */
  readonly grantedInYear: bigint;
  readonly year: number;
  /** By rising hour. */
  readonly queue: PerBucket<readonly Cohort[]>;
}

/** What a claim was granted. */
export interface Grant {
  /** As it was before this hour. */
  readonly claim: OpenClaim;
  /** Base units, above 0. */
  readonly units: bigint;
  /** Base units that stay queued. */
  readonly left: bigint;
  /** A sentence for people. */
  readonly reason: string;
}

/** What a claim lost for ever. */
export interface Expiry {
  readonly claim: OpenClaim;
  readonly units: bigint;
  readonly reason: string;
}

/**
 * An hour's settlement, in base units.
 *   fresh + rolledOver = available + cut         available = Σ granted + unspent
 */
export interface Settlement {
  readonly hour: number;
  /** The hour's own budget. */
  readonly fresh: bigint;
  /** Σ of the tranches that live. */
  readonly rolledOver: bigint;
  /** What the year's cap takes away, never minted. */
  readonly cut: bigint;
  /** What may be granted. */
  readonly available: bigint;
  /** What is claimed: opened and queued. */
  readonly demand: PerBucket<bigint>;
  /** Shares of what is available; they sum to it. */
  readonly allotted: PerBucket<bigint>;
  readonly granted: PerBucket<bigint>;
  /** Received beyond the allotment. */
  readonly lent: PerBucket<bigint>;
  /** By bucket, cohort and key. */
  readonly grants: readonly Grant[];
  /** By bucket, cohort and key. */
  readonly expiries: readonly Expiry[];
  /** What was not granted: in tranches now, or returned. */
  readonly unspent: bigint;
  /** Units whose tranche died with this hour or before it, never minted. */
  readonly returned: bigint;
  readonly next: BucketState;
}
