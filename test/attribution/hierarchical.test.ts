// Hierarchical shares against plain Shapley values of the same games: the adjoint's first-order game
// by joint transactions, the certified game, and what they promise of sums, limits and resumed runs.

import { describe, expect, it } from 'vitest';
import { openCoalitionGame } from '../../src/attribution/coalition-game.js';
import type { ClusterBatch } from '../../src/attribution/cluster-batches.js';
import { controlOf } from '../../src/attribution/control-variate.js';
import { adjointSurrogate } from '../../src/attribution/controls/adjoint.js';
import { enumerateShapley } from '../../src/attribution/enumeration.js';
import { VALUE_ONE } from '../../src/attribution/game.js';
import {
  hierarchicalShapley,
  type HierarchicalOptions,
} from '../../src/attribution/hierarchical.js';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { adjointOf } from '../../src/focus/adjoint/adjoint.js';
import { focus, type FocusResult } from '../../src/focus/focus.js';
import { entropiesOf } from '../../src/focus/measures.js';
import { axonChangesOf, type NamedAxonChanges } from '../../src/graph/axon-changes.js';
import { applyDelta } from '../../src/graph/delta.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { linkGraph, type LinkedGraph } from '../../src/graph/linked.js';
import type { Signal } from '../../src/graph/signal.js';
import { randomStream } from '../../src/base/random.js';
import { randomLinks, type LinkTuple } from '../graphs.js';
import { beaconOf } from './random-games.js';

const backend = openCpu({ threads: 1 });
const ONE = Number(VALUE_ONE);
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const round = (value: bigint): number => Number(value) / ONE;

interface World {
  readonly base: LinkedGraph;
  readonly solved: FocusResult;
  readonly signals: readonly Signal[];
  readonly changes: readonly NamedAxonChanges[];
}

function signal(...links: LinkTuple[]): Signal {
  const made = links.map(([from, to, amount]) => ({ from, to, amount }));
  return { neuron: null, links: made, remove: [], change: [] };
}

async function worldOf(
  links: readonly LinkTuple[],
  signals: readonly Signal[],
  prior: 'degree' | 'uniform' = 'degree',
): Promise<World> {
  const builder = createLinkBuilder();
  for (const [from, to, amount] of links)
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
  const base = linkGraph(builder.finish());
  const solved = await focus(base.graph, { tolerance: 1e-13, prior }, backend);
  return { base, solved, signals, changes: signals.map((each) => axonChangesOf(base, [each])) };
}

const attribute = (
  { base, solved, changes }: Omit<World, 'signals'>,
  options: Partial<HierarchicalOptions> = {},
) =>
  hierarchicalShapley(
    base.graph,
    solved,
    changes,
    { value: 'syntropy', beacon: beaconOf(1), tolerance: 1e-12, solveUpTo: 0, ...options },
    backend,
  );

/** Moderate links over 30 particles, dangling ones and hubs among them. */
const links = randomLinks(8, 30, 80).map(([a, b, w]): LinkTuple => [a, b, Math.sqrt(w)]);

/** Random signals; some bring new particles where `fresh` says so. */
function randomSignals(seed: number, count: number, particles: number, fresh: boolean): Signal[] {
  const random = randomStream(seed, 5);
  return Array.from({ length: count }, () => {
    const made: LinkTuple[] = [];
    while (made.length === 0 || random.below(2) === 0) {
      const from = `p${random.below(particles)}`;
      const isNew = fresh && random.below(4) === 0;
      const to = isNew ? `new${random.below(3)}` : `p${random.below(particles)}`;
      if (from !== to) made.push([from, to, 1 + random.below(90)]);
    }
    return signal(...made);
  });
}

/** Shapley values of the adjoint's game of all players, by joint transactions. */
async function plainShares({ base, solved, changes }: World): Promise<number[]> {
  const adjoint = await adjointOf(base.graph, solved, 'syntropy', {}, backend);
  const surrogate = adjointSurrogate(adjoint, base.graph.particles, changes);
  const { shares } = await controlOf(surrogate, { enumerateUpTo: 12 });
  return shares.map(round);
}

