// The examples run as a reader runs them, on the built package by its name.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('self-minting goes from a neighbourhood to a balance, and pays once', () => {
  const path = fileURLToPath(new URL('../examples/claim.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const lines = stdout.trim().split('\n');
  const [, some, all] = /asked for (\d+) of (\d+) axons/.exec(lines[0]) ?? [];
  expect(Number(some)).toBeLessThan(Number(all) / 5);
  expect(lines).toContain('accepted');
  expect(lines).toContain("posted [ 'posted' ]");
  expect(lines).toContain("posted again [ 'posted, replayed' ]");
  const [, units] =
    /the neuron has (\d+) base units; verified: true/.exec(lines.at(-1) ?? '') ?? [];
  const [, pool] = /(\d+)n base units in the pool/.exec(stdout) ?? [];
  expect(units).toBe(pool);
  expect(BigInt(units)).toBeGreaterThan(0n);
});
