// The exact game against exact solves of each changed graph as a whole, against the game in doubles, and
// that no number of columns changes a bit.

import { describe, expect, it } from 'vitest';
import { openCoalitionGame } from '../../src/attribution/coalition-game.js';
import { openExactGame } from '../../src/attribution/exact-game.js';
import { VALUE_ONE, type Chain, type ChainValues, type Game } from '../../src/attribution/game.js';
import type { ValueName } from '../../src/attribution/value-function.js';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { differenceExact } from '../../src/focus/exact/difference.js';
import { focus } from '../../src/focus/focus.js';
import { axonChangesOf } from '../../src/graph/axon-changes.js';
import { applyDelta } from '../../src/graph/delta.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import type { Signal } from '../../src/graph/signal.js';
import { randomLinks } from '../graphs.js';

const backend = openCpuExact({ threads: 1 });
const PLAYERS = 5;

function linkedOf(seed: number): LinkedGraph {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of randomLinks(seed, 40, 120)) {
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
  }
  return linkGraph(builder.finish());
}

/** A link more for some, a new particle for others, and one link taken away. */
function signalsOf(linked: LinkedGraph, seed: number): Signal[] {
  const random = randomStream(seed, 5);
  const { ids } = linked.graph;
  const any = (): string => ids.at(random.below(ids.count));
  return Array.from({ length: PLAYERS }, (_, i): Signal => {
    const link = { from: any(), to: i % 2 === 0 ? `new ${i % 3}` : any(), amount: 10 ** (1 + i) };
    const links = link.from === link.to ? [] : [link];
    return { neuron: null, links, remove: [], change: [] };
  });
}

async function valuesOf(game: Game, chains: readonly Chain[]): Promise<ChainValues[]> {
  const found: ChainValues[] = [];
  for await (const chain of game.walk(chains)) found.push(chain);
  return found.sort((a, b) => a.index - b.index);
}

const CHAINS: readonly Chain[] = [
  [0, 1, 2, 3, 4],
  [4, 3, 2, 1, 0],
  [2, 0, 4, 1, 3],
].map((order, index) => ({ index, steps: order.map((player) => [player]) }));

describe('the exact game', () => {
  it.each(['delta-norm', 'syntropy', 'delta-j', 'directed'] as const)(
    'has the values of whole solves and of doubles, within their bounds: %s',
    async (value: ValueName) => {
      const linked = linkedOf(3);
      const signals = signalsOf(linked, 3);
      const changes = signals.map((signal) => axonChangesOf(linked, [signal]));
      const game = await openExactGame(linked.graph, changes, { value }, backend);
      const solved = await focus(linked.graph, { tolerance: 1e-12 });
      const before = {
        parameters: solved.parameters,
        phi: solved.phi.data,
        errorBound: solved.errorBound ?? 2,
      };
      const options = { value, tolerance: 1e-10 };
      const doubles = await openCoalitionGame(linked.graph, before, changes, options);
      const [exact, rounded] = [await valuesOf(game, CHAINS), await valuesOf(doubles, CHAINS)];
      for (const [c, { steps }] of CHAINS.entries()) {
        for (const [s] of steps.entries()) {
          const members = steps.slice(0, s + 1).flat();
          const { after } = applyDelta(
            linked,
            members.map((i) => signals[i]),
          );
          const whole = await differenceExact(linked.graph, after.graph, {}, backend);
          const truth = {
            'delta-norm': whole.norm,
            syntropy: whole.entropyPart,
            'delta-j': whole.deltaJ,
            directed: Math.max(0, whole.entropyPart),
          }[value];
          const found = Number(exact[c].values[s]) / Number(VALUE_ONE);
          const other = Number(rounded[c].values[s]) / Number(VALUE_ONE);
          expect(exact[c].converged).toBe(true);
          expect(Math.abs(found - truth)).toBeLessThan(Math.min(exact[c].errorBound ?? 0, 3e-8));
          expect(Math.abs(found - other)).toBeLessThan(
            (exact[c].errorBound ?? 0) + (rounded[c].errorBound ?? 0),
          );
        }
      }
      game.local.forEach(({ value: alone }, i) =>
        expect(Math.abs(alone - doubles.local[i].value)).toBeLessThan(1e-7),
      );
      game.destroy();
      doubles.destroy();
    },
  );

  it('gives a signal that changes nothing exactly nothing, wherever it joins', async () => {
    const linked = linkedOf(5);
    const signals = signalsOf(linked, 5);
    signals[2] = { neuron: null, links: [], remove: [], change: [] };
    const changes = signals.map((signal) => axonChangesOf(linked, [signal]));
    const game = await openExactGame(linked.graph, changes, { value: 'delta-j' }, backend);
    expect(game.local[2].value).toBe(0);
    for (const { index, values } of await valuesOf(game, CHAINS)) {
      const at = CHAINS[index].steps.findIndex(([player]) => player === 2);
      expect(values[at]).toBe(at === 0 ? 0n : values[at - 1]);
    }
    game.destroy();
  });

  it('has the same integers in blocks of any width, whatever is solved beside a chain', async () => {
    const linked = linkedOf(8);
    const changes = signalsOf(linked, 8).map((signal) => axonChangesOf(linked, [signal]));
    const all: ChainValues[][] = [];
    for (const [columns, chains] of [
      [8, CHAINS],
      [1, CHAINS],
      [2, [...CHAINS].reverse()],
      [3, CHAINS.slice(1, 2)],
    ] as const) {
      const options = { value: 'delta-j' as const, columns };
      const game = await openExactGame(linked.graph, changes, options, backend);
      all.push(await valuesOf(game, chains));
      game.destroy();
    }
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    expect(all[3]).toEqual([all[0][1]]);
  });
});
