// An index of links by (from, to), so that the links of one axon are found without a pass over all:
// built once for a set of links, kept while the set lives. Two stable counting sorts, by `to` and
// then by `from`: links of a pair stay in order of position.

import type { Links } from './links.js';

/** Links by pair of particles. */
export interface LinkIndex {
  /** Indices of the links p → q, ascending; p and q are indices of the links' particle table. */
  linksOf(p: number, q: number): Uint32Array;
}

const indexes = new WeakMap<Links, LinkIndex>();

/** The index of links; O(links + particles) and 4 bytes a link at first, O(1) after that. */
export function linkIndexOf(links: Links): LinkIndex {
  let index = indexes.get(links);
  if (index === undefined) indexes.set(links, (index = indexLinks(links)));
  return index;
}

function indexLinks({ from, to, count, particles }: Links): LinkIndex {
  const size = particles.count;
  const byTo = new Uint32Array(count);
  const order = new Uint32Array(count);
  let next = startsOf(to, count, size);
  for (let i = 0; i < count; i++) byTo[next[to[i]]++] = i;
  const starts = startsOf(from, count, size);
  next = starts.slice();
  for (let k = 0; k < count; k++) order[next[from[byTo[k]]]++] = byTo[k];
  /** The first place in [low, high) whose link leads to q or beyond. */
  const firstTo = (low: number, high: number, q: number): number => {
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (to[order[middle]] < q) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    linksOf: (p, q) => {
      const begin = firstTo(starts[p], starts[p + 1], q);
      return order.subarray(begin, firstTo(begin, starts[p + 1], q + 1));
    },
  };
}

/** Where the entries of each key begin; one more than there are keys. */
function startsOf(keys: Uint32Array, count: number, size: number): Uint32Array {
  const starts = new Uint32Array(size + 1);
  for (let i = 0; i < count; i++) starts[keys[i] + 1]++;
  for (let p = 0; p < size; p++) starts[p + 1] += starts[p];
  return starts;
}
