// A game whose 2^n values are listed: for tests, benchmarks and small games known in full. Coalition
// S has the place Σ_{i∈S} 2^i.

import { check } from '../base/errors.js';
import { VALUE_ONE, type Chain, type ChainValues, type Game } from './game.js';

/** A game that is a table. */
export interface TableGame extends Game {
  /** Values in units, by coalition. */
  readonly values: readonly bigint[];
}

const MOST_PLAYERS = 20;
const ONE = Number(VALUE_ONE);

/**
 * A game of 2^n values in units, or of a function of coalitions, given as bits, to numbers in 1,
 * rounded to units. v(∅) must be 0. Throws `bad-parameter` for other sizes. 2^n values are kept.
 */
export function tableGame(
  players: number,
  values: readonly bigint[] | ((coalition: number) => number),
): TableGame {
  check(
    Number.isInteger(players) && players >= 1 && players <= MOST_PLAYERS,
    'bad-parameter',
    () => `table game: expected 1…${MOST_PLAYERS} players, found ${players}`,
  );
  const table =
    typeof values === 'function'
      ? Array.from({ length: 2 ** players }, (_, mask) => unitsOf(values(mask)))
      : values;
  check(
    table.length === 2 ** players && table[0] === 0n,
    'bad-parameter',
    () => `table game: expected ${2 ** players} values, the first 0, found ${table.length}`,
  );
  return {
    players,
    values: table,
    async *walk(chains, signal) {
      for (const chain of chains) {
        signal?.throwIfAborted();
        yield valuesOf(table, chain);
      }
    },
  };
}

/** A number in 1 as units, rounded. */
export function unitsOf(value: number): bigint {
  check(
    Number.isFinite(value),
    'bad-parameter',
    () => `value: expected a finite number, found ${value}`,
  );
  return BigInt(Math.round(value * ONE));
}

function valuesOf(table: readonly bigint[], { index, steps }: Chain): ChainValues {
  let mask = 0;
  const values = steps.map((added) => {
    for (const player of added) mask |= 1 << player;
    return table[mask];
  });
  return { index, values, errorBound: 0 };
}
