// Focus in exact arithmetic: the same bits on every machine (docs/exact-arithmetic.md). Prepares
// integer weights, solves all columns, makes Σφ exactly one, and measures what follows from φ.

import ndarray from 'ndarray';
import type { ExactBackend } from '../../backend/exact.js';
import { LN2, LOGARITHM_BITS, weightedLogarithms } from '../../backend/cpu/logarithms.js';
import { openCpuExact } from '../../backend/cpu/cpu.js';
import { digestOfExactFocus, digestOfUnits } from '../../base/digest.js';
import { check } from '../../base/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { FocusResult } from '../focus.js';
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
import { ONE, rounded } from './units.js';
import { integersOf } from './weights.js';

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

/** What only exact arithmetic gives. Logarithmic quantities are in units of 2⁻⁵⁶. */
export interface ExactPart {
  /** φ in focus units of 2⁻⁶¹, Σ = 2⁶¹, in the graph's particle order. */
  readonly units: BigInt64Array;
  /** SHA-256 of the canonical bytes: equal on every machine. */
  readonly digest: string;
  /** The canonical header, which the digest covers. */
  readonly header: string;
  /** Units by which Σφ missed 2⁶¹ before the final correction. */
  readonly missing: bigint;
  readonly residual: bigint;
  readonly entropy: bigint;
  readonly syntropy: bigint;
}

/** A focus with its exact part. */
export interface ExactFocus extends FocusResult {
  readonly exact: ExactPart;
}

const DEFAULT_TOLERANCE = 1e-9;
const LEAST_TOLERANCE = 1e-12;

/**
 * Computes the focus of a graph in exact arithmetic (default: on the CPU). Throws FocusError
 * `bad-parameter` for options out of range, `too-large`, `device-lost`. Not converging is a result.
 */
export async function focusExact(
  graph: Graph,
  options: ExactOptions = {},
  backend: ExactBackend = openCpuExact(),
): Promise<ExactFocus> {
  const starts = options.start === undefined ? 1 : [options.start];
  return (await focusExactColumns(graph, options, starts, backend))[0];
}

/**
 * Solves several columns at once: as many cold starts as `starts` says, or one column for each warm
 * start. Each column ends with the bits that it would have alone.
 */
export async function focusExactColumns(
  graph: Graph,
  options: Omit<ExactOptions, 'start'>,
  starts: number | readonly ExactStart[],
  backend: ExactBackend,
): Promise<readonly ExactFocus[]> {
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
      return assemble(graph, parameters, operator, backend, solver, column, units, start);
    });
  } finally {
    operator.destroy();
  }
}

function resolveSolver(
  options: Omit<ExactOptions, 'start'>,
  starts: number | readonly ExactStart[],
): ExactSolveOptions {
  const tolerance = options.tolerance ?? DEFAULT_TOLERANCE;
  check(
    tolerance >= LEAST_TOLERANCE && tolerance <= 2,
    'bad-parameter',
    () => `tolerance: expected an L1 error in [${LEAST_TOLERANCE}, 2], found ${tolerance}`,
  );
  const natural = (name: string, value: number, least: number): void =>
    check(
      Number.isSafeInteger(value) && value >= least,
      'bad-parameter',
      () => `${name}: expected an integer ≥ ${least}, found ${value}`,
    );
  natural('iterations', options.iterations ?? 0, 0);
  const mostIterations = options.mostIterations ?? 10_000;
  natural('mostIterations', mostIterations, 1);
  return { tolerance, mostIterations, warm: typeof starts !== 'number', signal: options.signal };
}

/** The start block, element (i, b) at i · columns + b. */
function startOf(
  graph: Graph,
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

function checkedStart(units: BigInt64Array, n: number, column: number): BigInt64Array {
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

function assemble(
  graph: Graph,
  parameters: Parameters,
  operator: ExactOperator,
  backend: ExactBackend,
  solver: ExactSolveOptions,
  column: ExactColumn,
  units: BigInt64Array,
  start: ExactStart | null,
): ExactFocus {
  const bounded = parameters.reading !== 'reference-2026-07';
  const { tolerance } = solver;
  const quantised = bounded ? quantisationError(operator, units, column.degree) : 0n;
  const { missing, moved } = normalise(units);
  const errorBound = bounded
    ? boundOf(column.error + quantised, moved, operator.constants.injection)
    : null;
  const logarithms = weightedLogarithms(units, units);
  const lnOne = 61n * LN2;
  const entropy = rounded(lnOne * ONE - logarithms, 61);
  const lnCount = weightedLogarithms(BigInt64Array.of(1n), BigInt64Array.of(BigInt(units.length)));
  const header = headerOf(parameters, tolerance, column.applications, start);
  const phi = Float64Array.from(units, (value) => Number(value) / Number(ONE));
  const residual = Number(column.residual) / Number(ONE);
  return {
    reading: parameters.reading,
    parameters,
    precision: 'exact',
    backend: backend.name,
    tolerance,
    phi: ndarray(phi, [units.length, 1]),
    iterations: column.applications,
    passes: operator.passes(),
    converged: errorBound === null ? column.done : errorBound <= tolerance,
    residual,
    errorBound,
    kappa: bounded ? 1 - parameters.lambda[0] * parameters.teleport : null,
    entropy: asNumber(entropy),
    syntropy: asNumber(lnCount - entropy),
    exact: {
      units,
      digest: digestOfExactFocus(header, graph.ids, units),
      header,
      missing,
      residual: column.residual,
      entropy,
      syntropy: lnCount - entropy,
    },
  };
}

/** Units of 2⁻⁵⁶ as the nearest double. */
function asNumber(value: bigint): number {
  return Number(value) / 2 ** LOGARITHM_BITS;
}

/** The canonical header of section 9. */
function headerOf(
  parameters: Parameters,
  tolerance: number,
  applications: number,
  start: ExactStart | null,
): string {
  const { reading, teleport, mu, tau, lambda, unit, prior } = parameters;
  return JSON.stringify({
    reading,
    teleport,
    mu: lambda[1] > 0 ? mu : null,
    tau: lambda[2] > 0 ? tau : null,
    lambda,
    unit,
    prior:
      typeof prior === 'string'
        ? prior
        : digestOfUnits(BigInt64Array.from(integersOf(prior), BigInt)),
    tolerance,
    start:
      start !== null
        ? (start.name ?? digestOfUnits(start.units))
        : reading === 'reference-2026-07'
          ? 'uniform'
          : 'prior',
    applications,
  });
}
