// The Shapley values of one cluster's first-order game, element by element: up to `enumerateUpTo`
// players by all coalitions; the larger elements together by sampling orderings of the players in
// them, up to `sampleUpTo` players; beyond, each larger element's value in proportion to what its
// players are worth alone in it (spread.ts says what that means for mixed signs).

import { shapleyOfTable } from './enumeration.js';
import type { Element, Part } from './first-order-game.js';
import type { Game } from './game.js';
import { shapleyOf } from './shapley.js';
import { spreadOver } from './spread.js';

/** How the crudest element of a cluster was settled. */
export type ClusterMethod = 'alone' | 'enumerated' | 'sampled' | 'proportional';

/** How to settle a cluster. */
export interface ClusterRules {
  readonly beacon: string;
  /** Players of an element by enumeration, 1…16. */
  readonly enumerateUpTo: number;
  /** Players in larger elements by sampling. */
  readonly sampleUpTo: number;
  /** Complete orderings of a sampled cluster. */
  readonly orderings: number;
}

/** Shares of the members of a cluster, in units. */
export interface ClusterShares {
  readonly method: ClusterMethod;
  /** v(c) = Σ shares. */
  readonly value: bigint;
  /** v({i}) by member. */
  readonly local: readonly bigint[];
  readonly shares: readonly bigint[];
  /** Σ|value| of the elements that were not enumerated. */
  readonly crude: bigint;
  /** Largest standard error of a share, in 1; 0 unless sampled. */
  readonly standardError: number;
  readonly parts: number;
}

/**
 * Settles cluster `cluster` of so many members. Pure: orderings are those of the stream (beacon,
 * cluster). Costs 2^k values of an element of k players, and orderings · players of the sampled game.
 */
export async function clusterShares(
  parts: readonly Part[],
  members: number,
  cluster: number,
  rules: ClusterRules,
  signal?: AbortSignal,
): Promise<ClusterShares> {
  const local = new Array<bigint>(members).fill(0n);
  const shares = new Array<bigint>(members).fill(0n);
  const large: Element[] = [];
  for (const element of parts.flatMap(({ elements }) => elements)) {
    const { players } = element;
    const alone = players.map((player) => element.value([player]));
    players.forEach((player, k) => (local[player] += alone[k]));
    if (players.length > rules.enumerateUpTo) large.push(element);
    else
      enumerated(element, alone).forEach((share, k) => {
        shares[players[k]] += share;
      });
  }
  const { sampled, standardError } = await settleLarge(large, cluster, rules, shares, signal);
  return {
    method:
      large.length > 0
        ? sampled
          ? 'sampled'
          : 'proportional'
        : members === 1
          ? 'alone'
          : 'enumerated',
    value: shares.reduce((sum, share) => sum + share, 0n),
    local,
    shares,
    crude: large.reduce((sum, element) => sum + absolute(element.value(element.players)), 0n),
    standardError,
    parts: parts.length,
  };
}

/** All coalitions of an element; `alone` holds the values of single players. */
function enumerated({ players, value }: Element, alone: readonly bigint[]): readonly bigint[] {
  if (players.length === 1) return alone;
  const values = Array.from({ length: 2 ** players.length }, (_, mask) =>
    value(players.filter((_, k) => (mask >> k) & 1)),
  );
  return shapleyOfTable(players.length, values).shares;
}

/** Adds the shares of the larger elements to `shares`. */
async function settleLarge(
  large: readonly Element[],
  cluster: number,
  { beacon, sampleUpTo, orderings }: ClusterRules,
  shares: bigint[],
  signal: AbortSignal | undefined,
): Promise<{ readonly sampled: boolean; readonly standardError: number }> {
  const players = [...new Set(large.flatMap((element) => element.players))].sort((a, b) => a - b);
  if (players.length === 0) return { sampled: false, standardError: 0 };
  if (players.length > sampleUpTo) {
    for (const element of large) {
      const alone = element.players.map((player) => element.value([player]));
      spreadOver(element.value(element.players), alone).forEach((share, k) => {
        shares[element.players[k]] += share;
      });
    }
    return { sampled: false, standardError: 0 };
  }
  const result = await shapleyOf(sumOf(large, players), {
    beacon,
    cluster,
    stopping: { kind: 'orderings', orderings },
    signal,
  });
  result.players.forEach(({ units }, k) => (shares[players[k]] += units));
  const errors = result.players.map(({ standardError }) => standardError ?? Infinity);
  return { sampled: true, standardError: Math.max(...errors) };
}

/** The sum of elements as a game of the players in them. */
function sumOf(elements: readonly Element[], players: readonly number[]): Game {
  const places = new Map(players.map((player, place) => [player, place]));
  const meets = players.map((): number[] => []);
  elements.forEach((element, e) => {
    for (const player of element.players) meets[places.get(player) as number].push(e);
  });
  const walk = (steps: readonly (readonly number[])[]): bigint[] => {
    const inside = new Uint8Array(players.length);
    const values = elements.map(() => 0n);
    let total = 0n;
    return steps.map((added) => {
      for (const place of added) inside[place] = 1;
      for (const e of new Set(added.flatMap((place) => meets[place]))) {
        const now = elements[e].value(
          elements[e].players.filter((player) => inside[places.get(player) as number] === 1),
        );
        total += now - values[e];
        values[e] = now;
      }
      return total;
    });
  };
  return {
    players: players.length,
    async *walk(chains, signal) {
      for (const { index, steps } of chains) {
        signal?.throwIfAborted();
        yield await Promise.resolve({ index, values: walk(steps), errorBound: null });
      }
    },
  };
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
