// Reads of a ledger in SQLite, on a connection that is in a read transaction.

import { claimOfRow } from '../claim-row.js';
import type { PostingRow, Reader, StatementRow } from '../store.js';
import type { SqlDatabase } from './libsql.js';
import {
  BALANCE_COLUMNS,
  balanceOfRow,
  CLAIM_COLUMNS,
  claimsOf,
  ENTRY_COLUMNS,
  entriesOfKeys,
  entryOfRow,
  EPOCH_COLUMNS,
  epochOfRow,
  readHead,
  readLeaves,
} from './sqlite-rows.js';

/** The reads of a connection. All answers are there at once; the promises are those of the port. */
export function sqliteReader(database: SqlDatabase): Reader {
  return {
    head: async () => readHead(database),
    entries: async (from, limit) =>
      database
        .all(
          `select ${ENTRY_COLUMNS} from entries e where e.sequence >= ?
            order by e.sequence limit ?`,
          [from, limit],
        )
        .map(entryOfRow),
    entriesOfKeys: async (keys) => entriesOfKeys(database, keys),
    balances: async (from, limit) =>
      database
        .all(`select ${BALANCE_COLUMNS} from balances b where b.id >= ? order by b.id limit ?`, [
          from,
          limit,
        ])
        .map(balanceOfRow),
    balancesOf: async (account) =>
      database
        .all(`select ${BALANCE_COLUMNS} from balances b where b.account = ? order by b.token`, [
          account,
        ])
        .map(balanceOfRow),
    statement: async (balance, after, limit) =>
      database
        .all(
          `select p.sequence, p.units, p.after, e.hash, e.content
            from postings p cross join entries e on e.sequence = p.sequence
            where p.balance = ? and p.sequence > ? order by p.sequence limit ?`,
          [balance, after, limit],
        )
        .map(([sequence, units, left, hash, content]): StatementRow => ({
          sequence: Number(sequence),
          units: BigInt(units as bigint),
          after: BigInt(left as bigint),
          hash: String(hash),
          content: String(content),
        })),
    postingsOf: async (places) =>
      database
        .all(
          `select p.balance, p.sequence, p.units, p.after from json_each(?) k
            cross join postings p on p.balance = k.value->>0 and p.sequence = k.value->>1`,
          [JSON.stringify(places.map(({ balance, sequence }) => [balance, sequence]))],
        )
        .map(([balance, sequence, units, after]): PostingRow => ({
          balance: Number(balance),
          sequence: Number(sequence),
          units: BigInt(units as bigint),
          after: BigInt(after as bigint),
        })),
    claims: async (after, limit) =>
      database
        .all(`select ${CLAIM_COLUMNS} from claims c where c.key > ? order by c.key limit ?`, [
          after,
          limit,
        ])
        .map((row) => claimOfRow(row)),
    claimsOf: async (keys) => claimsOf(database, keys),
    entriesOfClaim: async (claim, after, limit) =>
      database
        .all(
          `select ${ENTRY_COLUMNS} from claim_entries l
            cross join entries e on e.sequence = l.sequence
            where l.claim = ? and l.sequence > ? order by l.sequence limit ?`,
          [claim, after, limit],
        )
        .map(entryOfRow),
    linksOf: async (links) =>
      database
        .all(
          `select l.claim, l.sequence from json_each(?) k
            cross join claim_entries l on l.claim = k.value->>0 and l.sequence = k.value->>1`,
          [JSON.stringify(links.map(({ claim, sequence }) => [claim, sequence]))],
        )
        .map(([claim, sequence]) => ({ claim: String(claim), sequence: Number(sequence) })),
    epochs: async (after, limit) =>
      database
        .all(`select ${EPOCH_COLUMNS} from epochs p where p.epoch > ? order by p.epoch limit ?`, [
          after,
          limit,
        ])
        .map(epochOfRow),
    leaves: async (epoch) => readLeaves(database, epoch),
    counts: async () => ({
      keys: Number(database.value('select count(*) from keys')),
      postings: Number(database.value('select count(*) from postings')),
      links: Number(database.value('select count(*) from claim_entries')),
    }),
    damage: async () => {
      const found = String(database.value('pragma quick_check(1)'));
      return found === 'ok' ? null : found;
    },
  };
}
