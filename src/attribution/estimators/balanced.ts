// balanced: over the g pairs of a replicate every player stands once in each of g strata of
// positions, then all orderings are reversed too. Players are dealt to g groups at random; row k puts
// group c into stratum L(k, c), L a randomised Latin square of size g; inside a stratum the order is
// random. With g = n it is a Latin square of positions, with g < n a part of one, so several
// replicates fit a small budget. Each ordering alone is uniform, so the estimate is unbiased.

import type { BeaconStream } from '../../base/beacon.js';
import { shuffled } from '../orderings.js';
import { planOrderings, withReverses } from './complete.js';
import { groupWithin, type Estimator } from './estimator.js';

export const balanced: Estimator<'balanced'> = {
  name: 'balanced',
  definition: 'orderings that put every player into each stratum of positions, and their reverses',
  isUnbiased: true,
  memberEvaluations: (players) => 2 * (players - 1),
  groupRange: (players) => ({ least: 1, most: players }),
  plan: (players, asked) => {
    const group = groupWithin(balanced, players, asked);
    return planOrderings(players, group, 2 * group, (stream) =>
      withReverses(stratified(players, group, stream)),
    );
  },
};

function stratified(players: number, group: number, stream: BeaconStream): number[][] {
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const dealt = shuffled(range(players), stream);
  const start = (c: number): number => Math.floor((c * players) / group);
  const groups = range(group).map((c) => dealt.slice(start(c), start(c + 1)));
  const [rows, columns, strata] = [0, 1, 2].map(() => shuffled(range(group), stream));
  return rows.map((row) => {
    const inStratum: number[][] = range(group).map(() => []);
    groups.forEach((members, c) => {
      inStratum[strata[(row + columns[c]) % group]] = shuffled(members, stream);
    });
    return inStratum.flat();
  });
}
