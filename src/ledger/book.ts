// The state of a ledger while transactions are applied one after the other: what was loaded, and what
// has changed since. `post` and `seal` make an entry of what is offered, by the rule of state.ts, and
// advance the chain; the journal writes what a book gathered, `verify` compares it with what is there.

import { leavesOf, merkleRoot } from '../base/merkle.js';
import type { ClaimRecord } from './claim.js';
import {
  contentDigest,
  entryHash,
  GENESIS,
  isTransaction,
  rejectionContent,
  rejectionKey,
  sealContent,
  sealKey,
  type Entry,
} from './entry.js';
import { isRefusal, type Refusal } from './refusal.js';
import { decide, emptyBalance, type Balance, type Effects } from './state.js';
import type {
  BalanceRow,
  Changes,
  ClaimLinkRow,
  EpochRow,
  Head,
  LeafRow,
  Loaded,
  PostingRow,
} from './store.js';
import type { Transaction } from './transaction.js';

/** A checked transaction with its canonical content and digest. */
export interface Offered {
  readonly transaction: Transaction;
  readonly content: string;
  readonly digest: string;
}

/** The head of a ledger without entries. */
export const EMPTY_HEAD: Head = { entries: 0, hash: GENESIS, balances: 0, sealedThrough: -1 };

/** The mutable working state; see the top of the file. Nothing is read but what was loaded. */
export class Book {
  #entriesCount: number;
  #hash: string;
  #balancesCount: number;
  #sealedThrough: number;
  /** By token, then by account: a text made of both would be made for every look. */
  readonly #balances = new Map<string, Map<string, BalanceRow>>();
  readonly #claims = new Map<string, ClaimRecord>();
  readonly #epochs = new Map<number, EpochRow>();
  readonly #changedBalances = new Map<number, BalanceRow>();
  readonly #changedClaims = new Set<string>();
  readonly #changedEpochs = new Set<number>();
  #entries: Entry[] = [];
  #postings: PostingRow[] = [];
  #links: ClaimLinkRow[] = [];

  constructor(loaded: Pick<Loaded, 'head' | 'balances' | 'claims' | 'epochs'>) {
    const { head } = loaded;
    this.#entriesCount = head.entries;
    this.#hash = head.hash;
    this.#balancesCount = head.balances;
    this.#sealedThrough = head.sealedThrough;
    for (const row of loaded.balances) this.#balancesIn(row.token).set(row.account, row);
    for (const claim of loaded.claims) this.#claims.set(claim.key, claim);
    for (const row of loaded.epochs) this.#epochs.set(row.epoch, row);
  }

  get head(): Head {
    return {
      entries: this.#entriesCount,
      hash: this.#hash,
      balances: this.#balancesCount,
      sealedThrough: this.#sealedThrough,
    };
  }

  get sealedThrough(): number {
    return this.#sealedThrough;
  }

  balance(account: string, token: string): Balance {
    return this.#balances.get(token)?.get(account) ?? emptyBalance(account);
  }

  claim(key: string): ClaimRecord | null {
    return this.#claims.get(key) ?? null;
  }

  /** All rows it knows of, in no order. */
  rows(): Pick<Changes, 'balances' | 'claims' | 'epochs'> {
    return {
      balances: [...this.#balances.values()].flatMap((rows) => [...rows.values()]),
      claims: [...this.#claims.values()],
      epochs: [...this.#epochs.values()],
    };
  }

  /** Applies a transaction whose key is free, or says why not; nothing changes then. */
  post(offered: Offered): Entry | Refusal {
    const { transaction, content, digest } = offered;
    const effects = decide(this, transaction);
    if (isRefusal(effects)) return effects;
    const { key, epoch, claims = [] } = transaction;
    const entry = this.#append(key, epoch, digest, content);
    this.#apply(transaction, effects, entry.sequence);
    const row = this.#epochs.get(epoch);
    this.#setEpoch({
      epoch,
      first: row === undefined ? entry.sequence : row.first,
      last: entry.sequence,
      transactions: (row?.transactions ?? 0) + 1,
      root: null,
    });
    if (claims.length > 0)
      this.#link(
        claims.map(({ key: claim }) => claim),
        entry.sequence,
      );
    return entry;
  }

