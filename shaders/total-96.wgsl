// Running sums of 96 bits, for products with narrow weights: all arc weights of the table are
// multiples of 2^31 and stored as one word, q / 2^31 ≤ 2^31; what is left to divide out is 2^31. A
// prelude; needs number-exact before it. A sum stays below 2^94, because its rounding stays in 64
// bits; so it is right modulo 2^96 whatever its order.
// CPU twin: kernels/exact-product.ts.

alias total = vec3<u32>;

const weight_words = 1u;
const partial_elements = 2u;
const total_zero = vec3<u32>(0u, 0u, 0u);

fn total_from(a: num) -> total { return vec3<u32>(a, sign_of(a)); }

fn total_add(a: total, b: total) -> total {
  let low = a.x + b.x;
  let middle = a.y + b.y;
  let carry = u32(low < a.x);
  let carried = middle + carry;
  return vec3<u32>(low, carried, a.z + b.z + u32(middle < a.y) + u32(carried < carry));
}

/** rnd(a, 31). */
fn total_to_num(a: total) -> num {
  let rounded = total_add(a, vec3<u32>(0x40000000u, 0u, 0u));
  return (rounded.xy >> vec2<u32>(31u)) | (rounded.yz << vec2<u32>(1u));
}

fn total_part(a: total, k: u32) -> num { return select(a.xy, vec2<u32>(a.z, 0u), k != 0u); }
fn total_from_parts(first: num, last: num) -> total { return vec3<u32>(first, last.x); }

fn total_weighted(first: u32, last: u32, a: num) -> total {
  let low = product_64(a.x, first);
  let high = product_64(a.y, first);
  let middle = low.y + high.x;
  let top = high.y + u32(middle < low.y) - (first & sign_of(a));
  return vec3<u32>(low.x, middle, top);
}
