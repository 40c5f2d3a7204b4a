// Chains of coalitions against dense solves of each changed graph: what a coalition moves, its proven
// bounds, and that a chain does not depend on what is solved beside it.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream, type Random } from '../../src/base/random.js';
import type { SolvedChain } from '../../src/focus/coalitions/chain.js';
import { openChains } from '../../src/focus/coalitions/chains.js';
import { coalitionGameOf } from '../../src/focus/coalitions/game.js';
import { focus } from '../../src/focus/focus.js';
import { shiftBaseOf } from '../../src/focus/local/base.js';
import { changedAxons } from '../../src/focus/local/whole.js';
import type { FocusOptions } from '../../src/focus/parameters.js';
import type { NamedAxonChanges } from '../../src/graph/axon-changes.js';
import { axonWeight, type AxonChange } from '../../src/graph/change.js';
import type { Graph } from '../../src/graph/graph.js';
import { denseFocus, DENSE_DEFAULTS } from '../dense.js';
import { graphOf, type LinkTuple } from '../graphs.js';

const backend = openCpu({ threads: 1 });
const TOLERANCE = 1e-8;

/** Stars with leaves of both directions, in a few components. */
function starry(random: Random, particles: number): Graph {
  const links: LinkTuple[] = [];
  const name = (i: number): string => `p${i}`;
  for (let i = 1; i < particles; i++) {
    // Every fifth particle starts a component of its own with the next one.
    const hub = i % 5 === 0 ? i - 1 : random.below(Math.max(1, i >> 2));
    const amount = 1 + random.below(1000);
    if (hub === i) continue;
    links.push(random.below(2) === 0 ? [name(hub), name(i), amount] : [name(i), name(hub), amount]);
    if (i % 7 === 0) links.push([name(i), name(random.below(i)), 1 + random.below(50)]);
  }
  return graphOf(links.filter(([p, q]) => p !== q));
}

/** Some axons more, between particles of the graph and new ones that players share. */
function playerOf(graph: Graph, random: Random, takesAway: boolean): NamedAxonChanges {
  const n = graph.particles;
  const names: string[] = [];
  const particle = (): number => {
    if (random.below(6) > 0) return random.below(n);
    const name = `new ${random.below(3)}`;
    if (!names.includes(name)) names.push(name);
    return n + names.indexOf(name);
  };
  const axons = new Map<string, AxonChange>();
  for (let k = 0; k < 1 + random.below(3); k++) {
    const [from, to] = [particle(), particle()];
    if (from === to) continue;
    const before = Math.max(from, to) < n ? axonWeight(graph, from, to) : 0;
    axons.set(`${from} ${to}`, { from, to, before, after: before + 1 + random.below(3000) });
  }
  if (takesAway) {
    const from = random.below(n);
    const [first, end] = [graph.axons.offsets[from], graph.axons.offsets[from + 1]];
    if (end > first) {
      const before = graph.axons.weights[first];
      const to = graph.axons.columns[first];
      axons.set(`${from} ${to}`, { from, to, before, after: random.below(2) * 0.25 * before });
    }
  }
  return { added: names.length, names, axons: [...axons.values()] };
}

/** The changes of a coalition on the graph's own numbering, new particles in order of their names. */
function together(
  graph: Graph,
  players: readonly NamedAxonChanges[],
): { added: number; axons: AxonChange[] } {
  const n = graph.particles;
  const names = [...new Set(players.flatMap((player) => player.names))];
  const axons = new Map<string, AxonChange>();
  for (const player of players) {
    const place = (i: number): number => (i < n ? i : n + names.indexOf(player.names[i - n]));
    for (const { from, to, before, after } of player.axons) {
      const key = `${place(from)} ${place(to)}`;
      const known = axons.get(key) ?? { from: place(from), to: place(to), before, after: before };
      axons.set(key, { ...known, after: known.after + (after - before) });
    }
  }
  return { added: names.length, axons: [...axons.values()] };
}

