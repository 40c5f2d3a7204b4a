// First stage of up to 16 reductions over rows, per column: Σ w x, Σ w |x|, Σ w x y, Σ w |x − y|,
// for chunks of 2,048 rows; the number format says what a weight w and a product x y are.
// CPU twin: kernels/reduce.ts. Needs number-*, workgroup and summation before it; fold.wgsl
// adds up the chunks.
// Dispatch: one workgroup per reduction, chunk and tile of columns; two-dimensional above 65,535.
// Summation: summation.wgsl over the rows of the chunk, columns being the fastest lanes.

struct Params {
  columns: u32,
  columns_log2: u32,  // lanes side by side: the power of two ≥ B, at most a workgroup
  tiles: u32,         // ⌈B / lanes side by side⌉
  groups: u32,
  rows: u32,
  chunks: u32,
  out_base: u32,      // place in `out` of reduction 0, chunk 0, column 0
  unused: u32,
  // kind + 2⁸ · (127 + power of two by which a distance scales y), x + 2¹⁶ · y, weight, bits of the
  // power of two of the sum; vectors as in combine.wgsl, 0: none
  jobs: array<vec4<u32>, 16>,
}

const kind_absolute = 1u;
const kind_dot = 2u;
const kind_distance = 3u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<total>;
@group(0) @binding(3) var<storage, read> v1: array<num>;
@group(0) @binding(4) var<storage, read> v2: array<num>;
@group(0) @binding(5) var<storage, read> v3: array<num>;
@group(0) @binding(6) var<storage, read> v4: array<num>;
@group(0) @binding(7) var<storage, read> v5: array<num>;
@group(0) @binding(8) var<storage, read> v6: array<num>;

var<private> job: vec4<u32>;

/** The elements at four places of a vector: one switch for four loads. */
fn load(source: u32, places: vec4<u32>) -> array<num, 4> {
  let p = places;
  switch (source & 255u) {
    case 1u: { return array<num, 4>(v1[p.x], v1[p.y], v1[p.z], v1[p.w]); }
    case 2u: { return array<num, 4>(v2[p.x], v2[p.y], v2[p.z], v2[p.w]); }
    case 3u: { return array<num, 4>(v3[p.x], v3[p.y], v3[p.z], v3[p.w]); }
    case 4u: { return array<num, 4>(v4[p.x], v4[p.y], v4[p.z], v4[p.w]); }
    case 5u: { return array<num, 4>(v5[p.x], v5[p.y], v5[p.z], v5[p.w]); }
    default: { return array<num, 4>(v6[p.x], v6[p.y], v6[p.z], v6[p.w]); }
  }
}

/** The elements of four rows. */
fn load_rows(source: u32, rows: vec4<u32>, column: u32) -> array<num, 4> {
  return load(source, select(rows * params.columns + column, rows, (source & 256u) != 0u));
}

fn summands(rows: vec4<u32>, column: u32) -> array<total, 4> {
  let kind = job.x & 255u;
  let x = load_rows(job.y & 0xffffu, rows, column);
  var sums = array<total, 4>(
    total_from(x[0]),
    total_from(x[1]),
    total_from(x[2]),
    total_from(x[3]),
  );
  if (kind == kind_dot) {
    let y = load_rows(job.y >> 16u, rows, column);
    for (var k = 0u; k < 4u; k++) { sums[k] = total_product(x[k], y[k]); }
  }
  if (kind == kind_distance) {
    let y = load_rows(job.y >> 16u, rows, column);
    let biased = job.x >> 8u;
    for (var k = 0u; k < 4u; k++) {
      sums[k] = total_subtract(sums[k], total_from(num_rescale(biased, y[k])));
    }
  }
  if (kind == kind_absolute || kind == kind_distance) {
    for (var k = 0u; k < 4u; k++) { sums[k] = total_absolute(sums[k]); }
  }
  if (job.z != 0u) {
    let weight = load_rows(job.z, rows, column);
    for (var k = 0u; k < 4u; k++) { sums[k] = total_masked(weight[k], sums[k]); }
  }
  return sums;
}

fn element(row: u32, column: u32) -> total { return summands(vec4<u32>(row), column)[0]; }

fn four(row: u32, step: u32, column: u32) -> array<total, 4> {
  return summands(row + step * vec4<u32>(0u, 1u, 2u, 3u), column);
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
  job = params.jobs[task / params.chunks];
  let column = column_of(group % params.tiles, lane, params.columns_log2);
  let live = column < params.columns;
  let sharer = lane >> params.columns_log2;
  var sum = total_zero;
  if (live) {
    let end = min(params.rows, (chunk + 1u) * 2048u);
    sum = lane_sum(chunk * 2048u + sharer, end, group_lanes >> params.columns_log2, column);
  }
  sum = tree_sum(sum, lane, params.columns_log2, group_log2 - params.columns_log2);
  if (live && sharer == 0u) {
    let place = params.out_base + task * params.columns + column;
    out[place] = total_rescale(job.w, sum);
  }
}
