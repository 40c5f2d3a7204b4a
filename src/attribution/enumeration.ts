// Shapley values by all coalitions, exactly:
//   φ_i = Σ_{S∌i} |S|! (n − |S| − 1)!/n! · (v(S ∪ i) − v(S))
// as integers over n!, rounded once to units. The 2^n coalitions are asked for along the symmetric
// chains of Greene and Kleitman: read members as closing brackets and others as opening ones, match
// them; a chain keeps the matched places and fills the others from the left, a player a step. There
// are C(n, ⌊n/2⌋) of them, each coalition lies on one, so every value but the first of a chain has a
// neighbour to start from.

import { check } from '../base/errors.js';
import type { Chain, Game } from './game.js';
import { roundedShares } from './rounded-shares.js';

/** Exact Shapley values. */
export interface ExactShapley {
  /** φ_i · n!, in units. */
  readonly numerators: readonly bigint[];
  /** n!. */
  readonly denominator: bigint;
  /** In units, rounded so that they add up to v(N). */
  readonly shares: readonly bigint[];
  /** v(N). */
  readonly grand: bigint;
  /** By coalition, Σ_{i∈S} 2^i. */
  readonly values: readonly bigint[];
  /** Values asked for, 2^n − 1. */
  readonly evaluations: number;
  /** The largest proven error of a value, in 1; null where one has none. */
  readonly errorBound: number | null;
}

/** How to enumerate. */
export interface EnumerationOptions {
  /** Players at most: 12 (default) to 16. */
  readonly mostPlayers?: number | undefined;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const USUAL_PLAYERS = 12;
const MOST_PLAYERS = 16;

/** Enumerates a game. 2^n − 1 values, O(n 2^n) additions. Throws `too-large` for more players. */
export async function enumerateShapley(
  game: Game,
  options: EnumerationOptions = {},
): Promise<ExactShapley> {
  const { players } = game;
  const most = Math.min(MOST_PLAYERS, options.mostPlayers ?? USUAL_PLAYERS);
  check(
    players >= 1 && players <= most,
    'too-large',
    () => `enumeration: expected 1…${most} players, found ${players}`,
    'raise the limit (up to 16), or sample orderings',
  );
  const values = new Array<bigint>(2 ** players).fill(0n);
  const chains = symmetricChains(players);
  let errorBound: number | null = 0;
  let done = 0;
  for await (const walked of game.walk(chains, options.signal)) {
    let mask = 0;
    walked.values.forEach((value, s) => {
      for (const player of chains[walked.index].steps[s]) mask |= 1 << player;
      values[mask] = value;
    });
    if (walked.errorBound === null) errorBound = null;
    else if (errorBound !== null) errorBound = Math.max(errorBound, walked.errorBound);
    options.onProgress?.(++done, chains.length);
  }
  return { ...shapleyOfTable(players, values), evaluations: values.length - 1, errorBound };
}

/** Exact Shapley values of a table of 2^n values. O(n 2^n). */
export function shapleyOfTable(
  players: number,
  values: readonly bigint[],
): Pick<ExactShapley, 'numerators' | 'denominator' | 'shares' | 'grand' | 'values'> {
  const factorials = [1n];
  for (let k = 1; k <= players; k++) factorials.push(factorials[k - 1] * BigInt(k));
  const sizes = new Uint8Array(values.length);
  // Σ_S by size first: one multiplication a size and player.
  const bySize = Array.from({ length: players }, () => new Array<bigint>(players).fill(0n));
  for (let mask = 0; mask < values.length; mask++) {
    sizes[mask] = sizes[mask >> 1] + (mask & 1);
    for (let i = 0; i < players; i++) {
      if (((mask >> i) & 1) === 0) bySize[i][sizes[mask]] += values[mask | (1 << i)] - values[mask];
    }
  }
  const numerators = bySize.map((row) =>
    row.reduce((sum, value, s) => sum + value * factorials[s] * factorials[players - 1 - s], 0n),
  );
  const grand = values[values.length - 1];
  const denominator = factorials[players];
  const shares = roundedShares(numerators, denominator, grand);
  return { numerators, denominator, shares, grand, values };
}

/** Chains that hold every coalition but ∅ once; a chain from ∅ starts with its first player. */
export function symmetricChains(players: number): Chain[] {
  const chains: Chain[] = [];
  for (let mask = 0; mask < 2 ** players; mask++) {
    const open: number[] = [];
    let isBottom = true;
    for (let place = 0; place < players && isBottom; place++) {
      if (((mask >> place) & 1) === 0) open.push(place);
      else if (open.pop() === undefined) isBottom = false;
    }
    if (!isBottom) continue;
    const first = Array.from({ length: players }, (_, i) => i).filter((i) => (mask >> i) & 1);
    const steps = [...(first.length > 0 ? [first] : []), ...open.map((player) => [player])];
    chains.push({ index: chains.length, steps });
  }
  return chains;
}
