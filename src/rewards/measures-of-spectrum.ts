// The spectrum of a graph as the reward spectral-gap takes it: intervals that carry the probability
// with which a proof by random vectors may be wrong. So a caller passes
//   spectrum: async (graph) => measuresOfSpectrum(await spectrumOf(graph, parameters))

import type { Eigenvalue, Spectrum } from '../focus/spectrum.js';
import type { Interval } from './interval.js';
import type { SpectrumMeasures } from './reward-function.js';

/** The intervals of a spectrum. O(1). */
export function measuresOfSpectrum({
  lambda2R,
  lambda2Diffusion,
  fiedler,
}: Pick<Spectrum, 'lambda2R' | 'lambda2Diffusion' | 'fiedler'>): SpectrumMeasures<Interval> {
  return {
    lambda2R: intervalOf(lambda2R),
    lambda2Diffusion: intervalOf(lambda2Diffusion),
    fiedler: intervalOf(fiedler),
  };
}

function intervalOf({ value, lower, upper, failureProbability }: Eigenvalue): Interval {
  const ends = { value, lower, upper };
  return failureProbability > 0 ? { ...ends, failureProbability } : ends;
}
