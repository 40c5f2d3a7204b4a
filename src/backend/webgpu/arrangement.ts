// The order in which a graph's arcs lie on the device. Particles are relabelled by falling degree,
// so that the elements gathered most share few cache lines; the arcs of a row lie together, in-arcs
// (Aᵀ) before out-arcs (A), so that `in`, `out` and `both` are three ranges of one row; and rows
// follow each other by length bin, longest first. All of it on the host, O(rows + arcs).

import { check } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import { groupByDegree, type Relabelling } from '../relabel.js';

/** A graph's arcs without their weights. */
export type Structure = Omit<Csr, 'weights'>;

/** Weights in axon order, and where they go in device order, divided by a unit. */
export interface WeightMove {
  readonly from: Float64Array;
  readonly to: Float32Array | Float64Array;
  readonly unit: number;
}

/** A graph in device order. A row is a place: relabelling.order[row] is its particle. */
export interface Arrangement {
  readonly rows: number;
  readonly relabelling: Relabelling;
  /** Rows in the order in which their arcs lie. */
  readonly sequence: Uint32Array;
  /** Per row: where its in-arcs start, where its out-arcs start, and where both end. */
  readonly starts: Uint32Array;
  readonly middles: Uint32Array;
  readonly ends: Uint32Array;
  readonly columns: Uint32Array;
}

/**
 * Lanes that share a row of so many arcs, as a power of two: at most eight arcs a lane up to 512,
 * then 64 lanes.
 */
export function lanesLog2(arcs: number): number {
  return Math.min(6, Math.max(0, 29 - Math.clz32(arcs)));
}

/** Arcs that lie on the device. */
export function storedArcs({ rows, offsets }: Structure, directions: 'in' | 'both'): number {
  return (directions === 'both' ? 2 : 1) * offsets[rows];
}

/**
 * Lays out Aᵀ and, for `both`, A, and moves weights where there are any. Throws `too-large` where
 * arc positions leave 32 bits.
 */
export function arrange(
  axons: Structure,
  directions: 'in' | 'both',
  weights: WeightMove | null,
): Arrangement {
  const { rows, offsets, columns } = axons;
  const stored = storedArcs(axons, directions);
  check(
    stored < 2 ** 32,
    'too-large',
    () => `${stored} arcs on one device: expected fewer than ${2 ** 32}`,
    "open the graph with directions 'in', or use the cpu backend",
  );
  const relabelling = groupByDegree(axons);
  const extents = layOut(axons, directions, relabelling);
  const placedColumns = new Uint32Array(stored);
  const arrangement = { rows, relabelling, ...extents, columns: placedColumns };

  // Visiting sources in ascending order appends to every in-row in ascending order.
  const next = extents.starts.slice();
  for (let source = 0; source < rows; source++) {
    const particle = relabelling.order[source];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++) {
      const at = next[relabelling.place[columns[k]]]++;
      placedColumns[at] = source;
      if (weights !== null) weights.to[at] = weights.from[k] / weights.unit;
    }
  }
  if (directions === 'both') appendOutArcs(arrangement, weights?.to ?? null);
  return arrangement;
}

/** Out-arcs from the in-arcs already placed, ascending by the same argument. */
function appendOutArcs(
  { rows, starts, middles, columns }: Arrangement,
  weights: Float32Array | Float64Array | null,
): void {
  const next = middles.slice();
  for (let row = 0; row < rows; row++) {
    for (let k = starts[row]; k < middles[row]; k++) {
      const at = next[columns[k]]++;
      columns[at] = row;
      if (weights !== null) weights[at] = weights[k];
    }
  }
}

/** Counts each row's arcs and gives it its range, longest bins first. */
function layOut(
  { rows, offsets, columns }: Structure,
  directions: 'in' | 'both',
  { order, place }: Relabelling,
) {
  const arcs = offsets[rows];
  const incoming = new Uint32Array(rows);
  for (let k = 0; k < arcs; k++) incoming[place[columns[k]]]++;
  const outgoing = (row: number): number =>
    directions === 'in' ? 0 : offsets[order[row] + 1] - offsets[order[row]];
  const firsts = new Uint32Array(8);
  for (let row = 0; row < rows; row++) firsts[7 - lanesLog2(incoming[row] + outgoing(row))]++;
  for (let bin = 1; bin < 8; bin++) firsts[bin] += firsts[bin - 1];
  const sequence = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    sequence[firsts[6 - lanesLog2(incoming[row] + outgoing(row))]++] = row;
  }
  const starts = new Uint32Array(rows);
  const middles = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  let at = 0;
  for (let k = 0; k < rows; k++) {
    const row = sequence[k];
    starts[row] = at;
    middles[row] = at += incoming[row];
    ends[row] = at += outgoing(row);
  }
  return { sequence, starts, middles, ends };
}
