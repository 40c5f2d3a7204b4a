// leverage: Leverage SHAP (Musco and Witter 2025). Coalitions are drawn by their leverage in the
// regression, which is 1/C(n, k): sizes alike, and a coalition of size k weighs 1/(k(n − k)) in the
// fit. Paired; with replacement. Biased; for comparison.

import { groupWithin, type Estimator } from './estimator.js';
import { planRegression } from './regression.js';

export const leverage: Estimator<'leverage'> = {
  name: 'leverage',
  definition: 'Leverage SHAP: regression on paired coalitions drawn by leverage; biased',
  isUnbiased: false,
  memberEvaluations: () => 2,
  groupRange: (players) => ({ least: players, most: 1 << 20 }),
  plan: (players, asked) =>
    planRegression(players, groupWithin(leverage, players, asked), {
      chance: () => 1,
      weight: (size, n) => 1 / (size * (n - size)),
    }),
};
