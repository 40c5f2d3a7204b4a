// Matrix Market coordinate files (Boisvert, Pozo and Remington 1996): entry (i, j, a) is the link i
// → j of amount a.
//   %%MatrixMarket matrix coordinate real|integer|pattern general|symmetric
//   % comments                                        rows columns entries              i j [a]
// Indices are 1-based and are the ids, "1"…"n". A symmetric file stores one triangle: every entry
// off the diagonal is two links. Complex, array, skew-symmetric and Hermitian files hold no stakes
// and are refused.

import { FocusError, shown } from '../base/errors.js';
import type { LinkBuilder } from '../graph/link-builder.js';
import { isRoundedInteger, parseDecimal } from './decimal.js';
import { fieldError, isInRange } from './fields.js';
import type { TextNotes } from './ndjson.js';
import { columnOf, textOf, wholeLines } from './whole-lines.js';

/** The line at hand, cut into words: word w is bytes [bounds[2w], bounds[2w+1]). */
interface Line {
  bytes: Uint8Array;
  start: number;
  end: number;
  number: number;
  words: number;
  readonly bounds: Int32Array;
}

/** A file being read: banner, then size line, then entries. */
interface State {
  readonly name: string;
  readonly builder: LinkBuilder;
  readonly line: Line;
  hasBanner: boolean;
  pattern: boolean;
  symmetric: boolean;
  /** Rows (and columns) of the matrix, −1 until the size line. */
  size: number;
  /** Entries announced and read. */
  expected: number;
  entries: number;
}

/** Words beyond this are counted, not kept: no line of the format has more than 5. */
const MAX_WORDS = 8;
const LARGEST_INDEX = 1e15;
const FIX = 'see docs/formats.md for the Matrix Market files that are read';

/**
 * Reads a file into the builder; `name` is the place in errors.
 *
 * Throws FocusError `bad-input` with `name:line:column` for another kind of matrix, one that is not
 * square, an index or a value out of range, and a number of entries that differs from the size
 * line. Cost: about 100 ns an entry.
 */
export async function readMatrixMarket(
  chunks: AsyncIterable<Uint8Array>,
  builder: LinkBuilder,
  name: string,
): Promise<TextNotes> {
  const line: Line = {
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    number: 0,
    words: 0,
    bounds: new Int32Array(2 * MAX_WORDS),
  };
  const state: State = {
    name,
    builder,
    line,
    hasBanner: false,
    pattern: false,
    symmetric: false,
    size: -1,
    expected: 0,
    entries: 0,
  };
  const lines = { count: 0 };
  for await (const block of wholeLines(chunks, name, lines)) {
    line.bytes = block.bytes;
    for (let start = 0; start < block.bytes.length; start = line.end + 1) {
      const feed = block.bytes.indexOf(10, start);
      line.start = start;
      line.end = feed < 0 ? block.bytes.length : feed;
      line.number = ++lines.count;
      cut(line);
      readLine(state);
    }
  }
  checkEnd(state, lines.count);
  return { lines: lines.count, ignored: [] };
}

/** Takes the line for what must come next; blank lines and comments are passed over. */
function readLine(state: State): void {
  const { line } = state;
  if (!state.hasBanner) readBanner(state);
  else if (line.words === 0 || line.bytes[line.bounds[0]] === 0x25) return;
  else if (state.size < 0) readSize(state);
  else readEntry(state);
}

/** The first line: five words, in any letter case. */
function readBanner(state: State): void {
  const { line } = state;
  const words: string[] = [];
  for (let w = 0; w < Math.min(line.words, MAX_WORDS); w++) words.push(word(line, w).toLowerCase());
  const allowed = [
    ['%%matrixmarket'],
    ['matrix'],
    ['coordinate'],
    ['real', 'integer', 'pattern'],
    ['general', 'symmetric'],
  ];
  allowed.forEach((choices, w) => {
    if (choices.includes(words[w])) return;
    const expected = w === 0 ? '%%MatrixMarket' : choices.join(' or ');
    fail(state, w, `expected ${expected}, found ${w < words.length ? shown(words[w]) : 'nothing'}`);
  });
  if (line.words > 5) fail(state, 5, `expected the end of the line, found ${shown(words[5])}`);
  state.hasBanner = true;
  state.pattern = words[3] === 'pattern';
  state.symmetric = words[4] === 'symmetric';
}

