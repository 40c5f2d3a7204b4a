// The compact protocol of Thrift, as far as Parquet uses it: a strict reader for footers and page
// headers.
// Every length is checked against the bytes that are left before anything is allocated, an element
// takes at least one byte, and nesting is bounded, so the cost is O(bytes) whatever the file says.

/**
 * A Parquet file that breaks the format; converted to a FocusError where the file's name is known.
 */
export class ParquetFault extends Error {
  override readonly name = 'ParquetFault';
}

/** Fields by number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = boolean | number | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** A cursor over bytes. */
export interface ThriftCursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

const MAX_NESTING = 32;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

/**
 * Reads one struct at the cursor. 64-bit integers become doubles, exact up to 2⁵³. Throws
 * ParquetFault. Cost O(bytes).
 */
export function readStruct(cursor: ThriftCursor, depth = 0): ThriftStruct {
  if (depth > MAX_NESTING) throw new ParquetFault('its metadata is nested too deeply');
  const fields = new Map<number, ThriftValue>();
  let id = 0;
  for (;;) {
    const head = readByte(cursor);
    const type = head & 15;
    if (type === 0) return fields;
    id = head >>> 4 === 0 ? readZigZag(cursor) : id + (head >>> 4);
    fields.set(id, type === TRUE ? true : type === FALSE ? false : readValue(cursor, type, depth));
  }
}

/** An unsigned integer of 7 bits a byte, at most ten bytes long. */
export function readVarint(cursor: ThriftCursor): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < 10; count++) {
    const byte = readByte(cursor);
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
  throw new ParquetFault('an integer in its metadata is too long');
}

/** A number field, or the default where it is absent. */
export function numberOf(struct: ThriftStruct, id: number, absent?: number): number {
  const value = struct.get(id) ?? absent;
  if (typeof value !== 'number') throw new ParquetFault('its metadata lacks a number');
  return value;
}

/** A text field, '' where it is absent. */
export function textIn(struct: ThriftStruct, id: number): string {
  const value = struct.get(id);
  return value instanceof Uint8Array ? decodeName(value) : '';
}

/** A list field of structs, empty where it is absent. */
export function structsOf(struct: ThriftStruct, id: number): readonly ThriftStruct[] {
  const list = struct.get(id) ?? [];
  if (!Array.isArray(list) || !list.every((item) => item instanceof Map)) {
    throw new ParquetFault('its metadata lacks a list');
  }
  return list as ThriftStruct[];
}

/** A struct field, or null. */
export function structOf(struct: ThriftStruct, id: number): ThriftStruct | null {
  const value = struct.get(id);
  return value instanceof Map ? (value as ThriftStruct) : null;
}

/** The texts of a list field. */
export function textsOf(struct: ThriftStruct, id: number): readonly string[] {
  const list = struct.get(id);
  if (!Array.isArray(list)) throw new ParquetFault('its metadata lacks a list of names');
  return list.map((item) => (item instanceof Uint8Array ? decodeName(item) : ''));
}

/** Bytes as text; invalid UTF-8 becomes U+FFFD, as names only serve to be compared and shown. */
function decodeName(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

/** A value of the given type. */
function readValue(cursor: ThriftCursor, type: number, depth: number): ThriftValue {
  if (type === BYTE) return (readByte(cursor) << 24) >> 24;
  if (type === I16 || type === I32 || type === I64) return readZigZag(cursor);
  if (type === DOUBLE) {
    const bytes = take(cursor, 8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }
  if (type === BINARY) return take(cursor, readVarint(cursor));
  if (type === LIST || type === SET) return readList(cursor, depth);
  if (type === STRUCT) return readStruct(cursor, depth + 1);
  throw new ParquetFault(`its metadata has a field of the unknown type ${type}`);
}

/** A list; every element takes a byte or more, so its length is bounded by what is left. */
function readList(cursor: ThriftCursor, depth: number): readonly ThriftValue[] {
  const head = readByte(cursor);
  const type = head & 15;
  const count = head >>> 4 === 15 ? readVarint(cursor) : head >>> 4;
  if (count > cursor.end - cursor.at || depth > MAX_NESTING) {
    throw new ParquetFault('a list in its metadata is longer than the metadata');
  }
  const isBoolean = type === TRUE || type === FALSE;
  const values: ThriftValue[] = [];
  for (let i = 0; i < count; i++) {
    values.push(isBoolean ? readByte(cursor) === 1 : readValue(cursor, type, depth + 1));
  }
  return values;
}

/** Zigzag folds the sign into the lowest bit. */
function readZigZag(cursor: ThriftCursor): number {
  const folded = readVarint(cursor);
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}

/** The next byte. */
function readByte(cursor: ThriftCursor): number {
  if (cursor.at >= cursor.end) throw new ParquetFault('its metadata is cut off');
  return cursor.bytes[cursor.at++];
}

/** The next bytes, as a view. */
function take(cursor: ThriftCursor, count: number): Uint8Array {
  if (count > cursor.end - cursor.at) throw new ParquetFault('its metadata is cut off');
  cursor.at += count;
  return cursor.bytes.subarray(cursor.at - count, cursor.at);
}
