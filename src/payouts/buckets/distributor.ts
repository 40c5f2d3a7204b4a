// The distributor: takes claims, and at the boundary of every hour settles it: close the hour → settle →
// write → Merkle root. All that it knows it reads from the ledger, so it can be killed at any point: the
// next run finishes an hour that was cut off, catches up with hours that were missed, and pays nothing
// twice. Several processes may serve one ledger; whoever opens an hour's settlement first decides it.

import { randomUUID } from 'node:crypto';
import { now as systemClock } from '../../base/clock.js';
import { canonicalJson, sha256Hex } from '../../base/canonical.js';
import { check, FocusError } from '../../base/errors.js';
import { MOST_A_COMMIT } from '../../ledger/journal.js';
import { openLedger, type Ledger } from '../../ledger/ledger.js';
import { openSqliteStore } from '../../ledger/stores/sqlite.js';
import { accountingHour, HOUR_MS } from '../accounting-hour.js';
import { accountPart } from '../account-part.js';
import { BucketLog } from './bucket-log.js';
import { perBucket, type Bucket, type PerBucket } from './bucket.js';
import {
  claimTransaction,
  type ChallengeRequest,
  type ClaimRequest,
  type Moment,
  type PricedClaim,
  type Verdict,
} from './claim-transaction.js';
import { RewardConfig } from './config.js';
import { postChallenge, postVerdict } from './dispute.js';
import type { SettlementEvent } from './events.js';
import { workUnits, type Work } from './work-units.js';
import { claimIdOf } from './keys.js';
import type { HourPlan } from './plan.js';
import type { SettledState } from './settle-state.js';
import { answerOf, type SubmitAnswer } from './submit-answer.js';

