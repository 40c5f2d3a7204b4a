// What λ says of links: the methods of an adjoint, over the rows of the particles that it keeps.

import { check } from '../../base/errors.js';
import type { WeightedGraph } from '../../graph/graph.js';
import type { Kept } from './kept.js';
import { changeOf, marginalsOf, slopeOf } from './links.js';
import type { LinkColumns, LinkMarginals, LinkTerms } from './links.js';
import { columnBefore, piecesOf } from './pieces.js';
import type { ColumnBefore, LinkPieces, WeightedLink } from './pieces.js';
import { slopeError } from './slope-error.js';
import { transactionMarginal, type Joining, type TransactionMarginal } from './transaction.js';

/** How a link's weight enters a marginal. */
export interface MarginalOptions {
  /**
   * `finite` (default): the columns of P and M change as they do for the whole weight, w/(out + w),
   * and the effect of that change is taken to first order. `infinitesimal`: derivative · weight.
   */
  readonly weights?: 'finite' | 'infinitesimal' | undefined;
}

/** What λ says of links. Particle numbers are those of the graph. */
export interface Readings {
  /** ∂v/∂A(from,to); null where `from` is dangling: its first out-link is a jump. O(J). */
  sensitivity(from: number, to: number): number | null;
  /**
   * How far a sensitivity may be off by the certified errors of λ and φ, for a fixed gradient; null
   * where φ has no bound. Not in it: quadrature (10⁻¹¹) and rounding of springs and heat.
   */
  sensitivityError(from: number, to: number): number | null;
  /** ∂v/∂A of every axon, in the order of graph.axons. O(mJ). */
  ofAxons(): Float64Array;
  /** First-order change of the value for each link alone. O(J) a link. */
  marginals(links: LinkColumns, options?: MarginalOptions): LinkMarginals;
  /**
   * First-order change for all links together; particle numbers from n on are particles that the
   * graph does not hold yet. A negative weight between known particles takes away; `bad-parameter`
   * where nothing is left of a particle. See transaction.ts.
   */
  transaction(links: LinkColumns): TransactionMarginal;
  /**
   * What links between known particles add at each particle: pieces of a joint value that add up over
   * sets of links, see pieces.ts. Particle numbers are those of the graph. O(J) a link.
   */
  pieces(links: readonly WeightedLink[]): LinkPieces;
  /** A particle's column before, which pieces change. */
  column(particle: number): ColumnBefore;
}

/** The methods of an adjoint over its terms. */
export function readings(
  graph: WeightedGraph,
  kept: Kept,
  terms: LinkTerms,
  joining: Joining,
  lambdaError: number,
  phiError: number | null,
): Readings {
  const rowOf = (name: string, particle: number): number => {
    check(
      Number.isInteger(particle) && particle >= 0 && particle < graph.particles,
      'bad-parameter',
      () => `${name}: expected a particle in 0…${graph.particles - 1}, found ${particle}`,
    );
    return kept.rowOf(particle);
  };
  const { parameters } = joining;
  return {
    sensitivity: (from, to) => slopeOf(terms, rowOf('from', from), rowOf('to', to)),
    sensitivityError: (from, to) => {
      const [p, q] = [rowOf('from', from), rowOf('to', to)];
      if (phiError === null) return null;
      return slopeError(terms, parameters, lambdaError, phiError, p, q);
    },
    ofAxons: () => slopesOf(graph, kept, terms),
    marginals: (links, options = {}) =>
      marginalsOf(terms, kept.columnsOf(links), options.weights !== 'infinitesimal'),
    transaction: (links) => {
      const found = transactionMarginal(terms, joining, kept.columnsOf(links));
      return {
        ...found,
        newParticles: found.newParticles.map(({ particle, focus }) => ({
          particle: kept.particleOf(particle),
          focus,
        })),
        firstOutLinks: found.firstOutLinks.map(kept.particleOf),
        lastOutLinks: found.lastOutLinks.map(kept.particleOf),
      };
    },
    pieces: (links) => {
      const rows = links.map(({ from, to, weight }) => ({
        from: rowOf('from', from),
        to: rowOf('to', to),
        weight,
      }));
      const pieces = piecesOf(terms, rows);
      const columns = pieces.columns.map((piece) => ({
        ...piece,
        particle: kept.particleOf(piece.particle),
      }));
      return { ...pieces, columns };
    },
    column: (particle) => ({ ...columnBefore(terms, rowOf('column', particle)), particle }),
  };
}

function slopesOf({ axons }: WeightedGraph, kept: Kept, terms: LinkTerms): Float64Array {
  check(
    kept.particles === null,
    'bad-parameter',
    () => 'ofAxons: expected an adjoint that keeps all particles',
    'leave out the option `particles`',
  );
  const { rows, offsets, columns } = axons;
  const slopes = new Float64Array(offsets[rows]);
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) slopes[k] = changeOf(terms, p, columns[k], 0);
  }
  return slopes;
}
