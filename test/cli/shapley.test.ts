// focus shapley as a user runs it: goldens, the same digest for any threads, blocks and breaks, run
// directories of other runs and torn ones, the table, the picture, and what it refuses.

import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BOSTROM, CLI, focusCommand, inFolder, KARATE } from './run.js';

interface Golden {
  readonly base: readonly (readonly [string, string, number])[];
  readonly transactions: readonly (readonly (readonly [string, string, number])[])[];
  readonly value: 'entropy' | 'l1';
  readonly shapley: readonly number[];
  readonly standalone: readonly number[];
  readonly total: number;
}

const GOLDENS = (
  JSON.parse(readFileSync(new URL('../golden/shapley.json', import.meta.url), 'utf8')) as {
    readonly shapley: Readonly<Record<string, Golden>>;
  }
).shapley;
const BEACON = 'ab'.repeat(32);

interface Shares {
  readonly players: readonly {
    readonly index: number;
    readonly neuron: string | null;
    readonly local: number;
    readonly share: number;
    readonly shareExact: string;
    readonly standardError: number | null;
    readonly low: number | null;
    readonly high: number | null;
    readonly blended: number;
  }[];
  readonly total: number;
  readonly efficiencyGap: number;
  readonly orderings: number;
  readonly replicates: number;
  readonly evaluations: number;
  readonly digest: string;
}

async function shapley(args: readonly string[]): Promise<Shares> {
  const { code, stdout, stderr } = await focusCommand(['shapley', ...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Shares;
}

/** Signals on karate: each a link or two between its members, some to a new one. */
function karateSignals(count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const links = [
      { from: String(1 + (i % 34)), to: String(1 + ((7 * i + 11) % 34)), amount: 1 + (i % 4) },
      { from: String(1 + ((5 * i + 3) % 34)), to: i % 5 === 0 ? `new${i}` : '34', amount: 2 },
    ].filter(({ from, to }) => from !== to);
    return `${JSON.stringify({ neuron: `n${i % 3}`, links })}\n`;
  }).join('');
}

