// Exact arithmetic on signed 64-bit integers: full-width products and their rounding,
//   rnd(v, s) = ⌊(v + 2^(s−1)) / 2^s⌋
// Nothing here can wrap for the widths that docs/exact-arithmetic.md proves. WGSL twin:
// shaders/number-exact.wgsl.

export const LOW: u64 = 0xffff_ffff;
/** One, in units of 2⁻⁶². */
export const FULL: i64 = 1 << 62;

/** The bits from 64 up of the signed product a · b. */
// @ts-ignore: decorator
@inline
export function upper(a: i64, b: i64): i64 {
  const a0 = <i64>(<u64>a & LOW), b0 = <i64>(<u64>b & LOW), a1 = a >> 32, b1 = b >> 32;
  const first = a1 * b0 + <i64>(<u64>(a0 * b0) >> 32);
  const second = a0 * b1 + <i64>(<u64>first & LOW);
  return a1 * b1 + (first >> 32) + (second >> 32);
}

/** rnd(a · b, 62). */
// @ts-ignore: decorator
@inline
export function fraction(a: i64, b: i64): i64 {
  // The half is bit 61 of the product: what it adds to the result is that bit itself.
  const low = <u64>(a * b);
  return (upper(a, b) << 2) + <i64>((low >> 62) + ((low >> 61) & 1));
}

/** rnd(a · b, 63). */
// @ts-ignore: decorator
@inline
export function halfFraction(a: i64, b: i64): i64 {
  const low = <u64>(a * b);
  return (upper(a, b) << 1) + <i64>((low >> 63) + ((low >> 62) & 1));
}

/** rnd(a · b, shift), shift in 0 … 62. */
// @ts-ignore: decorator
@inline
export function scaled(a: i64, b: i64, shift: i64): i64 {
  if (shift == 62) return fraction(a, b);
  const low = <u64>(a * b);
  if (shift == 0) return <i64>low;
  return (upper(a, b) << (64 - shift)) + <i64>((low >> shift) + ((low >> (shift - 1)) & 1));
}
