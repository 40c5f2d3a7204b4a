// What the buckets know between two settlements, and the step from one to the next. Pure: the same
// state and events give the same hour on every machine, so a settlement that was cut off is made again
// from the log, and a second process that settles the same hour writes the same.
//   events → claims opened, challenges, verdicts        slashed claims leave the queue, then settleHour
//   grants mature challenge_period_hours later          a claim with an open challenge waits

import type { BucketPolicy } from './policy.js';
import { BUCKETS, perBucket, type PerBucket } from './bucket.js';
import type { BucketEvent } from './events.js';
import type { BucketState, Cohort, OpenClaim, Settlement } from './bucket-state.js';
import { settleHour } from './settle-hour.js';

/** Units of a claim that were granted and are not final. */
export interface Maturing {
  readonly key: string;
  readonly recipient: string;
  readonly units: bigint;
}

/** An open challenge. */
export interface OpenChallenge {
  readonly claimId: string;
  /** The hour it was made in. */
  readonly hour: number;
}

/** The state after a settlement; maps are never changed, every step makes those that differ anew. */
export interface SettledState {
  readonly buckets: BucketState;
  /** By the hour whose settlement makes them final, then by claim. */
  readonly maturing: ReadonlyMap<number, ReadonlyMap<string, Maturing>>;
  /** By the key of the challenge; a claim may have several, and waits for all of them. */
  readonly challenges: ReadonlyMap<string, OpenChallenge>;
  /** Units ever granted, by bucket. */
  readonly totals: PerBucket<bigint>;
}

/** What is taken from a claim whose challenge was upheld. */
export interface Slashed {
  readonly key: string;
  readonly recipient: string;
  /** Granted units that were not final. */
  readonly pending: bigint;
  /** Units that still waited for budget. */
  readonly queued: bigint;
}

/** An hour as it was settled. */
export interface SettledHour {
  readonly settlement: Settlement;
  /** Claims opened since the settlement before: how many, by bucket. */
  readonly opened: PerBucket<number>;
  readonly final: readonly Maturing[];
  readonly slashed: readonly Slashed[];
  /** Challenges that nobody decided in time, by rising key. */
  readonly lapsed: readonly string[];
  readonly next: SettledState;
}

/**
 * Settles the state's next hour. Events come in the order of the log; none may be of a later hour.
 * O(events + what is granted or final).
 */
export function settleState(
  policy: BucketPolicy,
  state: SettledState,
  events: readonly BucketEvent[],
): SettledHour {
  const hour = state.buckets.nextHour;
  const opened: OpenClaim[] = [];
  const challenges = new Map(state.challenges);
  const upheld = new Set<string>();
  for (const event of events) {
    if (event.type === 'claim') opened.push(event.claim);
    if (event.type === 'challenge') {
      challenges.set(event.key, { claimId: event.claimId, hour: event.hour });
    }
    if (event.type === 'verdict' && challenges.delete(event.challenge) && event.upheld) {
      upheld.add(event.claimId);
    }
  }
  const lapsed = [...challenges]
    .filter(([, each]) => each.hour + policy.validation.verdictHours <= hour)
    .map(([key]) => key)
    .sort();
  for (const key of lapsed) challenges.delete(key);

  const { buckets, kept, maturing, slashed } = withoutSlashed(state, opened, upheld);
  const settlement = settleHour(policy, buckets, kept);
  const contested = new Set([...challenges.values()].map(({ claimId }) => claimId));
  const { final, later } = matured(maturing, hour, contested);
  const period = policy.validation.challengePeriodHours;
  if (period > 0) addGrants(later, hour + period, settlement);
  return {
    settlement,
    opened: countByBucket(opened),
    final,
    slashed,
    lapsed,
    next: {
      buckets: settlement.next,
      maturing: later,
      challenges: stillOpen(challenges, settlement.next, later),
      totals: addedTotals(state.totals, settlement),
    },
  };
}

function countByBucket(opened: readonly OpenClaim[]): PerBucket<number> {
  return perBucket((name) => opened.filter(({ bucket }) => bucket === name).length);
}

function addedTotals(totals: PerBucket<bigint>, { granted }: Settlement): PerBucket<bigint> {
  return perBucket((bucket) => totals[bucket] + granted[bucket]);
}

