// Graphs built from links, against aggregation in a Map; order, drops and the account of every link.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/graph/build.js';
import { generateLinks } from '../../src/graph/generate.js';
import type { Graph } from '../../src/graph/graph.js';
import { axonsOf, build, linksOf } from './literal-links.js';
import type { Row } from './literal-links.js';

const names = (graph: Graph): string[] =>
  Array.from({ length: graph.particles }, (_, i) => graph.ids.at(i));

/** The same graph by a Map, with integer weights so that sums are exact in any order. */
function naive(rows: readonly Row[], order: 'first-seen' | 'sorted'): unknown {
  const kept = rows.filter(({ from, to, amount }) => from !== to && amount > 0);
  const ids = [...new Set(kept.flatMap(({ from, to }) => [from, to]))];
  if (order === 'sorted') ids.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const sums = new Map<string, number>();
  for (const { from, to, amount } of kept) {
    const key = JSON.stringify([ids.indexOf(from), ids.indexOf(to)]);
    sums.set(key, (sums.get(key) ?? 0) + amount);
  }
  const axons = [...sums]
    .map(([key, sum]) => [...(JSON.parse(key) as [number, number]), sum] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([from, to, sum]) => [ids[from], ids[to], sum]);
  const selfLoops = rows.filter(({ from, to }) => from === to).length;
  const all = new Set(rows.flatMap(({ from, to }) => [from, to]));
  return {
    ids,
    axons,
    report: {
      links: rows.length,
      axons: axons.length,
      merged: kept.length - axons.length,
      roundedAmounts: 0,
      dropped: {
        selfLoops,
        zeroWeight: rows.length - kept.length - selfLoops,
        isolatedParticles: all.size - ids.length,
      },
    },
  };
}

describe('a graph', () => {
  const row = fc.record({
    from: fc.constantFrom('a', 'b', '10', '9', 'c', 'd', 'é', 'e'),
    to: fc.constantFrom('a', 'b', '10', '9', 'c', 'd', 'é', 'e'),
    amount: fc.integer({ min: 0, max: 5 }),
  });

  it.each(['first-seen', 'sorted'] as const)('in %s order is what a Map of sums gives', (order) => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 80 }), (rows) => {
        fc.pre(rows.some(({ from, to, amount }) => from !== to && amount > 0));
        const graph = build(rows, { order });
        expect({ ids: names(graph), axons: axonsOf(graph), report: graph.report }).toEqual(
          naive(rows, order),
        );
      }),
      { numRuns: 300 },
    );
  });

  // The three sizes take 4, 3 and 2 passes inside each part.
  it.each([
    [20_000, 150_000],
    [3000, 70_000],
    [900, 30_000],
  ])('of %i particles and %i links is the same as a Map of sums gives', (particles, count) => {
    const links = generateLinks({ profile: 'uniform', seed: 5, particles, links: count });
    const graph = buildGraph(links);
    const sums = new Map<number, number>();
    const rank = Array.from({ length: links.particles.count }, (_, p) =>
      graph.ids.indexOf(links.particles.at(p)),
    );
    for (let i = 0; i < links.count; i++) {
      const key = rank[links.from[i]] * 2 ** 20 + rank[links.to[i]];
      if (links.from[i] !== links.to[i]) sums.set(key, (sums.get(key) ?? 0) + links.amount[i]);
    }
    const keys = [...sums.keys()].sort((a, b) => a - b);
    const { rows, offsets, columns, weights } = graph.axons;
    expect(columns.length).toBe(keys.length);
    let k = 0;
    for (let p = 0; p < rows; p++) {
      for (; k < offsets[p + 1]; k++) {
        if (p * 2 ** 20 + columns[k] !== keys[k] || weights[k] !== sums.get(keys[k]))
          expect.fail(`arc ${k}`);
      }
    }
    expect(k).toBe(keys.length);
  });

  it('accounts for every link', () => {
    const { report } = buildGraph(generateLinks({ profile: 'kronecker', seed: 3, scale: 10 }));
    expect(report.links).toBe(16384);
    expect(
      report.axons + report.merged + report.dropped.selfLoops + report.dropped.zeroWeight,
    ).toBe(16384);
    expect(report.merged).toBeGreaterThan(0);
    expect(report.dropped.selfLoops).toBeGreaterThan(0);
  });

  it('numbers particles by the kept links alone', () => {
    const rows = [
      { from: 'x', to: 'x', amount: 1 },
      { from: 'y', to: 'b', amount: 0 },
      { from: 'c', to: 'b', amount: 1 },
      { from: 'a', to: 'c', amount: 1 },
    ];
    expect(names(build(rows))).toEqual(['c', 'b', 'a']);
    expect(names(build(rows, { order: 'sorted' }))).toEqual(['a', 'b', 'c']);
    expect(build(rows).report.dropped.isolatedParticles).toBe(2);
  });

  it('sums an axon without losing small weights beside a large one', () => {
    const rows = [1e16, ...Array<number>(1000).fill(1)].map((amount) => ({
      from: 'a',
      to: 'b',
      amount,
    }));
    expect(build(rows).axons.weights[0]).toBe(1e16 + 1000);
  });

  it('leaves the links as they were', () => {
    const links = linksOf([
      { from: 'a', to: 'b', amount: 2 },
      { from: 'a', to: 'b', amount: 3 },
    ]);
    const before = [...links.amount.subarray(0, 2)];
    buildGraph(links, { normalize: 'largest-stake' });
    expect([...links.amount.subarray(0, 2)]).toEqual(before);
  });

  it('with no link that counts is refused with the reason', () => {
    expect(() => build([])).toThrow('the graph has no link that counts: there are no links');
    expect(() =>
      build([
        { from: 'a', to: 'a', amount: 1 },
        { from: 'a', to: 'b', amount: 0 },
      ]),
    ).toThrow(
      'the graph has no link that counts: of 2 links, 1 are self-loops and 1 have weight zero',
    );
  });

  it('whose weights overflow is refused with the axon or the link', () => {
    const huge = { from: 'a', to: 'b', amount: 1.5e308 };
    expect(() => build([huge, huge])).toThrow(
      'the weights of axon "a" → "b" sum to more than 1.8e308',
    );
    expect(() =>
      build([
        { from: 'b', to: 'c', amount: 1 },
        { ...huge, karma: 2 },
      ]),
    ).toThrow('link 2 ("a" → "b"): its weight is above 1.8e308');
    expect(() => build([{ ...huge, karma: 2, price: 0 }])).toThrow('its weight is above 1.8e308');
    expect(() => build([{ ...huge, neuron: 'n', will: 1.5e308 }])).toThrow('link 1 ("a" → "b")');
  });
});
