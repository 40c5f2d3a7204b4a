// Focus in exact arithmetic: the same bits on every machine (docs/exact-arithmetic.md). Solves
// all columns in focus units (solve-units.ts) and measures what follows from them: entropy, syntropy
// and the digest.

import ndarray from 'ndarray';
import type { ExactBackend } from '../../backend/exact.js';
import { LN2, LOGARITHM_BITS, weightedLogarithms } from '../../backend/cpu/logarithms.js';
import { openCpuExact } from '../../backend/cpu/cpu.js';
import { digestOfExactFocus, digestOfUnits } from '../../base/digest.js';
import type { Graph } from '../../graph/graph.js';
import type { FocusResult } from '../focus.js';
import { describeParameters } from '../parameters.js';
import { solveUnits, type ExactOptions, type ExactStart, type SolvedUnits } from './solve-units.js';
import { ONE, rounded } from './units.js';
import { integersOf } from './weights.js';

export type { ExactOptions, ExactStart } from './solve-units.js';

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
  const solved = await solveUnits(graph, options, starts, backend);
  return solved.map((column) => completeFocus(graph, column, backend.name));
}

/** What follows from solved units: φ in doubles, entropy, syntropy, header and digest. O(n). */
export function completeFocus(
  graph: Graph,
  solved: SolvedUnits,
  backend: ExactBackend['name'],
): ExactFocus {
  const { parameters, tolerance, units, errorBound } = solved;
  const { entropy, syntropy } = measureUnits(units);
  const header = headerOf(solved);
  const phi = Float64Array.from(units, (value) => Number(value) / Number(ONE));
  return {
    reading: parameters.reading,
    parameters,
    precision: 'exact',
    backend,
    tolerance,
    phi: ndarray(phi, [units.length, 1]),
    iterations: solved.applications,
    passes: solved.passes,
    converged: solved.converged,
    residual: Number(solved.residual) / Number(ONE),
    errorBound,
    kappa: errorBound === null ? null : 1 - parameters.lambda[0] * parameters.teleport,
    entropy: asNumber(entropy),
    syntropy: asNumber(syntropy),
    exact: {
      units,
      digest: digestOfExactFocus(header, graph.ids, units),
      header,
      missing: solved.missing,
      residual: solved.residual,
      entropy,
      syntropy,
    },
  };
}

/** H and J of a focus in focus units, in units of 2⁻⁵⁶ nats (section 8). O(n). */
export function measureUnits(units: BigInt64Array): Pick<ExactPart, 'entropy' | 'syntropy'> {
  const logarithms = weightedLogarithms(units, units);
  const entropy = rounded(61n * LN2 * ONE - logarithms, 61);
  const lnCount = weightedLogarithms(BigInt64Array.of(1n), BigInt64Array.of(BigInt(units.length)));
  return { entropy, syntropy: lnCount - entropy };
}

/** Units of 2⁻⁵⁶ as the nearest double. */
function asNumber(value: bigint): number {
  return Number(value) / 2 ** LOGARITHM_BITS;
}

/** The canonical header of section 9. */
function headerOf({ parameters, tolerance, applications, start }: SolvedUnits): string {
  const digest = (prior: Float64Array): string =>
    digestOfUnits(BigInt64Array.from(integersOf(prior), BigInt));
  return JSON.stringify({
    ...describeParameters(parameters, digest),
    tolerance,
    start:
      start !== null
        ? (start.name ?? digestOfUnits(start.units))
        : parameters.reading === 'reference-2026-07'
          ? 'uniform'
          : 'prior',
    applications,
  });
}