  /** Records the refusal of a transaction, with all of what was offered. */
  reject({ transaction, digest }: Offered, refusal: Refusal): Entry {
    const content = rejectionContent(transaction, digest, refusal);
    const { epoch, key, claims = [] } = transaction;
    const entry = this.#append(rejectionKey(digest), epoch, contentDigest(content), content);
    this.#link([key, ...claims.map((effect) => effect.key)], entry.sequence);
    return entry;
  }

  /** Seals an epoch with its leaves by rising key, and closes all before it. */
  seal(epoch: number, timeMs: number, leaves: readonly LeafRow[]): Entry {
    const root = epochRoot(leaves);
    const content = sealContent(epoch, timeMs, { root, size: leaves.length });
    const entry = this.#append(sealKey(epoch), epoch, contentDigest(content), content);
    const row = this.#epochs.get(epoch) ?? { epoch, first: 0, last: -1, transactions: 0 };
    this.#setEpoch({ ...row, root });
    this.#sealedThrough = epoch;
    return entry;
  }

  /** Leaves of an epoch that were posted since the last call of `takeChanges`, in the order of the log. */
  newLeaves(epoch: number): readonly LeafRow[] {
    return this.#entries.filter((entry) => entry.epoch === epoch && isTransaction(entry));
  }

  /** Whether an epoch before one, among those it knows of, is open and has transactions. */
  hasOpenBefore(epoch: number): boolean {
    return [...this.#epochs.values()].some(
      (row) => row.epoch < epoch && row.root === null && row.transactions > 0,
    );
  }

  /** What changed since the last call. */
  takeChanges(): Changes {
    const changes: Changes = {
      head: this.head,
      entries: this.#entries,
      postings: this.#postings,
      links: this.#links,
      balances: [...this.#changedBalances.values()],
      claims: picked(this.#changedClaims, this.#claims),
      epochs: picked(this.#changedEpochs, this.#epochs),
    };
    this.#entries = [];
    this.#postings = [];
    this.#links = [];
    this.#changedBalances.clear();
    this.#changedClaims.clear();
    this.#changedEpochs.clear();
    return changes;
  }

  #append(key: string, epoch: number, digest: string, content: string): Entry {
    const sequence = this.#entriesCount++;
    const hash = entryHash(this.#hash, digest);
    const entry = { sequence, key, epoch, digest, hash, content };
    this.#entries.push(entry);
    this.#hash = hash;
    return entry;
  }

  #apply({ postings }: Transaction, { balances, claims }: Effects, sequence: number): void {
    for (let i = 0; i < balances.length; i++) {
      const { account, token, units, lowest } = balances[i];
      const rows = this.#balancesIn(token);
      const id = rows.get(account)?.id ?? this.#balancesCount++;
      const row = { id, account, token, units, lowest };
      rows.set(account, row);
      this.#changedBalances.set(id, row);
      if (i < postings.length) {
        this.#postings.push({ balance: id, sequence, units: postings[i].units, after: units });
      }
    }
    for (const claim of claims) {
      this.#claims.set(claim.key, claim);
      this.#changedClaims.add(claim.key);
    }
  }

  #balancesIn(token: string): Map<string, BalanceRow> {
    let rows = this.#balances.get(token);
    if (rows === undefined) this.#balances.set(token, (rows = new Map()));
    return rows;
  }

  #setEpoch(row: EpochRow): void {
    this.#epochs.set(row.epoch, row);
    this.#changedEpochs.add(row.epoch);
  }

  #link(claims: readonly string[], sequence: number): void {
    for (const claim of new Set(claims)) this.#links.push({ claim, sequence });
  }
}

/**
 * The Merkle root of an epoch's transactions, by rising key. Leaf: the 32 bytes of the key, then the
 * 32 of the content's digest; so neighbours prove that a key is not there.
 */
export function epochRoot(leaves: readonly LeafRow[]): string {
  return merkleRoot(leavesOf(leaves.map(leafBytes)), { threads: 1 });
}

/** The bytes of a leaf. */
export function leafBytes({ key, digest }: LeafRow): Uint8Array {
  return Buffer.from(key + digest, 'hex');
}

function picked<K, V>(keys: ReadonlySet<K>, rows: ReadonlyMap<K, V>): readonly V[] {
  const list: V[] = [];
  for (const key of keys) {
    const row = rows.get(key);
    if (row !== undefined) list.push(row);
  }
  return list;
}
