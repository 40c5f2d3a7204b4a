// permutation: plain Monte Carlo over orderings (Castro, Gómez and Tejada 2009). Each replicate is a
// group of independent uniform orderings; unbiased.

import { shuffled } from '../orderings.js';
import { planOrderings } from './complete.js';
import { groupWithin, type Estimator } from './estimator.js';

export const permutation: Estimator<'permutation'> = {
  name: 'permutation',
  definition: 'independent uniform orderings',
  isUnbiased: true,
  memberEvaluations: (players) => players - 1,
  groupRange: () => ({ least: 1, most: 1024 }),
  plan: (players, asked) => {
    const group = groupWithin(permutation, players, asked);
    const everyone = Array.from({ length: players }, (_, i) => i);
    return planOrderings(players, group, group, (stream) =>
      Array.from({ length: group }, () => shuffled(everyone, stream)),
    );
  },
};
