// Which part of a chain a validator recomputes, and what the rest may hide. A claim is one thing that
// can be falsified alone: the state of an epoch, or the rewards of one of its signals. k of N claims
// are drawn without replacement by a beacon that was not known when they were made, so of c falsified
// ones none is drawn with probability
//   C(N − c, k) / C(N, k) = Π_{i<c} (N − k − i)/(N − i)

import { beaconStream } from '../base/beacon.js';
import { check } from '../base/errors.js';

/** `count` of the integers 0…of − 1, ascending, each set equally likely. Floyd's algorithm. */
export function drawSample(beacon: string, count: number, of: number): readonly number[] {
  check(
    Number.isSafeInteger(count) && count > 0,
    'bad-parameter',
    () => `sample: expected at least 1 claim, found ${count}`,
  );
  const stream = beaconStream(beacon, 'focus-sample-1');
  const chosen = new Set<number>();
  for (let top = Math.max(0, of - count); top < of; top++) {
    const drawn = stream.below(top + 1);
    chosen.add(chosen.has(drawn) ? top : drawn);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The chance that none of `falsified` among `of` claims is in a sample of `count`. */
export function chanceUnseen(count: number, of: number, falsified: number): number {
  let chance = 1;
  for (let i = 0; i < falsified; i++) {
    const left = of - count - i;
    if (left <= 0) return 0;
    chance *= left / (of - i);
  }
  return chance;
}