describe('hierarchical shares', () => {
  it.each([false, true])(
    'inside one cluster are those of joint transactions (new: %s)',
    async (fresh) => {
      for (const seed of [1, 2, 3]) {
        const signals = randomSignals(seed, 9, 24, fresh);
        const world = await worldOf(links, signals);
        const result = await attribute(world, { epsilon: 1e-9 });
        const plain = await plainShares(world);
        expect(result.clusters).toHaveLength(1);
        expect(result.clusters[0].method).toBe('enumerated');
        result.players.forEach(({ inside }, i) => {
          expect(round(inside)).toBeCloseTo(plain[i], 12);
        });
        expect(result.players.some(({ inside, local }) => inside !== local)).toBe(true);
      }
    },
  );

  it('of delta-j count new particles too', async () => {
    const world = await worldOf(links, [signal(['p1', 'new1', 3]), signal(['p2', 'p0', 3])]);
    const [syntropy, both] = [await attribute(world), await attribute(world, { value: 'delta-j' })];
    const n = world.base.graph.particles;
    const gains = both.players.map(({ local }, i) => round(local - syntropy.players[i].local));
    expect(gains[0]).toBeCloseTo(Math.log((n + 1) / n), 14);
    expect(gains[1]).toBe(0);
  });

  it('of signals that take stake away are those of joint transactions', async () => {
    const world = await worldOf(
      [...links, ['p9', 'p3', 50], ['p3', 'p7', 20]],
      [signal(['p3', 'p9', 4]), ...randomSignals(4, 4, 12, false)],
    );
    const { graph } = world.base;
    const [p, q] = ['p9', 'p3'].map((id) => graph.ids.indexOf(id));
    const weight = axonChangesOf(world.base, [signal(['p9', 'p3', 1])]).axons[0].before;
    const less: NamedAxonChanges = {
      added: 0,
      names: [],
      axons: [{ from: p, to: q, before: weight, after: weight - 40 }],
    };
    const all = { ...world, changes: [...world.changes, less] };
    const result = await attribute(all, { epsilon: 1e-9 });
    const plain = await plainShares(all);
    result.players.forEach(({ inside }, i) => expect(round(inside)).toBeCloseTo(plain[i], 12));
    expect(result.efficiencyGap).toBe(0n);
  });

  it('of games that do not meet are each game’s own', async () => {
    const apart = ['a', 'b', 'c'].flatMap((name, k) =>
      randomLinks(k + 1, 12, 30).map(([x, y, w]): LinkTuple => [name + x, name + y, Math.sqrt(w)]),
    );
    const groups = ['a', 'b', 'c'].map((name, k) =>
      randomSignals(k, 4, 12, false).map((each) =>
        signal(...each.links.map((l): LinkTuple => [name + l.from, name + l.to, l.amount])),
      ),
    );
    const world = await worldOf(apart, groups.flat());
    const together = await attribute(world, { epsilon: 1 / 16 });
    for (const cluster of together.clusters)
      expect(new Set(cluster.members.map((player) => Math.floor(player / 4))).size).toBe(1);
    for (const k of [0, 1, 2]) {
      const changes = world.changes.slice(4 * k, 4 * k + 4);
      const alone = await attribute({ ...world, changes }, { epsilon: 1 / 16 });
      alone.players.forEach(({ inside }, i) =>
        expect(inside).toBe(together.players[4 * k + i].inside),
      );
    }
  });

  it('add up to the certified value of all, whatever the methods and signs', async () => {
    // Stake on the hub gathers focus, random stake scatters it.
    const gathering = [3, 5, 8].map((i) => signal([`p${i}`, 'p0', 5000]));
    const signals = [...randomSignals(11, 27, 30, true), ...gathering];
    const world = await worldOf(links, signals);
    const { graph } = applyDelta(world.base, signals).after;
    const after = await focus(graph, { tolerance: 1e-13 }, backend);
    const certified =
      entropiesOf(world.solved.phi.data).entropy - entropiesOf(after.phi.data).entropy;
    const methods = new Set<string>();
    const cases = [{}, { enumerateUpTo: 3 }, { enumerateUpTo: 3, sampleUpTo: 6 }, { epsilon: 1 }];
    for (const options of [...cases, { value: 'delta-j' as const }]) {
      const result = await attribute(world, { orderings: 16, ...options });
      const discovery =
        options.value === 'delta-j' ? Math.log(graph.particles / world.base.graph.particles) : 0;
      expect(Math.abs(round(result.total) - certified - discovery)).toBeLessThan(
        result.errorBound + 1e-11,
      );
      expect(result.errorBound).toBeLessThan(1e-9);
      expect(sum(result.players.map(({ units }) => units))).toBe(result.total);
      expect(result.efficiencyGap).toBe(0n);
      expect(result.inside + result.coupling).toBe(result.total);
      for (const { members, value, method, coupling } of result.clusters) {
        methods.add(method);
        const own = members.map((player) => result.players[player]);
        expect(sum(own.map(({ inside }) => inside))).toBe(value);
        expect(sum(own.map((share) => share.coupling))).toBe(coupling);
      }
      expect(result.players.some(({ inside }) => inside > 0n)).toBe(true);
      expect(result.players.some(({ inside }) => inside < 0n)).toBe(true);
    }
    expect([...methods].sort()).toEqual(['alone', 'proportional', 'sampled']);
  });

  it('that are sampled come near those that are enumerated', async () => {
    const world = await worldOf(links, randomSignals(12, 9, 12, false));
    const exact = await attribute(world, { epsilon: 1e-9 });
    const sampled = await attribute(world, { epsilon: 1e-9, enumerateUpTo: 2, orderings: 400 });
    expect(sampled.clusters[0].method).toBe('sampled');
    const error = sampled.clusters[0].standardError as number;
    expect(error).toBeGreaterThan(0);
    sampled.players.forEach(({ inside }, i) =>
      expect(Math.abs(round(inside - exact.players[i].inside))).toBeLessThan(6 * error),
    );
    expect(sampled.clusters[0].value).toBe(exact.clusters[0].value);
    const rough = await attribute(world, { epsilon: 1e-9, enumerateUpTo: 2, sampleUpTo: 3 });
    expect(rough.clusters[0].method).toBe('proportional');
    expect(rough.clusters[0].value).toBe(exact.clusters[0].value);
  });
});

