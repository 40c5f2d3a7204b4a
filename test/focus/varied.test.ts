// Columns on graphs that differ, against operators and dense solves of the changed graphs, each
// built anew: the two share no code but the products themselves.

import { describe, expect, it } from 'vitest';
import type { Vector } from '../../src/backend/backend.js';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { adjacencyOf, withSpareRows } from '../../src/focus/adjacency.js';
import { errorBound, measure } from '../../src/focus/certificate.js';
import { layChange, removeChange, twoWayGraph } from '../../src/focus/local/changed-graph.js';
import { changedAxons } from '../../src/focus/local/whole.js';
import {
  directionsOf,
  openOperator,
  operatorOf,
  type FocusOperator,
} from '../../src/focus/operator.js';
import { openParts } from '../../src/focus/operator-parts.js';
import { resolveParameters, type FocusOptions } from '../../src/focus/parameters.js';
import { solve } from '../../src/focus/solve.js';
import type { AxonChange, AxonChanges } from '../../src/graph/change.js';
import { axonWeight } from '../../src/graph/change.js';
import type { Graph } from '../../src/graph/graph.js';
import { denseFocus, DENSE_DEFAULTS } from '../dense.js';
import { distance, graphOf, randomLinks } from '../graphs.js';

const SPARE = 2;
const backend = openCpu({ threads: 1 });

const READINGS: readonly (readonly [string, FocusOptions])[] = [
  ['focus-1', {}],
  ['focus-1, uniform prior, other parameters', { prior: 'uniform', mu: 0.3, tau: 2 }],
  ['pagerank', { reading: 'pagerank' }],
  ['pagerank, uniform prior', { reading: 'pagerank', prior: 'uniform' }],
];

type To = readonly [from: number, to: number, after: number];

function changeOf(graph: Graph, added: number, list: readonly To[]): AxonChanges {
  const n = graph.particles;
  const weight = (p: number, q: number): number => (p < n && q < n ? axonWeight(graph, p, q) : 0);
  return {
    added,
    axons: list.map(([from, to, after]): AxonChange => {
      return { from, to, before: weight(from, to), after };
    }),
  };
}

/** One change of each kind that has a case of its own, and random ones. */
function changesOf(graph: Graph, seed: number): AxonChanges[] {
  const n = graph.particles;
  const { offsets, columns } = graph.axons;
  const random = randomStream(seed, 7);
  const rows = [...Array(n).keys()];
  const source = rows.find((i) => offsets[i + 1] > offsets[i]) ?? 0;
  const dangling = rows.find((i) => offsets[i + 1] === offsets[i]);
  const all = rows.flatMap((i) =>
    Array.from(columns.slice(offsets[i], offsets[i + 1]), (j) => [i, j]),
  );
  const touching = (i: number): number[][] => all.filter((arc) => arc.includes(i));
  const least = rows.reduce(
    (best, i) => (touching(i).length < touching(best).length ? i : best),
    0,
  );
  const changes: (readonly [number, readonly To[]])[] = [
    [0, []],
    [0, [[source, columns[offsets[source]], 0]]],
    [0, [[source, columns[offsets[source]], 1e-3]]],
    [
      1,
      [
        [n, 0, 1e-3],
        [1, n, 4],
      ],
    ],
    [2, [[n, n + 1, 3]]],
    // Every arc of one particle goes, and with it the particle.
    [0, [...touching(least).map(([p, q]): To => [p, q, 0]), ...spareArc(n, least)]],
  ];
  if (dangling !== undefined) changes.push([0, [[dangling, dangling === 0 ? 1 : 0, 2]]]);
  for (let k = 0; k < 3; k++) {
    const list = new Map<string, To>();
    for (let j = 0; j <= k; j++) {
      const [p, q] = [random.below(n), random.below(n)];
      if (p !== q) list.set(`${p} ${q}`, [p, q, 10 ** (3 * random.double())]);
    }
    changes.push([0, [...list.values()]]);
  }
  return changes.map(([added, list]) => changeOf(graph, added, list));
}

