// The parts that hierarchical shares are made of: integers spread by size, joint changes, and clusters
// settled from the stream of their own number.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterShares } from '../../src/attribution/cluster-shares.js';
import type { Element } from '../../src/attribution/first-order-game.js';
import { jointChange } from '../../src/attribution/joint-change.js';
import { shapleyOf } from '../../src/attribution/shapley.js';
import { spread, spreadOver } from '../../src/attribution/spread.js';
import type { NamedAxonChanges } from '../../src/graph/axon-changes.js';
import { beaconOf, randomGame } from './random-games.js';

const big = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });

describe('integers spread by size', () => {
  it('go by magnitude, whatever the signs', () => {
    expect(spread(8n, [3n, -1n])).toEqual([6n, 2n]);
    expect(spread(-8n, [3n, -1n])).toEqual([-6n, -2n]);
    expect(spread(7n, [0n, 0n, 0n])).toEqual([3n, 2n, 2n]);
    expect(spread(5n, [])).toEqual([]);
    expect(spreadOver(10n, [3n, 2n])).toEqual([6n, 4n]);
    expect(spreadOver(4n, [5n, -5n])).toEqual([7n, -3n]);
  });

  it('add up to the whole, each within a unit of its part', () => {
    fc.assert(
      fc.property(big, fc.array(big, { minLength: 1, maxLength: 30 }), (extra, sizes) => {
        const parts = spread(extra, sizes);
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(extra);
        const magnitudes = sizes.map((size) => (size < 0n ? -size : size));
        const sum = magnitudes.reduce((a, b) => a + b, 0n);
        parts.forEach((part, i) => {
          const missed = sum === 0n ? 0n : part * sum - extra * magnitudes[i];
          expect(missed <= sum && missed >= -sum).toBe(true);
        });
        const own = spreadOver(extra, sizes);
        expect(own.reduce((a, b) => a + b, 0n)).toBe(extra);
      }),
    );
  });
});

const change = (
  names: string[],
  ...axons: [number, number, number, number][]
): NamedAxonChanges => ({
  added: names.length,
  names,
  axons: axons.map(([from, to, before, after]) => ({ from, to, before, after })),
});

describe('joint changes', () => {
  it('add up what each changes, and number new particles by name', () => {
    const players = [
      change(['x'], [0, 1, 5, 7], [2, 10, 0, 1]),
      change(['a', 'x'], [0, 1, 5, 8], [3, 10, 0, 2], [3, 11, 0, 4]),
      change([], [4, 5, 6, 2]),
      change([], [4, 5, 6, 4]),
      change([], [6, 7, 3, 1]),
      change([], [6, 7, 3, 5]),
    ];
    const expected = change(
      ['a', 'x'],
      [0, 1, 5, 10],
      [2, 11, 0, 1],
      [3, 10, 0, 2],
      [3, 11, 0, 4],
      [4, 5, 6, 0],
    );
    expect(jointChange(10, players)).toEqual(expected);
    expect(jointChange(10, [...players].reverse())).toEqual(expected);
  });

  it('refuse to take a link away twice', () => {
    const taken = change([], [4, 5, 6, 0]);
    expect(() => jointChange(10, [taken, taken])).toThrow(/leave -6 of 6/);
  });
});

describe('a sampled cluster', () => {
  it('draws from the stream of its number', async () => {
    const game = randomGame(5, 7);
    const element: Element = {
      players: [...Array(7).keys()],
      value: (coalition) => game.values[coalition.reduce((mask, i) => mask | (1 << i), 0)],
    };
    const beacon = beaconOf(3);
    const rules = { beacon, enumerateUpTo: 3, sampleUpTo: 64, orderings: 12 };
    const parts = [{ members: element.players, elements: [element] }];
    const at = (cluster: number) => clusterShares(parts, 7, cluster, rules);
    const [four, again, five] = [await at(4), await at(4), await at(5)];
    expect(again).toEqual(four);
    expect(five.shares).not.toEqual(four.shares);
    const direct = await shapleyOf(game, {
      beacon,
      cluster: 4,
      stopping: { kind: 'orderings', orderings: 12 },
    });
    expect(four.shares).toEqual(direct.players.map(({ units }) => units));
    expect(four.method).toBe('sampled');
  });
});
