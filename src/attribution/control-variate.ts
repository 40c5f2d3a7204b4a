// Control variates: a surrogate game c, cheap and like v, whose Shapley values are known. Every
// estimator here is linear in the values, so
//   estimate = Shapley(c) + estimator(v − c)
// has the expectation of estimator(v), and only the part of v that c misses is left to chance. A
// surrogate of single players or pairs brings nothing once orderings come with their reverses, which
// are exact for both: it must be like v in interactions of three and more.

import { check } from '../base/errors.js';
import { enumerateShapley } from './enumeration.js';
import type { EstimatorName } from './estimators/estimators.js';
import type { Steps } from './estimators/estimator.js';
import { VALUE_ONE, type Game } from './game.js';

/** A surrogate game and its Shapley values, in units. */
export interface ControlVariate {
  /** Names the surrogate and all it depends on: a resumed run must have the same. */
  readonly name: string;
  readonly players: number;
  /** c(N). */
  readonly grand: bigint;
  /** Shapley values of c; they add up to c(N). */
  readonly shares: readonly bigint[];
  /** Standard errors of `shares`, in 1; zeros where they are exact. */
  readonly shareErrors: readonly number[];
  /** What making it cost, in evaluations of v. */
  readonly evaluations: number;
  /** c after each step. */
  valuesOf(steps: Steps): readonly bigint[];
}

/** A cheap game: what coalitions, as ascending players, are worth. A pure function. */
export interface Surrogate {
  readonly name: string;
  readonly players: number;
  /** In 1. */
  value(coalition: readonly number[]): number;
  /** What making it cost, in evaluations of v. */
  readonly evaluations: number;
}

/** How Shapley values of a surrogate are found. */
export interface ControlOptions {
  /** Up to this many players by enumeration; default 12, most 16. */
  readonly enumerateUpTo?: number | undefined;
  /** Finds them for more players: shapleyOf, with a great many orderings. */
  readonly sample?: ((game: Game) => Promise<SampledShares>) | undefined;
}

/** Shares found by sampling. */
export interface SampledShares {
  readonly grand: bigint;
  readonly shares: readonly bigint[];
  readonly errors: readonly number[];
}

const ONE = Number(VALUE_ONE);

/**
 * Makes a control variate of a surrogate: Shapley values by enumeration, or by `sample` for more
 * players. Values are kept once computed for up to 16 players. Throws `too-large` for more players
 * without `sample`.
 */
export async function controlOf(
  surrogate: Surrogate,
  options: ControlOptions = {},
): Promise<ControlVariate> {
  const { players } = surrogate;
  const limit = Math.min(16, options.enumerateUpTo ?? 12);
  const game = gameOf(surrogate);
  const known = { name: surrogate.name, players, evaluations: surrogate.evaluations };
  if (players <= limit) {
    const { grand, shares } = await enumerateShapley(game, { mostPlayers: limit });
    return { ...known, grand, shares, shareErrors: shares.map(() => 0), valuesOf: game.valuesOf };
  }
  const { sample } = options;
  check(
    sample !== undefined,
    'too-large',
    () => `surrogate: ${players} players are too many to enumerate, and nothing samples them`,
    'give a function that samples their Shapley values',
  );
  const { grand, shares, errors } = await sample(game);
  return { ...known, grand, shares, shareErrors: errors, valuesOf: game.valuesOf };
}

/** The name of the estimator a control variate's own Shapley values are sampled with. */
export const SURROGATE_ESTIMATOR: EstimatorName = 'spherical';

interface SurrogateGame extends Game {
  valuesOf(steps: Steps): readonly bigint[];
}

/** A surrogate as a game. */
export function gameOf(surrogate: Surrogate): SurrogateGame {
  const cache = surrogate.players <= 16 ? new Map<number, bigint>() : null;
  const units = (members: readonly number[]): bigint =>
    BigInt(Math.round(surrogate.value(members) * ONE));
  const valueOf = (members: ReadonlySet<number>): bigint => {
    const sorted = [...members].sort((a, b) => a - b);
    if (cache === null) return units(sorted);
    const mask = sorted.reduce((bits, player) => bits | (1 << player), 0);
    let value = cache.get(mask);
    if (value === undefined) cache.set(mask, (value = units(sorted)));
    return value;
  };
  const valuesOf = (steps: Steps): readonly bigint[] => {
    const members = new Set<number>();
    return steps.map((added) => {
      for (const player of added) members.add(player);
      return valueOf(members);
    });
  };
  return {
    players: surrogate.players,
    valuesOf,
    async *walk(chains, signal) {
      for (const { index, steps } of chains) {
        signal?.throwIfAborted();
        yield await Promise.resolve({ index, values: valuesOf(steps), errorBound: 0 });
      }
    },
  };
}
