// How a fee pool is shared between locks: in proportion to stake × attention that the target attracted.
//   weight = stake · attention        for active locks that were in the graph before the epoch, else 0
//   share = ⌊pool · weight / Σ weight⌋      remainder = pool − Σ share      all of it where Σ weight = 0
// The shift of the epoch in which a lock enters the graph is partly its own doing: it earns in those
// whose graph before held it, too. Integers only, one floor; order changes nothing. Source: rewards §5.

import { check } from '../../base/errors.js';
import { checkUnits, multiplyDivideFloor } from '../../ledger/amount.js';
import { shownTarget, type Target } from '../held/target.js';
import type { Lock } from './lock.js';

/** Attention that a target attracted in an epoch: an integer ≥ 0 in any one unit. */
export type AttentionOf = (target: Target) => bigint;

/** Why a lock earns nothing. */
export type NoShare = 'passive' | 'too-new' | 'no-attention' | 'rounds-to-zero';

/** What a lock earns. */
export interface LockShare {
  readonly lock: Lock;
  readonly attention: bigint;
  /** Stake × attention, or 0. */
  readonly weight: bigint;
  readonly units: bigint;
  /** Null where it earns something. */
  readonly nothing: NoShare | null;
}

/** A pool, shared. */
export interface SharedPool {
  /** By lock id. */
  readonly shares: readonly LockShare[];
  readonly totalWeight: bigint;
  /** pool − Σ share: what goes to the named account. */
  readonly remainder: bigint;
}

/**
 * Shares a pool of an epoch; locks of the ledger's epochs after `earningThrough` (−1: all) are too new.
 * O(locks log locks). Throws `bad-input` for a pool below zero, and
 * `bad-parameter` for attention below zero and for a lock that occurs twice.
 */
export function sharePool(
  pool: { readonly units: bigint; readonly earningThrough: number },
  locks: readonly Lock[],
  attentionOf: AttentionOf,
): SharedPool {
  const units = checkUnits(pool.units, 'pool');
  const { earningThrough } = pool;
  check(
    Number.isSafeInteger(earningThrough) && earningThrough >= -1,
    'bad-input',
    () => `earningThrough: expected an epoch of the ledger, or -1, found ${earningThrough}`,
  );
  check(units >= 0n, 'bad-input', () => `pool: expected 0 or more, found ${units}`);
  const sorted = [...locks].sort((a, b) => (a.id < b.id ? -1 : 1));
  const weighed = sorted.map((lock, i) => {
    check(
      i === 0 || sorted[i - 1].id !== lock.id,
      'bad-parameter',
      () => `lock ${lock.id}: expected it once, found it twice`,
    );
    const attention = attentionOf(lock.target);
    check(
      attention >= 0n,
      'bad-parameter',
      () => `attention of ${shownTarget(lock.target)}: expected 0 or more, found ${attention}`,
    );
    const nothing = reasonOf(lock, attention, earningThrough);
    const weight = nothing === null ? lock.units * attention : 0n;
    return { lock, attention, weight, nothing };
  });
  const totalWeight = weighed.reduce((sum, { weight }) => sum + weight, 0n);
  const shares = weighed.map((each): LockShare => {
    if (each.weight === 0n) return { ...each, units: 0n };
    const share = multiplyDivideFloor(units, each.weight, totalWeight);
    return { ...each, units: share, nothing: share === 0n ? 'rounds-to-zero' : null };
  });
  const paid = shares.reduce((sum, share) => sum + share.units, 0n);
  return { shares, totalWeight, remainder: units - paid };
}

function reasonOf(lock: Lock, attention: bigint, earningThrough: number): NoShare | null {
  if (lock.valence === 0) return 'passive';
  if (lock.epoch > earningThrough) return 'too-new';
  return attention === 0n ? 'no-attention' : null;
}
