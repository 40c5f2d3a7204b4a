// A scanner for one JSON value a line, over UTF-8 bytes.
// JSON.parse is not used because it hides three faults that change a graph: it rounds integers
// beyond 2⁵³, it lets the last of two equal keys win, and it accepts lone surrogates, which no
// UTF-8 id can hold. Strings without escapes are views on the input, so reading a link allocates
// nothing. Grammar: RFC 8259, with lone surrogates refused.

import { FocusError, shown } from '../base/errors.js';
import { parseDecimal } from './decimal.js';
import { columnOf, textOf } from './whole-lines.js';

/** Nesting beyond this is refused, so that hostile input cannot exhaust the stack. */
export const MAX_DEPTH = 64;

/**
 * A cursor over one line; every method that reads skips the white space before the token and throws
 * at its place.
 */
export interface JsonScanner {
  /** Moves to a new line: bytes start … end, without its line feed. */
  begin(bytes: Uint8Array, start: number, end: number, line: number): void;
  /** The next byte that is not white space, not consumed; −1 at the end of the line. */
  peek(): number;
  /** Consumes the given punctuation byte; `expected` says what should have stood there. */
  take(byte: number, expected: string): void;
  /**
   * Consumes a string; its decoded bytes are `text` from `textStart` to `textEnd` until the next
   * read.
   */
  string(expected: string): void;
  /**
   * Consumes a number; its value is returned, its literal is `text` from `textStart` to `textEnd`.
   */
  number(expected: string): number;
  /** Consumes any value, checking its grammar. */
  skip(): void;
  /** Goes back (or on) to an offset of the line, such as an earlier `tokenStart`. */
  seek(at: number): void;
  /** Throws unless the line is at its end. */
  end(): void;
  /** Where the token read last began: an offset for `fail`. */
  readonly tokenStart: number;
  /**
   * Whether the number read last has no fraction, exponent or sign before zero: its literal is then
   * canonical.
   */
  readonly integer: boolean;
  readonly text: Uint8Array;
  readonly textStart: number;
  readonly textEnd: number;
  /** `name:line:column` of an offset of the line. */
  place(at: number): string;
  /**
   * Throws `name:line:column: message`; with no message, says what was expected and what the byte
   * at `at` begins.
   */
  fail(at: number, expected: string, message?: string): never;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const LINK_LINES = 'each line is one JSON object such as {"from": "a", "to": "b", "amount": 1}';

/**
 * Creates a scanner; `name` is the place in errors, which are FocusErrors `bad-input`, and `fix` says
 * what a line should look like. Cost: about 400 MB/s on lines of links.
 */
export function createJsonScanner(name: string, fix: string = LINK_LINES): JsonScanner {
  return new Scanner(name, fix);
}

/** The state of the cursor; a class only because the four fields move together in every step. */
class Scanner implements JsonScanner {
  text: Uint8Array = new Uint8Array(0);
  textStart = 0;
  textEnd = 0;
  tokenStart = 0;
  integer = false;
  private bytes: Uint8Array = this.text;
  /** The same bytes, with the methods of a Buffer. */
  private buffer: Buffer = Buffer.from(this.text.buffer);
  private start = 0;
  private at = 0;
  private limit = 0;
  private line = 0;
  private depth = 0;
  private scratch: Buffer = Buffer.alloc(256);

  constructor(
    private readonly name: string,
    private readonly fix: string,
  ) {}

  begin(bytes: Uint8Array, start: number, end: number, line: number): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.start = start;
    this.at = start;
    this.limit = end;
    this.line = line;
    this.depth = 0;
  }

