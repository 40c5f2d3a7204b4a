// A ledger: the journal and all reads over one store. See docs/ledger.md for the log, its hashes and
// the rules.

import { checkAccount, checkToken } from './account.js';
import { checkKey } from './check-transaction.js';
import type { ClaimRecord } from './claim.js';
import type { Entry } from './entry.js';
import { explainClaim, type ClaimExplanation } from './explain.js';
import {
  openJournal,
  type Journal,
  type Led,
  type SealReceipt,
  type SealRequest,
} from './journal.js';
import { proveEntry, type EntryProof } from './proof.js';
import type { OnceAnswer, Receipt } from './settle.js';
import { statementOf, type StatementLine, type StatementOptions } from './statement.js';
import type { Balance } from './state.js';
import { emptyBalance } from './state.js';
import type { BalanceRow, EpochRow, Head, LedgerStore } from './store.js';
import type { Transaction } from './transaction.js';
import { exportLines, importLines } from './transfer.js';
import { verifyLedger, type Verification, type VerifyOptions } from './verify.js';

/** An open ledger; all methods may be called at the same time. */
export interface Ledger extends Journal {
  /** File or connection, without a password. */
  readonly description: string;
  /**
   * Posts one transaction; those that wait at the same time share a commit. Resolves when it is
   * durable: posted, rejected (an entry, too), or answered again. Throws `bad-input` for what is
   * malformed, which leaves no trace.
   */
  post(transaction: Transaction): Promise<Receipt>;
  /**
   * Posts many, in order, 8,192 a commit. One that is rejected does not hold up the others; one that
   * is malformed throws before any is posted.
   */
  postAll(transactions: readonly Transaction[]): Promise<readonly Receipt[]>;
  /**
   * Posts those whose keys are free, in order. Where a key is taken, nothing is judged or written, and
   * the entry that has it is the answer: for senders that retry without knowing what they said.
   */
  postOnce(transactions: readonly Transaction[]): Promise<readonly OnceAnswer[]>;
  /**
   * Posts a leader, and in the same commit its followers, all by the rule of `postOnce`, but the followers
   * only where the leader was posted by this very call: otherwise its answer is the only one. Then `seal`
   * too, in the same commit, if all of them were posted now and no earlier epoch is open. Fewer than 8,192
   * followers.
   */
  postLed(leader: Transaction, followers: readonly Transaction[], seal?: SealRequest): Promise<Led>;
  /**
   * Seals an epoch: publishes the Merkle root of its transactions and closes it and all before.
   * Throws `bad-parameter` where an earlier epoch with transactions is open.
   */
  seal(epoch: number, options: { readonly timeMs: number }): Promise<SealReceipt>;
  head(): Promise<Head>;
  /** Entries from a sequence on, to the head; pages of one moment each. */
  entries(from: number): AsyncIterable<Entry>;
  /** The entries of these keys that are there, in the order of the log. */
  entriesOf(keys: readonly string[]): Promise<readonly Entry[]>;
  /** Where in the log the transaction of a key is, from 0; null where it was never posted. */
  positionOf(key: string): Promise<number | null>;
  /** Zero where nothing was ever posted. */
  balance(account: string, token: string): Promise<Balance>;
  /** All balances in the order of their first posting; pages of one moment each. */
  balances(): AsyncIterable<BalanceRow>;
  /** Null for a claim that was never opened. */
  claimOf(key: string): Promise<ClaimRecord | null>;
  /** Epochs with transactions or a seal, rising, after one (all of them where none is given). */
  epochs(after?: number): AsyncIterable<EpochRow>;
  statement(account: string, options?: StatementOptions): AsyncIterable<StatementLine>;
  explain(claimKey: string): Promise<ClaimExplanation>;
  prove(key: string): Promise<EntryProof>;
  verify(options?: VerifyOptions): Promise<Verification>;
  /** Lines of text without their ends; see transfer.ts. */
  export(): AsyncIterable<string>;
  import(lines: AsyncIterable<string>): Promise<Head>;
  /** Waits for what was posted, then closes the store. */
  close(): Promise<void>;
}

const PAGE = 1000;

/** Opens the ledger in a store, which it closes in the end. */
export function openLedger(store: LedgerStore): Ledger {
  const journal = openJournal(store);
  const waiting = new Set<Promise<unknown>>();
  const counted = <T>(work: Promise<T>): Promise<T> => {
    waiting.add(work);
    const done = (): void => void waiting.delete(work);
    work.then(done, done);
    return work;
  };
  return {
    description: store.description,
    post: (transaction) => counted(journal.post(transaction)),
    postAll: (transactions) => counted(journal.postAll(transactions)),
    seal: (epoch, options) => counted(journal.seal(epoch, options)),
    postOnce: (transactions) => counted(journal.postOnce(transactions)),
    postLed: (leader, followers, seal) => counted(journal.postLed(leader, followers, seal)),
    head: () => store.read((reader) => reader.head()),
    entries: (from) =>
      paged((after: Entry | null) =>
        store.read((reader) => reader.entries(after === null ? from : after.sequence + 1, PAGE)),
      ),
    balance: async (account, token) => {
      checkAccount(account, 'account');
      checkToken(token, 'token');
      const rows = await store.read((reader) => reader.balancesOf(account));
      const row = rows.find((each) => each.token === token);
      if (row === undefined) return emptyBalance(account);
      return { units: row.units, lowest: row.lowest };
    },
    balances: () =>
      paged((after: BalanceRow | null) =>
        store.read((reader) => reader.balances(after === null ? 0 : after.id + 1, PAGE)),
      ),
    entriesOf: async (keys) => {
      keys.forEach((key, i) => checkKey(key, `keys[${i}]`));
      const entries = await store.read((reader) => reader.entriesOfKeys(keys));
      return [...entries].sort((a, b) => a.sequence - b.sequence);
    },
    positionOf: async (key) => {
      checkKey(key, 'key');
      return (await store.read((reader) => reader.entriesOfKeys([key])))[0]?.sequence ?? null;
    },
    claimOf: async (key) => {
      checkKey(key, 'claim');
      return (await store.read((reader) => reader.claimsOf([key])))[0] ?? null;
    },
    epochs: (from = -1) =>
      paged((after: EpochRow | null) =>
        store.read((reader) => reader.epochs(after?.epoch ?? from, PAGE)),
      ),
    statement: (account, options) => statementOf(store, account, options),
    explain: (key) => explainClaim(store, key),
    prove: (key) => proveEntry(store, key),
    verify: (options) => verifyLedger(store, options),
    export: () => exportLines(store),
    import: (lines) => counted(importLines(store, lines)),
    close: async () => {
      await Promise.allSettled(waiting);
      await store.close();
    },
  };
}

async function* paged<T>(
  page: (after: T | null) => Promise<readonly T[]>,
): AsyncGenerator<T, void, undefined> {
  for (let after: T | null = null; ;) {
    const rows: readonly T[] = await page(after);
    yield* rows;
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1];
  }
}
