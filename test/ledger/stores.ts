// The two stores that every suite of the ledger runs on. PostgreSQL is a real server, started for the
// test file; where it cannot be started the suite fails, unless FOCUS_WITHOUT_POSTGRES=1 is set.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe } from 'vitest';
import type { LedgerStore } from '../../src/ledger/store.js';
import { openDatabase } from '../../src/ledger/stores/libsql.js';
import { openPostgresStore } from '../../src/ledger/stores/postgres.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

/** A database that tests may do anything to. */
export interface TestDatabase {
  readonly kind: 'sqlite' | 'postgres';
  /** The LEDGER argument of a ledger of this name; the same name is the same ledger. */
  target(name: string): string;
  open(name: string, durability?: 'full' | 'off'): Promise<LedgerStore>;
  /** kill -9 of the server, and its start; null where there is none. */
  readonly crash: (() => Promise<void>) | null;
  /** Runs SQL past the ledger, as a forger would. */
  tamper(name: string, sql: string): Promise<void>;
}

/** Runs a suite on SQLite and on PostgreSQL. */
export function onBothStores(suite: (database: TestDatabase) => void): void {
  describe('on SQLite', () => {
    const folder = mkdtempSync(join(tmpdir(), 'focus-ledger-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const target = (name: string): string => join(folder, `${name}.ledger`);
    suite({
      kind: 'sqlite',
      target,
      crash: null,
      open: async (name, durability) => openSqliteStore(target(name), { durability }),
      tamper: async (name, sql) => {
        const database = openDatabase(target(name), 1000);
        database.execute(sql);
        database.close();
      },
    });
  });
  if (process.env['FOCUS_WITHOUT_POSTGRES'] === '1') {
    process.stderr.write('POSTGRESQL IS NOT TESTED: FOCUS_WITHOUT_POSTGRES=1 is set\n');
    return;
  }
  describe('on PostgreSQL', () => {
    let server: PostgresServer | null = null;
    beforeAll(async () => {
      server = await startPostgres().catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(
          `POSTGRESQL COULD NOT BE STARTED: ${why}. Install it (Debian: postgresql), ` +
            'or set FOCUS_WITHOUT_POSTGRES=1 to leave its half of the tests out',
        );
      });
    });
    afterAll(() => server?.stop());
    const target = (name: string): string => `${server?.url ?? ''}?schema=${name}`;
    suite({
      kind: 'postgres',
      target,
      crash: async () => server?.crash(),
      open: (name, durability) => openPostgresStore(target(name), { durability }),
      tamper: async (name, statement) => {
        const sql = postgres(server?.url ?? '', { max: 1, connection: { search_path: name } });
        await sql.unsafe(statement);
        await sql.end();
      },
    });
  });
}
