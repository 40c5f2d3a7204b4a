// Components and free energy against dense matrices that share no code with src/focus.

import { describe, expect, it } from 'vitest';
import { detailsOf } from '../../src/focus/details.js';
import { focus } from '../../src/focus/focus.js';
import { DENSE_DEFAULTS, denseOperator } from '../dense.js';
import { distance, graphOf, randomLinks } from '../graphs.js';

const times = (matrix: number[][], x: ArrayLike<number>): number[] =>
  matrix.map((row) => row.reduce((sum, value, j) => sum + value * x[j], 0));

describe('the details of a focus vector', () => {
  it('split R φ into its operators, as dense matrices do', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const graph = graphOf(randomLinks(seed, 25, 70));
      const { phi, parameters } = await focus(graph);
      const details = await detailsOf(graph, parameters, phi.data);
      const alone = (lambda: [number, number, number]) =>
        times(denseOperator(graph, { ...DENSE_DEFAULTS, lambda }), phi.data);
      const [diffusion, springs, heat] = [alone([1, 0, 0]), alone([0, 1, 0]), alone([0, 0, 1])];
      expect(distance(details.diffusion, diffusion)).toBeLessThan(1e-12);
      expect(distance(details.springs, springs)).toBeLessThan(1e-12);
      expect(distance(details.heat, heat)).toBeLessThan(1e-12);
      const n = graph.particles;
      const energy = freeEnergyOf(graph, phi.data, diffusion, heat, n);
      expect(Math.abs(details.freeEnergy - energy)).toBeLessThan(1e-12);
    }
  });

  it('are refused for readings without a resolvent', async () => {
    const graph = graphOf([
      ['a', 'b', 1],
      ['b', 'c', 2],
    ]);
    const { phi, parameters } = await focus(graph, { reading: 'pagerank' });
    await expect(detailsOf(graph, parameters, phi.data)).rejects.toThrow(
      /expected the reading focus-1/,
    );
  });
});

function freeEnergyOf(
  graph: ReturnType<typeof graphOf>,
  phi: ArrayLike<number>,
  diffusion: number[],
  heat: number[],
  n: number,
): number {
  const { offsets, columns, weights } = graph.axons;
  const d = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      d[i] += weights[k];
      d[columns[k]] += weights[k];
    }
  }
  const laplacian = Float64Array.from(phi);
  for (let i = 0; i < n; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const j = columns[k];
      laplacian[i] -= (weights[k] * phi[j]) / d[j];
      laplacian[j] -= (weights[k] * phi[i]) / d[i];
    }
  }
  let energy = 0;
  for (let i = 0; i < n; i++) {
    energy += 0.3 * (0.5 * phi[i] * laplacian[i] + 0.5 * (phi[i] - 1 / n) ** 2);
    energy += 0.2 * 0.5 * (phi[i] - heat[i]) ** 2;
    energy += 0.5 * phi[i] * Math.log(phi[i] / diffusion[i]);
  }
  return energy;
}
