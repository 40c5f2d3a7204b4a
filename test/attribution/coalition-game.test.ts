// The game of signals against an independent implementation's exact Shapley values, enumerated here
// from values that the game gives chain by chain.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCoalitionGame } from '../../src/attribution/coalition-game.js';
import { VALUE_ONE, type Chain, type Game } from '../../src/attribution/game.js';
import type { ValueName } from '../../src/attribution/value-function.js';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { operatorsAt } from '../../src/focus/details.js';
import { focus } from '../../src/focus/focus.js';
import { axonChangesOf } from '../../src/graph/axon-changes.js';
import { applyDelta } from '../../src/graph/delta.js';
import type { Graph } from '../../src/graph/graph.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { linkGraph } from '../../src/graph/linked.js';
import type { LinkTuple } from '../graphs.js';

interface Golden {
  readonly base: readonly LinkTuple[];
  readonly transactions: readonly (readonly LinkTuple[])[];
  readonly value: 'entropy' | 'l1';
  readonly shapley: readonly number[];
  readonly total: number;
  readonly standalone: readonly number[];
}

const goldens = (
  JSON.parse(readFileSync(new URL('../golden/shapley.json', import.meta.url), 'utf8')) as {
    readonly shapley: Readonly<Record<string, Golden>>;
  }
).shapley;

async function gameOf(golden: Golden, value: ValueName) {
  const { graph, changes, base } = await partsOf(golden);
  return openCoalitionGame(graph, base, changes, { value, tolerance: 1e-11 });
}

async function partsOf({ base, transactions }: Golden) {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of base) {
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
  }
  const linked = linkGraph(builder.finish());
  const deltas = transactions.map((links) => [
    {
      neuron: null,
      links: links.map(([from, to, amount]) => ({ from, to, amount })),
      remove: [],
      change: [],
    },
  ]);
  const changes = deltas.map((delta) => axonChangesOf(linked, delta));
  const { parameters, phi, errorBound } = await focus(linked.graph, { tolerance: 2e-13 });
  const before = { parameters, phi: phi.data, errorBound: errorBound ?? 2 };
  return { graph: linked.graph, changes, base: before, linked, deltas };
}

/** v of every coalition by its bits, along one chain for each subset of the later players. */
async function valuesOf(game: Game): Promise<number[]> {
  const chains: Chain[] = [];
  for (let bits = 1; bits < 2 ** game.players; bits++) {
    const members = [...Array(game.players).keys()].filter((i) => (bits >> i) & 1);
    chains.push({ index: bits, steps: [members] });
  }
  const values = new Array<number>(2 ** game.players).fill(0);
  for await (const { index, values: found } of game.walk(chains)) {
    values[index] = Number(found[0]) / Number(VALUE_ONE);
  }
  return values;
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

function shapley(values: readonly number[], players: number): number[] {
  return Array.from({ length: players }, (_, i) =>
    values.reduce((sum, value, bits) => {
      if ((bits >> i) & 1) return sum;
      const size = bits.toString(2).replaceAll('0', '').length;
      const weight = (factorial(size) * factorial(players - size - 1)) / factorial(players);
      return sum + weight * (values[bits | (1 << i)] - value);
    }, 0),
  );
}

describe('the game of signals', () => {
  it.each(Object.entries(goldens))('has the Shapley values of golden %s', async (_, golden) => {
    const game = await gameOf(golden, golden.value === 'l1' ? 'delta-norm' : 'syntropy');
    const values = await valuesOf(game);
    const shares = shapley(values, game.players);
    shares.forEach((share, i) => expect(Math.abs(share - golden.shapley[i])).toBeLessThan(1e-9));
    game.local.forEach(({ value }, i) =>
      expect(Math.abs(value - golden.standalone[i])).toBeLessThan(1e-9),
    );
    expect(Math.abs(values[values.length - 1] - golden.total)).toBeLessThan(1e-9);
    game.destroy();
  });

  it('values free energy as the whole graphs before and after do', async () => {
    const golden = goldens.random12;
    const { graph, changes, base, linked, deltas } = await partsOf(golden);
    const game = await openCoalitionGame(graph, base, changes, {
      value: 'free-energy',
      tolerance: 1e-11,
    });
    const values = await valuesOf(game);
    const energyAt = async (whole: Graph): Promise<number> => {
      const { parameters, phi } = await focus(whole, { tolerance: 1e-13 });
      return (await operatorsAt(whole, parameters, phi.data, openCpu())).freeEnergy;
    };
    const before = await energyAt(graph);
    for (let bits = 1; bits < values.length; bits++) {
      const members = deltas.filter((_, i) => (bits >> i) & 1).flat();
      const { after } = applyDelta(linked, members);
      const reduction = before - (await energyAt(after.graph));
      expect(Math.abs(values[bits] - reduction), `coalition ${bits}`).toBeLessThan(1e-9);
    }
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(1e-4);
    game.destroy();
  });

  it('refuses blocks that are no whole tiles, and a focus that is not known well enough', async () => {
    const [golden] = Object.values(goldens);
    const { graph, changes, base } = await partsOf(golden);
    const open = (options: object, focusBefore = base) =>
      openCoalitionGame(graph, focusBefore, changes, { value: 'syntropy', ...options });
    await expect(open({ columns: 12 })).rejects.toThrow(/columns: expected 8, 16 … 64, found 12/);
    await expect(open({ threads: 0 })).rejects.toThrow(/threads: expected an integer/);
    const vague = { ...base, errorBound: 1e-8 };
    await expect(open({ tolerance: 1e-9 }, vague)).rejects.toThrow(/1\/16 of the tolerance/);
  });
});
