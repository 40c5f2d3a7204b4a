// What an estimator of Shapley values is: a way to draw replicates, small independent groups of
// chains, and to make of the values of a replicate's chains one estimate per player, an integer over
// a stated denominator. Replicates are pure functions of (beacon, cluster, index, players, group), so
// any machine can do any of them; their estimates are summed as integers, in whatever order, and the
// spread between them is what the standard error is made of.
//   Σ_i estimate_i = denominator · v(N), exactly: the efficiency of every replicate

import type { BeaconStream } from '../../base/beacon.js';

/** Players added at each step from ∅ on; the last coalition is never N, whose value is known. */
export type Steps = readonly (readonly number[])[];

/** How the replicates of one run are made. */
export interface ReplicatePlan {
  readonly players: number;
  /** Pairs (for `permutation`: orderings) in a replicate, after limits. */
  readonly group: number;
  /** Complete orderings in a replicate; 0 for a regression, which has none. */
  readonly orderings: number;
  /** Values asked for in a replicate; v(∅) is free and v(N) counted once for the run. */
  readonly evaluations: number;
  readonly denominator: bigint;
  /** The chains of a replicate, drawn from its own stream. */
  draw(stream: BeaconStream): readonly Steps[];
  /**
   * Numerators of the estimate, by player, linear in the values up to rounding: `values[k][s]` is v
   * after step s of chain k, `grand` is v(N), in units.
   */
  estimate(
    chains: readonly Steps[],
    values: readonly (readonly bigint[])[],
    grand: bigint,
  ): readonly bigint[];
}

/** One way to estimate. */
export interface Estimator<Name extends string = string> {
  readonly name: Name;
  /** In one line. */
  readonly definition: string;
  /** Whether the expectation of a replicate's estimate is the Shapley value itself. */
  readonly isUnbiased: boolean;
  /** Values that one more of a group costs: what turns a budget into a group. */
  memberEvaluations(players: number): number;
  /** The largest group that makes sense, and the least. */
  groupRange(players: number): { readonly least: number; readonly most: number };
  /** Plans replicates of a group; the group is brought into its range. */
  plan(players: number, group: number): ReplicatePlan;
}

/** A group brought into the range of an estimator. */
export function groupWithin(
  { groupRange }: Pick<Estimator, 'groupRange'>,
  players: number,
  group: number,
): number {
  const { least, most } = groupRange(players);
  return Math.min(most, Math.max(least, Math.floor(group)));
}
