// The rows that product.wgsl cut into segments: s(i, b) = Σ partial sums of row i, then the
// epilogue of the row.
// CPU twin: kernels/product.ts. Needs number-*, workgroup, summation and epilogue before it;
// `matrix` holds (row, first partial, partials).
// Dispatch: one workgroup per row and tile of columns; two-dimensional above 65,535. Columns are
// the fastest lanes.
// Summation: summation.wgsl over the segments in order.

fn element(partial: u32, column: u32) -> total {
  let place = params.partial_base + (partial * params.columns + column) * partial_elements;
  return total_from_parts(out[place], out[place + partial_elements - 1u]);
}

fn four(partial: u32, step: u32, column: u32) -> array<total, 4> {
  return array<total, 4>(
    element(partial, column),
    element(partial + step, column),
    element(partial + 2u * step, column),
    element(partial + 3u * step, column),
  );
}

@compute @workgroup_size(group_lanes)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = workgroup.y * workgroups.x + workgroup.x;
  if (group >= params.groups) { return; }
  let at = 3u * (group / params.tiles);
  let column = column_of(group % params.tiles, lane, params.columns_log2);
  let live = column < params.columns;
  let sharer = lane >> params.columns_log2;
  var sum = total_zero;
  if (live) {
    let first = matrix[at + 1u];
    let end = first + matrix[at + 2u];
    sum = lane_sum(first + sharer, end, group_lanes >> params.columns_log2, column);
  }
  sum = tree_sum(sum, lane, params.columns_log2, group_log2 - params.columns_log2);
  if (live && sharer == 0u) { finish(matrix[at], column, sum); }
}
