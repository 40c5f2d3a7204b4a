// focus explain as a user runs it: parts that sum to the whole, and what it refuses.

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BOSTROM, focusCommand, KARATE } from './run.js';

const EPOCH = fileURLToPath(new URL('../../datasets/signals-epoch.ndjson', import.meta.url));
const NEURON = 'bostrom1sla964qtj4ptc2sr5gzsspdakv4vx7guc7eg4t';

async function explain(...args: string[]) {
  const { code, stdout, stderr } = await focusCommand(['explain', ...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

interface Part {
  readonly diffusion: number;
  readonly springs: number;
  readonly heat: number;
  readonly total: number;
}

describe('focus explain', () => {
  it('particle: parts sum to the focus that rank gives', async () => {
    const rank = await focusCommand(['rank', KARATE, '--json', '--top', '34']);
    const { top } = JSON.parse(rank.stdout) as { top: { id: string; focus: number }[] };
    for (const [place, { id, focus }] of top.entries()) {
      if (place % 11 !== 0) continue;
      const found = await explain('particle', id, KARATE, '--top', '3');
      expect(found.rank).toBe(place + 1);
      expect(Math.abs(found.focus - focus)).toBeLessThan(2e-9);
      const { through, rest, stays, teleport, dangling, operators, unexplained } = found;
      const sum =
        [...through, rest].reduce((total: number, part: Part) => total + part.total, 0) +
        stays.springs +
        stays.heat +
        teleport +
        dangling;
      expect(Math.abs(sum + unexplained - found.focus)).toBeLessThan(1e-15);
      expect(Math.abs(unexplained)).toBeLessThan(1e-9);
      for (const name of ['springs', 'heat'] as const) {
        const parts = [...through, rest].reduce(
          (total: number, part: Part) => total + part[name],
          stays[name],
        );
        expect(parts).toBeCloseTo(operators[name], 14);
      }
      expect(through.length).toBeLessThanOrEqual(3);
      expect(found.errorBound).toBeLessThanOrEqual(1e-9);
    }
  });

  it('particle: as a table whose shares make a hundred per cent', async () => {
    const { code, stdout } = await focusCommand([
      'explain',
      'particle',
      '34',
      KARATE,
      '--top',
      '2',
    ]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^particle 34: focus 0\.2247961709\d*, rank 1 of 34$/);
    const shares = lines.slice(2, -1).map((line) => Number(/([\d.]+)%$/.exec(line)?.[1]));
    expect(shares.at(-1)).toBe(100);
    expect(shares.slice(0, -1).reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 1);
    expect(stdout).toMatch(/from 15 others/);
  });

  it('link: its flow, its slopes, and focus without it', async () => {
    const found = await explain('link', '1', '2', KARATE);
    const { ahead, removal, slopes, signers, shareOfTarget } = found;
    expect(ahead.diffusion + ahead.springs + ahead.heat).toBeCloseTo(ahead.total, 15);
    const target = await explain('particle', '2', KARATE, '--top', '99');
    const through = target.through.find(({ id }: { id: string }) => id === '1');
    expect(ahead.total).toBeCloseTo(through.total, 12);
    expect(shareOfTarget).toBeCloseTo(through.total / target.focus, 12);
    const delta = await focusCommand(['delta', KARATE, '-', '--json'], {
      input: '{"remove":[{"from":"1","to":"2"}]}',
    });
    expect(Math.abs(removal.norm - JSON.parse(delta.stdout).norm)).toBeLessThan(1e-9);
    // A hundredth more stake moves syntropy as the derivative says.
    const step = 0.01;
    const more = await focusCommand(['delta', KARATE, '-', '--json'], {
      input: `{"links":[{"from":"1","to":"2","amount":${step}}]}`,
    });
    const { deltaJ } = JSON.parse(more.stdout);
    expect(deltaJ / step / slopes.syntropy.perStake).toBeCloseTo(1, 1);
    expect(signers).toEqual([{ neuron: null, links: 1, weight: 1, share: 1 }]);
  });

  it('neuron: what its links carry, and what its signals earn', async () => {
    const found = await explain('neuron', NEURON, BOSTROM, EPOCH);
    const { links, ahead, targets, signals, removal } = found;
    expect(links).toBe(1);
    expect(targets[0].total).toBeCloseTo(ahead.total, 15);
    expect(targets[0].share).toBeGreaterThan(0.1);
    expect(removal.norm).toBeGreaterThan(0);
    const rewards = await focusCommand(['reward', BOSTROM, EPOCH, '--json']);
    const own = JSON.parse(rewards.stdout).signals.filter(
      ({ neuron }: { neuron: string }) => neuron === NEURON,
    );
    expect(signals.map(({ index }: { index: number }) => index)).toEqual(
      own.map(({ index }: { index: number }) => index),
    );
    expect(signals[0].rewards.syntropy).toBeCloseTo(own[0].rewards.syntropy, 8);
    const text = await focusCommand(['explain', 'neuron', NEURON, BOSTROM, EPOCH]);
    expect(text.stdout).toMatch(/^neuron bostrom1sla\w+: 1 link, stake 2, 0\.01% of all weight\n/);
    expect(text.stdout).toMatch(/signal +delta-norm +syntropy +directed/);
  });

  it.each([
    [['particle', 'nobody', KARATE], 3, /no particle "nobody" among the 34 particles/],
    [['link', '2', '1', KARATE], 3, /expected a link "2" → "1", found one the other way/],
    [['particle', '1', KARATE, '--precision', 'exact'], 2, /expected f64, found exact/],
    [
      ['particle', '1', KARATE, '--reading', 'reference-2026-07'],
      2,
      /expected the reading focus-1 or pagerank/,
    ],
    [['planet', '1', KARATE], 2, /unknown command 'planet'/],
    [['particle', '1'], 2, /missing required argument 'links'/],
  ])('refuses %j', async (args, code, message) => {
    const found = await focusCommand(['explain', ...args]);
    expect(found.stderr).toMatch(message);
    expect(found.code).toBe(code);
    expect(found.stdout).toBe('');
  });
});
