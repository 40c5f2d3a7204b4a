// The sum over lanes of a workgroup that share a result, by halves, the last of them through
// subgroups: in place of tree.wgsl, for adapters with the feature. WGSL does not promise that a
// subgroup is a run of consecutive lanes: where one is not, its lanes are added up from workgroup
// memory instead, one by one.
// CPU twin: src/backend/webgpu/depth.ts states the depth of this order.

/** Lanes of the smallest subgroup of the adapter, a power of two. */
override least_subgroup = 4u;

var<workgroup> lane_totals: array<total, group_lanes>;

/**
 * Adds over 2^sharing_log2 groups of lanes; group g of a result is 2^columns_log2 lanes wide.
 * Called by all lanes alike; the sum is returned in group 0.
 */
fn tree_sum(own: total, lane: u32, columns_log2: u32, sharing_log2: u32) -> total {
  if (sharing_log2 == 0u) { return own; }
  let sharer = (lane >> columns_log2) & ((1u << sharing_log2) - 1u);
  lane_totals[lane] = own;
  var half = 1u << (sharing_log2 - 1u);
  workgroupBarrier();
  // Until the lanes that are left lie within a subgroup.
  while ((half << columns_log2) >= least_subgroup) {
    if (sharer < half) {
      let partner = lane + (half << columns_log2);
      lane_totals[lane] = total_add(lane_totals[lane], lane_totals[partner]);
    }
    workgroupBarrier();
    half >>= 1u;
  }
  let rest = 2u * half;
  var sum = lane_totals[lane];
  let runs = subgroupAll(lane == subgroupBroadcastFirst(lane) + subgroupExclusiveAdd(1u));
  for (; half > 0u; half >>= 1u) {
    let other = subgroupShuffleDown(sum, half << columns_log2);
    if (sharer < half) { sum = total_add(sum, other); }
  }
  if (!runs && sharer == 0u) {
    sum = lane_totals[lane];
    for (var k = 1u; k < rest; k++) {
      sum = total_add(sum, lane_totals[lane + (k << columns_log2)]);
    }
  }
  return sum;
}
