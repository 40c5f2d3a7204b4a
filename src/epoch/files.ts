// The files of an epoch, as bytes: what is hashed, written and compared. Every text is one line of
// JSON a row with keys in a fixed order and numbers as ECMAScript writes them, so equal results are
// equal bytes.

import { createHash } from 'node:crypto';

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

/** Rows as lines of JSON. */
export function jsonLines(name: string, rows: readonly object[]): EpochFile {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return { name, bytes: Buffer.from(text, 'utf8'), rows: rows.length };
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
    if (a === null || b === null || a !== b) return { row, expected: a, found: b };
    start += Buffer.byteLength(a, 'latin1');
  }
}

/** The line from a byte on, its end included, byte for byte; null at the end. */
function lineAt(bytes: Uint8Array, start: number): string | null {
  if (start >= bytes.length) return null;
  const feed = bytes.indexOf(10, start);
  return Buffer.from(bytes.subarray(start, feed < 0 ? bytes.length : feed + 1)).toString('latin1');
}

function firstUnit(expected: Uint8Array, found: Uint8Array): RowDifference {
  const [a, b] = [unitsOf(expected), unitsOf(found)];
  let row = 0;
  while (row < a.length && row < b.length && a[row] === b[row]) row++;
  const shownAt = (units: BigInt64Array): string | null =>
    row < units.length ? String(units[row]) : null;
  return { row, expected: shownAt(a), found: shownAt(b) };
}
