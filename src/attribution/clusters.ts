// Players that meet: connected components of overlapping ε-supports. The support of a player is where
// it moves something, cheaply estimated from its changes and the axons around them:
//   effect(p) = moved stake / stake after, of d or of out, the larger               at touched p
//   effect(r) = effect(p) · min(1, share(p→r) d_p/d_r)    share(p→r) = max(W(p,r)/d_p, A(p,r)/out_p)
// over at most two hops. r is in the support where both its effect, relative to what r has, and the
// shares that lead to it are at least ε. So a hub that a player hardly moves does not join it to the
// thousands that touch the hub too, and from no particle more than 2/ε lead on.

import { check } from '../base/errors.js';
import { adjacencyOf } from '../focus/adjacency.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import { transpose, type Csr } from '../graph/csr.js';
import type { Graph } from '../graph/graph.js';

/** How players are clustered. */
export interface ClusterOptions {
  /** Least effect of a player that counts, in (0, 1]; default 1/16. */
  readonly epsilon?: number | undefined;
}

/** A partition of players. */
export interface Clusters {
  readonly epsilon: number;
  /** Cluster by player; clusters are numbered by their first player. */
  readonly of: Uint32Array;
  /** Players by cluster, ascending. */
  readonly members: readonly (readonly number[])[];
}

/** The default of ε. */
export const EPSILON = 1 / 16;

/** Hops from a touched particle. */
const HOPS = 2;
/** Rows of more axons than this are searched once, and what was found is kept. */
const LONG_ROW = 64;

/**
 * Clusters players by their changes, each as it is alone. A pure function, and up to the numbering one
 * of the set of players. Throws `bad-parameter` for ε out of range. O(particles + axons) once, and
 * O(axons around what it touches + 1/ε²) a player.
 */
export function clustersOf(
  graph: Graph,
  changes: readonly NamedAxonChanges[],
  options: ClusterOptions = {},
): Clusters {
  const epsilon = options.epsilon ?? EPSILON;
  check(
    epsilon > 0 && epsilon <= 1,
    'bad-parameter',
    () => `epsilon: expected a number in (0, 1], found ${epsilon}`,
  );
  const supportOf = supports(graph, epsilon);
  const groups = openGroups(changes.length);
  const owners = new Int32Array(graph.particles).fill(-1);
  const newcomers = new Map<string, number>();
  changes.forEach((change, player) => {
    for (const name of change.names) {
      const owner = newcomers.get(name);
      if (owner === undefined) newcomers.set(name, player);
      else groups.join(owner, player);
    }
    for (const particle of supportOf(change)) {
      if (owners[particle] < 0) owners[particle] = player;
      else groups.join(owners[particle], player);
    }
  });
  return { epsilon, ...groups.parts() };
}

/** Union-find over players; the root of a set is its first player. */
function openGroups(players: number): {
  join(a: number, b: number): void;
  parts(): Pick<Clusters, 'of' | 'members'>;
} {
  const root = Uint32Array.from({ length: players }, (_, player) => player);
  const find = (player: number): number => {
    let at = player;
    while (root[at] !== at) at = root[at] = root[root[at]];
    return at;
  };
  return {
    join: (a, b) => {
      const [first, second] = [find(a), find(b)];
      root[Math.max(first, second)] = Math.min(first, second);
    },
    parts: () => {
      const of = new Uint32Array(players);
      const members: number[][] = [];
      for (let player = 0; player < players; player++) {
        const first = find(player);
        // A root comes before all others of its set.
        if (first === player) of[player] = members.push([player]) - 1;
        else members[(of[player] = of[first])].push(player);
      }
      return { of, members };
    },
  };
}

/** What a player moves at a particle it touches. */
interface Moved {
  degree: number;
  out: number;
  degreeAdded: number;
  outAdded: number;
}

interface Reached {
  /** Relative to what the particle has. */
  readonly effect: number;
  /** Product of the shares that lead to it. */
  readonly share: number;
}

