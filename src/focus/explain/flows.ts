// Where focus comes from, arc by arc: φ* = Rφ* split by the last step that each part took.
//   diffusion   λ_d (1 − t) A(j,i) φ_j/out_j from j; λ_d t u_i from teleport; λ_d (1 − t) Σφ_dangling u_i
//   springs     y = Sφ:  y_i = μ/(1+μ) φ_i + Σ_j W_ij/d_j · y_j/(1+μ)
//   heat        h = Hφ:  h_i = e^{−τ} φ_i + Σ_j W_ij/d_j · g_j,  g = e^{−τ} Σ_k τ^{k+1}/(k+1)! M^k φ
// with W = A + Aᵀ, M = W·diag(1/d). All parts are ≥ 0 and sum to (Rφ)_i. Series with positive terms:
// nothing cancels. The random-walk Laplacian only: with the combinatorial one, what waits at a
// particle depends on its own degree, and heat has no such split by neighbour.

import type { Backend } from '../../backend/backend.js';
import { check } from '../../base/errors.js';
import { exponential } from '../../base/exponential.js';
import { transpose, type Csr } from '../../graph/csr.js';
import type { WeightedGraph } from '../../graph/graph.js';
import { adjacencyOf, priorOf, type Adjacency } from '../adjacency.js';
import type { Parameters } from '../parameters.js';
import { compensatedSum } from '../sums.js';

/** What passes from one particle to another in one application of R. */
export interface Flow {
  readonly diffusion: number;
  readonly springs: number;
  readonly heat: number;
}

/** Everything that flows are made of, at a focus of a graph. */
export interface Flows {
  readonly phi: Float64Array;
  readonly parameters: Parameters;
  readonly adjacency: Adjacency;
  /** Axons by target. */
  readonly reverse: Csr;
  /** λ_d t u_i and what dangling particles give: λ_d (1 − t) Σφ_dangling u_i. */
  teleportTo(particle: number): number;
  danglingTo(particle: number): number;
  /** What stays at a particle: springs λ_s μ/(1+μ) φ_i, heat λ_h e^{−τ} φ_i. */
  stays(particle: number): Pick<Flow, 'springs' | 'heat'>;
  /** What an axon p → q of this weight (or a part of it) carries ahead, from p to q. */
  ahead(from: number, weight: number): Flow;
  /** What it carries back, from q to p: springs and heat spread both ways. */
  back(to: number, weight: number): Pick<Flow, 'springs' | 'heat'>;
}

const NEGLIGIBLE = 1e-18;
const MOST_TERMS = 4096;

/**
 * Computes the flows at `phi`. Costs a product with W for each term of the series (about 60 at the
 * defaults), and O(n + m). Throws `bad-parameter` for readings other than focus-1 and pagerank.
 */
export async function openFlows(
  graph: WeightedGraph,
  parameters: Parameters,
  phi: Float64Array,
  backend: Backend,
): Promise<Flows> {
  const { reading, teleport, mu, tau, lambda } = parameters;
  check(
    reading === 'focus-1' || reading === 'pagerank',
    'bad-parameter',
    () => `explain: expected the reading focus-1 or pagerank, found ${reading}`,
    'only with the random-walk Laplacian does heat split by neighbour',
  );
  const adjacency = adjacencyOf(graph.axons);
  const { outStake, degree } = adjacency;
  const prior = priorOf(adjacency, parameters.prior);
  const dangling = compensatedSum(phi.length, (i) => (outStake[i] > 0 ? 0 : phi[i]));
  const { springs, heat } =
    lambda[1] + lambda[2] > 0
      ? await potentials(graph.axons, adjacency, parameters, phi, backend)
      : { springs: new Float64Array(phi.length), heat: new Float64Array(phi.length) };
  const [ofDiffusion, ofSprings, ofHeat] = lambda;
  const kept = exponential(-tau);
  const spread = (j: number, weight: number): Pick<Flow, 'springs' | 'heat'> => ({
    springs: (ofSprings * weight * springs[j]) / (degree[j] * (1 + mu)),
    heat: (ofHeat * weight * heat[j]) / degree[j],
  });
  return {
    phi,
    parameters,
    adjacency,
    reverse: transpose(graph.axons),
    teleportTo: (i) => ofDiffusion * teleport * prior[i],
    danglingTo: (i) => ofDiffusion * (1 - teleport) * dangling * prior[i],
    stays: (i) => ({ springs: (ofSprings * mu * phi[i]) / (1 + mu), heat: ofHeat * kept * phi[i] }),
    ahead: (p, weight) => ({
      diffusion: (ofDiffusion * (1 - teleport) * weight * phi[p]) / outStake[p],
      ...spread(p, weight),
    }),
    back: (q, weight) => spread(q, weight),
  };
}

/** y and g of the header, as sums over M^k φ. */
async function potentials(
  axons: Csr,
  { degree }: Adjacency,
  { mu, tau }: Parameters,
  phi: Float64Array,
  backend: Backend,
): Promise<{ readonly springs: Float64Array; readonly heat: Float64Array }> {
  const springs = new Float64Array(phi.length);
  const heat = new Float64Array(phi.length);
  const workspace = await backend.open(axons, 'both');
  try {
    const perDegree = workspace.vector(1);
    workspace.write(
      perDegree,
      degree.map((d) => 1 / d),
    );
    let [z, next] = [workspace.vector(1), workspace.vector(1)];
    // z = M^k φ / d throughout, so the next is W z / d.
    let values: Float64Array = phi.map((value, i) => value / degree[i]);
    workspace.write(z, values);
    const ratio = 1 / (1 + mu);
    let spring = mu * ratio;
    let poisson = exponential(-tau) * tau;
    for (let k = 0; ; k++) {
      for (let i = 0; i < phi.length; i++) {
        const power = values[i] * degree[i];
        springs[i] += spring * power;
        heat[i] += poisson * power;
      }
      spring *= ratio;
      poisson *= tau / (k + 2);
      // From k ≥ 2τ on the Poisson terms at least halve.
      const rest = spring / (1 - ratio) + 2 * poisson;
      if (k + 3 >= 2 * tau && rest <= NEGLIGIBLE) return { springs, heat };
      check(
        k < MOST_TERMS,
        'bad-parameter',
        () => `explain: mu ${mu} and tau ${tau} need a series of more than ${MOST_TERMS} terms`,
        'raise mu or lower tau',
      );
      workspace.product({
        out: next,
        direction: 'both',
        x: z,
        factor: 1,
        terms: [],
        rowScale: perDegree,
      });
      [z, next] = [next, z];
      values = await workspace.read(z);
    }
  } finally {
    workspace.destroy();
  }
}
