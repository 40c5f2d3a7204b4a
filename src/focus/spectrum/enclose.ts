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
import { Krylov, type Leading } from './krylov.js';
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
const MOST_RESTARTS = 20;
const MOST_ATTEMPTS = 2;
const COLUMNS = 4;
/** Trials by powers that may be made: two kinds of frame an attempt, and one without a frame. */
const TRIALS = 2 * MOST_ATTEMPTS + 1;
/** Residual of a subspace, relative to its first eigenvalue, that counts as found. */
const ENOUGH = 1e-10;
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
    const pair = await leadingPair(right, left, map, tried, options);
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

/** What one pair of subspaces is about. */
interface Pair {
  readonly count: number;
  /** Circle between the subspace and the rest, as far as is known. */
  readonly radius: number;
  /** |λ| of the first inside and of the first outside of the subspace. */
  readonly modulus: number;
  readonly next: number;
  readonly right: Leading | null;
  readonly left: Leading | null;
  /** No further choice is left to try. */
  readonly exhausted: boolean;
}

/** Runs both iterations until they hold the same leading subspace. */
async function leadingPair(
  right: Krylov,
  left: Krylov,
  { space, norm }: SpectralMap,
  tried: ReadonlySet<number>,
  { signal }: EncloseOptions,
): Promise<Pair> {
  const zero = 1e-7 * norm;
  let moduli: number[] = [];
  let cut: Cut | null = null;
  let found: Leading | null = null;
  for (let restart = 0; restart < MOST_RESTARTS; restart++) {
    await right.expand(signal);
    moduli = right.moduli();
    if (moduli[0] <= zero) {
      return {
        count: 0,
        radius: 0,
        modulus: moduli[0],
        next: moduli[0],
        right: null,
        left: null,
        exhausted: tried.has(0),
      };
    }
    cut = cutOf(moduli, right.complete, tried, space.dimension < DENSE_PARTICLES ? 0.01 : 0.05);
    found = cut === null ? null : right.leading(cut.radius);
    if (found !== null && found.coordinates.columns !== cut?.count) found = null;
    if (right.complete || (found !== null && found.residual <= ENOUGH * moduli[0])) break;
    // What was found belongs to the basis as it is, so the last round leaves it.
    if (restart + 1 === MOST_RESTARTS || !contracted(right, moduli)) break;
  }
  const modulus = moduli[0];
  found = found === null ? null : right.polish(found);
  if (cut === null || found === null) {
    return {
      count: -1,
      radius: 0,
      modulus,
      next: modulus,
      right: null,
      left: null,
      exhausted: true,
    };
  }
  let other: Leading | null = null;
  for (let restart = 0; restart < MOST_RESTARTS; restart++) {
    await left.expand(signal);
    other = left.leading(cut.radius);
    if (other !== null && other.coordinates.columns !== cut.count) other = null;
    if (left.complete || (other !== null && other.residual <= ENOUGH * modulus)) break;
    if (restart + 1 === MOST_RESTARTS || !contracted(left, left.moduli())) break;
  }
  other = other === null ? null : left.polish(other);
  return { ...cut, modulus, right: found, left: other, exhausted: false };
}

interface Cut {
  readonly count: number;
  readonly radius: number;
  readonly next: number;
}

/**
 * How many leading eigenvalues to take: few, with a gap behind them, and with the rest well below the
 * first: by the fraction `wanted`, if there is such a gap. Null where none is left to try.
 */
function cutOf(
  moduli: readonly number[],
  complete: boolean,
  tried: ReadonlySet<number>,
  wanted: number,
): Cut | null {
  const most = complete ? moduli.length : Math.floor(moduli.length / 2);
  let best: Cut | null = null;
  let least = Infinity;
  for (let count = 1; count <= most; count++) {
    const here = moduli[count - 1];
    const next = count < moduli.length ? moduli[count] : 0;
    const gap = 1 - next / here;
    const reach = 1 - next / moduli[0];
    if (tried.has(count) || !(gap > 1e-7) || !(here > 1e-9 * moduli[0])) continue;
    const cost = count + 40 * doublings(wanted / reach) + 10 * doublings(0.01 / gap);
    if (cost >= least) continue;
    least = cost;
    best = { count, next, radius: Math.sqrt(here * Math.max(next, 0.64 * here)) };
  }
  return best;
}

/** How often 1 doubles until it is at least `ratio`. */
function doublings(ratio: number): number {
  let count = 0;
  for (let power = 1; power < ratio; power *= 2) count++;
  return count;
}

/** Contracts a basis to about half, at the widest gap there; false where none is. */
function contracted(krylov: Krylov, moduli: readonly number[]): boolean {
  const size = moduli.length;
  const order = Array.from({ length: size - 1 }, (_, i) => i + 1)
    .filter((count) => count >= size / 3 && count <= (2 * size) / 3)
    .sort((x, y) => moduli[x] / moduli[x - 1] - moduli[y] / moduli[y - 1]);
  for (const count of order.slice(0, 3)) {
    const kept = krylov.leading(Math.sqrt(moduli[count - 1] * moduli[count]));
    if (kept === null || kept.coordinates.columns !== count) continue;
    krylov.contract(kept);
    return true;
  }
  return false;
}

async function reseed(right: Krylov, left: Krylov, pair: Pair): Promise<void> {
  if (pair.right !== null) await right.reseed(pair.right);
  if (pair.left !== null) await left.reseed(pair.left);
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
