// The one order in which any kernel sums: fixed by the lengths alone, so the same input gives the
// same bits twice.
//   lane_sum   one lane, every step-th element: blocks of 32, each in four accumulators, then the
//              blocks one by one
//   tree_sum   the lanes of a workgroup that share a result, by halves: tree.wgsl
// CPU twin: src/backend/webgpu/depth.ts states the depth of this order. A kernel defines
// element(place, column) and four(place, step, column), the elements at place, place + step, place
// + 2·step and place + 3·step. Needs number-* and workgroup before it.

/**
 * Σ element(k, column) over k = first, first + step, … below end. Four loads in flight hide the
 * memory's latency.
 */
fn lane_sum(first: u32, end: u32, step: u32, column: u32) -> total {
  var sum = total_zero;
  var k = first;
  while (k < end) {
    let stop = min(end, k + 32u * step);
    var a = total_zero;
    var b = total_zero;
    var c = total_zero;
    var d = total_zero;
    while (k + 3u * step < stop) {
      let next = four(k, step, column);
      a = total_add(a, next[0]);
      b = total_add(b, next[1]);
      c = total_add(c, next[2]);
      d = total_add(d, next[3]);
      k += 4u * step;
    }
    while (k < stop) {
      a = total_add(a, element(k, column));
      k += step;
    }
    sum = total_add(sum, total_add(total_add(a, b), total_add(c, d)));
  }
  return sum;
}
