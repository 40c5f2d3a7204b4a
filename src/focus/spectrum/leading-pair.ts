// The same leading invariant subspace of a map from the right and of its adjoint from the left: where
// to cut the moduli, and how to contract both iterations until each holds what is in front of the cut.
// Nothing here is proven; frame.ts measures what comes out.

import type { Krylov, Leading } from './krylov.js';

/** Residual of a subspace, relative to its first eigenvalue, that counts as found. */
const ENOUGH = 1e-10;
const MOST_RESTARTS = 20;

/** What one pair of subspaces is about. */
export interface Pair {
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

/**
 * Runs both iterations until they hold the same leading subspace, of a size not `tried` yet; `small`
 * says that any gap behind it will do. Cost at most 20 restarts of each basis.
 */
export async function leadingPair(
  right: Krylov,
  left: Krylov,
  norm: number,
  tried: ReadonlySet<number>,
  small: boolean,
  signal: AbortSignal | undefined,
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
    cut = cutOf(moduli, right.complete, tried, small ? 0.01 : 0.05);
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

/** Lets both iterations go on from a pair with new random vectors. */
export async function reseed(right: Krylov, left: Krylov, pair: Pair): Promise<void> {
  if (pair.right !== null) await right.reseed(pair.right);
  if (pair.left !== null) await left.reseed(pair.left);
}
