// The ledger's log as the buckets read it: events that no settlement has looked at, and the state after
// the last settlement. A settlement that is found in the log, our own or that of another process, is made
// again from the events before its `through` and must come out the same; so every reader has one state,
// and whoever finds a settlement cut off can finish it.

import { check, invariant } from '../../base/errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { transactionContent } from '../../ledger/entry.js';
import { startState } from './settle-hour.js';
import { perBucket } from './bucket.js';
import {
  eventOf,
  hourOf,
  type BucketEvent,
  type ClaimEvent,
  type SettlementEvent,
} from './events.js';
import { planHour, type HourPlan } from './plan.js';
import type { BucketPolicy } from './policy.js';
import { HISTORY_HOURS, rebuild } from './rebuild.js';
import { settleState, type SettledHour, type SettledState } from './settle-state.js';

/** A settlement made from the log, ready to be written. */
export interface MadeHour {
  readonly settled: SettledHour;
  readonly plan: HourPlan;
}

/** Reads a ledger's log; see the top of the file. One at a time: callers take turns. */
export class BucketLog {
  readonly #ledger: Ledger;
  readonly #policy: BucketPolicy;
  #state: SettledState | null = null;
  #ahead: BucketEvent[] = [];
  #position = 0;
  #open: HourPlan | null = null;
  #made: (MadeHour & { readonly through: number }) | null = null;
  #history: SettlementEvent[] = [];
  /** Is told of each claim that is read. */
  readonly #onClaim: (event: ClaimEvent) => void;

  constructor(ledger: Ledger, policy: BucketPolicy, onClaim: (event: ClaimEvent) => void) {
    this.#ledger = ledger;
    this.#policy = policy;
    this.#onClaim = onClaim;
  }

  /** Reads what it must of the log; `hour` is the present one. */
  async start(hour: number): Promise<void> {
    const { state, ahead, position, settlements } = await rebuild(
      ...([this.#ledger, this.#policy, hour] as const),
    );
    this.#state = state;
    this.#ahead = [...ahead];
    this.#position = position;
    this.#history = [...settlements];
    for (const event of ahead) if (event.type === 'claim') this.#onClaim(event);
    await this.catchUp();
  }

  /** The state after the last settlement; null before the first. */
  get state(): SettledState | null {
    return this.#state;
  }

  /** A settlement that is opened and not closed. */
  get open(): HourPlan | null {
    return this.#open;
  }

  /** Settlements of the last two weeks, rising. */
  get history(): readonly SettlementEvent[] {
    return this.#history;
  }

  /** The hour to settle next; `present` where nothing was ever claimed. */
  nextHour(present: number): number {
    if (this.#state !== null) return this.#state.buckets.nextHour;
    return this.#ahead.map(hourOf).reduce((least, each) => Math.min(least, each), present);
  }

  /** Reads to the end of the log. Throws `mismatch` for a settlement that its events do not give. */
  async catchUp(): Promise<void> {
    for await (const entry of this.#ledger.entries(this.#position)) {
      const event = eventOf(entry);
      this.#position = entry.sequence + 1;
      if (event === null) continue;
      if (event.type === 'settlement') this.#apply(event);
      else if (event.type === 'settled') {
        if (event.hour === this.#open?.hour) this.#open = null;
      } else {
        this.#ahead.push(event);
        if (event.type === 'claim') this.#onClaim(event);
      }
    }
  }

  /** Makes the settlement of an hour from all that was read. */
  make(hour: number, epoch: number): MadeHour {
    const through = this.#position;
    invariant(this.nextHour(hour) === hour, `hour ${hour} is settled out of its turn`);
    const settled = this.#settle(hour, through);
    const plan = planHour(this.#policy, settled, { epoch, through });
    this.#made = { settled, plan, through };
    return this.#made;
  }

  /**
   * Takes over what `make` made and this process wrote, all of it in one commit from `sequence` on,
   * without reading it back; where others wrote in between, by reading.
   */
  async adopt({ plan }: MadeHour, sequence: number): Promise<void> {
    const count = plan.body.length + 2;
    const event = eventOfPlan(plan, sequence);
    if (this.#position !== sequence || event === null) return this.catchUp();
    this.#apply(event);
    this.#open = null;
    this.#position = sequence + count;
  }

  #settle(hour: number, through: number): SettledHour {
    const state = this.#state ?? firstState(this.#policy, hour);
    const { events } = parted(this.#ahead, hour, through);
    return settleState(this.#policy, state, events);
  }

  #apply(event: SettlementEvent): void {
    const { hour, epoch, through, sequence } = event;
    const expected = this.#state?.buckets.nextHour ?? hour;
    check(
      hour === expected,
      'mismatch',
      () => `entry ${sequence} of the ledger: settles hour ${hour}, expected ${expected}`,
      'verify the ledger: focus bly replay',
    );
    check(
      event.policy === this.#policy.digest,
      'bad-parameter',
      () =>
        `hour ${hour} was opened by the policy ${event.policy}, this one is ${this.#policy.digest}`,
      'finish that hour with the policy that it was opened by, then start with the new one',
    );
    const isOurs = this.#made?.plan.hour === hour && this.#made.through === through;
    const made = isOurs && this.#made !== null ? this.#made : this.#makeAgain(event, epoch);
    check(
      made.plan.digest === event.plan,
      'mismatch',
      () => `entry ${sequence} of the ledger: its plan does not follow from the claims before it`,
      'verify the ledger: focus bly replay',
    );
    this.#ahead = [...parted(this.#ahead, hour, through).later];
    this.#state = made.settled.next;
    this.#open = made.plan;
    this.#made = null;
    this.#history = [...this.#history, event].slice(-HISTORY_HOURS);
  }

  #makeAgain({ hour, through }: SettlementEvent, epoch: number): MadeHour {
    const settled = this.#settle(hour, through);
    return { settled, plan: planHour(this.#policy, settled, { epoch, through }) };
  }
}

/** The event that the log tells of a plan's opening. */
function eventOfPlan({ opening }: HourPlan, sequence: number): SettlementEvent | null {
  const { key, epoch } = opening;
  const content = transactionContent(opening);
  const event = eventOf({ ...{ sequence, key, epoch, content }, digest: '', hash: '' });
  return event?.type === 'settlement' ? event : null;
}

/** Before the first settlement. */
function firstState(policy: BucketPolicy, hour: number): SettledState {
  return {
    buckets: startState(policy, hour),
    maturing: new Map(),
    challenges: new Map(),
    totals: perBucket(() => 0n),
  };
}

/** Events that a settlement looks at, and those that it does not. */
function parted(
  ahead: readonly BucketEvent[],
  hour: number,
  through: number,
): { readonly events: readonly BucketEvent[]; readonly later: readonly BucketEvent[] } {
  const isOf = (event: BucketEvent): boolean => event.sequence < through && hourOf(event) <= hour;
  return { events: ahead.filter(isOf), later: ahead.filter((event) => !isOf(event)) };
}
