// Which part of many things a validator checks, and what the rest may hide. A thing is what can be
// falsified alone: the state of an epoch, the rewards of one signal, an entry of a claimed shift. k of
// N are drawn without replacement by a beacon that was not known when they were made, so of c falsified
// ones none is drawn with probability
//   C(N − c, k) / C(N, k) = Π_{i<c} (N − k − i)/(N − i)

import { beaconStream } from './beacon.js';
import { check } from './errors.js';

/**
 * `count` of the integers 0…of − 1, ascending, each set equally likely, by the beacon's stream of a
 * label. Floyd's algorithm.
 */
export function drawSample(
  beacon: string,
  label: string,
  count: number,
  of: number,
): readonly number[] {
  check(
    Number.isSafeInteger(count) && count > 0,
    'bad-parameter',
    () => `sample: expected at least 1, found ${count}`,
  );
  const stream = beaconStream(beacon, label);
  const chosen = new Set<number>();
  for (let top = Math.max(0, of - count); top < of; top++) {
    const drawn = stream.below(top + 1);
    chosen.add(chosen.has(drawn) ? top : drawn);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The chance that none of `falsified` among `of` is in a sample of `count`. */
export function chanceUnseen(count: number, of: number, falsified: number): number {
  let chance = 1;
  for (let i = 0; i < falsified; i++) {
    const left = of - count - i;
    if (left <= 0) return 0;
    chance *= left / (of - i);
  }
  return chance;
}
