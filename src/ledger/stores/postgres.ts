// A ledger in PostgreSQL, all of it in one schema. Writers take turns by the lock of the head's row;
// reads see one snapshot. A commit whose connection breaks is run again: what it asks is decided anew
// from what is there then, so a commit that did get through is answered as a replay.

import postgres from 'postgres';
import { check, FocusError } from '../../base/errors.js';
import type { Changes, LedgerStore, Loaded, Needs, Reader } from '../store.js';
import { POSTGRES_MIGRATIONS } from './migrations/postgres.js';
import { postgresReader } from './postgres-reader.js';
import { loadNeeds, writeChanges, type Query } from './postgres-rows.js';

/** How a connection is used. */
export interface PostgresOptions {
  /** Make a new ledger where there is none; default true. */
  readonly create?: boolean | undefined;
  /** Where the tables are; default `focus_ledger`, or what `?schema=` of the connection says. */
  readonly schema?: string | undefined;
  /** How long a lost connection is tried again, in ms; default 30,000. */
  readonly retryMs?: number | undefined;
  /** `off`: also servers that do not wait for their disk; for throw-away ledgers. */
  readonly durability?: 'full' | 'off' | undefined;
}

const SCHEMA = 'focus_ledger';
const RETRY_MS = 30_000;
const MOST_CONNECTIONS = 4;
/** "FLDG": only one process at a time makes tables. */
const MIGRATION_LOCK = 0x464c4447;

/**
 * Opens the ledger at `postgres://user:password@host/database?schema=name`. Throws `bad-input` for a
 * schema that is foreign or of a newer version, `failure` where the server cannot be reached or does
 * not keep what it says it has written.
 */
export async function openPostgresStore(
  url: string,
  options: PostgresOptions = {},
): Promise<LedgerStore> {
  const target = targetOf(url, options);
  const { durability = 'full', retryMs = RETRY_MS } = options;
  const sql = postgres(target.url, {
    max: MOST_CONNECTIONS,
    connect_timeout: 10,
    onnotice: () => undefined,
    connection: {
      application_name: 'focus-ledger',
      search_path: target.schema,
      ...(durability === 'full' ? { synchronous_commit: 'on' } : {}),
    },
  });
  const { description } = target;
  try {
    await migrate(sql, target, options.create !== false);
    if (durability === 'full') await checkDurable(sql, description);
  } catch (error) {
    await sql.end({ timeout: 5 });
    throw sqlError(description, error);
  }
  return {
    description,
    commit: (needs, decide) => retried(description, retryMs, () => commitOnce(sql, needs, decide)),
    read: <T>(work: (reader: Reader) => Promise<T>): Promise<T> =>
      sql
        .begin('isolation level repeatable read read only', (query) =>
          // The library unwraps promises in its types; work is one promise.
          work(postgresReader(query)).then((result) => ({ result })),
        )
        .then(({ result }) => result as T)
        .catch((error: unknown) => {
          throw sqlError(description, error);
        }),
    close: () => sql.end({ timeout: 5 }),
  };
}

/** Whether a name of a ledger is a connection and not a file. */
export function isPostgresUrl(name: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(name);
}

interface Target {
  readonly url: string;
  readonly schema: string;
  readonly description: string;
}

function targetOf(text: string, options: PostgresOptions): Target {
  check(
    isPostgresUrl(text) && URL.canParse(text),
    'usage',
    () => 'expected a connection like postgres://user@host/database?schema=name',
  );
  const url = new URL(text);
  const schema = options.schema ?? url.searchParams.get('schema') ?? SCHEMA;
  check(
    /^[a-z_][a-z0-9_]{0,62}$/.test(schema),
    'usage',
    () => `schema: expected a-z 0-9 _, at most 63 characters, found ${JSON.stringify(schema)}`,
  );
  url.searchParams.delete('schema');
  const described = new URL(url);
  described.password = '';
  return { url: url.href, schema, description: `${described.href} (schema ${schema})` };
}

async function migrate(sql: postgres.Sql, target: Target, create: boolean): Promise<void> {
  const { schema, description } = target;
  const newest = POSTGRES_MIGRATIONS.length;
  await sql.begin(async (query) => {
    await query`select pg_advisory_xact_lock(${MIGRATION_LOCK})`;
    const tables = await query<{ name: string }[]>`
      select table_name as name from information_schema.tables where table_schema = ${schema}`;
    const isLedger = tables.some(({ name }) => name === 'ledger_version');
    check(
      isLedger || create,
      'bad-input',
      () => `${description}: no ledger there`,
      'name its schema with ?schema=…',
    );
    check(
      isLedger || tables.length === 0,
      'bad-input',
      () => `${description}: the schema holds tables, but not of a ledger`,
      'name another schema with ?schema=…',
    );
    if (!isLedger) {
      await query`create schema if not exists ${query(schema)}`;
      await query`create table ledger_version (version int not null)`;
      await query`insert into ledger_version values (0)`;
    }
    const [row] = await query<{ version: number }[]>`select version from ledger_version`;
    const version = row?.version ?? 0;
    check(
      version <= newest,
      'bad-input',
      () => `${description}: version ${version} of the schema, this program knows up to ${newest}`,
      'use the version of focus-engine that wrote it, or a newer one',
    );
    for (const statements of POSTGRES_MIGRATIONS.slice(version)) {
      for (const statement of statements) await query.unsafe(statement);
    }
    if (version < newest) await query`update ledger_version set version = ${newest}`;
  });
}

async function checkDurable(sql: postgres.Sql, description: string): Promise<void> {
  const [row] = await sql<{ fsync: string }[]>`select current_setting('fsync') as fsync`;
  check(
    row?.fsync === 'on',
    'failure',
    () => `${description}: the server has fsync off, so acknowledged entries could be lost`,
    'set fsync = on in postgresql.conf',
  );
}

async function commitOnce(
  sql: postgres.Sql,
  needs: Needs,
  decide: (loaded: Loaded) => Changes,
): Promise<void> {
  await sql.begin('isolation level read committed', async (query: Query) => {
    const changes = decide(await loadNeeds(query, needs));
    await writeChanges(query, changes);
  });
}

/** Deadlocks, lost serialisations, and servers that stop or start. */
const AGAIN = new Set([
  ...['40001', '40P01', '57P01', '57P02', '57P03', '08000', '08003', '08006'],
  ...['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT'],
]);

async function retried(
  description: string,
  retryMs: number,
  work: () => Promise<void>,
): Promise<void> {
  const until = performance.now() + retryMs;
  for (let waitMs = 10; ; waitMs = Math.min(1000, 2 * waitMs)) {
    try {
      return await work();
    } catch (error) {
      const code = String((error as { code?: unknown } | null)?.code ?? '');
      const isOver = performance.now() + waitMs > until;
      if (error instanceof FocusError || !AGAIN.has(code) || isOver) {
        throw sqlError(description, error);
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

function sqlError(description: string, error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  // What neither the server nor the connection threw stays as it is.
  if (error instanceof FocusError || typeof code !== 'string') return error;
  const why = error instanceof Error ? error.message || error.name : String(error);
  const fix = 'check that the server runs and that the user may write to the schema';
  return new FocusError('failure', `${description}: ${why} (${code})`, fix, { cause: error });
}
