// Rewards of changes, each alone and all together, against dense elimination; intervals that hold the
// truth; exact rewards against those of doubles.

import { afterAll, describe, expect, it } from 'vitest';
import { openCpu, openCpuExact } from '../../src/backend/cpu/cpu.js';
import { focusExact } from '../../src/focus/exact/focus-exact.js';
import { focus } from '../../src/focus/focus.js';
import type { AxonChanges } from '../../src/graph/change.js';
import { linkGraph } from '../../src/graph/linked.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { idsOf } from '../../src/graph/id-list.js';
import type { Delta } from '../../src/graph/signal.js';
import { blockDag } from '../../src/rewards/block-dag.js';
import { doubleOf, EXACT_NUMBERS, isEqual } from '../../src/rewards/exact-number.js';
import { rewardsExactOf } from '../../src/rewards/rewards-exact.js';
import { rewardsOf, type RewardsOfOptions } from '../../src/rewards/rewards-of.js';
import type { RewardName } from '../../src/rewards/reward.js';
import { DENSE_DEFAULTS } from '../dense.js';
import { graphOf, randomLinks } from '../graphs.js';
import { denseById, denseShift, namesOf, randomChange, type ById } from './dense-shift.js';

const backend = openCpu({ threads: 1 });
const integers = openCpuExact({ threads: 1 });
afterAll(() => {
  backend.destroy();
  integers.destroy();
});

const FAST: RewardName[] = ['delta-norm', 'syntropy', 'directed'];

async function rewarded(
  graph: Graph,
  changes: readonly AxonChanges[],
  functions: readonly RewardName[],
  options: RewardsOfOptions = {},
  focusOptions = {},
) {
  const solved = await focus(graph, { tolerance: 1e-13, ...focusOptions }, backend);
  const { parameters, phi, errorBound } = solved;
  const base = { parameters, phi: phi.data, errorBound: errorBound ?? 0 };
  const named = changes.map((each) => ({ ...each, names: namesOf(each) }));
  return rewardsOf(graph, base, named, functions, { tolerance: 1e-11, ...options }, backend);
}

/** Values of a change by function, from its dense truth. */
function truthOf(graph: Graph, change: AxonChanges, parameters = DENSE_DEFAULTS) {
  const dense = denseShift(graph, change, parameters);
  return {
    ...dense,
    'delta-norm': dense.norm,
    syntropy: dense.entropyPart,
    directed: Math.max(0, dense.entropyPart),
  };
}