/** Particles that lead on, and their shares. */
interface Row {
  readonly ends: readonly number[];
  readonly shares: readonly number[];
}

/** A function from a player's changes to the particles of the graph in its support. */
function supports(graph: Graph, epsilon: number): (change: NamedAxonChanges) => Iterable<number> {
  const n = graph.particles;
  const { degree, outStake } = adjacencyOf(graph.axons);
  const reverse = transpose(graph.axons);
  const longRows = new Map<number, Row>();
  const rowOf = (p: number): Row => {
    const known = longRows.get(p);
    if (known !== undefined) return known;
    const row = leadingOn(graph.axons, reverse, p, degree[p], outStake[p], epsilon);
    const { offsets } = graph.axons;
    const length = offsets[p + 1] - offsets[p] + reverse.offsets[p + 1] - reverse.offsets[p];
    if (length > LONG_ROW) longRows.set(p, row);
    return row;
  };
  return (change) => {
    const support = new Map<number, Reached>();
    for (const [p, moved] of movedBy(change, n)) {
      const effect = Math.max(
        moved.degree / (degree[p] + moved.degreeAdded),
        moved.out > 0 ? moved.out / (outStake[p] + moved.outAdded) : 0,
      );
      if (effect >= epsilon) support.set(p, { effect, share: effect });
    }
    let front = [...support];
    for (let hop = 0; hop < HOPS; hop++) {
      const next: [number, Reached][] = [];
      for (const [p, { effect, share }] of front) {
        const { ends, shares } = rowOf(p);
        ends.forEach((r, k) => {
          const reached = {
            effect: effect * Math.min(1, (shares[k] * degree[p]) / degree[r]),
            share: share * shares[k],
          };
          if (reached.effect < epsilon || reached.share < epsilon) return;
          const known = support.get(r);
          if (known !== undefined && known.effect >= reached.effect && known.share >= reached.share)
            return;
          support.set(r, reached);
          next.push([r, reached]);
        });
      }
      front = next;
    }
    return support.keys();
  };
}

/** Stake that a player moves, by particle of the graph. */
function movedBy({ axons }: NamedAxonChanges, n: number): Map<number, Moved> {
  const moved = new Map<number, Moved>();
  const at = (p: number): Moved => {
    let own = moved.get(p);
    if (own === undefined) moved.set(p, (own = { degree: 0, out: 0, degreeAdded: 0, outAdded: 0 }));
    return own;
  };
  for (const { from, to, before, after } of axons) {
    const size = Math.abs(after - before);
    const added = Math.max(0, after - before);
    for (const p of [from, to]) {
      if (p >= n) continue;
      const own = at(p);
      own.degree += size;
      own.degreeAdded += added;
      if (p !== from) continue;
      own.out += size;
      own.outAdded += added;
    }
  }
  return moved;
}

/** The neighbours of p that take a share of at least ε, in order of out-axons, then in-axons. */
function leadingOn(
  axons: Csr,
  reverse: Csr,
  p: number,
  degree: number,
  out: number,
  epsilon: number,
): Row {
  const [ends, shares]: [number[], number[]] = [[], []];
  // Sorted by column both, so axons of both directions are met together.
  let [i, j] = [axons.offsets[p], reverse.offsets[p]];
  const [iEnd, jEnd] = [axons.offsets[p + 1], reverse.offsets[p + 1]];
  while (i < iEnd || j < jEnd) {
    const leaving = i < iEnd ? axons.columns[i] : Infinity;
    const arriving = j < jEnd ? reverse.columns[j] : Infinity;
    const forth = leaving <= arriving ? axons.weights[i++] : 0;
    const back = arriving <= leaving ? reverse.weights[j++] : 0;
    const share = Math.max((forth + back) / degree, forth > 0 ? forth / out : 0);
    if (share < epsilon) continue;
    ends.push(Math.min(leaving, arriving));
    shares.push(share);
  }
  return { ends, shares };
}
