// Number format exact: elements are signed 64-bit integers, low word first; products are formed in
// 128 bits and rounded once, to the nearest, halves up: rnd(v, s) = ⌊(v + 2^(s−1)) / 2^s⌋. A
// prelude, like number-f32.wgsl; total-64, total-96 or total-128 after it says what a running sum
// is. WGSL has neither 64-bit integers nor the high half of a product: both are made of words.
// CPU twin: kernels/exact.ts. Nothing here looks for overflow: docs/exact-arithmetic.md, "Widths".

alias num = vec2<u32>;
alias scalar = vec4<u32>;  // a signed 128-bit integer; as a coefficient, its low 64 bits

/** Multiplies by value · 2^−shift, 0 ≤ shift ≤ 62. */
struct factor {
  value: num,
  shift: u32,
}

const num_zero = vec2<u32>(0u, 0u);

fn num_add(a: num, b: num) -> num {
  let low = a.x + b.x;
  return vec2<u32>(low, a.y + b.y + u32(low < a.x));
}

/** rnd(a · b, 62). */
fn num_multiply(a: num, b: num) -> num { return round_62(product_128(a, b)); }

/** rnd(a · b, 63). */
fn num_multiply_halved(a: num, b: num) -> num { return round_63(product_128(a, b)); }

/** rnd(value · a, shift). */
fn num_scale(by: factor, a: num) -> num {
  var wide = product_128(by.value, a);
  // Half of 2^shift; nothing for a shift of zero.
  let half = (1u << (by.shift & 31u)) >> 1u;
  let whole = by.shift >= 32u;
  let carried = by.shift == 32u;
  wide = sum_128(wide, select(
    vec4<u32>(half, 0u, 0u, 0u),
    vec4<u32>(select(0u, 0x80000000u, carried), select(half, 0u, carried), 0u, 0u),
    whole,
  ));
  let words = select(wide.xyz, wide.yzw, whole);
  // Shifts by 32 do not exist in WGSL: two steps.
  let up = 31u - (by.shift & 31u);
  return (words.xy >> vec2<u32>(by.shift & 31u)) | ((words.yz << vec2<u32>(1u)) << vec2<u32>(up));
}

/** Elements have no powers of two here. */
fn num_rescale(biased: u32, a: num) -> num { return a; }

fn factor_from_words(words: vec2<u32>) -> factor { return factor(words, 62u); }
fn factor_from_scalar(a: scalar, shift: u32) -> factor { return factor(a.xy, shift); }

/** The 64 bits of a · b, of 16-bit halves: no intermediate sum leaves a word. */
fn product_64(a: u32, b: u32) -> vec2<u32> {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let middle = a1 * b0 + ((a0 * b0) >> 16u);
  let other = a0 * b1 + (middle & 0xffffu);
  return vec2<u32>(a * b, a1 * b1 + (middle >> 16u) + (other >> 16u));
}

/** All ones where a is negative, else zero. */
fn sign_of(a: num) -> u32 { return bitcast<u32>(bitcast<i32>(a.y) >> 31u); }

/** The 128 bits of a · b, both signed. */
fn product_128(a: num, b: num) -> vec4<u32> {
  // As unsigned integers, negative a and b are too large by 2^64 each.
  let wide = product_unsigned(a, b);
  let excess = num_add(a & vec2<u32>(sign_of(b)), b & vec2<u32>(sign_of(a)));
  return vec4<u32>(wide.xy, num_subtract(wide.zw, excess));
}

/** The 128 bits of a · b, both unsigned. */
fn product_unsigned(a: num, b: num) -> vec4<u32> {
  let low = product_64(a.x, b.x);
  let one = product_64(a.x, b.y);
  let two = product_64(a.y, b.x);
  let high = product_64(a.y, b.y);
  let inner = one.x + two.x;
  let second = low.y + inner;
  let outer = one.y + two.y;
  let third = outer + high.x;
  let carry = u32(inner < one.x) + u32(second < inner);
  let carried = third + carry;
  let top = high.y + u32(outer < one.y) + u32(third < outer) + u32(carried < carry);
  return vec4<u32>(low.x, second, carried, top);
}

fn num_subtract(a: num, b: num) -> num {
  return vec2<u32>(a.x - b.x, a.y - b.y - u32(a.x < b.x));
}

/** The low 64 bits of rnd(a, 62). */
fn round_62(a: vec4<u32>) -> num {
  let y = a.y + 0x20000000u;
  let z = a.z + u32(y < 0x20000000u);
  let w = a.w + u32(z < a.z);
  return vec2<u32>((y >> 30u) | (z << 2u), (z >> 30u) | (w << 2u));
}

/** The low 64 bits of rnd(a, 63). */
fn round_63(a: vec4<u32>) -> num {
  let y = a.y + 0x40000000u;
  let z = a.z + u32(y < 0x40000000u);
  let w = a.w + u32(z < a.z);
  return vec2<u32>((y >> 31u) | (z << 1u), (z >> 31u) | (w << 1u));
}

/** a + b modulo 2^128. */
fn sum_128(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
  let low = num_add(a.xy, b.xy);
  let carry = u32(low.y < a.y || (low.y == a.y && low.x < a.x));
  let high = num_add(a.zw, b.zw);
  return vec4<u32>(low, num_add(high, vec2<u32>(carry, 0u)));
}
