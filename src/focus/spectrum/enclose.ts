// |λ₂| of a map on zero-sum vectors, between proven bounds. A leading invariant subspace is found from
// both sides (krylov.ts), measured (frame.ts), and what is left of the map is bounded away from it
// (squaring.ts for small graphs, powers.ts for large ones). Then the eigenvalues outside that bound are
// those of a small matrix, moved by at most δ, and discs hold them (discs.ts):
//   upper   the farthest point of a disc          lower   the nearest point of a set of discs apart
// Where the rest cannot be held below the subspace, the upper bound is what its powers prove, and the
// lower one comes from traces of powers (small graphs) or is 0.

import type { Vector } from '../../backend/backend.js';
import { encloseEigenvalues, modulusBounds } from './discs.js';
import { distanceOf, EMPTY_FRAME, openFrame, type Frame } from './frame.js';
import type { Eigenvalue } from './interval.js';
import { Krylov } from './krylov.js';
import { leadingPair, reseed, type Pair } from './leading-pair.js';
import type { Application, SpectralMap } from './map.js';
import { remainderByPowers } from './powers.js';
import type { Remainder } from './remainder.js';
import { formDense, largestByTraces, remainderBySquaring, type DenseMap } from './squaring.js';

/** How far to go, and with which chance. */
export interface EncloseOptions {
  /** A bound of |λ₂| that always holds, and why. */
  readonly ceiling: number;
  readonly ceilingProof: string;
  readonly failureProbability: number;
  readonly seed: number;
  /** Most powers of random vectors in a trial; a power of two. */
  readonly powers: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((what: string, fraction: number | null) => void) | undefined;
}

/** Particles up to which bounds are free of chance: n³ operations in plain loops. */
export const DENSE_PARTICLES = 700;
/** Particles up to which all eigenvalues are enclosed where nothing else separates. */
const WHOLE_PARTICLES = 250;
/** Krylov vectors kept at once, on each side; fewer for large graphs, whose vectors are long. */
const LARGEST_BASIS = 48;
const BASIS_BYTES = 384 * 2 ** 20;
const MOST_ATTEMPTS = 2;
const COLUMNS = 4;
/** Trials by powers that may be made: two kinds of frame an attempt, and one without a frame. */
const TRIALS = 2 * MOST_ATTEMPTS + 1;
/** A width at which no second frame is tried. */
const TIGHT = 1e-9;

interface Found {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly failureProbability: number;
  readonly lowerProof: string;
  readonly upperProof: string;
}

/** Bounds |λ₂| of `map`. */
export async function encloseLargest(
  map: SpectralMap,
  options: EncloseOptions,
): Promise<Eigenvalue> {
  const n = map.space.dimension + 1;
  const size = Math.max(8, Math.min(LARGEST_BASIS, Math.floor(BASIS_BYTES / (8 * n))));
  const right = new Krylov(map.space, map.forward.apply, size, 1);
  const left = new Krylov(map.space, map.backward.apply, size, 2);
  const rest = openRest(map, options, n <= DENSE_PARTICLES);
  let best: Found = {
    value: 0,
    lower: 0,
    upper: options.ceiling,
    failureProbability: 0,
    lowerProof: '0 is the least modulus',
    upperProof: options.ceilingProof,
  };
  try {
    best = await fromSubspaces(map, right, left, rest, best, options);
    if (best.upper - best.lower > TIGHT && rest.small) {
      best = await wholeSpectrum(map, await rest.formed(), best, options.signal);
    } else if (best.upper === options.ceiling) {
      const target = Math.max(best.value, 1e-6 * map.norm) * (1 + 2 ** -10);
      best = conclude(EMPTY_FRAME, await rest.bound(EMPTY_FRAME, target, false), best);
    }
  } finally {
    right.destroy();
    left.destroy();
  }
  return {
    value: Math.min(best.upper, Math.max(best.lower, best.value)),
    lower: best.lower,
    upper: best.upper,
    certificate: best.failureProbability > 0 ? 'probabilistic' : 'enclosure',
    failureProbability: best.failureProbability,
    proof: `upper: ${best.upperProof}; lower: ${best.lowerProof}`,
  };
}

/** Tries leading subspaces of several sizes until one proves both ends. */
async function fromSubspaces(
  map: SpectralMap,
  right: Krylov,
  left: Krylov,
  rest: Rest,
  start: Found,
  options: EncloseOptions,
): Promise<Found> {
  const tried = new Set<number>();
  let best = start;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    options.onProgress?.('eigenvectors', null);
    const pair = await leadingPair(right, left, map.norm, tried, rest.small, options.signal);
    if (attempt === 0) best = { ...best, value: Math.min(pair.modulus, best.upper) };
    if (pair.exhausted) return best;
    tried.add(pair.count);
    for (const sides of [2, 1] as const) {
      const frame = await frameOf(map, right, left, pair, sides);
      if (frame === null) continue;
      const target = targetFor(pair, map.norm);
      const remainder = await rest.bound(frame, target, attempt + 1 < MOST_ATTEMPTS);
      best = conclude(frame, remainder, best);
      map.space.release([...frame.q, ...frame.p]);
      const done = remainder.reached && (best.lower > 0 || pair.count === 0);
      // A small graph can afford a look at the other frame.
      if (done && (!rest.small || sides === 1 || best.upper - best.lower <= TIGHT)) return best;
    }
    if (!right.complete) await reseed(right, left, pair);
  }
  return best;
}

