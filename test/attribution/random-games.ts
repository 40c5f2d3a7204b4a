// Random games for tests: tables whose interactions fade with their order, as those of graphs do, and
// what estimates of them are compared with.

import { randomStream } from '../../src/base/random.js';
import { createHash } from 'node:crypto';
import { tableGame, unitsOf, type TableGame } from '../../src/attribution/table-game.js';

/** v(S) = Σ over T ⊆ S of a random weight of size fade^(|T| − 1). */
export function randomGame(seed: number, players: number, fade = 0.3): TableGame {
  const random = randomStream(seed, 11);
  const values = new Float64Array(2 ** players);
  for (let mask = 1; mask < values.length; mask++) {
    const size = mask.toString(2).replaceAll('0', '').length;
    values[mask] = (random.double() - 0.4) * fade ** (size - 1) * 0.1;
  }
  for (let bit = 1; bit < values.length; bit <<= 1) {
    for (let mask = 0; mask < values.length; mask++)
      if (mask & bit) values[mask] += values[mask ^ bit];
  }
  return tableGame(players, Array.from(values, unitsOf));
}

/** A beacon for a number. */
export function beaconOf(seed: number): string {
  return createHash('sha256').update(`test ${seed}`).digest('hex');
}

/** A game of a table that answers chains in another order, in batches, on later turns. */
export function scrambled(game: TableGame, batch: number): TableGame {
  return {
    ...game,
    async *walk(chains, signal) {
      let held = [];
      for (const chain of chains) {
        held.push(chain);
        if (held.length < batch) continue;
        await new Promise((resolve) => setImmediate(resolve));
        yield* game.walk(held.reverse(), signal);
        held = [];
      }
      yield* game.walk(held.reverse(), signal);
    },
  };
}
