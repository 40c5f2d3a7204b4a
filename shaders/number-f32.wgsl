// Number format f32: what a vector element, an arc weight, a coefficient and a running sum are, and
// how they combine. A prelude: it stands before a kernel, which does arithmetic on elements through
// these names alone.
// CPU twin: kernels/*.ts in their single-precision mode. Unit roundoff 2⁻²⁴; a compiler may fuse a
// product and a sum.

alias num = f32;     // an element of a vector
alias total = f32;   // a running sum of elements, and what a reduction leaves behind
alias factor = f32;  // what multiplies an element

/** Words of 32 bits that one arc weight takes in the matrix buffer. */
const weight_words = 1u;
const num_zero = 0.0f;
const total_zero = 0.0f;

fn num_add(a: num, b: num) -> num { return a + b; }
fn num_subtract(a: num, b: num) -> num { return a - b; }
fn num_multiply(a: num, b: num) -> num { return a * b; }
fn num_scale(by: factor, a: num) -> num { return by * a; }
fn num_absolute(a: num) -> num { return abs(a); }

fn factor_from_bits(bits: u32) -> factor { return bitcast<f32>(bits); }
fn factor_from_total(a: total) -> factor { return a; }
fn factor_multiply(a: factor, b: factor) -> factor { return a * b; }

fn total_from(a: num) -> total { return a; }
fn total_add(a: total, b: total) -> total { return a + b; }
fn total_scale(by: factor, a: total) -> total { return by * a; }
fn total_to_num(a: total) -> num { return a; }

/** weight · element, the weight given by its first and last word. */
fn total_weighted(first: u32, last: u32, a: num) -> total { return bitcast<f32>(first) * a; }
