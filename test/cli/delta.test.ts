// focus delta as a user runs it: keys, exactness, outputs that read back, and what it refuses.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { focusCommand, inFolder, KARATE } from './run.js';

const DELTA =
  '{"neuron":"n1","links":[{"from":"1","to":"34","amount":2},{"from":"35","to":"1","amount":1}],' +
  '"remove":[]}\n{"remove":[{"from":"1","to":"2"}]}\n';

async function delta(links: string, text: string, ...flags: string[]) {
  const { code, stdout, stderr } = await focusCommand(['delta', links, '-', '--json', ...flags], {
    input: text,
  });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** A decimal string as an integer in units of 10^−digits. */
function scaled(text: string, digits = 70): bigint {
  const [whole, fraction = ''] = text.replace('-', '').split('.');
  const value = BigInt(whole + fraction.padEnd(digits, '0'));
  return text.startsWith('-') ? -value : value;
}

describe('focus delta', () => {
  it('gives the shift, its parts and its bound, the same in both precisions', async () => {
    const doubles = await delta(KARATE, DELTA, '--floor', '0');
    const exact = await delta(KARATE, DELTA, '--floor', '0', '--precision', 'exact');
    for (const key of ['norm', 'entropyPart', 'discoveryPart', 'deltaJ'] as const) {
      expect(Math.abs(doubles[key] - exact[key]), key).toBeLessThan(2e-9);
    }
    expect(doubles.errorBound).toBeLessThanOrEqual(1e-9);
    expect(doubles.deltaJ).toBe(doubles.entropyPart + doubles.discoveryPart);
    const norm = doubles.shift.reduce(
      (sum: number, row: { delta: number }) => sum + Math.abs(row.delta),
      0,
    );
    expect(Math.abs(norm - doubles.norm)).toBeLessThan(1e-12);
    expect(doubles.shift.length).toBe(35);
    expect(doubles).toMatchObject({
      particlesBefore: 34,
      particlesAfter: 35,
      newParticles: 1,
      axonsChanged: 3,
      links: 79,
      reading: 'focus-1',
      converged: true,
    });
    expect(doubles.digest).toMatch(/^[0-9a-f]{64}$/);
    // Exactly: ΔJ is the sum of its parts, entries sum to zero, their sizes to the norm.
    expect(scaled(exact.deltaJExact)).toBe(
      scaled(exact.entropyPartExact) + scaled(exact.discoveryPartExact),
    );
    const entries = exact.shift.map((row: { deltaExact: string }) =>
      scaled(row.deltaExact),
    ) as bigint[];
    expect(entries.reduce((sum, value) => sum + value, 0n)).toBe(0n);
    expect(entries.reduce((sum, value) => sum + (value < 0n ? -value : value), 0n)).toBe(
      scaled(exact.normExact),
    );
    const rank = await focusCommand(['rank', KARATE, '--precision', 'exact', '--json']);
    expect(exact.digestBefore).toBe(JSON.parse(rank.stdout).digest);
    const again = await delta(KARATE, DELTA, '--precision', 'exact', '--threads', '1');
    expect(again.digest).toBe(exact.digest);
  });

  it('of nothing is exactly zero', async () => {
    for (const flags of [['--precision', 'exact'], ['--local']]) {
      const found = await delta(KARATE, '', ...flags);
      expect(found).toMatchObject({
        norm: 0,
        entropyPart: 0,
        discoveryPart: 0,
        deltaJ: 0,
        shift: [],
      });
      expect(found.graphRootAfter).toBe(found.graphRootBefore);
      if (flags.includes('exact')) expect(found.normExact).toBe('0');
    }
  });

  it('leaves entries below the floor out, but says how much they are', async () => {
    const [all, few] = [
      await delta(KARATE, DELTA, '--floor', '0'),
      await delta(KARATE, DELTA, '--floor', '0.05'),
    ];
    expect(few.shift.length).toBeLessThan(all.shift.length);
    expect(few.shift).toEqual(all.shift.slice(0, few.shift.length));
    for (const { delta: value } of few.shift)
      expect(Math.abs(value)).toBeGreaterThanOrEqual(0.05 / 34);
    expect(few.omitted.particles).toBe(all.shift.length - few.shift.length);
    const listed = few.shift.reduce(
      (sum: number, row: { delta: number }) => sum + Math.abs(row.delta),
      0,
    );
    expect(listed + few.omitted.norm).toBeCloseTo(all.norm, 12);
    expect(few.digest).toBe(all.digest);
  });

  it('writes the changed graph, whose change back ends at the root before', async () => {
    await inFolder(async (folder) => {
      const root = (await delta(KARATE, '')).graphRootBefore;
      for (const name of ['after.focus', 'after.tsv']) {
        const path = join(folder, name);
        const there = await delta(KARATE, DELTA, '--apply', path);
        const back = await delta(
          path,
          '{"neuron":"n1","remove":[{"from":"1","to":"34"},{"from":"35","to":"1"}]}\n'.replace(
            '"n1"',
            name === 'after.focus' ? 'null' : '"n1"',
          ) + '{"links":[{"from":"1","to":"2","amount":1}]}\n',
        );
        expect(back.graphRootBefore, name).toBe(there.graphRootAfter);
        expect(back.graphRootAfter, name).toBe(root);
      }
    });
  });

  it('replays a log of deltas one after the other', async () => {
    const log =
      '{"neuron":"n1","links":[{"from":"1","to":"99","amount":2}]}\n' +
      '[{"neuron":"n1","remove":[{"from":"1","to":"99"}]},{"links":[{"from":"1","to":"34","amount":3}]}]\n';
    const found = await delta(KARATE, log, '--replay');
    expect(found).toMatchObject({ deltas: 2, signals: 3, axonsChanged: 1, newParticles: 0 });
    const direct = await delta(KARATE, '{"links":[{"from":"1","to":"34","amount":3}]}');
    expect(found.graphRootAfter).toBe(direct.graphRootAfter);
    expect(found.norm).toBe(direct.norm);
    const together = await focusCommand(['delta', KARATE, '-'], { input: log });
    expect(together.code).toBe(3);
    expect(together.stderr).toMatch(
      /stdin:2, signal 1: remove 1 \("1" → "99"\): expected a live link of neuron "n1"/,
    );
  });

  it('writes the shift to a file with a manifest', async () => {
    await inFolder(async (folder) => {
      for (const name of ['shift.csv', 'shift.ndjson']) {
        const out = join(folder, name);
        const found = await delta(KARATE, DELTA, '--out', out);
        const manifest = JSON.parse(readFileSync(`${out}.manifest.json`, 'utf8'));
        expect(manifest.result.digest).toBe(found.digest);
        expect(manifest.alsoRead[0].bytes).toBe(DELTA.length);
        if (name === 'shift.csv') {
          const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
          expect(lines[0]).toBe('id,delta');
          expect(lines[1]).toBe(`${found.shift[0].id},${found.shift[0].delta}`);
          expect(lines.length).toBe(found.shift.length + 1);
        }
        if (name === 'shift.ndjson') {
          const rows = readFileSync(out, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line));
          expect(rows).toEqual(found.shift);
        }
      }
    });
  });

  it('looks near the change only, and says what that proves', async () => {
    const text = '{"neuron":"n","links":[{"from":"1","to":"2","amount":0.5}]}';
    const near = await delta(KARATE, text, '--local', '--tolerance', '1e-3');
    const all = await delta(KARATE, text);
    expect(near.mode).toBe('local');
    expect(Math.abs(near.norm - all.norm)).toBeLessThanOrEqual(near.errorBound + all.errorBound);
    expect(near.near.arcs).toBeLessThan(all.near.arcs);
  });

  it('prints a table for humans', async () => {
    const { code, stdout, stderr } = await focusCommand(['delta', KARATE, '-', '--top', '2'], {
      input: DELTA,
    });
    expect(code).toBe(0);
    expect(stdout.split('\n').length).toBe(3);
    expect(stdout).toMatch(/^1\t0\.0\d+\n/);
    expect(stderr).toMatch(/2 signals, 2 links to add, 1 to remove/);
    expect(stderr).toMatch(/‖Δφ‖₁ 0\.\d+, proven L1 error ≤ \d/);
  });

  it.each([
    [[KARATE, '-', '--local', '--precision', 'exact'], '', 2, /--local: expected --precision f64/],
    [[KARATE, '-', '--out', 'x.txt'], '', 2, /expected a name that ends in .ndjson, .csv/],
    [[KARATE, '-', '--apply', KARATE], '', 2, /expected another file than the input/],
    [[KARATE, '-', '--tolerance', '0'], '', 2, /--tolerance: expected a number in \(0, 2\]/],
    [[KARATE, '-'], '{"neuron":"n","links":[{"from":"a"', 3, /^error: stdin:1:35: expected/m],
    [[KARATE, '-'], '{"neuron":"n","remove":[{"from":"1","to":"2"}]}', 3, /of other neurons/],
  ])('refuses %j', async (args, input, code, message) => {
    const found = await focusCommand(['delta', ...args], { input });
    expect(found.stderr).toMatch(message);
    expect(found.code).toBe(code);
    expect(found.stdout).toBe('');
  });

  it('of everything removed says that nothing is left', async () => {
    await inFolder(async (folder) => {
      const links = join(folder, 'links.tsv');
      writeFileSync(links, 'a\tb\t1\tn\n');
      const { code, stderr } = await focusCommand(['delta', links, '-'], {
        input: '{"neuron":"n","remove":[{"from":"a","to":"b"}]}',
      });
      expect(code).toBe(3);
      expect(stderr).toMatch(/no link that counts/);
    });
  });
});