describe('checkpoints of hierarchical shares', () => {
  it('resume to the same bits, whatever the batches', async () => {
    const world = await worldOf(links, randomSignals(21, 24, 30, true));
    const options = { epsilon: 0.5, enumerateUpTo: 3, orderings: 8 };
    const whole = await attribute(world, options);
    const batches: ClusterBatch[] = [];
    const onBatch = (batch: ClusterBatch): void => {
      batches.push(JSON.parse(JSON.stringify(batch)) as ClusterBatch);
    };
    const small = await attribute(world, { ...options, batch: 2, onBatch });
    expect(small).toEqual(whole);
    expect(batches.length).toBeGreaterThan(2);
    const fresh: ClusterBatch[] = [];
    const resume = batches.filter((_, k) => k % 2 === 1);
    const resumed = await attribute(world, {
      ...options,
      batch: 5,
      resume,
      onBatch: (batch) => void fresh.push(batch),
    });
    expect(resumed).toEqual(whole);
    const clusters = (of: readonly ClusterBatch[]): number =>
      of.reduce((count, batch) => count + batch.clusters.length, 0);
    expect(clusters(fresh) + clusters(resume)).toBe(whole.clusters.length);
    // What was resumed is taken as it is: a changed share shows.
    const [first] = batches;
    const moved = String(BigInt(first.clusters[0].shares[0]) + 5n);
    const shares = [moved, ...first.clusters[0].shares.slice(1)];
    const forged = { ...first, clusters: [{ ...first.clusters[0], shares }] };
    const other = await attribute(world, { ...options, resume: [forged] });
    expect(other.clusters[0].value - whole.clusters[0].value).toBe(5n);
  });

  it('of other runs are refused', async () => {
    const world = await worldOf(links, randomSignals(22, 6, 30, false));
    const batches: ClusterBatch[] = [];
    await attribute(world, { onBatch: (batch) => void batches.push(batch) });
    for (const options of [
      { epsilon: 0.3 },
      { beacon: beaconOf(2) },
      { value: 'delta-j' as const },
    ])
      await expect(attribute(world, { ...options, resume: batches })).rejects.toThrow(/resume/);
    const fewer = { ...world, changes: world.changes.slice(1) };
    await expect(attribute(fewer, { resume: batches })).rejects.toThrow(/resume/);
    const wrong = [{ ...batches[0], first: 1 }];
    await expect(attribute(world, { resume: wrong })).rejects.toThrow(/expected cluster/);
  });
});

