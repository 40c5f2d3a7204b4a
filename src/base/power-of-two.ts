// Scaling by powers of two changes no significand, so a scaled computation has the same roundings.

/** The largest power of two ≤ value, for a positive normal value, by its exponent bits. */
export function powerOfTwoBelow(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = (bits.getUint32(0) >>> 20) & 0x7ff;
  bits.setUint32(0, Math.max(1, exponent) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}
