// The sum of one lane where order is free, as that of integers is: in place of summation.wgsl, with
// one accumulator, which takes fewer registers and additions than four.
// CPU twin: kernels/exact.ts. A kernel defines element(place, column) and four(place, step, column)
// as for summation.wgsl. Needs number-*, a total and workgroup before it.

/**
 * Σ element(k, column) over k = first, first + step, … below end. Four loads in flight hide the
 * memory's latency.
 */
fn lane_sum(first: u32, end: u32, step: u32, column: u32) -> total {
  var sum = total_zero;
  var k = first;
  while (k + 3u * step < end) {
    let next = four(k, step, column);
    sum = total_add(sum, total_add(total_add(next[0], next[1]), total_add(next[2], next[3])));
    k += 4u * step;
  }
  while (k < end) {
    sum = total_add(sum, element(k, column));
    k += step;
  }
  return sum;
}
