// Control variates: a surrogate game c, cheap and like v, whose Shapley values are known. Every
// estimator here is linear in the values, so
//   estimate = Shapley(c) + estimator(v − c)
// has the expectation of estimator(v), and only the part of v that c misses is left to chance. A
// surrogate of single players or pairs brings nothing once orderings come with their reverses, which
// are exact for both: it must be like v in interactions of three and more.

import { check } from '../base/errors.js';
import { enumerateShapley } from './enumeration.js';
import type { Steps } from './estimators/estimator.js';
import type { Game } from './game.js';
import { unitsOf } from './table-game.js';

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
  /**
   * Sets of players that do not meet: the surrogate is then Σ value(S ∩ part). Default: all players
   * as one.
   */
  readonly parts?: readonly (readonly number[])[] | undefined;
  /**
   * Values after each step of a chain, where that is cheaper than one by one; they may differ from
   * `value` by roundings. Used for more players than are enumerated, all as one part.
   */
  readonly along?: ((steps: Steps) => readonly number[]) | undefined;
}

/** How Shapley values of a surrogate are found. */
export interface ControlOptions {
  /** Parts of up to this many players by enumeration; default 12, most 16. */
  readonly enumerateUpTo?: number | undefined;
  /** Finds them for larger parts: shapleyOf, with a great many orderings. */
  readonly sample?: ((game: Game) => Promise<SampledShares>) | undefined;
}

/** Shares found by sampling. */
export interface SampledShares {
  readonly shares: readonly bigint[];
  readonly errors: readonly number[];
}

/** Values of parts of up to this many players are kept. */
const KEPT_PLAYERS = 16;

/**
 * Makes a control variate of a surrogate: Shapley values of each part by enumeration, or by `sample`
 * for parts of more players. Throws `too-large` for such parts without `sample`.
 */
export async function controlOf(
  surrogate: Surrogate,
  options: ControlOptions = {},
): Promise<ControlVariate> {
  const { name, players, evaluations } = surrogate;
  const limit = Math.min(KEPT_PLAYERS, options.enumerateUpTo ?? 12);
  const parts = partsOf(surrogate);
  const shares = new Array<bigint>(players).fill(0n);
  const shareErrors = new Array<number>(players).fill(0);
  for (const part of parts) {
    const found =
      part.members.length > limit && surrogate.along !== undefined
        ? await sampledShares(gameOf(surrogate), options)
        : await sharesOfPart(part, limit, options);
    part.members.forEach((player, i) => {
      shares[player] = found.shares[i];
      shareErrors[player] = found.errors[i];
    });
  }
  const valuesOf = valuesFrom(surrogate, parts);
  const [grand] = valuesOf([Array.from({ length: players }, (_, i) => i)]);
  return { name, players, grand, shares, shareErrors, evaluations, valuesOf };
}

/** A surrogate as a game. */
export function gameOf(surrogate: Surrogate): Game {
  return gameBy(surrogate.players, valuesFrom(surrogate, partsOf(surrogate)));
}

/** Values along chains: by what the surrogate offers, or part by part. */
function valuesFrom(
  { players, along }: Surrogate,
  parts: readonly Part[],
): (steps: Steps) => readonly bigint[] {
  if (along === undefined || players <= KEPT_PLAYERS) return valuesBy(parts, players);
  return (steps) => along(steps).map(unitsOf);
}

interface Part {
  /** Ascending. */
  readonly members: readonly number[];
  /** Value in units of some of them, ascending. */
  units(members: readonly number[]): bigint;
}

function partsOf({ players, parts, value }: Surrogate): Part[] {
  const all = parts ?? [Array.from({ length: players }, (_, i) => i)];
  return all.map((members) => {
    const units = (some: readonly number[]): bigint => unitsOf(value(some));
    if (members.length > KEPT_PLAYERS) return { members, units };
    const places = new Map(members.map((player, i) => [player, i]));
    const kept = new Map<number, bigint>();
    return {
      members,
      units: (some) => {
        const mask = some.reduce((bits, player) => bits | (1 << (places.get(player) ?? 0)), 0);
        let found = kept.get(mask);
        if (found === undefined) kept.set(mask, (found = units(some)));
        return found;
      },
    };
  });
}

async function sharesOfPart(
  { members, units }: Part,
  limit: number,
  options: ControlOptions,
): Promise<SampledShares> {
  const local = (steps: Steps): bigint[] => {
    const inside: number[] = [];
    return steps.map((added) => {
      inside.push(...added);
      return units([...inside].sort((a, b) => a - b).map((i) => members[i]));
    });
  };
  const game = gameBy(members.length, local);
  if (members.length <= limit) {
    const { shares } = await enumerateShapley(game, { mostPlayers: limit });
    return { shares, errors: shares.map(() => 0) };
  }
  return sampledShares(game, options);
}

function sampledShares(game: Game, { sample }: ControlOptions): Promise<SampledShares> {
  check(
    sample !== undefined,
    'too-large',
    () => `surrogate: ${game.players} players are too many to enumerate, and nothing samples them`,
    'give a function that samples their Shapley values',
  );
  return sample(game);
}

/** Values of chains, summed over parts; a part is asked again only where it gained a player. */
function valuesBy(parts: readonly Part[], players: number): (steps: Steps) => readonly bigint[] {
  const partOf = new Array<number>(players).fill(0);
  parts.forEach(({ members }, k) => {
    for (const player of members) partOf[player] = k;
  });
  return (steps) => {
    const inside: number[][] = parts.map(() => []);
    const values = parts.map(() => 0n);
    let total = 0n;
    return steps.map((added) => {
      for (const player of added) inside[partOf[player]].push(player);
      for (const k of new Set(added.map((player) => partOf[player]))) {
        const value = parts[k].units([...inside[k]].sort((a, b) => a - b));
        total += value - values[k];
        values[k] = value;
      }
      return total;
    });
  };
}

function gameBy(players: number, valuesOf: (steps: Steps) => readonly bigint[]): Game {
  return {
    players,
    async *walk(chains, signal) {
      for (const { index, steps } of chains) {
        signal?.throwIfAborted();
        yield await Promise.resolve({ index, values: valuesOf(steps), errorBound: 0 });
      }
    },
  };
}
