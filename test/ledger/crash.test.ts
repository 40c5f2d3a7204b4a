// kill -9 under load: no acknowledged entry is lost, none is torn, nothing is paid twice. FOCUS_KILLS
// sets the number of kills for each store (default 3). On PostgreSQL every second kill hits the server,
// and the writer goes on when it is back. Kills end processes, not the machine: that the disk keeps what
// fsync promises is not tested here.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/ledger.js';
import {
  budgetTransaction,
  claimTransaction,
  PAYMENT,
  RECIPIENTS,
  recipientOf,
} from './payments.mjs';
import { onBothStores, type TestDatabase } from './stores.js';

const KILLS = Number(process.env['FOCUS_KILLS'] ?? 3);
/** Kills of one ledger, before a fresh one keeps verification short. */
const KILLS_A_LEDGER = 5;
const WRITER = join(import.meta.dirname, 'writer.mjs');

interface Writer {
  readonly acknowledged: readonly string[];
  readonly pid: number;
  readonly ended: Promise<number | null>;
  kill(): void;
}

/** Starts a writer, and waits for its first acknowledgement. */
async function writer(target: string, first: number, count: number, ...more: string[]) {
  const child = spawn(process.execPath, [WRITER, target, String(first), String(count), ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  let failure = '';
  child.stderr.on('data', (piece: Buffer) => (failure += piece.toString()));
  // Closed, not only ended: what it wrote before it died has been read then.
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (piece: Buffer) => {
      told += piece.toString();
      resolve();
    });
    void ended.then((code) => reject(new Error(`the writer ended with ${code}: ${failure}`)));
  });
  return {
    get acknowledged() {
      return told.split('\n').filter((line) => line.length === 64);
    },
    pid: Number(child.pid),
    ended,
    kill: () => void child.kill('SIGKILL'),
  } satisfies Writer;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function suite(database: TestDatabase): void {
  it(`loses nothing by ${KILLS} kills`, { timeout: 60_000 + KILLS * 20_000 }, async () => {
    let total = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const name = `killed${Math.floor(kill / KILLS_A_LEDGER)}`;
      const first = kill % KILLS_A_LEDGER;
      if (first === 0) {
        const ledger = openLedger(await database.open(name));
        await ledger.post(budgetTransaction(10n ** 15n));
        await ledger.close();
      }
      // Each writer offers again what the one before may have been writing when it died.
      const running = await writer(database.target(name), 400 * first, 100_000);
      await pause((kill * 7919) % 250);
      if (database.crash !== null && kill % 2 === 1) {
        await database.crash();
        await pause(200);
      }
      running.kill();
      await running.ended;
      const ledger = openLedger(await database.open(name));
      const { difference, head } = await ledger.verify();
      expect(difference).toBeNull();
      const posted = new Set<string>();
      for await (const line of ledger.export()) {
        const key = /"key":"([0-9a-f]{64})","kind":"claim"/.exec(line)?.[1];
        if (key !== undefined) posted.add(key);
      }
      expect(running.acknowledged.filter((key) => !posted.has(key))).toEqual([]);
      expect(posted.size).toBe(head.entries - 1);
      let paid = 0n;
      for (let i = 0; i < RECIPIENTS; i++) {
        paid += (await ledger.balance(`pending:${recipientOf(i)}`, 'BLY')).units;
      }
      expect(paid).toBe(BigInt(posted.size) * PAYMENT);
      total += running.acknowledged.length;
      await ledger.close();
    }
    expect(total).toBeGreaterThan(KILLS);
    process.stderr.write(`${database.kind}: ${KILLS} kills, ${total} acknowledged, none lost\n`);
  });

  const claims = Number(process.env['FOCUS_CLAIMS'] ?? 2000);
  it(`pays ${claims} claims once each where two processes offer them`, async () => {
    const ledger = openLedger(await database.open('together'));
    await ledger.post(budgetTransaction(10n ** 15n));
    const target = database.target('together');
    const half = (claims * 13) / 20;
    const started = performance.now();
    // The last 30 % of one are the first 30 % of the other, and 30 % of each are offered twice.
    const both = await Promise.all([
      writer(target, 0, half, 'duplicates'),
      writer(target, claims - half, half, 'duplicates'),
    ]);
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
    const seconds = (performance.now() - started) / 1000;
    process.stderr.write(`${database.kind}: two processes, ${claims} claims in ${seconds} s\n`);
    expect(new Set(both.flatMap(({ acknowledged }) => acknowledged)).size).toBe(claims);
    expect((await ledger.head()).entries).toBe(claims + 1);
    for (let i = 0; i < RECIPIENTS; i++) {
      const share = BigInt(Math.floor((claims - i + RECIPIENTS - 1) / RECIPIENTS));
      const { units } = await ledger.balance(`pending:${recipientOf(i)}`, 'BLY');
      expect(units).toBe(share * PAYMENT);
    }
    expect(await ledger.claimOf(claimTransaction(3).key)).toMatchObject({ claimed: PAYMENT });
    expect((await ledger.verify()).difference).toBeNull();
    await ledger.close();
  });
}

onBothStores(suite);
