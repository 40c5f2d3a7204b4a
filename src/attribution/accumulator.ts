// Sums over replicates, one row a player: Σx and Σx² of the replicates' estimates x, numerators over
// one denominator, as exact integers. Adding and merging commute, so results have the same bits in
// whatever order, on however many machines, replicates were done.
//   estimate = Σx/(R·d)      standard error = √((R Σx² − (Σx)²) / (R² (R − 1))) / d

import { check } from '../base/errors.js';
import { VALUE_ONE } from './game.js';
import { roundedShares } from './rounded-shares.js';

/** Sums that estimates of replicates are added to. */
export interface Accumulator {
  readonly players: number;
  readonly denominator: bigint;
  /** R. */
  readonly replicates: number;
  readonly sums: readonly bigint[];
  readonly squares: readonly bigint[];
}

/** An accumulator as data: integers are decimal strings. */
export interface AccumulatorState {
  readonly players: number;
  readonly denominator: string;
  readonly replicates: number;
  readonly sums: readonly string[];
  readonly squares: readonly string[];
}

const ONE = Number(VALUE_ONE);

/** No replicates yet. */
export function emptyAccumulator(players: number, denominator: bigint): Accumulator {
  const zeros = new Array<bigint>(players).fill(0n);
  return { players, denominator, replicates: 0, sums: zeros, squares: zeros };
}

/** With one replicate more; `estimate` holds numerators by player. O(players). */
export function withReplicate(sums: Accumulator, estimate: readonly bigint[]): Accumulator {
  return merged(sums, {
    players: estimate.length,
    denominator: sums.denominator,
    replicates: 1,
    sums: estimate,
    squares: estimate.map((value) => value * value),
  });
}

/** Both together; the order does not matter. Throws `mismatch` for other players or denominators. */
export function merged(a: Accumulator, b: Accumulator): Accumulator {
  check(
    a.players === b.players && a.denominator === b.denominator,
    'mismatch',
    () =>
      `accumulators: expected ${a.players} players over ${a.denominator}, ` +
      `found ${b.players} over ${b.denominator}`,
    'merge only sums of one run',
  );
  return {
    players: a.players,
    denominator: a.denominator,
    replicates: a.replicates + b.replicates,
    sums: a.sums.map((value, i) => value + b.sums[i]),
    squares: a.squares.map((value, i) => value + b.squares[i]),
  };
}

/** Shares in units, rounded so that they add up to the exact sum of all, rounded down. O(n log n). */
export function sharesOf({ sums, replicates, denominator }: Accumulator, grand: bigint): bigint[] {
  return roundedShares(sums, BigInt(replicates) * denominator, grand);
}

/** Σ of the exact estimates minus v(N), over R·d: zero where every replicate is efficient. */
export function efficiencyGap(sums: Accumulator, grand: bigint): bigint {
  const total = sums.sums.reduce((sum, value) => sum + value, 0n);
  return total - grand * BigInt(sums.replicates) * sums.denominator;
}

/** Variance of one replicate's estimate of a player, in 1²; null below two replicates. */
export function varianceOf(sums: Accumulator, player: number): number | null {
  const { replicates, denominator } = sums;
  if (replicates < 2) return null;
  const count = BigInt(replicates);
  const spread = count * sums.squares[player] - sums.sums[player] * sums.sums[player];
  const scale = Number(denominator) * ONE;
  return Number(spread) / (replicates * (replicates - 1)) / scale / scale;
}

/** Standard error of a player's estimate, in 1; null below two replicates. */
export function standardErrorOf(sums: Accumulator, player: number): number | null {
  const variance = varianceOf(sums, player);
  return variance === null ? null : Math.sqrt(variance / sums.replicates);
}

/** As data for a checkpoint. */
export function stateOf(sums: Accumulator): AccumulatorState {
  return {
    players: sums.players,
    denominator: String(sums.denominator),
    replicates: sums.replicates,
    sums: sums.sums.map(String),
    squares: sums.squares.map(String),
  };
}

/** From data of a checkpoint. Throws `bad-input` for what stateOf did not write. */
export function accumulatorFrom(state: AccumulatorState): Accumulator {
  const whole = /^-?\d+$/;
  const isSound =
    Number.isSafeInteger(state.replicates) &&
    state.replicates >= 0 &&
    [state.sums, state.squares].every((row) => row.length === state.players) &&
    [state.denominator, ...state.sums, ...state.squares].every((text) => whole.test(text));
  check(
    isSound,
    'bad-input',
    () => 'accumulator: expected sums and squares as decimal strings, one per player',
    'start the run anew',
  );
  return {
    players: state.players,
    denominator: BigInt(state.denominator),
    replicates: state.replicates,
    sums: state.sums.map(BigInt),
    squares: state.squares.map(BigInt),
  };
}
