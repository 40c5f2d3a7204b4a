// focus ledger as users run it, on a file and on PostgreSQL: verify, replay, export, backup, restore,
// statements in all formats, explanations; exit codes.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/ledger.js';
import {
  ALICE,
  BOB,
  BUDGET,
  claimNamed,
  grant,
  issue,
  move,
  openClaim,
} from '../ledger/examples.js';
import { onBothStores, type TestDatabase } from '../ledger/stores.js';
import { focusCommand, inFolder } from './run.js';

const CLAIM = claimNamed('cli');
const LINES = 250;

function suite(database: TestDatabase): void {
  const made = async (name: string): Promise<string> => {
    const ledger = openLedger(await database.open(name));
    await ledger.postAll([issue(ALICE, 10n ** 12n), issue(BUDGET, 100n), openClaim(CLAIM, 30n)]);
    const formula = { name: 'rate', inputs: { b: '2', a: 'x, "y"' }, result: '3' };
    await ledger.postAll(
      Array.from({ length: LINES }, (_, i) =>
        move(ALICE, BOB, 1_500_000_000n, { timeMs: 1000 * i, reason: `a "${i}", b`, formula }),
      ),
    );
    await ledger.postAll([grant(CLAIM, 20n), grant(CLAIM, 20n), move(BOB, ALICE, 2n ** 62n)]);
    await ledger.seal(1, { timeMs: 5 });
    await ledger.close();
    return database.target(name);
  };

  it('verifies, replays, backs up and restores', () =>
    inFolder(async (folder) => {
      const target = await made('cli1');
      const entries = LINES + 7;
      const verify = await focusCommand(['ledger', 'verify', target]);
      expect(verify.stderr).toBe('');
      expect(verify.stdout).toMatch(
        new RegExp(`^verified ${entries} entries, head [0-9a-f]{64}\n`),
      );
      expect(verify.code).toBe(0);
      const json = JSON.parse((await focusCommand(['ledger', 'verify', target, '--json'])).stdout);
      expect(json).toMatchObject({ verified: true, claims: 1, sealedEpochs: 1, difference: null });
      const replay = await focusCommand(['ledger', 'replay', target]);
      expect(replay.stdout).toBe(
        `replayed ${entries} entries, head ${json.head.hash}: the same head\n`,
      );

      const backup = join(folder, 'backup.ndjson');
      expect((await focusCommand(['ledger', 'backup', target, backup])).code).toBe(0);
      const exported = await focusCommand(['ledger', 'export', target]);
      expect(exported.stdout).toBe(readFileSync(backup, 'utf8'));
      const copy = join(folder, 'copy.ledger');
      const restored = await focusCommand(['ledger', 'restore', copy, backup, '--json']);
      expect(JSON.parse(restored.stdout)).toEqual(json);
      const piped = join(folder, 'piped.ledger');
      const { code } = await focusCommand(['ledger', 'restore', piped, '-'], {
        input: exported.stdout,
      });
      expect(code).toBe(0);

      const lines = exported.stdout.split('\n');
      writeFileSync(backup, [...lines.slice(0, 5), ...lines.slice(6)].join('\n'));
      const gap = await focusCommand(['ledger', 'restore', join(folder, 'gap.ledger'), backup]);
      expect(gap.code).toBe(3);
      expect(gap.stderr).toMatch(/line 6: expected entry 4, found 5/);
      writeFileSync(
        backup,
        exported.stdout.replace('"units":"1500000000"', '"units":"1500000001"'),
      );
      const sum = await focusCommand(['ledger', 'restore', join(folder, 'sum.ledger'), backup]);
      expect(sum.code).toBe(5);
      expect(sum.stderr).toMatch(/sum of 0/);
    }));

  it('says which row differs, with exit code 5', async () => {
    const target = await made('cli2');
    await database.tamper('cli2', 'update balances set units = units + 1 where id = 0');
    const { code, stdout, stderr } = await focusCommand(['ledger', 'verify', target]);
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toMatch(/MISMATCH: balances: 0: units: expected \d+, found \d+\n$/);
  });

  it('prints statements in every format', () =>
    inFolder(async (folder) => {
      const target = await made('cli3');
      const out = (name: string): string => join(folder, name);
      for (const name of ['s.csv', 's.json', 's.ndjson', 's.parquet']) {
        const args = ['ledger', 'statement', target, ALICE, '--out', out(name)];
        const { code, stderr } = await focusCommand(args);
        expect(code, stderr).toBe(0);
        expect(stderr).toContain(`${LINES + 1} lines`);
      }
      const json = JSON.parse(readFileSync(out('s.json'), 'utf8'));
      const ndjson = readFileSync(out('s.ndjson'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(ndjson).toEqual(json);
      expect(json[2]).toMatchObject({
        ...{ amount: '-1.5', balance: '997', units: '-1500000000', reason: 'a "1", b' },
        ...{ time: '1970-01-01T00:00:01.000Z', formula: { inputs: { a: 'x, "y"', b: '2' } } },
      });
      const bytes = readFileSync(out('s.parquet'));
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
      const rows = await parquetReadObjects({ file: file as ArrayBuffer, compressors });
      expect(
        rows.map(({ amount, balance, reason, key }) => ({ amount, balance, reason, key })),
      ).toEqual(
        json.map(({ amount, balance, reason, key }: Record<string, unknown>) => ({
          ...{ amount, balance, reason, key },
        })),
      );
      const csv = readFileSync(out('s.csv'), 'utf8').split('\n');
      expect(csv[0]).toBe(
        'sequence,time,epoch,kind,token,amount,balance,reason,formula,inputs,result,claims,key,hash',
      );
      expect(csv[3]).toContain(
        ',transfer,BLY,-1.5,997,"a ""1"", b",rate,"{""a"":""x, \\""y\\"""",""b"":""2""}",3,,',
      );
      const some = await focusCommand([
        ...['ledger', 'statement', target, ALICE, '--token', 'BLY'],
        ...['--from', '1970-01-01T00:00:02Z', '--to', '5000', '--format', 'ndjson'],
      ]);
      expect(some.stdout.trim().split('\n').length).toBe(3);
      const wrong = await focusCommand(['ledger', 'statement', target, 'no account']);
      expect(wrong.code).toBe(3);
      expect(
        (await focusCommand(['ledger', 'statement', target, ALICE, '--format', 'x'])).code,
      ).toBe(2);
      expect((await focusCommand(['ledger', 'statement', target, ALICE, '--from', 'x'])).code).toBe(
        2,
      );
    }));

  it('explains a claim', async () => {
    const target = await made('cli4');
    const { stdout } = await focusCommand(['ledger', 'explain', target, CLAIM]);
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBe(4);
    expect(lines[2]).toMatch(/refused .*has 0\.00000001 BLY queued/);
    expect(lines[3]).toBe(
      'Of 0.00000003 BLY claimed, 0.00000002 BLY were granted: 0 BLY paid, 0.00000002 BLY ' +
        'pending, 0.00000001 BLY queued, not funded yet.',
    );
    const json = JSON.parse(
      (await focusCommand(['ledger', 'explain', target, CLAIM, '--json'])).stdout,
    );
    expect(json.claim).toMatchObject({ claimed: '30', queued: '10' });
  });

  it('makes no ledger where there is none', async () => {
    const { code, stderr } = await focusCommand(['ledger', 'verify', database.target('absent')]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/no such file|no ledger there/);
  });
}

onBothStores(suite);
