import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/graph/build.js';
import type { BuildOptions } from '../../src/graph/build.js';
import { generateLinks } from '../../src/graph/generate.js';
import type { Graph } from '../../src/graph/graph.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import type { Links } from '../../src/graph/links.js';

interface Row {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly neuron?: string;
  readonly karma?: number;
  readonly price?: number;
  readonly will?: number;
  readonly time?: number;
}

function linksOf(rows: readonly Row[]): Links {
  const builder = createLinkBuilder();
  for (const { from, to, neuron, ...numbers } of rows) {
    const ends = { from: builder.particleOf(from), to: builder.particleOf(to) };
    builder.add({
      ...numbers,
      ...ends,
      neuron: neuron === undefined ? -1 : builder.neuronOf(neuron),
    });
  }
  return builder.finish();
}

function build(rows: readonly Row[], options?: BuildOptions): Graph {
  return buildGraph(linksOf(rows), options);
}

/** Axons by name, in the graph's order. */
function axonsOf(graph: Graph): [string, string, number][] {
  const { offsets, columns, weights } = graph.axons;
  const list: [string, string, number][] = [];
  for (let p = 0; p < graph.particles; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      list.push([graph.ids.at(p), graph.ids.at(columns[k]), weights[k]]);
    }
  }
  return list;
}

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

describe('the weight of a link', () => {
  const weights = (rows: readonly Row[], options?: BuildOptions): number[] =>
    axonsOf(build(rows, options)).map(([, , weight]) => weight);

  it('is (a + ⌊will/#links⌋) · karma · clamped price', () => {
    const rows = [
      { from: 'a', to: 'b', amount: 10, neuron: 'n', will: 20, karma: 2, price: 0.5 },
      { from: 'b', to: 'c', amount: 1, neuron: 'n', will: 20, price: 7 },
      { from: 'c', to: 'd', amount: 1, neuron: 'm', will: 5, karma: 0.5, price: 0.5 },
      { from: 'd', to: 'd', amount: 1, neuron: 'n', will: 20 },
      { from: 'd', to: 'e', amount: 1, price: -1 },
    ];
    // n signs three links, the dropped self-loop among them: ⌊20/3⌋ = 6.
    expect(weights(rows)).toEqual([16, 7, 1.5]);
    expect(build(rows).report.dropped).toEqual({
      selfLoops: 1,
      zeroWeight: 1,
      isolatedParticles: 1,
    });
    expect(build(rows).largestStake).toBe(16);
  });

  it('takes karma and will of a neuron from the options before the rows', () => {
    const rows = [
      { from: 'a', to: 'b', amount: 4, neuron: 'n', karma: 3, will: 100 },
      { from: 'b', to: 'c', amount: 4, neuron: 'm', karma: 3, will: 100 },
      { from: 'c', to: 'd', amount: 4, karma: 3 },
    ];
    const options = {
      karma: new Map([
        ['n', 0.5],
        ['stranger', 9],
      ]),
      will: new Map([['n', 7.9]]),
    };
    expect(weights(rows, options)).toEqual([(4 + 7) * 0.5, (4 + 100) * 3, 12]);
  });

  it('decays with age', () => {
    const rows = [
      { from: 'a', to: 'b', amount: 8, time: 100 },
      { from: 'b', to: 'c', amount: 8, time: 90 },
    ];
    const [now, then] = weights(rows, { decay: { rate: Math.LN2 / 10, epochTime: 100 } });
    expect(now).toBe(8);
    expect(then).toBeCloseTo(4, 14);
  });

  it('can be divided by the largest stake of all links, dropped ones too', () => {
    const rows = [
      { from: 'a', to: 'a', amount: 8 },
      { from: 'a', to: 'b', amount: 2 },
      { from: 'b', to: 'c', amount: 4 },
    ];
    expect(weights(rows, { normalize: 'largest-stake' })).toEqual([0.25, 0.5]);
  });

  it('can take another factor of price', () => {
    const rows = [{ from: 'a', to: 'b', amount: 8, price: 0.5 }];
    expect(weights(rows, { priceFactor: (price) => price * price })).toEqual([2]);
    expect(() => weights(rows, { priceFactor: () => NaN })).toThrow('price factor of 0.5');
  });

  it('shares a large will exactly', () => {
    // ⌊(2⁵³ − 1) / 3⌋ = 3002399751580330; the quotient of doubles is that plus a rounded third.
    const rows = ['b', 'c', 'd'].map((to) => ({
      from: 'a',
      to,
      amount: 0,
      neuron: 'n',
      will: 2 ** 53 - 1,
    }));
    expect(weights(rows)).toEqual(Array(3).fill(3002399751580330));
    const two = ['b', 'c'].map((to) => ({
      from: 'a',
      to,
      amount: 0,
      neuron: 'n',
      will: 2 ** 53 - 1,
    }));
    expect(weights(two)).toEqual(Array(2).fill(2 ** 52 - 1));
  });

  it.each<[string, Row, BuildOptions, string]>([
    [
      'a negative karma',
      { from: 'a', to: 'b', amount: 1 },
      { karma: new Map([['n', -1]]) },
      'karma of "n": expected a finite number from 0, found -1',
    ],
    [
      'a will without end',
      { from: 'a', to: 'b', amount: 1 },
      { will: new Map([['n', Infinity]]) },
      'will of "n"',
    ],
    [
      'a negative rate',
      { from: 'a', to: 'b', amount: 1, time: 1 },
      { decay: { rate: -1, epochTime: 1 } },
      'decay rate: expected a finite number from 0, found -1',
    ],
    [
      'an epoch at no time',
      { from: 'a', to: 'b', amount: 1, time: 1 },
      { decay: { rate: 1, epochTime: NaN } },
      'epoch time',
    ],
    [
      'decay without a time',
      { from: 'a', to: 'b', amount: 1 },
      { decay: { rate: 1, epochTime: 1 } },
      'link 1 ("a" → "b"): expected a time up to 1, found none',
    ],
    [
      'a link after the epoch',
      { from: 'a', to: 'b', amount: 1, time: 9 },
      { decay: { rate: 1, epochTime: 1 } },
      'link 1 ("a" → "b"): expected a time up to 1, found 9',
    ],
    [
      'will without a neuron',
      { from: 'a', to: 'b', amount: 1, will: 3 },
      {},
      'link 1 ("a" → "b") has a will of 3 but no neuron',
    ],
  ])('refuses %s', (_, row, options, message) => {
    expect(() => build([row], options)).toThrow(message);
  });
});
