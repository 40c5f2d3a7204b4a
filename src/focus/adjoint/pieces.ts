// The first-order value of a set of links between known particles is a sum over the particles whose
// columns change, and a term of the prior (docs/adjoint.md, section 3). With δ, o the stake that the
// set adds to d and out of a particle, a = Σ w (Σ_j x_j y_j(other) − own) and b = Σ w kφ (λ_to − (Pᵀλ))
// over its links there
//   v(S) = Σ_p [ a_p(S) d/(d + δ_p(S)) + b_p(S)/(out + o_p(S)) ] + L(S) c/(Σd + 2W(S))
// where L = Σ w (λ_from + λ_to), W = Σ w. All of a, b, δ, o, L, W add up over the members of a set: so v
// of any of 2^k sets costs a division or two, and a member matters only at particles it touches.

import { check } from '../../base/errors.js';
import { BACK, DEGREE, FIELDS, FLOW, LAMBDA, OUT, OWN, type LinkTerms } from './links.js';

/** A link by particle numbers; its weight may be negative. */
export interface WeightedLink {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** A particle of the graph, as its column is before. */
export interface ColumnBefore {
  readonly particle: number;
  readonly degree: number;
  readonly out: number;
  /** kφ Pᵀλ, what a walk out of it is worth now; lost when its last out-link goes. */
  readonly back: number;
  /** Whether its column of M saturates, d/(d + δ); else it is linear in δ. */
  readonly saturates: boolean;
}

/** What links add at one particle; each adds up over links. */
export interface ColumnPiece {
  readonly particle: number;
  /** δ and o. */
  degree: number;
  out: number;
  /** a and b. */
  spread: number;
  walk: number;
}

/** What some links add up to. */
export interface LinkPieces {
  /** By particle, in order of appearance. */
  readonly columns: readonly ColumnPiece[];
  /** W and L. */
  readonly weight: number;
  readonly lambda: number;
}

/** The prior's part: c and Σd, or c = 0 where the prior does not follow degrees. */
export interface PriorBefore {
  readonly slope: number;
  readonly totalDegree: number;
}

/** What is left of a sum of weights, relatively, when its parts are taken away. */
const NOTHING = 1e-12;

/** A particle's column by its row of the terms. */
export function columnBefore({ fields, saturates }: LinkTerms, row: number): ColumnBefore {
  const at = row * FIELDS;
  const [degree, out] = [fields[at + DEGREE], fields[at + OUT]];
  return { particle: row, degree, out, back: fields[at + FLOW] * fields[at + BACK], saturates };
}

/** The pieces of links between rows of the terms; self-links are left out. O(J) a link. */
export function piecesOf(terms: LinkTerms, links: readonly WeightedLink[]): LinkPieces {
  const { fields } = terms;
  const columns = new Map<number, ColumnPiece>();
  const at = (particle: number): ColumnPiece => {
    let piece = columns.get(particle);
    if (piece === undefined) {
      piece = { particle, degree: 0, out: 0, spread: 0, walk: 0 };
      columns.set(particle, piece);
    }
    return piece;
  };
  let [total, lambda] = [0, 0];
  for (const { from, to, weight } of links) {
    if (from === to) continue;
    const [source, target] = [at(from), at(to)];
    const [p, q] = [from * FIELDS, to * FIELDS];
    source.degree += weight;
    target.degree += weight;
    source.out += weight;
    source.spread += weight * (paired(terms, from, to) - fields[p + OWN]);
    target.spread += weight * (paired(terms, to, from) - fields[q + OWN]);
    source.walk += weight * fields[p + FLOW] * (fields[q + LAMBDA] - fields[p + BACK]);
    total += weight;
    lambda += weight * (fields[p + LAMBDA] + fields[q + LAMBDA]);
  }
  return { columns: [...columns.values()], weight: total, lambda };
}

/** Σ_j x_j(i) y_j(other), x_j already over d. */
function paired({ primal, dual, pairs }: LinkTerms, i: number, other: number): number {
  let sum = 0;
  for (let j = 0; j < pairs; j++) sum += primal[i * pairs + j] * dual[other * pairs + j];
  return sum;
}

/**
 * A particle's part of the value of a set whose pieces there add up to `added`. Throws
 * `bad-parameter` where nothing is left of the particle: that is no small change.
 */
export function columnValue(before: ColumnBefore, added: Omit<ColumnPiece, 'particle'>): number {
  const { degree, out } = before;
  check(
    out + added.out >= -NOTHING * out && degree + added.degree > NOTHING * degree,
    'bad-parameter',
    () =>
      `links: expected some weight left at particle ${before.particle}, found ${-added.degree} ` +
      `taken away of ${degree}, ${-added.out} of ${out} going out`,
    'a particle that leaves is no small change: use the game of certified solves',
  );
  const spread = before.saturates
    ? (added.spread * degree) / (degree + added.degree)
    : added.spread;
  const left = out + added.out;
  if (left > NOTHING * out) return spread + added.walk / left;
  // What a particle without out-links sends goes to the prior, where λ is zero.
  return out > 0 ? spread - before.back : spread;
}

/** The prior's part of the value of a set. */
export function priorValue(
  { slope, totalDegree }: PriorBefore,
  { weight, lambda }: Pick<LinkPieces, 'weight' | 'lambda'>,
): number {
  return (slope * lambda) / (1 + (2 * weight) / totalDegree);
}
