// A ledger in a file of SQLite. WAL and synchronous=FULL: a commit returns after its log is on the
// disk. Writers take turns by BEGIN IMMEDIATE, in one process or several; readers see the last commit
// before they began, each on a connection of its own, and wait for nobody.

import { existsSync } from 'node:fs';
import { check, FocusError } from '../../base/errors.js';
import type { Changes, LedgerStore, Loaded, Needs, Reader } from '../store.js';
import { openDatabase, sqlCode, sqlError, type SqlDatabase } from './libsql.js';
import { APPLICATION_ID, SQLITE_MIGRATIONS } from './migrations/sqlite.js';
import { sqliteReader } from './sqlite-reader.js';
import { loadNeeds, writeChanges } from './sqlite-rows.js';

/** How a file is opened. */
export interface SqliteOptions {
  /** Make a new ledger where there is no file; default true. */
  readonly create?: boolean | undefined;
  /**
   * `full` (default) survives a loss of power. `off` may lose the last commits or tear the file then:
   * for throw-away ledgers.
   */
  readonly durability?: 'full' | 'off' | undefined;
  /** How long to wait for other processes, in ms; default 30,000. */
  readonly busyMs?: number | undefined;
}

/** Pages of 4 KiB in the log before they are moved to the file: 16 MiB. */
const CHECKPOINT_PAGES = 4096;
const CACHE_KIBIBYTES = 65_536;
/** One try for a lock; between tries other work of the process runs. */
const TRY_MS = 50;
const BUSY_MS = 30_000;
const IDLE_READERS = 4;

/**
 * Opens the ledger in a file, `:memory:` for one that is gone when closed. Throws `bad-input` for a
 * file that is torn, foreign or of a newer version, `failure` where it cannot be opened.
 */
export function openSqliteStore(path: string, options: SqliteOptions = {}): LedgerStore {
  const inMemory = path === ':memory:';
  check(
    inMemory || options.create !== false || existsSync(path),
    'bad-input',
    () => `${path}: no such file`,
    'give the file of a ledger, or a connection like postgres://user@host/database',
  );
  const writer = opened(path, options);
  try {
    migrate(path, writer);
  } catch (error) {
    writer.close();
    throw sqlError(path, error);
  }
  const idle: SqlDatabase[] = [];
  let closed = false;
  const turns = new Turns();
  const read = async <T>(work: (reader: Reader) => Promise<T>): Promise<T> => {
    check(!closed, 'failure', () => `${path}: the ledger is closed`);
    if (inMemory) return turns.take(() => work(sqliteReader(writer)));
    const database = idle.pop() ?? opened(path, options);
    try {
      database.execute('begin');
      return await work(sqliteReader(database));
    } catch (error) {
      throw sqlError(path, error);
    } finally {
      database.execute('commit');
      if (idle.length < IDLE_READERS && !closed) idle.push(database);
      else database.close();
    }
  };
  return {
    description: path,
    commit: (needs, decide) =>
      turns.take(async () => {
        check(!closed, 'failure', () => `${path}: the ledger is closed`);
        await begin(path, writer, options.busyMs ?? BUSY_MS);
        commitNow(path, writer, needs, decide);
      }),
    read,
    close: async () => {
      closed = true;
      await turns.take(async () => undefined);
      for (const database of idle) database.close();
      // So that the file alone is the ledger, where no other process has it open.
      if (!inMemory) writer.all('pragma wal_checkpoint(truncate)');
      writer.close();
    },
  };
}

/** Lets asynchronous work run one at a time, in the order of asking. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function opened(path: string, { durability = 'full' }: SqliteOptions): SqlDatabase {
  let database: SqlDatabase | null = null;
  try {
    database = openDatabase(path, TRY_MS);
    // Foreign files are left as they are: nothing is set before the file is known to be a ledger.
    const id = database.value('pragma application_id');
    const isOurs = id === BigInt(APPLICATION_ID);
    const isEmpty = database.value('select count(*) from sqlite_schema') === 0n;
    if (!isOurs && !isEmpty) {
      const fix = 'give the file of a ledger, or another name for a new one';
      throw new FocusError('bad-input', `${path}: an SQLite file, but not of a ledger`, fix);
    }
    setUp(path, database, durability);
    return database;
  } catch (error) {
    database?.close();
    throw sqlError(path, error);
  }
}

function setUp(path: string, database: SqlDatabase, durability: 'full' | 'off'): void {
  // Another process may be setting the same up at this moment.
  const mode = retried(() => database.value('pragma journal_mode = wal'));
  check(
    mode === 'wal' || path === ':memory:',
    'failure',
    () => `${path}: expected a write-ahead log, found ${String(mode)}`,
    'put the ledger on a local disk',
  );
  database.execute(`pragma synchronous = ${durability}`);
  database.execute(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.execute(`pragma cache_size = -${CACHE_KIBIBYTES}`);
}

function retried<T>(work: () => T): T {
  for (let attempt = 0; ; attempt++) {
    try {
      return work();
    } catch (error) {
      if (!sqlCode(error).startsWith('SQLITE_BUSY') || attempt === BUSY_MS / TRY_MS) throw error;
      // A lock that is not waited for by SQLite comes back at once: wait here.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_MS);
    }
  }
}

function migrate(path: string, database: SqlDatabase): void {
  const newest = SQLITE_MIGRATIONS.length;
  const versionNow = (): number => Number(database.value('pragma user_version'));
  const refuseNewer = (): void =>
    check(
      versionNow() <= newest,
      'bad-input',
      () => `${path}: version ${versionNow()} of the schema, this program knows up to ${newest}`,
      'use the version of focus-engine that wrote it, or a newer one',
    );
  refuseNewer();
  if (versionNow() === newest) return;
  retried(() => database.execute('begin immediate'));
  try {
    refuseNewer();
    for (const statements of SQLITE_MIGRATIONS.slice(versionNow())) {
      for (const statement of statements) database.execute(statement);
    }
    database.execute(`pragma application_id = ${APPLICATION_ID}`);
    database.execute(`pragma user_version = ${newest}`);
    database.execute('commit');
  } catch (error) {
    database.execute('rollback');
    throw error;
  }
}

/** Takes the lock; between tries other work of the process runs. */
async function begin(path: string, database: SqlDatabase, busyMs: number): Promise<void> {
  const until = performance.now() + busyMs;
  for (;;) {
    try {
      database.execute('begin immediate');
      return;
    } catch (error) {
      const busy = sqlCode(error).startsWith('SQLITE_BUSY');
      if (!busy || performance.now() > until) throw sqlError(path, error);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

function commitNow(
  path: string,
  database: SqlDatabase,
  needs: Needs,
  decide: (loaded: Loaded) => Changes,
): void {
  try {
    const changes = decide(loadNeeds(database, needs));
    writeChanges(database, changes);
    database.execute('commit');
  } catch (error) {
    try {
      database.execute('rollback');
    } catch {
      // SQLite has rolled back itself; the first error is the one to tell.
    }
    throw sqlError(path, error);
  }
}