/** Ways to bound what a frame leaves out. */
interface Rest {
  /** Whether the map is small enough to be formed, so that no chance is needed. */
  readonly small: boolean;
  readonly formed: () => Promise<DenseMap>;
  /** `impatient`: stop where powers cease to fall. */
  readonly bound: (frame: Frame, target: number, impatient: boolean) => Promise<Remainder>;
}

function openRest(
  map: SpectralMap,
  { signal, onProgress, powers, failureProbability, seed }: EncloseOptions,
  small: boolean,
): Rest {
  let matrix: DenseMap | null = null;
  let blocks: Application | null = null;
  let trial = 0;
  const formed = async (): Promise<DenseMap> => (matrix ??= await formDense(map, signal));
  return {
    small,
    formed,
    bound: async (frame, target, impatient) => {
      const onStep = (fraction: number): void => onProgress?.('bounds of the rest', fraction);
      onStep(0);
      const request = { target, signal, onStep };
      if (small) return remainderBySquaring(map, await formed(), frame, request);
      blocks ??= map.inBlocks(COLUMNS, 1e-9);
      return remainderByPowers(map, blocks, frame, {
        ...request,
        columns: COLUMNS,
        most: powers,
        failureProbability: failureProbability / TRIALS,
        seed,
        stream: trial++,
        impatient,
      });
    },
  };
}

/**
 * The frame of a pair: from both sides, which makes its errors of second order, or with P = Q, which
 * keeps the rest as small as the map where left and right are far from parallel.
 */
async function frameOf(
  map: SpectralMap,
  right: Krylov,
  left: Krylov,
  pair: Pair,
  sides: 1 | 2,
): Promise<Frame | null> {
  if (pair.count === 0) return sides === 2 ? EMPTY_FRAME : null;
  if (pair.right === null || (sides === 2 && pair.left === null)) return null;
  const q: Vector[] = right.vectorsOf(pair.right);
  const p: Vector[] =
    pair.left === null || sides === 1 ? right.vectorsOf(pair.right) : left.vectorsOf(pair.left);
  const frame = await openFrame(map, q, p);
  if (frame === null) map.space.release([...q, ...p]);
  return frame;
}

/** Where to hold the rest: just below the leading modulus, above what is left. */
function targetFor({ count, modulus, next }: Pair, norm: number): number {
  if (count === 0) return Math.max(1e-6 * norm, 2 * modulus);
  const gap = 1 - next / modulus;
  return modulus * (1 - Math.min(2 ** -10, gap / 16));
}

/** Joins what a frame and its rest prove with what was known. */
function conclude(frame: Frame, remainder: Remainder, known: Found): Found {
  const { t } = frame;
  const delta = distanceOf(frame, remainder.resolvent);
  const discs = Number.isFinite(remainder.radius) ? encloseEigenvalues(t, delta) : null;
  if (discs === null) return known;
  const bounds = modulusBounds(discs, remainder.radius);
  const value = t.rows > 0 ? bounds.value : known.value;
  let found: Found = { ...known, value };
  if (bounds.upper < known.upper) {
    found = {
      ...found,
      upper: bounds.upper,
      failureProbability: known.failureProbability + remainder.failureProbability,
      upperProof: `the rest of the spectrum is held by ${remainder.method}`,
    };
  }
  if (bounds.lower > known.lower) {
    found = {
      ...found,
      lower: bounds.lower,
      failureProbability: known.failureProbability + remainder.failureProbability,
      lowerProof: `discs of ${t.rows} leading eigenvalues apart from the rest`,
    };
  }
  return found;
}

/** What small graphs can try besides: all eigenvalues at once, then powers without a frame. */
async function wholeSpectrum(
  map: SpectralMap,
  formed: DenseMap,
  known: Found,
  signal: AbortSignal | undefined,
): Promise<Found> {
  let found = known;
  if (formed.matrix.rows <= WHOLE_PARTICLES) {
    const discs = encloseEigenvalues(formed.matrix, formed.error);
    if (discs !== null) {
      const bounds = modulusBounds(discs, 0);
      const proof = 'discs of all eigenvalues';
      if (found.lower === 0) found = { ...found, value: bounds.value };
      if (bounds.upper < found.upper) found = { ...found, upper: bounds.upper, upperProof: proof };
      if (bounds.lower > found.lower) found = { ...found, lower: bounds.lower, lowerProof: proof };
    }
  }
  if (found.lower > 0) return found;
  const rest = await remainderBySquaring(map, formed, EMPTY_FRAME, {
    target: Math.max(found.value * (1 + 2 ** -20), 1e-9),
    signal,
  });
  if (rest.radius < found.upper) found = { ...found, upper: rest.radius, upperProof: rest.method };
  const lower = await largestByTraces(formed, Math.max(found.value, 1e-9), signal);
  if (lower > found.lower) found = { ...found, lower, lowerProof: 'traces of powers' };
  return found;
}
