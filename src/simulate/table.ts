// What each strategy earns, over the runs: raw rewards and payouts per unit of stake, and beside the
// honest crowd of the same world.

import type { Observation } from './observation.js';
import type { StrategyName } from './strategies.js';
import type { Measure } from './score.js';
import { meanOf, ratioOf, type Estimate } from './statistics.js';

/** A strategy under a measure. */
export interface TableRow {
  readonly strategy: StrategyName;
  readonly measure: Measure;
  /** Σ rewards per thousand units of stake emitted; may be negative. */
  readonly raw: Estimate | null;
  /** Payout per unit of stake emitted, and per unit of stake and epoch locked. */
  readonly perEmitted: Estimate | null;
  readonly perLocked: Estimate | null;
  /** The same over the crowd's in the same world: 1 is what the honest crowd earns. */
  readonly timesCrowd: Estimate | null;
  readonly timesCrowdLocked: Estimate | null;
}

/** The basis of earnings: stake that was emitted, or stake × epochs for which it was locked. */
export type Basis = 'emitted' | 'locked';

/** Raw rewards are told per thousand units of stake. */
export const RAW_STAKE = 1000;

/** The table, strategies and measures in order of appearance. */
export function tableOf(observations: readonly Observation[]): TableRow[] {
  const groups = new Map<string, Observation[]>();
  for (const each of observations) {
    const key = `${each.strategy} ${each.measure}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()].map((some) => ({
    strategy: some[0].strategy,
    measure: some[0].measure,
    raw: meanOf(some.map(({ seat }) => (RAW_STAKE * seat.raw) / seat.emitted)),
    perEmitted: meanOf(paidPer(some, 'seat', 'emitted')),
    perLocked: meanOf(paidPer(some, 'seat', 'locked')),
    timesCrowd: timesCrowd(some, 'emitted'),
    timesCrowdLocked: timesCrowd(some, 'locked'),
  }));
}

/** Payout per unit of stake of one side, by run. */
export function paidPer(
  observations: readonly Observation[],
  side: 'seat' | 'crowd',
  basis: Basis,
): number[] {
  return observations.map((each) => each[side].paid / each[side][basis]);
}

/** Earnings of the seat over those of the crowd. */
export function timesCrowd(observations: readonly Observation[], basis: Basis): Estimate | null {
  return ratioOf(paidPer(observations, 'seat', basis), paidPer(observations, 'crowd', basis));
}
