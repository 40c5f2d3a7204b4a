// focus claim and focus epoch pay as neurons and validators call them: from a key to a statement.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { decimalOf } from '../../src/ledger/amount.js';
import { RULES } from '../epoch/chains.js';
import { CLI, focusCommand, inFolder, KARATE } from './run.js';

const BEACON = 'ab'.repeat(32);
/** Payouts killed; more: FOCUS_KILLS=50. */
const KILLS = Number(process.env['FOCUS_KILLS'] ?? 4);
const PAYOUT = {
  startEpoch: 1,
  token: 'CYB',
  emission: '1000',
  genesis: '2026-01-01T00:00:00Z',
  epochSeconds: 3600,
  challengeSeconds: 0,
};

describe('focus claim', () => {
  it('goes from a key to a statement, and pays once', { timeout: 120_000 }, async () => {
    await inFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      const run = async (args: readonly string[], code = 0) => {
        const done = await focusCommand(args);
        expect(done, `${args.join(' ')}\n${done.stderr}`).toMatchObject({ code });
        return done;
      };
      writeFileSync(at('rules.json'), JSON.stringify([RULES]));
      const rewards = { kind: 'claims', function: 'delta-norm', mostError: 0.5, tolerance: 1e-9 };
      writeFileSync(at('payouts.json'), JSON.stringify([{ ...PAYOUT, rewards }]));
      const compute = ['epoch', 'compute', at('chain'), '--rulesets', at('rules.json')];
      compute.push('--beacon', BEACON);
      await run([...compute, '--epoch', '0', '--links', KARATE]);

      const did = (await run(['claim', 'key', at('key')])).stdout.trim();
      expect(did).toMatch(/^did:key:z6Mk/);
      const seed = readFileSync(at('key'), 'utf8');
      expect((await run(['claim', 'key', at('key')], 2)).stderr).toContain('never written over');
      expect(readFileSync(at('key'), 'utf8')).toBe(seed);

      const links = [{ from: '5', to: '30', amount: 3 }];
      writeFileSync(at('links.ndjson'), `${JSON.stringify({ neuron: null, links })}\n`);
      const ask = ['claim', 'neighbourhood', at('chain'), at('links.ndjson'), '--hops', '4'];
      writeFileSync(at('near.json'), (await run(ask)).stdout);
      const { header } = JSON.parse(readFileSync(at('near.json'), 'utf8')) as { header: string };
      const { createHash } = await import('node:crypto');
      const hash = createHash('sha256').update(header).digest('hex');
      const prove = ['claim', 'prove', at('links.ndjson'), '--key', at('key'), '--sequence', '0'];
      prove.push('--function', 'delta-norm');
      const near = ['--neighbourhood', at('near.json'), '--header'];
      await run([...prove, ...near, 'f'.repeat(64)], 5);
      const local = await run([...prove, ...near, hash]);
      expect(local.stderr).toMatch(/delta-norm 0\.0\d+ \(its proven error/);
      const whole = await run([...prove, '--chain', at('chain'), '--whole']);
      const value = (line: string): number =>
        Number((JSON.parse(line) as { claim: { value: string } }).claim.value);
      expect(value(local.stdout)).toBeLessThanOrEqual(value(whole.stdout));
      expect(value(local.stdout)).toBeGreaterThan(0.9 * value(whole.stdout));
      const forged = local.stdout.replace('"amount":3', '"amount":4');
      writeFileSync(at('claims.ndjson'), local.stdout + forged);

      const verify = ['claim', 'verify', at('chain'), at('claims.ndjson'), '--most-error', '0.5'];
      const verdicts = await run([...verify, '--json', '--signals', at('signals.ndjson')], 5);
      const rows = verdicts.stdout.trim().split('\n');
      expect(rows.map((row) => JSON.parse(row) as object)).toMatchObject([
        { index: 0, neuron: did, sequence: 0, accepted: true },
        { index: 1, accepted: false, code: 'bad-signature' },
      ]);
      await run([...compute, '--epoch', '1', '--signals', at('signals.ndjson')]);
      const mint = ['claim', 'mint', at('chain'), at('claims.ndjson'), '--epoch', '1'];
      mint.push('--payouts', at('payouts.json'), '--ledger', at('epoch.ledger'), '--json');
      const first = JSON.parse((await run(mint)).stdout) as Record<string, unknown>;
      expect(first).toMatchObject({ token: 'CYB', paid: 1, posted: 2, replayed: 0 });
      const again = JSON.parse((await run(mint)).stdout) as Record<string, unknown>;
      expect(again).toMatchObject({ plan: first['plan'], posted: 0, replayed: 2 });
      const statement = [
        'ledger',
        'statement',
        at('epoch.ledger'),
        `neuron:${did}`,
        '--format',
        'ndjson',
      ];
      const lines = await run(statement);
      expect(lines.stdout).toContain(String(first['minted']));
      await run(['ledger', 'verify', at('epoch.ledger')]);
    });
  });

  it('pays Shapley shares as an epoch is computed', { timeout: 120_000 }, async () => {
    await inFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      writeFileSync(at('rules.json'), JSON.stringify([RULES]));
      const rewards = { kind: 'shapley', value: 'delta-norm', orderings: 0, tolerance: 1e-9 };
      writeFileSync(at('payouts.json'), JSON.stringify([{ ...PAYOUT, rewards }]));
      const signal = (neuron: string, to: string) =>
        JSON.stringify({ neuron, links: [{ from: '1', to, amount: 2 }] });
      writeFileSync(at('signals.ndjson'), `${signal('ann', '30')}\n${signal('bo', 'new')}\n`);
      const compute = ['epoch', 'compute', at('chain'), '--rulesets', at('rules.json')];
      compute.push('--beacon', BEACON, '--payouts', at('payouts.json'));
      compute.push('--ledger', at('epoch.ledger'));
      const zero = await focusCommand([...compute, '--epoch', '0', '--links', KARATE]);
      expect(zero, zero.stderr).toMatchObject({ code: 0 });
      const one = await focusCommand([
        ...compute,
        '--epoch',
        '1',
        '--signals',
        at('signals.ndjson'),
      ]);
      expect(one, one.stderr).toMatchObject({ code: 0 });
      expect(one.stderr).toMatch(/CYB to 2 works/);
      const pay = ['epoch', 'pay', at('chain'), '--epoch', '1', '--payouts', at('payouts.json')];
      pay.push('--ledger', at('epoch.ledger'), '--json');
      const again = JSON.parse((await focusCommand(pay)).stdout) as object;
      expect(again).toMatchObject({ posted: 0, paid: 2 });
    });
  });
});

