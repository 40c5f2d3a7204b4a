// Statements: every posting of an account with its time, running balance, reason and formula. Lines
// are read page by page after the last sequence, so memory is that of one page for any length; lines
// are never changed, so a page read later fits the one before.

import { check } from '../base/errors.js';
import { checkAccount, checkToken } from './account.js';
import { decimalOf } from './amount.js';
import { checkCount, checkTime } from './check-transaction.js';
import { readContent } from './entry.js';
import type { LedgerStore, StatementRow } from './store.js';
import type { Formula } from './transaction.js';

/** A line of a statement. */
export interface StatementLine {
  readonly sequence: number;
  readonly epoch: number;
  readonly timeMs: number;
  /** The same moment as ISO 8601, UTC. */
  readonly time: string;
  readonly kind: string;
  readonly account: string;
  readonly token: string;
  /** Gained (or, with a minus, given) in tokens, and in base units. */
  readonly amount: string;
  readonly units: bigint;
  /** The balance after it, in tokens. */
  readonly balance: string;
  readonly reason: string;
  readonly formula: Formula | null;
  /** Keys of the claims that the entry touches. */
  readonly claims: readonly string[];
  readonly key: string;
  /** The hash of the entry. */
  readonly hash: string;
}

/** Which lines. */
export interface StatementOptions {
  /** One token; default all, one after the other by name. */
  readonly token?: string | undefined;
  /** Lines of fromMs ≤ time < toMs; running balances are those of all lines. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Only lines after one that was given before, by its token and sequence. */
  readonly after?: { readonly token: string; readonly sequence: number } | undefined;
}

const PAGE = 500;

/**
 * The lines of an account by token, then in the order of the log. Throws `bad-input` for names that
 * are none. About 15 µs a line; memory of 500 lines.
 */
export async function* statementOf(
  store: LedgerStore,
  account: string,
  { token, fromMs = 0, toMs = Infinity, after: line }: StatementOptions = {},
): AsyncGenerator<StatementLine, void, undefined> {
  checkAccount(account, 'account');
  if (token !== undefined) checkToken(token, 'token');
  checkTime(fromMs, 'fromMs');
  if (line !== undefined) checkCount(line.sequence, 'after.sequence');
  check(toMs === Infinity || checkTime(toMs, 'toMs') >= 0, 'bad-input', () => 'toMs');
  const balances = await store.read((reader) => reader.balancesOf(account));
  for (const balance of balances) {
    if (token !== undefined && balance.token !== token) continue;
    if (line !== undefined && balance.token < line.token) continue;
    for (let after = balance.token === line?.token ? line.sequence : -1; ;) {
      const from = after;
      const rows = await store.read((reader) => reader.statement(balance.id, from, PAGE));
      for (const row of rows) {
        const line = lineOf(row, account, balance.token);
        if (line.timeMs >= fromMs && line.timeMs < toMs) yield line;
      }
      if (rows.length < PAGE) break;
      after = rows[rows.length - 1].sequence;
    }
  }
}

function lineOf(row: StatementRow, account: string, token: string): StatementLine {
  const content = readContent(row.content);
  check(content.type === 'transaction', 'mismatch', () => `entry ${row.sequence}: no transaction`);
  const { epoch, timeMs, kind, reason, formula, key, claims = [] } = content.transaction;
  return {
    sequence: row.sequence,
    epoch,
    timeMs,
    time: new Date(timeMs).toISOString(),
    kind,
    account,
    token,
    amount: decimalOf(row.units),
    units: row.units,
    balance: decimalOf(row.after),
    reason,
    formula: formula ?? null,
    claims: [...new Set(claims.map((effect) => effect.key))],
    key,
    hash: row.hash,
  };
}
