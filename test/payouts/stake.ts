// Requests and ledgers that tests of held stake share.

import fc from 'fast-check';
import { identityKey } from '../../src/ledger/entry.js';
import { openLedger, type Ledger } from '../../src/ledger/ledger.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import type { Transaction } from '../../src/ledger/transaction.js';
import type { StakeRequest } from '../../src/payouts/held/request.js';
import type { Target } from '../../src/payouts/held/target.js';
import type { Lock, LockRequest } from '../../src/payouts/locks/lock.js';

export const ANN = 'neuron:ann';
export const BO = 'neuron:bo';
export const CYB = 'CYB';

/** A ledger in memory. */
export function memoryLedger(): Ledger {
  return openLedger(openSqliteStore(':memory:', { create: true }));
}

let made = 0;

/** Moves units; a key of its own unless one is given. */
export function move(
  from: string,
  to: string,
  units: bigint,
  over: Partial<Transaction> = {},
): Transaction {
  return {
    key: identityKey({ test: `move ${made++}` }),
    kind: 'transfer',
    epoch: 0,
    timeMs: 1000,
    postings: [
      { account: from, token: CYB, units: -units },
      { account: to, token: CYB, units },
    ],
    reason: 'a test',
    ...over,
  };
}

export const issue = (to: string, units: bigint): Transaction => move('source:CYB', to, units);

export function stake(over: Partial<StakeRequest> = {}): StakeRequest {
  const target: Target = { particle: 'x' };
  const base = { neuron: ANN, target, token: CYB, units: 100n };
  return { ...base, epoch: 0, timeMs: 1000, nonce: '', ...over };
}

export function lockRequest(over: Partial<LockRequest> = {}): LockRequest {
  return { ...stake(), valence: 1, untilMs: 5000, ...over };
}

/** A lock that never was in a ledger: for sharing only. */
export function lockNamed(name: number, over: Partial<Lock> = {}): Lock {
  const id = name.toString(16).padStart(64, '0');
  const base = { id, neuron: ANN, target: { particle: 'x' }, token: CYB, valence: 1 } as const;
  return { ...base, units: 100n, untilMs: 0, epoch: 0, ...over };
}

/** Ids of any text that a graph takes and an account has room for. */
export const id = fc
  .string({ minLength: 1, maxLength: 8, unit: 'binary' })
  .filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text));

export const target: fc.Arbitrary<Target> = fc.oneof(
  id.map((particle) => ({ particle })),
  fc
    .tuple(id, id)
    .filter(([from, to]) => from !== to)
    .map(([from, to]) => ({ from, to })),
);
