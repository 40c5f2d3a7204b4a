// The main job: a graph → φ*, with its certificate. Chooses start and method, runs the solver on
// the machine, reads φ back. Precision f64 gives φ in double precision, whatever iterates: on a
// GPU, f32 corrections are refined against f64 residuals. f32 asks for less. The bound is measured
// in f64 in any case: a bound in f32 arithmetic would be a hundred times the error.

import ndarray, { type NdArray } from 'ndarray';
import type { Backend, Precision } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { FocusError } from '../base/errors.js';
import type { WeightedGraph } from '../graph/graph.js';
import { adjacencyOf, priorOf, type Adjacency } from './adjacency.js';
import { limitsOf } from './limits.js';
import { entropiesOf, type Entropies } from './measures.js';
import { directionsOf, openOperator, type FocusOperator } from './operator.js';
import { resolveParameters, type FocusOptions, type Parameters } from './parameters.js';
import { refineMixed } from './mixed.js';
import { solveReference } from './reference.js';
import { iterate, solve, type Progress, type SolveOptions, type Solved } from './solve.js';
import { compensatedSum } from './sums.js';

/** Options of a focus computation beyond the parameters of the tri-kernel. */
export interface SolverOptions extends FocusOptions {
  /**
   * Precision of the result; default the backend's own. An f32 backend reaches f64 by refinement,
   * see mixed.ts.
   */
  readonly precision?: Precision | undefined;
  /** L1 error to certify, in (0, 2]; default 1e-9 for f64, 1e-5 for f32. */
  readonly tolerance?: number | undefined;
  /** Exactly this many plain applications φ ← Rφ from the start, without acceleration. */
  readonly iterations?: number | undefined;
  /** Applications of R after which the solver stops unconverged; default 10,000. */
  readonly mostIterations?: number | undefined;
  /** Start: n weights ≥ 0 in particle order (a warm start); default the prior. */
  readonly start?: Float64Array | undefined;
  /** CPU threads of the f64 measurements where the backend iterates in f32; default all cores. */
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** φ* and everything proven about it. */
export interface FocusResult extends Entropies {
  readonly reading: Parameters['reading'];
  readonly parameters: Parameters;
  readonly precision: Precision | 'exact';
  readonly backend: Backend['name'];
  readonly tolerance: number;
  /** φ, n × 1: positive, sum 1, in the graph's particle order. */
  readonly phi: NdArray<Float64Array>;
  /** Applications of R (of any degree). */
  readonly iterations: number;
  /** Sweeps over the axons; a product with W = A + Aᵀ counts two. */
  readonly passes: number;
  /** Whether the bound (the residual, for reference-2026-07) is at most the tolerance. */
  readonly converged: boolean;
  /** ‖Rφ − φ‖₁ as computed. */
  readonly residual: number;
  /** Proven bound of ‖φ − φ*‖₁; null for reference-2026-07, whose map is no contraction. */
  readonly errorBound: number | null;
  /** Contraction κ = 1 − λ_d t; null for reference-2026-07. */
  readonly kappa: number | null;
}

/** Smallest tolerance in which a double can express an L1 error. */
export const LEAST_TOLERANCE = 1e-15;

/**
 * Computes the focus of a graph on a backend (default: the CPU in f64). Not converging is a result,
 * not an exception. Throws FocusError `bad-parameter` for options out of range, `bad-input` where
 * stakes overflow, `too-large`, `device-lost`.
 */
export async function focus(
  graph: WeightedGraph,
  options: SolverOptions = {},
  backend: Backend = openCpu(),
): Promise<FocusResult> {
  const parameters = resolveParameters(options, graph);
  const precision = options.precision ?? backend.precision;
  const solver = resolveSolver(options, graph, precision, parameters);
  // The reference reading has no bound to measure in f64, so it is solved in f64 where that is asked.
  const own = parameters.reading === 'reference-2026-07' && precision !== backend.precision;
  const machine = own
    ? openCpu(options.threads === undefined ? {} : { threads: options.threads })
    : backend;
  const adjacency = adjacencyOf(graph.axons);
  const workspace = await machine.open(graph.axons, directionsOf(parameters));
  try {
    const operator = openOperator(workspace, adjacency, parameters, 1);
    const outcome = await run(graph, adjacency, parameters, operator, options, solver);
    return assemble(graph, parameters, machine.name, precision, solver.tolerance, outcome);
  } finally {
    workspace.destroy();
  }
}

interface Outcome {
  readonly phi: Float64Array;
  readonly iterations: number;
  readonly passes: number;
  readonly converged: boolean;
  readonly residual: number;
  readonly errorBound: number | null;
}

async function run(
  graph: WeightedGraph,
  adjacency: Adjacency,
  parameters: Parameters,
  operator: FocusOperator,
  options: SolverOptions,
  solver: SolveOptions,
): Promise<Outcome> {
  const { workspace } = operator;
  const start = startOf(adjacency, parameters, options.start);
  const z = workspace.vector(1);
  workspace.write(
    z,
    start.map((value, i) => value / operator.hostMeasure[i]),
  );
  const count = options.iterations ?? null;
  if (parameters.reading === 'reference-2026-07') {
    const solved = await solveReference(operator, adjacency, parameters, z, count, solver);
    const phi = await workspace.read(z);
    return { phi, ...solved, passes: operator.passes(), errorBound: null };
  }
  if (workspace.precision === 'f32') {
    return refineMixed(graph, adjacency, parameters, operator, z, count, solver);
  }
  const solved: Solved =
    count === null ? await solve(operator, z, solver) : await iterate(operator, z, count, solver);
  const phi = (await workspace.read(z)).map((value, i) => value * operator.hostMeasure[i]);
  return {
    phi,
    iterations: solved.iterations,
    passes: operator.passes(),
    converged: solved.converged,
    residual: solved.measured.residual[0],
    errorBound: solved.errorBound,
  };
}

function assemble(
  graph: WeightedGraph,
  parameters: Parameters,
  backend: Backend['name'],
  precision: Precision,
  tolerance: number,
  outcome: Outcome,
): FocusResult {
  const phi = normalised(outcome.phi);
  return {
    reading: parameters.reading,
    parameters,
    precision,
    backend,
    tolerance,
    phi: ndarray(phi, [graph.particles, 1]),
    iterations: outcome.iterations,
    passes: outcome.passes,
    converged: outcome.converged,
    residual: outcome.residual,
    errorBound: outcome.errorBound,
    kappa:
      parameters.reading === 'reference-2026-07'
        ? null
        : 1 - parameters.lambda[0] * parameters.teleport,
    ...entropiesOf(phi),
  };
}

/**
 * Divides the sum out. The certificate is of φ/Σφ already; a sum that is not finite means stakes
 * beyond double precision.
 */
function normalised(phi: Float64Array): Float64Array {
  const sum = compensatedSum(phi.length, (i) => phi[i]);
  if (!Number.isFinite(sum) || sum <= 0) {
    throw new FocusError(
      'bad-input',
      `focus: expected finite numbers, found a sum of ${sum}: the stakes span more than double precision holds`,
      'remove links of vanishing or astronomic stake',
    );
  }
  return phi.map((value) => value / sum);
}

function startOf(
  adjacency: Adjacency,
  parameters: Parameters,
  start: Float64Array | undefined,
): Float64Array {
  if (start === undefined) {
    const prior = priorOf(adjacency, parameters.prior);
    const uniform = 1 / prior.length;
    return parameters.reading === 'reference-2026-07' ? prior.fill(uniform) : prior;
  }
  return priorOf(adjacency, start);
}

function resolveSolver(
  options: SolverOptions,
  graph: WeightedGraph,
  precision: Precision,
  { lambda, teleport }: Parameters,
): SolveOptions {
  const { tolerance, mostIterations } = limitsOf(
    options,
    precision === 'f64' ? 1e-9 : 1e-5,
    LEAST_TOLERANCE,
  );
  if (options.start !== undefined) resolveParameters({ prior: options.start }, graph);
  return {
    columns: 1,
    tolerance,
    contraction: 1 - lambda[0] * teleport,
    diffusionShare: lambda[0],
    mostIterations,
    startDefect: options.start === undefined ? 1 : tolerance,
    threads: options.threads,
    onProgress: options.onProgress,
    signal: options.signal,
  };
}
