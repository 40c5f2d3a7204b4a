// Keeps f32 away from overflow and underflow. Weights and vectors may span what stakes span (10²⁵
// and its inverse), f32 ends at 10^±38, and their products end sooner: so numbers far from one are
// stored divided by a power of two, value = stored · 2^exponent. The exponent is kept on the host
// and multiplied back, exactly, into the factors of each verb. Ordinary data have exponent zero.

/** Magnitudes within 2^±40 are stored as they are. */
const ORDINARY = 40;
/** The largest stored magnitude stays below 2¹⁰⁰, whatever the smallest one is. */
const LARGEST = 100;

/**
 * The exponent that centres the given magnitudes around one. Zeros and non-finite numbers do not
 * count. O(length).
 */
export function exponentOf(values: Float64Array): number {
  let least = Infinity;
  let most = 0;
  for (let k = 0; k < values.length; k++) {
    const magnitude = Math.abs(values[k]);
    if (magnitude > most && magnitude < Infinity) most = magnitude;
    if (magnitude < least && magnitude > 0) least = magnitude;
  }
  return centre(least, most);
}

/** The exponent that centres least … most; 0 where both are ordinary or there are none. */
export function centre(least: number, most: number): number {
  if (most === 0 || least === Infinity) return 0;
  const low = Math.floor(Math.log2(least));
  const high = Math.ceil(Math.log2(most));
  if (low >= -ORDINARY && high <= ORDINARY) return 0;
  return Math.max(Math.round((low + high) / 2), high - LARGEST);
}

/**
 * value = mantissa · 2^exponent, the mantissa in ±[1/2, 1] and exact; what is not finite is its own
 * mantissa, and so is zero, without a sign.
 */
export function split(value: number): { readonly mantissa: number; readonly exponent: number } {
  if (value === 0 || !Number.isFinite(value)) return { mantissa: value + 0, exponent: 0 };
  const exponent = Math.floor(Math.log2(Math.abs(value))) + 1;
  // In two steps: 2^exponent may be no double, or a rounded one.
  const half = Math.trunc(exponent / 2);
  return { mantissa: value * powerOfTwo(-half) * powerOfTwo(half - exponent), exponent };
}

/** 2^exponent as a double; exact for −1074…1023. */
export function powerOfTwo(exponent: number): number {
  return 2 ** exponent;
}
