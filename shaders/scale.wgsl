// out = factor · by ⊙ x + plus_factor · plus, `by` of one column. Any of them may be out itself.
// CPU twin: kernels/combine.ts. Needs number-* before it. No sums.
// Dispatch: one workgroup of 64 lanes per 256 elements, four to a lane; two-dimensional above
// 65,535.

struct Params {
  columns: u32,
  elements: u32,
  groups: u32,
  factor: u32,       // bits
  plus_factor: u32,  // bits
  own: u32,          // which are out itself: 1: x, 2: by, 4: plus
  plus: u32,         // 0: none, 1: a block
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<num>;
@group(0) @binding(3) var<storage, read> x: array<num>;
@group(0) @binding(4) var<storage, read> by: array<num>;
@group(0) @binding(5) var<storage, read> plus: array<num>;

fn scale(place: u32) {
  let row = place / params.columns;
  var value = num_zero;
  var scaling = num_zero;
  if ((params.own & 1u) != 0u) { value = out[place]; } else { value = x[place]; }
  if ((params.own & 2u) != 0u) { scaling = out[row]; } else { scaling = by[row]; }
  value = num_scale(factor_from_bits(params.factor), num_multiply(scaling, value));
  if (params.plus != 0u) {
    var added = num_zero;
    if ((params.own & 4u) != 0u) { added = out[place]; } else { added = plus[place]; }
    value = num_add(value, num_scale(factor_from_bits(params.plus_factor), added));
  }
  out[place] = value;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = workgroup.y * workgroups.x + workgroup.x;
  if (group >= params.groups) { return; }
  for (var k = 0u; k < 4u; k++) {
    let place = group * 256u + k * 64u + lane;
    if (place < params.elements) { scale(place); }
  }
}