/** An arc among others than `gone`, so that something is left. */
function spareArc(n: number, gone: number): To[] {
  const others = [...Array(n).keys()].filter((i) => i !== gone);
  return others.length < 2 ? [] : [[others[0], others[1], 2]];
}

async function openVaried(graph: Graph, options: FocusOptions, changes: readonly AxonChanges[]) {
  const parameters = resolveParameters(options, graph);
  const base = adjacencyOf(graph.axons);
  const two = twoWayGraph(base);
  const adjacency = withSpareRows(base, SPARE);
  const workspace = await backend.open(adjacency.axons, directionsOf(parameters));
  const operator = operatorOf(openParts(workspace, adjacency, parameters, 1e-3), changes.length);
  const marks = new Int32Array(graph.particles + SPARE);
  operator.vary(
    changes.map((change) => {
      const laid = layChange(two, change, marks);
      removeChange(laid);
      return laid.changed;
    }),
  );
  return { operator, workspace, parameters };
}

/** The operator of one changed graph, and which particles it kept. */
async function openChanged(graph: Graph, options: FocusOptions, change: AxonChanges) {
  const { axons, kept } = changedAxons(graph.axons, change);
  const changed = { particles: kept.length, axons, largestStake: 0 };
  const parameters = resolveParameters(options, changed);
  const workspace = await backend.open(axons, directionsOf(parameters));
  const operator = openOperator(workspace, adjacencyOf(axons), parameters, 1);
  return { operator, workspace, kept };
}

type Verb = (operator: FocusOperator, out: Vector, z: Vector, plus: Vector) => void;

const VERBS: Readonly<Record<string, Verb>> = {
  'R at degree 0': (operator, out, z) => operator.apply(out, z, 0),
  'R at degree 1': (operator, out, z) => operator.apply(out, z, 1),
  'R at degree 2': (operator, out, z) => operator.apply(out, z, 2),
  'R at degree 9': (operator, out, z) => operator.apply(out, z, 9),
  "R' at degree 3": (operator, out, z, plus) => operator.contract(out, z, 3, plus),
  diffusion: (operator, out, z) => operator.diffusion(out, z),
};

/** φ-numbers of a verb on the changed graph, in the graph's own particles, spare ones last. */
async function byChanged(
  { operator, workspace, kept }: Awaited<ReturnType<typeof openChanged>>,
  verb: Verb,
  phi: Float64Array,
  plus: Float64Array,
): Promise<Float64Array> {
  const h = operator.hostMeasure;
  const column = (values: Float64Array): Vector => {
    const vector = workspace.vector(1);
    workspace.write(
      vector,
      Float64Array.from(kept, (i, k) => values[i] / h[k]),
    );
    return vector;
  };
  const out = workspace.vector(1);
  verb(operator, out, column(phi), column(plus));
  const found = await workspace.read(out);
  const values = new Float64Array(phi.length);
  kept.forEach((i, k) => (values[i] = found[k] * h[k]));
  return values;
}

