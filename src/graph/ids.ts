// Id tables: particle and neuron ids by index. An id is an opaque string of UTF-8 bytes; the table
// is read-only. "7" and the number 7 are one id; "007" is another. Tables are made by id-table.ts,
// and by `idsOf` from a list.

/** A read-only table of distinct ids; index i is the i-th id in the table's order. */
export interface Ids {
  readonly count: number;
  /** The id at an index in 0…count−1. */
  at(index: number): string;
  /** The index of an id, or −1 where the table does not hold it. */
  indexOf(id: string): number;
  /**
   * A table of the given indices (distinct, each in 0…count−1) in the given order; shares the ids'
   * memory.
   */
  pick(order: Uint32Array): Ids;
  /** Writes the UTF-8 bytes of an id into `target` from `at` on; returns their number (1…4096). */
  copyBytes(index: number, target: Uint8Array, at: number): number;
}

/** The longest id, in UTF-8 bytes. */
export const MAX_ID_BYTES = 4096;

/**
 * A view of some ids of a table in another order. The inverse permutation is built at the first
 * indexOf: O(base.count) once, then the cost of the base table.
 */
export function pickIds(base: Ids, order: Uint32Array): Ids {
  let inverse: Uint32Array | null = null;
  const absent = 0xffffffff;
  const inverted = (): Uint32Array => {
    const places = new Uint32Array(base.count).fill(absent);
    for (let i = 0; i < order.length; i++) places[order[i]] = i;
    return places;
  };
  return {
    count: order.length,
    at: (index) => base.at(order[index]),
    indexOf: (id) => {
      const found = base.indexOf(id);
      if (found < 0) return -1;
      inverse ??= inverted();
      return inverse[found] === absent ? -1 : inverse[found];
    },
    // Views do not pile up: a pick of a pick is one pick of the base.
    pick: (again) =>
      pickIds(
        base,
        again.map((index) => order[index]),
      ),
    copyBytes: (index, target, at) => base.copyBytes(order[index], target, at),
  };
}