describe('between clusters', () => {
  it('few clusters share by Shapley values of certified solves', async () => {
    const ring = Array.from({ length: 12 }, (_, i): LinkTuple => [`p${i}`, `p${(i + 1) % 12}`, 5]);
    const world = await worldOf(
      ring,
      [0, 3, 6, 9].map((i) => signal([`p${i}`, `p${(i + 5) % 12}`, 30 + i])),
    );
    const result = await attribute(world, { epsilon: 1, solveUpTo: 24, tolerance: 1e-11 });
    const members = result.clusters.map((cluster) => cluster.members);
    expect(members).toEqual([[0], [1], [2], [3]]);
    const base = {
      ...world.solved,
      phi: world.solved.phi.data,
      errorBound: world.solved.errorBound ?? 2,
    };
    const game = await openCoalitionGame(world.base.graph, base, world.changes, {
      value: 'syntropy',
      tolerance: 1e-11,
    });
    const exact = await enumerateShapley(game);
    game.destroy();
    expect(result.between).toBe('enumerated');
    expect(result.total).toBe(exact.grand);
    expect(result.players.map(({ units }) => units)).toEqual(exact.shares);
    expect(result.efficiencyGap).toBe(0n);
    const sampled = await attribute(world, {
      epsilon: 1,
      solveUpTo: 24,
      enumerateUpTo: 2,
      orderings: 6,
    });
    expect(sampled.between).toBe('sampled');
    expect(sampled.efficiencyGap).toBe(0n);
    expect(sampled.betweenErrors).toHaveLength(4);
  });

  it('light signals far apart hardly miss anything, and heavy ones that meet do', async () => {
    const apart = ['a', 'b'].flatMap((name, k) =>
      randomLinks(k + 1, 12, 30).map(([x, y, w]): LinkTuple => [name + x, name + y, Math.sqrt(w)]),
    );
    const light = await worldOf(apart, [
      signal(['ap1', 'ap2', 1e-3]),
      signal(['bp1', 'bp2', 1e-3]),
    ]);
    const far = await attribute(light, { audit: 2 });
    expect(far.clusters).toHaveLength(2);
    const size = far.players.reduce((total, { local }) => total + Math.abs(round(local)), 0);
    expect(Math.abs(round(far.coupling))).toBeLessThan(0.01 * size);
    for (const { certified, firstOrder, errorBound } of far.audit)
      expect(Math.abs(certified - firstOrder)).toBeLessThan(0.01 * size + errorBound);
    const heavy = await worldOf(apart, [signal(['ap1', 'ap2', 400]), signal(['ap3', 'ap2', 400])]);
    const near = await attribute(heavy, { epsilon: 1 });
    expect(near.clusters).toHaveLength(2);
    const moved = near.players.reduce((total, { local }) => total + Math.abs(round(local)), 0);
    expect(Math.abs(round(near.coupling))).toBeGreaterThan(0.05 * moved);
  });

  it('an audit is what whole solves say, of the largest clusters and of others', async () => {
    const world = await worldOf(links, randomSignals(32, 8, 30, true));
    const { audit, clusters } = await attribute(world, { epsilon: 1, audit: 4, value: 'delta-j' });
    expect(audit.map(({ chosen }) => chosen)).toEqual(['largest', 'largest', 'drawn', 'drawn']);
    expect(new Set(audit.map(({ cluster }) => cluster)).size).toBe(4);
    for (const { cluster, certified, firstOrder, errorBound } of audit) {
      const own = clusters[cluster].members.map((player) => world.signals[player]);
      const { graph } = applyDelta(world.base, own).after;
      const after = await focus(graph, { tolerance: 1e-13 }, backend);
      const gain =
        entropiesOf(world.solved.phi.data).entropy -
        entropiesOf(after.phi.data).entropy +
        Math.log(graph.particles / world.base.graph.particles);
      expect(Math.abs(certified - gain)).toBeLessThan(errorBound + 1e-11);
      expect(firstOrder).toBe(round(clusters[cluster].value));
    }
    const size = (c: number): number => Math.abs(round(clusters[c].value));
    const largest = audit.slice(0, 2).map(({ cluster }) => cluster);
    for (const c of clusters.keys()) {
      if (!largest.includes(c)) expect(size(c)).toBeLessThanOrEqual(Math.min(...largest.map(size)));
    }
  });

  it('audited clusters keep what they miss, and share the rest', async () => {
    const world = await worldOf(links, randomSignals(33, 7, 30, false));
    const result = await attribute(world, { epsilon: 1, audit: 100 });
    expect(result.audit).toHaveLength(result.clusters.length);
    const total = result.audit.reduce((all, { certified }) => all + certified, 0);
    const sizes = result.audit.reduce((all, { certified }) => all + Math.abs(certified), 0);
    const rest = round(result.total) - total;
    expect(round(result.unexplained)).toBeCloseTo(rest, 12);
    expect(Math.abs(rest)).toBeGreaterThan(1e-6);
    for (const { cluster, certified, firstOrder } of result.audit) {
      const expected = certified - firstOrder + (rest * Math.abs(certified)) / sizes;
      expect(round(result.clusters[cluster].coupling)).toBeCloseTo(expected, 12);
    }
  });

  it('the bound of a player holds what cutting clusters apart changes at first order', async () => {
    let cut = 0;
    for (let seed = 41; seed < 47; seed++) {
      const random = randomStream(seed, 9);
      const lighter = randomSignals(seed, 9, 14, false).map(({ links: own }) =>
        signal(...own.map((l): LinkTuple => [l.from, l.to, l.amount * (random.double() + 0.01)])),
      );
      // The bound leaves out the denominator of the degree prior.
      const world = await worldOf(links, lighter, 'uniform');
      const whole = await attribute(world, { epsilon: 1e-9 });
      const apart = await attribute(world, { epsilon: 0.4 });
      apart.players.forEach(({ inside, crossBound }, i) => {
        const difference = Math.abs(round(inside - whole.players[i].inside));
        expect(difference).toBeLessThanOrEqual((crossBound as number) + 1e-14);
        cut += Number(difference > 1e-9);
      });
    }
    expect(cut).toBeGreaterThan(5);
  });
});

