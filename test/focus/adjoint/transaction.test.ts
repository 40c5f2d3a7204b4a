// Marginals of finite links and of sets of links, new particles and jumps included, against what an
// independent dense computation says the set does. A first-order marginal is right if its error falls
// as the square of what is small: the weights, or for a jump the share of diffusion.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../../src/backend/cpu/cpu.js';
import { randomStream } from '../../../src/base/random.js';
import { adjointOf, type Adjoint } from '../../../src/focus/adjoint/adjoint.js';
import type { LinkColumns } from '../../../src/focus/adjoint/links.js';
import { focus, type SolverOptions } from '../../../src/focus/focus.js';
import type { Graph } from '../../../src/graph/graph.js';
import { graphOf, randomLinks } from '../../graphs.js';
import {
  focusOf,
  FOCUS_1,
  valueOf,
  weightsOf,
  type DenseModel,
  type DenseValue,
} from './dense-value.js';

const backend = openCpu({ threads: 1 });

const READINGS: readonly [string, SolverOptions, DenseModel][] = [
  ['focus-1', {}, FOCUS_1],
  ['focus-1, long heat', { tau: 4, mu: 0.3 }, { ...FOCUS_1, tau: 4, mu: 0.3 }],
  [
    'focus-1-combinatorial',
    { reading: 'focus-1-combinatorial', unit: 40 },
    { ...FOCUS_1, unit: 40 },
  ],
  ['pagerank', { reading: 'pagerank' }, { ...FOCUS_1, lambda: [1, 0, 0] }],
];

function smallGraph(seed: number): Graph {
  const links = randomLinks(seed, 14, 40);
  const own = links.map(([from, to, amount]) => [from, to, Math.cbrt(amount)] as const);
  return graphOf([...own, ['p0', 'sink', 4], ['p3', 'sink', 9], ['p5', 'drain', 2]]);
}

type Rows = readonly (readonly [number, number, number])[];

const columnsOf = (rows: Rows, factor: number): LinkColumns => ({
  from: rows.map(([p]) => p),
  to: rows.map(([, q]) => q),
  weight: rows.map(([, , w]) => factor * w),
});

/** Value of the graph with a set of links added, weights times `factor`. */
function valueWith(
  graph: Graph,
  rows: Rows,
  factor: number,
  model: DenseModel,
  value: DenseValue,
): number {
  const particles = rows.flatMap(([p, q]) => [p, q]);
  const extra = factor === 0 ? 0 : Math.max(0, ...particles.map((p) => p + 1 - graph.particles));
  const a = weightsOf(graph, extra);
  for (const [p, q, w] of rows) if (factor > 0) a[p][q] += factor * w;
  return valueOf(focusOf(a, model), value);
}

/** Change by the dense computation minus the adjoint's marginal. */
function errorOf(
  adjoint: Adjoint,
  graph: Graph,
  rows: Rows,
  factor: number,
  model: DenseModel,
  value: DenseValue,
): number {
  const before = valueWith(graph, rows, 0, model, value);
  const after = valueWith(graph, rows, factor, model, value);
  return after - before - adjoint.transaction(columnsOf(rows, factor)).value;
}

const isDangling = ({ axons }: Graph, p: number): boolean =>
  axons.offsets[p] === axons.offsets[p + 1];

/** The particle that an axon of `p` leads to. */
const targetOf = ({ axons }: Graph, p: number): number => axons.columns[axons.offsets[p]];

/** Sets of links by what they do, none of which lets a walk leave a dangling particle. */
function setsOf(graph: Graph, seed: number): Record<string, Rows> {
  const random = randomStream(seed, 21);
  const n = graph.particles;
  const source = (): number => {
    for (;;) {
      const p = random.below(n);
      if (!isDangling(graph, p)) return p;
    }
  };
  const [p, q, r] = [source(), source(), source()];
  const other = (i: number): number => (i + 1 + random.below(n - 1)) % n;
  return {
    'links of several particles': [
      [p, other(p), 1],
      [q, other(q), 2],
      [r, other(r), 0.5],
      [p, other(p), 3],
    ],
    'a leaf': [[p, n, 1]],
    'a leaf with two links': [
      [p, n, 1],
      [q === p ? other(p) : p, n, 2],
    ],
    'a particle that links out': [
      [n, other(p), 1],
      [n, other(q), 3],
    ],
    'a particle in between': [
      [p, n, 2],
      [n, other(q), 1],
    ],
    'new particles in a chain': [
      [p, n, 1],
      [n, n + 1, 2],
      [n + 1, n + 2, 1],
      [n + 2, other(q), 1],
      [n + 1, n, 0.5],
    ],
    'a component of its own': [
      [n, n + 1, 1],
      [n + 1, n + 2, 1],
    ],
    'old and new at once': [
      [p, other(p), 1],
      [q, n, 1],
      [n + 1, n, 1],
    ],
    'weight taken away': [
      [p, targetOf(graph, p), -1],
      [q, targetOf(graph, q), q === p ? 0.5 : -0.5],
      [r, other(r), 1],
    ],
  };
}

