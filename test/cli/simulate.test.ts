// focus simulate as a user runs it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { focusCommand, inFolder } from './run.js';

const SMALL = [
  ...['--runs', '2', '--epochs', '3', '--crowd', '2', '--particles', '24', '--clusters', '2'],
  ...['--strategies', 'oscillating,spamming', '--seed', '3'],
];

describe('focus simulate', () => {
  it('prints one JSON object, the same whatever the threads, and writes rows and a drawing', async () => {
    await inFolder(async (folder) => {
      const [csv, svg] = [join(folder, 'rows.csv'), join(folder, 'bars.svg')];
      const [one, two] = await Promise.all([
        focusCommand([
          'simulate',
          ...SMALL,
          '--json',
          '--threads',
          '1',
          '--out',
          csv,
          '--svg',
          svg,
        ]),
        focusCommand(['simulate', ...SMALL, '--json', '--threads', '2']),
      ]);
      expect(one.code, one.stderr).toBe(0);
      const { elapsedMs: a, ...first } = JSON.parse(one.stdout);
      const { elapsedMs: b, ...second } = JSON.parse(two.stdout);
      expect(a + b).toBeGreaterThan(0);
      expect(second).toEqual(first);
      expect(first.strategies.map(({ name }: { name: string }) => name)).toEqual([
        'honest',
        'oscillating',
        'spamming',
      ]);
      const rows = readFileSync(csv, 'utf8').trim().split('\n');
      expect(rows[0]).toBe(
        'run,strategy,measure,raw,paid,emitted,locked,crowdRaw,crowdPaid,crowdEmitted,crowdLocked',
      );
      expect(rows).toHaveLength(1 + 2 * 3 * first.measures.length);
      expect(rows.every((row) => row.split(',').length === 11)).toBe(true);
      expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [^]*delta-norm[^]*<\/svg>\n$/);
      const manifest = JSON.parse(readFileSync(`${csv}.manifest.json`, 'utf8'));
      expect(manifest.result.digest).toBe(first.digest);
      expect(manifest.result.settings.seed).toBe(3);
    });
  });

  it('prints tables and claims with verdicts, and says what it leaves out', async () => {
    const { code, stdout, stderr } = await focusCommand([
      'simulate',
      ...SMALL,
      '--hybrid',
      '1,0,0,0',
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/spectral-gap is left out/);
    expect(stderr).toMatch(/hybrid weights: deltaNorm 1, deltaJ 0/);
    expect(stdout).toMatch(/^oscillating +\d+\.\d+ ± /m);
    expect(stdout).toMatch(/^(holds|open|fails) +delta-norm is gameable by oscillation$/m);
    expect(stdout).not.toMatch(/does not pay spam/);
  });

  it('stops at Ctrl-C with exit code 130', async () => {
    const { code, stdout } = await focusCommand(['simulate', '--runs', '1000'], {
      interruptAt: /spectral-gap is left out/,
    });
    expect(code).toBe(130);
    expect(stdout).toBe('');
  });

  it('refuses what it cannot do, with exit code 2', async () => {
    for (const [args, message] of [
      [['--strategies', 'bribing'], /expected one of honest, .*found "bribing"/],
      [['--functions', 'luck'], /expected one of delta-norm, .*found "luck"/],
      [['--out', 'rows.txt'], /ends in \.csv or \.ndjson/],
      [['--svg', '/nowhere/at/all.svg'], /expected a folder to write to/],
      [['--hybrid', '1,2'], /expected four numbers/],
      [['--noise', '1'], /simulate noise: expected a number in \[0, /],
    ] as const) {
      const { code, stderr } = await focusCommand(['simulate', ...SMALL, ...args]);
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(message);
    }
  });
});
