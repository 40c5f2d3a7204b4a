// The state of the buckets as of the last settlement that is completely written, from the log of the
// last days alone: what claims, grants, expiries and final payments left there, and the small state that
// the settlement wrote. A claim that is older than the window has nothing left that could move.

import { check } from '../../base/errors.js';
import type { Entry } from '../../ledger/entry.js';
import type { Ledger } from '../../ledger/ledger.js';
import { HOUR_MS } from '../accounting-hour.js';
import type { Cohort, OpenClaim } from './bucket-state.js';
import { perBucket } from './bucket.js';
import { eventOf, hourOf, type BucketEvent, type SettlementEvent } from './events.js';
import { partKey, settlementKey } from './keys.js';
import type { BucketPolicy } from './policy.js';
import type { Maturing, OpenChallenge, SettledState } from './settle-state.js';
import { readStateText } from './state-text.js';

/** What was found in the log. */
export interface Rebuilt {
  /** Null where no hour was ever settled completely. */
  readonly state: SettledState | null;
  /** Events that no settlement has looked at. */
  readonly ahead: readonly BucketEvent[];
  /** Where to go on reading. */
  readonly position: number;
  /** Settlements of the last hours, rising. */
  readonly settlements: readonly SettlementEvent[];
}

/** Hours that are looked for at once. */
const PAGE_HOURS = 1000;
/** Settled hours that are told: two weeks. */
export const HISTORY_HOURS = 336;

type LedgerReads = Pick<Ledger, 'entries' | 'entriesOf' | 'epochs' | 'head'>;

/** Rebuilds the state; `hour` is the present one. Seconds for a million entries of the last days. */
export async function rebuild(
  ledger: LedgerReads,
  policy: BucketPolicy,
  hour: number,
): Promise<Rebuilt> {
  const settlements = await lastSettlements(ledger, hour);
  const base = settlements.at(-1);
  if (base === undefined) return { state: null, ahead: [], position: 0, settlements };
  const { maxQueueHours } = policy.backpay;
  const { challengePeriodHours, verdictHours } = policy.validation;
  const reach = Math.max(maxQueueHours, 1) + challengePeriodHours + verdictHours + 2;
  const start = await firstEntryOf(ledger, base.hour - reach);
  const window = new Window(base);
  let position = start;
  for await (const entry of ledger.entries(start)) {
    position = entry.sequence + 1;
    if (window.read(entry)) break;
  }
  return { state: window.state(policy), ahead: window.ahead, position, settlements };
}

/** The openings of the last hours up to the last one that is closed. */
async function lastSettlements(
  ledger: LedgerReads,
  hour: number,
): Promise<readonly SettlementEvent[]> {
  let first = Infinity;
  for await (const { epoch } of ledger.epochs()) {
    first = epoch;
    break;
  }
  const { sealedThrough } = await ledger.head();
  for (let end = Math.max(hour, sealedThrough); end >= first; end -= PAGE_HOURS) {
    const hours = Array.from({ length: PAGE_HOURS }, (_, i) => end - i).filter((h) => h >= 0);
    const closed = await ledger.entriesOf(hours.map((each) => partKey('bly-settled', each, '')));
    const last = closed.at(-1);
    if (last === undefined) continue;
    const event = eventOf(last);
    check(event?.type === 'settled', 'mismatch', () => `entry ${last.sequence}: not a settlement`);
    const told = Array.from({ length: HISTORY_HOURS }, (_, i) => event.hour - i);
    const keys = told.filter((h) => h >= 0).map(settlementKey);
    return (await ledger.entriesOf(keys)).map((entry) => eventOf(entry)).filter(isSettlement);
  }
  return [];
}

function isSettlement(event: ReturnType<typeof eventOf>): event is SettlementEvent {
  return event?.type === 'settlement';
}

/** The first entry of any epoch from one on. */
async function firstEntryOf(ledger: LedgerReads, epoch: number): Promise<number> {
  let first: number | null = null;
  for await (const row of ledger.epochs(Math.max(-1, epoch - 1))) {
    if (row.transactions > 0) first = Math.min(first ?? row.first, row.first);
  }
  return first ?? 0;
}

interface Effect {
  readonly key: string;
  readonly effect: string;
  readonly units?: string;
  readonly matureAtMs?: number;
}

/** Applies what was written, up to the closing of the last complete settlement. */
class Window {
  readonly #base: SettlementEvent;
  /** Claims that wait, with what is left of them. */
  readonly #open = new Map<string, OpenClaim>();
  readonly #recipients = new Map<string, string>();
  /** By hour of finality, then by claim. */
  readonly #maturing = new Map<number, Map<string, Maturing>>();
  readonly #challenges = new Map<string, OpenChallenge>();
  readonly ahead: BucketEvent[] = [];

