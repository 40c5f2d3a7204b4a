// Δφ between two graphs as a whole, against dense elimination, and the identities that exact
// arithmetic keeps to the unit.

import { afterAll, describe, expect, it } from 'vitest';
import { openCpu, openCpuExact } from '../../src/backend/cpu/cpu.js';
import { digestOfFocus } from '../../src/base/digest.js';
import { randomStream } from '../../src/base/random.js';
import { differenceOf, type Difference } from '../../src/focus/difference.js';
import { differenceExact } from '../../src/focus/exact/difference.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { focus } from '../../src/focus/focus.js';
import { applyDelta } from '../../src/graph/delta.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { openGraphRoot } from '../../src/graph/root.js';
import type { Delta } from '../../src/graph/signal.js';
import { DENSE_DEFAULTS } from '../dense.js';
import { randomLinks } from '../graphs.js';
import { denseById } from '../rewards/dense-shift.js';

const doubles = openCpu({ threads: 1 });
const integers = openCpuExact({ threads: 1 });
afterAll(() => {
  doubles.destroy();
  integers.destroy();
});

function linked(seed: number, particles = 14, links = 40): LinkedGraph {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of randomLinks(seed, particles, links)) {
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
    builder.setNeuron(builder.neuronOf(`n${amount % 3}`));
  }
  return linkGraph(builder.finish());
}

/** Adds links old and new, removes some and changes one. */
function randomDelta({ links }: LinkedGraph, seed: number): Delta {
  const random = randomStream(seed, 3);
  const name = (i: number): string => links.particles.at(i);
  const [gone, changed] = [random.below(links.count), random.below(links.count)];
  const signer = (i: number): string =>
    (links.neurons as { at(i: number): string }).at((links.neuron as Uint32Array)[i]);
  const at = (row: number) => ({ from: name(links.from[row]), to: name(links.to[row]), row });
  return [
    {
      neuron: 'n1',
      links: [
        { from: name(links.from[0]), to: `new${seed}`, amount: 10 ** random.below(5) },
        { from: name(links.to[1]), to: name(links.from[2]), amount: 1 + random.below(9) },
      ],
      remove: [],
      change: [],
    },
    { neuron: signer(gone), links: [], remove: [at(gone)], change: [] },
    ...(changed === gone
      ? []
      : [
          {
            neuron: signer(changed),
            links: [],
            remove: [],
            change: [{ ...at(changed), amount: 3 }],
          },
        ]),
  ];
}

function byId({ rows }: Difference): Map<string, number> {
  return new Map(Array.from({ length: rows.count }, (_, k) => [rows.idAt(k), rows.values[k]]));
}

const EMPTY: Delta[] = [[], [{ neuron: 'x', links: [], remove: [], change: [] }]];

