// States of a chain one after the other: those that the next epochs build on, and damaged chains.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateBefore } from '../../src/epoch/replay.js';
import { statesOf } from '../../src/epoch/states.js';
import { folder, machinesOf, makeChain } from './chains.js';

const machines = machinesOf();
let chain = '';
beforeAll(async () => {
  ({ chain } = await makeChain(3, machines));
});
afterAll(() => machines.destroy());

async function all(path: string) {
  const states = [];
  for await (const state of statesOf(path)) states.push(state);
  return states;
}

/** A copy of the chain with one file changed. */
function changed(file: string, change: (bytes: Buffer) => Buffer): string {
  const copy = folder();
  cpSync(chain, copy, { recursive: true });
  const path = join(copy, file);
  writeFileSync(path, change(readFileSync(path)));
  return copy;
}

describe('states of a chain', () => {
  it('are those that the next epoch builds on', async () => {
    const states = await all(chain);
    expect(states.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    for (const state of states) {
      const again = await stateBefore(chain, state.epoch + 1);
      expect(state.focus.units).toEqual(again?.focus.units);
      expect(state.header).toBe(again?.header);
      expect(state.linked.rows).toEqual(again?.linked.rows);
      expect(state.linked.graph.axons).toEqual(again?.linked.graph.axons);
      expect(state.linked.links.count).toBe(again?.linked.links.count);
    }
  });

  it('end where a file is not what its manifest says, naming it', async () => {
    const flip = (bytes: Buffer): Buffer => {
      const copy = Buffer.from(bytes);
      copy[copy.length - 2] ^= 1;
      return copy;
    };
    for (const [file, message] of [
      ['epochs/000001/signals.ndjson', /000001\/signals.ndjson: expected SHA-256/],
      ['epochs/000002/focus.units', /000002\/focus.units: expected SHA-256/],
      ['epochs/000003/header.json', /000003\/header.json: expected SHA-256/],
      ['links.tsv', /links.tsv: expected/],
    ] as const) {
      await expect(all(changed(file, flip))).rejects.toMatchObject({
        code: 'mismatch',
        message: expect.stringMatching(message),
      });
    }
  });

  it('are none without a chain', async () => {
    await expect(all(folder())).rejects.toMatchObject({ code: 'usage' });
  });
});
