// Clusters against supports found by walking every path of a small graph, and what they promise:
// a partition, whatever the order of players, that hubs do not glue together.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clustersOf } from '../../src/attribution/clusters.js';
import { randomStream } from '../../src/base/random.js';
import { axonWeight, type AxonChange } from '../../src/graph/change.js';
import type { NamedAxonChanges } from '../../src/graph/axon-changes.js';
import type { Graph } from '../../src/graph/graph.js';
import { graphOf, randomLinks, type LinkTuple } from '../graphs.js';

/** Stake added to (or, negative, taken from) axons; particles the graph lacks are new. */
function changeOf(graph: Graph, ...links: LinkTuple[]): NamedAxonChanges {
  const fresh = links.flatMap(([from, to]) => [from, to]).filter((id) => graph.ids.indexOf(id) < 0);
  const names = [...new Set(fresh)].sort();
  const place = (id: string): number => {
    const known = graph.ids.indexOf(id);
    return known >= 0 ? known : graph.particles + names.indexOf(id);
  };
  const axons = links.map(([a, b, stake]): AxonChange => {
    const [from, to] = [place(a), place(b)];
    const isKnown = from < graph.particles && to < graph.particles;
    const before = isKnown ? axonWeight(graph, from, to) : 0;
    return { from, to, before, after: Math.max(0, before + stake) };
  });
  return { added: names.length, names, axons };
}

function randomPlayers(graph: Graph, seed: number, count: number): NamedAxonChanges[] {
  const random = randomStream(seed, 3);
  return Array.from({ length: count }, () => {
    const pairs = new Map<string, LinkTuple>();
    for (let k = 0; k <= random.below(3); k++) {
      const from = graph.ids.at(random.below(graph.particles));
      const isNew = random.below(8) === 0;
      const to = isNew ? `new${random.below(3)}` : graph.ids.at(random.below(graph.particles));
      if (from !== to) pairs.set(`${from} ${to}`, [from, to, 10 ** random.below(6)]);
    }
    return changeOf(graph, ...pairs.values());
  });
}

/** The definition, by every path of at most two steps over dense matrices. */
function supportOf(graph: Graph, { axons, names }: NamedAxonChanges, epsilon: number): string[] {
  const n = graph.particles;
  const a = (p: number, q: number): number => axonWeight(graph, p, q);
  const all = [...Array(n).keys()];
  const sum = (values: number[]): number => values.reduce((x, y) => x + y, 0);
  const out = all.map((p) => sum(all.map((q) => a(p, q))));
  const degree = all.map((p) => out[p] + sum(all.map((q) => a(q, p))));
  const support = new Set<string>(names.map((name) => `new ${name}`));
  const walk = (p: number, effect: number, share: number, steps: number): void => {
    if (effect < epsilon || share < epsilon) return;
    support.add(`old ${p}`);
    if (steps === 0) return;
    for (const r of all) {
      const part = Math.max((a(p, r) + a(r, p)) / degree[p], a(p, r) > 0 ? a(p, r) / out[p] : 0);
      if (part > 0)
        walk(r, effect * Math.min(1, (part * degree[p]) / degree[r]), share * part, steps - 1);
    }
  };
  for (const p of all) {
    const moved = (of: AxonChange[]): [number, number] => [
      sum(of.map(({ before, after }) => Math.abs(after - before))),
      sum(of.map(({ before, after }) => Math.max(0, after - before))),
    ];
    const [size, added] = moved(axons.filter(({ from, to }) => from === p || to === p));
    const [outSize, outAdded] = moved(axons.filter(({ from }) => from === p));
    const effect = Math.max(
      size / (degree[p] + added),
      outSize > 0 ? outSize / (out[p] + outAdded) : 0,
    );
    if (size > 0) walk(p, effect, effect, 2);
  }
  return [...support];
}

