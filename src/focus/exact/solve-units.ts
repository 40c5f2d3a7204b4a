// φ in focus units, without what is derived from it: places a graph without names on a machine,
// solves all columns, makes Σφ exactly one and proves the error. Nothing that is imported here needs
// a module of Node, so a page runs the same code on `navigator.gpu`.

import type { ExactBackend } from '../../backend/exact.js';
import { check } from '../../base/errors.js';
import type { WeightedGraph } from '../../graph/graph.js';
import { limitsOf } from '../limits.js';
import { resolveParameters, type FocusOptions, type Parameters } from '../parameters.js';
import { boundOf, quantisationError } from './certificate.js';
import { LARGEST_NORM } from './correct.js';
import { distributionOf, openExactOperator, type ExactOperator } from './operator.js';
import { solveExactReference } from './reference.js';
import {
  iterateExact,
  normalise,
  solveExact,
  type ExactColumn,
  type ExactSolveOptions,
} from './solve.js';

/** Options of an exact solve beyond the parameters of the tri-kernel. */
export interface ExactOptions extends FocusOptions {
  /** L1 error to certify, in (0, 2]; default 1e-9. */
  readonly tolerance?: number | undefined;
  /** Exactly this many plain applications of the map. */
  readonly iterations?: number | undefined;
  /** Applications after which the solver stops unconverged; default 10,000. */
  readonly mostIterations?: number | undefined;
  /** A warm start: an earlier canonical focus, aligned to this graph. */
  readonly start?: ExactStart | undefined;
  readonly onProgress?:
    | ((progress: {
        readonly iterations: number;
        readonly passes: number;
        readonly errorBound: number;
      }) => void)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where a warm start begins: part of the result, and of its digest. */
export interface ExactStart {
  /** n focus units ≥ 0 in particle order, 1 ≤ Σ ≤ 3·2⁶⁰. */
  readonly units: BigInt64Array;
  /** Digest of the focus that it is; default: the SHA-256 of the units. */
  readonly name?: string;
}

/** One column solved. */
export interface SolvedUnits {
  readonly parameters: Parameters;
  readonly tolerance: number;
  /** Null: a cold start. */
  readonly start: ExactStart | null;
  /** φ in focus units of 2⁻⁶¹, Σ = 2⁶¹, in the graph's particle order. */
  readonly units: BigInt64Array;
  /** Units by which Σφ missed 2⁶¹ before the final correction. */
  readonly missing: bigint;
  /** Applications of the map. */
  readonly applications: number;
  /** Sweeps over the axons by all columns together. */
  readonly passes: number;
  /** Σ|G(φ) − φ| in focus units. */
  readonly residual: bigint;
  /** Proven bound of ‖φ − φ*‖₁; null for reference-2026-07. */
  readonly errorBound: number | null;
  readonly converged: boolean;
}

/** The tolerance of an exact solve, and the least that integers of 2⁻⁶¹ can prove. */
export const DEFAULT_TOLERANCE = 1e-9;
export const LEAST_TOLERANCE = 1e-12;

/**
 * Solves several columns at once: as many cold starts as `starts` says, or one column for each warm
 * start. Each column ends with the bits that it would have alone. Throws FocusError.
 */
export async function solveUnits(
  graph: WeightedGraph,
  options: Omit<ExactOptions, 'start'>,
  starts: number | readonly ExactStart[],
  backend: ExactBackend,
): Promise<readonly SolvedUnits[]> {
  const parameters = resolveParameters(options, graph);
  const solver = resolveSolver(options, starts);
  const columns = typeof starts === 'number' ? starts : starts.length;
  const operator = await openExactOperator(graph, parameters, columns, backend);
  try {
    const { workspace } = operator;
    const phi = workspace.vector(columns);
    workspace.write(phi, startOf(graph, parameters, operator, starts));
    const withPasses: ExactSolveOptions = {
      ...solver,
      onProgress: (iterations, errorBound) =>
        options.onProgress?.({ iterations, passes: operator.passes(), errorBound }),
    };
    const count = options.iterations ?? null;
    const solved =
      parameters.reading === 'reference-2026-07'
        ? await solveExactReference(operator, parameters, phi, count, withPasses)
        : count === null
          ? await solveExact(operator, phi, withPasses)
          : await iterateExact(operator, phi, count, withPasses);
    const block = await workspace.read(phi);
    return solved.map((column, b) => {
      const units = new BigInt64Array(graph.particles);
      for (let i = 0; i < units.length; i++) units[i] = block[i * columns + b];
      const start = typeof starts === 'number' ? null : starts[b];
      return {
        parameters,
        start,
        ...finish(operator, parameters, solver.tolerance, column, units),
      };
    });
  } finally {
    operator.destroy();
  }
}

/** Makes Σφ exactly one, in place, and proves the error. */
function finish(
  operator: ExactOperator,
  parameters: Parameters,
  tolerance: number,
  column: ExactColumn,
  units: BigInt64Array,
): Omit<SolvedUnits, 'parameters' | 'start'> {
  const bounded = parameters.reading !== 'reference-2026-07';
  const quantised = bounded ? quantisationError(operator, units, column.degree) : 0n;
  const { missing, moved } = normalise(units);
  const errorBound = bounded
    ? boundOf(column.error + quantised, moved, operator.constants.injection)
    : null;
  return {
    tolerance,
    units,
    missing,
    applications: column.applications,
    passes: operator.passes(),
    residual: column.residual,
    errorBound,
    converged: errorBound === null ? column.done : errorBound <= tolerance,
  };
}

function resolveSolver(
  options: Omit<ExactOptions, 'start'>,
  starts: number | readonly ExactStart[],
): ExactSolveOptions {
  const limits = limitsOf(options, DEFAULT_TOLERANCE, LEAST_TOLERANCE);
  return { ...limits, warm: typeof starts !== 'number', signal: options.signal };
}

/** The start block, element (i, b) at i · columns + b. */
function startOf(
  graph: WeightedGraph,
  parameters: Parameters,
  operator: ExactOperator,
  starts: number | readonly ExactStart[],
): BigInt64Array {
  const n = graph.particles;
  const list =
    typeof starts === 'number'
      ? Array.from({ length: starts }, () =>
          parameters.reading === 'reference-2026-07'
            ? distributionOf('uniform', operator.weights)
            : operator.prior,
        )
      : starts.map(({ units }, b) => checkedStart(units, n, b));
  const block = new BigInt64Array(n * list.length);
  list.forEach((units, b) => {
    for (let i = 0; i < n; i++) block[i * list.length + b] = units[i];
  });
  return block;
}

/** Throws `bad-parameter` unless the units are n, each and their sum in range. O(n). */
export function checkedStart(units: BigInt64Array, n: number, column: number): BigInt64Array {
  check(
    units.length === n,
    'bad-parameter',
    () => `start ${column}: expected ${n} units, found ${units.length}`,
    'align the earlier focus to the particles of this graph, absent = 0',
  );
  let sum = 0n;
  units.forEach((value, i) => {
    check(
      value >= 0n && value <= LARGEST_NORM,
      'bad-parameter',
      () => `start ${column}, particle ${i}: expected 0 … 3·2^60 units, found ${value}`,
    );
    sum += value;
  });
  check(
    sum >= 1n && sum <= LARGEST_NORM,
    'bad-parameter',
    () => `start ${column}: expected a sum of 1 … 3·2^60 units, found ${sum}`,
  );
  return units;
}
