// Shapley values as a weighted least squares problem over coalitions, with Σβ = v(N) as constraint
// (Lundberg and Lee 2017). A replicate is one regression on its own pairs S, N∖S:
//   β = argmin Σ_S w_S (v(S) − Σ_{i∈S} β_i)²   subject to   Σβ = v(N)
// Linear in the values for given coalitions, but a ratio of random sums, so biased by one over the
// number of pairs: for comparison, never a default. Solved by Cholesky in doubles, rounded once to units.

import type { BeaconStream } from '../../base/beacon.js';
import { VALUE_ONE } from '../game.js';
import { roundedShares } from '../rounded-shares.js';
import { shuffled } from '../orderings.js';
import type { ReplicatePlan, Steps } from './estimator.js';

/** How the sizes of coalitions are drawn, and what a coalition of a size weighs in the fit. */
export interface SizeLaw {
  /** Chance of size k, up to a factor, k in 1 … n − 1. */
  chance(size: number, players: number): number;
  weight(size: number, players: number): number;
}

const ONE = Number(VALUE_ONE);
/** Relative to the trace, keeps a system solvable that too few coalitions leave singular. */
const RIDGE = 1e-10;
const FIFTY_THREE = 2 ** 53;

/** A plan of replicates of `group` pairs under a law of sizes. */
export function planRegression(players: number, group: number, law: SizeLaw): ReplicatePlan {
  const pairs = players === 1 ? 0 : group;
  return {
    players,
    group,
    orderings: 0,
    evaluations: 2 * pairs,
    denominator: 1n,
    draw: (stream) => drawPairs(players, pairs, law, stream),
    estimate: (chains, values, grand) => {
      if (players === 1) return [grand];
      const fitted = fit(players, chains, values, grand, law);
      return roundedShares(fitted.map(exactly), VALUE_ONE * VALUE_ONE, grand);
    },
  };
}

/** A double in units as an integer over 2⁶¹. */
function exactly(units: number): bigint {
  const whole = Math.floor(units);
  return (BigInt(whole) * VALUE_ONE + BigInt(Math.floor((units - whole) * ONE))) * VALUE_ONE;
}

function drawPairs(
  players: number,
  pairs: number,
  law: SizeLaw,
  stream: BeaconStream,
): readonly Steps[] {
  const chances = Array.from({ length: players - 1 }, (_, k) => law.chance(k + 1, players));
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  const everyone = Array.from({ length: players }, (_, i) => i);
  return Array.from({ length: pairs }, (_, pair) => {
    // Sizes are stratified over the pairs of a replicate.
    let left = ((pair + stream.below(FIFTY_THREE - 1) / FIFTY_THREE) / pairs) * total;
    let size = 1;
    while (size < players - 1 && left >= chances[size - 1]) left -= chances[size++ - 1];
    const order = shuffled(everyone, stream);
    return [[order.slice(0, size)], [order.slice(size)]];
  }).flat();
}

function fit(
  players: number,
  chains: readonly Steps[],
  values: readonly (readonly bigint[])[],
  grand: bigint,
  law: SizeLaw,
): number[] {
  const matrix = new Float64Array(players * players);
  const right = new Float64Array(players);
  const each = Number(grand) / players;
  chains.forEach(([members], k) => {
    const weight = law.weight(members.length, players);
    const value = Number(values[k][0]) - members.length * each;
    for (const i of members) {
      right[i] += weight * value;
      for (const j of members) matrix[i * players + j] += weight;
    }
  });
  let trace = 0;
  for (let i = 0; i < players; i++) trace += matrix[i * players + i];
  for (let i = 0; i < players; i++) matrix[i * players + i] += RIDGE * trace;
  const factor = cholesky(matrix, players);
  const free = solve(factor, players, right);
  const ones = solve(factor, players, new Float64Array(players).fill(1));
  const sum = (x: Float64Array): number => x.reduce((total, value) => total + value, 0);
  const multiplier = sum(free) / sum(ones);
  return Array.from(free, (value, i) => each + value - multiplier * ones[i]);
}

function cholesky(matrix: Float64Array, n: number): Float64Array {
  const factor = Float64Array.from(matrix);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = factor[i * n + j];
      for (let k = 0; k < j; k++) sum -= factor[i * n + k] * factor[j * n + k];
      factor[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 0)) : sum / factor[j * n + j];
    }
  }
  return factor;
}

function solve(factor: Float64Array, n: number, right: Float64Array): Float64Array {
  const x = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= factor[i * n + k] * x[k];
    x[i] /= factor[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= factor[k * n + i] * x[k];
    x[i] /= factor[i * n + i];
  }
  return x;
}