describe('focus epoch pay', () => {
  it('killed at any moment and run again pays once', { timeout: 240_000 }, async () => {
    await inFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      writeFileSync(at('rules.json'), JSON.stringify([RULES]));
      const weights = { 'delta-norm': 1, syntropy: 1 };
      const rules = [{ ...PAYOUT, rewards: { kind: 'hybrid', weights } }];
      writeFileSync(at('payouts.json'), JSON.stringify(rules));
      const signals = Array.from({ length: 400 }, (_, k) =>
        JSON.stringify({
          neuron: `n${k}`,
          links: [{ from: `${1 + (k % 30)}`, to: '34', amount: 1 }],
        }),
      );
      writeFileSync(at('signals.ndjson'), `${signals.join('\n')}\n`);
      const compute = ['epoch', 'compute', at('chain'), '--rulesets', at('rules.json')];
      compute.push('--beacon', BEACON);
      for (const source of [
        ['--epoch', '0', '--links', KARATE],
        ['--epoch', '1', '--signals', at('signals.ndjson')],
      ]) {
        const done = await focusCommand([...compute, ...source]);
        expect(done, done.stderr).toMatchObject({ code: 0 });
      }
      const pay = ['epoch', 'pay', at('chain'), '--epoch', '1', '--payouts', at('payouts.json')];
      pay.push('--ledger', at('epoch.ledger'), '--json');
      const started = performance.now();
      const dry = await focusCommand([...pay, '--dry-run']);
      const whole = performance.now() - started;
      const plan = JSON.parse(dry.stdout) as { minted: string; plan: string; paid: number };
      const random = randomStream(1, 90);
      for (let kill = 0; kill < KILLS; kill++) {
        // Most of the time is reading: aim at the end, where it posts.
        const delay = whole * (0.6 + random.below(600) / 1000);
        const child = spawn(process.execPath, [CLI, ...pay], { stdio: 'ignore' });
        await new Promise<void>((resolve) => {
          const timer = setTimeout(() => child.kill('SIGKILL'), delay);
          child.on('close', () => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      const last = JSON.parse((await focusCommand(pay)).stdout) as Record<string, unknown>;
      expect(last).toMatchObject({ plan: plan.plan, minted: plan.minted });
      expect(Number(last['posted']) + Number(last['replayed'])).toBeGreaterThan(plan.paid);
      const verified = await focusCommand(['ledger', 'verify', at('epoch.ledger'), '--json']);
      expect(verified, verified.stderr).toMatchObject({ code: 0 });
      const source = await focusCommand([
        ...['ledger', 'statement', at('epoch.ledger'), 'source:CYB:minting', '--format', 'ndjson'],
      ]);
      const lines = source.stdout.trim().split('\n');
      const { balance } = JSON.parse(lines.at(-1) ?? '{}') as { balance: string };
      const { remainder } = JSON.parse(dry.stdout) as { remainder: string };
      const issued = BigInt(plan.minted) + BigInt(remainder);
      expect(balance).toBe(`-${decimalOf(issued)}`);
    });
  });
});
