// focus reward as a user runs it: values against goldens and against focus delta, pending terms,
// checkpoints and blocks from files, and what it refuses.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BOSTROM, focusCommand, inFolder, KARATE } from './run.js';

const EPOCH = fileURLToPath(new URL('../../datasets/signals-epoch.ndjson', import.meta.url));
const GOLDEN = JSON.parse(
  readFileSync(new URL('../golden/impulses.json', import.meta.url), 'utf8'),
) as {
  impulses: Record<
    string,
    {
      base: [string, string, number][];
      batch: [string, string, number][];
      norm_l1: number;
      entropy_drop: number;
      discovery: number;
    }
  >;
};
const SIGNALS =
  '{"neuron":"x","links":[{"from":"1","to":"34","amount":2}]}\n' +
  '{"neuron":"y","links":[{"from":"35","to":"1","amount":1}]}\n' +
  '{"neuron":"z","links":[]}\n';

async function reward(args: readonly string[], input = '') {
  const { code, stdout, stderr } = await focusCommand(['reward', ...args, '--json'], { input });
  expect(code, stderr).toBe(0);
  return { ...JSON.parse(stdout), stderr };
}

describe('focus reward', () => {
  it.each(Object.entries(GOLDEN.impulses).slice(2, 4))(
    'agrees with the golden impulse %s',
    async (_, golden) => {
      await inFolder(async (folder) => {
        const links = join(folder, 'links.tsv');
        writeFileSync(links, golden.base.map((row) => `${row.join('\t')}\n`).join(''));
        const batch = golden.batch.map(([from, to, amount]) => ({ from, to, amount }));
        const signal = JSON.stringify({ neuron: 'n', links: batch });
        for (const precision of ['f64', 'exact']) {
          const tolerance = ['--tolerance', '1e-11', '--precision', precision];
          const { signals, joint } = await reward([links, '-', ...tolerance], signal);
          for (const { rewards, parts } of [signals[0], joint]) {
            expect(Math.abs(rewards['delta-norm'] - golden.norm_l1)).toBeLessThan(1e-9);
            expect(Math.abs(rewards.syntropy - golden.entropy_drop)).toBeLessThan(1e-9);
            expect(Math.abs(rewards.directed - Math.max(0, golden.entropy_drop))).toBeLessThan(
              1e-9,
            );
            expect(Math.abs(parts.discovery - golden.discovery)).toBeLessThan(1e-9);
          }
        }
      });
    },
  );

  it('gives every signal and all of them what focus delta gives', async () => {
    const { signals, joint, digest } = await reward([KARATE, '-'], SIGNALS);
    const lines = SIGNALS.trimEnd().split('\n');
    for (const [index, line] of [...lines, SIGNALS].entries()) {
      const run = await focusCommand(['delta', KARATE, '-', '--json'], { input: line });
      const delta = JSON.parse(run.stdout);
      const { rewards, parts, intervals } = index < 3 ? signals[index] : joint;
      expect(Math.abs(rewards['delta-norm'] - delta.norm)).toBeLessThan(1e-9);
      expect(Math.abs(parts.entropy - delta.entropyPart)).toBeLessThan(1e-9);
      expect(parts.discovery).toBeCloseTo(delta.discoveryPart, 12);
      expect(intervals['delta-norm'].lower).toBeLessThanOrEqual(delta.norm);
      expect(intervals['delta-norm'].upper).toBeGreaterThanOrEqual(delta.norm);
    }
    expect(
      signals.map(({ neuron, index }: { neuron: string; index: number }) => [neuron, index]),
    ).toEqual([
      ['x', 0],
      ['y', 1],
      ['z', 2],
    ]);
    expect(signals[2].rewards).toEqual({ 'delta-norm': 0, syntropy: 0, directed: 0 });
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const exact = await reward([KARATE, '-', '--precision', 'exact'], SIGNALS);
    const again = await reward([KARATE, '-', '--precision', 'exact', '--threads', '1'], SIGNALS);
    expect(again.digest).toBe(exact.digest);
    expect(exact.signals[1].rewardsExact.syntropy).toMatch(/^-?0\.\d{20,}$/);
  });

  it('computes any functions, with blocks and a checkpoint from files', async () => {
    await inFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      writeFileSync(
        at('dag.ndjson'),
        '{"id":"b","parents":["a"],"signals":[1]}\n{"id":"a","parents":[],"signals":[0]}\n',
      );
      await focusCommand(['delta', KARATE, '-', '--apply', at('later.tsv')], { input: SIGNALS });
      await focusCommand([
        'rank',
        at('later.tsv'),
        '--precision',
        'exact',
        '--out',
        at('phi.parquet'),
      ]);
      const weights = 'delta-norm=2,delta-j=-1,dag-weight=0.5,alignment=3';
      for (const precision of ['f64', 'exact']) {
        const found = await reward(
          [
            KARATE,
            '-',
            ...['--blocks', at('dag.ndjson'), '--checkpoint', at('phi.parquet')],
            ...['--weights', weights, '--precision', precision, '--out', at('rewards.csv')],
          ],
          SIGNALS,
        );
        const [x, y, z] = found.signals;
        expect(Object.keys(x.rewards)).toEqual([
          ...['delta-norm', 'syntropy', 'directed', 'alignment', 'dag-weight', 'hybrid'],
        ]);
        expect([x.rewards['dag-weight'], y.rewards['dag-weight'], z.rewards['dag-weight']]).toEqual(
          [1, 0, null],
        );
        expect(z.pending).toEqual({
          'dag-weight': 'a block that carries it',
          hybrid: 'a block that carries it',
        });
        expect(found.joint.rewards['dag-weight']).toBe(1);
        for (const { rewards, parts } of [x, y]) {
          const sum =
            2 * rewards['delta-norm'] -
            (parts.entropy + parts.discovery) +
            0.5 * rewards['dag-weight'] +
            3 * rewards.alignment;
          expect(rewards.hybrid).toBeCloseTo(sum, 12);
        }
        // The checkpoint is the focus after all of them: together they align with it wholly.
        const { before, after } = found.joint.terms.alignment;
        expect(after).toBeCloseTo(1, 9);
        expect(found.joint.rewards.alignment).toBeCloseTo(1 - before, 9);
        if (precision === 'f64') {
          const { lower, upper } = found.joint.intervals.alignment;
          expect(upper - lower).toBeLessThan(1e-6);
          expect(found.stderr).toMatch(
            /phi.parquet: a focus of 35 particles, with a proven L1 error of/,
          );
        }
        const rows = readFileSync(at('rewards.csv'), 'utf8').trimEnd().split('\n');
        expect(rows.length).toBe(1 + 4 * 6);
        expect(rows[1].startsWith(`0,x,delta-norm,${x.rewards['delta-norm']},`)).toBe(true);
        expect(rows.at(-1)?.startsWith(',,hybrid,')).toBe(true);
        const manifest = JSON.parse(readFileSync(at('rewards.csv.manifest.json'), 'utf8'));
        expect(manifest.alsoRead.length).toBe(3);
        expect(manifest.result.digest).toBe(found.digest);
      }
      const changed = readFileSync(at('later.tsv'), 'utf8');
      expect(changed).toMatch(/35\t1\t1\ty/);
    });
  });

  it('says what it waits for, and that a checkpoint of unknown error proves nothing', async () => {
    await inFolder(async (folder) => {
      const phi = join(folder, 'phi.csv');
      await focusCommand(['rank', KARATE, '--out', phi]);
      const pending = await reward([KARATE, '-', '--functions', 'alignment'], SIGNALS);
      expect(pending.signals[0].rewards.alignment).toBeNull();
      expect(pending.signals[0].pending.alignment).toBe('a checkpoint');
      writeFileSync(
        `${phi}.manifest.json`,
        '{"output":{"sha256":"other"},"result":{"errorBound":1e-12}}',
      );
      const open = await reward(
        [KARATE, '-', '--functions', 'alignment', '--checkpoint', phi],
        SIGNALS,
      );
      expect(open.stderr).toMatch(/of unknown error, so alignment has no proven ends/);
      expect(open.signals[0].intervals.alignment).toMatchObject({ lower: -1, upper: 1 });
      const exact = await focusCommand(
        ['reward', KARATE, '-', '--precision', 'exact', '--checkpoint', phi],
        { input: SIGNALS },
      );
      expect(exact.code).toBe(3);
      expect(exact.stderr).toMatch(/expected a column focusExact, found none/);
    });
  });

  it('rewards an epoch of signals on a sample, in a table for humans', async () => {
    const { code, stdout, stderr } = await focusCommand(['reward', BOSTROM, EPOCH]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBe(50);
    expect(lines[0].split('\t')).toEqual([
      ...[
        'index',
        'neuron',
        'delta-norm',
        'syntropy',
        'directed',
        'entropy part',
        'discovery part',
      ],
    ]);
    expect(lines[49]).toMatch(/^joint\t-\t0\.75184/);
    expect(stderr).toMatch(/48 signals, 113 links to add/);
  });

  it.each([
    [['--functions', 'foo'], 2, /expected some of delta-norm, .*, hybrid; found "foo"/],
    [['--functions', 'dag-weight'], 2, /dag-weight: expected --blocks DAG.ndjson, found none/],
    [['--weights', 'delta-norm=1'], 2, /missing delta-j, dag-weight, alignment/],
    [
      ['--weights', 'delta-norm=1,delta-j=0,dag-weight=1,alignment=0'],
      2,
      /dag-weight 1 needs --blocks/,
    ],
    [['--discount', '2', '--blocks', '/x'], 2, /expected a discount in \(0, 1\], found 2/],
    [['--blocks', '/nowhere'], 3, /\/nowhere: no such file/],
    [['--reading', 'reference-2026-07'], 2, /a reading with a proven bound in f64/],
  ])('refuses %j', async (flags, code, message) => {
    const found = await focusCommand(['reward', KARATE, '-', ...flags], { input: SIGNALS });
    expect(found.stderr).toMatch(message);
    expect(found.code).toBe(code);
    expect(found.stdout).toBe('');
  });

  it('names signals that cannot all be applied together', async () => {
    const twice = '{"remove":[{"from":"1","to":"2"}]}\n{"remove":[{"from":"1","to":"2"}]}\n';
    const { code, stderr } = await focusCommand(['reward', KARATE, '-'], { input: twice });
    expect(code).toBe(3);
    expect(stderr).toMatch(/stdin:2: remove 1 .* taken already by stdin:1, remove 1/);
  });
});
