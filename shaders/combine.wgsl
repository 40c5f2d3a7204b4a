// out = Σ coefficient · vector, at most 24 terms over at most six vectors besides out.
// CPU twin: kernels/combine.ts. Needs number-* and workgroup before it.
// Dispatch: one workgroup per four elements a lane; two-dimensional above 65,535. Terms are added
// in order.

struct Term {
  coefficient: u32,  // place in `coefficients`
  stride: u32,       // 0: one coefficient for the block, 1: one for each column
  source: u32,       // 0: out itself, 1…6: a vector; + 256: one column stands for all
  scale: u32,        // what makes it a factor: bits of a power of two, or a shift
}

struct Params {
  columns: u32,
  elements: u32,
  groups: u32,
  term_count: u32,
  terms: array<Term, 24>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> coefficients: array<scalar>;
@group(0) @binding(2) var<storage, read_write> out: array<num>;
@group(0) @binding(3) var<storage, read> v1: array<num>;
@group(0) @binding(4) var<storage, read> v2: array<num>;
@group(0) @binding(5) var<storage, read> v3: array<num>;
@group(0) @binding(6) var<storage, read> v4: array<num>;
@group(0) @binding(7) var<storage, read> v5: array<num>;
@group(0) @binding(8) var<storage, read> v6: array<num>;

/** The elements at four places of a vector: one switch for four loads. */
fn load(source: u32, places: vec4<u32>) -> array<num, 4> {
  let p = places;
  switch (source & 255u) {
    case 0u: { return array<num, 4>(out[p.x], out[p.y], out[p.z], out[p.w]); }
    case 1u: { return array<num, 4>(v1[p.x], v1[p.y], v1[p.z], v1[p.w]); }
    case 2u: { return array<num, 4>(v2[p.x], v2[p.y], v2[p.z], v2[p.w]); }
    case 3u: { return array<num, 4>(v3[p.x], v3[p.y], v3[p.z], v3[p.w]); }
    case 4u: { return array<num, 4>(v4[p.x], v4[p.y], v4[p.z], v4[p.w]); }
    case 5u: { return array<num, 4>(v5[p.x], v5[p.y], v5[p.z], v5[p.w]); }
    default: { return array<num, 4>(v6[p.x], v6[p.y], v6[p.z], v6[p.w]); }
  }
}

@compute @workgroup_size(group_lanes)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = workgroup.y * workgroups.x + workgroup.x;
  if (group >= params.groups) { return; }
  let wanted = 4u * group_lanes * group + lane + group_lanes * vec4<u32>(0u, 1u, 2u, 3u);
  // Places past the end read the last element and write nothing.
  let places = min(wanted, vec4<u32>(params.elements - 1u));
  let rows = places / params.columns;
  let columns = places - rows * params.columns;
  var values = array<num, 4>(num_zero, num_zero, num_zero, num_zero);
  for (var t = 0u; t < params.term_count; t++) {
    let term = params.terms[t];
    let terms = load(term.source, select(places, rows, (term.source & 256u) != 0u));
    let at = term.coefficient + columns * term.stride;
    for (var k = 0u; k < 4u; k++) {
      let by = factor_from_scalar(coefficients[at[k]], term.scale);
      values[k] = num_add(values[k], num_scale(by, terms[k]));
    }
  }
  for (var k = 0u; k < 4u; k++) {
    if (wanted[k] < params.elements) { out[wanted[k]] = values[k]; }
  }
}
