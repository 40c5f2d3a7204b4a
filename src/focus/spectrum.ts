// Spectral quantities of a graph under a reading, each an interval that is proven to hold the truth:
//   |λ₂| of R and of D on the zero-sum space, teleport included (the spectral gap is 1 − |λ₂|)
//   Fiedler  the second smallest eigenvalue of the Laplacian 𝓛; it moves the other way
// Where the structure of the graph decides, nothing is computed (spectrum/structure.ts); else
// spectrum/enclose.ts and spectrum/fiedler.ts enclose. docs/spectrum.md states the proofs.

import type { Backend, Product, Workspace } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import type { WeightedGraph } from '../graph/graph.js';
import { adjacencyOf, type Adjacency } from './adjacency.js';
import { openOperator } from './operator.js';
import type { Parameters } from './parameters.js';
import { encloseLargest, type EncloseOptions } from './spectrum/enclose.js';
import { encloseFiedler } from './spectrum/fiedler.js';
import { exactly, type Eigenvalue } from './spectrum/interval.js';
import {
  openDiffusionMap,
  openFocusMap,
  openLaplacianMap,
  type OpenColumns,
} from './spectrum/map.js';
import { structureOf, type Structure } from './spectrum/structure.js';

export type { Certificate, Eigenvalue } from './spectrum/interval.js';

/** The spectral quantities of one graph. */
export interface Spectrum {
  /** |λ₂| of R on the zero-sum space. */
  readonly lambda2R: Eigenvalue;
  /** |λ₂| of D on the zero-sum space, teleport included. */
  readonly lambda2Diffusion: Eigenvalue;
  /** Second smallest eigenvalue of the random-walk Laplacian I − W/d, in [0, 2]. */
  readonly fiedlerNormalized: Eigenvalue;
  /** The same of the reading's own Laplacian: for focus-1 the same number. */
  readonly fiedler: Eigenvalue;
  /** Sweeps over A and Aᵀ, each direction and column counted: two for a product with W. */
  readonly passes: number;
}

/** How much work a proof may take, and how much chance it may use. */
export interface SpectrumOptions {
  /** Probability, at most, that an interval resting on chance is wrong; default 1e-9. */
  readonly failureProbability?: number | undefined;
  /** Seed of the random vectors of those proofs, a 32-bit unsigned integer; default 1. */
  readonly seed?: number | undefined;
  /** Most powers of random vectors in one proof, rounded up to a power of two; default 1024. */
  readonly powers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with what is being computed and how far it is (null: not known). */
  readonly onProgress?: ((what: string, fraction: number | null) => void) | undefined;
}

/**
 * Encloses the spectral quantities. Up to some hundred particles the proofs are free of chance; above,
 * the upper bounds rest on random vectors. Costs some thousand products with W. Throws FocusError
 * `bad-parameter` for options out of range and for reference-2026-07, whose map is not linear.
 */
export async function spectrumOf(
  graph: WeightedGraph,
  parameters: Parameters,
  options: SpectrumOptions = {},
  backend: Backend = openCpu(),
): Promise<Spectrum> {
  const { reading } = parameters;
  check(
    reading !== 'reference-2026-07',
    'bad-parameter',
    () => 'spectrum: expected a linear reading, found reference-2026-07',
    'its blend is normalised, so it has no eigenvalues; choose focus-1-combinatorial',
  );
  check(
    backend.precision === 'f64',
    'bad-parameter',
    () => 'spectrum: expected a backend in f64, found f32',
    'choose the cpu',
  );
  const proof = proofOf(options);
  const adjacency = adjacencyOf(graph.axons);
  // Named priors give weight to every particle that an axon touches: there are no others.
  const { prior } = parameters;
  const structure = structureOf(graph.axons, (i) => typeof prior === 'string' || prior[i] > 0);
  const walk: Parameters =
    reading === 'focus-1' ? parameters : { ...parameters, reading: 'focus-1', unit: null };
  const { workspace, passes } = counted(await backend.open(graph.axons, 'both'));
  try {
    const openWith =
      (chosen: Parameters): OpenColumns =>
      (columns) =>
        openOperator(workspace, adjacency, chosen, columns);
    const named = (name: string): Proof => ({
      ...proof,
      onProgress: (what, fraction) => proof.onProgress?.(`${name}, ${what}`, fraction),
    });
    const lambda2Diffusion = await ofDiffusion(
      openWith(walk),
      adjacency,
      walk,
      structure,
      named('diffusion'),
    );
    const plain = parameters.lambda[0] === 1;
    const lambda2R = plain
      ? lambda2Diffusion
      : await ofFocus(openWith(parameters), adjacency, parameters, structure, named('focus'));
    const fiedlerNormalized = await ofLaplacian(openWith(walk), 2, structure, named('Fiedler'));
    const { unit } = parameters;
    const fiedler =
      unit === null
        ? fiedlerNormalized
        : await ofLaplacian(
            openWith(parameters),
            adjacency.largestPairDegree() / unit,
            structure,
            named('Fiedler'),
          );
    return { lambda2R, lambda2Diffusion, fiedlerNormalized, fiedler, passes: passes() };
  } finally {
    workspace.destroy();
  }
}

