// What clusters neglect at first order, bounded player by player. At a particle of column d the set S
// is worth g(S) = A(S) h(δ(S)), h(x) = d/(d + x). For a player (a, δ) with mates A_C in its cluster and
// others A_T, Y = Σ|δ_T| elsewhere, the marginal to S and to S ∩ cluster differ by at most
//   |a| d Y/m² + |A|_T d |δ|/m² + |A|_C 2 d |δ| Y/m³        m = d − Σ of what anybody takes away
// (h' = −d/(d+x)², h'' = 2d/(d+x)³), where |A| sums magnitudes. A random ordering of all players, cut
// to a cluster, is a random one of the cluster, so that bounds the difference of the Shapley values of
// the first-order game of all and of the cluster's. Likewise for walks with out, b/out. Not in it: the
// prior's denominator, ln n, and whatever is not first order; rounding.

import type { Adjoint } from '../focus/adjoint/adjoint.js';
import type { ColumnBefore, ColumnPiece } from '../focus/adjoint/pieces.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Clusters } from './clusters.js';
import { linksOf } from './first-order-game.js';

/** Sums of magnitudes at one particle: of all, and of the players of one cluster. */
interface Sums {
  /** Σ|δ|, Σ|a|, and what is taken away. */
  readonly moved: number;
  readonly values: number;
  readonly taken: number;
}

const NOTHING: Sums = { moved: 0, values: 0, taken: 0 };

/** Sums by particle, for columns of M and for walks out. */
interface Totals {
  readonly column: Map<number, Sums>;
  readonly walk: Map<number, Sums>;
  /** Particles that a player with new particles touches: its pieces there depend on others. */
  readonly unknown: Set<number>;
}

/**
 * By player, a proven bound of what first-order interactions with players of other clusters would
 * change in its share, in 1; NaN where the player or one it meets brings new particles. O(J) a link.
 */
export function crossBounds(
  adjoint: Adjoint,
  particles: number,
  changes: readonly NamedAxonChanges[],
  { members, of }: Clusters,
): Float64Array {
  const shared = sharedParticles(particles, changes, of);
  const bounds = new Float64Array(changes.length);
  const totals = emptyTotals();
  const piecesBy = (player: number): readonly ColumnPiece[] | null => {
    const [links] = linksOf([changes[player]], particles);
    if (changes[player].names.length > 0) return null;
    return adjoint.pieces(links).columns.filter(({ particle }) => shared.has(particle));
  };
  changes.forEach((change, player) => {
    const pieces = piecesBy(player);
    if (pieces !== null) addTo(totals, adjoint, pieces);
    else {
      for (const { from, to } of change.axons) totals.unknown.add(from).add(to);
      bounds[player] = NaN;
    }
  });
  for (const own of members) {
    const cluster = emptyTotals();
    const pieces = own.map((player) => piecesBy(player) ?? []);
    for (const each of pieces) addTo(cluster, adjoint, each);
    own.forEach((player, k) => {
      for (const piece of pieces[k])
        bounds[player] += boundAt(adjoint.column(piece.particle), piece, totals, cluster);
    });
  }
  return bounds;
}

/** Particles that players of two clusters touch; elsewhere nothing is cut. */
function sharedParticles(
  particles: number,
  changes: readonly NamedAxonChanges[],
  of: Uint32Array,
): Set<number> {
  const owner = new Map<number, number>();
  const shared = new Set<number>();
  changes.forEach(({ axons }, player) => {
    for (const { from, to } of axons) {
      for (const i of [from, to]) {
        if (i >= particles) continue;
        const known = owner.get(i);
        if (known === undefined) owner.set(i, of[player]);
        else if (known !== of[player]) shared.add(i);
      }
    }
  });
  return shared;
}

function emptyTotals(): Totals {
  return { column: new Map(), walk: new Map(), unknown: new Set() };
}

function addTo(totals: Totals, adjoint: Adjoint, pieces: readonly ColumnPiece[]): void {
  const add = (into: Map<number, Sums>, particle: number, moved: number, value: number): void => {
    const known = into.get(particle) ?? NOTHING;
    into.set(particle, {
      moved: known.moved + Math.abs(moved),
      values: known.values + Math.abs(value),
      taken: known.taken + Math.max(0, -moved),
    });
  };
  for (const { particle, degree, spread, out, walk } of pieces) {
    add(totals.column, particle, degree, spread);
    if (out === 0 && walk === 0) continue;
    const before = adjoint.column(particle).out;
    // First out-links of a dangling particle are its whole effect there, so they are in one cluster.
    if (before > 0) add(totals.walk, particle, out, walk / before);
  }
}

function boundAt(before: ColumnBefore, piece: ColumnPiece, all: Totals, cluster: Totals): number {
  const { particle } = piece;
  if (all.unknown.has(particle)) return NaN;
  const [column, walk] = [all.column, all.walk].map((sums) => sums.get(particle) ?? NOTHING);
  const [mates, walkMates] = [cluster.column, cluster.walk].map(
    (sums) => sums.get(particle) ?? NOTHING,
  );
  let bound = before.saturates
    ? cutBound(before.degree, piece.degree, piece.spread, column, mates)
    : 0;
  if (piece.out === 0 && piece.walk === 0) return bound;
  if (before.out > 0)
    bound += cutBound(before.out, piece.out, piece.walk / before.out, walk, walkMates);
  return bound;
}

/** The bound of the header for g(S) = A(S) d/(d + δ(S)). */
function cutBound(d: number, moved: number, value: number, all: Sums, mates: Sums): number {
  const elsewhere = Math.max(0, all.moved - mates.moved);
  const others = Math.max(0, all.values - mates.values);
  if (elsewhere === 0 && others === 0) return 0;
  const least = d - all.taken;
  if (!(least > 0)) return NaN;
  const size = Math.abs(moved);
  const within = Math.max(0, mates.values - Math.abs(value));
  return (
    ((Math.abs(value) * elsewhere + others * size) * d) / (least * least) +
    (within * 2 * d * size * elsewhere) / (least * least * least)
  );
}
