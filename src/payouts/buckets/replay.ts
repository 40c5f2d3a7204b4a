// Replay: every settlement of a ledger made again from the log alone, by a second reader that shares with
// the distributor only the pure rules (settleState, planHour) and nothing of what it remembers.
//   settlement     its whole content must be what the events before its `through` give under its policy
//   what follows   every transaction of its plan, byte for byte (in whatever epoch), then the closing
//   nothing else   may move the source's BLY or a bucket's claim
// Then the log is posted to another ledger, which judges every entry again and must reach the same head.

import { check, FocusError } from '../../base/errors.js';
import { checkTransaction } from '../../ledger/check-transaction.js';
import { transactionContent, type Entry } from '../../ledger/entry.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Head } from '../../ledger/store.js';
import type { Transaction } from '../../ledger/transaction.js';
import { perBucket, SOURCE_ACCOUNT, sumOf, type PerBucket } from './bucket.js';
import { eventOf, hourOf, type BucketEvent, type SettlementEvent } from './events.js';
import { firstState } from './bucket-log.js';
import { claimIdOf } from './keys.js';
import { planHour, type HourPlan } from './plan.js';
import type { BucketPolicy } from './policy.js';
import { settleState, type SettledState } from './settle-state.js';

/** What a replay found. */
export interface BucketReplay {
  /** Whether everything came out as it is in the log. */
  readonly replayed: boolean;
  /** The first thing that did not. */
  readonly difference: ReplayDifference | null;
  /** Settled hours that were made again. */
  readonly hours: number;
  readonly firstHour: number | null;
  readonly lastHour: number | null;
  /** An hour whose settlement is opened and not completely written: the next `settle` finishes it. */
  readonly unfinishedHour: number | null;
  readonly claims: number;
  /** Grants, expiries, final payments, slashes and closings that were compared. */
  readonly transactions: number;
  /** Base units granted by bucket. */
  readonly granted: PerBucket<bigint>;
  /** Of the log, as far as it was read. */
  readonly entries: number;
  /** The head that the other ledger reached; null where a difference came first. */
  readonly head: Head | null;
}

/** Where a log differs from what its events give. */
export interface ReplayDifference {
  /** Position in the log; null where the posting again found it, which names it in its reason. */
  readonly sequence: number | null;
  readonly reason: string;
}

/** What a replay reads and writes. */
export interface ReplayOptions {
  /** Policies that settlements were made by; each is found by its digest. */
  readonly policies: readonly BucketPolicy[];
  /** An empty ledger that the log is posted to. */
  readonly copy: Pick<Ledger, 'import'>;
  /** Is told of each settlement that came out the same. */
  readonly onHour?: ((hour: number) => void) | undefined;
}

type LedgerLog = Pick<Ledger, 'entries' | 'export'>;

/**
 * Replays a ledger. A difference is a result, the first one of the log; the rest is not looked at then.
 * Throws `bad-parameter` for a settlement by a policy that was not given. About 20 µs an entry, and 60 µs
 * for posting it again; memory of the claims that wait or are not final.
 */
export async function replayBuckets(
  ledger: LedgerLog,
  { policies, copy, onHour }: ReplayOptions,
): Promise<BucketReplay> {
  const reader = new Replay(policies);
  let entries = 0;
  let difference: ReplayDifference | null = null;
  for await (const entry of ledger.entries(0)) {
    const hour = reader.hours;
    const reason = reader.read(entry);
    if (reason !== null) {
      difference = { sequence: entry.sequence, reason };
      break;
    }
    entries = entry.sequence + 1;
    if (reader.hours > hour && reader.lastHour !== null) onHour?.(reader.lastHour);
  }
  const head = difference === null ? await posted(ledger, copy) : null;
  if (head !== null && 'reason' in head) difference = head;
  const { hours, firstHour, lastHour, unfinishedHour, claims, transactions, granted } = reader;
  return {
    replayed: difference === null,
    difference,
    hours,
    firstHour,
    lastHour,
    unfinishedHour,
    claims,
    transactions,
    granted,
    entries,
    head: head !== null && 'hash' in head ? head : null,
  };
}

async function posted(
  ledger: LedgerLog,
  copy: Pick<Ledger, 'import'>,
): Promise<Head | ReplayDifference> {
  try {
    return await copy.import(ledger.export());
  } catch (error) {
    if (error instanceof FocusError && error.code === 'mismatch') {
      return { sequence: null, reason: error.message };
    }
    throw error;
  }
}

/** A content as far as it is looked at. */
interface Written {
  readonly kind: string;
  readonly key: string;
  readonly epoch: number;
  readonly claims?: readonly {
    readonly key: string;
    readonly effect: string;
    readonly units?: string;
    readonly recipient?: string;
  }[];
  readonly postings: readonly { readonly account: string }[];
  readonly details?: Readonly<Record<string, string>>;
}

class Replay {
  readonly #policies: ReadonlyMap<string, BucketPolicy>;
  #state: SettledState | null = null;
  #ahead: BucketEvent[] = [];
  /** What the open settlement has still to write, by key. */
  #expected = new Map<string, Transaction>();
  #open: HourPlan | null = null;
  /** Units of claims that are neither final nor lost. */
  readonly #alive = new Map<string, bigint>();
  hours = 0;
  claims = 0;
  transactions = 0;
  firstHour: number | null = null;
  lastHour: number | null = null;

  constructor(policies: readonly BucketPolicy[]) {
    this.#policies = new Map(policies.map((each) => [each.digest, each]));
  }

  get unfinishedHour(): number | null {
    return this.#open?.hour ?? null;
  }

