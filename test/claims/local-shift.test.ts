// A shift on a neighbourhood against exact solves of the whole graphs: never further off than its bound,
// whatever was asked for; and neighbourhoods that were tampered with, each refused.

import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { localShift } from '../../src/claims/local-shift.js';
import {
  neighbourhoodOf,
  openFullNode,
  type Neighbourhood,
} from '../../src/claims/neighbourhood.js';
import { readNeighbourhood } from '../../src/claims/read-neighbourhood.js';
import { recompute } from '../../src/claims/recompute.js';
import { cpu, idsOf, randomLinks, randomSignal, sceneOf } from './scene.js';

const ONE = 2 ** 61;
const OPTIONS = { tolerance: 1e-10, mostArcs: 1e6 };

describe('a shift on a neighbourhood', () => {
  it.each([
    ['the degree prior', {}],
    ['the uniform prior', { prior: 'uniform' as const }],
    ['pagerank', { reading: 'pagerank' as const }],
  ])('is within its bound of the whole graph: %s', async (_, options) => {
    for (let seed = 1; seed <= 4; seed++) {
      const random = randomStream(seed, 1);
      const scene = await sceneOf(randomLinks(random, 150), options);
      const links = randomSignal(random, scene.linked);
      const signal = { neuron: null, links, remove: [], change: [] };
      const truth = await recompute(scene.base, signal, 'delta-norm');
      const entropy = await recompute(scene.base, signal, 'syntropy');
      let last = Infinity;
      for (const [hops, mostAxons] of [
        [0, 0],
        [1, 6],
        [2, 1000],
        [20, 1000],
      ]) {
        const what = `seed ${seed}, hops ${hops}`;
        const request = { particles: idsOf(links), hops, mostAxons, stake: 6000 };
        const answer = await neighbourhoodOf(scene.node, request, cpu);
        const local = readNeighbourhood(JSON.parse(JSON.stringify(answer)), scene.node.header.hash);
        const shift = localShift(local, signal, OPTIONS);
        const claimed = new Map(shift.entries.map(({ id, value }) => [id, value]));
        const before = new Map(
          Array.from(scene.node.units, (u, i) => [scene.linked.graph.ids.at(i), Number(u) / ONE]),
        );
        let error = 0;
        const actual = new Map(truth.entries.map(({ id, units }) => [id, Number(units) / ONE]));
        for (const id of new Set([...actual.keys(), ...before.keys(), ...claimed.keys()])) {
          const value = claimed.get(id) ?? -shift.share * (before.get(id) ?? 0);
          error += Math.abs(value - (actual.get(id) ?? 0));
        }
        expect(error, what).toBeLessThanOrEqual(shift.errorBound + 1e-12);
        expect(Math.abs(shift.norm - Number(truth.value) / ONE), what).toBeLessThanOrEqual(
          shift.errorBound + 1e-9,
        );
        expect(Math.abs(shift.entropyPart - Number(entropy.value) / ONE), what).toBeLessThanOrEqual(
          shift.entropyBound + 1e-9,
        );
        last = shift.errorBound;
      }
      // With the whole graph before it, it is as good as asked for.
      expect(last, `seed ${seed}`).toBeLessThan(1e-8);
    }
  });

  it('counts what the focus before is not known to, in the shift and in the entropy', async () => {
    const random = randomStream(6, 1);
    const { node } = await sceneOf(randomLinks(random, 60));
    const request = { particles: ['p1', 'p2'], hops: 9, mostAxons: 100, stake: 10 };
    const answer = await neighbourhoodOf(node, request, cpu);
    const links = [{ from: 'p1', to: 'p2', amount: 3 }];
    const signal = { neuron: null, links, remove: [], change: [] };
    const boundsAt = (errorBound: number) => {
      const told = { ...answer.told, errorBound };
      const local = readNeighbourhood({ ...answer, told }, node.header.hash);
      return localShift(local, signal, OPTIONS);
    };
    const [known, unknown] = [boundsAt(0), boundsAt(0.01)];
    expect(unknown.errorBound - known.errorBound).toBeGreaterThanOrEqual(0.019);
    // Two entropies on 60 particles whose focus is off by 0.01: 0.005 ln 59 + h(0.005) each.
    const h = -0.005 * Math.log(0.005) - 0.995 * Math.log(0.995);
    const each = 0.005 * Math.log(59) + h;
    expect(unknown.entropyBound - known.entropyBound).toBeGreaterThan(1.9 * each);
  });

  it('refuses what a neighbourhood cannot tell', async () => {
    const random = randomStream(5, 1);
    const { node, linked } = await sceneOf(randomLinks(random, 60));
    const request = { particles: ['p1', 'p2'], hops: 1, mostAxons: 100, stake: 10 };
    const local = readNeighbourhood(await neighbourhoodOf(node, request, cpu), node.header.hash);
    const signal = (links: object[], more = {}) =>
      ({ neuron: null, links, remove: [], change: [], ...more }) as never;
    const link = { from: 'p1', to: 'p2', amount: 3 };
    for (const [wrong, reason] of [
      [signal([link], { remove: [link] }), 'found links to remove'],
      [signal([{ ...link, will: 4 }]), 'expected no will'],
      // A particle of the graph, beyond the border: it is not new.
      [signal([{ ...link, to: 'p59' }]), 'neither there nor proven to be new'],
    ] as const) {
      expect(() => localShift(local, wrong, OPTIONS)).toThrow(reason);
    }
    expect(linked.graph.ids.indexOf('p59')).toBeGreaterThanOrEqual(0);
    expect(local.linked.graph.ids.indexOf('p59')).toBe(-1);
    const border = local.complete.findIndex((is) => !is);
    expect(border).toBeGreaterThanOrEqual(0);
    const id = local.linked.graph.ids.at(border);
    expect(() => localShift(local, signal([{ ...link, to: id }]), OPTIONS)).toThrow(
      'its axons are not all there',
    );
  });
});

