// Settlement of one hour, a pure function of policy, state and the claims opened since the last one:
//   budget (budget.ts) → demand → average, allotments, loans (rebalance.ts) → queues paid, oldest cohort
//   first (cohorts.ts) → what is too old expires → tranches and the next state
// In units: fresh + rolledOver = available + cut, available = Σ granted + unspent, and of every claim
// granted + left + expired = claimed. No order of claims changes a result. Cost: the claims it touches.

import { check, invariant } from '../../base/errors.js';
import { checkUnits, decimalOf } from '../../ledger/amount.js';
import { BUCKETS, isBucket, perBucket, sumOf, type Bucket, type PerBucket } from './bucket.js';
import {
  WEIGHT_PARTS,
  type BucketState,
  type Cohort,
  type OpenClaim,
  type Settlement,
} from './bucket-state.js';
import { afterSpending, checkHour, hourBudget, yearOf } from './budget.js';
import { enqueued, expired, payQueue, queueUnits } from './cohorts.js';
import { PARTS, type BucketPolicy } from './policy.js';
import { allot, smoothedDemand, spendable } from './rebalance.js';

export type {
  BucketState,
  Cohort,
  Expiry,
  Grant,
  OpenClaim,
  Settlement,
  Tranche,
} from './bucket-state.js';

/** The state before the first settlement, which is that of `hour`. Throws `bad-parameter`. */
export function startState({ split }: BucketPolicy, hour: number): BucketState {
  checkHour(hour, 'hour');
  return {
    nextHour: hour,
    smoothed: perBucket((bucket) => (split[bucket] * WEIGHT_PARTS) / PARTS),
    tranches: [],
    grantedInYear: 0n,
    year: yearOf(hour),
    queue: perBucket(() => []),
  };
}

/**
 * Settles the hour `state.nextHour`. `opened` are the claims that no settlement has seen, in any order, of
 * that hour or of earlier ones. About 1 ms for a thousand claims. Throws `bad-parameter` for a claim of a
 * later hour, of nothing, of no bucket, or twice.
 */
export function settleHour(
  policy: BucketPolicy,
  state: BucketState,
  opened: readonly OpenClaim[],
): Settlement {
  const hour = checkHour(state.nextHour, 'nextHour');
  const year = yearOf(hour);
  const grantedBefore = year === state.year ? state.grantedInYear : 0n;
  const budget = hourBudget(policy, hour, state.tranches, grantedBefore);
  const { fresh, rolledOver, cut, available } = budget;

  const queues = withOpened(state, opened);
  const demand = perBucket((bucket) => queueUnits(queues[bucket]));
  const smoothed = smoothedDemand(policy, state.smoothed, demand);
  const allotted = allot(policy, available, smoothed, demand);
  const budgets = spendable(policy, available, allotted, demand);

  const { order } = policy.distribution;
  const paid = perBucket((bucket) => payQueue(queues[bucket], budgets[bucket], order));
  const granted = perBucket((bucket) => paid[bucket].granted);
  const lent = perBucket((b) => (granted[b] > allotted[b] ? granted[b] - allotted[b] : 0n));
  const kept = perBucket((bucket) => withoutExpired(policy, hour, paid[bucket].queue));
  const gone = new Set(BUCKETS.flatMap((b) => kept[b].expiries.map(({ claim }) => claim.key)));

  const spent = sumOf(granted);
  invariant(spent <= available, `hour ${hour} grants ${spent} of ${available} base units`);
  const { tranches, returned } = afterSpending(policy, hour, budget, spent);
  return {
    ...{ hour, fresh, rolledOver, cut, available, demand, allotted, granted, lent },
    grants: BUCKETS.flatMap((bucket) =>
      paid[bucket].grants.map((grant) =>
        gone.has(grant.claim.key) ? { ...grant, left: 0n } : grant,
      ),
    ),
    expiries: BUCKETS.flatMap((bucket) => kept[bucket].expiries),
    unspent: available - spent,
    returned,
    next: {
      nextHour: hour + 1,
      smoothed,
      tranches,
      grantedInYear: grantedBefore + spent,
      year,
      queue: perBucket((bucket) => kept[bucket].queue),
    },
  };
}

function withOpened(
  { nextHour, queue }: BucketState,
  opened: readonly OpenClaim[],
): PerBucket<readonly Cohort[]> {
  const added = new Map<Bucket, OpenClaim[]>(BUCKETS.map((bucket) => [bucket, []]));
  const keys = new Set<string>();
  for (const claim of opened) {
    checkClaim(claim, nextHour);
    const { key } = claim;
    check(!keys.has(key), 'bad-parameter', () => `claim ${key}: expected once, found twice`);
    keys.add(key);
    added.get(claim.bucket)?.push(claim);
  }
  return perBucket((bucket) => enqueued(queue[bucket], added.get(bucket) ?? []));
}

function checkClaim({ key, bucket, hour, units, sequence }: OpenClaim, nextHour: number): void {
  const place = `claim ${key}`;
  check(isBucket(bucket), 'bad-parameter', () => `${place}: expected a bucket, found ${bucket}`);
  checkHour(hour, `${place}: hour`);
  check(
    hour <= nextHour,
    'bad-parameter',
    () => `${place}: expected an hour up to ${nextHour}, which is settled now, found ${hour}`,
  );
  check(
    checkUnits(units, `${place}: units`) > 0n,
    'bad-parameter',
    () => `${place}: expected base units above 0, found ${units}`,
  );
  check(
    Number.isSafeInteger(sequence) && sequence >= 0,
    'bad-parameter',
    () => `${place}: expected a position in the log, found ${sequence}`,
  );
}

/** Without backpay nothing waits; with it, nothing waits longer than `maxQueueHours`. */
function withoutExpired({ backpay }: BucketPolicy, now: number, queue: readonly Cohort[]) {
  const { enabled, maxQueueHours } = backpay;
  return expired(
    queue,
    (hour) => !enabled || now - hour >= maxQueueHours,
    ({ units, hour }) =>
      enabled
        ? `${decimalOf(units)} BLY waited ${now - hour} hours; backpay keeps a claim ${maxQueueHours}`
        : `${decimalOf(units)} BLY were not in the budget of hour ${now}, and backpay is off`,
  );
}
