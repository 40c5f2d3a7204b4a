// The suite that every backend passes: each verb of backend.ts against the loops of naive.ts, on
// graphs that have broken sparse kernels before: hubs, empty rows, a single arc, no arc, weights of
// one value and weights of 25 decades.

import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { amendCases, amendMisuseCases } from './amend-cases.js';
import { Bench, type Test } from './bench.js';
import { productCases } from './product-cases.js';
import { stakesCases } from './stakes-cases.js';
import { reductionCases, sequenceCases } from './reduction-cases.js';
import { combineCases, misuseCases, storageCases } from './vector-cases.js';

/** Case titles that a backend does not run, each with the reason. */
export type Exclusions = Readonly<Record<string, string>>;

/**
 * Runs the suite.
 * @param tolerance largest error allowed, relative to the sum of absolute values that made up a
 * number.
 */
export function workspaceCases(
  name: string,
  open: () => Promise<Backend>,
  tolerance: number,
  exclusions: Exclusions = {},
): void {
  describe(`a workspace of ${name}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.destroy());

    const test: Test = (title, body) => {
      const reason = exclusions[title];
      if (reason !== undefined) it.skip(`${title} (excluded: ${reason})`);
      else it(title, () => body(new Bench(backend, tolerance)));
    };
    storageCases(test);
    misuseCases(test);
    productCases(test);
    stakesCases(test);
    combineCases(test);
    amendCases(test);
    amendMisuseCases(test);
    reductionCases(test);
    sequenceCases(test);
  });
}