describe('a set of links', () => {
  for (const [name, options, model] of READINGS) {
    it(`has a marginal whose error is of second order, for ${name}`, async () => {
      for (let seed = 1; seed <= 3; seed++) {
        const graph = smallGraph(seed);
        const result = await focus(graph, { ...options, tolerance: 1e-12 }, backend);
        const random = randomStream(seed, 22);
        const linear = Float64Array.from({ length: graph.particles }, () => random.double() - 0.5);
        for (const value of ['syntropy', linear] as const) {
          const adjoint = await adjointOf(graph, result, value, { tolerance: 1e-11 }, backend);
          const dense: DenseValue = typeof value === 'string' ? value : [...value];
          for (const [what, rows] of Object.entries(setsOf(graph, seed))) {
            const size = graph.axons.weights.reduce((sum, w) => sum + w, 0) / graph.particles;
            const error = (factor: number): number =>
              Math.abs(errorOf(adjoint, graph, rows, factor, model, dense));
            const changeAt = (factor: number): number =>
              Math.abs(adjoint.transaction(columnsOf(rows, factor * size)).value);
            const [wide, narrow] = [error(1e-3 * size), error(2.5e-4 * size)];
            // A quarter of the weight leaves a sixteenth of the error; of a new particle, whose error
            // is of the order φ² ln φ, a little more; and orders can cancel at one weight.
            const allowed = wide / 10 + 2e-5 * changeAt(2.5e-4) + 2e-12;
            expect(narrow, `${what}, seed ${seed}`).toBeLessThanOrEqual(allowed);
            expect(wide, `${what}, seed ${seed}`).toBeLessThan(0.1 * changeAt(1e-3) + 1e-7);
          }
        }
      }
    });
  }

  it('says how much focus new particles get, exactly in the limit', async () => {
    for (const [, options, model] of READINGS) {
      const graph = smallGraph(4);
      const result = await focus(graph, { ...options, tolerance: 1e-12 }, backend);
      const adjoint = await adjointOf(graph, result, 'syntropy', {}, backend);
      for (const rows of Object.values(setsOf(graph, 4))) {
        const found = adjoint.transaction(columnsOf(rows, 1e-5)).newParticles;
        const a = weightsOf(graph, found.length);
        for (const [p, q, w] of rows) a[p][q] += 1e-5 * w;
        const phi = focusOf(a, model);
        for (const { particle, focus: expected } of found)
          expect(expected / phi[particle]).toBeCloseTo(1, 4);
      }
    }
  });

  it('of one link between known particles is the marginal of that link', async () => {
    const graph = smallGraph(5);
    for (const [, options] of READINGS) {
      const result = await focus(graph, options, backend);
      const adjoint = await adjointOf(graph, result, 'entropy', {}, backend);
      for (let p = 0; p < graph.particles; p++) {
        const columns = { from: [p], to: [(p + 3) % graph.particles], weight: [2.5] };
        const { values, jumps } = adjoint.marginals(columns);
        const { value, firstOutLinks, newParticles } = adjoint.transaction(columns);
        expect(Math.abs(value - values[0])).toBeLessThanOrEqual(1e-14 + 1e-12 * Math.abs(value));
        expect([firstOutLinks.length, newParticles.length]).toEqual([jumps[0], 0]);
        expect(adjoint.sensitivity(p, columns.to[0]) === null).toBe(jumps[0] === 1);
      }
    }
  });

  it('with a new particle, changes syntropy by its value and the discovery part', async () => {
    const links = randomLinks(8, 40, 120);
    const graph = graphOf(links);
    const result = await focus(graph, { tolerance: 1e-12 }, backend);
    const adjoint = await adjointOf(graph, result, 'syntropy', {}, backend);
    const p = graph.axons.columns.findIndex((_, i) => !isDangling(graph, i));
    const link = [graph.ids.at(p), 'newcomer', 10] as const;
    const after = await focus(graphOf([...links, link]), { tolerance: 1e-12 }, backend);
    const columns = { from: [p], to: [graph.particles], weight: [10] };
    const { value, discovery } = adjoint.transaction(columns);
    expect(discovery).toBeCloseTo(Math.log(1 + 1 / graph.particles), 14);
    const change = after.syntropy - result.syntropy;
    expect(Math.abs(value)).toBeGreaterThan(1e-5);
    expect(Math.abs(value + discovery - change)).toBeLessThan(0.02 * Math.abs(value));
  });
});

