// The adjoint of focus: the derivative of a value v(φ*) by the weight of every link, from one solve
// with the transposed operator.
//   φ* = ψ/Σψ, (I − Q)ψ = d (or the fixed prior)   ⇒   dv = λᵀ(dQ φ* + dd · c/Σd),  λ of transposed.ts
// Read: docs/adjoint.md, which derives it. Readings focus-1, focus-1-combinatorial and pagerank.

import type { Backend } from '../../backend/backend.js';
import { openCpu } from '../../backend/cpu/cpu.js';
import { check } from '../../base/errors.js';
import { logarithm } from '../../base/logarithm.js';
import type { WeightedGraph } from '../../graph/graph.js';
import { adjacencyOf, type Adjacency } from '../adjacency.js';
import type { FocusResult } from '../focus.js';
import { limitsOf } from '../limits.js';
import { openOperator } from '../operator.js';
import type { Parameters, Reading } from '../parameters.js';
import type { Progress } from '../solve.js';
import { compensatedSum } from '../sums.js';
import { decayIntegrals } from './quadrature.js';
import { solveAdjoint, type AdjointSolved } from './solve.js';
import { keepAll, keepSome } from './kept.js';
import type { PriorBefore } from './pieces.js';
import { readings, type Readings } from './readings.js';
import { linkTerms, pairsOf } from './terms.js';
import { openTransposed } from './transposed.js';

/**
 * What is differentiated: syntropy J = ln n − H, entropy H = −Σφ ln φ (nats), or any value by its
 * gradient ∂v/∂φ at φ*, n numbers in particle order (for cᵀφ that is c).
 */
export type Value = 'syntropy' | 'entropy' | Float64Array;

