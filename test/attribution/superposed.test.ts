// Superposed moves as a surrogate: what they must have right whatever the graph (single players, players
// that do not meet), what the coarse graph adds, and runs with the default control variate.

import { describe, expect, it } from 'vitest';
import { openCoalitionGame } from '../../src/attribution/coalition-game.js';
import { gameOf } from '../../src/attribution/control-variate.js';
import { controlPlanOf, defaultControlOf } from '../../src/attribution/controls/default-control.js';
import { superposedSurrogate } from '../../src/attribution/controls/superposed.js';
import { enumerateShapley } from '../../src/attribution/enumeration.js';
import { VALUE_ONE, type Game } from '../../src/attribution/game.js';
import { shapleyOf } from '../../src/attribution/shapley.js';
import type { ValueName } from '../../src/attribution/value-function.js';
import { randomStream } from '../../src/base/random.js';
import { focus } from '../../src/focus/focus.js';
import { axonChangesOf } from '../../src/graph/axon-changes.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { linkGraph } from '../../src/graph/linked.js';
import { randomLinks, type LinkTuple } from '../graphs.js';
import { beaconOf } from './random-games.js';

const ONE = Number(VALUE_ONE);
const VALUES: readonly ValueName[] = ['syntropy', 'directed', 'delta-norm', 'delta-j'];
const draw = { beacon: beaconOf(3), cluster: 0 };

/** A game, its surrogate by options, and its control variate for so many orderings. */
async function open(
  links: readonly LinkTuple[],
  signals: readonly (readonly LinkTuple[])[],
  value: ValueName,
  keepsMoves = true,
) {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of links)
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
  const base = linkGraph(builder.finish());
  const changes = signals.map((own) => {
    const made = own.map(([from, to, amount]) => ({ from, to, amount }));
    return axonChangesOf(base, [{ neuron: null, links: made, remove: [], change: [] }]);
  });
  const solved = await focus(base.graph, { tolerance: 1e-13 });
  const { parameters, phi, errorBound } = solved;
  const before = { parameters, phi: phi.data, errorBound: errorBound ?? 2 };
  const opened = await openCoalitionGame(base.graph, before, changes, { value, tolerance: 1e-10 });
  const game = keepsMoves ? opened : { ...opened, superposed: null };
  const surrogate = (options = {}) =>
    superposedSurrogate(game, base.graph, solved, changes, value, options);
  const control = (orderings: number | null) =>
    defaultControlOf(game, base.graph, solved, changes, value, { ...draw, orderings });
  return { game, surrogate, control };
}

async function valueOf(game: Game, members: readonly number[]): Promise<number> {
  for await (const { values } of game.walk([{ index: 0, steps: [members] }]))
    return Number(values[0]) / ONE;
  throw new Error('no value');
}

/** Three parts that no link joins. */
const parts = ['a', 'b', 'c'].flatMap((part, k) =>
  randomLinks(20 + k, 12, 30).map(([from, to, amount]): LinkTuple => [
    `${part}${from}`,
    `${part}${to}`,
    amount,
  ]),
);
const [a, b, c] = ['a', 'b', 'c'].map((part) => [
  ...new Set(parts.flatMap(([from, to]) => [from, to]).filter((name) => name.startsWith(part))),
]);
const apart: LinkTuple[][] = [
  [[a[0], a[3], 2]],
  [
    [b[1], b[2], 3],
    ['x', b[0], 1],
  ],
  [[c[4], c[0], 1]],
];
const meeting: LinkTuple[][] = [
  [
    [a[4], a[3], 2],
    [a[1], 'y', 2],
  ],
  [
    ['x', a[4], 1],
    [a[4], a[2], 3],
  ],
  [
    [a[4], 'y', 1],
    ['x', a[1], 4],
  ],
  // Heavy enough to gather focus: coalitions with it have syntropy above 0.
  [[a[4], a[3], 100]],
];
const coalitions = [
  [0, 1],
  [2, 0],
  [1, 2],
  [2, 1, 0],
];

function orderings(of: readonly number[]): number[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first) =>
    orderings(of.filter((player) => player !== first)).map((rest) => [first, ...rest]),
  );
}

