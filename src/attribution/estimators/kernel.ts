// kernel: KernelSHAP with paired coalitions (Lundberg and Lee 2017; Covert and Lee 2021). Coalitions
// are drawn by the Shapley kernel, sizes by 1/(k(n − k)), and weigh alike. Biased; for comparison.

import { groupWithin, type Estimator } from './estimator.js';
import { planRegression } from './regression.js';

export const kernel: Estimator<'kernel'> = {
  name: 'kernel',
  definition: 'KernelSHAP: regression on paired coalitions drawn by the Shapley kernel; biased',
  isUnbiased: false,
  memberEvaluations: () => 2,
  groupRange: (players) => ({ least: players, most: 1 << 20 }),
  plan: (players, asked) =>
    planRegression(players, groupWithin(kernel, players, asked), {
      chance: (size, n) => 1 / (size * (n - size)),
      weight: () => 1,
    }),
};
