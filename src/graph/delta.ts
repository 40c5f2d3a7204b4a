// A delta applied to a graph with its links: a new frozen graph, and the delta that leads back. The
// graph before is never changed, and a delta that is refused changes nothing. Applying is the same
// as building the graph of the merged list of links, to the bit; the inverse restores links to their
// positions, so order, ids and digests come back too.

import { buildGraph } from './build.js';
import { editLinks } from './edit.js';
import type { LinkedGraph, LinkSet } from './linked.js';
import { resolveDelta } from './resolve.js';
import type { Delta } from './signal.js';
import { weighLinks } from './weigh.js';

/** A graph after a delta. */
export interface Applied {
  readonly after: LinkedGraph;
  /** Applied to `after`, it gives the graph before. */
  readonly inverse: Delta;
}

/** Weights whose sum is below this have no axon that overflows, whatever the rounding. */
const SAFE_TOTAL = 1e308;

/**
 * Applies a delta. Throws FocusError `bad-input` where an entry cannot be applied (see
 * resolveDelta), no link that counts is left, or a weight overflows. Cost O(links + particles).
 */
export function applyDelta(base: LinkedGraph, delta: Delta): Applied {
  const { inverse, ...edit } = resolveDelta(base, delta);
  const isEmpty = edit.gone.length === 0 && edit.put.length === 0;
  return { after: isEmpty ? base : build(editLinks(base, edit), base), inverse };
}

/**
 * Applies deltas one after the other; the same graph, and the same errors, as applyDelta on each,
 * but the graph is built once. Cost O(links) for each delta, a copy of memory for the most part.
 */
export function replay(base: LinkedGraph, log: readonly Delta[]): LinkedGraph {
  let set: LinkSet = base;
  for (const delta of log) {
    set = editLinks(set, resolveDelta(set, delta));
    checkBuilds(set, base);
  }
  return log.length === 0 ? base : build(set, base);
}

function build({ links, rows }: LinkSet, { options }: LinkedGraph): LinkedGraph {
  return Object.freeze({ graph: buildGraph(links, options), links, rows, options });
}

/** Throws what building the graph would throw; builds it only where a sum might overflow. */
function checkBuilds({ links }: LinkSet, { options }: LinkedGraph): void {
  const { values } = weighLinks(links, options);
  let total = 0;
  let counts = false;
  for (let i = 0; i < links.count; i++) {
    total += values[i];
    counts ||= values[i] > 0 && links.from[i] !== links.to[i];
  }
  if (!counts || !(total < SAFE_TOTAL)) buildGraph(links, options);
}