describe('hierarchical attribution refuses', () => {
  it('values that have no first order, other readings, and options out of range', async () => {
    const world = await worldOf(links, randomSignals(51, 2, 30, false));
    for (const value of ['delta-norm', 'directed'] as const)
      await expect(attribute(world, { value })).rejects.toThrow(/syntropy or delta-j/);
    for (const options of [
      { batch: 0 },
      { orderings: 0.5 },
      { enumerateUpTo: 17 },
      { tolerance: 3 },
    ])
      await expect(attribute(world, options)).rejects.toThrow(/expected/);
    await expect(attribute(world, { beacon: 'x' })).rejects.toThrow(/beacon/);
    await expect(attribute({ ...world, changes: [] })).rejects.toThrow(/one player/);
    const other = await focus(world.base.graph, { reading: 'focus-1-combinatorial', unit: 1 });
    await expect(attribute({ ...world, solved: other })).rejects.toThrow(/focus-1 or pagerank/);
  });

  it('coalitions that leave a particle without stake', async () => {
    const world = await worldOf([...links, ['lone', 'p0', 7]], randomSignals(53, 3, 30, false));
    const [from, to] = ['lone', 'p0'].map((id) => world.base.graph.ids.indexOf(id));
    const axons = [{ from, to, before: 7, after: 0 }];
    const changes = [...world.changes, { added: 0, names: [], axons }];
    await expect(attribute({ ...world, changes })).rejects.toThrow(/some weight left at particle/);
  });

  it('to go on once it is aborted', async () => {
    const world = await worldOf(links, randomSignals(52, 4, 30, false));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(attribute(world, { signal })).rejects.toThrow('enough');
  });
});
