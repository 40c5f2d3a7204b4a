// Logarithms of section 8 of exact arithmetic in BigInt, in units of 2⁻⁵⁶, and their constants from
// an exact series with guard bits. Written from docs/exact-arithmetic.md alone.

import { floorLog2, rounded, roundedDivide } from './bigint-rational.js';

const GUARDED = 200n;

/** ln((1+z)/(1−z)) = 2 Σ z^(2k+1)/(2k+1) for z = numerator/denominator, in units of 2⁻²⁰⁰. */
function logarithmOfRatio(numerator: bigint, denominator: bigint): bigint {
  let power = (numerator << GUARDED) / denominator;
  let sum = 0n;
  for (let k = 1n; power > 0n; k += 2n) {
    sum += power / k;
    power = (power * numerator * numerator) / (denominator * denominator);
  }
  return 2n * sum;
}

/** The floor in units of 2⁻⁵⁶; throws where the guard bits do not decide it. */
function floored(value: bigint): bigint {
  const shift = GUARDED - 56n;
  const low = (value - 4096n) >> shift;
  if (low !== (value + 4096n) >> shift) throw new Error('too few guard bits');
  return low;
}

/** ⌊ln 2 · 2⁵⁶⌋; ln 2 = 2 artanh(1/3). */
export const LN2 = floored(logarithmOfRatio(1n, 3n));

/** CENTRE_j = ⌊ln((257 + 2j)/256)·2⁵⁶⌋ for j = 0 … 127. */
export const CENTRES: readonly bigint[] = Array.from({ length: 128 }, (_, j) => {
  const centre = BigInt(257 + 2 * j);
  return floored(logarithmOfRatio(centre - 256n, centre + 256n));
});

/** ln a in units of 2⁻⁵⁶, for 1 ≤ a < 2⁶⁴. */
export function logarithm(value: bigint): bigint {
  const exponent = floorLog2(value);
  if (exponent > 63) throw new Error('logarithm: above 64 bits');
  const y = value << BigInt(63 - exponent);
  const place = Number(y >> 56n) - 128;
  const centre = 257n + 2n * BigInt(place);
  const inverse = (1n << 69n) / centre;
  const t = rounded((y - (centre << 55n)) * inverse, 62);
  let p = (1n << 62n) / 8n;
  for (let i = 7n; i >= 1n; i--) p = roundedDivide(1n << 62n, i) - rounded(p * t, 62);
  return BigInt(exponent) * LN2 + CENTRES[place] + rounded(rounded(p * t, 62), 6);
}
