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

  it('shows what an epoch pays', { timeout: 120_000 }, async () => {
    await inFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      const datasets = (name: string): string =>
        fileURLToPath(new URL(`../../datasets/${name}`, import.meta.url));
      const run = async (...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await focusCommand(args);
        expect(code, stderr).toBe(0);
        return `${stderr}${stdout}`;
      };
      const rules = ['--rulesets', datasets('rules.yaml'), '--beacon', 'ab'.repeat(32)];
      const compute = ['epoch', 'compute', at('chain'), ...rules, '--epoch'];
      await run(...compute, '0', '--links', BOSTROM);
      await run(...compute, '1', '--signals', signals);
      const money = ['--payouts', datasets('payouts.yaml'), '--ledger', at('epoch.ledger')];
      const paid = await run('epoch', 'pay', at('chain'), '--epoch', '1', ...money);
      expect(comparable(paid.split('\n'))).toEqual(comparable(shown('epoch pay chain')));
      const account = /ledger statement epoch\.ledger (\S+)/.exec(readme)?.[1] ?? '';
      const lines = (await run('ledger', 'statement', at('epoch.ledger'), account)).split('\n');
      const cut = lines
        .slice(0, 3)
        .map((line) => line.split(',').toSpliced(2, 1).slice(0, 6).join());
      expect(cut).toEqual(shown('ledger statement epoch.ledger'));
      writeFileSync(at('links'), /echo '([^']+)' > my-links\.ndjson/.exec(readme)?.[1] ?? '');
      await run('claim', 'key', at('key'));
      const prove = ['claim', 'prove', at('links'), '--key', at('key'), '--sequence', '0'];
      const proven = await focusCommand([
        ...prove,
        '--function',
        'delta-norm',
        '--chain',
        at('chain'),
      ]);
      writeFileSync(at('claims'), proven.stdout);
      const verify = ['claim', 'verify', at('chain'), at('claims'), '--most-error', '0.01'];
      await run(...verify, '--signals', at('next'));
      await run(...compute, '2', '--signals', at('next'));
      const minted = await run(
        'claim',
        'mint',
        at('chain'),
        at('claims'),
        '--epoch',
        '2',
        ...money,
      );
      for (const line of shown('claim key my.key')) expect(minted).toContain(line);
    });
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