/** How a distributor is opened. */
export interface DistributorOptions {
  /** Where claims and payments are kept; default: a ledger in memory, gone with the process. */
  readonly ledger?: Ledger | undefined;
  /** Default: the policy of the package. */
  readonly config?: RewardConfig | undefined;
  /** Milliseconds since 1970; default: the clock of the machine. */
  readonly now?: (() => number) | undefined;
  /** Is told of each settled hour, with the milliseconds that it took. */
  readonly onSettled?: ((hour: number, milliseconds: number) => void) | undefined;
  /** Is told why a settlement of `start` failed; it is tried again a minute later. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Claims of one hour so far. */
export interface HourClaims {
  readonly hour: number;
  readonly units: PerBucket<bigint>;
  readonly claims: PerBucket<number>;
}

const RETRY_MS = 60_000;
/** Longest wait of a timer: clocks may be set. */
const TICK_MS = 60_000;

/** See the top of the file. */
export class AutomaticRewardDistributor {
  readonly config: RewardConfig;
  readonly ledger: Ledger;
  /** Resolves when the log is read. */
  readonly ready: Promise<void>;
  readonly #now: () => number;
  readonly #options: DistributorOptions;
  readonly #log: BucketLog;
  /** The first hour that takes claims. */
  #openHour = 0;
  #present: { hour: number; units: Record<Bucket, bigint>; claims: Record<Bucket, number> };
  /** Claims on their way into the ledger, by hour. */
  readonly #inFlight = new Map<number, number>();
  #landed: () => void = () => undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: DistributorOptions = {}) {
    this.#options = options;
    this.config = options.config ?? RewardConfig.fromYaml();
    this.ledger = options.ledger ?? openLedger(openSqliteStore(':memory:'));
    this.#now = options.now ?? systemClock;
    this.#present = noClaims(0);
    let reading = true;
    this.#log = new BucketLog(this.ledger, this.config.policy, ({ claim }) => {
      if (reading) this.#count(claim.hour, claim.bucket, claim.units);
    });
    this.ready = this.#log.start(accountingHour(this.#now())).finally(() => (reading = false));
    this.ready.catch(() => undefined);
  }

  /**
   * Claims work that the caller has verified: quality and other factors are paid as stated, within the
   * policy's ranges. Resolves to the claim's id when it is durable. The same `workId` and evidence are
   * the same claim for ever; without one each call is new work. Throws `bad-input` for what is
   * malformed, for work of no value, and for an `idempotencyKey` that other work was claimed with.
   */
  async submitClaim(
    kind: Bucket,
    wallet: string,
    work: Work,
    {
      workId = randomUUID(),
      idempotencyKey = workId,
      evidence = sha256Hex(canonicalJson(textsOf(work))),
    }: {
      readonly workId?: string | undefined;
      readonly idempotencyKey?: string | undefined;
      readonly evidence?: string | undefined;
    } = {},
  ): Promise<string> {
    const { units, formula } = workUnits(this.config.policy, kind, work, 'clamp');
    const recipient = /^[a-z][a-z0-9-]*:/.test(wallet) ? wallet : `wallet:${accountPart(wallet)}`;
    check(units > 0n, 'bad-input', () => `${kind}: expected work of some value, found 0 BLY`);
    const claim = { bucket: kind, recipient, node: 'operator', workId, evidence, units, formula };
    const bodyDigest = sha256Hex(canonicalJson({ kind, recipient, workId, evidence }));
    const answer = await this.submit({ ...claim, details: {} }, { idempotencyKey, bodyDigest });
    const { refusal } = answer;
    if (refusal !== null && refusal.code !== 'already-claimed') {
      throw new FocusError('bad-input', `claim of ${workId}: ${refusal.reason}`);
    }
    return answer.claimId;
  }

  /** Opens a claim that was checked before. Resolves when it is durable, or refused with a reason. */
  async submit(claim: PricedClaim, request: ClaimRequest): Promise<SubmitAnswer> {
    await this.ready;
    for (;;) {
      const moment = this.#moment();
      this.#depart(moment.hour);
      try {
        const transaction = claimTransaction(claim, request, moment);
        const [answer] = await this.ledger.postOnce([transaction]);
        if (answer.receipt.refusal?.code === 'sealed-epoch') {
          // Another process has settled the hour in the meantime.
          this.#openHour = Math.max(this.#openHour, moment.hour + 1);
          continue;
        }
        const windowMs = this.config.policy.distribution.idempotencyWindowHours * HOUR_MS;
        const result = answerOf(answer, {
          request,
          claimId: claimIdOf(claim),
          ...moment,
          windowMs,
          units: claim.units,
        });
        if (result.outcome === 'accepted') this.#count(moment.hour, claim.bucket, claim.units);
        return result;
      } finally {
        this.#arrive(moment.hour);
      }
    }
  }

  /**
   * Challenges a claim: its grants do not become final before a verdict, or before nobody gave one in
   * time. Throws `bad-input` where there is no such claim, or nothing of it can be lost any more.
   */
  async challenge(request: ChallengeRequest): Promise<{ readonly challenge: string }> {
    await this.ready;
    return postChallenge(this.ledger, request, this.#moment());
  }

  /** Decides a challenge; the next settlement does it. Throws `bad-input` where there is none. */
  async decide(verdict: Verdict): Promise<void> {
    await this.ready;
    await postVerdict(this.ledger, verdict, this.#moment());
  }

  /** The state after the last settlement; null before the first. */
  get state(): SettledState | null {
    return this.#log.state;
  }

  /** Settlements of the last two weeks, rising. */
  get history(): readonly SettlementEvent[] {
    return this.#log.history;
  }

  /** Claims that this process took in the present hour, and those that it found there. */
  get present(): HourClaims {
    const hour = accountingHour(this.#now());
    return hour === this.#present.hour ? this.#present : noClaims(hour);
  }

  /**
   * Settles every hour that is over, and finishes one that was cut off; resolves to the hours that were
   * settled. With an interval of several hours, hours wait until theirs is over.
   */
  settleDue(): Promise<readonly number[]> {
    return this.#takeTurn(async () => {
      await this.ready;
      const interval = this.config.policy.distribution.intervalMs / HOUR_MS;
      const end = Math.floor(accountingHour(this.#now()) / interval) * interval;
      this.#openHour = Math.max(this.#openHour, end);
      await this.#allLanded(end - 1);
      await this.#log.catchUp();
      const settled: number[] = [];
      if (this.#log.open !== null) settled.push(await this.#write(this.#log.open));
      const { state } = this.#log;
      // Written completely, and cut off before its root was published.
      if (state !== null) await this.#seal(state.buckets.nextHour - 1);
      for (;;) {
        const hour = this.#log.nextHour(end);
        if (hour >= end) return settled;
        settled.push(await this.#settle(hour));
      }
    });
  }

  /** Settles at each boundary from now on. */
  start(): void {
    if (this.#timer !== null) return;
    const tick = (waitMs: number): void => {
      this.#timer = setTimeout(() => void this.#tick().then(tick), waitMs);
    };
    tick(0);
  }

  async #tick(): Promise<number> {
    try {
      await this.settleDue();
    } catch (error) {
      this.#options.onError?.(error);
      return RETRY_MS;
    }
    const left = HOUR_MS - (this.#now() % HOUR_MS);
    return Math.min(left + 1, TICK_MS);
  }

  /** Stops the timer and waits for a settlement under way. The ledger stays open. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#turn.catch(() => undefined);
  }

  async #settle(hour: number): Promise<number> {
    const start = performance.now();
    for (;;) {
      await this.#log.catchUp();
      const { open } = this.#log;
      if (open !== null) return this.#write(open);
      // Another process was first, and has written all of it.
      if (this.#log.nextHour(hour) > hour) return hour;
      const { sealedThrough } = await this.ledger.head();
      const made = this.#log.make(hour, Math.max(hour, sealedThrough + 1));
      const { opening, body, closing } = made.plan;
      const followers = [...body, closing].slice(0, MOST_A_COMMIT - 1);
      const epochEnd = { epoch: hour, timeMs: (hour + 1) * HOUR_MS };
      const isAll = followers.length === body.length + 1;
      const { answers, sealed } = await this.ledger.postLed(
        ...([opening, followers, isAll ? epochEnd : undefined] as const),
      );
      const [{ receipt, taken }] = answers;
      // Refused: sealed meanwhile. Taken: another process was first, and its plan is in the log.
      if (taken !== null || receipt.outcome === 'rejected') continue;
      const isWhole = answers.every((each) => each.receipt.outcome === 'posted' && !each.taken);
      if (isWhole && isAll) {
        await this.#log.adopt(made, receipt.sequence);
        if (!sealed) await this.#seal(hour);
      } else await this.#log.catchUp();
      if (this.#log.open !== null) await this.#write(this.#log.open);
      this.#options.onSettled?.(hour, performance.now() - start);
      return hour;
    }
  }

  /** Writes all of a plan, what is there already left as it is, and seals the hour. */
  async #write({ hour, body, closing }: HourPlan): Promise<number> {
    let rest = [...body, closing];
    while (rest.length > 0) {
      const { sealedThrough } = await this.ledger.head();
      const answers = await this.ledger.postOnce(
        rest.map((each) => ({ ...each, epoch: Math.max(each.epoch, sealedThrough + 1) })),
      );
      const refused = answers.find(
        ({ receipt: { refusal } }) => refusal !== null && refusal.code !== 'sealed-epoch',
      );
      const why = refused?.receipt.refusal;
      check(
        refused === undefined,
        'mismatch',
        () => `hour ${hour}: the ledger refuses a payment of its settlement: ${why?.reason}`,
        'something else moved these claims: verify the ledger',
      );
      rest = rest.filter((_, i) => answers[i].receipt.refusal !== null);
    }
    await this.#log.catchUp();
    await this.#seal(hour);
    return hour;
  }

  /**
   * Publishes the Merkle root of an hour, and of those before it that other modules left open; nothing
   * where a later one is sealed.
   */
  async #seal(hour: number): Promise<void> {
    const { sealedThrough } = await this.ledger.head();
    if (sealedThrough >= hour) return;
    const open: number[] = [];
    for await (const { epoch } of this.ledger.epochs(sealedThrough)) {
      if (epoch >= hour) break;
      open.push(epoch);
    }
    for (const epoch of [...open, hour]) {
      await this.ledger.seal(epoch, { timeMs: (epoch + 1) * HOUR_MS });
    }
  }

  #moment(): Moment {
    const timeMs = this.#now();
    return { timeMs, hour: Math.max(accountingHour(timeMs), this.#openHour) };
  }

  #takeTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #depart(hour: number): void {
    this.#inFlight.set(hour, (this.#inFlight.get(hour) ?? 0) + 1);
  }

  #arrive(hour: number): void {
    const left = (this.#inFlight.get(hour) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(hour, left);
    else {
      this.#inFlight.delete(hour);
      this.#landed();
    }
  }

  /** Waits for claims of an hour, or of one before, that are on their way. */
  async #allLanded(hour: number): Promise<void> {
    while ([...this.#inFlight.keys()].some((each) => each <= hour)) {
      await new Promise<void>((resolve) => (this.#landed = resolve));
    }
  }

  #count(hour: number, bucket: Bucket, units: bigint): void {
    if (hour < this.#present.hour) return;
    if (hour > this.#present.hour) this.#present = noClaims(hour);
    this.#present.units[bucket] += units;
    this.#present.claims[bucket]++;
  }
}

function noClaims(hour: number) {
  return { hour, units: { ...perBucket(() => 0n) }, claims: { ...perBucket(() => 0) } };
}

function textsOf(work: Work): Record<string, string> {
  return Object.fromEntries(Object.entries(work).map(([name, value]) => [name, String(value)]));
}
