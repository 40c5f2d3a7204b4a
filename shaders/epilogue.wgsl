// What both product kernels share: their parameters and bindings, and the end of a row.
//   out = factor · row_scale ⊙ s + diagonal_factor · diagonal ⊙ x + Σ coefficient · term
// where s is the row's sum over arcs; the host puts units and powers of two into both factors.
// A prelude to product.wgsl and join.wgsl. Terms are added in order.
// CPU twin: the end of a row in kernels/product.ts.

struct Term {
  coefficient: u32,  // place in `coefficients`
  stride: u32,       // 0: one coefficient for the block, 1: one for each column
  source: u32,       // 0: out itself, 1: term_a, 2: other; + 256: one column stands for all
  scale: u32,        // what makes it a factor: bits of a power of two, or a shift
}

struct Params {
  columns: u32,          // B
  columns_log2: u32,     // lanes side by side: the power of two ≥ B, at most a workgroup
  tiles: u32,            // ⌈B / lanes side by side⌉
  groups: u32,           // workgroups with work, all tiles counted
  direction: u32,        // 1: in-arcs, 2: out-arcs, 3: both
  partial_base: u32,     // place in `out` of the first partial sum
  column_base: u32,      // word in `matrix` of the first column index
  weight_base: u32,      // word in `matrix` of the first weight
  factor: vec2<u32>,           // words
  diagonal_factor: vec2<u32>,  // words
  // 1: row_scale is given, 2: diagonal is given, 4: factors are not one, 8: weights of in-arcs
  // alone, 16: row_scale and diagonal are halved; + 256 · in_power
  parts: u32,
  term_count: u32,
  // first group (tiles not counted), first item, items, log2 of lanes to a row
  bins: array<vec4<u32>, 8>,
  terms: array<Term, 4>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> coefficients: array<scalar>;
@group(0) @binding(2) var<storage, read_write> out: array<num>;
@group(0) @binding(3) var<storage, read> x: array<num>;
@group(0) @binding(4) var<storage, read> matrix: array<u32>;
@group(0) @binding(5) var<storage, read> row_scale: array<num>;
@group(0) @binding(6) var<storage, read> diagonal: array<num>;
@group(0) @binding(7) var<storage, read> term_a: array<num>;
@group(0) @binding(8) var<storage, read> other: array<num>;  // a second term, or x_in

fn term_value(term: Term, row: u32, column: u32) -> num {
  var place = row * params.columns + column;
  if ((term.source & 256u) != 0u) { place = row; }
  var value = num_zero;
  switch (term.source & 255u) {
    case 0u: { value = out[place]; }
    case 1u: { value = term_a[place]; }
    default: { value = other[place]; }
  }
  let coefficient = coefficients[term.coefficient + column * term.stride];
  return num_scale(factor_from_scalar(coefficient, term.scale), value);
}

/** scale · a, or half of it. */
fn row_factor(scale: num, a: num) -> num {
  if ((params.parts & 16u) != 0u) { return num_multiply_halved(scale, a); }
  return num_multiply(scale, a);
}

/** Ends row `row`: called by one lane, for a row below n and a column below B. */
fn finish(row: u32, column: u32, sum: total) {
  let place = row * params.columns + column;
  let scaled = (params.parts & 4u) != 0u;
  var value = total_to_num(sum);
  if (scaled) { value = num_scale(factor_from_words(params.factor), value); }
  if ((params.parts & 1u) != 0u) { value = row_factor(row_scale[row], value); }
  if ((params.parts & 2u) != 0u) {
    var kept = row_factor(diagonal[row], x[place]);
    if (scaled) { kept = num_scale(factor_from_words(params.diagonal_factor), kept); }
    value = num_add(value, kept);
  }
  for (var t = 0u; t < params.term_count; t++) {
    value = num_add(value, term_value(params.terms[t], row, column));
  }
  out[place] = value;
}
