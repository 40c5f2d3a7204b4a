// delta-norm: how far a change moved focus.
//   Σ_j |φ*_j(t+1) − φ*_j(t)| over the union of particles, absent = 0
// Simple and easy to verify, but gameable by oscillation: adding a link and removing it pays twice.

import { known, needed, partsOf, type RewardFunction } from './reward-function.js';

export const deltaNorm: RewardFunction<'delta-norm', undefined> = {
  name: 'delta-norm',
  definition: 'how far focus moved: Σ_j |φ*_j(t+1) − φ*_j(t)| over the union of particles',
  hasExactForm: true,
  needs: () => ['shift'],
  evaluate: (inputs) => {
    const { norm } = needed('delta-norm', inputs, 'shift');
    return known(norm, { parts: partsOf(inputs) });
  },
};
