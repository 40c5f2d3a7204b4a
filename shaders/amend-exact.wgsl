// target ← (keep ? target : 0) + plus + rnd(factor · rnd(Σ weight · rnd(reciprocal · source, 62), 62), 62),
// for a few numbers of one block, each from a few numbers of another. CPU twin: kernels/exact-amend.ts.
// Needs number-exact, total-128 and workgroup before it.
// Dispatch: one lane per entry; two-dimensional above 65,535 workgroups. Parts are summed in 128 bits,
// so they have no order. No two entries write one place, so lanes need not wait for each other.

struct Params {
  count: u32,
  groups: u32,
  columns: u32,
  scaled: u32,        // 1: the factor is not one
  factor: vec2<u32>,  // words
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<num>;
/** `count` entries of entry_words, then parts of part_words; the host has checked every index. */
@group(0) @binding(3) var<storage, read> entries: array<u32>;
@group(0) @binding(4) var<storage, read> numbers: array<num>;

const entry_words = 7u;  // row, column, keep, plus (two words), place of the first part and past the last
const part_words = 5u;   // row, reciprocal (two words), weight (two words)

fn amend(entry: u32) {
  let at = entry * entry_words;
  let column = entries[at + 1u];
  let place = entries[at] * params.columns + column;
  var sum = total_zero;
  let end = entries[at + 6u];
  for (var k = entries[at + 5u]; k < end; k += part_words) {
    let reciprocal = vec2<u32>(entries[k + 1u], entries[k + 2u]);
    let weight = vec2<u32>(entries[k + 3u], entries[k + 4u]);
    let value = num_multiply(reciprocal, numbers[entries[k] * params.columns + column]);
    sum = sum_128(sum, product_128(weight, value));
  }
  var value = round_62(sum);
  if (params.scaled != 0u) { value = num_multiply(params.factor, value); }
  value = num_add(value, vec2<u32>(entries[at + 3u], entries[at + 4u]));
  if (entries[at + 2u] != 0u) { value = num_add(value, out[place]); }
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
  let entry = group_lanes * group + lane;
  if (entry < params.count) { amend(entry); }
}
