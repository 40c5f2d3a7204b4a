// Later stages of the reductions that reduce.wgsl began: sums of 2,048 partial sums, until one is
// left per reduction and column.
// CPU twin: kernels/reduce.ts. Needs number-*, workgroup and summation before it.
// Dispatch: one workgroup per reduction, chunk and tile of columns; two-dimensional above 65,535.
// Summation: summation.wgsl over the partial sums of the chunk, columns being the fastest lanes.

struct Params {
  columns: u32,
  columns_log2: u32,
  tiles: u32,
  groups: u32,
  partials: u32,     // partial sums of a reduction and column
  chunks: u32,       // ⌈partials / 2,048⌉
  out_base: u32,
  scales: u32,       // 1: this is the last stage, so the power of two of each reduction is applied
  jobs: array<vec4<u32>, 16>,  // as in reduce.wgsl
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<total>;
@group(0) @binding(3) var<storage, read> partials: array<total>;

var<private> base: u32;

fn element(partial: u32, column: u32) -> total {
  return partials[(base + partial) * params.columns + column];
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
  let task = group / params.tiles;  // reduction · chunks + chunk
  let chunk = task % params.chunks;
  let reduction = task / params.chunks;
  base = reduction * params.partials;
  let column = column_of(group % params.tiles, lane, params.columns_log2);
  let live = column < params.columns;
  let sharer = lane >> params.columns_log2;
  var sum = total_zero;
  if (live) {
    let end = min(params.partials, (chunk + 1u) * 2048u);
    sum = lane_sum(chunk * 2048u + sharer, end, group_lanes >> params.columns_log2, column);
  }
  sum = tree_sum(sum, lane, params.columns_log2, group_log2 - params.columns_log2);
  if (live && sharer == 0u) {
    if (params.scales != 0u) { sum = total_rescale(params.jobs[reduction].w, sum); }
    out[params.out_base + task * params.columns + column] = sum;
  }
}
