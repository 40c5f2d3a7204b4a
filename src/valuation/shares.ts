// The share of each link in what its target gains. A link of weight w(ℓ) from i to j has
//   axon     w(ℓ)/A(i→j)          of all of Δφ_j: shares of an axon sum to 1
//   target   w(ℓ)/Σ_i A(i→j)      shares of all links into j sum to 1
// `axon` is the formula as it stands. It credits the whole Δφ_j to each axon into j, so the sum over
// links counts Δφ_j once an axon, and a link of no stake worth naming on an axon of its own takes
// all of it; `target` divides Δφ_j once. Links that do not count (self-loops, weight 0) have share 0.

import { invariant } from '../base/errors.js';
import type { Csr } from '../graph/csr.js';
import { arcAt } from '../graph/change.js';
import { placesIn } from '../graph/id-places.js';
import type { LinkedGraph } from '../graph/linked.js';
import { weighLinks } from '../graph/weigh.js';

/** Over what a link's share is taken. */
export type ShareReading = 'axon' | 'target';

/** Both readings, the one of the formula first. */
export const SHARE_READINGS: readonly ShareReading[] = ['axon', 'target'];

/** Links of one epoch, by index of the link. */
export interface LinkShares {
  /** In [0, 1]; 0 where the link does not count. */
  readonly share: Float64Array;
  /** Its share of its axon, whatever the reading. */
  readonly axonShare: Float64Array;
  /** Weights as they enter axons; not to be written to. */
  readonly weight: Float64Array;
  /** Particle of the graph, −1 where the link does not count. */
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Computes shares. O(links · log degree + particles). */
export function sharesOf(
  { links, graph, options }: LinkedGraph,
  reading: ShareReading,
): LinkShares {
  const { count, from, to, particles } = links;
  const { values: weight } = weighLinks(links, options);
  const places = placesIn(graph.ids, particles);
  const inWeight = reading === 'target' ? columnSums(graph.axons) : null;
  const shares = {
    share: new Float64Array(count),
    axonShare: new Float64Array(count),
    weight,
    from: new Int32Array(count).fill(-1),
    to: new Int32Array(count).fill(-1),
  };
  for (let i = 0; i < count; i++) {
    if (from[i] === to[i] || weight[i] === 0) continue;
    const [p, q] = [places[from[i]], places[to[i]]];
    const axon = arcAt(graph.axons, p, q);
    invariant(axon >= 0, 'a link that counts has an axon');
    const own = weight[i];
    shares.from[i] = p;
    shares.to[i] = q;
    shares.axonShare[i] = own / graph.axons.weights[axon];
    shares.share[i] = inWeight === null ? shares.axonShare[i] : own / inWeight[q];
  }
  return shares;
}

/** Σ over rows of each column, in the order of rows, compensated. */
function columnSums({ rows, offsets, columns, weights }: Csr): Float64Array {
  const sums = new Float64Array(rows);
  const lost = new Float64Array(rows);
  for (let k = 0; k < offsets[rows]; k++) {
    const [q, weight] = [columns[k], weights[k]];
    const next = sums[q] + weight;
    lost[q] += sums[q] >= weight ? sums[q] - next + weight : weight - next + sums[q];
    sums[q] = next;
  }
  return sums.map((sum, q) => sum + lost[q]);
}
