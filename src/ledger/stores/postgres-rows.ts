// Rows of a ledger in PostgreSQL: how they are read, loaded for a decision and written. The statements
// of a step are sent together and their answers awaited together; lists travel as arrays, so each
// table is one statement however many rows there are.

import type postgres from 'postgres';
import { claimOfRow, tranchesText } from '../claim-row.js';
import type { ClaimRecord } from '../claim.js';
import { rejectionKey, type Entry } from '../entry.js';
import type { BalanceRow, Changes, EpochRow, Head, LeafRow, Loaded, Needs } from '../store.js';

/** A transaction of the library. */
export type Query = postgres.TransactionSql;
/** A row as it comes: bigint columns are text. */
export type Row = readonly unknown[];

/** Locks the head, then reads all that a decision needs: what the holder before has committed. */
export async function loadNeeds(query: Query, needs: Needs): Promise<Loaded> {
  const { keys, refused, claims, epochs, seal } = needs;
  // Awaited alone: statements sent together may leave in another order than they are written in.
  const head =
    await query`select entries, hash, balances, sealed_through from head for update`.values();
  const [entries, balances, claimRows, epochRows, leaves, open] = await Promise.all([
    entriesOfKeys(query, [...keys, ...refused.map(rejectionKey)]),
    Promise.all(
      needs.balances.map(({ token, accounts }) =>
        query`select id, account, token, units, lowest from balances
          where account = any(${[...accounts]}::text[]) and token = ${token}`.values(),
      ),
    ),
    claimsOf(query, claims),
    epochs.length === 0
      ? []
      : query`select epoch, first, last, transactions, root from epochs
          where epoch = any(${epochs.map(String)}::bigint[])`.values(),
    seal === null ? [] : readLeaves(query, seal),
    seal === null
      ? []
      : query`select min(epoch) from epochs
          where root is null and transactions > 0 and epoch < ${seal}`.values(),
  ]);
  const openBefore: unknown = (open as readonly Row[])[0]?.[0] ?? null;
  return {
    head: headOfRow(head[0]),
    entries,
    balances: balances.flat().map(balanceOfRow),
    claims: claimRows,
    epochs: (epochRows as readonly Row[]).map(epochOfRow),
    leaves,
    openBefore: openBefore === null ? null : Number(openBefore),
  };
}

/** Writes all changes. One round trip; the caller commits. */
export async function writeChanges(query: Query, changes: Changes): Promise<void> {
  const { head, entries, balances, postings, claims, links, epochs } = changes;
  const texts = <T>(rows: readonly T[], value: (row: T) => unknown): string[] =>
    rows.map((row) => String(value(row)));
  await Promise.all([
    entries.length === 0
      ? null
      : query`insert into entries select * from unnest(
          ${texts(entries, (row) => row.sequence)}::bigint[],
          ${texts(entries, (row) => row.key)}::text[],
          ${texts(entries, (row) => row.epoch)}::bigint[],
          ${texts(entries, (row) => row.digest)}::text[],
          ${texts(entries, (row) => row.hash)}::text[],
          ${texts(entries, (row) => row.content)}::text[])`,
    balances.length === 0
      ? null
      : query`insert into balances select * from unnest(
          ${texts(balances, (row) => row.id)}::bigint[],
          ${texts(balances, (row) => row.account)}::text[],
          ${texts(balances, (row) => row.token)}::text[],
          ${texts(balances, (row) => row.units)}::bigint[],
          ${texts(balances, (row) => row.lowest)}::bigint[])
          on conflict (id) do update set units = excluded.units, lowest = excluded.lowest`,
    postings.length === 0
      ? null
      : query`insert into postings select * from unnest(
          ${texts(postings, (row) => row.balance)}::bigint[],
          ${texts(postings, (row) => row.sequence)}::bigint[],
          ${texts(postings, (row) => row.units)}::bigint[],
          ${texts(postings, (row) => row.after)}::bigint[])`,
    claims.length === 0 ? null : writeClaims(query, claims),
    links.length === 0
      ? null
      : query`insert into claim_entries select * from unnest(
          ${texts(links, (row) => row.claim)}::text[],
          ${texts(links, (row) => row.sequence)}::bigint[])`,
    epochs.length === 0
      ? null
      : query`insert into epochs select * from unnest(
          ${texts(epochs, (row) => row.epoch)}::bigint[],
          ${texts(epochs, (row) => row.first)}::bigint[],
          ${texts(epochs, (row) => row.last)}::bigint[],
          ${texts(epochs, (row) => row.transactions)}::bigint[],
          ${epochs.map((row) => row.root)}::text[])
          on conflict (epoch) do update set first = excluded.first, last = excluded.last,
            transactions = excluded.transactions, root = excluded.root`,
    query`update head set entries = ${head.entries}, hash = ${head.hash},
      balances = ${head.balances}, sealed_through = ${head.sealedThrough}`,
  ]);
}