/** A workspace that counts its sweeps. */
function counted(workspace: Workspace): {
  readonly workspace: Workspace;
  readonly passes: () => number;
} {
  let sweeps = 0;
  const product = (each: Product): void => {
    sweeps += (each.direction === 'both' ? 2 : 1) * each.out.columns;
    workspace.product(each);
  };
  return { workspace: { ...workspace, product }, passes: () => sweeps };
}

type Proof = Omit<EncloseOptions, 'ceiling' | 'ceilingProof'>;

function proofOf(options: SpectrumOptions): Proof {
  const { failureProbability = 1e-9, seed = 1, powers = 1024 } = options;
  check(
    failureProbability > 0 && failureProbability < 1,
    'bad-parameter',
    () => `failure probability: expected a number in (0, 1), found ${failureProbability}`,
  );
  check(
    Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32,
    'bad-parameter',
    () => `seed: expected an integer in [0, 2^32), found ${seed}`,
  );
  check(
    Number.isInteger(powers) && powers >= 1 && powers <= 2 ** 16,
    'bad-parameter',
    () => `powers: expected an integer in [1, 65536], found ${powers}`,
  );
  let rounded = 1;
  while (rounded < powers) rounded *= 2;
  return {
    failureProbability,
    seed,
    powers: rounded,
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

/** |λ₂| of D. */
async function ofDiffusion(
  open: OpenColumns,
  adjacency: Adjacency,
  parameters: Parameters,
  { closedWalks, period }: Structure,
  proof: Proof,
): Promise<Eigenvalue> {
  const { teleport } = parameters;
  const ceiling = 1 - teleport;
  if (teleport === 1) return exactly(0, 0, 'D has rank one at teleport 1');
  if (closedWalks > 1) {
    return exactly(ceiling, 1, `1 − teleport: the walk has ${closedWalks} closed classes`);
  }
  if (period > 1) {
    return exactly(ceiling, 1, `1 − teleport: the walk's closed class has period ${period}`);
  }
  return encloseLargest(await openDiffusionMap(open, adjacency, parameters), {
    ...proof,
    ceiling: ceiling * (1 + 2 ** -50),
    ceilingProof: 'D contracts zero-sum vectors by 1 − teleport in L1',
  });
}

/** |λ₂| of R. */
async function ofFocus(
  open: OpenColumns,
  adjacency: Adjacency,
  parameters: Parameters,
  { closedBlends }: Structure,
  proof: Proof,
): Promise<Eigenvalue> {
  const { teleport, lambda, tau } = parameters;
  const ceiling = 1 - lambda[0] * teleport;
  const joins = lambda[1] > 0 || (lambda[2] > 0 && tau > 0);
  if (joins && closedBlends > 1) {
    return exactly(ceiling, 4, `κ: ${closedBlends} classes of components keep their mass`);
  }
  return encloseLargest(await openFocusMap(open, adjacency, parameters), {
    ...proof,
    ceiling: ceiling * (1 + 2 ** -50),
    ceilingProof: 'R contracts zero-sum vectors by κ in L1',
  });
}

/** The Fiedler value of a Laplacian with its spectrum in [0, spectrum]. */
async function ofLaplacian(
  open: OpenColumns,
  spectrum: number,
  { components }: Structure,
  proof: Proof,
): Promise<Eigenvalue> {
  if (components > 1) return exactly(0, 0, `the graph has ${components} components`);
  return encloseFiedler(openLaplacianMap(open), spectrum, proof);
}
