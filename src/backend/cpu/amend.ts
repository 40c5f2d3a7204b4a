// The verb `amend` of backend.ts on the host: a few numbers of a block, each from a few others.
//   target[e] ← keep_e · target[e] + Σ weight · factor · source[place]
// In double precision whatever the format, one entry after the other: O(entries), too few to share
// between threads.

import type { Entries, Entry } from '../backend.js';
import { demandsOf, type Demands } from '../entries.js';

/** Entries with rows in the workspace's own order; scalars are their row 0. */
export interface CpuEntries extends Entries {
  readonly demands: Demands;
  readonly rows: Uint32Array;
  readonly columns: Uint32Array;
  readonly keeps: Float64Array;
  /** Parts of entry e: from starts[e] up to starts[e + 1]. */
  readonly starts: Uint32Array;
  readonly sources: Uint8Array;
  readonly partRows: Uint32Array;
  readonly partColumns: Uint32Array;
  readonly weights: Float64Array;
}

/** Numbers that entries read or write: (row, column) at row · stride + column. */
export interface Numbers {
  readonly values: Float64Array | Float32Array;
  readonly stride: number;
}

/** Lays entries out; `place` gives the workspace's row of a particle. */
export function placeEntries(entries: readonly Entry[], place: Uint32Array): CpuEntries {
  const parts = entries.flatMap((entry) => entry.parts);
  const row = (particle: number | null): number => (particle === null ? 0 : place[particle]);
  const starts = new Uint32Array(entries.length + 1);
  entries.forEach((entry, e) => {
    starts[e + 1] = starts[e] + entry.parts.length;
  });
  return {
    count: entries.length,
    demands: demandsOf(entries, place.length),
    rows: Uint32Array.from(entries, (entry) => row(entry.row)),
    columns: Uint32Array.from(entries, (entry) => entry.column),
    keeps: Float64Array.from(entries, (entry) => entry.keep),
    starts,
    sources: Uint8Array.from(parts, (part) => part.source),
    partRows: Uint32Array.from(parts, (part) => row(part.row)),
    partColumns: Uint32Array.from(parts, (part) => part.column),
    weights: Float64Array.from(parts, (part) => part.weight),
  };
}

/** Rewrites the entries of the target, which is none of the sources. */
export function amend(
  { values, stride }: Numbers,
  entries: CpuEntries,
  sources: readonly (Numbers & { readonly factor: number })[],
): void {
  const { count, rows, columns, keeps, starts, partRows, partColumns, weights } = entries;
  for (let e = 0; e < count; e++) {
    const at = rows[e] * stride + columns[e];
    // What is there may be no number at all where nothing of it is kept.
    let sum = keeps[e] === 0 ? 0 : keeps[e] * values[at];
    for (let k = starts[e]; k < starts[e + 1]; k++) {
      const from = sources[entries.sources[k]];
      sum += weights[k] * from.factor * from.values[partRows[k] * from.stride + partColumns[k]];
    }
    values[at] = sum;
  }
}
