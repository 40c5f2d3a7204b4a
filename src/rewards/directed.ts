// directed: the entropy part where it is a gain, Δφ⁺.
//   [H(φ*_t) − H(φ*_{t+1})]₊
// The discovery part is kept out: with it, a hundred worthless leaves earn ten times a real link.
// Clipped, so a change that harms earns nothing and its reversal is paid: not proof to oscillation.

import { known, needed, partsOf, type RewardFunction } from './reward-function.js';

export const directed: RewardFunction<'directed', undefined> = {
  name: 'directed',
  definition: 'the gain in sharpness: [H(φ*_t) − H(φ*_{t+1})]₊, the entropy part where positive',
  hasExactForm: true,
  needs: () => ['shift'],
  evaluate: (inputs, _, arithmetic) => {
    const { entropyPart } = needed('directed', inputs, 'shift');
    return known(arithmetic.positive(entropyPart), { parts: partsOf(inputs) });
  },
};
