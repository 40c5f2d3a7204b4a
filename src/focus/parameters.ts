// Readings and parameters of the tri-kernel. A reading is a named, versioned choice of D, S and
// Laplacian; its meaning never changes under its name. Every parameter is validated here, once, and
// the message states the range.

import { check } from '../base/errors.js';
import type { WeightedGraph } from '../graph/graph.js';

/** The named readings; see docs/architecture.md. */
export type Reading = 'focus-1' | 'focus-1-combinatorial' | 'reference-2026-07' | 'pagerank';

export const READINGS: readonly Reading[] = [
  'focus-1',
  'focus-1-combinatorial',
  'reference-2026-07',
  'pagerank',
];

/**
 * Teleport prior u: proportional to degree d (default), uniform, or n weights ≥ 0 in the graph's
 * particle order.
 */
export type Prior = 'degree' | 'uniform' | Float64Array;

/** What a caller may set; everything left out takes the default of the reading. */
export interface FocusOptions {
  /** Default focus-1. */
  readonly reading?: Reading | undefined;
  /** Teleport probability t in (0, 1]; default 0.15. */
  readonly teleport?: number | undefined;
  /** Springs' screening μ > 0; default 1. */
  readonly mu?: number | undefined;
  /** Heat time τ ≥ 0; default 1. */
  readonly tau?: number | undefined;
  /** (λ_d, λ_s, λ_h): ≥ 0, sum 1, λ_d > 0; default 0.5, 0.3, 0.2 (pagerank: 1, 0, 0, fixed). */
  readonly lambda?: readonly [number, number, number] | undefined;
  /**
   * Fixed stake > 0 of the combinatorial Laplacian; required by focus-1-combinatorial, refused
   * elsewhere.
   */
  readonly unit?: number | undefined;
  /** Teleport prior; default degree. */
  readonly prior?: Prior | undefined;
}

/** A complete, valid set of parameters. */
export interface Parameters {
  readonly reading: Reading;
  readonly teleport: number;
  readonly mu: number;
  readonly tau: number;
  readonly lambda: readonly [number, number, number];
  /** Stake that the combinatorial Laplacian is divided by; null with the random-walk Laplacian. */
  readonly unit: number | null;
  readonly prior: Prior;
}

const SUM_SLACK = 1e-12;

/**
 * Completes and validates options. Throws FocusError `bad-parameter` naming parameter, range and
 * value found. The unit of reference-2026-07 is the graph's largest (amount + will share).
 */
export function resolveParameters(options: FocusOptions, graph: WeightedGraph): Parameters {
  const reading = options.reading ?? 'focus-1';
  check(
    READINGS.includes(reading),
    'bad-parameter',
    () => `reading: expected one of ${READINGS.join(', ')}, found "${String(reading)}"`,
  );
  const teleport = inRange('teleport', options.teleport ?? 0.15, '(0, 1]', (t) => t > 0 && t <= 1);
  const mu = inRange('mu', options.mu ?? 1, '(0, ∞)', (m) => m > 0);
  const tau = inRange('tau', options.tau ?? 1, '[0, ∞)', (t) => t >= 0);
  const lambda = resolveLambda(reading, options.lambda);
  return {
    reading,
    teleport,
    mu,
    tau,
    lambda,
    unit: resolveUnit(reading, options.unit, graph),
    prior: resolvePrior(options.prior ?? 'degree', graph.particles),
  };
}

function inRange(
  name: string,
  value: number,
  range: string,
  ok: (value: number) => boolean,
): number {
  check(
    Number.isFinite(value) && ok(value),
    'bad-parameter',
    () => `${name}: expected a finite number in ${range}, found ${value}`,
  );
  return value;
}

function resolveLambda(
  reading: Reading,
  given: readonly [number, number, number] | undefined,
): readonly [number, number, number] {
  const lambda = given ?? (reading === 'pagerank' ? [1, 0, 0] : [0.5, 0.3, 0.2]);
  const shown = () => `found ${lambda.join(', ')}`;
  check(
    lambda.length === 3 && lambda.every((part) => Number.isFinite(part) && part >= 0),
    'bad-parameter',
    () => `lambda: expected three finite numbers ≥ 0 (diffusion, springs, heat), ${shown()}`,
  );
  const sum = lambda[0] + lambda[1] + lambda[2];
  check(
    Math.abs(sum - 1) <= SUM_SLACK,
    'bad-parameter',
    () => `lambda: expected a sum of 1, ${shown()} with sum ${sum}`,
  );
  check(
    lambda[0] > 0,
    'bad-parameter',
    () => `lambda: expected diffusion > 0, ${shown()}`,
    'without diffusion every component keeps its mass and focus is not unique',
  );
  check(
    reading !== 'pagerank' || lambda[0] === 1,
    'bad-parameter',
    () => `lambda: the reading pagerank has lambda 1, 0, 0, ${shown()}`,
    'choose the reading focus-1',
  );
  // Within the slack, so that the blend is a distribution to the last bit that doubles have.
  return [lambda[0] / sum, lambda[1] / sum, lambda[2] / sum];
}

function resolveUnit(
  reading: Reading,
  given: number | undefined,
  graph: WeightedGraph,
): number | null {
  if (reading === 'focus-1-combinatorial') {
    check(
      given !== undefined,
      'bad-parameter',
      () => 'unit: the reading focus-1-combinatorial needs a fixed stake > 0, found none',
      'give --unit STAKE; never the largest stake of the batch, which breaks locality',
    );
    return inRange('unit', given, '(0, ∞)', (unit) => unit > 0);
  }
  check(
    given === undefined,
    'bad-parameter',
    () => `unit: the reading ${reading} takes none, found ${given}`,
    'use it with focus-1-combinatorial',
  );
  return reading === 'reference-2026-07' ? graph.largestStake : null;
}

function resolvePrior(prior: Prior, particles: number): Prior {
  if (prior === 'degree' || prior === 'uniform') return prior;
  check(
    prior instanceof Float64Array && prior.length === particles,
    'bad-parameter',
    () =>
      `prior: expected "degree", "uniform" or ${particles} weights, found ${
        prior instanceof Float64Array ? `${prior.length} weights` : String(prior)
      }`,
  );
  const bad = prior.findIndex((weight) => !Number.isFinite(weight) || weight < 0);
  check(
    bad < 0,
    'bad-parameter',
    () => `prior: expected finite weights ≥ 0, found ${prior[bad]} at particle ${bad}`,
  );
  check(
    prior.some((weight) => weight > 0),
    'bad-parameter',
    () => 'prior: expected a positive sum, found zeros only',
  );
  return prior;
}

/**
 * The parameters as the header of a digest names them, keys in this order: those of an operator
 * without weight change nothing and are null. `given` names a prior of one weight per particle.
 */
export function describeParameters(
  { reading, teleport, mu, tau, lambda, unit, prior }: Parameters,
  given: (prior: Float64Array) => string,
): Readonly<Record<string, unknown>> {
  return {
    reading,
    teleport,
    mu: lambda[1] > 0 ? mu : null,
    tau: lambda[2] > 0 ? tau : null,
    lambda,
    unit,
    prior: typeof prior === 'string' ? prior : given(prior),
  };
}
