// What an operator should look at, by the thresholds of the policy (monitoring):
//   learning-underused    learning used less than its share for so many hours in a row
//   backpay-high          more BLY wait in the queue than this
//   bucket-empty          a bucket spent all that it was allotted, and claims waited, so many hours in a row
//   settlement-overdue    an hour is over, and not settled some minutes later

import { decimalOf } from '../ledger/amount.js';
import { HOUR_MS } from '../payouts/accounting-hour.js';
import { BUCKETS, type Bucket } from '../payouts/buckets/bucket.js';
import { utilisationOf, type BudgetView, type ViewedHour } from './budget-view.js';
import { numberOf } from './figures.js';

/** One thing that is not as it should be. */
export interface Issue {
  readonly code: 'learning-underused' | 'backpay-high' | 'bucket-empty' | 'settlement-overdue';
  readonly detail: string;
  readonly bucket?: Bucket;
}

/** How late a settlement may be. */
const OVERDUE_MS = 300_000;

/** All issues at a time. O(hours of the thresholds). */
export function issuesOf(view: BudgetView, nowMs: number): readonly Issue[] {
  return [
    ...learningIssues(view),
    ...backpayIssues(view),
    ...emptyIssues(view),
    ...overdueIssues(view, nowMs),
  ];
}

function learningIssues(view: BudgetView): readonly Issue[] {
  const { below, hours } = view.distributor.config.policy.monitoring.learningUtilisation;
  const least = numberOf(below);
  const isLow = everyHour(view, hours, (each) => utilisationOf(each, 'learning') < least);
  const detail = `learning used less than ${least} of its allotment in each of the last ${hours} hours`;
  return isLow ? [{ code: 'learning-underused', bucket: 'learning', detail }] : [];
}

function backpayIssues(view: BudgetView): readonly Issue[] {
  const { backpayAbove } = view.distributor.config.policy.monitoring;
  const { queued } = view.outlook();
  const units = BUCKETS.reduce((sum, bucket) => sum + queued[bucket].units, 0n);
  const detail = `${decimalOf(units)} BLY wait for budget, more than ${decimalOf(backpayAbove)}`;
  return units > backpayAbove ? [{ code: 'backpay-high', detail }] : [];
}

function emptyIssues(view: BudgetView): readonly Issue[] {
  const { bucketEmptyHours: hours } = view.distributor.config.policy.monitoring;
  // Flooring leaves less than a base unit for each claim that was paid in part.
  const isSpent = ({ numbers }: ViewedHour, bucket: Bucket): boolean =>
    numbers.queuedClaims[bucket] > 0 &&
    BigInt(numbers.granted[bucket]) + BigInt(numbers.queuedClaims[bucket]) >=
      BigInt(numbers.allotted[bucket]);
  return BUCKETS.filter((bucket) => everyHour(view, hours, (each) => isSpent(each, bucket))).map(
    (bucket) => ({
      code: 'bucket-empty',
      bucket,
      detail: `${bucket} spent its budget in each of the last ${hours} hours, and claims wait`,
    }),
  );
}

function overdueIssues({ distributor }: BudgetView, nowMs: number): readonly Issue[] {
  const { state, config } = distributor;
  if (state === null) return [];
  const { intervalMs } = config.policy.distribution;
  const dueMs = Math.ceil(((state.buckets.nextHour + 1) * HOUR_MS) / intervalMs) * intervalMs;
  if (nowMs <= dueMs + OVERDUE_MS) return [];
  const minutes = Math.floor((nowMs - dueMs) / 60_000);
  const detail = `hour ${state.buckets.nextHour} was to be settled ${minutes} minutes ago`;
  return [{ code: 'settlement-overdue', detail }];
}

/** Whether something holds in each of the last hours, all of which are there. */
function everyHour(view: BudgetView, hours: number, holds: (hour: ViewedHour) => boolean): boolean {
  const last = view.hours(hours);
  return last.length === hours && last.every(holds);
}
