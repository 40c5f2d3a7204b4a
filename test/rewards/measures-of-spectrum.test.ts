// The reward spectral-gap with spectra as the engine computes them.

import { describe, expect, it } from 'vitest';
import { focus } from '../../src/focus/focus.js';
import { spectrumOf } from '../../src/focus/spectrum.js';
import type { WeightedGraph } from '../../src/graph/graph.js';
import { measuresOfSpectrum } from '../../src/rewards/measures-of-spectrum.js';
import { rewardsOf } from '../../src/rewards/rewards-of.js';
import { DENSE_DEFAULTS } from '../dense.js';
import { denseFiedler, denseLambda2 } from '../focus/dense-spectrum.js';
import { graphOf, type LinkTuple } from '../graphs.js';

const chance = { value: 0.5, lower: 0.4, upper: 0.6, failureProbability: 1e-9, proof: '' };

describe('measures of a spectrum', () => {
  it('keep value, ends and the probability of a wrong end, and leave out a probability of 0', () => {
    const certain = { ...chance, failureProbability: 0, certificate: 'enclosure' } as const;
    const found = measuresOfSpectrum({
      lambda2R: { ...chance, certificate: 'probabilistic' },
      lambda2Diffusion: certain,
      fiedler: certain,
    });
    const ends = { value: 0.5, lower: 0.4, upper: 0.6 };
    expect(found.lambda2R).toEqual({ ...ends, failureProbability: 1e-9 });
    expect(found.lambda2Diffusion).toEqual(ends);
    expect(found.fiedler).toEqual(ends);
  });

  it('give spectral-gap between proven ends, of R and of the Laplacian', async () => {
    const links: LinkTuple[] = [
      ['a', 'b', 3],
      ['b', 'c', 2],
      ['c', 'a', 5],
      ['c', 'd', 1],
      ['d', 'e', 4],
      ['e', 'a', 2],
    ];
    const before = graphOf(links);
    const after = graphOf([...links, ['b', 'e', 7]]);
    const { phi, parameters, errorBound } = await focus(before);
    const at = (name: string): number => before.ids.indexOf(name);
    const spectrum = async (graph: WeightedGraph) =>
      measuresOfSpectrum(await spectrumOf(graph, parameters));
    for (const [of, truth] of [
      ['focus', denseLambda2(before, DENSE_DEFAULTS) - denseLambda2(after, DENSE_DEFAULTS)],
      ['fiedler', denseFiedler(after, DENSE_DEFAULTS) - denseFiedler(before, DENSE_DEFAULTS)],
    ] as const) {
      const { changes } = await rewardsOf(
        before,
        { parameters, phi: phi.data, errorBound },
        [{ added: 0, axons: [{ from: at('b'), to: at('e'), before: 0, after: 7 }] }],
        ['spectral-gap'],
        { spectrum, rewards: { 'spectral-gap': { of } } },
      );
      const { lower, upper } = changes[0].rewards['spectral-gap'];
      expect(lower ?? NaN).toBeLessThanOrEqual(truth + 1e-14);
      expect(upper ?? NaN).toBeGreaterThanOrEqual(truth - 1e-14);
      expect((upper ?? NaN) - (lower ?? NaN)).toBeLessThan(1e-9);
    }
  });
});
