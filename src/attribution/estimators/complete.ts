// What estimators that walk complete orderings share: an ordering as a chain without its last
// player, and the sum of marginals, which telescopes to v(N).
//   estimate_i = Σ over the orderings of v(before i and i) − v(before i)      denominator = orderings

import { invariant } from '../../base/errors.js';
import type { BeaconStream } from '../../base/beacon.js';
import type { ReplicatePlan, Steps } from './estimator.js';

/** A plan of replicates that draw these orderings. */
export function planOrderings(
  players: number,
  group: number,
  orderings: number,
  draw: (stream: BeaconStream) => readonly (readonly number[])[],
): ReplicatePlan {
  return {
    players,
    group,
    orderings,
    evaluations: orderings * (players - 1),
    denominator: BigInt(orderings),
    draw: (stream) => {
      const drawn = draw(stream).map((order) => order.map((player) => [player]));
      invariant(drawn.length === orderings, 'a replicate has its number of orderings');
      return drawn;
    },
    estimate: (chains, values, grand) => marginalSums(players, chains, values, grand),
  };
}

/** Each ordering followed by its reverse. */
export function withReverses(orders: readonly (readonly number[])[]): (readonly number[])[] {
  return orders.flatMap((order) => [order, [...order].reverse()]);
}

function marginalSums(
  players: number,
  chains: readonly Steps[],
  values: readonly (readonly bigint[])[],
  grand: bigint,
): readonly bigint[] {
  const sums = new Array<bigint>(players).fill(0n);
  chains.forEach((steps, k) => {
    let before = 0n;
    steps.forEach(([player], s) => {
      const after = s === players - 1 ? grand : values[k][s];
      sums[player] += after - before;
      before = after;
    });
  });
  return sums;
}