/** How accurately, and how long. */
export interface AdjointOptions {
  /**
   * Error of λ to certify, in the maximum norm, relative to max |g − φᵀg|; in (0, 2], default 1e-8
   * in f64, 1e-3 in f32.
   */
  readonly tolerance?: number | undefined;
  /** Applications of Qᵀ after which the solver stops unconverged; default 10,000. */
  readonly mostIterations?: number | undefined;
  /**
   * The only particles that links will name, besides new ones; default all. Numbers are then kept for
   * these alone, 8 (2J + 6) bytes each; `ofAxons` and links elsewhere are refused.
   */
  readonly particles?: ArrayLike<number> | undefined;
  /**
   * What a prior of given weights is made of, where a change of links changes it too: the degree or
   * uniform prior and fixed weights of this sum beside it. Without it given weights stay as they are.
   */
  readonly madeOf?: { readonly prior: 'degree' | 'uniform'; readonly fixed: number } | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** λ, what is proven of it, and what it says of links. Units: those of the value, per stake. */
export interface Adjoint extends Readings {
  readonly reading: Reading;
  /** λ in particle order, with uᵀλ = 0: what mass that enters at a particle does to the value. */
  readonly lambda: Float64Array;
  readonly iterations: number;
  /** Sweeps over the axons, those for the vectors of a derivative included. */
  readonly passes: number;
  readonly converged: boolean;
  /** ‖g + Qᵀλ − λ‖_∞ up to a constant, as computed. */
  readonly residual: number;
  /** Proven bound of ‖λ − λ*‖_∞ for the gradient at the given φ. */
  readonly errorBound: number;
  /** Contraction κ = 1 − λ_d t of Qᵀ in the maximum norm. */
  readonly kappa: number;
  /** What the prior makes of pieces. */
  readonly priorBefore: PriorBefore;
}

/**
 * Solves the adjoint of a value at a focus of the graph. `result` is what focus or focusExact
 * returned for this graph. Costs 1.2 times the passes of a cold solve of equal tolerance and some 70
 * for springs and heat. Not converging is a result. Throws FocusError `bad-parameter` for
 * reference-2026-07, whose map is not affine, for a gradient that is not n finite numbers, and for
 * entropies of a φ with zeros; `too-large`, `device-lost`.
 */
export async function adjointOf(
  graph: WeightedGraph,
  result: Pick<FocusResult, 'phi' | 'parameters' | 'errorBound'>,
  value: Value,
  options: AdjointOptions = {},
  backend: Backend = openCpu(),
): Promise<Adjoint> {
  const { parameters } = result;
  const phi = checkedFocus(graph, result);
  const gradient = gradientOf(value, phi);
  const mean = compensatedSum(phi.length, (i) => phi[i] * gradient[i]);
  const centred = gradient.map((g) => g - mean);
  const scale = centred.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
  const adjacency = adjacencyOf(graph.axons);
  const { particles } = options;
  const kept = particles === undefined ? keepAll() : keepSome(graph.particles, particles);
  const workspace = await backend.open(graph.axons, 'both');
  try {
    const operator = openOperator(workspace, adjacency, parameters, 1);
    const transposed = openTransposed(operator, adjacency, parameters, phi);
    const kappa = 1 - parameters.lambda[0] * parameters.teleport;
    const fallback = workspace.precision === 'f64' ? 1e-8 : 1e-3;
    const solved =
      scale === 0
        ? constantValue(phi.length)
        : await solveAdjoint(
            operator,
            transposed,
            centred.map((g) => g / scale),
            {
              ...limitsOf(options, fallback, LEAST_TOLERANCE),
              columns: 1,
              contraction: kappa,
              diffusionShare: parameters.lambda[0],
              startDefect: 1,
              onProgress: options.onProgress,
              signal: options.signal,
            },
          );
    const lambda = solved.lambda.map((entry) => entry * scale);
    const pairs = pairsOf(parameters, spectrumOf(adjacency, parameters), workspace.unitRoundoff);
    const given = priorMass(adjacency, parameters, phi);
    const { prior, fixed } = options.madeOf ?? { prior: parameters.prior, fixed: 0 };
    const totalDegree = adjacency.totalDegree + fixed;
    const priorSlope = prior === 'degree' ? given / totalDegree : 0;
    const solution = { phi, lambda, priorSlope, totalDegree, kept: kept.particles };
    const terms = await linkTerms(operator, transposed, adjacency, parameters, pairs, solution);
    const sign = entropySign(value);
    const n = graph.particles;
    const decays = decayIntegrals(pairs.times, parameters.tau);
    const uniform = prior === 'uniform' ? n + fixed : null;
    const own = { particles: n, parameters, pairs, decays };
    const joining = { ...own, given, uniform, mean, entropySign: sign };
    return {
      reading: parameters.reading,
      lambda,
      iterations: solved.iterations,
      passes: transposed.passes(),
      converged: solved.converged,
      residual: solved.residual * scale,
      errorBound: solved.errorBound * scale,
      kappa,
      priorBefore: { slope: priorSlope, totalDegree },
      ...readings(graph, kept, terms, joining, solved.errorBound * scale, result.errorBound),
    };
  } finally {
    workspace.destroy();
  }
}

const LEAST_TOLERANCE = 1e-15;

function checkedFocus(
  graph: WeightedGraph,
  { phi, parameters }: Pick<FocusResult, 'phi' | 'parameters'>,
): Float64Array {
  check(
    parameters.reading !== 'reference-2026-07',
    'bad-parameter',
    () => 'adjoint: expected focus-1, focus-1-combinatorial or pagerank, found reference-2026-07',
    'its blend is normalised, so its map is not affine: choose another reading',
  );
  check(
    phi.shape[0] === graph.particles && phi.data.length === graph.particles,
    'bad-parameter',
    () =>
      `adjoint: expected the focus of this graph, ${graph.particles} numbers, ` +
      `found ${phi.data.length}`,
  );
  return phi.data;
}

/** ∂v/∂φ: ln φ + 1 for syntropy and −(ln φ + 1) for entropy. */
function gradientOf(value: Value, phi: Float64Array): Float64Array {
  if (value instanceof Float64Array) {
    check(
      value.length === phi.length,
      'bad-parameter',
      () => `gradient: expected ${phi.length} numbers, found ${value.length}`,
    );
    const bad = value.findIndex((g) => !Number.isFinite(g));
    check(
      bad < 0,
      'bad-parameter',
      () => `gradient: expected finite numbers, found ${value[bad]} at particle ${bad}`,
    );
    return value;
  }
  const sign = entropySign(value);
  check(
    sign !== 0,
    'bad-parameter',
    () => `value: expected "syntropy", "entropy" or a gradient, found ${String(value)}`,
  );
  const empty = phi.findIndex((p) => !(p > 0));
  check(
    empty < 0,
    'bad-parameter',
    () => `${value}: expected a positive focus, found ${phi[empty]} at particle ${empty}`,
    'its derivative is infinite there: use a prior that reaches every particle',
  );
  return phi.map((p) => sign * (logarithm(p) + 1));
}

/** v = ± Σφ ln φ, or 0 for a value given by its gradient. */
function entropySign(value: Value): -1 | 0 | 1 {
  return value === 'syntropy' ? 1 : value === 'entropy' ? -1 : 0;
}

/** cᵀφ: the mass that D sends to the prior, times λ_d. */
function priorMass(
  { outStake }: Adjacency,
  { lambda, teleport }: Parameters,
  phi: Float64Array,
): number {
  const dangling = compensatedSum(phi.length, (i) => (outStake[i] > 0 ? 0 : phi[i]));
  return lambda[0] * (teleport + (1 - teleport) * dangling);
}

function spectrumOf(adjacency: Adjacency, { unit }: Parameters): number {
  return unit === null ? 2 : adjacency.largestPairDegree() / unit;
}

/** A value that does not depend on where focus goes: every derivative is zero. */
function constantValue(particles: number): AdjointSolved {
  return {
    lambda: new Float64Array(particles),
    residual: 0,
    errorBound: 0,
    iterations: 0,
    converged: true,
  };
}
