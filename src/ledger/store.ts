// The port to a database. A store knows rows, one exclusive read-decide-append step, and reads by
// cursor; it judges nothing. `commit` is the whole of writing: lock, load what the caller needs, ask
// for the changes, write and make them durable. What decides is synchronous and pure, so a store may
// run it again where a try was lost before it was durable.

import type { ClaimRecord } from './claim.js';
import type { Entry } from './entry.js';

/** Where the log ends, and counters that go with it. */
export interface Head {
  /** Entries in the log, and so the sequence of the next. */
  readonly entries: number;
  /** The hash of the last entry; 64 zeros for none. */
  readonly hash: string;
  /** Balances ever made, and so the id of the next. */
  readonly balances: number;
  /** The last sealed epoch; −1 for none. */
  readonly sealedThrough: number;
}

/** The balance of an account in a token; ids from 0 in the order of first postings. */
export interface BalanceRow {
  readonly id: number;
  readonly account: string;
  readonly token: string;
  readonly units: bigint;
  readonly lowest: bigint;
}

/** A posting of an entry, and the balance after it. */
export interface PostingRow {
  /** Id of the balance. */
  readonly balance: number;
  readonly sequence: number;
  readonly units: bigint;
  readonly after: bigint;
}

/** That an entry, or what a rejection was offered, concerns a claim. */
export interface ClaimLinkRow {
  readonly claim: string;
  readonly sequence: number;
}

/** What an epoch holds. */
export interface EpochRow {
  readonly epoch: number;
  /** Sequences of its first and last transaction; 0 and −1 for none. */
  readonly first: number;
  readonly last: number;
  /** Transactions; rejections and seals are not counted. */
  readonly transactions: number;
  /** Of its seal; null while open. */
  readonly root: string | null;
}

/** A leaf of an epoch's tree. */
export interface LeafRow {
  readonly key: string;
  readonly digest: string;
}

/** What a decision wants to know of the ledger. */
export interface Needs {
  /** Keys of entries. */
  readonly keys: readonly string[];
  /** Digests of contents whose rejections are wanted. */
  readonly refused: readonly string[];
  readonly balances: readonly { readonly token: string; readonly accounts: readonly string[] }[];
  readonly claims: readonly string[];
  readonly epochs: readonly number[];
  /** An epoch to be sealed: its leaves, and whether one before it is open. */
  readonly seal: number | null;
}

/** What is there of what was asked for. */
export interface Loaded {
  readonly head: Head;
  readonly entries: readonly Entry[];
  readonly balances: readonly BalanceRow[];
  readonly claims: readonly ClaimRecord[];
  readonly epochs: readonly EpochRow[];
  /** Leaves of the epoch to be sealed, by rising key. */
  readonly leaves: readonly LeafRow[];
  /** The first open epoch before it that holds transactions. */
  readonly openBefore: number | null;
}

/** What is written; rows replace those of the same id, entries, postings and links are new. */
export interface Changes {
  readonly head: Head;
  readonly entries: readonly Entry[];
  readonly postings: readonly PostingRow[];
  readonly balances: readonly BalanceRow[];
  readonly claims: readonly ClaimRecord[];
  readonly links: readonly ClaimLinkRow[];
  readonly epochs: readonly EpochRow[];
}

/** A line of an account's statement, as stored. */
export interface StatementRow {
  readonly sequence: number;
  readonly units: bigint;
  readonly after: bigint;
  readonly hash: string;
  readonly content: string;
}

/** Rows of tables. */
export interface RowCounts {
  readonly keys: number;
  readonly postings: number;
  readonly links: number;
}

/** Reads of one consistent moment. Pages are in rising order and begin after a cursor. */
export interface Reader {
  head(): Promise<Head>;
  /** Entries from a sequence on. */
  entries(from: number, limit: number): Promise<readonly Entry[]>;
  entriesOfKeys(keys: readonly string[]): Promise<readonly Entry[]>;
  /** Balances from an id on. */
  balances(from: number, limit: number): Promise<readonly BalanceRow[]>;
  /** The balances of one account, by token. */
  balancesOf(account: string): Promise<readonly BalanceRow[]>;
  /** Lines of a balance after a sequence (−1 for all). */
  statement(balance: number, after: number, limit: number): Promise<readonly StatementRow[]>;
  /** The postings of these entries on these balances. */
  postingsOf(
    places: readonly { readonly balance: number; readonly sequence: number }[],
  ): Promise<readonly PostingRow[]>;
  /** Claims by rising key after one ('' for all). */
  claims(after: string, limit: number): Promise<readonly ClaimRecord[]>;
  claimsOf(keys: readonly string[]): Promise<readonly ClaimRecord[]>;
  /** The entries that concern a claim, after a sequence (−1 for all). */
  entriesOfClaim(claim: string, after: number, limit: number): Promise<readonly Entry[]>;
  /** Those of these links that are there. */
  linksOf(links: readonly ClaimLinkRow[]): Promise<readonly ClaimLinkRow[]>;
  /** Epochs after one (−1 for all). */
  epochs(after: number, limit: number): Promise<readonly EpochRow[]>;
  leaves(epoch: number): Promise<readonly LeafRow[]>;
  /** Rows of the tables that are otherwise read through an index only. */
  counts(): Promise<RowCounts>;
  /** What the database finds wrong with its own file; null for nothing. */
  damage(): Promise<string | null>;
}

/** A database that holds one ledger. */
export interface LedgerStore {
  /** File or connection, without a password. */
  readonly description: string;
  /**
   * Locks the ledger, loads, decides, writes, and returns when that is durable. What `decide` throws
   * leaves nothing written and is thrown on.
   */
  commit(needs: Needs, decide: (loaded: Loaded) => Changes): Promise<void>;
  /** Runs reads on one consistent snapshot. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
