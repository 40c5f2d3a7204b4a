// The queue of one bucket: cohorts of claims by the hour they were opened in, paid oldest first.
//   a cohort that the budget covers is paid in full
//   the first that it does not cover: pro rata ⌊units · left / Σ⌋, or fifo by position in the log
//   younger ones wait
// What flooring leaves of a pro rata cohort, fewer units than it has claims, is granted to nobody. Cohorts
// that are not touched are shared with the queue before; an hour costs what it touches.

import { check } from '../../base/errors.js';
import { decimalOf } from '../../ledger/amount.js';
import type { Cohort, Expiry, Grant, OpenClaim } from './bucket-state.js';

/** What paying a queue did. */
export interface PaidQueue {
  readonly grants: readonly Grant[];
  readonly granted: bigint;
  /** What waits, by rising hour. */
  readonly queue: readonly Cohort[];
}

/** Units that a cohort waits for. Each cohort is summed once. */
export function cohortUnits(cohort: Cohort): bigint {
  const known = sums.get(cohort);
  if (known !== undefined) return known;
  const sum = cohort.claims.reduce((total, { units }) => total + units, 0n);
  sums.set(cohort, sum);
  return sum;
}

/** Sums by cohort; a cohort never changes. */
const sums = new WeakMap<Cohort, bigint>();

/** Units that a queue waits for. O(cohorts), and the claims of those never summed before. */
export function queueUnits(queue: readonly Cohort[]): bigint {
  return queue.reduce((total, cohort) => total + cohortUnits(cohort), 0n);
}

/**
 * The queue with claims added, in any order of them. Touches their cohorts only. Throws `bad-parameter` for
 * a claim that its cohort has already.
 */
export function enqueued(
  queue: readonly Cohort[],
  opened: readonly OpenClaim[],
): readonly Cohort[] {
  const byHour = new Map<number, OpenClaim[]>();
  for (const claim of opened) {
    const same = byHour.get(claim.hour);
    if (same === undefined) byHour.set(claim.hour, [claim]);
    else same.push(claim);
  }
  let next = queue;
  for (const [hour, added] of byHour) {
    // Nearly always the youngest: then nothing moves.
    const at = next.findLastIndex((cohort) => cohort.hour <= hour) + 1;
    const same = at > 0 && next[at - 1].hour === hour ? next[at - 1] : undefined;
    const before = next.slice(0, same === undefined ? at : at - 1);
    next = [...before, joined(same, hour, added), ...next.slice(at)];
  }
  return next;
}

function joined(cohort: Cohort | undefined, hour: number, added: readonly OpenClaim[]): Cohort {
  const claims = [...(cohort?.claims ?? []), ...added].sort((a, b) => (a.key < b.key ? -1 : 1));
  claims.forEach(({ key }, i) => {
    const isTwice = i > 0 && claims[i - 1].key === key;
    check(
      !isTwice,
      'bad-parameter',
      () => `claim ${key}: expected once in hour ${hour}, found twice`,
    );
  });
  return { hour, claims };
}

/** Grants a budget to a queue, oldest cohort first. */
export function payQueue(
  queue: readonly Cohort[],
  budget: bigint,
  order: 'pro-rata' | 'fifo',
): PaidQueue {
  const grants: Grant[] = [];
  const rest: Cohort[] = [];
  let left = budget;
  let granted = 0n;
  let at = 0;
  for (; at < queue.length && left > 0n; at++) {
    const cohort = queue[at];
    const units = cohortUnits(cohort);
    const isCovered = units <= left;
    const part = isCovered ? inFull(cohort) : inPart(cohort, left, units, order);
    for (const grant of part) {
      granted += grant.units;
      grants.push(grant);
    }
    // What a cohort in part leaves by flooring is no younger claim's.
    left = isCovered ? left - units : 0n;
    const waiting = isCovered ? [] : afterGrants(cohort, part);
    if (waiting.length > 0) rest.push({ hour: cohort.hour, claims: waiting });
  }
  return { grants, granted, queue: [...rest, ...queue.slice(at)] };
}

function inFull({ claims }: Cohort): readonly Grant[] {
  return claims.map((claim) => ({
    claim,
    units: claim.units,
    left: 0n,
    reason: `all of ${decimalOf(claim.units)} BLY`,
  }));
}

function inPart(
  cohort: Cohort,
  budget: bigint,
  sum: bigint,
  order: 'pro-rata' | 'fifo',
): readonly Grant[] {
  const { claims, hour } = cohort;
  const isFifo = order === 'fifo';
  const turn = isFifo ? [...claims].sort((a, b) => a.sequence - b.sequence || byKey(a, b)) : claims;
  const why = `${decimalOf(budget)} BLY for ${decimalOf(sum)} BLY of hour ${hour}`;
  const how = isFifo ? 'in the order of the log' : 'pro rata';
  let left = budget;
  const grants: Grant[] = [];
  for (const claim of turn) {
    const fair = (claim.units * budget) / sum;
    const units = !isFifo ? fair : claim.units < left ? claim.units : left;
    left -= units;
    if (units === 0n) continue;
    const reason = `${decimalOf(units)} of ${decimalOf(claim.units)} BLY: ${why}, ${how}`;
    grants.push({ claim, units, left: claim.units - units, reason });
  }
  return grants.sort((a, b) => byKey(a.claim, b.claim));
}

/** The claims that still wait. */
function afterGrants({ claims }: Cohort, grants: readonly Grant[]): readonly OpenClaim[] {
  const left = new Map(grants.map((grant) => [grant.claim.key, grant.left]));
  return claims
    .map((claim) => ({ ...claim, units: left.get(claim.key) ?? claim.units }))
    .filter(({ units }) => units > 0n);
}

/** Takes the cohorts of a queue that are old enough to expire out of it. */
export function expired(
  queue: readonly Cohort[],
  isOver: (hour: number) => boolean,
  reason: (claim: OpenClaim) => string,
): { readonly queue: readonly Cohort[]; readonly expiries: readonly Expiry[] } {
  const over = queue.filter(({ hour }) => isOver(hour));
  if (over.length === 0) return { queue, expiries: [] };
  const expiries = over.flatMap(({ claims }) =>
    claims.map((claim) => ({ claim, units: claim.units, reason: reason(claim) })),
  );
  return { queue: queue.filter(({ hour }) => !isOver(hour)), expiries };
}

function byKey(a: OpenClaim, b: OpenClaim): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
