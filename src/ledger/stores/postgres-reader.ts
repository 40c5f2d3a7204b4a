// Reads of a ledger in PostgreSQL, inside a read-only transaction that sees one snapshot.

import { claimOfRow } from '../claim-row.js';
import type { Reader, RowCounts } from '../store.js';
import {
  balanceOfRow,
  claimsOf,
  entriesOfKeys,
  entryOfRow,
  epochOfRow,
  headOfRow,
  readLeaves,
  type Query,
} from './postgres-rows.js';

/** The reads of a transaction. */
export function postgresReader(query: Query): Reader {
  return {
    head: async () => {
      const rows = await query`select entries, hash, balances, sealed_through from head`.values();
      return headOfRow(rows[0]);
    },
    entries: async (from, limit) => {
      const rows = await query`select sequence, key, epoch, digest, hash, content from entries
        where sequence >= ${from} order by sequence limit ${limit}`.values();
      return rows.map(entryOfRow);
    },
    entriesOfKeys: (keys) => entriesOfKeys(query, keys),
    balances: async (from, limit) => {
      const rows = await query`select id, account, token, units, lowest from balances
        where id >= ${from} order by id limit ${limit}`.values();
      return rows.map(balanceOfRow);
    },
    balancesOf: async (account) => {
      const rows = await query`select id, account, token, units, lowest from balances
        where account = ${account} order by token`.values();
      return rows.map(balanceOfRow);
    },
    statement: async (balance, after, limit) => {
      const rows = await query`select p.sequence, p.units, p.after, e.hash, e.content
        from postings p join entries e on e.sequence = p.sequence
        where p.balance = ${balance} and p.sequence > ${after}
        order by p.sequence limit ${limit}`.values();
      return rows.map(([sequence, units, left, hash, content]) => ({
        sequence: Number(sequence),
        units: BigInt(String(units)),
        after: BigInt(String(left)),
        hash: String(hash),
        content: String(content),
      }));
    },
    postingsOf: async (places) => {
      const rows = await query`select p.balance, p.sequence, p.units, p.after from unnest(
          ${places.map((place) => String(place.balance))}::bigint[],
          ${places.map((place) => String(place.sequence))}::bigint[]) k (balance, sequence)
        join postings p on p.balance = k.balance and p.sequence = k.sequence`.values();
      return rows.map(([balance, sequence, units, after]) => ({
        balance: Number(balance),
        sequence: Number(sequence),
        units: BigInt(String(units)),
        after: BigInt(String(after)),
      }));
    },
    claims: async (after, limit) => {
      const rows = await query`
        select key, token, recipient, claimed, queued, expired, paid, voided, tranches from claims
        where key > ${after} order by key limit ${limit}`.values();
      return rows.map((row) => claimOfRow(row));
    },
    claimsOf: (keys) => claimsOf(query, keys),
    entriesOfClaim: async (claim, after, limit) => {
      const rows = await query`
        select e.sequence, e.key, e.epoch, e.digest, e.hash, e.content
        from claim_entries l join entries e on e.sequence = l.sequence
        where l.claim = ${claim} and l.sequence > ${after}
        order by l.sequence limit ${limit}`.values();
      return rows.map(entryOfRow);
    },
    linksOf: async (links) => {
      const rows = await query`select l.claim, l.sequence from unnest(
          ${links.map(({ claim }) => claim)}::text[],
          ${links.map(({ sequence }) => String(sequence))}::bigint[]) k (claim, sequence)
        join claim_entries l on l.claim = k.claim and l.sequence = k.sequence`.values();
      return rows.map(([claim, sequence]) => ({
        claim: String(claim),
        sequence: Number(sequence),
      }));
    },
    epochs: async (after, limit) => {
      const rows = await query`select epoch, first, last, transactions, root from epochs
        where epoch > ${after} order by epoch limit ${limit}`.values();
      return rows.map(epochOfRow);
    },
    leaves: (epoch) => readLeaves(query, epoch),
    counts: async () => {
      const [row] = await query<Record<keyof RowCounts, string>[]>`
        select (select count(*) from entries) as keys,
          (select count(*) from postings) as postings,
          (select count(*) from claim_entries) as links`;
      const { keys, postings, links } = row;
      return { keys: Number(keys), postings: Number(postings), links: Number(links) };
    },
    // The server checks its own pages, where it was made to (data_checksums).
    damage: async () => null,
  };
}
