// v(N) of a great many changes at once, with a proven error: the changed graph is put together and
// solved as a whole, from the focus before. One solve, whatever the number of players.
//   v = H(φ*) − H(φ*_N)   and for delta-j   + ln n_N − ln n

import type { Backend } from '../backend/backend.js';
import { logarithm } from '../base/logarithm.js';
import { entropyErrors } from '../focus/difference.js';
import { focus, type FocusResult } from '../focus/focus.js';
import { changedAxons } from '../focus/local/whole.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { WeightedGraph } from '../graph/graph.js';
import type { FirstOrderValue } from './first-order-game.js';
import type { Value } from './value-function.js';

/** A value, its proven error, and whether the solve met its tolerance. */
export interface JointValue extends Value {
  readonly errorBound: number;
  readonly converged: boolean;
  /** Sweeps over the axons. */
  readonly passes: number;
}

/** Focus of a new particle to start from, relative to 1/n. */
const NEW_START = 1e-3;

/** The value of a joint change by one solve to `tolerance`. Throws what focus throws. */
export async function jointValue(
  graph: WeightedGraph,
  solved: FocusResult,
  change: NamedAxonChanges,
  value: FirstOrderValue,
  tolerance: number,
  backend: Backend,
  signal?: AbortSignal,
): Promise<JointValue> {
  const { reading, teleport, mu, tau, lambda, prior } = solved.parameters;
  const phi = solved.phi.data;
  const { axons, kept } = changedAxons(graph.axons, change);
  const start = Float64Array.from(kept, (i) => (phi[i] ?? 0) + NEW_START / phi.length);
  const after = await focus(
    { particles: kept.length, axons, largestStake: graph.largestStake },
    { reading, teleport, mu, tau, lambda, prior, tolerance, start, signal },
    backend,
  );
  const discovery = value === 'delta-j' ? logarithm(kept.length) - logarithm(graph.particles) : 0;
  return {
    value: solved.entropy - after.entropy + discovery,
    errorBound: (entropyErrors(solved, after) ?? Infinity) + (value === 'delta-j' ? 2 ** -50 : 0),
    converged: solved.converged && after.converged,
    passes: after.passes,
  };
}
