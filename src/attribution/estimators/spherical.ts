// spherical: orderings by the coordinates of orthogonal random directions of the hyperplane Σx = 0,
// each with its reverse (Mitchell, Cooper, Frank and Holmes 2022). Up to n − 1 directions are
// mutually orthogonal, so the orderings of a replicate lie far from each other. Coordinates are sums
// of uniforms, orthogonal by Gram–Schmidt twice: + − × ÷ √ only. The players' names are then
// shuffled, so each ordering alone is uniform whatever the rounding, and the estimate unbiased.

import type { BeaconStream } from '../../base/beacon.js';
import { shuffled } from '../orderings.js';
import { planOrderings, withReverses } from './complete.js';
import { groupWithin, type Estimator } from './estimator.js';

export const spherical: Estimator<'spherical'> = {
  name: 'spherical',
  definition: 'orderings by orthogonal random directions, and their reverses',
  isUnbiased: true,
  memberEvaluations: (players) => 2 * (players - 1),
  groupRange: (players) => ({ least: 1, most: Math.max(1, players - 1) }),
  plan: (players, asked) => {
    const group = groupWithin(spherical, players, asked);
    return planOrderings(players, group, 2 * group, (stream) =>
      withReverses(byDirections(players, group, stream)),
    );
  },
};

/** Uniforms whose sum stands for a normal number. */
const UNIFORMS = 4;
const FIFTY_THREE = 2 ** 53;
/** A direction that keeps less of its length than this is drawn again. */
const LEAST = 2 ** -20;

function byDirections(players: number, group: number, stream: BeaconStream): number[][] {
  const names = shuffled(
    Array.from({ length: players }, (_, i) => i),
    stream,
  );
  const directions: Float64Array[] = [];
  while (directions.length < group && players > 1) {
    const drawn = Float64Array.from({ length: players }, () => coordinate(stream));
    const direction = orthogonal(drawn, directions);
    if (direction !== null) directions.push(direction);
  }
  if (players === 1) return [names];
  return directions.map((x) =>
    Array.from(x.keys())
      .sort((a, b) => x[a] - x[b] || a - b)
      .map((place) => names[place]),
  );
}

function coordinate(stream: BeaconStream): number {
  let sum = -UNIFORMS / 2;
  for (let i = 0; i < UNIFORMS; i++) sum += stream.below(FIFTY_THREE - 1) / FIFTY_THREE;
  return sum;
}

/** What is left of x beside the constant vector and the directions, at length 1; null for nothing. */
function orthogonal(x: Float64Array, directions: readonly Float64Array[]): Float64Array | null {
  const before = Math.sqrt(dot(x, x));
  // Twice: once leaves an error of the size of what cancelled.
  for (let pass = 0; pass < 2; pass++) {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    for (let i = 0; i < x.length; i++) x[i] -= mean;
    for (const other of directions) {
      const along = dot(x, other);
      for (let i = 0; i < x.length; i++) x[i] -= along * other[i];
    }
  }
  const length = Math.sqrt(dot(x, x));
  return length > LEAST * before ? x.map((value) => value / length) : null;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
