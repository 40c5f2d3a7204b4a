// antithetic: pairs of an ordering and its reverse. A player's marginals before and after the others
// are averaged, so games of pairwise interactions are exact from one pair; unbiased.

import { shuffled } from '../orderings.js';
import { planOrderings, withReverses } from './complete.js';
import { groupWithin, type Estimator } from './estimator.js';

export const antithetic: Estimator<'antithetic'> = {
  name: 'antithetic',
  definition: 'pairs of an ordering and its reverse',
  isUnbiased: true,
  memberEvaluations: (players) => 2 * (players - 1),
  groupRange: () => ({ least: 1, most: 1024 }),
  plan: (players, asked) => {
    const group = groupWithin(antithetic, players, asked);
    const everyone = Array.from({ length: players }, (_, i) => i);
    return planOrderings(players, group, 2 * group, (stream) =>
      withReverses(Array.from({ length: group }, () => shuffled(everyone, stream))),
    );
  },
};
