// What else can be said of a focus vector, at the cost of some products: the share of each
// operator, the free energy, the spectrum.
//   F(φ) = λ_s [½ φᵀ𝓛φ + μ/2 ‖φ − x₀‖²] + λ_h ½ ‖φ − Hφ‖² + λ_d KL(φ ‖ Dφ),   x₀ uniform
// F is reported because the public text speaks of it; φ* is not its argmin.

import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import type { Graph } from '../graph/graph.js';
import { adjacencyOf } from './adjacency.js';
import { expand } from './chebyshev.js';
import { openOperator } from './operator.js';
import type { Parameters } from './parameters.js';
import { spectrumOf, type Eigenvalue } from './spectrum.js';
import { compensatedSum } from './sums.js';

/** Details of φ. Vectors are n numbers in particle order, each summing to 1. */
export interface FocusDetails {
  readonly diffusion: Float64Array;
  readonly springs: Float64Array;
  readonly heat: Float64Array;
  readonly freeEnergy: number;
  /** |λ₂| of R on the zero-sum space. */
  readonly lambda2: Eigenvalue;
  /** |λ₂| of D on the zero-sum space, teleport included. */
  readonly lambda2Diffusion: Eigenvalue;
  /** Second smallest eigenvalue of the reading's Laplacian. */
  readonly fiedler: Eigenvalue;
}

/** Powers of random vectors that details may spend on proofs of the spectrum. */
const DETAIL_POWERS = 256;

/**
 * Computes D φ, S φ, H φ, the free energy and the spectrum at φ. Costs some thousand passes over the
 * graph, nearly all of them for the spectrum. Throws FocusError `bad-parameter` for the readings without a
 * resolvent, pagerank and reference-2026-07.
 */
export async function detailsOf(
  graph: Graph,
  parameters: Parameters,
  phi: Float64Array,
  backend: Backend = openCpu(),
): Promise<FocusDetails> {
  const { reading } = parameters;
  check(
    reading === 'focus-1' || reading === 'focus-1-combinatorial',
    'bad-parameter',
    () => `details: expected the reading focus-1 or focus-1-combinatorial, found ${reading}`,
  );
  const { laplacian: _, ...parts } = await operatorsAt(graph, parameters, phi, backend);
  // Intervals need double precision, whatever the parts are computed in.
  const machine = backend.precision === 'f64' ? backend : openCpu();
  const { lambda2R, lambda2Diffusion, fiedler } = await spectrumOf(
    graph,
    parameters,
    { powers: DETAIL_POWERS },
    machine,
  );
  return { ...parts, lambda2: lambda2R, lambda2Diffusion, fiedler };
}

/** The operators at φ and the free energy. Some forty passes over the graph. */
export async function operatorsAt(
  graph: Graph,
  parameters: Parameters,
  phi: Float64Array,
  backend: Backend,
): Promise<
  Pick<FocusDetails, 'diffusion' | 'springs' | 'heat' | 'freeEnergy'> & {
    readonly laplacian: Float64Array;
  }
> {
  const { mu, tau, lambda } = parameters;
  const adjacency = adjacencyOf(graph.axons);
  const workspace = await backend.open(graph.axons, 'both');
  try {
    const operator = openOperator(workspace, adjacency, parameters, 1);
    const { hostMeasure } = operator;
    const z = workspace.vector(1);
    const out = workspace.vector(1);
    workspace.write(
      z,
      phi.map((value, i) => value / hostMeasure[i]),
    );
    const result = async (factor = 1): Promise<Float64Array> =>
      (await workspace.read(out)).map((value, i) => value * hostMeasure[i] * factor);
    const spectrum = parameters.unit === null ? 2 : adjacency.largestPairDegree() / parameters.unit;
    const apply = async (springs: number, heat: number): Promise<Float64Array> => {
      const expansion = expand({ springs, mu, heat, tau, spectrum });
      operator.spectral(out, z, expansion.coefficients(expansion.degree));
      return result();
    };
    operator.diffusion(out, z);
    const diffusion = await result(1 / lambda[0]);
    const springs = await apply(1, 0);
    const heat = await apply(0, 1);
    operator.spectral(out, z, Float64Array.of(spectrum / 2, spectrum / 2));
    const laplacian = await result();
    return {
      diffusion,
      springs,
      heat,
      laplacian,
      freeEnergy: freeEnergy(parameters, phi, laplacian, diffusion, heat),
    };
  } finally {
    workspace.destroy();
  }
}

function freeEnergy(
  { lambda, mu }: Parameters,
  phi: Float64Array,
  laplacian: Float64Array,
  diffusion: Float64Array,
  heat: Float64Array,
): number {
  const n = phi.length;
  const sum = (term: (i: number) => number): number => compensatedSum(n, term);
  const tension = sum((i) => phi[i] * laplacian[i]) / 2;
  const spread = sum((i) => (phi[i] - 1 / n) ** 2);
  const flow = sum((i) => (phi[i] - heat[i]) ** 2);
  const divergence = sum((i) => (phi[i] > 0 ? phi[i] * Math.log(phi[i] / diffusion[i]) : 0));
  return (
    lambda[1] * (tension + (mu / 2) * spread) + (lambda[2] / 2) * flow + lambda[0] * divergence
  );
}
