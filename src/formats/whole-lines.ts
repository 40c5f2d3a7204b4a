// Cuts a stream of bytes into blocks of whole lines, so that a line reader never sees half a line.
// A block ends with a line feed, except the last one; a byte order mark is dropped; text that is no
// UTF-8 is refused with its place. Most bytes are passed on as views: only the line that straddles
// two chunks is copied.

import { isUtf8 } from 'node:buffer';
import { FocusError } from '../base/errors.js';

/**
 * Lines longer than this are refused: no link needs one, and without a limit a file of zeros would
 * be one.
 */
export const MAX_LINE_BYTES = 16 << 20;

/** A run of whole lines. */
export interface LineBlock {
  readonly bytes: Uint8Array;
  /** Number of the first line of the block, from 1. */
  readonly firstLine: number;
}

const LINE_FEED = 10;

/**
 * The input as blocks of whole, valid UTF-8 lines; no block is empty.
 *
 * `name` is the place in errors. The consumer tells after each block how many lines it held,
 * through `lines.count`: it counts them anyway. Throws FocusError `bad-input` for a line above
 * MAX_LINE_BYTES and for text that is no UTF-8.
 * Cost: O(bytes), about 5 GB/s, one copied line a chunk.
 */
export async function* wholeLines(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  lines: { count: number },
): AsyncGenerator<LineBlock, void, undefined> {
  let carried: Uint8Array[] = [];
  let carriedBytes = 0;
  let first = true;
  for await (const chunk of chunks) {
    let start = 0;
    if (carriedBytes > 0) {
      const cut = chunk.indexOf(LINE_FEED) + 1;
      carried.push(cut === 0 ? chunk : chunk.subarray(0, cut));
      carriedBytes += cut === 0 ? chunk.length : cut;
      checkLength(carriedBytes, name, lines.count);
      if (cut === 0) continue;
      yield block(Buffer.concat(carried), name, lines.count, first);
      first = false;
      carried = [];
      carriedBytes = 0;
      start = cut;
    }
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > start) {
      yield block(chunk.subarray(start, end), name, lines.count, first);
      first = false;
      start = end;
    }
    if (start < chunk.length) {
      carried = [chunk.subarray(start)];
      carriedBytes = chunk.length - start;
      checkLength(carriedBytes, name, lines.count);
    }
  }
  if (carriedBytes > 0) yield block(Buffer.concat(carried), name, lines.count, first);
}

/**
 * The column of byte `at`, from 1, in characters (code points) of its line. Cost O(at − lineStart).
 */
export function columnOf(bytes: Uint8Array, lineStart: number, at: number): number {
  let column = 1;
  for (let i = lineStart; i < at; i++) {
    // Continuation bytes 10xxxxxx start no character.
    if ((bytes[i] & 0xc0) !== 0x80) column++;
  }
  return column;
}

/** Bytes start … end as text, for an error message; invalid UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, 200)).toString();
}

/** A checked block; the first one loses its byte order mark. */
function block(bytes: Uint8Array, name: string, linesBefore: number, first: boolean): LineBlock {
  const marked = first && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const text = marked ? bytes.subarray(3) : bytes;
  if (!isUtf8(text)) refuseEncoding(text, name, linesBefore);
  return { bytes: text, firstLine: linesBefore + 1 };
}

/** Finds the first line that is no UTF-8 and, in it, the first byte that spoils it. */
function refuseEncoding(bytes: Uint8Array, name: string, linesBefore: number): never {
  let line = linesBefore;
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    line++;
    if (!isUtf8(bytes.subarray(start, end))) {
      // U+FFFD may stand in the text itself, so the longest valid prefix is found by bisection, not
      // by decoding.
      let valid = 0;
      let invalid = end - start;
      while (invalid - valid > 1) {
        const middle = (valid + invalid) >>> 1;
        if (validPrefix(bytes, start, start + middle)) valid = middle;
        else invalid = middle;
      }
      const at = start + valid;
      const byte = bytes[at].toString(16).padStart(2, '0');
      const place = `${name}:${line}:${columnOf(bytes, start, at)}`;
      throw new FocusError(
        'bad-input',
        `${place}: expected UTF-8 text, found the byte 0x${byte}`,
        'convert the file to UTF-8, or name its binary format with --format',
      );
    }
    start = end;
  }
  throw new FocusError('bad-input', `${name}: expected UTF-8 text`, 'convert the file to UTF-8');
}

/** Whether the bytes are valid up to at most an unfinished last character. */
function validPrefix(bytes: Uint8Array, start: number, end: number): boolean {
  for (let cut = 0; cut <= 3 && end - cut >= start; cut++) {
    if (isUtf8(bytes.subarray(start, end - cut))) {
      // The cut tail must be the beginning of a character: a lead byte that wants more bytes than
      // were cut.
      const lead = bytes[end - cut];
      const wants = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
      return cut === 0 || (lead < 0xf5 && wants > cut);
    }
  }
  return false;
}

/** Refuses a line that has grown too long before its end is found. */
function checkLength(bytes: number, name: string, linesBefore: number): void {
  if (bytes > MAX_LINE_BYTES) {
    const place = `${name}:${linesBefore + 1}:1`;
    throw new FocusError(
      'bad-input',
      `${place}: expected a line of at most ${MAX_LINE_BYTES} bytes, found a longer one`,
      'check that the file is text with one link a line',
    );
  }
}
