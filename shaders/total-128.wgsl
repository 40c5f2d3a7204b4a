// Running sums of 128 bits: of reductions, and of products with wide weights, q ≤ 2^62 stored in
// two words, of which 2^62 is left to divide out. A prelude; needs number-exact before it. Sums are
// right modulo 2^128 whatever their order.
// CPU twins: kernels/exact-product.ts, kernels/exact-reduce.ts.

alias total = vec4<u32>;

const weight_words = 2u;
const partial_elements = 2u;
const total_zero = vec4<u32>(0u, 0u, 0u, 0u);

fn total_from(a: num) -> total { return vec4<u32>(a, vec2<u32>(sign_of(a))); }
fn total_add(a: total, b: total) -> total { return sum_128(a, b); }
fn total_subtract(a: total, b: total) -> total {
  return sum_128(sum_128(a, ~b), vec4<u32>(1u, 0u, 0u, 0u));
}
fn total_absolute(a: total) -> total {
  return select(a, total_subtract(total_zero, a), sign_of(a.zw) != 0u);
}
/** ⌊a b / 2³²⌋. */
fn total_product(a: num, b: num) -> total {
  let wide = product_128(a, b);
  return vec4<u32>(wide.yzw, sign_of(wide.zw));
}
/** The summand where the mask is not zero. */
fn total_masked(mask: num, a: total) -> total {
  return select(total_zero, a, (mask.x | mask.y) != 0u);
}
/** Reductions have no powers of two here. */
fn total_rescale(scale: u32, a: total) -> total { return a; }

fn total_to_num(a: total) -> num { return round_62(a); }
fn total_part(a: total, k: u32) -> num { return select(a.xy, a.zw, k != 0u); }
fn total_from_parts(first: num, last: num) -> total { return vec4<u32>(first, last); }

fn total_weighted(first: u32, last: u32, a: num) -> total {
  // Like product_128, of a weight that is never negative.
  let weight = vec2<u32>(first, last);
  let wide = product_unsigned(weight, a);
  return vec4<u32>(wide.xy, num_subtract(wide.zw, weight & vec2<u32>(sign_of(a))));
}
