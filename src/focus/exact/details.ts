// The operators apart, and the free energy, at an exact focus (docs/exact-arithmetic.md, section 8):
//   F(φ) = λ_s [½ φᵀ𝓛φ + μ/2 ‖φ − x₀‖²] + λ_h ½ ‖φ − Hφ‖² + λ_d KL(φ ‖ Dφ),   x₀ uniform

import type { ExactBackend } from '../../backend/exact.js';
import { openCpuExact } from '../../backend/cpu/cpu.js';
import { weightedLogarithms } from '../../backend/cpu/logarithms.js';
import type { Vector } from '../../backend/backend.js';
import { check } from '../../base/errors.js';
import type { Graph } from '../../graph/graph.js';
import type { Parameters } from '../parameters.js';
import { distributionOf, openExactOperator, type ExactOperator } from './operator.js';
import { CERTAIN } from './series.js';
import { scheduleGoal } from './solve.js';
import { FULL, nearest, rationalOf, rounded, type Rational } from './units.js';

/** D φ, S φ and H φ in focus units by particle, and F in units of 2⁻⁵⁶. */
export interface ExactDetails {
  readonly diffusion: BigInt64Array;
  readonly springs: BigInt64Array;
  readonly heat: BigInt64Array;
  readonly freeEnergy: bigint;
}

/**
 * Computes the details of `units`, a focus of the graph. Costs about a hundred passes over the
 * graph. Throws FocusError `bad-parameter` for the readings without a resolvent.
 */
export async function detailsExact(
  graph: Graph,
  parameters: Parameters,
  units: BigInt64Array,
  tolerance = 1e-9,
  backend: ExactBackend = openCpuExact(),
): Promise<ExactDetails> {
  const { reading } = parameters;
  check(
    reading === 'focus-1' || reading === 'focus-1-combinatorial',
    'bad-parameter',
    () => `details: expected the reading focus-1 or focus-1-combinatorial, found ${reading}`,
  );
  // Without springs and heat the map needs no W, but their details do.
  const [, springsShare, heatShare] = parameters.lambda;
  const placed: Parameters =
    springsShare + heatShare > 0 ? parameters : { ...parameters, lambda: [0.5, 0.25, 0.25] };
  const operator = await openExactOperator(graph, placed, 1, backend);
  try {
    const { workspace } = operator;
    const phi = workspace.vector(1);
    const out = workspace.vector(1);
    workspace.write(phi, units);
    const goal = scheduleGoal(operator, tolerance);
    const bound = (CERTAIN * goal.numerator) / goal.denominator;
    const one: Rational = { numerator: 1n, denominator: 1n };
    const none: Rational = { numerator: 0n, denominator: 1n };
    const apply = async (springs: Rational, heat: Rational): Promise<BigInt64Array> => {
      const series = operator.seriesOf(springs, heat);
      operator.spectral(out, phi, series, series.degreeFor(2n, bound, 0));
      return workspace.read(out);
    };
    const springs = await apply(one, none);
    const heat = await apply(none, one);
    const laplacian = await laplacianOf(operator, phi, out, units);
    const diffusion = await diffusionOf(graph, parameters, units, backend);
    return {
      diffusion,
      springs,
      heat,
      freeEnergy: freeEnergy(operator, parameters, units, { laplacian, diffusion, heat }),
    };
  } finally {
    operator.destroy();
  }
}

/** 𝓛φ: not in 64 bits, because the combinatorial Laplacian is as large as the degrees. */
async function laplacianOf(
  operator: ExactOperator,
  phi: Vector,
  out: Vector,
  units: BigInt64Array,
): Promise<readonly bigint[]> {
  operator.average(out, phi);
  const averaged = await operator.workspace.read(out);
  const { numerator, denominator } = operator.scale;
  const scale = nearest(numerator << 32n, denominator);
  return Array.from(averaged, (value, i) =>
    operator.randomWalk ? units[i] - value : rounded(scale * (units[i] - value), 32),
  );
}

/** D φ: the map of PageRank with the same teleport and prior. */
async function diffusionOf(
  graph: Graph,
  parameters: Parameters,
  units: BigInt64Array,
  backend: ExactBackend,
): Promise<BigInt64Array> {
  const alone: Parameters = { ...parameters, reading: 'pagerank', lambda: [1, 0, 0], unit: null };
  const operator = await openExactOperator(graph, alone, 1, backend);
  try {
    const { workspace, constantVector } = operator;
    const phi = workspace.vector(1);
    const out = workspace.vector(1);
    workspace.write(phi, units);
    operator.apply(out, phi, 0, constantVector);
    return await workspace.read(out);
  } finally {
    operator.destroy();
  }
}

interface Parts {
  readonly laplacian: readonly bigint[];
  readonly diffusion: BigInt64Array;
  readonly heat: BigInt64Array;
}

function freeEnergy(
  operator: ExactOperator,
  { mu, lambda }: Parameters,
  phi: BigInt64Array,
  { laplacian, diffusion, heat }: Parts,
): bigint {
  const uniform = distributionOf('uniform', operator.weights);
  let tension = 0n;
  let spread = 0n;
  let flow = 0n;
  for (let i = 0; i < phi.length; i++) {
    tension += phi[i] * laplacian[i];
    spread += (phi[i] - uniform[i]) ** 2n;
    flow += (phi[i] - heat[i]) ** 2n;
  }
  const divergence = weightedLogarithms(phi, phi) - weightedLogarithms(phi, diffusion);
  const [diffusionShare, springsShare, heatShare] = lambda.map((share) => {
    const { numerator, denominator } = rationalOf(share);
    return nearest(FULL * numerator, denominator);
  });
  const screening = rationalOf(mu);
  const factor = nearest(screening.numerator << 32n, screening.denominator);
  return rounded(
    springsShare * (rounded(tension, 67) + rounded(factor * rounded(spread, 66), 33)) +
      heatShare * rounded(flow, 67) +
      diffusionShare * rounded(divergence, 61),
    62,
  );
}
