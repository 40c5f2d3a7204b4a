// What the README shows of its commands is what they print: numbers that a reader would compare.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BOSTROM, focusCommand, inFolder, KARATE } from './run.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const signals = fileURLToPath(new URL('../../datasets/signals-epoch.ndjson', import.meta.url));

/** The lines that the README shows below a command, up to the next empty line. */
function shown(command: string): string[] {
  const at = readme.indexOf(`npx focus ${command}`);
  expect(at, `the README shows ${command}`).toBeGreaterThan(0);
  const start = readme.indexOf('\n\n', at) + 2;
  const text = readme.slice(start, readme.indexOf('\n\n', start));
  return text.split('\n').map((line) => line.replace(/^ {4}/, ''));
}

/** Without what depends on the machine: times, paths, and which backend there is. */
function comparable(lines: readonly string[]): string[] {
  return lines.filter((line) => line !== '' && !/^(read |backend:|…)/.test(line));
}

describe('the README', () => {
  it('shows what focus delta prints', async () => {
    await inFolder(async (folder) => {
      const delta = join(folder, 'delta.ndjson');
      const text = /echo '([^']+)' > delta\.ndjson/.exec(readme)?.[1] ?? '';
      writeFileSync(delta, `${text}\n`);
      const { code, stdout, stderr } = await focusCommand(['delta', KARATE, delta, '--top', '3']);
      expect(code, stderr).toBe(0);
      expect(comparable(`${stderr}${stdout}`.split('\n'))).toEqual(
        comparable(shown('delta datasets/karate.tsv')),
      );
    });
  });

  it('shows what focus reward prints', async () => {
    const { code, stdout, stderr } = await focusCommand(['reward', BOSTROM, signals]);
    expect(code, stderr).toBe(0);
    const printed = new Set(stdout.split('\n').map((line) => line.slice(0, 120)));
    const lines = comparable(shown('reward datasets/bostrom-sample.tsv'));
    expect(lines).toHaveLength(4);
    for (const line of lines) expect([...printed]).toContain(line);
  });

  it('shows what focus shapley prints', async () => {
    const { code, stdout, stderr } = await focusCommand([
      ...['shapley', BOSTROM, signals, '--value', 'delta-norm', '--orderings', '20'],
      ...['--beacon', 'ab'.repeat(32)],
    ]);
    expect(code, stderr).toBe(0);
    // What a coalition took is of the machine.
    const told = (line: string): string => line.replace(/, [\d.]+ ms each$/, '').slice(0, 120);
    const printed = new Set(`${stderr}\n${stdout}`.split('\n').map((line) => told(line)));
    const lines = comparable(shown('shapley datasets/bostrom-sample.tsv'));
    expect(lines).toHaveLength(7);
    for (const line of lines) expect([...printed]).toContain(told(line));
  });

  it('shows what focus explain prints', async () => {
    for (const [command, ...rest] of [
      ['explain particle 34 datasets/karate.tsv', 'particle', '34', KARATE, '--top', '3'],
      ['explain link 1 2 datasets/karate.tsv', 'link', '1', '2', KARATE, '--top', '2'],
    ]) {
      const { code, stdout, stderr } = await focusCommand(['explain', ...rest]);
      expect(code, stderr).toBe(0);
      expect(comparable(stdout.split('\n'))).toEqual(comparable(shown(command)));
    }
  });
});