describe('columns that vary', () => {
  it.each(READINGS)('apply the operators of their own graphs: %s', async (_, options) => {
    for (let seed = 0; seed < 8; seed++) {
      const particles = 4 + 5 * seed;
      const graph = graphOf(randomLinks(seed, particles, 3 * particles));
      const n = graph.particles;
      const changes = changesOf(graph, seed);
      const width = changes.length;
      const { operator, workspace } = await openVaried(graph, options, changes);
      const own = [];
      for (const change of changes) own.push(await openChanged(graph, options, change));
      const random = randomStream(seed, 11);
      // Nothing is at a particle that a column does not have.
      const columnsOf = (): Float64Array[] =>
        own.map(({ kept }) => {
          const values = new Float64Array(n + SPARE);
          for (const i of kept) values[i] = random.double() - 0.3;
          return values;
        });
      const [phi, plus] = [columnsOf(), columnsOf()];
      const block = (values: readonly Float64Array[]): Vector => {
        const vector = workspace.vector(width);
        const h = operator.hostMeasure;
        workspace.write(
          vector,
          Float64Array.from({ length: (n + SPARE) * width }, (__, k) => {
            const i = Math.floor(k / width);
            return values[k % width][i] / h[i];
          }),
        );
        return vector;
      };
      const [z, f, out] = [block(phi), block(plus), workspace.vector(width)];
      const before = await workspace.read(z);
      for (const [name, verb] of Object.entries(VERBS)) {
        verb(operator, out, z, f);
        const found = await workspace.read(out);
        for (const [b, changed] of own.entries()) {
          const truth = await byChanged(changed, verb, phi[b], plus[b]);
          const values = truth.map((__, i) => found[i * width + b] * operator.hostMeasure[i]);
          const where = `${name}, seed ${seed}, column ${b}`;
          // Taking stake away cancels digits: by as much as the measures say, and no more.
          const { stepNorms, outNorms } = operator.varied()!.measures;
          const size = n * Math.max(stepNorms[b], outNorms[b]);
          expect(distance(values, truth), where).toBeLessThan(2e-14 * size);
          // Nothing comes to a particle that is not there, not even a rounding.
          for (let i = 0; i < n + SPARE; i++) {
            if (!changed.kept.includes(i)) expect(values[i], where).toBe(0);
          }
        }
      }
      expect(await workspace.read(z), 'what was applied to is as it was').toEqual(before);
      operator.vary(null);
      operator.apply(out, z, 2);
      const [plain] = [await workspace.read(out)];
      const unchanged = await openChanged(graph, options, changes[0]);
      const truth = await byChanged(unchanged, VERBS['R at degree 2'], phi[0], plus[0]);
      const first = truth.map((__, i) => plain[i * width] * operator.hostMeasure[i]);
      expect(distance(first, truth)).toBeLessThan(1e-12 * n);
      workspace.destroy();
      for (const each of own) each.workspace.destroy();
    }
  });

  it('are certified: no bound is below the distance to a dense solve', async () => {
    let tightest = 0;
    for (let seed = 0; seed < 40; seed++) {
      const particles = 4 + (seed % 17);
      const graph = graphOf(randomLinks(seed, particles, 2 * particles));
      const changes = changesOf(graph, seed);
      const width = changes.length;
      const { operator, workspace, parameters } = await openVaried(graph, {}, changes);
      const n = graph.particles;
      const z = workspace.vector(width);
      const present = changes.map((change) => new Set(changedAxons(graph.axons, change).kept));
      workspace.write(
        z,
        Float64Array.from({ length: (n + SPARE) * width }, (_, k) =>
          present[k % width].has(Math.floor(k / width)) ? 1 : 0,
        ),
      );
      const contraction = 1 - parameters.lambda[0] * parameters.teleport;
      const { measured } = await solve(operator, z, {
        columns: width,
        tolerance: 10 ** -(2 + (seed % 9)),
        contraction,
        diffusionShare: parameters.lambda[0],
        mostIterations: 1000,
        startDefect: 1,
      });
      const found = await workspace.read(z);
      for (const [b, change] of changes.entries()) {
        const { axons, kept } = changedAxons(graph.axons, change);
        const truth = denseFocus({ ...graph, axons, particles: kept.length }, DENSE_DEFAULTS);
        const values = Float64Array.from(
          kept,
          (i) => (found[i * width + b] * operator.hostMeasure[i]) / measured.mass[b],
        );
        const bound = errorBound(measured, b, contraction);
        const error = distance(values, truth);
        expect(error, `seed ${seed}, column ${b}`).toBeLessThanOrEqual(bound + 2e-12);
        tightest = Math.max(tightest, error / bound);
      }
      workspace.destroy();
    }
    // A bound that is never nearly reached would hide a term that is missing.
    expect(tightest).toBeGreaterThan(0.02);
  });

  it('are measured as on their own graphs', async () => {
    for (let seed = 0; seed < 8; seed++) {
      const graph = graphOf(randomLinks(seed, 5 + 2 * seed, 20));
      const changes = changesOf(graph, seed);
      const { operator, workspace, parameters } = await openVaried(graph, {}, changes);
      const [n, width] = [graph.particles, changes.length];
      const random = randomStream(seed, 13);
      const own = [];
      for (const change of changes) own.push(await openChanged(graph, {}, change));
      const phi = own.map(({ kept }) => {
        const values = new Float64Array(n + SPARE);
        for (const i of kept) values[i] = random.double();
        return values;
      });
      const h = operator.hostMeasure;
      const z = workspace.vector(width);
      workspace.write(
        z,
        Float64Array.from({ length: (n + SPARE) * width }, (_, k) => {
          const i = Math.floor(k / width);
          return phi[k % width][i] / h[i];
        }),
      );
      const found = await measure(operator, 3, z, z, parameters.lambda[0]);
      for (const [b, each] of own.entries()) {
        const alone = each.workspace.vector(1);
        const { hostMeasure } = each.operator;
        each.workspace.write(
          alone,
          Float64Array.from(each.kept, (i, k) => phi[b][i] / hostMeasure[k]),
        );
        const truth = await measure(each.operator, 3, alone, alone, parameters.lambda[0]);
        for (const part of ['spread', 'truncation', 'mass', 'residual'] as const)
          expect(Math.abs(found[part][b] / truth[part][0] - 1), `${part} ${b}`).toBeLessThan(1e-9);
      }
    }
  });

  // What is left of a particle is the difference of two large stakes: of all, or of those it gives.
  const [large, least] = [2 ** 40, 1 / 3];
  it.each([
    [
      'W',
      [
        ['x', 'a', large],
        ['x', 'b', large],
        ['a', 'c', 1],
        ['c', 'a', 2],
      ],
      ['x', 'a'],
    ],
    [
      'P',
      [
        ['a', 'b', large],
        ['b', 'a', large],
        ['a', 'c', 1],
        ['c', 'd', 3],
      ],
      ['a', 'b'],
    ],
  ] as const)(
    'say what taking nearly all of a stake away costs in rounding, of %s',
    async (_, links, [from, to]) => {
      const graph = graphOf(links);
      const place = (id: string): number =>
        [...Array(graph.particles).keys()].find((i) => graph.ids.at(i) === id)!;
      const change = changeOf(graph, 0, [[place(from), place(to), least]]);
      const { operator, workspace, parameters } = await openVaried(graph, {}, [change]);
      const changed = await openChanged(graph, {}, change);
      const degree = 30;
      const n = graph.particles;
      const phi = Float64Array.from({ length: n + SPARE }, (__, i) => (i < n ? (i + 1) / 10 : 0));
      const z = workspace.vector(1);
      workspace.write(
        z,
        phi.map((value, i) => value / operator.hostMeasure[i]),
      );
      const f = workspace.vector(1);
      operator.apply(f, z, degree);
      const found = (await workspace.read(f)).map((value, i) => value * operator.hostMeasure[i]);
      const verb: Verb = (each, out, x) => each.apply(out, x, degree);
      const error = distance(found, await byChanged(changed, verb, phi, phi));
      const { rounding } = await measure(operator, degree, z, f, parameters.lambda[0]);
      expect(error).toBeLessThanOrEqual(rounding[0]);
      // The rounding of a graph of its own would not cover it.
      const alone = changed.workspace.vector(1);
      const { hostMeasure } = changed.operator;
      changed.workspace.write(
        alone,
        Float64Array.from(changed.kept, (i, k) => phi[i] / hostMeasure[k]),
      );
      const usual = await measure(changed.operator, degree, alone, alone, parameters.lambda[0]);
      expect(error).toBeGreaterThan(usual.rounding[0]);
    },
  );
});
