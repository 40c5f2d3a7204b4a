// A frozen cybergraph: axons in canonical order, ids, and an account of every link that did not
// become one of its own.
//   A(p,q) = Σ w(ℓ) over links p → q      w(ℓ) = (a +
//   ⌊will(ν)/#links(ν)⌋)·karma(ν)·f(price)·decay(t)

import type { Csr } from './csr.js';
import type { Ids } from './ids.js';

/** What became of the links: links = axons + merged + Σ dropped. */
export interface GraphReport {
  /** Links read. */
  readonly links: number;
  /** Distinct (from, to) pairs with positive weight and from ≠ to. */
  readonly axons: number;
  /** Links that joined an axon an earlier link had opened. */
  readonly merged: number;
  readonly dropped: {
    readonly selfLoops: number;
    readonly zeroWeight: number;
    /** Particles named by dropped links alone, which the graph does not hold. */
    readonly isolatedParticles: number;
  };
  /** Integer amounts above 2⁵³ rounded to the nearest double. */
  readonly roundedAmounts: number;
}

/** A directed weighted graph on n particles without names: what a solver needs. */
export interface WeightedGraph {
  /** n ≥ 1. */
  readonly particles: number;
  /** A: row p holds the axons p → q. */
  readonly axons: Csr;
  /** Largest (amount + will share) over all links, the divisor of the reference reading. */
  readonly largestStake: number;
}

/** A weighted graph with its ids; never changed after it is built. */
export interface Graph extends WeightedGraph {
  readonly ids: Ids;
  readonly report: GraphReport;
}
