// Running sums of 64 bits, for products of a uniform graph: every arc weight is 2^62, so that a row
// sum divided by 2^62 is the sum of its elements. A prelude; needs number-exact before it. Sums
// modulo 2^64 end at the right one, whatever is carried out on the way.
// CPU twin: kernels/exact-product.ts.

alias total = vec2<u32>;

/** No weights are stored; one word keeps the kernel's arithmetic on places valid. */
const weight_words = 1u;
const partial_elements = 1u;
const total_zero = vec2<u32>(0u, 0u);

fn total_from(a: num) -> total { return a; }
fn total_add(a: total, b: total) -> total { return num_add(a, b); }
fn total_to_num(a: total) -> num { return a; }
fn total_part(a: total, k: u32) -> num { return a; }
fn total_from_parts(first: num, last: num) -> total { return first; }
fn total_weighted(first: u32, last: u32, a: num) -> total { return a; }
