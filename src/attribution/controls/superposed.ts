// The control variate by superposition: what each player moves alone is known (openCoalitionGame solves
// it), and coalitions are taken to move the sum, plus what a coarse graph (coarse.ts) finds that
// they do to each other,
//   χ̃_S = φ + Σ_{i∈S} (χ_i − φ) + I_S        I_S = (χ_S − φ) − Σ_{i∈S} (χ_i − φ) on the coarse graph
// and c(S) is v's own value function of χ̃_S over all rows. So single players and players that do not
// meet are right, cancellation in |Δφ|, curvature of entropy and clipping are v's own everywhere, and
// interactions of φ come from the nodes where players meet. What of I_S is a lump's, its particles take
// in proportion to φ; left out, entropies are far off (docs/shapley.md).

import { logarithm } from '../../base/logarithm.js';
import { check } from '../../base/errors.js';
import type { FocusResult } from '../../focus/focus.js';
import type { NamedAxonChanges } from '../../graph/axon-changes.js';
import type { WeightedGraph } from '../../graph/graph.js';
import type { OpenedGame, RowChanges } from '../coalition-game.js';
import type { Surrogate } from '../control-variate.js';
import type { Steps } from '../estimators/estimator.js';
import type { ValueName } from '../value-function.js';
import { openCoarse } from './coarse.js';

/** What a surrogate needs of an open game. */
export type SuperposedGame = Pick<
  OpenedGame,
  'players' | 'superposed' | 'rowOf' | 'rows' | 'particles'
>;

/** How to make it. */
export interface SuperposedOptions {
  /** Whether the coarse graph adds interactions of φ; default true. */
  readonly interactions?: boolean | undefined;
  /** Particles kept besides those touched; default as for the coarse graph alone. */
  readonly neighbours?: number | undefined;
  /** What lumps' particles take of interactions: their share by φ (default), or nothing. */
  readonly lumps?: 'spread' | 'nothing' | undefined;
}

/**
 * Makes the surrogate of an open game of `value` whose players are `changes` of `graph`, in the game's
 * order; `result` is the focus the game was opened with. It costs the players' own solves, which
 * the game has done: n evaluations. A value costs one pass over the game's rows, and with interactions
 * a solve of the coarse graph. Throws `too-large` where the game did not keep what players move.
 */
export function superposedSurrogate(
  game: SuperposedGame,
  graph: WeightedGraph,
  result: Pick<FocusResult, 'phi' | 'parameters'>,
  changes: readonly NamedAxonChanges[],
  value: ValueName,
  options: SuperposedOptions = {},
): Surrogate {
  const { players, superposed, particles } = game;
  check(
    superposed !== null,
    'too-large',
    () => `superposed surrogate: what ${players} players move does not fit in memory`,
    'sample without a control variate',
  );
  const { interactions = true, lumps = 'spread', neighbours } = options;
  const rowOfName = spareRowsOf(game.rows, particles, changes);
  const discovery = value === 'delta-j' ? discoveryOf(particles, changes) : () => 0;
  const meeting = interactions
    ? openInteractions(game, graph, result, changes, { rowOfName, lumps, neighbours })
    : () => undefined;
  const valueOf = (joined: readonly number[]): number =>
    joined.length === 0 ? 0 : superposed(joined, meeting(joined)) + discovery(joined);
  return {
    name: nameOf(value, { interactions, lumps, neighbours }),
    players,
    evaluations: players,
    value: valueOf,
    along: (steps: Steps) => {
      const joined: number[] = [];
      return steps.map((added) => {
        joined.push(...added);
        return valueOf(joined);
      });
    },
  };
}

/** All that the surrogate depends on besides the game. */
function nameOf(value: ValueName, { interactions, lumps, neighbours }: SuperposedOptions): string {
  if (interactions === false) return `superposed ${value}`;
  const near = neighbours === undefined ? '' : `, ${neighbours} neighbours`;
  return `superposed ${value} with interactions${near}${lumps === 'nothing' ? ', kept only' : ''}`;
}

/** The game's rows of new particles: behind its others, in the order in which changes use them. */
function spareRowsOf(
  rows: number,
  particles: number,
  changes: readonly NamedAxonChanges[],
): ReadonlyMap<string, number> {
  const rowOf = new Map<string, number>();
  for (const { axons, names } of changes) {
    for (const { from, to } of axons) {
      for (const end of [from, to]) {
        if (end < particles || rowOf.has(names[end - particles])) continue;
        rowOf.set(names[end - particles], rows + rowOf.size);
      }
    }
  }
  return rowOf;
}

/** ln n after − ln n before, by members: what a superposed value leaves out. */
function discoveryOf(
  particles: number,
  changes: readonly NamedAxonChanges[],
): (members: readonly number[]) => number {
  const before = logarithm(particles);
  return (members) => {
    const names = new Set(members.flatMap((member) => changes[member].names));
    return logarithm(particles + names.size) - before;
  };
}

interface InteractionOptions {
  readonly rowOfName: ReadonlyMap<string, number>;
  readonly lumps: 'spread' | 'nothing';
  readonly neighbours?: number | undefined;
}

/** I_S by row of the game, by members in any order; none for a single player. */
function openInteractions(
  { players, rowOf, rows }: SuperposedGame,
  graph: WeightedGraph,
  result: Pick<FocusResult, 'phi' | 'parameters'>,
  changes: readonly NamedAxonChanges[],
  { rowOfName, lumps, neighbours }: InteractionOptions,
): (members: readonly number[]) => RowChanges | undefined {
  const { coarse, solver } = openCoarse(graph, result, changes, neighbours);
  const { nodes, kept, nodeOf, focus, newcomers } = coarse;
  const shift = (members: readonly number[]): Float64Array =>
    solver.unscaled(members).map((after, node) => after - solver.base[node]);
  const alone = Array.from({ length: players }, (_, player) => shift([player]));
  // Each entry gives a row a share of its node's interaction.
  const entries: { row: number; node: number; share: number }[] = [];
  const put = (row: number, node: number, share: number): void => {
    if (row >= 0) entries.push({ row, node, share });
  };
  const phi = result.phi.data;
  const spread = new Float64Array(coarse.lumps * rows);
  for (let p = 0; p < phi.length; p++) {
    const node = nodeOf[p];
    if (node < kept) put(rowOf[p], node, 1);
    else if (lumps === 'spread' && rowOf[p] >= 0)
      spread[(node - kept) * rows + rowOf[p]] += phi[p] / focus[node];
  }
  spread.forEach((share, k) => {
    if (share > 0) put(k % rows, kept + Math.floor(k / rows), share);
  });
  newcomers.forEach((node, name) => put(rowOfName.get(name) ?? -1, node, 1));
  const targets = Uint32Array.from(entries, ({ row }) => row);
  const sources = Uint32Array.from(entries, ({ node }) => node);
  const shares = Float64Array.from(entries, ({ share }) => share);
  const values = new Float64Array(entries.length);
  return (members) => {
    if (members.length < 2) return undefined;
    const sorted = [...members].sort((a, b) => a - b);
    const meeting = shift(sorted);
    for (const member of sorted) {
      for (let node = 0; node < nodes; node++) meeting[node] -= alone[member][node];
    }
    for (let k = 0; k < values.length; k++) values[k] = meeting[sources[k]] * shares[k];
    return { rows: targets, values };
  };
}