describe('heavy links', () => {
  it('move the prior by what it moves, however much they weigh', async () => {
    // Where all teleports φ is the prior and a gradient is all of v, so no order is left out.
    const graph = smallGraph(10);
    const n = graph.particles;
    const random = randomStream(10, 24);
    const linear = Float64Array.from({ length: n }, () => random.double() - 0.5);
    const shared = { teleport: 1, lambda: [1, 0, 0] } as const;
    const result = await focus(graph, { ...shared, tolerance: 1e-13 }, backend);
    const adjoint = await adjointOf(graph, result, linear, { tolerance: 1e-12 }, backend);
    const model = { ...FOCUS_1, ...shared };
    for (const weight of [1, 1e3, 1e9]) {
      const one: Rows = [[1, 2, weight]];
      const error = errorOf(adjoint, graph, one, 1, model, [...linear]);
      expect(Math.abs(error)).toBeLessThan(1e-11);
      const { values } = adjoint.marginals(columnsOf(one, 1));
      expect(values[0]).toBeCloseTo(adjoint.transaction(columnsOf(one, 1)).value, 12);
      const two: Rows = [...one, [3, 4, 2 * weight]];
      expect(Math.abs(errorOf(adjoint, graph, two, 1, model, [...linear]))).toBeLessThan(1e-11);
    }
  });

  it('taken away with thousands of light ones leave no out-link, and are no fault', async () => {
    // Added up one after the other, these lose 12,000 halves of a last bit, or gain as many.
    for (const light of [1.2e-16, 1.05e-16]) {
      const targets = Array.from({ length: 12_000 }, (_, k) => `t${k}`);
      const own = targets.map((to, k) => ['p', to, k === 0 ? 1 : light] as const);
      const graph = graphOf([...own, ...targets.map((to) => ['q', to, 1] as const), ['q', 'p', 1]]);
      const { offsets, columns, weights } = graph.axons;
      const p = graph.ids.indexOf('p');
      const [start, end] = [offsets[p], offsets[p + 1]];
      const result = await focus(graph, { lambda: [1, 0, 0], prior: 'uniform' }, backend);
      const linear = Float64Array.from({ length: graph.particles }, (_, i) => i % 7);
      const adjoint = await adjointOf(graph, result, linear, { tolerance: 1e-6 }, backend);
      const { value, lastOutLinks } = adjoint.transaction({
        from: new Int32Array(end - start).fill(p),
        to: columns.slice(start, end),
        weight: weights.slice(start, end).map((w) => -w),
      });
      expect(lastOutLinks).toEqual([p]);
      expect(Math.abs(value)).toBeLessThan(7);
    }
  });
});

