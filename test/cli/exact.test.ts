// `focus rank --precision exact` as a script sees it: one digest whatever the threads and the machine,
// exact decimals beside doubles, and rows that read back to the unit.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFocus } from '../../src/formats/read-focus.js';
import { temporaryFolder } from '../formats/temporary-folder.js';
import { BOSTROM, focusCommand, KARATE } from './run.js';

const folder = temporaryFolder();
const exact = ['--precision', 'exact', '--json'];

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await focusCommand(['rank', ...args, ...exact]);
  expect([code, stderr.includes('exact')], stderr).toEqual([0, true]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A decimal string as an integer in units of 2^−bits. */
function unitsOf(decimal: string, bits: number): bigint {
  const [whole, fraction = ''] = decimal.split('.');
  const scaled = BigInt(whole + fraction) << BigInt(bits);
  const power = 10n ** BigInt(fraction.length);
  expect(scaled % power, decimal).toBe(0n);
  return scaled / power;
}

describe('focus rank --precision exact', () => {
  it('prints one digest for any number of threads and on WebGPU', async () => {
    const one = await json(BOSTROM, '--threads', '1');
    const many = await json(BOSTROM, '--threads', '5');
    const gpu = await json(BOSTROM, '--backend', 'webgpu');
    expect([many.digest, gpu.digest]).toEqual([one.digest, one.digest]);
    expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
    expect([one.backend, gpu.backend]).toEqual(['cpu', 'webgpu']);
    expect([one.precision, one.tolerance, one.converged]).toEqual(['exact', 1e-9, true]);
  });

  it('gives exact decimals of what it gives as doubles', async () => {
    const result = await json(KARATE, '--details');
    for (const [key, bits] of [
      ['entropy', 56],
      ['syntropy', 56],
      ['freeEnergy', 56],
      ['residual', 61],
    ] as const) {
      const units = unitsOf(String(result[`${key}Exact`]), bits);
      expect(Number(units) / 2 ** bits, key).toBe(result[key]);
    }
  });

  it('writes rows whose exact column sums to one', async () => {
    for (const extension of ['ndjson', 'csv', 'parquet']) {
      const out = folder.at(`phi.${extension}`);
      const { code } = await focusCommand(['rank', KARATE, ...exact, '--out', out]);
      expect(code).toBe(0);
      const { focus, focusExact } = await readFocus(out);
      const units = (focusExact ?? []).map((text) => unitsOf(text, 61));
      expect(units.reduce((a, b) => a + b, 0n)).toBe(1n << 61n);
      expect(units.map((value) => Number(value) / 2 ** 61)).toEqual([...focus]);
      const manifest = JSON.parse(readFileSync(`${out}.manifest.json`, 'utf8')) as {
        result: { digest: string };
      };
      expect(manifest.result.digest).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('refuses what exact arithmetic cannot do, and says what could', async () => {
    const { code, stderr } = await focusCommand(['rank', KARATE, ...exact, '--teleport', '1e-6']);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/2\^-16[\s\S]*--precision f64/)]);
  });
});
