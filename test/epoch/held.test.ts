// Held stake in chains of epochs: what it does to graph, prior and focus, that a chain with it verifies
// without the ledger, and that nothing but the ledger changes it.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { epochFolder } from '../../src/epoch/chain.js';
import { unitsOf } from '../../src/epoch/files.js';
import { readRulesets } from '../../src/epoch/ruleset.js';
import { runEpoch } from '../../src/epoch/run.js';
import { verifyChain } from '../../src/epoch/verify.js';
import { heldText } from '../../src/payouts/held/held-file.js';
import type { HeldStake } from '../../src/payouts/held/held.js';
import {
  beaconOf,
  folder,
  linksFile,
  machinesOf,
  RULES,
  signalsFile,
  type Book,
} from './chains.js';

const HELD_RULES = {
  ...RULES,
  held: { token: 'CYB', unitsPerStake: 1_000_000_000, priorWeight: 2 },
};
const RULESETS = readRulesets([HELD_RULES], 'rules');
const EPOCHS = 3;
const machines = machinesOf(2);

/** Stake on a particle and a link from epoch 1 on, more burned in epoch 2, the lock gone in 3. */
function heldOfEpoch(epoch: number): HeldStake {
  const units = 40_000_000_000n;
  const id = 'c'.repeat(64);
  const lock = { id, neuron: 'neuron:ann', target: { from: 'p3', to: 'p7' }, token: 'CYB' };
  return {
    token: 'CYB',
    through: epoch - 1,
    seal: 'd'.repeat(64),
    burns: [
      { target: { from: 'p1', to: 'p2' }, units },
      { target: { particle: 'p5' }, units: epoch > 1 ? 2n * units : units },
    ],
    locks: epoch > 2 ? [] : [{ ...lock, valence: 1, units, untilMs: 5, epoch: 0 }],
  };
}

async function heldChain(held: (epoch: number) => HeldStake = heldOfEpoch): Promise<string> {
  const [chain, inputs] = [folder(), folder()];
  const book: Book = new Map();
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    const path = join(inputs, `held-${epoch}.ndjson`);
    if (epoch > 0) writeFileSync(path, heldText(held(epoch)));
    const links = epoch === 0 ? linksFile(inputs) : null;
    const signals = epoch === 0 ? null : signalsFile(inputs, epoch, book);
    const request = { chain, epoch, links, signals, rulesets: RULESETS, beacon: beaconOf(epoch) };
    await runEpoch({ ...request, held: epoch === 0 ? null : path }, machines);
  }
  return chain;
}

let chain = '';
beforeAll(async () => {
  chain = await heldChain();
}, 120_000);
afterAll(() => machines.destroy());

describe('a chain with held stake', () => {
  it('verifies from its files alone, to the byte, with other threads', async () => {
    const others = machinesOf(1);
    const { epochs } = await verifyChain(chain, { rulesets: RULESETS }, others);
    expect(epochs).toBe(EPOCHS + 1);
    others.destroy();
  });
});
