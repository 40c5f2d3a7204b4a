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

/** Columns of 16-bit halves, carried from one to the next; the last half of a is signed. */
fn total_weighted(first: u32, last: u32, a: num) -> total {
  let q0 = first & 0xffffu;
  let q1 = first >> 16u;
  let a0 = a.x & 0xffffu;
  let a1 = a.x >> 16u;
  let a2 = a.y & 0xffffu;
  let a3 = bitcast<u32>(bitcast<i32>(a.y) >> 16u);
  let t1 = a1 * q0 + ((a0 * q0) >> 16u);
  let u1 = a0 * q1 + (t1 & 0xffffu);
  let t2 = a2 * q0 + (t1 >> 16u);
  let u2 = a1 * q1 + (t2 & 0xffffu) + (u1 >> 16u);
  let t3 = a3 * q0 + (t2 >> 16u);
  let u3 = a2 * q1 + (t3 & 0xffffu) + (u2 >> 16u);
  let top = a3 * q1 + bitcast<u32>(bitcast<i32>(t3) >> 16u) + (u3 >> 16u);
  return vec3<u32>(a.x * first, (u2 & 0xffffu) | (u3 << 16u), top);
}