describe('a neighbourhood', () => {
  it('is refused where anything that a root commits to was changed', async () => {
    const random = randomStream(7, 1);
    const { node } = await sceneOf(randomLinks(random, 80));
    const request = { particles: ['p3', 'p9', 'nobody'], hops: 1, mostAxons: 100, stake: 10 };
    const answer = await neighbourhoodOf(node, request, cpu);
    const tampered = (change: (copy: Neighbourhood) => void): Neighbourhood => {
      const copy = JSON.parse(JSON.stringify(answer)) as Neighbourhood;
      change(copy);
      return copy;
    };
    type Mutable<T> = { -readonly [K in keyof T]: T[K] };
    const set = <T extends object>(target: T, values: Partial<Mutable<T>>): void =>
      void Object.assign(target, values);
    const cases: readonly (readonly [Neighbourhood, RegExp])[] = [
      [tampered((n) => set(n.axons[2].axon, { weight: 1e6 })), /axons\[2\]: the path leads/],
      [tampered((n) => set(n.axons[0].axon, { to: 'p77' })), /axons\[0\]/],
      [tampered((n) => set(n.particles[1], { units: '12345' })), /particles\[1\]: the path leads/],
      [tampered((n) => set(n.particles[1], { id: 'p200' })), /particles\[1\]/],
      [tampered((n) => set(n.absent[0], { id: 'p3' })), /absent\[0\]/],
      [tampered((n) => set(n, { header: n.header.replace('"epoch":0', '"epoch":1') })), /header/],
      [tampered((n) => set(n.particles[0], { complete: 'yes' as never })), /complete/],
      [tampered((n) => (n.particles as unknown[]).push(n.particles[0])), /there twice/],
      [tampered((n) => (n.axons as unknown[]).splice(0, 999)), /expected an axon of it/],
      [tampered((n) => set(n.told, { density: -1 })), /density/],
      [tampered((n) => set(n.told, { powers: [] })), /at least one power/],
      [tampered((n) => set(n.told, { touched: ['p3', 'somebody'] })), /not listed/],
      [tampered((n) => (n.told.powers[0] as number[]).push(0.5)), /powers\[0\]/],
      [{} as Neighbourhood, /format/],
      [null as never, /format/],
    ];
    for (const [copy, reason] of cases) {
      expect(() => readNeighbourhood(copy, node.header.hash), String(reason)).toThrow(reason);
    }
    expect(() => readNeighbourhood(answer, '0'.repeat(64))).toThrow(/expected the header/);
    expect(readNeighbourhood(answer, node.header.hash).linked.graph.particles).toBe(
      answer.particles.length,
    );
  });

  it('is not served by a node whose graph or focus is not the header’s', async () => {
    const random = randomStream(8, 1);
    const first = await sceneOf(randomLinks(random, 30));
    const second = await sceneOf(randomLinks(random, 30));
    expect(() => openFullNode({ ...first.node, header: second.node.header.text })).toThrow(
      'of another graph or focus',
    );
    expect(() => openFullNode({ ...first.node, header: '{}' })).toThrow(/version/);
    const ask = (request: object) =>
      neighbourhoodOf(
        first.node,
        { particles: ['p1'], hops: 1, mostAxons: 9, stake: 1, ...request } as never,
        cpu,
      );
    await expect(ask({ hops: -1 })).rejects.toThrow('an integer ≥ 0 of hops');
    await expect(ask({ stake: NaN })).rejects.toThrow('a finite stake');
    await expect(ask({ particles: [] })).rejects.toThrow('the ids of particles');
    await expect(ask({ particles: ['p1', 'p1'] })).rejects.toThrow('each particle once');
  });
});
