// The adjoint's certificate against the truth: the proven bound is never below the true error in the
// maximum norm, whatever the tolerance, the precision and the accuracy of the φ it started from; and
// each term covers what it stands for. A bound in the wrong norm, or without rounding, fails here.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../../src/backend/cpu/cpu.js';
import type { Precision } from '../../../src/backend/backend.js';
import { randomStream } from '../../../src/base/random.js';
import { adjacencyOf } from '../../../src/focus/adjacency.js';
import { adjointOf } from '../../../src/focus/adjoint/adjoint.js';
import { halfRange, measureAdjoint, sizeOf } from '../../../src/focus/adjoint/certificate.js';
import { openTransposed } from '../../../src/focus/adjoint/transposed.js';
import { focus } from '../../../src/focus/focus.js';
import { openOperator } from '../../../src/focus/operator.js';
import { resolveParameters, type FocusOptions } from '../../../src/focus/parameters.js';
import type { Graph } from '../../../src/graph/graph.js';
import { graphOf, randomLinks } from '../../graphs.js';
import { adjointOfDense, FOCUS_1, weightsOf, type DenseModel } from './dense-value.js';

const READINGS: readonly [FocusOptions, DenseModel][] = [
  [{}, FOCUS_1],
  [{ reading: 'pagerank' }, { ...FOCUS_1, lambda: [1, 0, 0] }],
  [
    { reading: 'focus-1-combinatorial', unit: 1e6 },
    { ...FOCUS_1, unit: 1e6 },
  ],
  [
    { mu: 0.1, tau: 4, prior: 'uniform' },
    { ...FOCUS_1, mu: 0.1, tau: 4, prior: 'uniform' },
  ],
];

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function drawn(seed: number): { readonly graph: Graph; readonly gradient: Float64Array } {
  const random = randomStream(seed, 31);
  const particles = 2 + random.below(35);
  const graph = graphOf(randomLinks(seed, particles, 1 + random.below(4 * particles)));
  const gradient = Float64Array.from({ length: graph.particles }, () => random.double() ** 6);
  return { graph, gradient };
}

describe('the bound of the adjoint', () => {
  it('is never smaller than the true error, for any tolerance, precision and φ', async () => {
    for (let seed = 0; seed < 120; seed++) {
      const { graph, gradient } = drawn(seed);
      const [options, model] = READINGS[seed % READINGS.length];
      const precision = seed % 5 === 4 ? 'f32' : 'f64';
      const backend = openCpu({ precision, threads: 1 });
      // The φ only weights the norm: however rough it is, λ has the same truth.
      const result = await focus(graph, { ...options, tolerance: seed % 2 === 0 ? 0.5 : 1e-5 });
      const tolerance = 10 ** -(1 + (seed % 8));
      const adjoint = await adjointOf(graph, result, gradient, { tolerance }, backend);
      const truth = adjointOfDense(weightsOf(graph), model, [...gradient]);
      const error = largest(truth.map((value, i) => value - adjoint.lambda[i]));
      expect(error, `seed ${seed}`).toBeLessThanOrEqual(adjoint.errorBound + 1e-12);
      if (precision === 'f64') expect(adjoint.converged, `seed ${seed}`).toBe(true);
      if (adjoint.converged) expect(adjoint.errorBound).toBeLessThanOrEqual(tolerance);
    }
  });

  it('holds where the solver is stopped early, and says that it did not converge', async () => {
    const { graph, gradient } = drawn(7);
    const truth = adjointOfDense(weightsOf(graph), FOCUS_1, [...gradient]);
    const result = await focus(graph);
    for (const mostIterations of [1, 2, 3, 5, 8, 13]) {
      const adjoint = await adjointOf(graph, result, gradient, {
        mostIterations,
        tolerance: 1e-10,
      });
      const error = largest(truth.map((value, i) => value - adjoint.lambda[i]));
      expect(error).toBeLessThanOrEqual(adjoint.errorBound);
      expect(adjoint.converged).toBe(false);
      expect(adjoint.iterations).toBeLessThanOrEqual(mostIterations);
    }
  });

  it('of a sensitivity covers what rough λ and φ do to it', async () => {
    const backend = openCpu({ threads: 1 });
    for (let seed = 0; seed < 20; seed++) {
      const { graph, gradient } = drawn(seed);
      const [options] = READINGS[seed % READINGS.length];
      const fine = await focus(graph, { ...options, tolerance: 1e-11 }, backend);
      const exact = await adjointOf(graph, fine, gradient, { tolerance: 1e-10 }, backend);
      for (const tolerance of [1e-2, 1e-4]) {
        const rough = await focus(graph, { ...options, tolerance }, backend);
        const adjoint = await adjointOf(graph, rough, gradient, { tolerance }, backend);
        const { rows, offsets, columns, weights } = graph.axons;
        for (let p = 0; p < rows; p++) {
          for (let k = offsets[p]; k < offsets[p + 1]; k++) {
            const [found, truth] = [adjoint, exact].map((of) => of.sensitivity(p, columns[k])!);
            const error = Math.abs(found - truth) * weights[k];
            const allowed = adjoint.sensitivityError(p, columns[k])! * weights[k];
            expect(error, `seed ${seed}`).toBeLessThanOrEqual(1.05 * allowed + 1e-9);
          }
        }
      }
    }
  });
});

