// Id tables: particle and neuron ids by index. An id is an opaque string of UTF-8 bytes; the table is read-only.

/** A read-only table of distinct ids; index i is the i-th id in the table's order. */
export interface Ids {
  readonly count: number;
  /** The id at an index in 0…count−1. */
  at(index: number): string;
  /** The index of an id, or −1 where the table does not hold it. */
  indexOf(id: string): number;
  /** A table of the given indices in the given order. */
  pick(order: Uint32Array): Ids;
}
