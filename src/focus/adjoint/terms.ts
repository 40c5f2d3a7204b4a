// The vectors of a link's derivative, computed once: Sφ, Sᵀλ and, at the nodes of the quadrature,
// e^{−s𝓛}φ and e^{−(τ−s)𝓛ᵀ}λ. φ and λ take one Chebyshev recurrence each; Mᵀy is one product of a
// block. What is left on the host is one record of numbers a particle.

import type { Vector } from '../../backend/backend.js';
import type { Adjacency } from '../adjacency.js';
import { expand, type Spectral } from '../chebyshev.js';
import type { FocusOperator } from '../operator.js';
import type { Parameters } from '../parameters.js';
import { spectralFamily } from './family.js';
import { BACK, DEGREE, FIELDS, FLOW, LAMBDA, OUT, OWN, type LinkTerms } from './links.js';
import { heatQuadrature } from './quadrature.js';
import type { TransposedOperator } from './transposed.js';

/** The functions of 𝓛 that a derivative pairs: x_j = primal_j(𝓛)φ with y_j = dual_j(𝓛ᵀ)λ. */
export interface SpectralPairs {
  /** Whether the first pair is that of springs. */
  readonly springs: boolean;
  /** τ − s_j of the pairs of heat, in order; the dual's times. */
  readonly times: Float64Array;
  readonly primal: readonly Float64Array[];
  readonly dual: readonly Float64Array[];
}

/** Error of the quadrature relative to τ‖dM‖, see quadrature.ts. */
const QUADRATURE_ERROR = 1e-11;
/** Truncation of each function, in roundings of the arithmetic. */
const TRUNCATION_ROUNDINGS = 64;

/** The pairs of a reading, as Chebyshev coefficients on [0, spectrum]. */
export function pairsOf(
  { lambda, mu, tau }: Parameters,
  spectrum: number,
  unitRoundoff: number,
): SpectralPairs {
  const primal: Float64Array[] = [];
  const dual: Float64Array[] = [];
  const functionOf = (part: Pick<Spectral, 'springs' | 'heat' | 'tau'>): Float64Array => {
    const expansion = expand({ ...part, mu, spectrum });
    return expansion.coefficients(expansion.degreeFor(TRUNCATION_ROUNDINGS * unitRoundoff));
  };
  const springs = lambda[1] > 0;
  if (springs) {
    const resolvent = functionOf({ springs: 1, heat: 0, tau: 0 });
    primal.push(resolvent.map((c) => (c * lambda[1]) / mu));
    dual.push(resolvent);
  }
  if (lambda[2] === 0 || tau === 0) return { springs, times: new Float64Array(0), primal, dual };
  const { nodes, weights } = heatQuadrature(tau, spectrum, QUADRATURE_ERROR);
  const heats = [...nodes].map((s) => functionOf({ springs: 0, heat: 1, tau: s }));
  nodes.forEach((_, j) => {
    primal.push(heats[j].map((c) => c * lambda[2] * weights[j]));
    dual.push(heats[nodes.length - 1 - j]);
  });
  return { springs, times: nodes.slice().reverse(), primal, dual };
}

/** φ and λ on the host, and what goes with them. */
export interface Solution {
  readonly phi: Float64Array;
  readonly lambda: Float64Array;
  /** c/Σd with the degree prior, else 0. */
  readonly priorSlope: number;
}

/**
 * Computes the records. Costs the degree of springs in products for each of φ and λ, one product of
 * a block and some passes over it. On the host 8 (4J + 7) bytes a particle, J pairs, half to stay.
 */
export async function linkTerms(
  operator: FocusOperator,
  transposed: TransposedOperator,
  adjacency: Adjacency,
  parameters: Parameters,
  pairs: SpectralPairs,
  { phi, lambda, priorSlope }: Solution,
): Promise<LinkTerms> {
  const { workspace, hostMeasure } = operator;
  const { degree, outStake } = adjacency;
  const n = phi.length;
  const saturates = parameters.unit === null;
  const count = pairs.primal.length;
  const stride = 2 * count + FIELDS;
  const records = new Float64Array(n * stride);
  const x = workspace.vector(1);
  const y = workspace.vector(1);
  workspace.write(x, lambda);
  transposed.walkBack(y, x);
  const back = await workspace.read(y);
  const flow = parameters.lambda[0] * (1 - parameters.teleport);
  for (let i = 0; i < n; i++) {
    const field = i * stride + 2 * count;
    records[field + LAMBDA] = lambda[i];
    records[field + DEGREE] = degree[i];
    records[field + OUT] = outStake[i];
    records[field + FLOW] = flow * phi[i];
    records[field + BACK] = back[i];
  }
  if (count > 0) {
    workspace.write(
      y,
      phi.map((value, i) => value / hostMeasure[i]),
    );
    // z = φ/h, and h/d is one number for all particles.
    const factor = parameters.unit === null ? hostMeasure[0] / degree[0] : 1 / parameters.unit;
    const take = async (block: Vector, offset: number, scale: number): Promise<void> => {
      const values = await workspace.read(block);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < count; j++)
          records[i * stride + offset + j] = scale * values[i * count + j];
      }
    };
    const primal = spectralFamily(operator, y, pairs.primal);
    await take(primal, 0, factor);
    const dual = spectralFamily(operator, x, pairs.dual);
    await take(dual, count, 1);
    if (saturates) operator.step(primal, dual, -1, []);
    const moved = await workspace.read(saturates ? primal : dual);
    for (let i = 0; i < n; i++) {
      let own = 0;
      for (let j = 0; j < count; j++) own += records[i * stride + j] * moved[i * count + j];
      records[i * stride + 2 * count + OWN] = own;
    }
    workspace.release(primal);
    workspace.release(dual);
  }
  workspace.release(x);
  workspace.release(y);
  return {
    particles: n,
    pairs: count,
    stride,
    records,
    saturates,
    priorSlope,
    largestLambda: lambda.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    totalDegree: adjacency.totalDegree,
  };
}
