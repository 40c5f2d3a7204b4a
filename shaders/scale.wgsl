// out = factor · by ⊙ x + plus_factor · plus, `by` of one column. Any of them may be out itself.
// CPU twin: kernels/combine.ts. Needs number-* and workgroup before it. No sums.
// Dispatch: one workgroup per four elements a lane; two-dimensional above 65,535.

struct Params {
  columns: u32,
  elements: u32,
  groups: u32,
  own: u32,                // which are out itself: 1: x, 2: by, 4: plus
  factor: vec2<u32>,       // words
  plus_factor: vec2<u32>,  // words
  parts: u32,              // 1: plus is given, 2: factor is not one
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
  value = num_multiply(scaling, value);
  if ((params.parts & 2u) != 0u) { value = num_scale(factor_from_words(params.factor), value); }
  if ((params.parts & 1u) != 0u) {
    var added = num_zero;
    if ((params.own & 4u) != 0u) { added = out[place]; } else { added = plus[place]; }
    value = num_add(value, num_scale(factor_from_words(params.plus_factor), added));
  }
  out[place] = value;
}

@compute @workgroup_size(group_lanes)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = workgroup.y * workgroups.x + workgroup.x;
  if (group >= params.groups) { return; }
  for (var k = 0u; k < 4u; k++) {
    let place = group_lanes * (4u * group + k) + lane;
    if (place < params.elements) { scale(place); }
  }
}
