// The Fiedler value f of a Laplacian with spectrum in [0, Λ], between proven bounds: the largest
// eigenvalue c = 1 − f/Λ of C = 1 − 𝓛/Λ on zero-sum vectors. A few leading eigenvectors come from Krylov's
// space, their Rayleigh quotient bounds f from above; a bound of C off these vectors (definite.ts for
// small graphs, chebyshev-trial.ts for large ones) turns their residual into a bound from below.

import { invariant } from '../../base/errors.js';
import { restByChebyshev } from './chebyshev-trial.js';
import { provesAtMost } from './definite.js';
import { DENSE_PARTICLES, type EncloseOptions } from './enclose.js';
import type { Eigenvalue } from './interval.js';
import { Krylov } from './krylov.js';
import type { SpectralMap } from './map.js';
import { largestAtMost, measureRayleigh, type Rayleigh } from './rayleigh.js';
import { formDense } from './squaring.js';

const LARGEST_BASIS = 60;
const BASIS_BYTES = 768 * 2 ** 20;
const MOST_RESTARTS = 200;
const COLUMNS = 4;

type FiedlerOptions = Omit<EncloseOptions, 'ceiling' | 'ceilingProof'>;

/** What is known of C's largest eigenvalue and of those behind. */
interface Leading {
  readonly rayleigh: Rayleigh;
  /** The largest eigenvalue behind the vectors, about. */
  readonly next: number;
}

/** Encloses the Fiedler value of `map` = 1 − 𝓛/Λ, Λ = `spectrum`. */
export async function encloseFiedler(
  map: SpectralMap,
  spectrum: number,
  options: FiedlerOptions,
): Promise<Eigenvalue> {
  const { space } = map;
  const small = space.dimension < DENSE_PARTICLES;
  options.onProgress?.('eigenvectors', null);
  const leading = await leadingOf(map, small ? 1e-8 : 1e-3, options);
  let most = 1;
  let failureProbability = 0;
  let lowerProof = 'a Laplacian has no eigenvalue below 0';
  const { rayleigh } = leading;
  options.onProgress?.('bounds of the rest', 0);
  if (small) {
    const formed = await formDense(map, options.signal);
    for (const rest of trialsOf(leading)) {
      if (!(await provesAtMost(space, formed, rayleigh, rest))) continue;
      most = Math.min(most, largestAtMost(rayleigh, rest));
      lowerProof = `Cholesky's factorisation off ${rayleigh.vectors.length} eigenvectors`;
      break;
    }
  } else {
    const edge = Math.max(leading.next, 1e-3);
    const rest = await restByChebyshev(map, map.inBlocks(COLUMNS, 0), rayleigh, {
      edge,
      enough: edge + (rayleigh.lower - edge) / 2,
      columns: COLUMNS,
      most: options.powers,
      failureProbability: options.failureProbability,
      seed: options.seed,
      signal: options.signal,
      onStep: (fraction) => options.onProgress?.('bounds of the rest', fraction),
    });
    const proven = largestAtMost(rayleigh, rest);
    if (proven < 1) {
      most = proven;
      failureProbability = options.failureProbability;
      lowerProof = `Chebyshev polynomials of random vectors off ${rayleigh.vectors.length} eigenvectors`;
    }
  }
  space.release(rayleigh.vectors);
  const lower = Math.max(0, spectrum * (1 - most) - spectrum * 2 ** -50);
  const upper = spectrum * (1 - rayleigh.lower) * (1 + 2 ** -50) + spectrum * 2 ** -50;
  return {
    value: Math.min(upper, Math.max(lower, spectrum * (1 - rayleigh.value))),
    lower,
    upper,
    certificate: failureProbability > 0 ? 'probabilistic' : 'enclosure',
    failureProbability,
    proof: `upper: a Rayleigh quotient; lower: ${lowerProof}`,
  };
}

/** Bounds of the rest to try without chance: behind a gap first, then just above the eigenvalue. */
function trialsOf({ rayleigh, next }: Leading): number[] {
  const { lower, upper } = rayleigh;
  const above = [1e-12, 1e-11, 1e-10, 1e-8, 1e-6].map((distance) => upper + distance);
  return next < lower - 1e-9 ? [(next + lower) / 2, next + (lower - next) / 8, ...above] : above;
}

/** Eigenvectors until the next eigenvalue is `gap` away, or a third of the basis. */
async function leadingOf(
  map: SpectralMap,
  gap: number,
  { signal }: FiedlerOptions,
): Promise<Leading> {
  const { space } = map;
  const fitting = Math.floor(BASIS_BYTES / (8 * (space.dimension + 1)));
  const size = Math.max(8, Math.min(LARGEST_BASIS, fitting));
  const krylov = new Krylov(space, map.forward.apply, size, 3);
  const most = Math.max(1, Math.floor(Math.min(size, space.dimension) / 3));
  let again = false;
  try {
    for (let restart = 0; ; restart++) {
      await krylov.expand(signal);
      const { values } = krylov.largest(most);
      let count = 1;
      while (count < most && values[0] - values[count] < gap) count++;
      const next = values[count] ?? 0;
      const { leading } = krylov.largest(count);
      // The residual counts squared over the gap.
      const enough = Math.sqrt(1e-14 * Math.max(1e-10, values[0] - next));
      const found = leading.residual <= enough;
      if (found && !again && !krylov.complete) {
        // One start finds an eigenvalue of higher multiplicity once; another finds the next copy.
        again = true;
        await krylov.reseed(leading);
        continue;
      }
      if (krylov.complete || found || restart >= MOST_RESTARTS) {
        const vectors = krylov.vectorsOf(leading);
        const rayleigh = await measureRayleigh(map, vectors);
        invariant(rayleigh !== null, 'Ritz vectors are orthonormal');
        return { rayleigh, next: Math.max(0, next) };
      }
      krylov.contract(krylov.largest(Math.ceil(size / 2)).leading);
    }
  } finally {
    krylov.destroy();
  }
}