/** Takes upheld claims out of the queue and out of what matures. */
function withoutSlashed(
  { buckets, maturing }: SettledState,
  opened: readonly OpenClaim[],
  upheld: ReadonlySet<string>,
): {
  readonly buckets: BucketState;
  readonly kept: readonly OpenClaim[];
  readonly maturing: SettledState['maturing'];
  readonly slashed: readonly Slashed[];
} {
  if (upheld.size === 0) return { buckets, kept: opened, maturing, slashed: [] };
  const taken = new Map<string, { recipient: string; pending: bigint; queued: bigint }>();
  const take = (
    key: string,
    recipient: string,
    name: 'pending' | 'queued',
    units: bigint,
  ): void => {
    const before = taken.get(key) ?? { recipient, pending: 0n, queued: 0n };
    taken.set(key, { ...before, [name]: before[name] + units });
  };
  const remaining = (claims: readonly OpenClaim[]): readonly OpenClaim[] =>
    claims.filter(({ key, recipient, units }) => {
      if (!upheld.has(key)) return true;
      take(key, recipient, 'queued', units);
      return false;
    });
  const kept = remaining(opened);
  const queue = perBucket((bucket) =>
    buckets.queue[bucket]
      .map((cohort): Cohort => ({ ...cohort, claims: remaining(cohort.claims) }))
      .filter(({ claims }) => claims.length > 0),
  );
  const left = new Map<number, ReadonlyMap<string, Maturing>>();
  for (const [hour, claims] of maturing) {
    const others = new Map(claims);
    for (const key of upheld) {
      const lost = others.get(key);
      if (lost === undefined) continue;
      take(key, lost.recipient, 'pending', lost.units);
      others.delete(key);
    }
    if (others.size > 0) left.set(hour, others);
  }
  const slashed = [...taken]
    .map(([key, lost]): Slashed => ({ key, ...lost }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return { buckets: { ...buckets, queue }, kept, maturing: left, slashed };
}

/** What is final now, by rising recipient and claim, and what is not: challenged claims wait an hour. */
function matured(
  maturing: SettledState['maturing'],
  hour: number,
  contested: ReadonlySet<string>,
): {
  readonly final: readonly Maturing[];
  readonly later: Map<number, ReadonlyMap<string, Maturing>>;
} {
  const later = new Map([...maturing].filter(([at]) => at > hour));
  const final: Maturing[] = [];
  const waiting = new Map<string, Maturing>();
  for (const [at, claims] of maturing) {
    if (at > hour) continue;
    for (const claim of claims.values()) {
      if (contested.has(claim.key)) addUnits(waiting, claim);
      else final.push(claim);
    }
  }
  if (waiting.size > 0) {
    const merged = new Map(later.get(hour + 1));
    for (const claim of waiting.values()) addUnits(merged, claim);
    later.set(hour + 1, merged);
  }
  return { final: final.sort(byRecipientAndKey), later };
}

function addGrants(
  maturing: Map<number, ReadonlyMap<string, Maturing>>,
  at: number,
  { grants }: Settlement,
): void {
  if (grants.length === 0) return;
  const claims = new Map(maturing.get(at));
  for (const { claim, units } of grants) {
    addUnits(claims, { key: claim.key, recipient: claim.recipient, units });
  }
  maturing.set(at, claims);
}

function addUnits(claims: Map<string, Maturing>, claim: Maturing): void {
  const before = claims.get(claim.key)?.units ?? 0n;
  claims.set(claim.key, before === 0n ? claim : { ...claim, units: before + claim.units });
}

/** Challenges of claims that have anything left to lose. */
function stillOpen(
  challenges: ReadonlyMap<string, OpenChallenge>,
  { queue }: BucketState,
  maturing: ReadonlyMap<number, ReadonlyMap<string, Maturing>>,
): ReadonlyMap<string, OpenChallenge> {
  if (challenges.size === 0) return challenges;
  const alive = new Set<string>();
  for (const claims of maturing.values()) for (const key of claims.keys()) alive.add(key);
  for (const bucket of BUCKETS) {
    for (const { claims } of queue[bucket]) for (const { key } of claims) alive.add(key);
  }
  return new Map([...challenges].filter(([, { claimId }]) => alive.has(claimId)));
}

function byRecipientAndKey(a: Maturing, b: Maturing): number {
  if (a.recipient !== b.recipient) return a.recipient < b.recipient ? -1 : 1;
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
