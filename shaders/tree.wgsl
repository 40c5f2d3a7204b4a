// The sum over lanes of a workgroup that share a result, by halves, through workgroup memory. A
// prelude after summation; tree-subgroups.wgsl adds in the same order without the memory.
// CPU twin: src/backend/webgpu/depth.ts states the depth of this order.

var<workgroup> lane_totals: array<total, group_lanes>;

/**
 * Adds over 2^sharing_log2 groups of lanes; group g of a result is 2^columns_log2 lanes wide.
 * Called by all lanes alike; the sum is returned in group 0.
 */
fn tree_sum(own: total, lane: u32, columns_log2: u32, sharing_log2: u32) -> total {
  if (sharing_log2 == 0u) { return own; }
  let sharer = (lane >> columns_log2) & ((1u << sharing_log2) - 1u);
  lane_totals[lane] = own;
  for (var half = 1u << (sharing_log2 - 1u); half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (sharer < half) {
      let partner = lane + (half << columns_log2);
      lane_totals[lane] = total_add(lane_totals[lane], lane_totals[partner]);
    }
  }
  return lane_totals[lane];
}