describe('focus shapley', () => {
  it.each(Object.entries(GOLDENS))('has the exact shares of golden %s', async (_, golden) => {
    await inFolder(async (folder) => {
      const [links, signals] = [join(folder, 'links.tsv'), join(folder, 'signals.ndjson')];
      writeFileSync(links, golden.base.map((row) => `${row.join('\t')}\n`).join(''));
      writeFileSync(
        signals,
        golden.transactions
          .map((rows) => rows.map(([from, to, amount]) => ({ from, to, amount })))
          .map((rows, i) => `${JSON.stringify({ neuron: `n${i}`, links: rows })}\n`)
          .join(''),
      );
      const value = golden.value === 'l1' ? 'delta-norm' : 'syntropy';
      for (const precision of ['f64', 'exact']) {
        const args = [links, signals, '--value', value, '--exact', '--blend', '0.25'];
        const found = await shapley([...args, '--tolerance', '1e-11', '--precision', precision]);
        found.players.forEach(({ share, local, blended, standardError }, i) => {
          expect(Math.abs(share - golden.shapley[i])).toBeLessThan(1e-9);
          expect(Math.abs(local - golden.standalone[i])).toBeLessThan(1e-9);
          expect(blended).toBeCloseTo(0.25 * local + 0.75 * share, 15);
          expect(standardError).toBeNull();
        });
        expect(Math.abs(found.total - golden.total)).toBeLessThan(1e-9);
        expect(found.efficiencyGap).toBe(0);
        expect(found.evaluations).toBe(2 ** golden.transactions.length - 1);
      }
    });
  });

  it('has the same digest for any threads and blocks, and after breaks', async () => {
    await inFolder(async (folder) => {
      const signals = join(folder, 'signals.ndjson');
      writeFileSync(signals, karateSignals(14));
      const args = [KARATE, signals, '--value', 'delta-j', '--orderings', '40', '--beacon', BEACON];
      const whole = await shapley([...args, '--threads', '1']);
      expect(whole.players.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(whole.total, 12);
      for (const { low, share, high } of whole.players) {
        expect(low).toBeLessThanOrEqual(share);
        expect(high).toBeGreaterThanOrEqual(share);
      }
      expect(whole.players[0].shareExact).toMatch(/^-?0\.\d+$/);
      const other = await shapley([...args, '--threads', '2', '--columns', '16']);
      expect(other).toMatchObject({ digest: whole.digest, players: whole.players });

      // A run that loses its last lines, one of them torn, goes on with the same bits.
      const run = join(folder, 'run');
      const kept = await shapley([...args, '--run-dir', run]);
      expect(kept.digest).toBe(whole.digest);
      const log = join(run, 'replicates.ndjson');
      const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
      expect(lines.length).toBeGreaterThan(3);
      writeFileSync(log, `${lines.slice(0, 3).join('\n')}\n${lines[3].slice(0, 40)}`);
      const again = await shapley([...args, '--run-dir', run]);
      expect(again).toMatchObject({ digest: whole.digest, players: whole.players });
      expect(readFileSync(log, 'utf8').trimEnd().split('\n').sort()).toEqual([...lines].sort());

      // Another run is not mixed in.
      const { code, stderr } = await focusCommand([
        ...['shapley', KARATE, signals, '--value', 'syntropy', '--orderings', '40'],
        ...['--beacon', BEACON, '--run-dir', run],
      ]);
      expect(code).toBe(5);
      expect(stderr).toMatch(/--run-dir .*another run: expected "value": "syntropy"/);
      const beacon = await focusCommand([
        ...['shapley', ...args.slice(0, -1), 'cd'.repeat(32), '--run-dir', run],
      ]);
      expect(beacon.code).toBe(5);
      appendFileSync(log, 'nonsense\n');
      const broken = await focusCommand(['shapley', ...args, '--run-dir', run]);
      expect(broken.code).toBe(3);
      expect(broken.stderr).toMatch(/replicates\.ndjson:\d+: expected a line of JSON/);
    });
  });

  it('stops at Ctrl-C with 130, and goes on from what was done', async () => {
    await inFolder(async (folder) => {
      const signals = join(folder, 'signals.ndjson');
      writeFileSync(signals, karateSignals(20));
      const run = join(folder, 'run');
      const args = [BOSTROM, signals, '--value', 'syntropy', '--orderings', '60'];
      args.push('--beacon', BEACON, '--threads', '1');
      const log = join(run, 'replicates.ndjson');
      const child = spawn(process.execPath, [CLI, 'shapley', ...args, '--run-dir', run]);
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      // As soon as a replicate is written down, the run is interrupted.
      const watch = setInterval(() => {
        const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
        if (lines < 2) return;
        clearInterval(watch);
        child.kill('SIGINT');
      }, 10);
      expect(await ended).toBe(130);
      clearInterval(watch);
      const done = readFileSync(log, 'utf8').split('\n').length - 2;
      expect(done).toBeGreaterThan(0);
      const rest = await shapley([...args, '--run-dir', run]);
      const whole = await shapley(args);
      expect(rest.digest).toBe(whole.digest);
      expect(rest.replicates).toBeGreaterThan(done);
    });
  });

  it('divides within clusters, adds up to the certified whole, and goes on after a break', async () => {
    await inFolder(async (folder) => {
      const signals = join(folder, 'signals.ndjson');
      writeFileSync(signals, karateSignals(16));
      const args = [
        BOSTROM,
        signals,
        '--value',
        'delta-j',
        '--clusters',
        '--beacon',
        BEACON,
        '--orderings',
        '8',
      ];
      const run = join(folder, 'run');
      const whole = (await shapley([...args, '--run-dir', run])) as Shares & {
        readonly clusters: { readonly inside: number; readonly coupling: number };
      };
      const { inside, coupling } = whole.clusters;
      expect(inside + coupling).toBeCloseTo(whole.total, 12);
      const sum = whole.players.reduce((total, { share }) => total + share, 0);
      expect(sum).toBeCloseTo(whole.total, 12);
      const log = join(run, 'clusters.ndjson');
      const lines = readFileSync(log, 'utf8');
      writeFileSync(log, lines.slice(0, lines.length / 2));
      expect((await shapley([...args, '--run-dir', run])).digest).toBe(whole.digest);
      expect((await shapley([...args, '--threads', '1'])).digest).toBe(whole.digest);
      const precise = ['--precision', 'exact'];
      const refused = await focusCommand(['shapley', ...args, ...precise]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(/--clusters: expected no other rule than --orderings/);
    });
  });

  it('writes a table with its manifest, and a picture with a bar and an interval a signal', async () => {
    await inFolder(async (folder) => {
      const signals = join(folder, 'signals.ndjson');
      writeFileSync(signals, karateSignals(5));
      const [out, svg] = [join(folder, 'shares.csv'), join(folder, 'shares.svg')];
      const { code, stdout, stderr } = await focusCommand([
        ...['shapley', KARATE, signals, '--value', 'syntropy', '--orderings', '20'],
        ...['--out', out, '--svg', svg],
      ]);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/beacon: none given/);
      expect(stderr).toMatch(/each coalition's value is proven to/);
      const lines = stdout.trimEnd().split('\n');
      expect(lines).toHaveLength(7);
      expect(lines[0].split('\t')).toEqual([
        ...['index', 'neuron', 'local', 'share', 'standard error', 'low', 'high', 'blended'],
      ]);
      const rows = readFileSync(out, 'utf8').trimEnd().split('\n');
      expect(rows[0]).toBe('index,neuron,local,share,shareExact,standardError,low,high,blended');
      expect(rows.slice(1).map((row) => row.split(',')[3])).toEqual(
        lines.slice(1, 6).map((line) => line.split('\t')[3]),
      );
      const picture = readFileSync(svg, 'utf8');
      expect(picture.match(/height="10" fill="#(1f5f8b|b5533c)"/g)).toHaveLength(5 + 1);
      expect(picture).toContain('Shapley shares of 5 signals');
      expect(readdirSync(folder).sort()).toContain('shares.csv.manifest.json');
    });
  });

  it.each([
    [
      ['--exact', '--orderings', '4'],
      2,
      /one of --exact, --orderings, --width and --time, found 2/,
    ],
    [['--blend', '1.5'], 2, /--blend: expected a number in \[0, 1\], found 1.5/],
    [['--width', '0'], 2, /--width: expected a number above 0, found 0/],
    [['--time', '-1'], 2, /--time: expected seconds above 0/],
    [['--beacon', 'xyz'], 2, /beacon: expected 64 hex digits/],
    [['--columns', '12'], 2, /columns: expected 8, 16 … 64, found 12/],
    [['--confidence', '1'], 2, /--confidence: expected a number in \(0, 1\)/],
    [['--backend', 'webgpu'], 2, /certified in f64, which no GPU has/],
    [['--reading', 'reference-2026-07', '--unit', '1'], 2, /reference-2026-07|unit/],
  ])('refuses %j', async (args, expected, message) => {
    await inFolder(async (folder) => {
      const signals = join(folder, 'signals.ndjson');
      writeFileSync(signals, karateSignals(3));
      const all = ['shapley', KARATE, signals, '--value', 'syntropy', ...args];
      const { code, stdout, stderr } = await focusCommand(all);
      expect(stderr).toMatch(message);
      expect(code).toBe(expected);
      expect(stdout).toBe('');
    });
  });

  it('refuses what does not add up, no signals, and no value', async () => {
    await inFolder(async (folder) => {
      const [links, signals] = [join(folder, 'links.ndjson'), join(folder, 'signals.ndjson')];
      writeFileSync(
        links,
        '{"from":"a","to":"b","amount":5,"neuron":"n"}\n{"from":"b","to":"c","amount":5,"neuron":"m"}\n',
      );
      const run = (text: string, ...args: string[]) => {
        writeFileSync(signals, text);
        return focusCommand(['shapley', links, signals, '--value', 'syntropy', ...args]);
      };
      const link = '{"from":"a","to":"c","amount":1,"will":6}';
      const shared = await run(
        `{"neuron":"n","links":[${link}]}\n{"neuron":"n","links":[${link}]}\n`,
      );
      expect(shared.stderr).toMatch(/signals: alone they change the stake .* than together/);
      expect(shared.code).toBe(3);
      const none = await run('');
      expect(none.stderr).toMatch(/expected one signal at least, found none/);
      expect(none.code).toBe(3);
      const valueless = await focusCommand(['shapley', links, signals]);
      expect(valueless.stderr).toMatch(/required option '--value <name>'/);
      expect(valueless.code).toBe(2);
    });
  });
});