function writeClaims(query: Query, claims: readonly ClaimRecord[]): Promise<unknown> {
  const texts = (value: (row: ClaimRecord) => unknown): string[] =>
    claims.map((row) => String(value(row)));
  return query`insert into claims select * from unnest(
      ${texts((row) => row.key)}::text[],
      ${texts((row) => row.token)}::text[],
      ${texts((row) => row.recipient)}::text[],
      ${texts((row) => row.claimed)}::bigint[],
      ${texts((row) => row.queued)}::bigint[],
      ${texts((row) => row.expired)}::bigint[],
      ${texts((row) => row.paid)}::bigint[],
      ${texts((row) => row.voided)}::bigint[],
      ${texts(tranchesText)}::text[])
    on conflict (key) do update set queued = excluded.queued, expired = excluded.expired,
      paid = excluded.paid, voided = excluded.voided, tranches = excluded.tranches`.execute();
}

export async function entriesOfKeys(
  query: Query,
  keys: readonly string[],
): Promise<readonly Entry[]> {
  if (keys.length === 0) return [];
  const rows = await query`select sequence, key, epoch, digest, hash, content from entries
    where key = any(${[...keys]}::text[])`.values();
  return rows.map(entryOfRow);
}

export async function claimsOf(
  query: Query,
  keys: readonly string[],
): Promise<readonly ClaimRecord[]> {
  if (keys.length === 0) return [];
  const rows = await query`
    select key, token, recipient, claimed, queued, expired, paid, voided, tranches from claims
    where key = any(${[...keys]}::text[])`.values();
  return rows.map((row) => claimOfRow(row));
}

/** Leaves of an epoch by rising key: its transactions stand between two sequences, among others. */
export async function readLeaves(query: Query, epoch: number): Promise<readonly LeafRow[]> {
  const rows = await query`
    select e.key, e.digest from epochs p join entries e on e.sequence between p.first and p.last
      where p.epoch = ${epoch} and e.epoch = p.epoch and length(e.key) = 64 order by e.key`.values();
  return rows.map(([key, digest]) => ({ key: String(key), digest: String(digest) }));
}

export function headOfRow([entries, hash, balances, sealedThrough]: Row): Head {
  return {
    entries: Number(entries),
    hash: String(hash),
    balances: Number(balances),
    sealedThrough: Number(sealedThrough),
  };
}

export function entryOfRow([sequence, key, epoch, digest, hash, content]: Row): Entry {
  return {
    sequence: Number(sequence),
    key: String(key),
    epoch: Number(epoch),
    digest: String(digest),
    hash: String(hash),
    content: String(content),
  };
}

export function balanceOfRow([id, account, token, units, lowest]: Row): BalanceRow {
  return {
    id: Number(id),
    account: String(account),
    token: String(token),
    units: BigInt(units as string),
    lowest: BigInt(lowest as string),
  };
}

export function epochOfRow([epoch, first, last, transactions, root]: Row): EpochRow {
  return {
    epoch: Number(epoch),
    first: Number(first),
    last: Number(last),
    transactions: Number(transactions),
    root: root === null ? null : String(root),
  };
}
