// syntropy: how much sharper a change made focus.
//   H(φ*_t) − H(φ*_{t+1}), the entropy part of ΔJ = entropy part + discovery part
// The discovery part ln(n after / n before) comes from new particles, whatever they are worth, so it
// is reported beside the reward and never in it. Sums to zero over a change and its reversal.

import { known, needed, partsOf, type RewardFunction } from './reward-function.js';

export const syntropy: RewardFunction<'syntropy', undefined> = {
  name: 'syntropy',
  definition: 'how much sharper focus became: H(φ*_t) − H(φ*_{t+1}), the entropy part of ΔJ',
  hasExactForm: true,
  needs: () => ['shift'],
  evaluate: (inputs, _, arithmetic) => {
    const { entropyPart, discoveryPart } = needed('syntropy', inputs, 'shift');
    return known(entropyPart, {
      parts: partsOf(inputs),
      terms: { deltaJ: arithmetic.plus(entropyPart, discoveryPart) },
    });
  },
};