describe('rewards of changes', () => {
  it('are those of dense elimination, inside their proven ends', async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const graph = graphOf(randomLinks(seed, 14, 45));
      const changes = [1, 2, 3, 4].map((k) => randomChange(graph, 10 * seed + k, k));
      const { changes: found } = await rewarded(graph, changes, FAST);
      for (const [k, { rewards, converged }] of found.entries()) {
        const truth = truthOf(graph, changes[k]);
        expect(converged).toBe(true);
        for (const name of FAST) {
          const { value, lower, upper, errorBound, parts } = rewards[name];
          const expected = truth[name as 'syntropy'];
          const slack = 1e-12;
          expect(value).toBeCloseTo(expected, 10);
          expect(lower ?? NaN).toBeLessThanOrEqual(expected + slack);
          expect(upper ?? NaN).toBeGreaterThanOrEqual(expected - slack);
          // The ends are in order, also where a clipped reward is zero.
          expect(lower ?? NaN).toBeLessThanOrEqual(value ?? NaN);
          expect(upper ?? NaN).toBeGreaterThanOrEqual(value ?? NaN);
          expect(errorBound ?? NaN).toBeLessThan(1e-9);
          expect(parts.entropy?.value).toBeCloseTo(truth.entropyPart, 10);
          expect(parts.discovery?.value).toBeCloseTo(truth.discoveryPart, 13);
        }
      }
    }
  });

  it('of all together are those of the one change that they make', async () => {
    const graph = graphOf(randomLinks(9, 12, 40));
    const [a, b] = [randomChange(graph, 1, 3), randomChange(graph, 2, 2)];
    const seen = new Set(a.axons.map(({ from, to }) => `${from} ${to}`));
    const axons = [...a.axons, ...b.axons.filter(({ from, to }) => !seen.has(`${from} ${to}`))];
    const joint = { added: Math.max(a.added, b.added), axons };
    const { joint: found } = await rewarded(graph, [a, b], FAST, { joint });
    const truth = truthOf(graph, joint);
    for (const name of FAST) {
      expect(found?.rewards[name].value).toBeCloseTo(truth[name as 'syntropy'], 10);
    }
  });

  it('of a change that changes nothing are exactly zero', async () => {
    const graph = graphOf(randomLinks(3, 10, 30));
    const { changes } = await rewarded(graph, [{ added: 0, axons: [] }], FAST);
    for (const name of FAST) {
      expect(changes[0].rewards[name].value, name).toBe(0);
    }
  });

  it('are those of whole solves for readings that have no local way', async () => {
    const graph = graphOf(randomLinks(4, 12, 40));
    const change = randomChange(graph, 4, 3);
    const options = { reading: 'focus-1-combinatorial', unit: 1e5 } as const;
    const { changes } = await rewarded(graph, [change], FAST, {}, options);
    const dense = { ...DENSE_DEFAULTS, laplacian: 'combinatorial', unit: 1e5 } as const;
    const truth = truthOf(graph, change, dense);
    for (const name of FAST) {
      expect(changes[0].rewards[name].value).toBeCloseTo(truth[name as 'syntropy'], 9);
    }
  });

  it('align with a later focus as dense vectors do, by each closeness', async () => {
    const graph = graphOf(randomLinks(6, 12, 40));
    const changes = [1, 2, 3].map((k) => randomChange(graph, 60 + k, 2));
    const later = denseById(graphOf([...randomLinks(6, 12, 40), ['later', 'p1', 500]]));
    const ids = [...later.keys()];
    const checkpoint = {
      ids: idsOf(ids),
      values: Float64Array.from(ids, (id) => later.get(id) ?? 0),
      errorBound: 1e-13,
    };
    for (const [closeness, measure] of Object.entries(CLOSENESS)) {
      const options = { alignment: { closeness: closeness as keyof typeof CLOSENESS } };
      const { changes: found } = await rewarded(graph, changes, ['alignment'], {
        rewards: options,
        checkpoint,
      });
      for (const [k, { rewards }] of found.entries()) {
        const { before, after } = denseShift(graph, changes[k]);
        const expected = measure(after, later) - measure(before, later);
        const { value, lower, upper } = rewards.alignment;
        expect(value).toBeCloseTo(expected, 9);
        expect((lower ?? NaN) - 1e-12).toBeLessThanOrEqual(expected);
        expect((upper ?? NaN) + 1e-12).toBeGreaterThanOrEqual(expected);
      }
    }
  });

  it('wait for what lies in the future, and say for what', async () => {
    const graph = graphOf(randomLinks(6, 8, 20));
    const dag = blockDag([{ id: 'b0', parents: [], signals: [0] }]);
    const weights = { deltaNorm: 1, deltaJ: 1, dagWeight: 1, alignment: 1 };
    const functions: RewardName[] = ['alignment', 'dag-weight', 'hybrid'];
    const { changes } = await rewarded(
      graph,
      [randomChange(graph, 1, 1), randomChange(graph, 2, 1)],
      functions,
      { dag, rewards: { hybrid: { weights } } },
    );
    const [first, second] = changes.map(({ rewards }) => rewards);
    expect(first.alignment).toMatchObject({ value: null, lower: null, pending: 'a checkpoint' });
    expect(first['dag-weight']).toMatchObject({ value: 0, pending: null });
    expect(first.hybrid).toMatchObject({ value: null, pending: 'a checkpoint' });
    expect(second['dag-weight'].pending).toBe('a block that carries it');
    expect(second.hybrid.pending).toBe('a block that carries it and a checkpoint');
  });

  it('name blocks that carry signals which are not there', async () => {
    const graph = graphOf(randomLinks(6, 8, 20));
    const dag = blockDag([{ id: 'b0', parents: [], signals: [1] }]);
    await expect(
      rewarded(graph, [randomChange(graph, 1, 1)], ['dag-weight'], { dag }),
    ).rejects.toThrow(/block "b0": expected signals below 1, found signal 1/);
    await expect(rewarded(graph, [], ['spectral-gap'])).rejects.toThrow(/a way to compute spectra/);
  });
});

