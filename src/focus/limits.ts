// How far a solve may go, checked: the tolerance, and the counts of applications.

import { check } from '../base/errors.js';

/** What a caller may ask of any solver. */
export interface LimitOptions {
  readonly tolerance?: number | undefined;
  readonly iterations?: number | undefined;
  readonly mostIterations?: number | undefined;
}

/** Checked limits. */
export interface Limits {
  readonly tolerance: number;
  readonly mostIterations: number;
}

const MOST_ITERATIONS = 10_000;

/** Completes and checks limits. Throws `bad-parameter` for a tolerance outside [least, 2]. */
export function limitsOf(options: LimitOptions, tolerance: number, least: number): Limits {
  const chosen = options.tolerance ?? tolerance;
  check(
    chosen >= least && chosen <= 2,
    'bad-parameter',
    () => `tolerance: expected an L1 error in [${least}, 2], found ${chosen}`,
  );
  const natural = (name: string, value: number, smallest: number): void =>
    check(
      Number.isSafeInteger(value) && value >= smallest,
      'bad-parameter',
      () => `${name}: expected an integer ≥ ${smallest}, found ${value}`,
    );
  natural('iterations', options.iterations ?? 0, 0);
  const mostIterations = options.mostIterations ?? MOST_ITERATIONS;
  natural('mostIterations', mostIterations, 1);
  return { tolerance: chosen, mostIterations };
}
