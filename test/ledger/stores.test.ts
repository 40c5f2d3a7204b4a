// What is particular to a store: files that are foreign, torn, of a newer version or of an old one;
// servers that do not keep what they say; durable settings.

import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/ledger.js';
import { openDatabase } from '../../src/ledger/stores/libsql.js';
import { openPostgresStore } from '../../src/ledger/stores/postgres.js';
import { openSqliteStore } from '../../src/ledger/stores/sqlite.js';
import { ALICE, all, BOB, issue, move } from './examples.js';
import { onBothStores, type TestDatabase } from './stores.js';

const folder = mkdtempSync(join(tmpdir(), 'focus-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const golden = join(import.meta.dirname, '..', 'golden', 'ledger-1.ledger');

describe('a file', () => {
  it('of version 1 is still read, to the same head', async () => {
    const path = join(folder, 'old.ledger');
    copyFileSync(golden, path);
    const ledger = openLedger(openSqliteStore(path, { create: false }));
    const { entries, hash } = await ledger.head();
    expect((await ledger.verify()).difference).toBeNull();
    // The chain as docs/ledger.md tells it, computed from the exported contents alone.
    let before = Buffer.alloc(32);
    const lines = await all(ledger.export());
    for (const line of lines.slice(1, -1)) {
      const content = line.slice('{"content":'.length, line.lastIndexOf(',"hash":"'));
      const digest = createHash('sha256').update('focus-ledger-content-1\n').update(content);
      const chained = createHash('sha256').update('focus-ledger-entry-1\n').update(before);
      before = chained.update(digest.digest()).digest();
    }
    expect(hash).toBe(before.toString('hex'));
    expect(entries).toBe(lines.length - 2);
    expect(hash).toBe(readFileSync(`${golden}.head`, 'utf8').trim());
    expect((await ledger.post(issue(ALICE, 1n, { epoch: 9 }))).outcome).toBe('posted');
    await ledger.close();
  });

  it('whose table of keys was changed is told by verify, and no transaction is paid by it', async () => {
    const forgeries = [
      ['delete from keys where sequence = 1', /entry 1: not found by its key/],
      ['update keys set sequence = 0 where sequence = 1', /entry 1: not found by its key/],
      ["insert into keys values ('more', 1)", /rows: of keys/],
    ] as const;
    for (const [i, [sql, expected]] of forgeries.entries()) {
      const path = join(folder, `keys${i}.ledger`);
      const ledger = openLedger(openSqliteStore(path));
      const moved = move(ALICE, BOB, 1n);
      await ledger.postAll([issue(ALICE, 1n), moved]);
      await ledger.close();
      const database = openDatabase(path, 100);
      database.execute(sql);
      database.close();
      const again = openLedger(openSqliteStore(path));
      expect((await again.verify()).difference, sql).toMatch(expected);
      await again.close();
    }
  });

  it('takes no key twice, whatever decides', async () => {
    const store = openSqliteStore(join(folder, 'twice.ledger'));
    const ledger = openLedger(store);
    const transaction = issue(ALICE, 1n);
    await ledger.post(transaction);
    const [entry] = await store.read((reader) => reader.entriesOfKeys([transaction.key]));
    const none = { keys: [], refused: [], balances: [], claims: [], epochs: [], seal: null };
    const again = store.commit(none, ({ head }) => ({
      head,
      entries: [{ ...entry, sequence: 1 }],
      ...{ postings: [], balances: [], claims: [], links: [], epochs: [] },
    }));
    await expect(again).rejects.toThrow(/UNIQUE|constraint/);
    expect((await ledger.verify()).difference).toBeNull();
    await ledger.close();
  });

  it('that is no ledger is left as it is', () => {
    const text = join(folder, 'text');
    writeFileSync(text, 'account,units\n'.repeat(1000));
    expect(() => openSqliteStore(text)).toThrow(/not an SQLite file/);
    const foreign = join(folder, 'foreign.db');
    const database = openDatabase(foreign, 100);
    database.execute('create table notes (text text)');
    database.close();
    const before = readFileSync(foreign);
    expect(() => openSqliteStore(foreign)).toThrow(/an SQLite file, but not of a ledger/);
    expect(readFileSync(foreign).equals(before)).toBe(true);
    expect(() => openSqliteStore(join(folder, 'none'), { create: false })).toThrow(/no such file/);
    expect(() => openSqliteStore(join(folder, 'no', 'folder'))).toThrow(/folder/);
  });

  it('of a newer version is refused', async () => {
    const path = join(folder, 'newer.ledger');
    await openLedger(openSqliteStore(path)).close();
    const database = openDatabase(path, 100);
    database.execute('pragma user_version = 99');
    database.close();
    expect(() => openSqliteStore(path)).toThrow(
      /version 99 of the schema, this program knows up to/,
    );
  });

  it('that is torn is found out, when opened, read or verified', async () => {
    const path = join(folder, 'torn.ledger');
    const ledger = openLedger(openSqliteStore(path));
    await ledger.postAll(Array.from({ length: 2000 }, () => issue(ALICE, 1n)));
    await ledger.close();
    truncateSync(path, 4096 * 40);
    const torn = async (): Promise<unknown> => {
      const again = openLedger(openSqliteStore(path));
      try {
        return (await again.verify()).difference;
      } finally {
        await again.close();
      }
    };
    expect(String(await torn().catch((error: unknown) => error))).toMatch(/torn/);
    truncateSync(path, 1000);
    expect(String(await torn().catch((error: unknown) => error))).toMatch(
      /torn|not an SQLite file/,
    );
  });

  it('keeps its commits on the disk', () => {
    const path = join(folder, 'settings.ledger');
    const store = openSqliteStore(path);
    const database = openDatabase(path, 100);
    expect(database.value('pragma journal_mode')).toBe('wal');
    database.close();
    return store.close();
  });

  it('in memory is a ledger like any other', async () => {
    const ledger = openLedger(openSqliteStore(':memory:'));
    await Promise.all([ledger.post(issue(ALICE, 9n)), ledger.verify(), ledger.head()]);
    expect((await ledger.verify()).verified).toBe(true);
    await ledger.close();
  });
});

function suite(database: TestDatabase): void {
  it('is read while it is written, one consistent moment at a time', async () => {
    const store = await database.open('reads');
    const ledger = openLedger(store);
    await ledger.post(issue(ALICE, 1000n));
    const writes = Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await ledger.postAll([move(ALICE, BOB, BigInt(i + 1)), move(BOB, ALICE, 1n)]);
      }),
    );
    for (let time = 0; time < 5; time++) expect((await ledger.verify()).difference).toBeNull();
    await writes;
    await ledger.close();
  });

  it('is written by two connections of one process', async () => {
    const [a, b] = [openLedger(await database.open('two')), openLedger(await database.open('two'))];
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? a : b).post(issue(ALICE, 1n))),
    );
    expect((await b.balance(ALICE, 'BLY')).units).toBe(40n);
    await a.close();
    expect((await b.verify()).difference).toBeNull();
    await b.close();
  });

  it('says what a forged or newer schema is', async () => {
    await (await database.open('schema')).close();
    if (database.kind === 'sqlite') return;
    await database.tamper('schema', 'update ledger_version set version = 99');
    await expect(database.open('schema')).rejects.toThrow(/version 99 of the schema/);
    await database.tamper('schema', 'drop table ledger_version');
    await expect(database.open('schema')).rejects.toThrow(/holds tables, but not of a ledger/);
    const target = database.target('absent');
    await expect(openPostgresStore(target, { create: false })).rejects.toThrow(/no ledger there/);
    await expect(openPostgresStore(target, { schema: 'a; drop' })).rejects.toThrow(
      /schema: expected/,
    );
    const nowhere = 'postgres://user:secret@127.0.0.1:9/none';
    const error: unknown = await openPostgresStore(nowhere).catch((each: unknown) => each);
    expect(String(error)).toMatch(/127\.0\.0\.1:9/);
    expect(String(error)).not.toMatch(/secret/);
  });

  it('refuses to write once it is closed', async () => {
    const ledger = openLedger(await database.open('closed'));
    const last = ledger.post(issue(ALICE, 1n));
    await ledger.close();
    expect((await last).outcome).toBe('posted');
    await expect(ledger.post(issue(ALICE, 1n))).rejects.toMatchObject({ code: 'failure' });
  });
}

onBothStores(suite);
