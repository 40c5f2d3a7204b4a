// The files of an epoch, as bytes: what is hashed, written and compared. Every text is one line of
// JSON a row with keys in a fixed order and numbers as ECMAScript writes them, so equal results are
// equal bytes.

import { createHash } from 'node:crypto';
import { printable } from '../base/printable.js';

/** A file of an epoch. */
export interface EpochFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Lines, or numbers of a binary file. */
  readonly rows: number;
}

/** A file as a manifest names it. */
export interface FileDigest {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
}

/** Bytes of one φ in `focus.units`: an i64, little-endian. */
export const UNIT_BYTES = 8;

/** Rows that are made into one text at a time: no text may be longer than 2²⁹ characters. */
const ROWS_AT_ONCE = 1 << 16;

/** Rows as lines of JSON. */
export function jsonLines(name: string, rows: readonly object[]): EpochFile {
  const parts: Buffer[] = [];
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const some = rows.slice(start, start + ROWS_AT_ONCE);
    parts.push(Buffer.from(some.map((row) => `${JSON.stringify(row)}\n`).join(''), 'utf8'));
  }
  return { name, bytes: Buffer.concat(parts), rows: rows.length };
}

/** A file as it was found, its rows counted. */
export function foundFile(name: string, bytes: Uint8Array): EpochFile {
  return { name, bytes, rows: [...rowsOf(name, bytes)].length };
}

/** The bytes of each row of a file, views of it: lines with their ends, or numbers. */
export function* rowsOf(name: string, bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  const isUnits = name.endsWith('.units');
  for (let start = 0; start < bytes.length;) {
    const feed = isUnits ? start + UNIT_BYTES - 1 : bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Focus units as bytes. */
export function unitsFile(name: string, units: BigInt64Array): EpochFile {
  const bytes = Buffer.alloc(units.length * UNIT_BYTES);
  units.forEach((value, i) => bytes.writeBigInt64LE(value, i * UNIT_BYTES));
  return { name, bytes, rows: units.length };
}

/** The units of such a file. */
export function unitsOf(bytes: Uint8Array): BigInt64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return BigInt64Array.from({ length: Math.floor(bytes.byteLength / UNIT_BYTES) }, (_, i) =>
    view.getBigInt64(i * UNIT_BYTES, true),
  );
}

/** What a manifest says of a file. */
export function digestOf({ name, bytes, rows }: EpochFile): FileDigest {
  return { name, rows, bytes: bytes.length, sha256: sha256(bytes) };
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A row in which two files differ. */
export interface RowDifference {
  /** From 1 for lines, from 0 for numbers of a binary file. */
  readonly row: number;
  /** Null where a file has no such row. */
  readonly expected: string | null;
  readonly found: string | null;
}

/** The first row in which two files differ, or null where they are equal. */
export function firstDifference(expected: EpochFile, found: Uint8Array): RowDifference | null {
  if (Buffer.compare(expected.bytes, found) === 0) return null;
  if (expected.name.endsWith('.units')) return firstUnit(expected.bytes, found);
  let start = 0;
  for (let row = 1; ; row++) {
    const [a, b] = [expected.bytes, found].map((bytes) => lineAt(bytes, start));
    if (a === null || b === null || Buffer.compare(a, b) !== 0)
      return { row, expected: shownRow(a), found: shownRow(b) };
    start += a.length;
  }
}

/** The line from a byte on, its end included; null at the end. */
function lineAt(bytes: Uint8Array, start: number): Uint8Array | null {
  if (start >= bytes.length) return null;
  const feed = bytes.indexOf(10, start);
  return bytes.subarray(start, feed < 0 ? bytes.length : feed + 1);
}

const LONGEST = 1 << 16;

/** A line as it may be shown. */
export function shownRow(line: Uint8Array | null): string | null {
  if (line === null) return null;
  const hasEnd = line.at(-1) === 10;
  const text = Buffer.from(line.subarray(0, Math.min(LONGEST, line.length - Number(hasEnd))));
  return `${printable(text.toString('utf8'))}${hasEnd ? '' : ' without a line feed'}`;
}

function firstUnit(expected: Uint8Array, found: Uint8Array): RowDifference {
  const [a, b] = [unitsOf(expected), unitsOf(found)];
  let row = 0;
  while (row < a.length && row < b.length && a[row] === b[row]) row++;
  const shownAt = (units: BigInt64Array, bytes: Uint8Array): string | null => {
    if (row < units.length) return String(units[row]);
    const left = bytes.length - row * UNIT_BYTES;
    return left === 0 ? null : `${left} bytes that are no number`;
  };
  return { row, expected: shownAt(a, expected), found: shownAt(b, found) };
}