/** Rows, columns and entries; a graph is a square matrix. */
function readSize(state: State): void {
  const { line } = state;
  const expected = 'expected the size line: rows, columns and entries';
  if (line.words !== 3)
    fail(state, Math.min(line.words, 3), `${expected}, found ${line.words} words`);
  const rows = readInteger(state, 0, 'a number of rows');
  const columns = readInteger(state, 1, 'a number of columns');
  if (rows !== columns) {
    fail(state, 1, `expected as many columns as rows (${rows}), found ${columns}`);
  }
  state.size = rows;
  state.expected = readInteger(state, 2, 'a number of entries');
}

/** One entry; in a symmetric file it is a link in both directions. */
function readEntry(state: State): void {
  const { line, builder } = state;
  if (state.entries === state.expected) {
    fail(state, 0, `expected ${state.expected} entries, as the size line says, found more`);
  }
  const width = state.pattern ? 2 : 3;
  if (line.words !== width) {
    const row = state.pattern ? 'a row and a column' : 'a row, a column and a value';
    fail(state, Math.min(line.words, width), `expected ${row}, found ${line.words} words`);
  }
  const i = readIndex(state, 0);
  const j = readIndex(state, 1);
  const amount = state.pattern ? 1 : readAmount(state);
  const rounded =
    !state.pattern && isRoundedInteger(line.bytes, line.bounds[4], line.bounds[5], amount);
  const from = builder.particleNumber(i);
  const to = builder.particleNumber(j);
  builder.addRow(from, to, amount);
  if (rounded) builder.noteRoundedAmount();
  if (state.symmetric && i !== j) {
    builder.addRow(to, from, amount);
    if (rounded) builder.noteRoundedAmount();
  }
  state.entries++;
}

/** The third word of an entry, in the range of an amount. */
function readAmount(state: State): number {
  const { line } = state;
  const amount = parseDecimal(line.bytes, line.bounds[4], line.bounds[5]);
  if (!isInRange('amount', amount)) throw fieldError('amount', word(line, 2), place(state, 2));
  return amount;
}

/** A 1-based index within the size of the matrix. */
function readIndex(state: State, w: number): number {
  const index = readInteger(state, w, 'an index');
  if (index < 1 || index > state.size) {
    fail(
      state,
      w,
      `expected an index from 1 to ${state.size}, found ${shown(word(state.line, w))}`,
    );
  }
  return index;
}

/** The non-negative integer in word w. */
function readInteger(state: State, w: number, noun: string): number {
  const { bytes, bounds } = state.line;
  let value = 0;
  for (let at = bounds[2 * w]; at < bounds[2 * w + 1]; at++) {
    const digit = bytes[at] - 48;
    if (digit < 0 || digit > 9 || value > LARGEST_INDEX) {
      fail(state, w, `expected ${noun}, found ${shown(word(state.line, w))}`);
    }
    value = value * 10 + digit;
  }
  if (value >= LARGEST_INDEX) fail(state, w, `expected ${noun} below 10¹⁵, found ${value}`);
  return value;
}

/** At the end of the file, everything that the size line announced must have come. */
function checkEnd(state: State, lines: number): void {
  const expected = !state.hasBanner
    ? 'the line %%MatrixMarket matrix coordinate …'
    : state.size < 0
      ? 'a size line'
      : `${state.expected} entries, as the size line says`;
  if (state.size >= 0 && state.entries === state.expected) return;
  const found = state.size < 0 ? 'the end of the file' : String(state.entries);
  const at = `${state.name}:${lines + 1}:1`;
  throw new FocusError('bad-input', `${at}: expected ${expected}, found ${found}`, FIX);
}

/** Cuts the line at blanks, tabs and carriage returns. */
function cut(line: Line): void {
  const { bytes, end, bounds } = line;
  let words = 0;
  let at = line.start;
  for (;;) {
    while (at < end && bytes[at] <= 0x20) at++;
    if (at >= end) break;
    const from = at;
    while (at < end && bytes[at] > 0x20) at++;
    if (words < MAX_WORDS) {
      bounds[2 * words] = from;
      bounds[2 * words + 1] = at;
    }
    words++;
  }
  line.words = words;
}

/** Word w as text, for comparisons and errors. */
function word(line: Line, w: number): string {
  return textOf(line.bytes, line.bounds[2 * w], line.bounds[2 * w + 1]);
}

/** The place of word w, or of the end of the line where it has fewer words. */
function place(state: State, w: number): string {
  const { line, name } = state;
  const at = w < Math.min(line.words, MAX_WORDS) ? line.bounds[2 * w] : line.end;
  return `${name}:${line.number}:${columnOf(line.bytes, line.start, at)}`;
}

/** Throws at the place of word w. */
function fail(state: State, w: number, message: string): never {
  throw new FocusError('bad-input', `${place(state, w)}: ${message}`, FIX);
}
