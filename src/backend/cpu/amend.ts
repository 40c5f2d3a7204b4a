// The verb `amend` of backend.ts on the host: a few numbers of a block, each from a few others.
//   target[e] ← keep_e · target[e] + Σ weight · factor · source[place]
// In double precision whatever the format, one entry after the other: O(entries), too few to share
// between threads.

import type { Entries, Entry, EntryTable } from '../backend.js';
import { demandsOf, tableOf, type Demands } from '../entries.js';

/** Entries with rows in the workspace's own order; scalars are their row 0. */
export interface CpuEntries extends Entries, EntryTable {
  readonly demands: Demands;
  /** Entries that only keep, or only copy one number of source 0, take a shorter way. */
  readonly shape: 'scale' | 'copy' | 'any';
}

/** Numbers that entries read or write: (row, column) at row · stride + column. */
export interface Numbers {
  readonly values: Float64Array | Float32Array;
  readonly stride: number;
}

const NOTHING = new Float64Array(0);

/** Lays entries out; `place` gives the workspace's row of a particle. */
export function placeEntries(
  entries: readonly Entry[] | EntryTable,
  place: Uint32Array,
): CpuEntries {
  const table = tableOf(entries);
  const demands = demandsOf(table, place.length);
  const own = (rows: Int32Array): Int32Array => {
    const placed = new Int32Array(rows.length);
    for (let e = 0; e < rows.length; e++) placed[e] = rows[e] < 0 ? 0 : place[rows[e]];
    return placed;
  };
  const { rows, partRows } = table;
  return {
    ...table,
    count: rows.length,
    demands,
    rows: own(rows),
    partRows: own(partRows),
    shape: shapeOf(table),
  };
}

function shapeOf({ rows, keeps, starts, sources, weights }: EntryTable): CpuEntries['shape'] {
  if (weights.length === 0) return 'scale';
  if (weights.length !== rows.length) return 'any';
  for (let e = 0; e < rows.length; e++) {
    const isCopy = starts[e] === e && keeps[e] === 0 && sources[e] === 0 && weights[e] === 1;
    if (!isCopy) return 'any';
  }
  return 'copy';
}

/** Rewrites the entries of the target, which is none of the sources. */
export function amend(
  { values, stride }: Numbers,
  entries: CpuEntries,
  given: readonly (Numbers & { readonly factor: number })[],
): void {
  const { count, rows, columns, keeps, starts, sources, partRows, partColumns, weights } = entries;
  if (entries.shape === 'scale') {
    for (let e = 0; e < count; e++) {
      const at = rows[e] * stride + columns[e];
      values[at] = keeps[e] === 0 ? 0 : keeps[e] * values[at];
    }
    return;
  }
  if (entries.shape === 'copy' && given[0].factor === 1) {
    const [from] = given;
    for (let e = 0; e < count; e++) {
      const number = from.values[partRows[e] * from.stride + partColumns[e]];
      values[rows[e] * stride + columns[e]] = 0 + number;
    }
    return;
  }
  const arrays = [0, 1, 2, 3].map((s) => given.at(s)?.values ?? NOTHING);
  const strides = Int32Array.from([0, 1, 2, 3], (s) => given.at(s)?.stride ?? 0);
  const factors = Float64Array.from([0, 1, 2, 3], (s) => given.at(s)?.factor ?? 0);
  let k = 0;
  for (let e = 0; e < count; e++) {
    const at = rows[e] * stride + columns[e];
    // What is there may be no number at all where nothing of it is kept.
    let sum = keeps[e] === 0 ? 0 : keeps[e] * values[at];
    for (const end = starts[e + 1]; k < end; k++) {
      const s = sources[k];
      sum += weights[k] * factors[s] * arrays[s][partRows[k] * strides[s] + partColumns[k]];
    }
    values[at] = sum;
  }
}
