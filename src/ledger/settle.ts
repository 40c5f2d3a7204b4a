// What becomes of offered transactions: the first answer again, an entry, or a rejection. One rule for
// the journal (which answers) and for replays of a log (which compare).
//   key known, same content → replay        key known, other content → rejected, both kept
//   refused before with this content → replay of that refusal        else → judged by state.ts

import { isRefusal, refusalSentence, type Refusal } from './refusal.js';
import type { Book, Offered } from './book.js';
import { checkTransaction } from './check-transaction.js';
import {
  contentDigest,
  isRejection,
  readContent,
  rejectionKey,
  transactionContent,
  type Entry,
} from './entry.js';
import type { Needs } from './store.js';
import type { Transaction } from './transaction.js';

/** The answer to a transaction that was offered. */
export interface Receipt {
  readonly outcome: 'posted' | 'rejected';
  /** Of the entry that holds it, or its rejection. */
  readonly sequence: number;
  readonly hash: string;
  /** The key of the transaction. */
  readonly key: string;
  /** Whether the entry was there before: this is its answer again. */
  readonly replayed: boolean;
  /** Why it was rejected; null where it was posted. */
  readonly refusal: (Refusal & { readonly reason: string }) | null;
}

/** Checks a transaction from outside and makes its canonical content. Throws `bad-input`. */
export function offer(value: unknown): Offered {
  return offeredOf(checkTransaction(value));
}

/** A checked transaction with content and digest. */
export function offeredOf(transaction: Transaction): Offered {
  const content = transactionContent(transaction);
  return { transaction, content, digest: contentDigest(content) };
}

/** What must be loaded to settle these. */
export function needsOf(offered: readonly Offered[]): Needs {
  const keys = new Set<string>();
  const refused = new Set<string>();
  const accounts = new Map<string, Set<string>>();
  const claims = new Set<string>();
  const epochs = new Set<number>();
  for (const { transaction, digest } of offered) {
    keys.add(transaction.key);
    refused.add(digest);
    epochs.add(transaction.epoch);
    for (const { account, token } of transaction.postings) put(accounts, token, account);
    for (const { account, token } of transaction.limits ?? []) put(accounts, token, account);
    for (const { key } of transaction.claims ?? []) claims.add(key);
  }
  return {
    keys: [...keys],
    refused: [...refused],
    balances: [...accounts].map(([token, names]) => ({ token, accounts: [...names] })),
    claims: [...claims],
    epochs: [...epochs],
    seal: null,
  };
}

function put(sets: Map<string, Set<string>>, name: string, value: string): void {
  const set = sets.get(name);
  if (set === undefined) sets.set(name, new Set([value]));
  else set.add(value);
}

/** Entries that were answered before; settling adds to them. */
export interface Answered {
  /** Transactions by key. */
  readonly posted: Map<string, Entry>;
  /** Rejections by the key of their entry; mostly there are none, and none is looked for. */
  readonly refused: Map<string, Entry>;
}

/** Those of what was loaded. */
export function answeredOf(entries: readonly Entry[]): Answered {
  const posted = new Map<string, Entry>();
  const refused = new Map<string, Entry>();
  for (const entry of entries) (isRejection(entry) ? refused : posted).set(entry.key, entry);
  return { posted, refused };
}

/** Settles one transaction after those before it. */
export function settle(book: Book, answered: Answered, offered: Offered): Receipt {
  const { transaction, digest } = offered;
  const { key } = transaction;
  const same = answered.posted.get(key);
  if (same?.digest === digest) return receipt(key, same, true, null);
  const before =
    answered.refused.size === 0 ? undefined : answered.refused.get(rejectionKey(digest));
  if (before !== undefined) return receipt(key, before, true, refusalOf(before));
  const result = judge(book, same, offered);
  if (!isRefusal(result)) {
    answered.posted.set(key, result);
    return receipt(key, result, false, null);
  }
  const entry = book.reject(offered, result);
  answered.refused.set(entry.key, entry);
  return receipt(key, entry, false, result);
}

/** The answer to a transaction that is posted unless its key is taken. */
export interface OnceAnswer {
  readonly receipt: Receipt;
  /** The entry that had the key before, whatever its content; null where the key was free. */
  readonly taken: Entry | null;
}

/** Settles one transaction unless its key is taken: then nothing is judged or written. */
export function settleOnce(book: Book, answered: Answered, offered: Offered): OnceAnswer {
  const { key } = offered.transaction;
  const taken = answered.posted.get(key) ?? null;
  if (taken !== null) return { receipt: receipt(key, taken, true, null), taken };
  return { receipt: settle(book, answered, offered), taken };
}

/** The entry of a transaction, or its refusal; `first` is the entry that has its key. */
export function judge(book: Book, first: Entry | undefined, offered: Offered): Entry | Refusal {
  if (first === undefined) return book.post(offered);
  const { key } = offered.transaction;
  const facts = { key, sequence: String(first.sequence), digest: first.digest };
  return { code: 'key-taken', facts };
}

function refusalOf(entry: Entry): Refusal | null {
  const content = readContent(entry.content);
  return content.type === 'rejected' ? content.refusal : null;
}

function receipt(
  key: string,
  { sequence, hash }: Entry,
  replayed: boolean,
  refusal: Refusal | null,
): Receipt {
  const outcome = refusal === null ? 'posted' : 'rejected';
  const why = refusal === null ? null : { ...refusal, reason: refusalSentence(refusal) };
  return { outcome, sequence, hash, key, replayed, refusal: why };
}