  peek(): number {
    const { bytes, limit } = this;
    let at = this.at;
    while (at < limit) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) {
        this.at = at;
        return byte;
      }
      at++;
    }
    this.at = at;
    return -1;
  }

  take(byte: number, expected: string): void {
    if (this.peek() !== byte) this.fail(this.at, expected);
    this.tokenStart = this.at++;
  }

  seek(at: number): void {
    this.at = at;
  }

  end(): void {
    if (this.peek() !== -1) this.fail(this.at, 'the end of the line after the object');
  }

  string(expected: string): void {
    if (this.peek() !== QUOTE) this.fail(this.at, expected);
    const { bytes, limit } = this;
    this.tokenStart = this.at;
    const from = this.at + 1;
    let at = from;
    for (;;) {
      if (at >= limit)
        this.fail(this.tokenStart, '', 'expected a closing quote, found the end of the line');
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        this.escapedString(from, at);
        return;
      }
      if (byte < 0x20)
        this.fail(at, '', `expected a control character to be escaped, found byte ${byte}`);
      at++;
    }
    this.text = bytes;
    this.textStart = from;
    this.textEnd = at;
    this.at = at + 1;
  }

  number(expected: string): number {
    this.peek();
    const { bytes, limit } = this;
    const from = this.at;
    let at = from;
    const negative = bytes[at] === 0x2d && at < limit;
    if (negative) at++;
    const digitsStart = at;
    let value = 0;
    while (at < limit && isDigit(bytes[at])) value = value * 10 + (bytes[at++] - 48);
    const digits = at - digitsStart;
    if (digits === 0) this.fail(from, expected);
    if (digits > 1 && bytes[digitsStart] === 48) {
      this.fail(
        from,
        '',
        `expected no leading zero in a number, found ${shown(textOf(bytes, from, at))}`,
      );
    }
    this.integer = !(negative && digits === 1 && value === 0);
    if (at < limit && (bytes[at] === 0x2e || (bytes[at] | 0x20) === 0x65)) {
      at = this.fraction(at);
      this.integer = false;
    }
    this.tokenStart = from;
    this.text = bytes;
    this.textStart = from;
    this.textEnd = at;
    this.at = at;
    // Up to 15 digits the sum above is exact, and parseDecimal is exact and fast for short
    // fractions.
    if (digits > 15 || at - from > 17) return Number(this.buffer.toString('latin1', from, at));
    if (at > digitsStart + digits) return parseDecimal(bytes, from, at);
    return negative ? -value : value;
  }

  skip(): void {
    const byte = this.peek();
    if (byte === QUOTE) this.string('a string');
    else if (byte === 0x7b || byte === 0x5b) this.skipNested(byte);
    else if (byte === 0x2d || isDigit(byte)) this.number('a number');
    else this.word();
  }

  place(at: number): string {
    return `${this.name}:${this.line}:${columnOf(this.bytes, this.start, at)}`;
  }

  fail(at: number, expected: string, message?: string): never {
    const what = message ?? `expected ${expected}, found ${this.foundAt(at)}`;
    throw new FocusError('bad-input', `${this.place(at)}: ${what}`, this.fix);
  }

  /** Reads the ".5" and "e-7" of a number from `at`; returns where it ends. */
  private fraction(from: number): number {
    const { bytes, limit } = this;
    let at = from;
    if (bytes[at] === 0x2e) {
      at++;
      if (!(at < limit && isDigit(bytes[at]))) this.fail(at, 'a digit after the decimal point');
      while (at < limit && isDigit(bytes[at])) at++;
    }
    if (at < limit && (bytes[at] | 0x20) === 0x65) {
      at++;
      if (at < limit && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++;
      if (!(at < limit && isDigit(bytes[at]))) this.fail(at, 'a digit in the exponent');
      while (at < limit && isDigit(bytes[at])) at++;
    }
    return at;
  }

  /** Decodes a string that holds an escape, the first one at `escape`, into the scratch buffer. */
  private escapedString(from: number, escape: number): void {
    const { bytes, limit } = this;
    // Decoding never lengthens: an escape of six bytes gives three at most.
    if (this.scratch.length < limit - from) this.scratch = Buffer.alloc(2 * (limit - from));
    const scratch = this.scratch;
    scratch.set(bytes.subarray(from, escape));
    let length = escape - from;
    let at = escape;
    for (;;) {
      if (at >= limit)
        this.fail(this.tokenStart, '', 'expected a closing quote, found the end of the line');
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte < 0x20)
        this.fail(at, '', `expected a control character to be escaped, found byte ${byte}`);
      if (byte !== BACKSLASH) {
        scratch[length++] = byte;
        at++;
      } else if (bytes[at + 1] === 0x75 && at + 1 < limit) {
        const high = this.hexUnit(at);
        let point = high;
        at += 6;
        if (high >= 0xd800 && high < 0xdc00 && bytes[at] === BACKSLASH && bytes[at + 1] === 0x75) {
          const low = this.hexUnit(at);
          if (low >= 0xdc00 && low < 0xe000) {
            point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
          }
        }
        if (point >= 0xd800 && point < 0xe000) {
          this.fail(
            at - 6,
            '',
            'expected a pair of surrogates, found a lone one: no UTF-8 text can hold it',
          );
        }
        length += scratch.write(String.fromCodePoint(point), length);
      } else {
        scratch[length++] = this.simpleEscape(at);
        at += 2;
      }
    }
    this.text = scratch;
    this.textStart = 0;
    this.textEnd = length;
    this.at = at + 1;
  }

  private simpleEscape(at: number): number {
    const names = '"\\/bfnrt';
    const meanings = '"\\/\b\f\n\r\t';
    const index = at + 1 < this.limit ? names.indexOf(String.fromCharCode(this.bytes[at + 1])) : -1;
    if (index < 0)
      this.fail(at, '', `expected an escape such as \\n or \\u0041, found ${this.foundAt(at)}`);
    return meanings.charCodeAt(index);
  }

  /** The code unit of the escape \uXXXX at `at`. */
  private hexUnit(at: number): number {
    let unit = 0;
    for (let i = at + 2; i < at + 6; i++) {
      const byte = i < this.limit ? this.bytes[i] : -1;
      const lower = byte | 0x20;
      let digit = -1;
      if (isDigit(byte)) digit = byte - 48;
      else if (byte > 0 && lower >= 0x61 && lower <= 0x66) digit = lower - 87;
      if (digit < 0)
        this.fail(at, '', `expected four hexadecimal digits after \\u, found ${this.foundAt(at)}`);
      unit = unit * 16 + digit;
    }
    return unit;
  }

  private skipNested(open: number): void {
    const object = open === 0x7b;
    const close = object ? 0x7d : 0x5d;
    const start = this.at;
    if (++this.depth > MAX_DEPTH)
      this.fail(start, '', `expected at most ${MAX_DEPTH} levels of nesting`);
    this.at++;
    if (this.peek() !== close) {
      for (;;) {
        if (object) {
          this.string('a key');
          this.take(0x3a, 'a colon after the key');
        }
        this.skip();
        if (this.peek() === close) break;
        this.take(0x2c, object ? 'a comma or a closing brace' : 'a comma or a closing bracket');
      }
    }
    this.take(close, object ? 'a closing brace' : 'a closing bracket');
    this.depth--;
    this.tokenStart = start;
  }

  private word(): void {
    for (const word of ['true', 'false', 'null']) {
      if (textOf(this.bytes, this.at, Math.min(this.limit, this.at + word.length)) === word) {
        this.tokenStart = this.at;
        this.at += word.length;
        return;
      }
    }
    this.fail(this.at, 'a JSON value');
  }

  /** What stands at an offset, as a person would name it. */
  private foundAt(at: number): string {
    if (at >= this.limit) return 'the end of the line';
    const byte = this.bytes[at];
    if (byte === 0x5b) return 'an array';
    if (byte === 0x7b) return 'an object';
    let end = at + 1;
    // A token ends at white space or punctuation; a string at its quote.
    if (byte === QUOTE) {
      while (end < this.limit && this.bytes[end] !== QUOTE)
        end += this.bytes[end] === BACKSLASH ? 2 : 1;
      end = Math.min(end + 1, this.limit);
    } else if (!isPunctuation(byte)) {
      while (end < this.limit && !isPunctuation(this.bytes[end]) && this.bytes[end] > 0x20) end++;
    }
    const text = textOf(this.bytes, at, end);
    return byte === QUOTE && text.length <= 40 ? text : shown(text);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isPunctuation(byte: number): boolean {
  return byte === 0x2c || byte === 0x3a || byte === 0x7d || byte === 0x5d || byte === QUOTE;
}
