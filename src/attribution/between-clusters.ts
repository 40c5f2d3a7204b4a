// Shares of clusters in v(N). Where they are few, the Shapley values of the game whose players are
// clusters and whose coalitions are certified solves; else v(c) and, of what all of them miss of v(N),
// as much as |v(c)| is of Σ|v(c)|. Either way they add up to v(N) exactly.

import type { Backend } from '../backend/backend.js';
import type { FocusResult } from '../focus/focus.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import { openCoalitionGame } from './coalition-game.js';
import type { Clusters } from './clusters.js';
import { enumerateShapley } from './enumeration.js';
import type { FirstOrderValue } from './first-order-game.js';
import { VALUE_ONE } from './game.js';
import { jointChange } from './joint-change.js';
import { jointValue } from './joint-value.js';
import { shapleyOf } from './shapley.js';
import { spreadOver } from './spread.js';
import { unitsOfValue } from './value-function.js';

/** How clusters were given their shares of v(N). */
export type BetweenMethod = 'alone' | 'proportional' | 'enumerated' | 'sampled';

/** v(N), and what of it each cluster gets, in units. */
export interface BetweenShares {
  readonly method: BetweenMethod;
  readonly total: bigint;
  /** Proven error of v(N), in 1. */
  readonly errorBound: number;
  readonly converged: boolean;
  readonly shares: readonly bigint[];
  /** By cluster, in 1; null unless sampled. */
  readonly standardErrors: readonly (number | null)[] | null;
}

/** What shares between clusters are made of. */
export interface BetweenSource {
  readonly graph: Graph;
  readonly solved: FocusResult;
  readonly changes: readonly NamedAxonChanges[];
  readonly clusters: Clusters;
  /** v(c), units. */
  readonly values: readonly bigint[];
  readonly value: FirstOrderValue;
}

/** How to find them. */
export interface BetweenRules {
  readonly beacon: string;
  /** Clusters up to which their game is solved; 0 or 1: never. */
  readonly solveUpTo: number;
  /** Of these, up to how many by all coalitions. */
  readonly enumerateUpTo: number;
  /** Complete orderings where they are more. */
  readonly orderings: number;
  /** L1 error of a focus to certify. */
  readonly tolerance: number;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/** One solve; or 2^clusters − 1; or some orderings of them. */
export async function betweenClusters(
  source: BetweenSource,
  rules: BetweenRules,
  backend: Backend,
): Promise<BetweenShares> {
  const { graph, solved, changes, clusters, values, value } = source;
  const count = clusters.members.length;
  if (count > 1 && count <= rules.solveUpTo) return solvedShares(source, rules);
  const joint = jointChange(graph.particles, changes);
  const { tolerance, signal } = rules;
  const found = await jointValue(graph, solved, joint, value, tolerance, backend, signal);
  const total = unitsOfValue(found.value);
  return {
    method: count === 1 ? 'alone' : 'proportional',
    total,
    errorBound: found.errorBound + 1 / Number(VALUE_ONE),
    converged: found.converged,
    shares: spreadOver(total, values),
    standardErrors: null,
  };
}

/** The least tolerance of a shift that a focus of this error allows, relative to that error. */
const BASE_SHARE = 16;

async function solvedShares(
  { graph, solved, changes, clusters, value }: BetweenSource,
  { beacon, enumerateUpTo, orderings, tolerance, threads, signal }: BetweenRules,
): Promise<BetweenShares> {
  const { parameters, errorBound } = solved;
  const base = { parameters, phi: solved.phi.data, errorBound: errorBound ?? 2 };
  const joint = clusters.members.map((own) =>
    jointChange(
      graph.particles,
      own.map((player) => changes[player]),
    ),
  );
  const game = await openCoalitionGame(graph, base, joint, {
    value,
    tolerance: Math.min(2, Math.max(tolerance, BASE_SHARE * base.errorBound)),
    threads,
    signal,
  });
  try {
    if (joint.length <= enumerateUpTo) {
      const exact = await enumerateShapley(game, { mostPlayers: enumerateUpTo, signal });
      return {
        method: 'enumerated',
        total: exact.grand,
        errorBound: exact.errorBound ?? Infinity,
        converged: game.converged,
        shares: exact.shares,
        standardErrors: null,
      };
    }
    const sampled = await shapleyOf(game, {
      beacon,
      cluster: joint.length,
      stopping: { kind: 'orderings', orderings },
      signal,
    });
    return {
      method: 'sampled',
      total: sampled.totalUnits,
      errorBound: sampled.errorBound ?? Infinity,
      converged: game.converged,
      shares: sampled.players.map(({ units }) => units),
      standardErrors: sampled.players.map(({ standardError }) => standardError),
    };
  } finally {
    game.destroy();
  }
}
