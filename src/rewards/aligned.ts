// Focuses of different graphs side by side: one row per particle that any of them holds, by id,
// absent = 0. Rows: those of the first, then those the second adds, and so on.

import type { Ids } from '../graph/ids.js';

/** Values by particle id. */
export interface NamedValues<T extends Float64Array | BigInt64Array> {
  readonly ids: Ids;
  /** By index of the id. */
  readonly values: T;
}

/** The place of each particle of each focus in the common rows. */
interface Places {
  readonly rows: number;
  readonly places: readonly Uint32Array[];
}

/** Aligns doubles. O(particles) look-ups of ids for each pair; equal tables cost nothing. */
export function alignNumbers(focuses: readonly NamedValues<Float64Array>[]): Float64Array[] {
  const { rows, places } = placesOf(focuses.map(({ ids }) => ids));
  return focuses.map(({ values }, k) => {
    const aligned = new Float64Array(rows);
    places[k].forEach((row, i) => {
      aligned[row] = values[i];
    });
    return aligned;
  });
}

/** Aligns focus units. */
export function alignUnitRows(focuses: readonly NamedValues<BigInt64Array>[]): BigInt64Array[] {
  const { rows, places } = placesOf(focuses.map(({ ids }) => ids));
  return focuses.map(({ values }, k) => {
    const aligned = new BigInt64Array(rows);
    places[k].forEach((row, i) => {
      aligned[row] = values[i];
    });
    return aligned;
  });
}

function placesOf(tables: readonly Ids[]): Places {
  const places: Uint32Array[] = [];
  let rows = 0;
  tables.forEach((ids, k) => {
    const same = tables.indexOf(ids);
    if (same < k) {
      places.push(places[same]);
      return;
    }
    const own = new Uint32Array(ids.count);
    for (let i = 0; i < ids.count; i++) {
      const id = ids.at(i);
      let row = -1;
      for (let earlier = 0; earlier < k && row < 0; earlier++) {
        const at = tables[earlier].indexOf(id);
        if (at >= 0) row = places[earlier][at];
      }
      own[i] = row >= 0 ? row : rows++;
    }
    places.push(own);
  });
  return { rows, places };
}
