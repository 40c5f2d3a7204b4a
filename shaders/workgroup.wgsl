// The lanes of a workgroup, a power of two that the host chooses, 64 unless it says otherwise, and
// how they lie over columns. A prelude to every kernel.

override group_log2 = 6u;
override group_lanes = 1u << group_log2;

/** The column of a lane: columns are the fastest lanes, 2^columns_log2 of them to a tile. */
fn column_of(tile: u32, lane: u32, columns_log2: u32) -> u32 {
  return (tile << columns_log2) + (lane & ((1u << columns_log2) - 1u));
}
