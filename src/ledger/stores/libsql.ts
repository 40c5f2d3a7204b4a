// The one place that touches libsql. Its native part ends the whole process on bind values of another
// shape than one list of null, number, bigint, string or Buffer, so every value is checked here, rows
// are always lists, integers always bigint, and statements are kept by their text.

import Database from 'libsql';
import { FocusError, invariant } from '../../base/errors.js';

/** What a statement may be given. */
export type BindValue = null | number | bigint | string | Uint8Array;
/** What it returns: integers are bigint. */
export type SqlValue = null | number | bigint | string | Uint8Array;
export type SqlRow = readonly SqlValue[];

/** An open SQLite file. */
export interface SqlDatabase {
  /** Runs statements without values or results. */
  execute(sql: string): void;
  run(sql: string, values: readonly BindValue[]): void;
  all(sql: string, values?: readonly BindValue[]): readonly SqlRow[];
  /** The first value of the first row. */
  value(sql: string, values?: readonly BindValue[]): SqlValue;
  close(): void;
}

/**
 * Opens a file (`:memory:` for none). `busyMs` is how long a lock of another connection is waited
 * for, in which the process does nothing else. Throws what libsql throws; see `sqlError`.
 */
export function openDatabase(path: string, busyMs: number): SqlDatabase {
  const database = new Database(path, { timeout: busyMs });
  database.defaultSafeIntegers(true);
  const statements = new Map<string, RawStatement>();
  const prepared = (sql: string): RawStatement => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql) as unknown as RawStatement;
      if (statement.reader) statement.raw(true);
      statements.set(sql, statement);
    }
    return statement;
  };
  const all = (sql: string, values: readonly BindValue[] = []): readonly SqlRow[] =>
    prepared(sql).all(bound(values)) as readonly SqlRow[];
  return {
    execute: (sql) => void database.exec(sql),
    run: (sql, values) => void prepared(sql).run(bound(values)),
    all,
    value: (sql, values = []) => all(sql, values)[0]?.[0] ?? null,
    close: () => {
      statements.clear();
      database.close();
    },
  };
}

interface RawStatement {
  /** A getter of the package, though its types make it a function. */
  readonly reader: boolean;
  raw(on: boolean): unknown;
  run(values: readonly BindValue[]): unknown;
  all(values: readonly BindValue[]): unknown[];
}

function bound(values: readonly BindValue[]): readonly BindValue[] {
  for (const value of values) {
    if (!isBindable(value)) invariant(false, `a value bound to SQL is ${typeof value}`);
  }
  return values;
}

function isBindable(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return true;
    case 'number':
      return Number.isSafeInteger(value);
    case 'bigint':
      return BigInt.asIntN(64, value) === value;
    default:
      return value === null || Buffer.isBuffer(value);
  }
}

/** The code of an error of SQLite, like SQLITE_BUSY; '' for another error. */
export function sqlCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}

/** A FocusError that says what is wrong with a file; what SQLite did not throw stays as it is. */
export function sqlError(path: string, error: unknown): unknown {
  const code = sqlCode(error);
  if (error instanceof FocusError || code === '') return error;
  const why = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (code.startsWith('SQLITE_NOTADB')) {
    const fix = 'give the file of a ledger, or another name for a new one';
    return new FocusError('bad-input', `${path}: not an SQLite file`, fix, options);
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    const fix = 'restore it from a backup: focus ledger restore';
    return new FocusError('bad-input', `${path}: the file is torn (${why})`, fix, options);
  }
  if (code.startsWith('SQLITE_BUSY')) {
    const fix = 'another process holds the ledger: try again when it has finished';
    return new FocusError('failure', `${path}: locked by another process`, fix, options);
  }
  if (code.startsWith('SQLITE_FULL')) {
    const fix = 'free space on the disk; nothing of the batch was written';
    return new FocusError('failure', `${path}: the disk is full`, fix, options);
  }
  const fix = 'check that the folder exists and can be written to';
  return new FocusError('failure', `${path}: ${why}`, fix, options);
}
