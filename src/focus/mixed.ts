// Focus in mixed precision: a fast f32 workspace (CPU or GPU) does the iterations, an f64 workspace
// on the CPU measures. The f32 solve runs to the floor of its own arithmetic; the f64 residual then
// certifies it, and where the tolerance asks for more, a correction δ = Rδ + f is solved in f32
// again and added in f64 (iterative refinement), so f32 speed reaches f64 accuracy.

import type { Vector, Workspace } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import type { WeightedGraph } from '../graph/graph.js';
import type { Adjacency } from './adjacency.js';
import { directionsOf, openOperator, type FocusOperator } from './operator.js';
import type { Parameters } from './parameters.js';
import { approximate, certify, iterate, type SolveOptions } from './solve.js';

/** What a mixed solve reached; φ in f64, not yet normalised. */
export interface MixedOutcome {
  readonly phi: Float64Array;
  readonly iterations: number;
  readonly passes: number;
  readonly converged: boolean;
  readonly residual: number;
  readonly errorBound: number;
}

/**
 * L1 residual that single precision resolves of a vector of norm one: a few roundings of one
 * application of R.
 */
const SINGLE_FLOOR = 1e-7;
/** Refinements after which f32 corrections no longer help. */
const MOST_REFINEMENTS = 12;

/**
 * Solves on `fast` from `z` and certifies in f64. With `count`, exactly so many plain applications
 * in f32.
 */
export async function refineMixed(
  graph: WeightedGraph,
  adjacency: Adjacency,
  parameters: Parameters,
  fast: FocusOperator,
  z: Vector,
  count: number | null,
  options: SolveOptions,
): Promise<MixedOutcome> {
  const allowed = options.tolerance * (1 - options.contraction);
  let iterations: number;
  if (count === null) {
    iterations = await approximate(fast, z, null, Math.max(0.3 * allowed, SINGLE_FLOOR), options);
  } else {
    iterations = (await iterate(fast, z, count, options)).iterations;
  }
  const phi = (await fast.workspace.read(z)).map((value, i) => value * fast.hostMeasure[i]);
  const backend = openCpu(options.threads === undefined ? {} : { threads: options.threads });
  const workspace: Workspace = await backend.open(graph.axons, directionsOf(parameters));
  try {
    const audit = openOperator(workspace, adjacency, parameters, 1);
    const exact = workspace.vector(1);
    const f = workspace.vector(1);
    workspace.write(
      exact,
      phi.map((value, i) => value / audit.hostMeasure[i]),
    );
    let best = Infinity;
    for (let refinement = 0; ; refinement++) {
      const expected = refinement === 0 ? SINGLE_FLOOR : SINGLE_FLOOR * best;
      const { bound, measured } = await certify(audit, exact, f, options, expected);
      options.onProgress?.({
        iterations,
        passes: fast.passes() + audit.passes(),
        errorBound: bound,
      });
      const stop =
        count !== null ||
        refinement === MOST_REFINEMENTS ||
        !(bound < 0.7 * best) ||
        iterations >= options.mostIterations;
      best = Math.min(best, bound);
      if (bound <= options.tolerance || stop) {
        const result = (await workspace.read(exact)).map(
          (value, i) => value * audit.hostMeasure[i],
        );
        return {
          phi: result,
          iterations,
          passes: fast.passes() + audit.passes(),
          converged: bound <= options.tolerance,
          residual: measured.residual[0],
          errorBound: bound,
        };
      }
      iterations += await addCorrection(fast, audit, exact, f, measured.residual[0], options);
    }
  } finally {
    workspace.destroy();
    backend.destroy();
  }
}

/**
 * Solves the correction of residual f in f32, scaled to norm one, and adds it in f64. Returns
 * applications of R.
 */
async function addCorrection(
  fast: FocusOperator,
  audit: FocusOperator,
  exact: Vector,
  f: Vector,
  residual: number,
  options: SolveOptions,
): Promise<number> {
  const { workspace } = fast;
  const ratio = audit.hostMeasure.map((h, i) => h / fast.hostMeasure[i] / residual);
  const scaled = (await audit.workspace.read(f)).map((value, i) => value * ratio[i]);
  const right = workspace.vector(1);
  const delta = workspace.vector(1);
  workspace.write(right, scaled);
  const allowed = options.tolerance * (1 - options.contraction);
  const target = Math.max(SINGLE_FLOOR, (0.3 * allowed) / residual);
  const applications = await approximate(fast, delta, right, target, options);
  const correction = (await workspace.read(delta)).map((value, i) => value / ratio[i]);
  const added = audit.workspace.vector(1);
  audit.workspace.write(added, correction);
  audit.workspace.combine(exact, [
    { coefficient: 1, vector: exact },
    { coefficient: 1, vector: added },
  ]);
  audit.workspace.release(added);
  for (const vector of [right, delta]) workspace.release(vector);
  return applications;
}
