// What the shared cases work with: the graphs, and a bench that makes vectors with known numbers
// and compares results.

import { expect } from 'vitest';
import type { Backend, Coefficient, Vector, Workspace } from '../../src/backend/backend.js';
import type { Csr } from '../../src/graph/csr.js';
import { naiveReduction, type Block, type Expected, type NaiveTerm } from './naive.js';
import { randomGraph, randomNumbers } from './random-graphs.js';

export const weighted: (random: { double(): number }) => number = (random) => 0.1 + random.double();

/** The graphs that have broken sparse kernels before. */
export const graphs: Readonly<Record<string, () => Csr>> = {
  'one particle': () => randomGraph({ rows: 1, arcs: 0, seed: 1 }),
  'one arc': () => ({
    rows: 2,
    offsets: Uint32Array.of(0, 1, 1),
    columns: Uint32Array.of(1),
    weights: Float64Array.of(2.5),
  }),
  'equal weights': () => randomGraph({ rows: 600, arcs: 9000, seed: 2 }),
  'unequal weights': () => randomGraph({ rows: 600, arcs: 9000, seed: 3, weight: weighted }),
  'empty rows': () =>
    randomGraph({ rows: 500, arcs: 700, seed: 4, weight: weighted, emptyFrom: 300 }),
  'rows of every length': () =>
    randomGraph({ rows: 3000, arcs: 9000, seed: 5, weight: weighted, hubs: true }),
};

/** Declares one case. */
export type Test = (title: string, body: (bench: Bench) => Promise<void>) => void;

/** A vector on the backend beside the numbers it should hold. */
export interface Twin extends Block {
  readonly vector: Vector;
}

/** Opens workspaces, makes vectors with known numbers, and compares. */
export class Bench {
  #seed = 100;

  constructor(
    readonly backend: Backend,
    readonly tolerance: number,
  ) {}

  /** Runs `body` on a workspace of the graph and destroys it. */
  async on(
    axons: Csr,
    body: (workspace: Workspace) => Promise<void>,
    directions: 'in' | 'both' = 'both',
  ) {
    const workspace = await this.backend.open(axons, directions);
    try {
      await body(workspace);
    } finally {
      workspace.destroy();
    }
  }

  /** A vector of random numbers in (−1, 1), or of the given ones. */
  twin(workspace: Workspace, columns: number, values?: Float64Array): Twin {
    const vector = workspace.vector(columns);
    const numbers = values ?? randomNumbers(workspace.rows * columns, this.#seed++);
    workspace.write(vector, numbers);
    return { vector, columns, values: numbers };
  }

  /** Four coefficients, one of each kind: number, per column, scalars, and zero. */
  coefficients(
    workspace: Workspace,
    columns: number,
  ): { readonly given: Coefficient; readonly naive: NaiveTerm['coefficient'] }[] {
    const perColumn = randomNumbers(columns, this.#seed++);
    const summed = this.twin(workspace, columns);
    const [scalars] = workspace.reduce([{ kind: 'absolute', x: summed.vector }]);
    const naive = naiveReduction('absolute', summed, null, null).value;
    return [
      { given: -0.75, naive: -0.75 },
      { given: perColumn, naive: perColumn },
      { given: scalars, naive },
      { given: 0, naive: 0 },
    ];
  }

  async same(
    workspace: Workspace,
    vector: Vector,
    expected: Expected,
    what: string,
  ): Promise<void> {
    this.close(await workspace.read(vector), expected, what);
  }

  close(found: Float64Array, { value, magnitude }: Expected, what: string): void {
    expect(found.length, `${what}: length`).toBe(value.length);
    let worst = 0;
    let at = 0;
    for (let k = 0; k < value.length; k++) {
      const apart = Math.abs(found[k] - value[k]);
      const error = apart === 0 ? 0 : apart / magnitude[k];
      if (!(error <= worst)) [worst, at] = [error, k];
    }
    expect(
      worst,
      `${what}: element ${at} is ${found[at]}, expected ${value[at]}`,
    ).toBeLessThanOrEqual(this.tolerance);
  }
}
