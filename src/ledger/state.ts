// The one rule of the ledger: (balances and claims, transaction) → what changes, or why nothing does.
// Pure: no store, no clock, no chance. The journal applies it to what it has read under its lock,
// `verify` and imports to what they have recomputed; there is no second place that judges.

import { isBurned, isPending, lowestByKind, pendingAccount } from './account.js';
import { inRange } from './amount.js';
import { afterEffect, type ClaimRecord } from './claim.js';
import { isRefusal, type Refusal } from './refusal.js';
import type { Limit, Posting, Transaction } from './transaction.js';

/** A balance and the lowest that it may reach, in base units. */
export interface Balance {
  readonly units: bigint;
  readonly lowest: bigint;
}

/** What a decision may look at. */
export interface State {
  balance(account: string, token: string): Balance;
  claim(key: string): ClaimRecord | null;
  /** The last sealed epoch; −1 for none. All up to it are closed. */
  readonly sealedThrough: number;
}

/** A balance after a transaction. */
export interface ChangedBalance extends Balance {
  readonly account: string;
  readonly token: string;
}

/** What a transaction changes. */
export interface Effects {
  /** Every balance that it posts to or limits, sorted as its postings are, limits after them. */
  readonly balances: readonly ChangedBalance[];
  /** Every claim that it touches, once. */
  readonly claims: readonly ClaimRecord[];
}

/** The balance of an account that nothing was ever posted to. */
export function emptyBalance(account: string): Balance {
  return { units: 0n, lowest: lowestByKind(account) };
}

/**
 * Judges a well-formed transaction. The order of the tests is part of the log: epoch, claims in their
 * order, agreement of claims and postings, limits, balances. O(postings + effects).
 */
export function decide(state: State, transaction: Transaction): Effects | Refusal {
  const { epoch, postings, limits = [] } = transaction;
  const { sealedThrough } = state;
  if (epoch <= sealedThrough) {
    const facts = { epoch: String(epoch), sealedThrough: String(sealedThrough) };
    return { code: 'sealed-epoch', facts };
  }
  const claims = claimsAfter(state, transaction);
  if (isRefusal(claims)) return claims;
  const balances: ChangedBalance[] = [];
  for (const posting of postings) {
    const after = posted(state, posting, statedFor(limits, posting.account));
    if (isRefusal(after)) return after;
    balances.push(after);
  }
  for (const { account, token, lowest } of limits) {
    if (postings.some((each) => each.account === account)) continue;
    const { units } = state.balance(account, token);
    if (units < lowest) return limitAbove(account, token, units, lowest);
    balances.push({ account, token, units, lowest });
  }
  return { balances, claims: [...claims.values()] };
}

function statedFor(limits: readonly Limit[], account: string): bigint | undefined {
  return limits.length === 0 ? undefined : limits.find((each) => each.account === account)?.lowest;
}

function posted(
  state: State,
  { account, token, units: change }: Posting,
  stated: bigint | undefined,
): ChangedBalance | Refusal {
  if (isBurned(account) && change < 0n) {
    return { code: 'burned', facts: { account, token, change: String(change) } };
  }
  const before = state.balance(account, token);
  const units = before.units + change;
  const lowest = stated ?? before.lowest;
  if (units >= lowest && inRange(units)) return { account, token, units, lowest };
  const facts = { account, token, balance: String(before.units), change: String(change) };
  if (!inRange(units)) return { code: 'balance-overflow', facts };
  if (stated !== undefined) return limitAbove(account, token, units, lowest);
  return { code: 'balance-limit', facts: { ...facts, lowest: String(lowest) } };
}

function limitAbove(account: string, token: string, balance: bigint, lowest: bigint): Refusal {
  const facts = { account, token, balance: String(balance), lowest: String(lowest) };
  return { code: 'limit-above-balance', facts };
}

/** Claims after all effects, if the postings say the same. */
function claimsAfter(
  state: State,
  { claims: effects = [], postings, timeMs }: Transaction,
): ReadonlyMap<string, ClaimRecord> | Refusal {
  const after = new Map<string, ClaimRecord>();
  if (effects.length === 0) return after;
  const moves = new Moves();
  for (const effect of effects) {
    const claim = after.get(effect.key) ?? state.claim(effect.key);
    const next = afterEffect(claim, effect, timeMs);
    if (isRefusal(next)) return next;
    after.set(effect.key, next);
    const { recipient, token } = next;
    if (effect.effect === 'grant') moves.add(pendingAccount(recipient), token, effect.units);
    if (effect.effect === 'finalise' || effect.effect === 'void') {
      moves.add(pendingAccount(recipient), token, -effect.units);
      moves.add(effect.effect === 'void' ? effect.to : recipient, token, effect.units);
    }
  }
  return moves.disagreement(postings) ?? after;
}

/** What claims move between accounts; the postings of these accounts must be exactly that. */
class Moves {
  readonly #units = new Map<string, bigint>();

  add(account: string, token: string, units: bigint): void {
    const name = `${account} ${token}`;
    this.#units.set(name, (this.#units.get(name) ?? 0n) + units);
  }

  disagreement(postings: readonly Posting[]): Refusal | null {
    const open = new Map(this.#units);
    for (const { account, token, units } of postings) {
      const name = `${account} ${token}`;
      const expected = open.get(name) ?? (isPending(account) ? 0n : units);
      open.delete(name);
      if (expected !== units) return disagree(account, token, expected, units);
    }
    for (const [name, expected] of open) {
      const [account, token] = name.split(' ');
      if (expected !== 0n) return disagree(account, token, expected, 0n);
    }
    return null;
  }
}

function disagree(account: string, token: string, expected: bigint, posted: bigint): Refusal {
  const facts = { account, token, expected: String(expected), posted: String(posted) };
  return { code: 'postings-disagree', facts };
}
