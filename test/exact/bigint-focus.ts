// The entry of the second implementation of exact arithmetic: focus of a graph in BigInt, slow and
// plain. Written from docs/exact-arithmetic.md alone; shares nothing with src/focus, src/backend,
// the kernels or the shaders.

import type { Csr } from '../../src/graph/csr.js';
import type { Ids } from '../../src/graph/ids.js';
import type { CorrectionReport } from './bigint-anderson.js';
import { errorBound, quantisationCost } from './bigint-bound.js';
import { digestOf } from './bigint-digest.js';
import { operatorOf, type Spread, type Widths } from './bigint-map.js';
import {
  type Components,
  type MeasureParameters,
  componentsOf,
  entropyOf,
  syntropyOf,
  wholeOf,
} from './bigint-measures.js';
import {
  type Rational,
  atMost,
  exactly,
  leastDoubleFrom,
  over,
  powerOfTwo,
  ratio,
  sumOf,
  times,
} from './bigint-rational.js';
import { solveReference } from './bigint-reference.js';
import { seriesOf } from './bigint-series.js';
import { completed, goalOf, solve, type StopReason } from './bigint-solver.js';
import { integerWeights } from './bigint-weights.js';

export type BigintReading = 'focus-1' | 'focus-1-combinatorial' | 'pagerank' | 'reference-2026-07';

export interface BigintGraph {
  readonly axons: Csr;
  readonly ids?: Ids;
  readonly largestStake?: number;
}

export interface BigintParameters {
  readonly reading?: BigintReading | undefined;
  readonly teleport?: number | undefined;
  readonly mu?: number | undefined;
  readonly tau?: number | undefined;
  readonly lambda?: readonly [number, number, number] | undefined;
  /** Of the combinatorial Laplacian; the reference takes the graph's largest stake. */
  readonly unit?: number | undefined;
  readonly prior?: 'degree' | 'uniform' | Float64Array | undefined;
}

export interface BigintOptions {
  readonly tolerance?: number | undefined;
  readonly mostIterations?: number | undefined;
  readonly iterations?: number | undefined;
  /** Units of an earlier focus in the order of this graph, absent = 0. */
  readonly start?: readonly bigint[] | undefined;
  /** The digest of the earlier focus, which names the start; otherwise its units do. */
  readonly startName?: string | undefined;
  readonly widths?: Widths | undefined;
  readonly report?: CorrectionReport | undefined;
}

export interface BigintFocus {
  /** Σ = ONE. */
  readonly units: readonly bigint[];
  /** φ and Σφ before the final correction. */
  readonly unitsBefore: readonly bigint[];
  readonly massBefore: bigint;
  readonly applications: number;
  readonly reason: StopReason;
  /** The bound, or the residual of the reference, is at most the tolerance. */
  readonly converged: boolean;
  readonly residualUnits: bigint;
  /** N of every stage. */
  readonly history: readonly bigint[];
  /** E and V. */
  readonly uncertainty: bigint | null;
  readonly quantisation: bigint | null;
  readonly errorBound: number | null;
  /** H and J in units of 2⁻⁵⁶. */
  readonly entropy: bigint;
  readonly syntropy: bigint;
  components(): Components;
  digest(): string;
}