describe('jumps', () => {
  it('the first out-link has no derivative, and a marginal to first order in diffusion', async () => {
    const graph = smallGraph(6);
    const p = graph.axons.columns.find((q) => isDangling(graph, q))!;
    const rows: Rows = [[p, (p + 2) % graph.particles, 1e-7]];
    const errors: number[] = [];
    for (const teleport of [0.96, 0.98]) {
      const model = { ...FOCUS_1, teleport };
      const result = await focus(graph, { teleport, tolerance: 1e-13 }, backend);
      const adjoint = await adjointOf(graph, result, 'syntropy', { tolerance: 1e-12 }, backend);
      expect(adjoint.sensitivity(p, rows[0][1])).toBeNull();
      const { values, jumps } = adjoint.marginals(columnsOf(rows, 1));
      expect(jumps[0]).toBe(1);
      expect(adjoint.transaction(columnsOf(rows, 1)).firstOutLinks).toEqual([p]);
      // The weight is next to nothing, the change is not.
      expect(Math.abs(values[0])).toBeGreaterThan(1e-5);
      const error = errorOf(adjoint, graph, rows, 1, model, 'syntropy');
      errors.push(Math.abs(error / values[0]));
    }
    expect(errors[0]).toBeLessThan(0.1);
    // Half the share of diffusion, half the relative error.
    expect(errors[0] / errors[1]).toBeGreaterThan(1.7);
    expect(errors[0] / errors[1]).toBeLessThan(2.3);
  });

  it('the last out-link taken away is first-order in diffusion too', async () => {
    const graph = smallGraph(6);
    const { offsets, columns, weights } = graph.axons;
    const p = columns.findIndex((_, i) => offsets[i + 1] - offsets[i] === 1);
    const rows: Rows = [[p, columns[offsets[p]], -weights[offsets[p]]]];
    const random = randomStream(6, 23);
    const linear = Float64Array.from({ length: graph.particles }, () => random.double() - 0.5);
    const errors: number[] = [];
    for (const teleport of [0.96, 0.98]) {
      const shared = { teleport, lambda: [1, 0, 0], prior: 'uniform' } as const;
      const result = await focus(graph, { ...shared, tolerance: 1e-13 }, backend);
      const adjoint = await adjointOf(graph, result, linear, { tolerance: 1e-12 }, backend);
      const { value, lastOutLinks } = adjoint.transaction(columnsOf(rows, 1));
      expect(lastOutLinks).toEqual([p]);
      expect(Math.abs(value)).toBeGreaterThan(1e-5);
      const error = errorOf(adjoint, graph, rows, 1, { ...FOCUS_1, ...shared }, [...linear]);
      errors.push(Math.abs(error / value));
    }
    expect(errors[0]).toBeLessThan(0.1);
    // Half the share of diffusion, half the relative error.
    expect(errors[0] / errors[1]).toBeGreaterThan(1.7);
    expect(errors[0] / errors[1]).toBeLessThan(2.3);
  });

  it('without diffusion of its own a dangling particle is like any other', async () => {
    const graph = smallGraph(6);
    const p = graph.axons.columns.find((q) => isDangling(graph, q))!;
    const result = await focus(graph, { teleport: 1 }, backend);
    const adjoint = await adjointOf(graph, result, 'syntropy', {}, backend);
    expect(adjoint.sensitivity(p, (p + 2) % graph.particles)).not.toBeNull();
  });

  it('a uniform prior jumps with every new particle, and that is first-order in 1/n', async () => {
    const relative: number[] = [];
    for (const particles of [20, 80]) {
      const links = randomLinks(9, particles, 4 * particles);
      const graph = graphOf(links.map(([from, to]) => [from, to, 1]));
      const model: DenseModel = { ...FOCUS_1, prior: 'uniform' };
      const result = await focus(graph, { prior: 'uniform', tolerance: 1e-12 }, backend);
      const adjoint = await adjointOf(graph, result, 'syntropy', {}, backend);
      const p = graph.axons.columns.findIndex((_, i) => !isDangling(graph, i));
      const rows: Rows = [[p, graph.particles, 1e-6]];
      const { value, priorJumps } = adjoint.transaction(columnsOf(rows, 1));
      expect(priorJumps).toBe(true);
      const error = errorOf(adjoint, graph, rows, 1, model, 'syntropy');
      relative.push(Math.abs(error / value));
    }
    expect(relative[0]).toBeLessThan(0.05);
    expect(relative[1]).toBeLessThan(relative[0] / 3);
  });
});

describe('what is refused', () => {
  it('names the fault', async () => {
    const graph = smallGraph(7);
    const n = graph.particles;
    const result = await focus(graph, {}, backend);
    const adjoint = await adjointOf(graph, result, 'syntropy', {}, backend);
    const link = (from: number, to: number, weight: number): LinkColumns => ({
      from: [from],
      to: [to],
      weight: [weight],
    });
    expect(() => adjoint.sensitivity(0, n)).toThrow(/expected a particle in/);
    expect(() => adjoint.marginals(link(0, n, 1))).toThrow(/links\[0\]: expected particles/);
    expect(() => adjoint.marginals(link(0.5, 1, 1))).toThrow(/links\[0\]: expected particles/);
    expect(() => adjoint.marginals(link(0, 1, 0))).toThrow(/expected a finite weight > 0/);
    expect(() => adjoint.transaction(link(0, -1, 1))).toThrow(/expected particles/);
    expect(() => adjoint.transaction(link(0, n, -1))).toThrow(/expected a finite weight > 0/);
    expect(() => adjoint.transaction(link(0, 1, -1e9))).toThrow(/expected some weight left/);
    expect(() => adjoint.marginals({ from: [0], to: [1, 2], weight: [1] })).toThrow(/equal length/);
    expect(adjoint.sensitivity(1, 1)).toBe(0);
    expect(adjoint.marginals(link(1, 1, 4)).values[0]).toBe(0);
    const wrong = new Float64Array(n - 1);
    await expect(adjointOf(graph, result, wrong, {}, backend)).rejects.toThrow(/gradient/);
    const reference = await focus(graph, { reading: 'reference-2026-07' }, backend);
    await expect(adjointOf(graph, reference, 'syntropy', {}, backend)).rejects.toMatchObject({
      code: 'bad-parameter',
    });
  });

  it('entropies of a focus with zeros, whose derivative is infinite', async () => {
    const graph = graphOf([
      ['a', 'b', 1],
      ['b', 'a', 1],
      ['c', 'd', 1],
      ['d', 'c', 1],
    ]);
    const prior = Float64Array.of(1, 1, 0, 0);
    const result = await focus(graph, { prior }, backend);
    await expect(adjointOf(graph, result, 'entropy', {}, backend)).rejects.toThrow(
      /positive focus/,
    );
  });
});
