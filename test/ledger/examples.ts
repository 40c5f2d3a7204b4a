// Transactions that tests of the ledger post: short to write, complete in what they say.

import { claimKey, identityKey } from '../../src/ledger/entry.js';
import { pendingAccount } from '../../src/ledger/account.js';
import type { ClaimEffect, Posting, Transaction } from '../../src/ledger/transaction.js';

export const ALICE = 'neuron:did:key:z6MkAlice';
export const BOB = 'neuron:did:key:z6MkBob';
export const BUDGET = 'budget:BLY:2026';
export const TREASURY = 'treasury:BLY';

let made = 0;

/** A transaction with a key of its own; `over` replaces any field. */
export function transaction(over: Partial<Transaction> = {}): Transaction {
  return {
    key: keyOf(`made ${made++}`),
    kind: 'transfer',
    epoch: 1,
    timeMs: 1000,
    postings: [],
    reason: 'a test',
    ...over,
  };
}

export function keyOf(name: string): string {
  return identityKey({ test: name });
}

export function claimNamed(name: string): string {
  const identity = { kind: 'inference', recipient: ALICE, workId: name };
  return claimKey({ ...identity, evidence: 'e'.repeat(64), ruleset: 'bly-1' });
}

/** Moves units of BLY. */
export function move(from: string, to: string, units: bigint, over: Partial<Transaction> = {}) {
  return transaction({ postings: moves(from, to, units), ...over });
}

export function moves(from: string, to: string, units: bigint): readonly Posting[] {
  return [
    { account: from, token: 'BLY', units: -units },
    { account: to, token: 'BLY', units },
  ];
}

/** Issues units of BLY to an account. */
export function issue(to: string, units: bigint, over: Partial<Transaction> = {}): Transaction {
  return move('source:BLY', to, units, { kind: 'issue', ...over });
}

export function openClaim(
  key: string,
  units: bigint,
  over: Partial<Transaction> = {},
  recipient = ALICE,
): Transaction {
  const claims: ClaimEffect[] = [{ key, effect: 'open', recipient, token: 'BLY', units }];
  return transaction({ key, kind: 'claim', claims, ...over });
}

export function grant(
  key: string,
  units: bigint,
  matureAtMs = 5000,
  over: Partial<Transaction> = {},
  recipient = ALICE,
): Transaction {
  return transaction({
    kind: 'grant',
    postings: moves(BUDGET, pendingAccount(recipient), units),
    claims: [{ key, effect: 'grant', units, matureAtMs }],
    ...over,
  });
}

export function finalise(
  key: string,
  units: bigint,
  timeMs = 5000,
  recipient = ALICE,
): Transaction {
  return transaction({
    kind: 'finalise',
    timeMs,
    postings: moves(pendingAccount(recipient), recipient, units),
    claims: [{ key, effect: 'finalise', units }],
  });
}

export function voidClaim(key: string, units: bigint, recipient = ALICE): Transaction {
  return transaction({
    kind: 'void',
    postings: moves(pendingAccount(recipient), TREASURY, units),
    claims: [{ key, effect: 'void', units, to: TREASURY }],
  });
}

/** All of an async iterable. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
