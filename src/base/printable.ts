// Text from outside as it may be shown: control characters and those that turn the direction of
// text are escaped, so that a file cannot write to a terminal what nobody said.

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** The text with every hidden character as \u{…}. */
export function printable(text: string): string {
  return text.replace(HIDDEN, (each) => `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`);
}