const entropy = (phi: ArrayLike<number>): number =>
  Array.from(phi).reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);

/** What a coalition moves, by dense solves of the graphs before and after. */
function truth(graph: Graph, players: readonly NamedAxonChanges[], uniform: boolean) {
  const options = { ...DENSE_DEFAULTS, ...(uniform ? { prior: 'uniform' as const } : {}) };
  const before = denseFocus(graph, options);
  const change = together(graph, players);
  const { axons, kept } = changedAxons(graph.axons, change);
  const after = denseFocus({ ...graph, axons, particles: kept.length }, options);
  const shift = new Float64Array(graph.particles + change.added);
  before.forEach((value, i) => (shift[i] -= value));
  kept.forEach((i, row) => (shift[i] += after[row]));
  return {
    norm: shift.reduce((sum, value) => sum + Math.abs(value), 0),
    entropyPart: entropy(before) - entropy(after),
    discoveryPart: Math.log(kept.length) - Math.log(graph.particles),
  };
}

async function solverOf(
  graph: Graph,
  players: readonly NamedAxonChanges[],
  columns: number,
  options: FocusOptions = {},
) {
  const { parameters, phi, errorBound } = await focus(graph, { ...options, tolerance: 1e-12 });
  const base = shiftBaseOf(graph, { parameters, phi: phi.data, errorBound: errorBound ?? 2 });
  const game = coalitionGameOf(base, players);
  return { game, solver: await openChains(game, backend, { tolerance: TOLERANCE, columns }) };
}

async function all(chains: AsyncIterable<SolvedChain>): Promise<SolvedChain[]> {
  const found: SolvedChain[] = [];
  for await (const chain of chains) found.push(chain);
  return found.sort((a, b) => a.index - b.index);
}

/** Orderings of the players. */
function orderings(random: Random, players: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const order = [...Array(players).keys()];
    for (let i = players - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return { index, steps: order.map((player) => [player]) };
  });
}