describe('a difference', () => {
  it('is that of dense elimination, entry by entry, within its bounds, in both precisions', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const base = linked(seed);
      const { after } = applyDelta(base, randomDelta(base, seed));
      const [x, y] = [denseById(base.graph), denseById(after.graph)];
      const ids = new Set([...x.keys(), ...y.keys()]);
      const entropy = (focusOf: ReadonlyMap<string, number>): number =>
        [...focusOf.values()].reduce((sum, value) => sum - value * Math.log(value), 0);
      for (const found of [
        await differenceOf(base.graph, after.graph, { tolerance: 1e-11 }, doubles),
        await differenceExact(base.graph, after.graph, { tolerance: 1e-11 }, integers),
      ]) {
        const shift = byId(found);
        let [error, norm] = [0, 0];
        for (const id of ids) {
          const truth = (y.get(id) ?? 0) - (x.get(id) ?? 0);
          norm += Math.abs(truth);
          error += Math.abs((shift.get(id) ?? 0) - truth);
        }
        const slack = 1e-13;
        expect(error).toBeLessThan((found.errorBound ?? 0) + slack);
        expect(Math.abs(found.norm - norm)).toBeLessThan((found.errorBound ?? 0) + slack);
        expect(Math.abs(found.entropyPart - (entropy(x) - entropy(y)))).toBeLessThan(
          (found.entropyBound ?? 0) + slack,
        );
        expect(found.discoveryPart).toBeCloseTo(Math.log(y.size / x.size), 14);
        expect(found.errorBound).toBeLessThan(2.1e-11);
        expect(found.converged).toBe(true);
      }
    }
  });

  it('moves particles that flow never reaches, in proportion to their focus', async () => {
    // A change of stake in one component changes the prior of the other.
    const builder = createLinkBuilder();
    for (const [from, to, amount] of randomLinks(6, 10, 30)) {
      builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
      builder.addRow(
        builder.particleOf(`far ${from}`),
        builder.particleOf(`far ${to}`),
        2 * amount,
      );
    }
    const base = linkGraph(builder.finish());
    const links = [{ from: 'p1', to: 'p2', amount: 3e6 }];
    const { after } = applyDelta(base, [{ neuron: null, links, remove: [], change: [] }]);
    const found = await differenceOf(base.graph, after.graph, { tolerance: 1e-11 }, doubles);
    const [x, y] = [denseById(base.graph), denseById(after.graph)];
    const shift = byId(found);
    const far = [...x.keys()].filter((id) => id.startsWith('far'));
    expect(far.length).toBeGreaterThan(5);
    for (const id of far) {
      const truth = (y.get(id) ?? NaN) - (x.get(id) ?? NaN);
      expect(truth).toBeLessThan(-1e-6);
      expect(Math.abs((shift.get(id) ?? NaN) - truth)).toBeLessThan(1e-11);
    }
    expect(found.near?.reach).toBeLessThan(x.size);
  });

  it.each(['focus-1-combinatorial', 'reference-2026-07'] as const)(
    'is that of two whole solves for the reading %s',
    async (reading) => {
      const base = linked(3);
      const { after } = applyDelta(base, randomDelta(base, 4));
      const options = reading === 'focus-1-combinatorial' ? { reading, unit: 1e5 } : { reading };
      const found = await differenceOf(base.graph, after.graph, options, doubles);
      const exact = await differenceExact(base.graph, after.graph, options, integers);
      expect(Math.abs(found.norm - exact.norm)).toBeLessThan(3e-9);
      expect(Math.abs(found.entropyPart - exact.entropyPart)).toBeLessThan(2e-8);
      expect(found.norm).toBeGreaterThan(1e-3);
      if (reading === 'focus-1-combinatorial') {
        const dense = { ...DENSE_DEFAULTS, laplacian: 'combinatorial' as const, unit: 1e5 };
        const [x, y] = [denseById(base.graph, dense), denseById(after.graph, dense)];
        const ids = [...new Set([...x.keys(), ...y.keys()])];
        const norm = ids.reduce(
          (sum, id) => sum + Math.abs((y.get(id) ?? 0) - (x.get(id) ?? 0)),
          0,
        );
        expect(Math.abs(found.norm - norm)).toBeLessThan(found.errorBound ?? 0);
      } else expect(found.errorBound).toBeNull();
      await expect(
        differenceOf(base.graph, after.graph, { ...options, mode: 'local' }, doubles),
      ).rejects.toThrow(/expected the reading focus-1 or pagerank/);
    },
  );

  it('of an empty delta is exactly zero, and proven to be', async () => {
    const base = linked(2);
    for (const delta of EMPTY) {
      const { after } = applyDelta(base, delta);
      for (const found of [
        await differenceOf(base.graph, after.graph, {}, doubles),
        await differenceExact(base.graph, after.graph, {}, integers),
      ]) {
        const { norm, entropyPart, discoveryPart, deltaJ, errorBound, rows } = found;
        expect([norm, entropyPart, discoveryPart, deltaJ, errorBound, rows.count]).toEqual(
          new Array(6).fill(0),
        );
        if (found.exact !== null) expect(found.exact.digestAfter).toBe(found.exact.digestBefore);
      }
    }
  });

  it('and its inverse lead back to the same graph, the same focus and the same digests', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const base = linked(seed + 10);
      const { after, inverse } = applyDelta(base, randomDelta(base, seed));
      const back = applyDelta(after, inverse).after;
      const root = ({ graph }: LinkedGraph): string => openGraphRoot(graph).head.root;
      expect(root(after)).not.toBe(root(base));
      expect(root(back)).toBe(root(base));
      const digest = async ({ graph }: LinkedGraph): Promise<string> =>
        digestOfFocus('', graph.ids, (await focus(graph, {}, doubles)).phi.data);
      expect(await digest(back)).toBe(await digest(base));
      const exact = async ({ graph }: LinkedGraph): Promise<string> =>
        (await focusExact(graph, {}, integers)).exact.digest;
      expect(await exact(back)).toBe(await exact(base));
      const there = await differenceOf(base.graph, after.graph, { tolerance: 1e-12 }, doubles);
      const again = await differenceOf(after.graph, back.graph, { tolerance: 1e-12 }, doubles);
      expect(there.entropyPart + again.entropyPart).toBeCloseTo(0, 10);
      expect(Math.abs(there.norm - again.norm)).toBeLessThan(1e-10);
    }
  });

  it('keeps mass and the identity of ΔJ to the unit in exact arithmetic', async () => {
    const base = linked(7);
    const { after } = applyDelta(base, randomDelta(base, 9));
    const { rows, exact, ...found } = await differenceExact(base.graph, after.graph, {}, integers);
    if (exact === null || rows.units === null) throw new Error('expected exact units');
    expect(rows.units.reduce((sum, value) => sum + value, 0n)).toBe(0n);
    expect(exact.deltaJ).toBe(exact.entropyPart + exact.discoveryPart);
    const cold = await focusExact(base.graph, {}, integers);
    expect(exact.digestBefore).toBe(cold.exact.digest);
    // ΔJ is J after − J before of the two focuses, whose digests are named.
    const units = rows.units.reduce((sum, value) => sum + (value < 0n ? -value : value), 0n);
    expect(exact.norm).toBe(units);
    expect(found.particlesAfter - found.particlesBefore).toBe(1);
  });

  it('has one digest for equal inputs, whatever the threads and the order of particles', async () => {
    const base = linked(5, 60, 200);
    const { after } = applyDelta(base, randomDelta(base, 2));
    const many = openCpu({ threads: 3 });
    const manyIntegers = openCpuExact({ threads: 3 });
    const sorted = linkGraph(base.links, { order: 'sorted' });
    const sortedAfter = applyDelta(sorted, randomDelta(base, 2)).after;
    const [a, b] = [
      await differenceOf(base.graph, after.graph, {}, doubles),
      await differenceOf(base.graph, after.graph, {}, many),
    ];
    expect(b.digest).toBe(a.digest);
    const [c, d, e] = [
      await differenceExact(base.graph, after.graph, {}, integers),
      await differenceExact(base.graph, after.graph, {}, manyIntegers),
      await differenceExact(sorted.graph, sortedAfter.graph, {}, integers),
    ];
    expect(d.digest).toBe(c.digest);
    // The order of particles is part of an exact focus; rows are by id whatever it is.
    expect([...byId(e).keys()]).toEqual([...byId(c).keys()]);
    expect(Math.abs(e.norm - c.norm)).toBeLessThan(2e-9);
    many.destroy();
    manyIntegers.destroy();
    const other = await differenceOf(base.graph, after.graph, { tolerance: 1e-10 }, doubles);
    expect(other.digest).not.toBe(a.digest);
  });
});