describe('exact rewards', () => {
  it('agree with those of doubles and keep their identities to the unit', async () => {
    const builder = createLinkBuilder();
    for (const [from, to, amount] of randomLinks(11, 14, 45)) {
      builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
    }
    const base = linkGraph(builder.finish());
    const add = (from: string, to: string, amount: number): Delta => [
      { neuron: 'n', links: [{ from, to, amount }], remove: [], change: [] },
    ];
    const deltas = [add('p1', 'p2', 5000), add('p3', 'fresh', 7), [], add('p4', 'p5', 0)];
    const before = await focusExact(base.graph, {}, integers);
    const later = await focusExact(
      graphOf([...randomLinks(11, 14, 45), ['p1', 'p2', 9e5]]),
      {},
      integers,
    );
    const laterIds = graphOf([...randomLinks(11, 14, 45), ['p1', 'p2', 9e5]]).ids;
    const functions: RewardName[] = [...FAST, 'alignment', 'hybrid'];
    const weights = { deltaNorm: 2, deltaJ: 0.5, dagWeight: 0, alignment: 3 };
    const found = await rewardsExactOf(
      base,
      before,
      deltas,
      functions,
      {
        rewards: { hybrid: { weights } },
        checkpoint: { ids: laterIds, values: later.exact.units },
        joint: deltas.flat(),
      },
      integers,
    );
    const truth = denseShift(base.graph, {
      added: 0,
      axons: [
        {
          from: base.graph.ids.indexOf('p1'),
          to: base.graph.ids.indexOf('p2'),
          ...weightsOf(base.graph, 5000),
        },
      ],
    });
    const [first] = found.changes;
    expect(doubleOf(first.rewards['delta-norm'].value ?? EXACT_NUMBERS.of(NaN))).toBeCloseTo(
      truth.norm,
      8,
    );
    for (const { rewards } of [...found.changes, found.joint ?? first]) {
      const { entropy, discovery } = rewards.syntropy.parts;
      const { deltaJ } = rewards.syntropy.terms;
      const { value } = rewards.hybrid;
      if (entropy === null || discovery === null || value === null)
        throw new Error('expected parts');
      expect(isEqual(deltaJ, EXACT_NUMBERS.plus(entropy, discovery))).toBe(true);
      const sum =
        doubleOf(rewards['delta-norm'].value ?? EXACT_NUMBERS.of(0)) * 2 +
        doubleOf(deltaJ) * 0.5 +
        doubleOf(rewards.alignment.value ?? EXACT_NUMBERS.of(0)) * 3;
      expect(doubleOf(value)).toBeCloseTo(sum, 14);
    }
    for (const nothing of found.changes.slice(2)) {
      expect(nothing.rewards['delta-norm'].value?.units).toBe(0n);
      expect(nothing.digestAfter).toBe(before.exact.digest);
    }
    const again = await rewardsExactOf(
      base,
      before,
      [deltas[1]],
      functions.slice(0, 3),
      {},
      integers,
    );
    expect(again.changes[0].digestAfter).toBe(found.changes[1].digestAfter);
    await expect(
      rewardsExactOf(base, before, [], ['spectral-gap'], { joint: deltas[0] }, integers),
    ).rejects.toThrow(/it has no exact form/);
  });
});

/** The axon p1 → p2 before and after more stake. */
function weightsOf(graph: Graph, more: number) {
  const { offsets, columns, weights } = graph.axons;
  const [p, q] = [graph.ids.indexOf('p1'), graph.ids.indexOf('p2')];
  let before = 0;
  for (let k = offsets[p]; k < offsets[p + 1]; k++) if (columns[k] === q) before = weights[k];
  return { before, after: before + more };
}

const CLOSENESS = {
  cosine: (x: ById, y: ById) => {
    const dot = (a: ById, b: ById) =>
      [...a].reduce((sum, [id, value]) => sum + value * (b.get(id) ?? 0), 0);
    return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  },
  'total-variation': (x: ById, y: ById) => {
    const ids = new Set([...x.keys(), ...y.keys()]);
    return (
      1 - [...ids].reduce((sum, id) => sum + Math.abs((x.get(id) ?? 0) - (y.get(id) ?? 0)), 0) / 2
    );
  },
  'jensen-shannon': (x: ById, y: ById) => {
    const h = (value: number) => (value > 0 ? -value * Math.log2(value) : 0);
    const ids = new Set([...x.keys(), ...y.keys()]);
    return (
      1 -
      [...ids].reduce((sum, id) => {
        const [a, b] = [x.get(id) ?? 0, y.get(id) ?? 0];
        return sum + h((a + b) / 2) - h(a) / 2 - h(b) / 2;
      }, 0)
    );
  },
};
