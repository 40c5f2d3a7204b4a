// focus epoch as validators call it: chains from the command line, exit codes, and processes that are
// killed at any moment.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { RULES } from '../epoch/chains.js';
import { BOSTROM, CLI, focusCommand, inFolder, KARATE } from './run.js';

const SIGNALS = fileURLToPath(new URL('../../datasets/signals-epoch.ndjson', import.meta.url));
const BEACON = 'ab'.repeat(32);
/** Processes killed; more: FOCUS_KILLS=50. */
const KILLS = Number(process.env['FOCUS_KILLS'] ?? 8);

function writeRules(folder: string, change: object = {}): string {
  const path = join(folder, 'rules.json');
  writeFileSync(path, JSON.stringify([{ ...RULES, ...change }]));
  return path;
}

const compute = (chain: string, rules: string, epoch: number, source: string): string[] => [
  ...['epoch', 'compute', chain, '--rulesets', rules, '--beacon', BEACON],
  ...['--epoch', String(epoch), epoch === 0 ? '--links' : '--signals', source],
];

/** Signals of an epoch for the karate graph. */
function signalsOf(folder: string, epoch: number): string {
  const path = join(folder, `signals-${epoch}.ndjson`);
  const link = { from: String(1 + epoch), to: `new${epoch}`, amount: 2 };
  writeFileSync(path, `${JSON.stringify({ neuron: 'ann', links: [link] })}\n`);
  return path;
}

describe('focus epoch', () => {
  it(
    'computes, verifies and compares; exit codes tell what happened',
    { timeout: 120_000 },
    async () => {
      await inFolder(async (folder) => {
        const [chain, rules] = [join(folder, 'chain'), writeRules(folder)];
        const zero = await focusCommand(compute(chain, rules, 0, KARATE));
        expect(zero, zero.stderr).toMatchObject({ code: 0 });
        const one = await focusCommand([...compute(chain, rules, 1, SIGNALS), '--json']);
        const manifest = JSON.parse(one.stdout);
        expect(manifest).toMatchObject({ epoch: 1, previous: zero.stdout.trim(), beacon: BEACON });
        expect(manifest.counts.signals).toBe(48);

        const verified = await focusCommand(['epoch', 'verify', chain, '--json', '--threads', '3']);
        const report = JSON.parse(verified.stdout);
        expect(report).toMatchObject({ holds: true, epochs: 2, head: manifest.digest, claims: 50 });
        const sample = ['--sample', '5', '--beacon', BEACON, '--cheat', '7'];
        const sampled = await focusCommand(['epoch', 'verify', chain, ...sample, '--json']);
        const { recomputed, cheats } = JSON.parse(sampled.stdout);
        expect(recomputed).toBe(5);
        expect(cheats[0]).toEqual({ falsified: 1, chanceUnseen: 0.9 });
        expect(cheats.map(({ falsified }: { falsified: number }) => falsified)).toContain(7);

        const other = writeRules(folder, { teleport: 0.2 });
        const held = await focusCommand(['epoch', 'verify', chain, '--rulesets', other]);
        expect(held.code).toBe(5);
        expect(held.stderr).toContain('ruleset.json: teleport: expected 0.2, found 0.15');
        expect(held.stdout).toBe('');

        const twin = join(folder, 'twin');
        await focusCommand(compute(twin, other, 0, KARATE));
        const differing = await focusCommand(['epoch', 'diff', chain, twin]);
        expect(differing.code).toBe(5);
        expect(differing.stdout).toMatch(/epoch 0 ruleset\.json row 1\n {2}< .*\n {2}> /);
        expect(differing.stdout).toMatch(/epoch 1 epoch\n/);
        expect((await focusCommand(['epoch', 'diff', chain, chain])).code).toBe(0);

        const gap = await focusCommand(compute(chain, rules, 3, SIGNALS));
        expect(gap).toMatchObject({ code: 2, stdout: '' });
        expect(gap.stderr).toContain('expected epoch 2 next, found 3');
        const none = await focusCommand(['epoch', 'verify', join(folder, 'none')]);
        expect(none.code).toBe(2);
        const lone = await focusCommand(['epoch', 'verify', chain, '--sample', '3']);
        expect(lone.code).toBe(2);
        const nothing = await focusCommand(['epoch', 'diff', chain, join(folder, 'none')]);
        expect(nothing.code).toBe(2);
        const cheat = await focusCommand([
          'epoch',
          'verify',
          chain,
          ...sample.slice(0, 4),
          '--cheat',
          '51',
        ]);
        expect(cheat).toMatchObject({ code: 2, stdout: '' });
        expect(cheat.stderr).toContain('at most the 50 claims');
        const head = await focusCommand(['epoch', 'verify', chain, '--head', 'abc']);
        expect(head.code).toBe(2);
        writeFileSync(rules, '[{}]');
        const empty = await focusCommand(compute(chain, rules, 2, SIGNALS));
        expect(empty.code).toBe(3);
        expect(empty.stderr).toContain('[0].startEpoch: expected a value, found none');
        expect(readdirSync(join(chain, 'epochs'))).toHaveLength(2);
      });
    },
  );

  it('prints the digest that the README shows', { timeout: 120_000 }, async () => {
    await inFolder(async (folder) => {
      const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
      const rules = fileURLToPath(new URL('../../datasets/rules.yaml', import.meta.url));
      const chain = join(folder, 'chain');
      await focusCommand(compute(chain, rules, 0, BOSTROM));
      const { stdout } = await focusCommand(compute(chain, rules, 1, SIGNALS));
      expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
      expect(readme).toContain(`    ${stdout}`);
    });
  });

  it(
    'killed at any moment and run again, leaves the same chain',
    { timeout: 600_000 },
    async () => {
      await inFolder(async (folder) => {
        const rules = writeRules(folder);
        const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
        const source = (epoch: number): string => (epoch === 0 ? KARATE : signalsOf(folder, epoch));
        const random = randomStream(Number(process.env['FOCUS_SEED'] ?? 1), 50);
        let kills = 0;
        for (let epoch = 0; kills < KILLS; epoch++) {
          const started = performance.now();
          const first = await focusCommand(compute(whole, rules, epoch, source(epoch)));
          expect(first.code, first.stderr).toBe(0);
          const elapsed = performance.now() - started;
          for (let k = 0; k < 2; k++, kills++) {
            const args = compute(killed, rules, epoch, source(epoch));
            await killedAfter(args, elapsed * (0.3 + 0.75 * random.double()));
          }
          const again = await focusCommand(compute(killed, rules, epoch, source(epoch)));
          expect(again.code, again.stderr).toBe(0);
          expect(again.stdout).toBe(first.stdout);
          expect(readdirSync(join(killed, 'epochs'))).toHaveLength(epoch + 1);
        }
        const verified = await focusCommand(['epoch', 'verify', killed]);
        expect(verified.code, verified.stderr).toBe(0);
        for (const name of ['manifest.json', 'marginals.ndjson'])
          expect(readFileSync(join(killed, 'epochs/000001', name))).toEqual(
            readFileSync(join(whole, 'epochs/000001', name)),
          );
      });
    },
  );
});

/** Starts a command and kills it without warning. */
function killedAfter(args: readonly string[], delay: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), delay);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
