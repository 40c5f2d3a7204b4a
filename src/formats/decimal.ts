// Decimal numbers from bytes, correctly rounded: [+-] digits [. digits] [e [+-] digits], at least
// one digit. Up to 15 significant digits with a power of ten within ±22 are exact in doubles, so
// one multiplication or division rounds once and correctly (Clinger 1990); everything else goes
// through the language's own correctly rounded reader.

const POWERS = [
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
];
const EXACT_DIGITS = 15;
const GRAMMAR = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The number written in bytes [start, end), or NaN where they are not a plain decimal (hex, "NaN",
 * "Infinity", blanks and nothing are not). Too large a number gives ±Infinity, too small a one 0;
 * −0 gives 0.
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const sign = bytes[at];
  if (at < end && (sign === 0x2d || sign === 0x2b)) at++;
  let mantissa = 0;
  let digits = 0;
  let fraction = 0;
  let hasDigit = false;
  for (; at < end; at++) {
    const digit = bytes[at] - 48;
    if (digit < 0 || digit > 9) break;
    hasDigit = true;
    mantissa = mantissa * 10 + digit;
    if (mantissa > 0) digits++;
  }
  if (at < end && bytes[at] === 0x2e) {
    for (at++; at < end; at++) {
      const digit = bytes[at] - 48;
      if (digit < 0 || digit > 9) break;
      hasDigit = true;
      mantissa = mantissa * 10 + digit;
      if (mantissa > 0) digits++;
      fraction++;
    }
  }
  if (at === end && hasDigit && digits <= EXACT_DIGITS && fraction <= 22) {
    const value = fraction === 0 ? mantissa : mantissa / POWERS[fraction];
    return sign === 0x2d && value !== 0 ? -value : value;
  }
  return parseSlowly(bytes, start, end);
}

/** The same from a string. */
export function parseDecimalText(text: string): number {
  if (!GRAMMAR.test(text)) return NaN;
  // −0 + 0 is 0.
  return Number(text) + 0;
}

/**
 * Whether bytes [start, end), read as `value`, are an integer written in digits that the double
 * does not equal.
 */
export function isRoundedInteger(
  bytes: Uint8Array,
  start: number,
  end: number,
  value: number,
): boolean {
  if (value < 9007199254740992 || !Number.isFinite(value)) return false;
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  return /^\+?\d+$/.test(text) && BigInt(text.replace('+', '')) !== BigInt(value);
}

function parseSlowly(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > 4096) return NaN;
  return parseDecimalText(Buffer.from(bytes.subarray(start, end)).toString('latin1'));
}
