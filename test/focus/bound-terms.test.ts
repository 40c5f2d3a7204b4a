// The terms of the certificate one by one: each must cover the error it stands for, so a bound that
// forgot truncation or rounding, or the spread that truncation is multiplied by, fails here.

import { describe, expect, it } from 'vitest';
import type { Precision } from '../../src/backend/backend.js';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { adjacencyOf } from '../../src/focus/adjacency.js';
import { measure } from '../../src/focus/certificate.js';
import { expand } from '../../src/focus/chebyshev.js';
import { openOperator } from '../../src/focus/operator.js';
import { resolveParameters, type FocusOptions } from '../../src/focus/parameters.js';
import type { Graph } from '../../src/graph/graph.js';
import { distance, graphOf, randomLinks } from '../graphs.js';

/** A random, spiky φ, not the solution, and R_K φ − φ with the terms measured there. */
async function defectAt(graph: Graph, options: FocusOptions, precision: Precision, degree: number) {
  const parameters = resolveParameters(options, graph);
  const workspace = await openCpu({ precision, threads: 1 }).open(graph.axons, 'both');
  const operator = openOperator(workspace, adjacencyOf(graph.axons), parameters, 1);
  const random = randomStream(graph.particles, 3);
  const weights = Float64Array.from({ length: graph.particles }, () => random.double() ** 24);
  const sum = weights.reduce((x, y) => x + y, 0);
  const z = workspace.vector(1);
  // Rounded to single first, so that both precisions start from the same point.
  const start = weights.map((w, i) => Math.fround(w / sum / operator.hostMeasure[i]));
  workspace.write(z, start);
  const f = workspace.vector(1);
  operator.apply(f, z, degree);
  workspace.combine(f, [
    { coefficient: 1, vector: f },
    { coefficient: -1, vector: z },
  ]);
  const terms = await measure(operator, degree, z, f, parameters.lambda[0]);
  const values = (await workspace.read(f)).map((value, i) => value * operator.hostMeasure[i]);
  const full = operator.expansion.degree;
  workspace.destroy();
  return { values, terms, full };
}

const readings: FocusOptions[] = [
  { reading: 'focus-1' },
  { reading: 'focus-1', mu: 0.1, tau: 4 },
  { reading: 'focus-1-combinatorial', unit: 1e5 },
];

describe('the terms of the bound', () => {
  it('truncation of the expansion covers |g − p| on the whole spectrum, and p(0) = g(0)', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = randomStream(seed, 5);
      const [springs, heat] = [random.double(), random.double()];
      const [mu, tau] = [0.05 + 3 * random.double(), 4 * random.double()];
      const spectrum = 2 + 50 * random.double();
      const expansion = expand({ springs, mu, heat, tau, spectrum });
      const g = (x: number): number => (springs * mu) / (x + mu) + heat * Math.exp(-tau * x);
      for (const degree of [0, 1, 2, 3, 5, 9, 17]) {
        const c = expansion.coefficients(degree);
        let worst = 0;
        for (let k = 0; k <= 400; k++) {
          const angle = (Math.PI * k) / 400;
          const x = (spectrum / 2) * (1 + Math.cos(angle));
          const p = c.reduce((sum, value, j) => sum + value * Math.cos(j * angle), 0);
          worst = Math.max(worst, Math.abs(g(x) - p));
        }
        expect(worst).toBeLessThanOrEqual(expansion.truncation(degree) + 1e-13);
        const atZero = c.reduce((sum, value, j) => sum + (j % 2 === 0 ? value : -value), 0);
        expect(Math.abs(atZero - springs - heat)).toBeLessThan(1e-12);
      }
    }
  });

  it('truncation covers what a low degree leaves out of Rφ, in L1, on random graphs', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = graphOf(randomLinks(seed, 60, 200));
      for (const options of readings) {
        const exact = await defectAt(graph, options, 'f64', 1 << 20);
        for (const degree of [1, 3, 6]) {
          const { values, terms } = await defectAt(graph, options, 'f64', degree);
          const missing = distance(values, exact.values);
          expect(missing).toBeLessThanOrEqual(terms.truncation[0] + 1e-12);
        }
      }
    }
  });

  it('rounding covers the difference between f32 and f64, hubs included', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = graphOf(randomLinks(seed, 300, 6000));
      for (const options of readings) {
        const degree = 6;
        const double = await defectAt(graph, options, 'f64', degree);
        const single = await defectAt(graph, options, 'f32', degree);
        const error = distance(single.values, double.values);
        expect(error).toBeGreaterThan(0);
        expect(error).toBeLessThanOrEqual(single.terms.rounding[0]);
        expect(double.terms.rounding[0]).toBeLessThan(single.terms.rounding[0] / 1e8);
      }
    }
  });
});
