// The table of estimators. To add one: write its file, add one line here. The default is the one with
// the least squared error at equal numbers of evaluations on this engine's own games: docs/shapley.md.

import { check } from '../../base/errors.js';
import { antithetic } from './antithetic.js';
import { balanced } from './balanced.js';
import type { Estimator } from './estimator.js';
import { kernel } from './kernel.js';
import { leverage } from './leverage.js';
import { permutation } from './permutation.js';
import { spherical } from './spherical.js';

/** All estimators. */
export const ESTIMATORS = [permutation, antithetic, balanced, spherical, kernel, leverage] as const;

/** The name of an estimator. */
export type EstimatorName = (typeof ESTIMATORS)[number]['name'];

/** The estimator for those who do not choose one; measured by `bench/main.mjs estimators`. */
export const DEFAULT_ESTIMATOR: EstimatorName = 'spherical';

/** Replicates that a budget should hold at least, so that a standard error exists. */
const LEAST_REPLICATES = 5;
/** Pairs in a replicate where no budget says how many fit. */
const USUAL_GROUP = 16;

/** The estimator of a name. Throws `bad-parameter` for a name that none has. */
export function estimatorOf(name: string): Estimator {
  const found = ESTIMATORS.find((each) => each.name === name);
  check(
    found !== undefined,
    'bad-parameter',
    () => `estimator: expected one of ${ESTIMATORS.map((e) => e.name).join(', ')}, found "${name}"`,
  );
  return found;
}

/**
 * The group of a replicate: the largest of which five replicates fit a budget of evaluations, or
 * what is usual where there is no such budget (null). O(1).
 */
export function groupFor(
  estimator: Estimator,
  players: number,
  evaluations: number | null,
): number {
  const { least, most } = estimator.groupRange(players);
  if (estimator.name === 'permutation') return 1;
  const member = Math.max(1, estimator.memberEvaluations(players));
  const fits =
    evaluations === null ? USUAL_GROUP : Math.floor(evaluations / (LEAST_REPLICATES * member));
  return Math.min(most, Math.max(least, fits));
}
