// How many claims a node had admitted in the hour (UTC, whole hours since 1970), and when the last was.
// A node is 52 bits of a hash, what is known of it one number:
//   count · span + (last − (start of the hour − cooldown))          span = cooldown + one hour, or 1 without
// With a cooldown of a minute or more the count is at most 60, so the number stays below 2⁵³. The table is
// cleared as an hour begins, but for nodes that are still cooling down. It can be made again from a log.

import { check } from '../../../base/errors.js';
import { sha256Hex } from '../../../base/canonical.js';
import { checkTime } from '../../../ledger/check-transaction.js';
import { HOUR_MS } from '../../accounting-hour.js';
import type { AntiGaming } from '../policy.js';
import { refusal, type ClaimRefusal } from './refusal.js';
import { CLAIM_WINDOW_MS } from './signed-claim.js';

/** What the table needs of a policy. */
export type RateLimits = Pick<AntiGaming, 'maxClaimsPerHour' | 'cooldownMinutes'>;

/** A claim that was admitted, as a log knows it. */
export interface CountedClaim {
  readonly node: string;
  /** Digest of what its node signed, 64 hex digits. */
  readonly digest: string;
  readonly timeMs: number;
}

/** The same signed claim is known again for at least so long: as long as its time stamp is good. */
const KNOWN_MS = 2 * CLAIM_WINDOW_MS;
const MINUTE_MS = 60_000;
/** Hex digits of 52 bits. */
const KEY_DIGITS = 13;

/** Claims of the hour by node. */
export class ClaimRate {
  /** Start of the hour that the table is of. */
  #hourStart = 0;
  readonly #nodes = new Map<number, number>();
  /**
   * Claims counted, 52 bits of their digest by 52 others, so that no two can be made that are taken for one:
   * of this period of ten minutes, and of the one before.
   */
  #period = 0;
  #counted = new Map<number, number>();
  #countedBefore = new Map<number, number>();
  readonly #cooldownMs: number;
  readonly #span: number;

  constructor(readonly limits: RateLimits) {
    const { maxClaimsPerHour, cooldownMinutes } = limits;
    const isLimit =
      Number.isInteger(maxClaimsPerHour) &&
      maxClaimsPerHour > 0 &&
      maxClaimsPerHour <= 1e9 &&
      Number.isInteger(cooldownMinutes) &&
      cooldownMinutes >= 0 &&
      cooldownMinutes <= 1e9;
    check(
      isLimit,
      'bad-parameter',
      () =>
        `claim rate: expected 1…10⁹ claims an hour and 0…10⁹ minutes between them, ` +
        `found ${maxClaimsPerHour} and ${cooldownMinutes}`,
    );
    this.#cooldownMs = cooldownMinutes * MINUTE_MS;
    this.#span = cooldownMinutes === 0 ? 1 : this.#cooldownMs + HOUR_MS;
  }

  /**
   * The table at `nowMs`, from claims of a log, by rising time; those of the current hour matter, with a
   * cooldown those after now − cooldown − one hour, and for replays those of the last ten minutes.
   */
  static rebuilt(limits: RateLimits, claims: Iterable<CountedClaim>, nowMs: number): ClaimRate {
    const rate = new ClaimRate(limits);
    for (const { node, digest, timeMs } of claims) rate.#count(node, digest, timeMs);
    rate.#advance(nowMs);
    return rate;
  }

  /** Nodes in the table. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Why a node may not claim now, or null; changes no count. A claim that was counted is never refused. */
  refusalOf(node: string, digest: string, nowMs: number): ClaimRefusal | null {
    this.#advance(nowMs);
    if (this.#isCounted(digest)) return null;
    const known = this.#nodes.get(keyOf(node));
    if (known === undefined) return null;
    const count = Math.floor(known / this.#span);
    const now = Math.max(nowMs, this.#hourStart);
    const hourLeft = this.#hourStart + HOUR_MS - now;
    const cooling = this.#cooldownMs === 0 ? 0 : this.#lastOf(known) + this.#cooldownMs - now;
    const { maxClaimsPerHour, cooldownMinutes } = this.limits;
    const isFull = count >= maxClaimsPerHour;
    if (isFull && hourLeft >= cooling) {
      const reason = `${count} claims of this node in the hour: at most ${maxClaimsPerHour}`;
      return refusal('rate-exceeded', `${reason}; the next hour is ${hourLeft} ms away`, hourLeft);
    }
    if (cooling <= 0) return null;
    const reason = `expected ${cooldownMinutes} minutes between claims of this node`;
    return refusal('cooling-down', `${reason}; ${cooling} ms are left`, cooling);
  }

  /** Counts a claim, unless it is refused or was counted before. */
  take(node: string, digest: string, nowMs: number): ClaimRefusal | null {
    const refused = this.refusalOf(node, digest, nowMs);
    if (refused === null && !this.#isCounted(digest)) this.#count(node, digest, nowMs);
    return refused;
  }

  #count(node: string, digest: string, timeMs: number): void {
    this.#advance(timeMs);
    const key = keyOf(node);
    const count = Math.floor((this.#nodes.get(key) ?? 0) / this.#span) + 1;
    const last = Math.max(timeMs, this.#hourStart);
    const offset = this.#span === 1 ? 0 : last - (this.#hourStart - this.#cooldownMs);
    this.#nodes.set(key, count * this.#span + offset);
    this.#counted.set(bitsOf(digest, 0), bitsOf(digest, KEY_DIGITS));
  }

  /** The time of a node's last claim. */
  #lastOf(known: number): number {
    return (known % this.#span) + this.#hourStart - this.#cooldownMs;
  }

  #isCounted(digest: string): boolean {
    const key = bitsOf(digest, 0);
    const found = this.#counted.get(key) ?? this.#countedBefore.get(key);
    return found !== undefined && found === bitsOf(digest, KEY_DIGITS);
  }

  /**
   * Begins the hour of a time. A clock that is put back within an hour leaves the table as it is; one that
   * is put back further empties it, or a clock that was once wrong would stop all claims until then.
   */
  #advance(timeMs: number): void {
    checkTime(timeMs, 'nowMs');
    const hourStart = timeMs - (timeMs % HOUR_MS);
    if (hourStart < this.#hourStart - HOUR_MS) this.#empty(hourStart);
    if (hourStart > this.#hourStart) this.#beginHour(hourStart);
    const period = Math.floor(timeMs / KNOWN_MS);
    if (period > this.#period) {
      this.#countedBefore = period === this.#period + 1 ? this.#counted : new Map();
      this.#counted = new Map();
      this.#period = period;
    }
  }

  #empty(hourStart: number): void {
    this.#hourStart = hourStart;
    this.#period = 0;
    for (const table of [this.#nodes, this.#counted, this.#countedBefore]) table.clear();
  }

  #beginHour(hourStart: number): void {
    const passed = hourStart - this.#hourStart;
    this.#hourStart = hourStart;
    if (this.#span === 1) return this.#nodes.clear();
    for (const [key, known] of this.#nodes) {
      const offset = (known % this.#span) - passed;
      // A cooldown that is over before the hour begins.
      if (offset <= 0) this.#nodes.delete(key);
      else this.#nodes.set(key, offset);
    }
  }
}

function keyOf(node: string): number {
  return bitsOf(sha256Hex(node), 0);
}

/** 52 bits of a hash from one of its digits on. */
function bitsOf(digest: string, from: number): number {
  return Number.parseInt(digest.slice(from, from + KEY_DIGITS), 16);
}
