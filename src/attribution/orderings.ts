// Random orderings of players that anybody can replay: ordering m of cluster c is a pure function of
// (beacon, c, m, players). Unbiased Fisher–Yates over SHA-256 in counter mode (base/beacon.ts), so
// every one of n! orderings has the same chance and every engine draws the same one.

import { beaconStream, type BeaconStream } from '../base/beacon.js';
import { check } from '../base/errors.js';

/** Where a draw comes from. */
export interface Draw {
  /** 64 hex digits that nobody could foresee. */
  readonly beacon: string;
  /** Which cluster of players, an unsigned integer. */
  readonly cluster: number;
}

/**
 * The stream of ordering `index` of a cluster. Throws `bad-parameter` for a beacon of another form
 * and for numbers that are not unsigned integers.
 */
export function orderingStream({ beacon, cluster }: Draw, index: number): BeaconStream {
  for (const [name, value] of Object.entries({ cluster, index })) {
    check(
      Number.isSafeInteger(value) && value >= 0,
      'bad-parameter',
      () => `ordering ${name}: expected an integer ≥ 0, found ${value}`,
    );
  }
  return beaconStream(beacon, `ordering of cluster ${cluster}`, index);
}

/** Ordering `index` of a cluster: a permutation of 0 … players − 1. O(players). */
export function orderingOf(draw: Draw, index: number, players: number): number[] {
  return shuffled(
    Array.from({ length: players }, (_, i) => i),
    orderingStream(draw, index),
  );
}

/** A copy in random order; each of the n! orders is as likely. O(n). */
export function shuffled<T>(items: readonly T[], stream: BeaconStream): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
