// Which control variate a run has unless told otherwise, decided by numbers that every validator has:
// value function, players, orderings; never by time (docs/shapley.md, Which is the default). Up to 12
// players: superposed moves with the coarse graph's interactions, by enumeration. Beyond, a solve of
// the coarse graph costs too much beside one of the core to be sampled ten times as often; superposed moves
// alone cost a pass over the rows, and are like v where v is |Δφ|. Entropies are nearly quadratic in
// what players move, which pairs of orderings take care of, so there nothing is left for them to do.

import type { FocusResult } from '../../focus/focus.js';
import type { NamedAxonChanges } from '../../graph/axon-changes.js';
import type { WeightedGraph } from '../../graph/graph.js';
import { controlOf, type ControlVariate } from '../control-variate.js';
import type { Draw } from '../orderings.js';
import type { ValueName } from '../value-function.js';
import { sampledBy } from './sampled.js';
import { superposedSurrogate, type SuperposedGame } from './superposed.js';

/** The draw of the run it is for, and how long that is. */
export interface DefaultControlOptions extends Draw {
  /** Orderings at which the run stops at the latest; null where no number is known. */
  readonly orderings: number | null;
}

/** How the Shapley values of the default control variate are found. */
export type ControlPlan =
  | { readonly kind: 'enumeration'; readonly interactions: true }
  | { readonly kind: 'sampling'; readonly interactions: false; readonly orderings: number };

const ENUMERATED_PLAYERS = 12;
/** Orderings of the surrogate for each of the run: its shares' variance is a tenth of v's. */
const ORDERINGS_EACH = 10;
const FEWEST_ORDERINGS = 200;
const UNKNOWN_ORDERINGS = 2000;

/**
 * The rule, a pure function: null for one or two players, of whom nothing is left to chance, and above
 * 12 players for all value functions but `delta-norm`.
 */
export function controlPlanOf(
  value: ValueName,
  players: number,
  orderings: number | null,
): ControlPlan | null {
  if (players <= 2) return null;
  if (players <= ENUMERATED_PLAYERS) return { kind: 'enumeration', interactions: true };
  if (value !== 'delta-norm') return null;
  const each = orderings === null ? UNKNOWN_ORDERINGS : Math.ceil(ORDERINGS_EACH * orderings);
  const sampled = Math.max(FEWEST_ORDERINGS, each);
  return { kind: 'sampling', interactions: false, orderings: sampled };
}

/**
 * Makes the default control variate of an open game of `value` whose players are `changes` of `graph`,
 * from the focus the game was opened with; null where the rule says none, and where players' own
 * moves do not fit in memory (players · rows, so the same everywhere). By enumeration 2^players
 * values of some tenths of a millisecond, by sampling ten orderings for each of the run, a pass over
 * the rows each value. A run that is resumed must have the same `orderings` here.
 */
export async function defaultControlOf(
  game: SuperposedGame,
  graph: WeightedGraph,
  result: Pick<FocusResult, 'phi' | 'parameters'>,
  changes: readonly NamedAxonChanges[],
  value: ValueName,
  { beacon, cluster, orderings }: DefaultControlOptions,
): Promise<ControlVariate | null> {
  const plan = controlPlanOf(value, game.players, orderings);
  if (plan === null || game.superposed === null) return null;
  const { interactions } = plan;
  const surrogate = superposedSurrogate(game, graph, result, changes, value, { interactions });
  const sample =
    plan.kind === 'sampling' ? sampledBy({ beacon, cluster }, plan.orderings) : undefined;
  return controlOf(surrogate, { enumerateUpTo: ENUMERATED_PLAYERS, sample });
}
