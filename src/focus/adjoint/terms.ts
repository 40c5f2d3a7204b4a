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
/** Truncation of each function: this, or so many roundings of a coarse arithmetic. */
const TRUNCATION = 1e-12;
const TRUNCATION_ROUNDINGS = 64;

/** Pairs done at a time where few particles are kept: blocks are then what takes memory. */
const NARROW = 2;

/** The pairs of a reading, as Chebyshev coefficients on [0, spectrum]. */
export function pairsOf(
  { lambda, mu, tau }: Parameters,
  spectrum: number,
  unitRoundoff: number,
): SpectralPairs {
  const primal: Float64Array[] = [];
  const dual: Float64Array[] = [];
  const truncation = Math.max(TRUNCATION, TRUNCATION_ROUNDINGS * unitRoundoff);
  const functionOf = (part: Pick<Spectral, 'springs' | 'heat' | 'tau'>): Float64Array => {
    const expansion = expand({ ...part, mu, spectrum });
    return expansion.coefficients(expansion.degreeFor(truncation));
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
  /** Σd, and the fixed weights that the prior has beside degrees. */
  readonly totalDegree: number;
  /** The particles whose numbers are kept, in their order; null: all. */
  readonly kept: Uint32Array | null;
}

/**
 * Computes the terms. Costs the degree of springs in products for each of φ and λ, one product of a
 * block and some passes over blocks of J columns; the degrees once for each two pairs where particles
 * are chosen, so that blocks stay narrow. Keeps 8 (2J + 6) bytes a kept particle on the host;
 * rows are those of `kept`.
 */
export async function linkTerms(
  operator: FocusOperator,
  transposed: TransposedOperator,
  adjacency: Adjacency,
  parameters: Parameters,
  pairs: SpectralPairs,
  { phi, lambda, priorSlope, totalDegree, kept }: Solution,
): Promise<LinkTerms> {
  const { workspace } = operator;
  const { degree, outStake } = adjacency;
  const x = workspace.vector(1);
  const y = workspace.vector(1);
  workspace.write(x, lambda);
  transposed.walkBack(y, x);
  const back = await workspace.read(y);
  const share = parameters.lambda[0] * (1 - parameters.teleport);
  const rows = kept?.length ?? phi.length;
  const fields = new Float64Array(rows * FIELDS);
  for (let row = 0; row < rows; row++) {
    const i = kept === null ? row : kept[row];
    const field = row * FIELDS;
    fields[field + LAMBDA] = lambda[i];
    fields[field + DEGREE] = degree[i];
    fields[field + OUT] = outStake[i];
    fields[field + FLOW] = share * phi[i];
    fields[field + BACK] = back[i];
  }
  const { primal, dual } = await pairVectors(operator, adjacency, parameters, pairs, {
    phi,
    z: y,
    lambda: x,
    fields,
    kept,
  });
  workspace.release(x);
  workspace.release(y);
  return {
    particles: rows,
    pairs: pairs.primal.length,
    primal,
    dual,
    fields,
    saturates: parameters.unit === null,
    priorSlope,
    largestLambda: lambda.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    totalDegree,
  };
}

/** x_j/d and y_j, and into the fields what a particle's own column makes of them. */
async function pairVectors(
  operator: FocusOperator,
  { degree }: Adjacency,
  { unit }: Parameters,
  pairs: SpectralPairs,
  at: {
    readonly phi: Float64Array;
    readonly z: Vector;
    readonly lambda: Vector;
    readonly fields: Float64Array;
    readonly kept: Uint32Array | null;
  },
): Promise<{ readonly primal: Float64Array; readonly dual: Float64Array }> {
  const { workspace, hostMeasure } = operator;
  const count = pairs.primal.length;
  const rows = at.kept?.length ?? at.phi.length;
  const [primal, dual] = [new Float64Array(rows * count), new Float64Array(rows * count)];
  if (count === 0) return { primal, dual };
  workspace.write(
    at.z,
    at.phi.map((value, i) => value / hostMeasure[i]),
  );
  // φ = h z, and h/d is one number for all particles where 𝓛 is the random walk's.
  const factor = unit === null ? hostMeasure[0] / degree[0] : 1 / unit;
  const scaled = pairs.primal.map((c) => c.map((value) => value * factor));
  const width = at.kept === null ? count : NARROW;
  for (let first = 0; first < count; first += width) {
    const [x, y] = [scaled.slice(first, first + width), pairs.dual.slice(first, first + width)];
    const columns = x.length;
    const take = async (block: Vector, into: Float64Array | null): Promise<Float64Array> => {
      const values = picked(await workspace.read(block), at.kept, columns);
      if (into === null) return values;
      for (let row = 0; row < rows; row++) {
        for (let j = 0; j < columns; j++) into[row * count + first + j] = values[row * columns + j];
      }
      return values;
    };
    const primalBlock = spectralFamily(operator, at.z, x);
    await take(primalBlock, primal);
    const dualBlock = spectralFamily(operator, at.lambda, y);
    const taken = await take(dualBlock, dual);
    if (unit === null) operator.step(primalBlock, dualBlock, -1, []);
    const moved = unit === null ? await take(primalBlock, null) : taken;
    for (let row = 0; row < rows; row++) {
      let own = 0;
      for (let j = 0; j < columns; j++)
        own += primal[row * count + first + j] * moved[row * columns + j];
      at.fields[row * FIELDS + OWN] += own;
    }
    workspace.release(primalBlock);
    workspace.release(dualBlock);
  }
  return { primal, dual };
}

/** The rows of some particles out of a block of `count` columns; the block itself for null. */
function picked(block: Float64Array, kept: Uint32Array | null, count: number): Float64Array {
  if (kept === null) return block;
  const rows = new Float64Array(kept.length * count);
  kept.forEach((i, row) => rows.set(block.subarray(i * count, (i + 1) * count), row * count));
  return rows;
}
