// What an hour may grant. The day's budget is split over its 24 hours without losing a unit, and a calendar
// year (UTC, 365 or 366 days) never grants more than its cap of the supply:
//   fresh(h) = ⌊daily · (k+1) / 24⌋ − ⌊daily · k / 24⌋,   k = h mod 24
//   available = min(fresh + Σ live tranches, ⌊cap · supply⌋ − granted in the year)
// A tranche of hour t may be spent in the hours t+1 … t+R, oldest first, before the fresh budget; then it
// returns unminted. What the year's cap takes away is gone: the fresh budget first, then the newest tranche.

import { check, invariant } from '../../base/errors.js';
import { scaleFloor } from '../../ledger/amount.js';
import { HOUR_MS } from '../accounting-hour.js';
import type { Tranche } from './bucket-state.js';
import type { BucketPolicy } from './policy.js';

const DAY_HOURS = 24;
/** The last hour that a date can say. */
const LAST_HOUR = 8.64e15 / HOUR_MS;

/** Checks an hour since 1970 from outside. Throws `bad-parameter`. */
export function checkHour(hour: number, name: string): number {
  check(
    Number.isSafeInteger(hour) && hour >= 0 && hour < LAST_HOUR,
    'bad-parameter',
    () => `${name}: expected whole hours since 1970, found ${hour}`,
  );
  return hour;
}

/** The calendar year, UTC, of an hour since 1970. */
export function yearOf(hour: number): number {
  return new Date(hour * HOUR_MS).getUTCFullYear();
}

/** The hour's own budget, in base units; a day's 24 sum to the daily budget. */
export function freshBudget({ dailyBudget }: BucketPolicy, hour: number): bigint {
  const k = BigInt(hour % DAY_HOURS);
  const hours = BigInt(DAY_HOURS);
  return (dailyBudget * (k + 1n)) / hours - (dailyBudget * k) / hours;
}

/** What a calendar year may grant, in base units: ⌊cap · supply⌋. */
export function yearBudget({ totalSupply, annualCap }: BucketPolicy): bigint {
  return scaleFloor(totalSupply, [annualCap]);
}

/** What an hour may grant, by where it comes from; all in base units. */
export interface HourBudget {
  readonly fresh: bigint;
  /** Σ of the live tranches, before the cut. */
  readonly rolledOver: bigint;
  /** Units of tranches that are too old now. */
  readonly died: bigint;
  readonly cut: bigint;
  readonly available: bigint;
  /** What the cut leaves of the tranches, by rising hour, and of the fresh budget. */
  readonly tranches: readonly Tranche[];
  readonly freshLeft: bigint;
}

/** The budget of an hour. O(tranches). `granted` is what its calendar year granted before. */
export function hourBudget(
  policy: BucketPolicy,
  hour: number,
  tranches: readonly Tranche[],
  granted: bigint,
): HourBudget {
  const fresh = freshBudget(policy, hour);
  const live = tranches.filter((tranche) => isLive(policy, tranche, hour));
  const rolledOver = sumOfTranches(live);
  // Of a policy that kept tranches for longer.
  const died = sumOfTranches(tranches) - rolledOver;
  const room = larger(0n, yearBudget(policy) - granted);
  const available = smaller(fresh + rolledOver, room);
  const cut = fresh + rolledOver - available;
  const cutFresh = smaller(cut, fresh);
  const kept = [...spend([...live].reverse(), cut - cutFresh).left].reverse();
  const freshLeft = fresh - cutFresh;
  return { fresh, rolledOver, died, cut, available, tranches: kept, freshLeft };
}

/** What stays for later hours when an hour has granted some of its budget. */
export function afterSpending(
  policy: BucketPolicy,
  hour: number,
  { tranches, freshLeft, died }: HourBudget,
  granted: bigint,
): { readonly tranches: readonly Tranche[]; readonly returned: bigint } {
  const { left, missing } = spend(tranches, granted);
  invariant(missing <= freshLeft, `hour ${hour} grants no more than is available`);
  const newest = { hour, units: freshLeft - missing };
  const all = newest.units > 0n ? [...left, newest] : left;
  const next = all.filter((tranche) => isLive(policy, tranche, hour + 1));
  return { tranches: next, returned: died + sumOfTranches(all) - sumOfTranches(next) };
}

function sumOfTranches(tranches: readonly Tranche[]): bigint {
  return tranches.reduce((sum, { units }) => sum + units, 0n);
}

function isLive({ rollover }: BucketPolicy, tranche: Tranche, hour: number): boolean {
  return rollover.enabled && hour - tranche.hour <= rollover.hours;
}

/** Takes units from the first tranches on; `missing` is what they do not hold. */
function spend(
  tranches: readonly Tranche[],
  units: bigint,
): { readonly left: readonly Tranche[]; readonly missing: bigint } {
  let missing = units;
  const left: Tranche[] = [];
  for (const tranche of tranches) {
    const taken = smaller(missing, tranche.units);
    missing -= taken;
    if (taken < tranche.units) left.push({ hour: tranche.hour, units: tranche.units - taken });
  }
  return { left, missing };
}

/** The smaller of two amounts. */
export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The larger of two amounts. */
export function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
