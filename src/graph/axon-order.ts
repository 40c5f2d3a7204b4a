// The canonical order of a graph's axons: by the UTF-8 bytes of `from`, then of `to`, whatever the
// order of the graph's particles. A place is an axon's position in that order, 0 … axons − 1.

import type { Graph } from './graph.js';
import { compareBytes, sortedOrder } from './id-order.js';
import type { Ids } from './ids.js';
import { MAX_ID_BYTES } from './ids.js';

/** A graph's axons in canonical order; places are found by `rowAt` and `placeOf`. */
export interface AxonOrder {
  /** Particles by rank, that is, in the order of their ids' bytes. */
  readonly particles: Uint32Array;
  /** Places of the axons out of the particle of rank r: starts[r] … starts[r+1] − 1. */
  readonly starts: Uint32Array;
  /** Position in the graph's rows by place; null where the rows are in canonical order. */
  readonly arcs: Uint32Array | null;
}

/** Rows up to this length are sorted by insertion. */
const SHORT_ROW = 24;

/**
 * The canonical order of a graph. `particles` may be given where it is known: sortedOrder(ids).
 * O(axons · log of a row) beyond the sort of the ids; 4 bytes an axon.
 */
export function axonOrderOf(
  { axons, ids }: Pick<Graph, 'axons' | 'ids'>,
  particles: Uint32Array = sortedOrder(ids),
): AxonOrder {
  const { rows, offsets, columns } = axons;
  const starts = new Uint32Array(rows + 1);
  const rank = new Uint32Array(rows);
  let isCanonical = true;
  for (let r = 0; r < rows; r++) {
    const row = particles[r];
    rank[row] = r;
    starts[r + 1] = starts[r] + offsets[row + 1] - offsets[row];
    if (row !== r) isCanonical = false;
  }
  if (isCanonical) return { particles, starts, arcs: null };
  const arcs = new Uint32Array(starts[rows]);
  const arcOfRank = new Uint32Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = particles[r];
    const ranks = arcs.subarray(starts[r], starts[r + 1]);
    for (let i = 0, k = offsets[row]; i < ranks.length; i++, k++) {
      ranks[i] = rank[columns[k]];
      arcOfRank[ranks[i]] = k;
    }
    sortAscending(ranks);
    for (let i = 0; i < ranks.length; i++) ranks[i] = arcOfRank[ranks[i]];
  }
  return { particles, starts, arcs };
}

/** The rank of the particle that an axon at a place comes from. O(log particles). */
export function rowAt({ starts }: AxonOrder, place: number): number {
  let low = 0;
  let high = starts.length - 1;
  // starts[low] ≤ place < starts[high].
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (starts[middle] <= place) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The first place whose axon is not before (from, to), ids as UTF-8 bytes, and whether it is that
 * axon; the number of axons where all are before. O(log axons) comparisons.
 */
export function placeOf(
  { axons, ids }: Pick<Graph, 'axons' | 'ids'>,
  order: AxonOrder,
  from: Uint8Array,
  to: Uint8Array,
): { readonly place: number; readonly found: boolean } {
  const { particles, starts, arcs } = order;
  const row = firstNotBefore(ids, 0, particles.length, (r) => particles[r], from);
  if (!row.found) return { place: starts[row.at], found: false };
  const target = (place: number): number => axons.columns[arcs === null ? place : arcs[place]];
  const column = firstNotBefore(ids, starts[row.at], starts[row.at + 1], target, to);
  return { place: column.at, found: column.found };
}

/** The first of the sorted particles [low, high) whose id is not before `id`; high for none. */
export function firstNotBefore(
  ids: Ids,
  low: number,
  high: number,
  particleAt: (position: number) => number,
  id: Uint8Array,
): { readonly at: number; readonly found: boolean } {
  const bytes = new Uint8Array(MAX_ID_BYTES);
  const compared = (position: number): number =>
    compareBytes(bytes, ids.copyBytes(particleAt(position), bytes, 0), id, id.length);
  let [first, last] = [low, high];
  while (first < last) {
    const middle = Math.floor((first + last) / 2);
    if (compared(middle) < 0) first = middle + 1;
    else last = middle;
  }
  return { at: first, found: first < high && compared(first) === 0 };
}

function sortAscending(values: Uint32Array): void {
  if (values.length > SHORT_ROW) {
    values.sort();
    return;
  }
  for (let i = 1; i < values.length; i++) {
    const value = values[i];
    let k = i - 1;
    for (; k >= 0 && values[k] > value; k--) values[k + 1] = values[k];
    values[k + 1] = value;
  }
}
