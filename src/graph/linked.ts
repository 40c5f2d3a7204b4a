// A frozen graph together with the links it came from, which is what a delta is applied to. The
// graph is a pure function of its live links in order of position: it is what `buildGraph` makes of
// them, to the bit.

import { buildGraph } from './build.js';
import type { BuildOptions } from './build.js';
import type { Graph } from './graph.js';
import { NO_NEURON } from './links.js';
import type { Links } from './links.js';

/** Links and their positions. */
export interface LinkSet {
  /** Live links by ascending position; the id tables may hold ids that no link names any more. */
  readonly links: Links;
  /** Position of each link, ascending integers; null where link i has position i. */
  readonly rows: Float64Array | null;
}

/** A graph with its links; nothing of it is ever changed. */
export interface LinkedGraph extends LinkSet {
  readonly graph: Graph;
  readonly options: BuildOptions;
}

/** Builds the graph of links and keeps both. Throws what `buildGraph` throws. O(links + particles). */
export function linkGraph(input: Links, options: BuildOptions = {}): LinkedGraph {
  const sharesWill = input.will?.subarray(0, input.count).some((will) => will > 0) ?? false;
  // A column of zeros says nothing, and would make every change look at all links.
  const links = sharesWill ? input : { ...input, will: null };
  return Object.freeze({ graph: buildGraph(links, options), links, rows: null, options });
}

/** The position of link i. O(1). */
export function rowOf({ rows }: LinkSet, i: number): number {
  return rows === null ? i : rows[i];
}

/** The first link whose position is at least `row`, the number of links where there is none. */
export function firstFrom({ links, rows }: LinkSet, row: number): number {
  if (rows === null) return Math.min(row, links.count);
  let low = 0;
  let high = links.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle] < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The link at a position, or −1 where none is live. O(log links). */
export function linkAt(set: LinkSet, row: number): number {
  const i = firstFrom(set, row);
  return i < set.links.count && rowOf(set, i) === row ? i : -1;
}

/** The id of the neuron that signs link i, or null. */
export function neuronAt({ neuron, neurons }: Links, i: number): string | null {
  if (neuron === null || neurons === null || neuron[i] === NO_NEURON) return null;
  return neurons.at(neuron[i]);
}
