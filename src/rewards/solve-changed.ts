// The shift of a change by solving the changed graph as a whole, for readings and priors that the
// local way does not know. Rows are those of the change: the particles before, then the new ones.

import type { Backend } from '../backend/backend.js';
import { check } from '../base/errors.js';
import { focus } from '../focus/focus.js';
import { changedAxons } from '../focus/local/whole.js';
import type { BaseFocus } from '../focus/shifts.js';
import type { AxonChanges } from '../graph/change.js';
import type { WeightedGraph } from '../graph/graph.js';
import type { Interval } from './interval.js';
import { measuresOfRows } from './measures.js';
import type { ShiftMeasures } from './reward-function.js';

/** A changed graph, solved. */
export interface SolvedChange {
  readonly measures: ShiftMeasures<Interval>;
  /** φ after, by row. */
  readonly after: Float64Array;
  readonly errorBound: number | null;
  readonly converged: boolean;
  readonly leftOut: number;
}

/** How to solve changed graphs. */
export interface SolveOptions {
  readonly tolerance?: number | undefined;
  /** The prior of a changed graph, where that before has one weight per particle. */
  readonly priorAfter?: PriorAfter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the prior of a changed graph; `kept` has the number of each of its particles before the change,
 * from n on in the order of the change's names.
 */
export type PriorAfter = (
  after: WeightedGraph,
  kept: ArrayLike<number>,
  names: readonly string[],
) => Float64Array;

/**
 * Solves the graph after a change, from the focus before. Costs a warm solve. Throws `bad-parameter`
 * for reference-2026-07, whose weights depend on all links, and for a prior of one weight per
 * particle, which says nothing of new particles, where `priorAfter` does not either.
 */
export async function solveChanged(
  graph: WeightedGraph,
  base: BaseFocus,
  change: AxonChanges & { readonly names?: readonly string[] | undefined },
  { priorAfter, ...options }: SolveOptions,
  backend: Backend,
): Promise<SolvedChange> {
  const { parameters, phi } = base;
  const { reading, teleport, mu, tau, lambda, unit, prior } = parameters;
  check(
    reading !== 'reference-2026-07',
    'bad-parameter',
    () => 'rewards: expected a reading that is a function of the axons, found reference-2026-07',
    'it divides stakes by the largest of all links: compare two whole focuses instead',
  );
  check(
    typeof prior === 'string' || priorAfter !== undefined,
    'bad-parameter',
    () => 'rewards: expected the degree or the uniform prior, found one weight per particle',
  );
  const rows = phi.length + change.added;
  const { axons, kept } = changedAxons(graph.axons, change);
  check(kept.length > 0, 'bad-input', () => 'the change leaves no link that counts');
  const after = { particles: kept.length, axons, largestStake: graph.largestStake };
  // Every particle may get focus, so none starts at zero.
  const start = Float64Array.from(kept, (i) => (i < phi.length ? phi[i] : 0) + 1e-3 / rows);
  const solved = await focus(
    after,
    {
      reading,
      teleport,
      mu,
      tau,
      lambda,
      prior: typeof prior === 'string' ? prior : priorAfter?.(after, kept, change.names ?? []),
      start,
      ...options,
      ...(unit === null ? {} : { unit }),
    },
    backend,
  );
  const before = new Float64Array(rows);
  before.set(phi);
  const values = new Float64Array(rows);
  kept.forEach((i, row) => {
    values[i] = solved.phi.data[row];
  });
  const { errorBound, converged } = solved;
  return {
    measures: measuresOfRows(
      { values: before, particles: phi.length, errorBound: base.errorBound },
      { values, particles: kept.length, errorBound },
    ),
    after: values,
    errorBound,
    converged,
    leftOut: errorBound ?? solved.residual,
  };
}