describe('chains of coalitions', () => {
  it.each([
    ['the degree prior', {}, false],
    ['the uniform prior', { prior: 'uniform' as const }, false],
    ['stakes taken away', {}, true],
    ['stakes taken away, uniform prior', { prior: 'uniform' as const }, true],
  ])('move what dense solves say, within their bounds: %s', async (_, options, takesAway) => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = randomStream(seed, 1);
      const graph = starry(random, 60);
      const players = Array.from({ length: 6 }, (__, i) =>
        playerOf(graph, random, takesAway && i % 2 === 0),
      );
      // Two players may not take the same stake away.
      const seen = new Set<string>();
      for (const player of players) {
        const taken = player.axons.filter(({ before, after }) => after < before);
        for (const axon of taken) {
          const key = `${axon.from} ${axon.to}`;
          if (seen.has(key)) (player.axons as AxonChange[]).splice(player.axons.indexOf(axon), 1);
          seen.add(key);
        }
      }
      const { game, solver } = await solverOf(graph, players, 8, options);
      if (_ === 'the degree prior') expect(game.core.axons.rows).toBeLessThan(graph.particles);
      const moves = new Float64Array(solver.rows * players.length);
      const alone = await solver.alone([0, 1, 2, 3, 4, 5], moves);
      solver.useMoves(moves);
      const chains = orderings(random, 6, 3);
      const solved = await all(solver.solve(chains));
      const cases = [
        ...alone.map(({ index, measures }) => ({ coalition: [index], measures: measures[0] })),
        ...chains.flatMap(({ steps }, c) =>
          steps.map((__, s) => ({
            coalition: steps.slice(0, s + 1).flat(),
            measures: solved[c].measures[s],
          })),
        ),
      ];
      for (const { coalition, measures } of cases) {
        const exact = truth(
          graph,
          coalition.map((i) => players[i]),
          'prior' in options,
        );
        const what = `seed ${seed}, coalition ${coalition.join(' ')}`;
        expect(measures.errorBound, what).toBeLessThanOrEqual(TOLERANCE);
        expect(Math.abs(measures.norm - exact.norm), what).toBeLessThanOrEqual(
          measures.errorBound + 1e-13,
        );
        expect(Math.abs(measures.entropyPart - exact.entropyPart), what).toBeLessThanOrEqual(
          Math.min(measures.entropyBound, 1e-7) + 1e-13,
        );
        expect(measures.discoveryPart, what).toBeCloseTo(exact.discoveryPart, 12);
      }
      expect(solved.every(({ converged }) => converged)).toBe(true);
      solver.destroy();
    }
  });

  it('have the same bits whatever is solved beside them, and in blocks of any tiles', async () => {
    const random = randomStream(9, 1);
    const graph = starry(random, 120);
    const players = Array.from({ length: 7 }, () => playerOf(graph, random, false));
    const chains = orderings(random, 7, 19);
    const results: SolvedChain[][] = [];
    for (const [columns, some] of [
      [8, chains],
      [16, [...chains].reverse()],
      [24, chains],
      [8, chains.slice(4, 5)],
    ] as const) {
      const { solver } = await solverOf(graph, players, columns);
      const moves = new Float64Array(solver.rows * players.length);
      await solver.alone([...players.keys()], moves);
      solver.useMoves(moves);
      results.push(await all(solver.solve(some)));
      solver.destroy();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(results[3]).toEqual([results[0][4]]);
  });

  it('count components that no player touches, which only the total moves', async () => {
    const graph = graphOf([
      ['a', 'b', 10],
      ['b', 'c', 4],
      ['c', 'a', 5],
      ['x', 'y', 30],
      ['y', 'z', 20],
      ['z', 'x', 7],
    ]);
    const player = { added: 0, names: [], axons: [{ from: 0, to: 2, before: 0, after: 40 }] };
    const { game, solver } = await solverOf(graph, [player], 8);
    expect(game.core.axons.rows).toBe(3);
    const [{ measures }] = await all(solver.solve([{ index: 0, steps: [[0]] }]));
    const exact = truth(graph, [player], false);
    expect(Math.abs(measures[0].norm - exact.norm)).toBeLessThan(measures[0].errorBound);
    expect(Math.abs(measures[0].entropyPart - exact.entropyPart)).toBeLessThan(1e-7);
    solver.destroy();
  });

  it('give a player that changes nothing exactly nothing, wherever it joins', async () => {
    const random = randomStream(4, 1);
    const graph = starry(random, 80);
    const nobody = { added: 0, names: [], axons: [] };
    const players = [playerOf(graph, random, false), nobody, playerOf(graph, random, false)];
    const { solver } = await solverOf(graph, players, 8);
    const moves = new Float64Array(solver.rows * players.length);
    const [, alone] = (await solver.alone([0, 1, 2], moves)).toSorted((a, b) => a.index - b.index);
    expect(alone.measures[0]).toMatchObject({ norm: 0, entropyPart: 0, discoveryPart: 0 });
    solver.useMoves(moves);
    const chains = [{ index: 0, steps: [[0], [1], [2]] }];
    const [{ measures }] = await all(solver.solve(chains));
    expect(measures[1]).toEqual(measures[0]);
    solver.destroy();
  });

  it('refuse two players that take the same stake away', async () => {
    const graph = graphOf([
      ['a', 'b', 10],
      ['b', 'c', 10],
      ['c', 'a', 5],
    ]);
    const taking = { added: 0, names: [], axons: [{ from: 0, to: 1, before: 10, after: 0 }] };
    const { solver } = await solverOf(graph, [taking, taking], 8);
    const chain = { index: 0, steps: [[0], [1]] };
    await expect(all(solver.solve([chain]))).rejects.toThrow(/signals: together they leave -10/);
    solver.destroy();
  });
});
