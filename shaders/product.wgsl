// Sparse matrix times a block of B columns: s(i, b) = Σ weight(i, j) · x(j, b), then the epilogue
// of the row.
// CPU twins: kernels/product.ts, kernels/product-block.ts. Needs number-*, workgroup, summation and
// epilogue before it.
// Dispatch: one workgroup of L lanes per L / (lanes to a row · lanes side by side) items and tile
// of columns; two-dimensional above 65,535. An item is a row, or a segment of at most 1,024 arcs of
// a longer row, whose sum goes to the tail of `out` for join.wgsl. Rows are binned by length: a hub
// does not serialise, a leaf does not hold 64 lanes. Columns are the fastest lanes.
// Summation: summation.wgsl over the row's arcs in stored order, in-arcs before out-arcs.

override weighted = true;
/** Whether in-arcs read x_in (bound as `other`) and only out-arcs read x. */
override split = false;
override item_words = 4u;

var<private> first_out_arc: u32;
var<private> weight_base: u32;

fn element(arc: u32, column: u32) -> total {
  let place = matrix[params.column_base + arc] * params.columns + column;
  var value = num_zero;
  if (split && arc < first_out_arc) {
    // x_in may be stored in another power of two, given as a biased exponent.
    value = num_rescale(params.parts >> 8u, other[place]);
  } else {
    value = x[place];
  }
  if (!weighted) { return total_from(value); }
  let weight = weight_base + arc * weight_words;
  return total_weighted(matrix[weight], matrix[weight + weight_words - 1u], value);
}

fn four(arc: u32, step: u32, column: u32) -> array<total, 4> {
  return array<total, 4>(
    element(arc, column),
    element(arc + step, column),
    element(arc + 2u * step, column),
    element(arc + 3u * step, column),
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
  let task = group / params.tiles;
  let column = column_of(group % params.tiles, lane, params.columns_log2);
  var index = 0u;
  while (index < 7u && task >= params.bins[index + 1u].x) { index++; }
  let bin = params.bins[index];
  let lanes_log2 = bin.w + params.columns_log2;
  let place = ((task - bin.x) << (group_log2 - lanes_log2)) + (lane >> lanes_log2);
  let live = place < bin.z && column < params.columns;
  let sharer = (lane >> params.columns_log2) & ((1u << bin.w) - 1u);

  // An item: its row (or, with the top bit, its partial sum), then where its in-arcs start, its
  // out-arcs start, and both end; a fifth word leads from an in-arc to its weight in a table that
  // has weights for in-arcs alone.
  var row = 0u;
  var sum = total_zero;
  if (live) {
    let at = item_words * (bin.y + place);
    row = matrix[at];
    first_out_arc = matrix[at + 2u];
    weight_base = params.weight_base;
    if (item_words > 4u && (params.parts & 8u) != 0u) {
      weight_base += matrix[at + 4u] * weight_words;
    }
    let start = select(first_out_arc, matrix[at + 1u], (params.direction & 1u) != 0u);
    let end = select(first_out_arc, matrix[at + 3u], (params.direction & 2u) != 0u);
    sum = lane_sum(start + sharer, end, 1u << bin.w, column);
  }
  sum = tree_sum(sum, lane, params.columns_log2, bin.w);
  if (!live || sharer != 0u) { return; }
  if ((row & 0x80000000u) == 0u) {
    finish(row, column, sum);
  } else {
    let at = (row & 0x7fffffffu) * params.columns + column;
    for (var k = 0u; k < partial_elements; k++) {
      out[params.partial_base + at * partial_elements + k] = total_part(sum, k);
    }
  }
}
