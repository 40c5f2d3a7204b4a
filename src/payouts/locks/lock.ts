// Locking: stake put on a particle or a link until a stated time. Each lock has an account of its own,
// named by the key of its transaction, so nobody's stake mixes with anybody's:
//   lock     neuron:N −units      locked:KEY +units      key = SHA-256 of what the lock is
//   unlock   locked:KEY −units    neuron:N +units        whole, by its owner, once, not before its time
// Valence 0 is passive: it moves rank and earns nothing. 1 is active: it earns from fee pools.
// Source: rewards §5. Pure: (state, request) → transaction or refusal; the ledger keeps the state.

import { check } from '../../base/errors.js';
import { decimalOf, found } from '../../ledger/amount.js';
import { checkCount, checkKey, checkTime } from '../../ledger/check-transaction.js';
import { identityKey } from '../../ledger/entry.js';
import type { Transaction } from '../../ledger/transaction.js';
import { checkNeuron, checkStake, type StakeRequest } from '../held/request.js';
import { pathOf, shownTarget, type Target } from '../held/target.js';

/** Stake that is locked. */
export interface Lock {
  /** The key of its transaction; its account is `locked:` and this. */
  readonly id: string;
  /** The account that it came from and goes back to. */
  readonly neuron: string;
  readonly target: Target;
  readonly token: string;
  /** 0 passive, 1 active. */
  readonly valence: 0 | 1;
  readonly units: bigint;
  /** It may be unlocked from this moment on. */
  readonly untilMs: number;
  /** The ledger's epoch in which it was locked. */
  readonly epoch: number;
}

/** What a lock says besides the stake. */
export interface LockRequest extends StakeRequest {
  readonly valence: 0 | 1;
  /** Not before `timeMs`. */
  readonly untilMs: number;
}

/** Who unlocks what, and when. */
export interface UnlockRequest {
  readonly neuron: string;
  readonly lock: string;
  readonly epoch: number;
  readonly timeMs: number;
}

/** Why a lock stays as it is. */
export type UnlockRefusal =
  'unknown-lock' | 'already-unlocked' | 'not-owner' | 'locked-until' | 'before-its-lock';

/** The transaction that unlocks, or why there is none. */
export type Unlocking =
  | { readonly accepted: true; readonly transaction: Transaction }
  | { readonly accepted: false; readonly code: UnlockRefusal; readonly reason: string };

/** What unlocking looks at: see heldOf. */
export interface LockState {
  readonly locks: ReadonlyMap<string, Lock>;
  /** Keys of locks that were unlocked. */
  readonly unlocked: ReadonlySet<string>;
}

/** The account of a lock. */
export function lockedAccount(id: string): string {
  return `locked:${id}`;
}

/**
 * The transaction that locks units on a target; its key is the lock's id. The same request is the same
 * transaction, so the ledger locks once. Throws `bad-input` naming the field.
 */
export function lockTransaction(request: LockRequest): Transaction {
  const { neuron, target, token, units, epoch, timeMs, nonce } = checkStake(request);
  const { valence } = request;
  check(
    valence === 0 || valence === 1,
    'bad-input',
    () => `valence: expected 0 (passive) or 1 (active), found ${found(valence)}`,
    'a lock is for its target: no weight is ever below zero',
  );
  const untilMs = checkTime(request.untilMs, 'untilMs');
  check(
    untilMs >= timeMs,
    'bad-input',
    () => `untilMs: expected at least the time of the lock, ${timeMs}, found ${untilMs}`,
  );
  const details = { ...target, valence: String(valence), untilMs: String(untilMs), nonce };
  const identity = { kind: 'lock', neuron, path: pathOf(target), token, units: String(units) };
  const key = identityKey({ ...identity, valence, untilMs, nonce });
  const what = valence === 0 ? 'passively' : 'actively';
  return {
    key,
    kind: 'lock',
    epoch,
    timeMs,
    postings: [
      { account: lockedAccount(key), token, units },
      { account: neuron, token, units: -units },
    ],
    reason: `${decimalOf(units)} ${token} locked ${what} on ${shownTarget(target)}`,
    details,
  };
}

/**
 * The transaction that gives a lock back to its owner, whole; or why not: a lock that never was, was
 * unlocked, is another neuron's, or whose time has not come. Its key is the lock's alone, so the ledger
 * unlocks once. Throws `bad-input` for a malformed request.
 */
export function unlockTransaction(state: LockState, request: UnlockRequest): Unlocking {
  const id = checkKey(request.lock, 'lock');
  const neuron = checkNeuron(request.neuron, 'neuron');
  const epoch = checkCount(request.epoch, 'epoch');
  const timeMs = checkTime(request.timeMs, 'timeMs');
  if (state.unlocked.has(id)) {
    return refused('already-unlocked', `the lock ${id} was unlocked before`);
  }
  const lock = state.locks.get(id);
  if (lock === undefined) return refused('unknown-lock', `the lock ${id} was never made`);
  if (lock.neuron !== neuron) {
    return refused('not-owner', `the lock ${id} is of ${lock.neuron}, not of ${neuron}`);
  }
  if (timeMs < lock.untilMs) {
    const when = `${lock.untilMs} ms, found ${timeMs} ms`;
    return refused('locked-until', `the lock ${id} may be unlocked from ${when}`);
  }
  if (epoch < lock.epoch) {
    return refused('before-its-lock', `the lock ${id} is of epoch ${lock.epoch}, not ${epoch}`);
  }
  return { accepted: true, transaction: unlocking(lock, epoch, timeMs) };
}

function unlocking(lock: Lock, epoch: number, timeMs: number): Transaction {
  const { id, neuron, token, units, target } = lock;
  return {
    key: unlockKey(id),
    kind: 'unlock',
    epoch,
    timeMs,
    postings: [
      { account: lockedAccount(id), token, units: -units },
      { account: neuron, token, units },
    ],
    reason: `${decimalOf(units)} ${token} unlocked from ${shownTarget(target)}`,
    details: { lock: id },
  };
}

/** The key of the one transaction that unlocks a lock. */
export function unlockKey(lock: string): string {
  return identityKey({ kind: 'unlock', lock });
}

function refused(code: UnlockRefusal, reason: string): Unlocking {
  return { accepted: false, code, reason };
}