/** Components of players by what their supports share, by joining until nothing joins. */
function componentsOf(supports: string[][]): number[][] {
  let groups = supports.map((own, player) => ({ players: [player], own: new Set(own) }));
  for (let joined = true; joined;) {
    joined = false;
    for (let i = 0; i < groups.length && !joined; i++) {
      const j = groups.findIndex(
        (group, k) => k > i && [...group.own].some((each) => groups[i].own.has(each)),
      );
      if (j < 0) continue;
      const [first, second] = [groups[i], groups[j]];
      groups[i] = {
        players: [...first.players, ...second.players].sort((x, y) => x - y),
        own: new Set([...first.own, ...second.own]),
      };
      groups = groups.filter((_, k) => k !== j);
      joined = true;
    }
  }
  return groups.map(({ players }) => players).sort((x, y) => x[0] - y[0]);
}

describe('clusters of players', () => {
  it('are the components of overlapping supports', () => {
    let several = 0;
    for (let seed = 0; seed < 12; seed++) {
      const graph = graphOf(randomLinks(seed, 40, 60));
      const players = randomPlayers(graph, seed, 14);
      for (const epsilon of [0.5, 1 / 16, 0.01]) {
        const { members } = clustersOf(graph, players, { epsilon });
        const expected = componentsOf(players.map((each) => supportOf(graph, each, epsilon)));
        expect(members).toEqual(expected);
        several += Number(members.length > 1 && members.length < players.length);
      }
    }
    expect(several).toBeGreaterThan(10);
  });

  it('are a partition, numbered by first player, of players in whatever order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const graph = graphOf(randomLinks(seed, 60, 90));
        const players = randomPlayers(graph, seed, 30);
        const { members, of } = clustersOf(graph, players);
        expect(members.flat().sort((a, b) => a - b)).toEqual([...players.keys()]);
        const firsts = members.map(([first]) => first);
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
        members.forEach((own, c) => {
          expect(own).toEqual([...own].sort((a, b) => a - b));
          for (const player of own) expect(of[player]).toBe(c);
        });
        const turned = clustersOf(
          graph,
          [...players].reverse().map((each) => ({ ...each, axons: [...each.axons].reverse() })),
        );
        const back = turned.members.map((own) =>
          own.map((player) => players.length - 1 - player).sort((a, b) => a - b),
        );
        expect(back.sort((a, b) => a[0] - b[0])).toEqual(members);
      }),
      { numRuns: 25 },
    );
  });

  const star: LinkTuple[] = Array.from({ length: 200 }, (_, i) => [`leaf${i}`, 'hub', 1]);
  const links: LinkTuple[] = [...star, ['hub', 'leaf0', 500]];

  it('are not glued together by a hub that each hardly moves', () => {
    const graph = graphOf(links);
    const light = [1, 2, 3, 4].map((i) => changeOf(graph, [`leaf${i}`, 'hub', 1]));
    expect(clustersOf(graph, light).members).toHaveLength(4);
    const heavy = [11, 12].map((i) => changeOf(graph, [`leaf${i}`, 'hub', 500]));
    expect(clustersOf(graph, [...light, ...heavy]).members).toEqual([[0], [1], [2], [3], [4, 5]]);
  });

  it('join players that share a new particle, and neighbours of a moved one', () => {
    const graph = graphOf([
      ['a', 'b', 1],
      ['b', 'c', 1],
      ['x', 'y', 1],
    ]);
    const of = (...players: NamedAxonChanges[]) => clustersOf(graph, players).members;
    expect(of(changeOf(graph, ['a', 'n', 1]), changeOf(graph, ['x', 'n', 1]))).toEqual([[0, 1]]);
    expect(of(changeOf(graph, ['a', 'm', 1]), changeOf(graph, ['x', 'n', 1]))).toEqual([[0], [1]]);
    // c is two hops from a, x is nowhere near.
    expect(of(changeOf(graph, ['a', 'm', 1]), changeOf(graph, ['c', 'n', 1]))).toEqual([[0, 1]]);
    expect(of(changeOf(graph, ['a', 'b', -1]), changeOf(graph, ['y', 'x', 1]))).toEqual([[0], [1]]);
  });

  it('refuse an epsilon outside (0, 1]', () => {
    const graph = graphOf([['a', 'b', 1]]);
    for (const epsilon of [0, 1.5, NaN])
      expect(() => clustersOf(graph, [], { epsilon })).toThrow(/epsilon/);
  });
});
