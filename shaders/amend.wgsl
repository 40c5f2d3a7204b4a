// target[e] ← keep · target[e] + Σ weight · factor · source[place], for a few numbers of one target,
// each from a few numbers of up to four sources. CPU twin: src/backend/cpu/amend.ts. Needs number-*
// and workgroup before it.
// Dispatch: one lane per entry; two-dimensional above 65,535 workgroups. Parts are added in order.
// No two entries write one place and none reads another's, so lanes need not wait for each other.

struct Source {
  base: u32,          // where its numbers begin
  stride: u32,        // its columns; 0: scalars, which have no rows
  factor: vec2<u32>,  // words
}

struct Params {
  count: u32,
  groups: u32,
  target_base: u32,
  target_stride: u32,
  one: vec2<u32>,      // the factor one, in words
  in_target: u32,      // bit s: source s is in the buffer of the target, at other places
  sources: array<Source, 4>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> out: array<num>;
/** `count` entries of entry_words, then parts of part_words; the host has checked every index. */
@group(0) @binding(3) var<storage, read> entries: array<u32>;
@group(0) @binding(4) var<storage, read> v0: array<num>;
@group(0) @binding(5) var<storage, read> v1: array<num>;
@group(0) @binding(6) var<storage, read> v2: array<num>;
@group(0) @binding(7) var<storage, read> v3: array<num>;

const entry_words = 6u;  // row, column, keep (two words), place of the first part and past the last
const part_words = 5u;   // source, row, column, weight (two words)

fn load(source: u32, place: u32) -> num {
  if (((params.in_target >> source) & 1u) != 0u) { return out[place]; }
  switch (source) {
    case 0u: { return v0[place]; }
    case 1u: { return v1[place]; }
    case 2u: { return v2[place]; }
    default: { return v3[place]; }
  }
}

fn amend(entry: u32) {
  let at = entry * entry_words;
  let place = params.target_base + entries[at] * params.target_stride + entries[at + 1u];
  let keep = vec2<u32>(entries[at + 2u], entries[at + 3u]);
  var value = num_zero;
  // What is there may be no number at all where nothing of it is kept.
  if (keep.x != 0u) { value = num_weigh(keep, params.one, out[place]); }
  let end = entries[at + 5u];
  for (var k = entries[at + 4u]; k < end; k += part_words) {
    let source = min(entries[k], 3u);
    let own = params.sources[source];
    let its_place = own.base + entries[k + 1u] * own.stride + entries[k + 2u];
    let weight = vec2<u32>(entries[k + 3u], entries[k + 4u]);
    value = num_add(value, num_weigh(weight, own.factor, load(source, its_place)));
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
  let entry = group_lanes * group + lane;
  if (entry < params.count) { amend(entry); }
}
