// The certificate against the truth: on hundreds of random graphs the proven bound is never below
// the true L1 error, measured against a dense direct solve. A bound that forgot truncation,
// rounding or the contraction would fail here.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { focus, type SolverOptions } from '../../src/focus/focus.js';
import { randomStream } from '../../src/base/random.js';
import { denseFocus, DENSE_DEFAULTS, type DenseParameters } from '../dense.js';
import { distance, graphOf, randomLinks } from '../graphs.js';

/** What the dense solve itself may be off by: its condition is 1/(1 − κ) ≤ 200 here. */
const DENSE_ERROR = 2e-12;

function drawParameters(seed: number): DenseParameters {
  const random = randomStream(seed, 1);
  const part = () => 0.05 + random.double();
  const [d, s, h] = [part(), part(), part()];
  return {
    laplacian: 'random-walk',
    unit: 1,
    teleport: 0.05 + 0.9 * random.double(),
    mu: 0.2 + 3 * random.double(),
    tau: 3 * random.double(),
    lambda: [d / (d + s + h), s / (d + s + h), 1 - d / (d + s + h) - s / (d + s + h)],
  };
}

async function gap(
  seed: number,
  parameters: DenseParameters,
  options: SolverOptions,
  precision: 'f64' | 'f32',
) {
  const random = randomStream(seed, 2);
  const particles = 2 + random.below(28);
  const graph = graphOf(randomLinks(seed, particles, 1 + random.below(4 * particles)));
  const truth = denseFocus(graph, parameters);
  const result = await focus(
    graph,
    {
      teleport: parameters.teleport,
      mu: parameters.mu,
      tau: parameters.tau,
      lambda: parameters.lambda,
      ...options,
    },
    openCpu({ precision, threads: 1 }),
  );
  return { result, error: distance(result.phi.data, truth) };
}

describe('the certificate', () => {
  it('is never smaller than the true error, for 300 random graphs and parameters and any tolerance', async () => {
    for (let seed = 0; seed < 300; seed++) {
      const tolerance = 10 ** -(1 + (seed % 11));
      const { result, error } = await gap(seed, drawParameters(seed), { tolerance }, 'f64');
      expect(result.converged, `seed ${seed}`).toBe(true);
      expect(result.errorBound, `seed ${seed}`).toBeLessThanOrEqual(tolerance);
      expect(error, `seed ${seed}`).toBeLessThanOrEqual(result.errorBound! + DENSE_ERROR);
    }
  });

  it('holds after any exact number of plain iterations, in f64 and in f32', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const precision = seed % 2 === 0 ? 'f64' : 'f32';
      const { result, error } = await gap(
        seed,
        DENSE_DEFAULTS,
        { iterations: seed % 23 },
        precision,
      );
      expect(result.iterations).toBe(seed % 23);
      expect(error, `seed ${seed}`).toBeLessThanOrEqual(result.errorBound! + DENSE_ERROR);
    }
  });

  it('holds for the combinatorial Laplacian, whose spectrum depends on the stakes', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const parameters: DenseParameters = {
        ...DENSE_DEFAULTS,
        laplacian: 'combinatorial',
        unit: 5e5,
      };
      const options = { reading: 'focus-1-combinatorial', unit: 5e5, tolerance: 1e-8 } as const;
      const { result, error } = await gap(seed, parameters, options, 'f64');
      expect(result.converged, `seed ${seed}`).toBe(true);
      expect(error, `seed ${seed}`).toBeLessThanOrEqual(result.errorBound! + 1e-9);
    }
  });

  it('is not met with too few iterations, and says so without throwing', async () => {
    const { result } = await gap(7, DENSE_DEFAULTS, { mostIterations: 1, tolerance: 1e-12 }, 'f64');
    expect(result.converged).toBe(false);
    expect(result.errorBound).toBeGreaterThan(1e-12);
  });
});