/** f of a random x in one precision, with what is proven of it. */
async function defectAt(graph: Graph, options: FocusOptions, precision: Precision, degree: number) {
  const parameters = resolveParameters(options, graph);
  const workspace = await openCpu({ precision, threads: 1 }).open(graph.axons, 'both');
  const adjacency = adjacencyOf(graph.axons);
  const operator = openOperator(workspace, adjacency, parameters, 1);
  const n = graph.particles;
  const phi = new Float64Array(n).fill(1 / n);
  const transposed = openTransposed(operator, adjacency, parameters, phi);
  const random = randomStream(n, 32);
  const x = Float64Array.from({ length: n }, () => Math.fround(random.double() ** 8 - 0.2));
  const [at, source, f] = [0, 1, 2].map(() => workspace.vector(1));
  workspace.write(at, x);
  transposed.contract(f, at, degree, source);
  workspace.combine(f, [
    { coefficient: 1, vector: f },
    { coefficient: -1, vector: at },
  ]);
  const values = await workspace.read(f);
  const terms = measureAdjoint(operator, degree, sizeOf(operator, x), values, 0, 0.5);
  workspace.destroy();
  return { values, terms };
}

describe('the terms of the bound', () => {
  const difference = (a: Float64Array, b: Float64Array): number =>
    largest(a.map((v, i) => v - b[i]));

  it('truncation covers what a low degree leaves out, in the maximum norm', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = graphOf(randomLinks(seed, 60, 200));
      for (const [options] of READINGS) {
        const exact = await defectAt(graph, options, 'f64', 1 << 20);
        for (const degree of [1, 3, 6]) {
          const { values, terms } = await defectAt(graph, options, 'f64', degree);
          expect(difference(values, exact.values)).toBeLessThanOrEqual(terms.truncation + 1e-12);
        }
      }
    }
  });

  it('rounding covers the difference between f32 and f64, hubs included', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = graphOf(randomLinks(seed, 300, 6000));
      for (const [options] of READINGS) {
        const double = await defectAt(graph, options, 'f64', 6);
        const single = await defectAt(graph, options, 'f32', 6);
        const error = difference(single.values, double.values);
        expect(error).toBeGreaterThan(0);
        expect(error).toBeLessThanOrEqual(single.terms.rounding);
        expect(double.terms.rounding).toBeLessThan(single.terms.rounding / 1e8);
      }
    }
  });

  it('half the range is the maximum norm once the best constant is gone', () => {
    expect(halfRange(Float64Array.of(3, -1, 2))).toBe(2);
    expect(halfRange(Float64Array.of(5))).toBe(0);
  });
});
