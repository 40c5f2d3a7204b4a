// Focuses of different graphs side by side: one row per particle that any of them holds, by id,
// absent = 0. Rows: those of the first, then those the second adds, and so on.

import { placesIn } from '../graph/id-places.js';
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
    const before = tables.slice(0, k).map((table) => placesIn(table, ids));
    places.push(
      Uint32Array.from({ length: ids.count }, (_, i) => {
        const earlier = before.findIndex((at) => at[i] >= 0);
        return earlier < 0 ? rows++ : places[earlier][before[earlier][i]];
      }),
    );
  });
  return { rows, places };
}