  constructor(base: SettlementEvent) {
    this.#base = base;
  }

  /** Returns whether this entry closes the base. */
  read(entry: Entry): boolean {
    const event = eventOf(entry);
    if (event?.type === 'settled') return event.hour === this.#base.hour;
    if (event !== null && event.type !== 'settlement') this.#event(event);
    if (/"kind":"bly-(?:grant|expiry|final|slash)"/.test(entry.content)) {
      const { claims = [], kind } = JSON.parse(entry.content) as {
        claims?: readonly Effect[];
        kind: string;
      };
      // A rejection holds what was offered; it did nothing.
      if (kind !== 'rejected') for (const effect of claims) this.#effect(effect);
    }
    return false;
  }

  #event(event: BucketEvent): void {
    if (event.type === 'claim') {
      const { claim } = event;
      this.#recipients.set(claim.key, claim.recipient);
      if (this.#isAhead(event)) this.ahead.push(event);
      else this.#open.set(claim.key, claim);
      return;
    }
    if (this.#isAhead(event)) this.ahead.push(event);
    else if (event.type === 'challenge') {
      this.#challenges.set(event.key, { claimId: event.claimId, hour: event.hour });
    } else this.#challenges.delete(event.challenge);
  }

  /** Whether the base has not looked at an event: later in the log, or of a later hour. */
  #isAhead(event: BucketEvent): boolean {
    const { through, hour } = this.#base;
    return event.sequence >= through || hourOf(event) > hour;
  }

  #effect({ key, effect, units = '0', matureAtMs = 0 }: Effect): void {
    const size = BigInt(units);
    if (effect === 'grant' || effect === 'expire') this.#take(key, size);
    if (effect === 'grant') {
      const at = Math.ceil(matureAtMs / HOUR_MS) - 1;
      const claims = this.#maturing.get(at) ?? new Map<string, Maturing>();
      const recipient = this.#recipients.get(key);
      if (recipient === undefined) return;
      claims.set(key, { key, recipient, units: size });
      this.#maturing.set(at, claims);
    }
    if (effect === 'finalise' || effect === 'void') this.#settle(key, size);
  }

  #take(key: string, units: bigint): void {
    const claim = this.#open.get(key);
    if (claim === undefined) return;
    const left = claim.units - units;
    if (left > 0n) this.#open.set(key, { ...claim, units: left });
    else this.#open.delete(key);
  }

  /** Takes units of a claim from what matures first. */
  #settle(key: string, units: bigint): void {
    let open = units;
    for (const at of [...this.#maturing.keys()].sort((a, b) => a - b)) {
      const claims = this.#maturing.get(at);
      const claim = claims?.get(key);
      if (claims === undefined || claim === undefined) continue;
      const taken = open < claim.units ? open : claim.units;
      open -= taken;
      if (taken === claim.units) claims.delete(key);
      else claims.set(key, { ...claim, units: claim.units - taken });
      if (claims.size === 0) this.#maturing.delete(at);
      if (open === 0n) return;
    }
  }

  state(policy: BucketPolicy): SettledState {
    const { totals, ...small } = readStateText(this.#base.next);
    const { hour } = this.#base;
    const maturing = new Map<number, ReadonlyMap<string, Maturing>>();
    // What was due and is still there was challenged: it waits for the next hour.
    for (const at of [...this.#maturing.keys()].sort((a, b) => a - b)) {
      const to = Math.max(at, hour + 1);
      const claims = new Map(maturing.get(to));
      for (const claim of this.#maturing.get(at)?.values() ?? []) {
        const units = (claims.get(claim.key)?.units ?? 0n) + claim.units;
        claims.set(claim.key, { ...claim, units });
      }
      maturing.set(to, claims);
    }
    const alive = new Set([...maturing.values()].flatMap((claims) => [...claims.keys()]));
    const challenges = [...this.#challenges].filter(
      ([, { claimId, hour: made }]) =>
        made + policy.validation.verdictHours > hour &&
        (alive.has(claimId) || this.#open.has(claimId)),
    );
    return {
      buckets: { ...small, queue: this.#queue() },
      maturing,
      challenges: new Map(challenges),
      totals,
    };
  }

  #queue() {
    const waiting = [...this.#open.values()].sort((a, b) => a.hour - b.hour || byKey(a, b));
    return perBucket((bucket): readonly Cohort[] => {
      const cohorts: { hour: number; claims: OpenClaim[] }[] = [];
      for (const claim of waiting) {
        if (claim.bucket !== bucket) continue;
        if (cohorts.at(-1)?.hour !== claim.hour) cohorts.push({ hour: claim.hour, claims: [] });
        cohorts.at(-1)?.claims.push(claim);
      }
      return cohorts;
    });
  }
}

function byKey(a: OpenClaim, b: OpenClaim): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
