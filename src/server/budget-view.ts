// The buckets as they stand, for people who ask: what the last hour was given and used, what this hour can
// still take, what waits. Read from the distributor's state; the exact sums are the ledger's.
//   available_b ≈ ceiling_b · (fresh + live tranches) − queued_b − claimed_b, not below 0

import { hourBudget, larger, yearBudget, yearOf } from '../payouts/buckets/budget.js';
import { perBucket, type Bucket, type PerBucket } from '../payouts/buckets/bucket.js';
import type { BucketState } from '../payouts/buckets/bucket-state.js';
import type { AutomaticRewardDistributor } from '../payouts/buckets/distributor.js';
import type { SettlementEvent } from '../payouts/buckets/events.js';
import type { HourNumbers } from '../payouts/buckets/plan.js';
import { PARTS } from '../payouts/buckets/policy.js';
import { startState } from '../payouts/buckets/settle-hour.js';

/** Units and claims of a queue. */
export interface Waiting {
  readonly units: bigint;
  readonly claims: number;
}

/** An hour that was settled. */
export interface ViewedHour {
  readonly hour: number;
  readonly numbers: HourNumbers;
}

/** What can be said of an hour before its claims are known. */
export interface HourOutlook {
  readonly hour: number;
  readonly fresh: bigint;
  readonly rolledOver: bigint;
  readonly state: BucketState;
  readonly queued: PerBucket<Waiting>;
  /** Ceiling's share of the budget less the queue; may be below 0. */
  readonly room: PerBucket<bigint>;
  readonly year: number;
  readonly grantedInYear: bigint;
  readonly yearCap: bigint;
}

/** Views of one distributor. */
export class BudgetView {
  #outlook: { readonly of: BucketState | null; readonly outlook: HourOutlook } | null = null;
  readonly #numbers = new WeakMap<SettlementEvent, ViewedHour>();

  constructor(readonly distributor: AutomaticRewardDistributor) {}

  /** Base units that a bucket can still take this hour, an estimate, 0 or more. About 0.2 µs. */
  available(bucket: Bucket): bigint {
    const { units } = this.distributor.present;
    return larger(0n, this.outlook().room[bucket] - units[bucket]);
  }

  /** What is known of the present hour; made once an hour and once a settlement. */
  outlook(): HourOutlook {
    const { present, state, config } = this.distributor;
    const of = state?.buckets ?? null;
    if (this.#outlook?.of === of && this.#outlook.outlook.hour === present.hour) {
      return this.#outlook.outlook;
    }
    const { policy } = config;
    const { hour } = present;
    const buckets = of ?? startState(policy, hour);
    const year = yearOf(hour);
    const grantedInYear = buckets.year === year ? buckets.grantedInYear : 0n;
    const { fresh, rolledOver, available } = hourBudget(
      policy,
      hour,
      buckets.tranches,
      grantedInYear,
    );
    const queued = perBucket((bucket) => waitingOf(buckets, bucket));
    const outlook = {
      ...{ hour, fresh, rolledOver, state: buckets, queued, year, grantedInYear },
      room: perBucket(
        (bucket) => (policy.ceilings[bucket] * available) / PARTS - queued[bucket].units,
      ),
      yearCap: yearBudget(policy),
    };
    this.#outlook = { of, outlook };
    return outlook;
  }

  /** Settled hours, rising, the newest `count` of the last two weeks. */
  hours(count: number): readonly ViewedHour[] {
    const { history } = this.distributor;
    return history.slice(Math.max(0, history.length - count)).map((event) => this.#viewed(event));
  }

  /** The last settled hour; null before the first. */
  lastHour(): ViewedHour | null {
    return this.hours(1)[0] ?? null;
  }

  #viewed(event: SettlementEvent): ViewedHour {
    const known = this.#numbers.get(event);
    if (known !== undefined) return known;
    const viewed = { hour: event.hour, numbers: JSON.parse(event.numbers) as HourNumbers };
    this.#numbers.set(event, viewed);
    return viewed;
  }
}

/** Share of what a bucket was allotted in an hour that it used, 0 … 1: loans count no further. */
export function utilisationOf({ numbers }: ViewedHour, bucket: Bucket): number {
  const allotted = BigInt(numbers.allotted[bucket]);
  if (allotted === 0n) return 0;
  const granted = BigInt(numbers.granted[bucket]);
  return Math.min(1, Number((granted * PARTS) / allotted) / Number(PARTS));
}

function waitingOf({ queue }: BucketState, bucket: Bucket): Waiting {
  let units = 0n;
  let claims = 0;
  for (const cohort of queue[bucket]) {
    claims += cohort.claims.length;
    for (const each of cohort.claims) units += each.units;
  }
  return { units, claims };
}