/** Focus by exact arithmetic. Throws plain errors: its callers are tests. */
export function bigintFocus(
  graph: BigintGraph,
  parameters: BigintParameters = {},
  options: BigintOptions = {},
): BigintFocus {
  const reading = parameters.reading ?? 'focus-1';
  const isReference = reading === 'reference-2026-07';
  const spread: Spread = isReference || reading === 'focus-1-combinatorial' ? 'row' : 'source';
  const plainLambda = reading === 'pagerank' ? [1, 0, 0] : (parameters.lambda ?? [0.5, 0.3, 0.2]);
  const numbers = {
    teleport: parameters.teleport ?? 0.15,
    mu: parameters.mu ?? 1,
    tau: parameters.tau ?? 1,
    lambda: plainLambda as [number, number, number],
    unit: spread === 'source' ? null : isReference ? graph.largestStake : parameters.unit,
    prior: parameters.prior ?? ('degree' as const),
    tolerance: options.tolerance ?? 1e-9,
  };
  if (numbers.unit === undefined) throw new Error('bad-parameter: no unit');
  const unit = exactly(numbers.unit ?? 1);
  const lambda = numbers.lambda.map(exactly) as [Rational, Rational, Rational];
  const [teleport, mu, tau] = [numbers.teleport, numbers.mu, numbers.tau].map(exactly);
  const tolerance = exactly(numbers.tolerance);
  const strength = times(lambda[0], teleport);
  if (!atMost(powerOfTwo(-16), strength)) throw new Error('bad-parameter: λ_d·t is below 2⁻¹⁶');
  checkRanges(numbers);

  const weights = integerWeights(graph.axons);
  const widest = weights.degrees.reduce((x, y) => (x > y ? x : y)) * weights.divisor;
  const scale =
    spread === 'source' ? ratio(1n) : over(times(ratio(widest), powerOfTwo(-weights.shift)), unit);
  const { prior } = numbers;
  const { iterations, start, widths } = options;
  const mostIterations = options.mostIterations ?? 10000;
  const limits = { tolerance, mostIterations, iterations, start };
  const shared = { weights, teleport, mu, tau, lambda, scale, prior };

  const finish = (stopped: {
    readonly units: readonly bigint[];
    readonly applications: number;
    readonly reason: StopReason;
    readonly residual: bigint;
  }) => {
    const { units } = completed(stopped.units);
    const { applications } = stopped;
    const measures: MeasureParameters = { ...shared, spread, goal: goalOf(tolerance, strength) };
    const name = options.startName ?? start ?? (isReference ? 'uniform' : 'prior');
    const header = { ...numbers, unit: numbers.unit ?? null, reading, start: name, applications };
    return {
      units,
      unitsBefore: stopped.units,
      massBefore: sumOf(stopped.units),
      applications,
      reason: stopped.reason,
      residualUnits: stopped.residual,
      entropy: entropyOf(units),
      syntropy: syntropyOf(units),
      components: () => componentsOf(measures, units),
      digest: () => digestOf(header, idsOf(graph), units),
    };
  };

  if (isReference) {
    const stopped = solveReference({ ...shared, ...limits, unit, widths });
    return {
      ...finish(stopped),
      converged: stopped.converged,
      history: [],
      uncertainty: null,
      quantisation: null,
      errorBound: null,
    };
  }
  const series = seriesOf({ springs: lambda[1], heat: lambda[2], mu, tau, scale });
  const whole = wholeOf(series.total);
  const operator = operatorOf({
    weights,
    spread,
    teleport,
    diffusion: lambda[0],
    whole,
    prior,
    widths,
  });
  const { report } = options;
  const stopped = solve({ operator, series, strength, ...limits, report });
  const quantisation = quantisationCost(weights, spread, stopped.series, stopped.units);
  const { cost } = completed(stopped.units);
  const bound = errorBound(stopped.uncertainty, quantisation, cost, strength);
  return {
    ...finish(stopped),
    converged: atMost(bound, tolerance),
    history: stopped.history,
    uncertainty: stopped.uncertainty,
    quantisation,
    errorBound: leastDoubleFrom(bound),
  };
}

/** μ and τ do not matter where λ_s or λ_h is zero. */
function checkRanges({
  tolerance,
  mu,
  tau,
  lambda,
}: {
  readonly tolerance: number;
  readonly mu: number;
  readonly tau: number;
  readonly lambda: readonly [number, number, number];
}): void {
  if (!(tolerance >= 1e-12 && tolerance <= 2)) throw new Error('bad-parameter: tolerance');
  if (lambda[1] > 0 && !(mu > 0)) throw new Error('bad-parameter: mu');
  if (lambda[2] > 0 && !(tau >= 0)) throw new Error('bad-parameter: tau');
}

/** The ids, or the indices where the graph has none. */
function idsOf({ axons, ids }: BigintGraph): string[] {
  return Array.from({ length: axons.rows }, (_, i) => ids?.at(i) ?? String(i));
}
