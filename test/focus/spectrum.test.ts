// Spectral quantities against goldens (independent, dense) and against graphs whose spectrum is
// known in closed form.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { adjacencyOf } from '../../src/focus/adjacency.js';
import { openOperator } from '../../src/focus/operator.js';
import { resolveParameters } from '../../src/focus/parameters.js';
import {
  fiedlerValue,
  secondEigenvalueOfDiffusion,
  secondEigenvalueOfFocus,
} from '../../src/focus/spectrum.js';
import { graphOf, randomLinks, type LinkTuple } from '../graphs.js';

const goldens = JSON.parse(
  readFileSync(new URL('../golden/focus-1.json', import.meta.url), 'utf8'),
) as {
  fixed_points: Record<string, { links: LinkTuple[] }>;
  spectral: Record<string, { lambda2_R: number; lambda2_D: number; fiedler_normalized: number }>;
};

async function spectrumOf(links: readonly LinkTuple[]) {
  const graph = graphOf(links);
  const parameters = resolveParameters({}, graph);
  const workspace = await openCpu({ threads: 1 }).open(graph.axons, 'both');
  const operator = openOperator(workspace, adjacencyOf(graph.axons), parameters, 1);
  return {
    focus: await secondEigenvalueOfFocus(operator),
    diffusion: await secondEigenvalueOfDiffusion(operator, 0.5),
    fiedler: await fiedlerValue(operator, 2),
  };
}

describe('the spectrum', () => {
  for (const [name, golden] of Object.entries(goldens.spectral)) {
    it(`of ${name} agrees with the golden to 1e-9`, async () => {
      const { focus, diffusion, fiedler } = await spectrumOf(goldens.fixed_points[name].links);
      expect(Math.abs(focus.value - golden.lambda2_R)).toBeLessThan(1e-9);
      expect(Math.abs(diffusion.value - golden.lambda2_D)).toBeLessThan(1e-9);
      expect(Math.abs(fiedler.value - golden.fiedler_normalized)).toBeLessThan(1e-9);
    });
  }

  it('of a cycle has the Fiedler value 1 − cos(2π/n)', async () => {
    for (const n of [5, 12, 100]) {
      const links = Array.from({ length: n }, (_, i): LinkTuple => [`${i}`, `${(i + 1) % n}`, 1]);
      const { fiedler } = await spectrumOf(links);
      expect(Math.abs(fiedler.value - (1 - Math.cos((2 * Math.PI) / n)))).toBeLessThan(1e-9);
    }
  });

  it('of a graph of two components has the Fiedler value 0, and |λ₂| of R at most κ', async () => {
    const apart = await spectrumOf([
      ['a', 'b', 1],
      ['b', 'c', 2],
      ['x', 'y', 3],
    ]);
    expect(apart.fiedler.value).toBeLessThan(1e-12);
    for (let seed = 0; seed < 10; seed++) {
      const { focus } = await spectrumOf(randomLinks(seed, 60, 150));
      expect(focus.value).toBeLessThanOrEqual(0.925 + 1e-9);
    }
  });
});