describe('superposed moves', () => {
  it.each(VALUES)('are worth what single players are, by %s', async (value) => {
    const { game, surrogate } = await open(parts, meeting, value);
    for (const interactions of [false, true]) {
      const { value: own } = surrogate({ interactions });
      game.local.forEach(({ value: local, errorBound }, player) =>
        expect(Math.abs(own([player]) - local)).toBeLessThanOrEqual(errorBound),
      );
      expect(own([])).toBe(0);
    }
    game.destroy();
  });

  it.each(VALUES)('are the game itself where no players meet, by %s', async (value) => {
    const { game, surrogate } = await open(parts, apart, value);
    const [plain, coarse] = [surrogate({ interactions: false }), surrogate()];
    const moved = game.local.reduce((most, each) => Math.max(most, Math.abs(each.value)), 1e-3);
    for (const members of coalitions) {
      const exact = await valueOf(game, members);
      expect(Math.abs(plain.value(members) - exact)).toBeLessThan(1e-8);
      // The coarse graph's own steps end at 10⁻⁴ of the first.
      expect(Math.abs(coarse.value(members) - exact)).toBeLessThan(2e-3 * moved);
    }
    game.destroy();
  });

  it.each(VALUES)('with all nodes kept are the game where players meet, by %s', async (value) => {
    const { game, surrogate } = await open(parts, meeting, value);
    const [plain, coarse] = [surrogate({ interactions: false }), surrogate({ neighbours: 99 })];
    let [missed, left] = [0, 0];
    for (const members of [...coalitions, [0, 3], [3, 2, 1, 0]]) {
      const exact = await valueOf(game, members);
      missed += Math.abs(plain.value(members) - exact);
      left += Math.abs(coarse.value(members) - exact);
    }
    expect(left).toBeLessThan(0.05 * missed);
    game.destroy();
  });

  it('are the same whatever was asked before, and along a chain', async () => {
    const { game, surrogate } = await open(parts, meeting, 'delta-norm');
    const [one, other] = [surrogate(), surrogate()];
    const asked = [[0, 1], [0, 1, 2], [2], [0, 1, 2, 3], [1, 3]];
    const forwards = asked.map((members) => one.value(members));
    expect([...asked].reverse().map((members) => other.value(members))).toEqual(
      [...forwards].reverse(),
    );
    const along = one.along?.([[2], [1, 0], [3]]) ?? [];
    expect(along).toHaveLength(3);
    [[2], [0, 1, 2], [0, 1, 2, 3]].forEach((members, s) =>
      expect(along[s]).toBeCloseTo(one.value(members), 14),
    );
    game.destroy();
  });
});

describe('the default control variate', () => {
  it('is decided by value function, players and orderings', () => {
    expect(controlPlanOf('syntropy', 2, 100)).toBeNull();
    expect(controlPlanOf('directed', 12, 100)?.kind).toBe('enumeration');
    expect(controlPlanOf('syntropy', 13, 100)).toBeNull();
    expect(controlPlanOf('delta-norm', 200, 100)).toMatchObject({ orderings: 1000 });
    expect(controlPlanOf('delta-norm', 200, 1)).toMatchObject({ orderings: 200 });
    expect(controlPlanOf('delta-norm', 200, null)).toMatchObject({ orderings: 2000 });
  });

  it.each(VALUES)('leaves shares of %s efficient and unbiased', async (value) => {
    const { game, control } = await open(parts, meeting, value);
    const exact = await enumerateShapley(game);
    const own = await control(20);
    const stopping = { kind: 'orderings', orderings: 20 } as const;
    const run = await shapleyOf(game, { ...draw, stopping, group: 1, control: own ?? undefined });
    expect(run.players.reduce((sum, { units }) => sum + units, 0n)).toBe(run.totalUnits);
    expect(run.efficiencyGap).toBe(0n);
    expect(run.evaluations).toBeGreaterThanOrEqual(1 + 4 + 20 * 3);
    // Over all orderings the marginals of v − c and the shares of c add up to those of v.
    const sums = exact.shares.map((_, i) => 24n * (own?.shares[i] ?? 0n));
    for (const order of orderings([0, 1, 2, 3])) {
      const known = own?.valuesOf(order.map((player) => [player])) ?? [];
      let [mask, before] = [0, 0n];
      order.forEach((player, s) => {
        mask |= 1 << player;
        const rest = exact.values[mask] - known[s];
        sums[player] += rest - before;
        before = rest;
      });
    }
    sums.forEach((sum, i) => expect(Math.abs(Number(sum - exact.numerators[i]))).toBeLessThan(48));
    game.destroy();
  });

  it('of more players is sampled, with errors that are so', async () => {
    const random = randomStream(9, 1);
    const names = [...a, ...b];
    const signals = Array.from({ length: 14 }, (): LinkTuple[] => {
      const from = random.below(names.length);
      const to = (from + 1 + random.below(names.length - 1)) % names.length;
      return [[names[from], names[to], 1 + random.below(4)]];
    });
    const { game, surrogate, control } = await open(parts, signals, 'delta-norm');
    const own = await control(20);
    const plain = surrogate({ interactions: false });
    const exact = await enumerateShapley(gameOf(plain), { mostPlayers: 14 });
    expect(own?.name).toBe('superposed delta-norm');
    expect(own?.shares.reduce((sum, share) => sum + share, 0n)).toBe(own?.grand);
    const squares = exact.shares.map((share, i) => {
      const error = Number(share - (own?.shares[i] ?? 0n)) / ONE;
      return (error / (own?.shareErrors[i] ?? 0)) ** 2;
    });
    const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
    expect(mean).toBeGreaterThan(0.1);
    expect(mean).toBeLessThan(5);
    const stopping = { kind: 'orderings', orderings: 20 } as const;
    const run = await shapleyOf(game, { ...draw, stopping, control: own ?? undefined });
    run.players.forEach(({ standardError }, i) =>
      expect(standardError).toBeGreaterThanOrEqual(own?.shareErrors[i] ?? Infinity),
    );
    game.destroy();
  });

  it('is none where what players move was not kept', async () => {
    const { game, control } = await open(parts, apart, 'syntropy', false);
    expect(game.superposed).toBeNull();
    expect(await control(9)).toBeNull();
    game.destroy();
  });
});