  get granted(): PerBucket<bigint> {
    return this.#state?.totals ?? perBucket(() => 0n);
  }

  /** Reads the next entry; what speaks against it, or null. */
  read(entry: Entry): string | null {
    let event: ReturnType<typeof eventOf>;
    try {
      event = eventOf(entry);
    } catch (error) {
      if (error instanceof FocusError) return error.message;
      throw error;
    }
    if (event?.type === 'settlement') return this.#settlement(entry, event);
    if (event === null || event.type === 'settled') return this.#other(entry);
    const reason = this.#eventEntry(event, JSON.parse(entry.content) as Written);
    if (reason === null) this.#ahead.push(event);
    return reason;
  }

  #eventEntry(
    event: BucketEvent,
    { kind, claims = [], postings, details }: Written,
  ): string | null {
    if (postings.length > 0) return `${kind}: expected one that moves nothing`;
    if (claims.length !== 1) return `${kind}: expected one claim, found ${claims.length}`;
    const [{ key, effect, recipient = '' }] = claims;
    if (event.type !== 'claim') {
      return effect === 'extend' ? null : `${kind}: ${effect}: expected nothing to be done`;
    }
    const { workId = '', evidence = '' } = details ?? {};
    const id = claimIdOf({ bucket: event.claim.bucket, recipient, workId, evidence });
    if (id !== key) return `claim: expected the id ${id} for its work, found ${key}`;
    this.#alive.set(key, event.claim.units);
    this.claims++;
    return null;
  }

  #settlement(entry: Entry, event: SettlementEvent): string | null {
    const { hour, epoch, through, sequence } = event;
    if (this.#open !== null) {
      return `settles hour ${hour} before all of hour ${this.#open.hour} is written`;
    }
    const expected = this.#state?.buckets.nextHour ?? hour;
    if (hour !== expected) return `settles hour ${hour}, expected hour ${expected}`;
    if (through > sequence) return `hour ${hour}: made from entries that come after it`;
    const policy = this.#policies.get(event.policy);
    check(
      policy !== undefined,
      'bad-parameter',
      () => `entry ${sequence}: hour ${hour} was settled by the policy ${event.policy}`,
      'give every policy that this ledger was settled by',
    );
    const isOf = (each: BucketEvent): boolean => each.sequence < through && hourOf(each) <= hour;
    const settled = settleState(
      policy,
      this.#state ?? firstState(policy, hour),
      this.#ahead.filter(isOf),
    );
    const plan = planHour(policy, settled, { epoch, through });
    if (plan.digest !== event.plan) {
      return `hour ${hour}: the plan ${event.plan} does not follow from the claims before it`;
    }
    if (contentOf(plan.opening) !== entry.content) {
      return `hour ${hour}: its numbers or its state do not follow from the claims before it`;
    }
    this.#ahead = this.#ahead.filter((each) => !isOf(each));
    this.#state = settled.next;
    this.#open = plan;
    this.#expected = new Map(plan.body.map((each) => [each.key, each]));
    this.firstHour ??= hour;
    this.lastHour = hour;
    this.hours++;
    return null;
  }

  /** Entries that are no events: those of the open plan, and those that must not touch the buckets. */
  #other({ content }: Entry): string | null {
    const mayTouch = content.includes('"kind":"bly-') || content.includes(SOURCE_ACCOUNT);
    if (!mayTouch && !content.includes('"effect":"')) return null;
    const written = JSON.parse(content) as Written;
    const { kind, key, epoch } = written;
    // A rejection holds what was offered; it did nothing.
    if (kind === 'rejected' || kind === 'seal') return null;
    if (!kind.startsWith('bly-')) return this.#foreign(written);
    const plan = this.#open;
    if (plan === null) return `${kind}: follows from no settlement`;
    const isClosing = key === plan.closing.key;
    const expected = isClosing ? plan.closing : this.#expected.get(key);
    if (expected === undefined) return `${kind}: not in the plan of hour ${plan.hour}`;
    if (isClosing && this.#expected.size > 0) {
      return `${kind}: hour ${plan.hour} is closed, ${this.#expected.size} of its plan are missing`;
    }
    if (epoch < plan.opening.epoch || contentOf({ ...expected, epoch }) !== content) {
      return `${kind}: differs from the plan of hour ${plan.hour}`;
    }
    this.#written(expected);
    this.#expected.delete(key);
    if (isClosing) this.#open = null;
    this.transactions++;
    return null;
  }

  #foreign({ kind, claims = [], postings }: Written): string | null {
    if (postings.some(({ account }) => account === SOURCE_ACCOUNT)) {
      return `${kind}: moves BLY of ${SOURCE_ACCOUNT}, which only settlements may`;
    }
    const touched = claims.find((each) => this.#alive.has(each.key));
    return touched === undefined ? null : `${kind}: ${touched.effect} of the claim ${touched.key}`;
  }

  #written({ claims = [] }: Transaction): void {
    for (const each of claims) {
      if (each.effect !== 'expire' && each.effect !== 'finalise' && each.effect !== 'void')
        continue;
      const left = (this.#alive.get(each.key) ?? 0n) - each.units;
      if (left > 0n) this.#alive.set(each.key, left);
      else this.#alive.delete(each.key);
    }
  }
}

/** The content that a ledger writes of a transaction. */
function contentOf(transaction: Transaction): string {
  return transactionContent(checkTransaction(transaction));
}

/** Base units granted in all. */
export function grantedInAll({ granted }: Pick<BucketReplay, 'granted'>): bigint {
  return sumOf(granted);
}
