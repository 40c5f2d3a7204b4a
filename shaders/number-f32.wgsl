// Number format f32: what a vector element, an arc weight, a coefficient and a running sum are, and
// how they combine. A prelude: it stands before a kernel, which does arithmetic on elements through
// these names alone.
// CPU twin: kernels/*.ts in their single-precision mode. Unit roundoff 2⁻²⁴; a compiler may fuse a
// product and a sum.

alias num = f32;     // an element of a vector
alias total = f32;   // a running sum of elements or of weighted elements
alias scalar = f32;  // what a reduction leaves behind, and a coefficient as the host places it
alias factor = f32;  // what multiplies an element

/** Words of 32 bits that one arc weight takes in the matrix buffer. */
const weight_words = 1u;
/** Elements that the sum of a segment of a long row takes in the tail of a vector. */
const partial_elements = 1u;
const num_zero = 0.0f;
const total_zero = 0.0f;

fn num_add(a: num, b: num) -> num { return a + b; }
fn num_multiply(a: num, b: num) -> num { return a * b; }
fn num_multiply_halved(a: num, b: num) -> num { return 0.5f * a * b; }
fn num_scale(by: factor, a: num) -> num { return by * a; }
/** The element in the power of two of another vector, given as a biased exponent. */
fn num_rescale(biased: u32, a: num) -> num { return bitcast<f32>(biased << 23u) * a; }

/**
 * weight · by · a. Both are the bits of a mantissa in ±[1/2, 1] and an exponent, so that neither
 * needs to be an f32 where their product times a is one.
 */
fn num_weigh(weight: vec2<u32>, by: vec2<u32>, a: num) -> num {
  let product = bitcast<f32>(weight.x) * bitcast<f32>(by.x) * a;
  let exponent = bitcast<i32>(weight.y) + bitcast<i32>(by.y);
  let most = clamp(exponent, -126, 127);
  let rest = clamp(exponent - most, -126, 127);
  return product * bitcast<f32>(u32(most + 127) << 23u) * bitcast<f32>(u32(rest + 127) << 23u);
}

/** A factor that the host gives in two words. */
fn factor_from_words(words: vec2<u32>) -> factor { return bitcast<f32>(words.x); }
/** A coefficient times the bits of a power of two. */
fn factor_from_scalar(a: scalar, scale: u32) -> factor { return a * bitcast<f32>(scale); }

fn total_from(a: num) -> total { return a; }
fn total_add(a: total, b: total) -> total { return a + b; }
fn total_subtract(a: total, b: total) -> total { return a - b; }
fn total_absolute(a: total) -> total { return abs(a); }
fn total_product(a: num, b: num) -> total { return a * b; }
/** A summand of a row with the given weight. */
fn total_masked(weight: num, a: total) -> total { return weight * a; }
/** A sum in the power of two of its reduction, given by its bits. */
fn total_rescale(scale: u32, a: total) -> total { return bitcast<f32>(scale) * a; }
fn total_to_num(a: total) -> num { return a; }
/** Element k of a sum that waits in the tail of a vector, and the sum from its first and last. */
fn total_part(a: total, k: u32) -> num { return a; }
fn total_from_parts(first: num, last: num) -> total { return first; }

/** weight · element, the weight given by its first and last word. */
fn total_weighted(first: u32, last: u32, a: num) -> total { return bitcast<f32>(first) * a; }
