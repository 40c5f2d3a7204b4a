// focus spectrum as its users call it: keys, streams, exit codes, the same numbers for both readers.

import { describe, expect, it } from 'vitest';
import { focusCommand, KARATE } from './run.js';

const QUANTITIES = ['lambda2R', 'lambda2Diffusion', 'fiedlerNormalized', 'fiedler'];

describe('focus spectrum', () => {
  it('prints one JSON object of intervals, and the same numbers as words on stderr', async () => {
    const { code, stdout, stderr } = await focusCommand(['spectrum', KARATE, '--json']);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ particles: 34, links: 78, axons: 78, reading: 'focus-1' });
    expect(result.passes).toBeGreaterThan(0);
    for (const key of QUANTITIES) {
      const { value, lower, upper, certificate, failureProbability, proof } = result[key];
      expect(lower).toBeLessThanOrEqual(value);
      expect(value).toBeLessThanOrEqual(upper);
      expect(upper - lower).toBeLessThan(1e-9);
      expect(certificate).toBe('enclosure');
      expect(failureProbability).toBe(0);
      expect(proof).toMatch(/upper: .+; lower: /);
      expect(stderr).toContain(`${value} in [${lower}, ${upper}]`);
    }
    // numpy.linalg.eigvalsh of I − D^−½ W D^−½.
    expect(Math.abs(result.fiedlerNormalized.value - 0.13227232922951568)).toBeLessThan(1e-9);
  });

  it('takes the options of a reading, and prints columns without --json', async () => {
    const args = ['spectrum', '-', '--reading', 'pagerank', '--teleport', '0.2', '--seed', '3'];
    const input = 'a\tb\t1\nb\ta\t1\n';
    const { code, stdout } = await focusCommand(args, { input });
    expect(code).toBe(0);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(rows.map(([name]) => name)).toEqual(QUANTITIES);
    expect(rows[0].slice(1)).toEqual(rows[1].slice(1));
    expect(Number(rows[1][1])).toBe(0.8);
    expect(rows[1][4]).toBe('exact');
  });

  it('exits 4 where an interval is wider than asked, 2 and 3 for bad calls and bad input', async () => {
    const wide = await focusCommand(['spectrum', KARATE, '--json', '--tolerance', '1e-15']);
    expect(wide.code).toBe(4);
    expect(JSON.parse(wide.stdout)).toHaveProperty('lambda2R');
    for (const flags of [
      ['--failure-probability', '2'],
      ['--tolerance', '0'],
      ['--reading', 'reference-2026-07'],
      ['--precision', 'exact'],
    ]) {
      const { code, stdout, stderr } = await focusCommand(['spectrum', KARATE, ...flags]);
      expect(code, flags.join(' ')).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/error/);
    }
    const missing = await focusCommand(['spectrum', 'no-such-file.tsv']);
    expect(missing.code).toBe(3);
  });

  it('stops at Ctrl-C with 130', async () => {
    const input = Array.from({ length: 4000 }, (_, i) => `${i % 900}\t${(i * i + 7) % 901}\t1`);
    const { code, stdout } = await focusCommand(['spectrum', '-'], {
      input: `${input.join('\n')}\n`,
      interruptAt: /backend:/,
    });
    expect(code).toBe(130);
    expect(stdout).toBe('');
  });
});
