// The encodings of Parquet values, each decoded onto a growing store: plain, delta and
// byte-stream-split values, and the run-length/bit-packed hybrid of levels and dictionary indices.
// Counts and lengths are checked against the bytes that are there before anything is allocated or
// copied; a text is at most MAX_TEXT_BYTES long, as prefixes could otherwise grow without end.

import { readDelta, readLengths } from './parquet-delta.js';
import { type ThriftCursor, ParquetFault, readVarint } from './parquet-thrift.js';
import type { ParquetColumn } from './parquet-footer.js';

/**
 * Values of one chunk in order of appearance: the dictionary first, where there is one. One of the
 * three kinds is used.
 */
export interface ValueStore {
  readonly kind: 'double' | 'integer' | 'text';
  count: number;
  doubles: Float64Array;
  integers: BigInt64Array;
  /** Text i is bytes[ends[i − 1]] … ends[i]. */
  bytes: Uint8Array;
  ends: Uint32Array;
}

/** Bytes of the value section of a page. */
export interface PageValues {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

const MAX_TEXT_BYTES = 1 << 16;
const MAX_STORE_BYTES = 2 ** 30;
const TOO_FEW = 'a page has fewer values than it announces';

/** An empty store for the values of a column. */
export function createStore(column: ParquetColumn): ValueStore {
  const text = column.type === 'bytes' || column.type === 'fixed';
  return {
    kind: text ? 'text' : column.type === 'int64' ? 'integer' : 'double',
    count: 0,
    doubles: new Float64Array(0),
    integers: new BigInt64Array(0),
    bytes: new Uint8Array(0),
    ends: new Uint32Array(0),
  };
}

/**
 * Appends the values of a page in the given encoding (its code in the format). Throws ParquetFault.
 */
export function appendValues(
  store: ValueStore,
  column: ParquetColumn,
  encoding: number,
  page: PageValues,
): void {
  if (encoding === 0) appendPlain(store, column, page);
  else if (encoding === 5) appendDelta(store, column, page);
  else if (encoding === 6) appendDeltaLength(store, column, page);
  else if (encoding === 7) appendDeltaText(store, column, page);
  else if (encoding === 9) appendSplit(store, column, page);
  else throw new ParquetFault(`the encoding ${encoding} is not supported`);
}

/**
 * Decodes `count` values of `width` bits (0…32) from the hybrid of runs into out[from …]; a run may
 * be longer than what is left. Throws ParquetFault. Cost O(count).
 */
export function readHybrid(
  cursor: ThriftCursor,
  width: number,
  out: Uint32Array,
  from: number,
  count: number,
): void {
  const { bytes } = cursor;
  const mask = width === 32 ? 0xffffffff : 2 ** width - 1;
  for (let done = 0; done < count;) {
    const head = readVarint(cursor);
    const left = count - done;
    if (head % 2 === 0) {
      const run = Math.min(head / 2, left);
      const size = (width + 7) >>> 3;
      if (cursor.at + size > cursor.end) throw new ParquetFault(TOO_FEW);
      let value = 0;
      for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[cursor.at + i];
      out.fill(value, from + done, from + done + run);
      cursor.at += size;
      done += run;
      continue;
    }
    const whole = ((head - 1) / 2) * 8;
    const run = Math.min(whole, left);
    if (cursor.at + Math.ceil((run * width) / 8) > cursor.end) throw new ParquetFault(TOO_FEW);
    unpack(bytes, cursor.at, width, mask, out, from + done, run);
    cursor.at = Math.min(cursor.end, cursor.at + (whole / 8) * width);
    done += run;
  }
}

/** Bit-packed values, lowest bits first. */
function unpack(
  bytes: Uint8Array,
  start: number,
  width: number,
  mask: number,
  out: Uint32Array,
  from: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const bit = i * width;
    const at = start + Math.floor(bit / 8);
    const shift = bit % 8;
    let word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    if (shift + width <= 32) {
      word >>>= shift;
    } else {
      // Only widths above 25 straddle five bytes.
      word = (word >>> shift) | (bytes[at + 4] << (32 - shift));
    }
    out[from + i] = width === 32 ? word : word & mask;
  }
}

/** Numbers and texts of fixed length, one after the other. */
function appendPlain(store: ValueStore, column: ParquetColumn, page: PageValues): void {
  const { bytes, start, end, count } = page;
  if (column.type === 'bytes') {
    appendPlainTexts(store, page);
    return;
  }
  const size = sizeOf(column);
  if (count > (end - start) / size) throw new ParquetFault(TOO_FEW);
  const first = store.count;
  if (column.type === 'fixed') {
    for (let i = 0; i < count; i++)
      appendText(store, bytes, start + i * size, start + (i + 1) * size);
    return;
  }
  reserve(store, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0, at = start; i < count; i++, at += size)
    setNumber(store, column, first + i, view, at);
  store.count = first + count;
}

/** Stores the plain number at an offset of a view as value `index`. */
function setNumber(
  store: ValueStore,
  column: ParquetColumn,
  index: number,
  view: DataView,
  at: number,
): void {
  if (column.type === 'int64') store.integers[index] = view.getBigInt64(at, true);
  else if (column.type === 'double') store.doubles[index] = view.getFloat64(at, true);
  else if (column.type === 'float') store.doubles[index] = view.getFloat32(at, true);
  else store.doubles[index] = column.unsigned ? view.getUint32(at, true) : view.getInt32(at, true);
}

/** Texts, each after its length in four bytes. */
function appendPlainTexts(store: ValueStore, page: PageValues): void {
  const { bytes, end } = page;
  let at = page.start;
  for (let i = 0; i < page.count; i++) {
    if (at + 4 > end) throw new ParquetFault(TOO_FEW);
    const length =
      (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
    at += 4;
    if (length > end - at) throw new ParquetFault(TOO_FEW);
    appendText(store, bytes, at, at + length);
    at += length;
  }
}

/** Integers as differences; those of 32 bits wrap around at 2³². */
function appendDelta(store: ValueStore, column: ParquetColumn, page: PageValues): void {
  if (column.type !== 'int32' && column.type !== 'int64') {
    throw new ParquetFault('a delta encoding stands on a column of another type');
  }
  const cursor = { bytes: page.bytes, at: page.start, end: page.end };
  const words = readDelta(cursor, page.count);
  const first = store.count;
  reserve(store, page.count);
  if (column.type === 'int64') {
    store.integers.set(new BigInt64Array(words.buffer), first);
  } else {
    for (let i = 0; i < page.count; i++) {
      store.doubles[first + i] = column.unsigned ? words[2 * i] >>> 0 : words[2 * i];
    }
  }
  store.count = first + page.count;
}

/** The lengths of all texts as differences, then the texts (DELTA_LENGTH_BYTE_ARRAY). */
function appendDeltaLength(store: ValueStore, column: ParquetColumn, page: PageValues): void {
  requireText(column);
  const cursor = { bytes: page.bytes, at: page.start, end: page.end };
  for (const length of readLengths(cursor, page.count)) {
    const end = cursor.at + length;
    if (end > page.end) throw new ParquetFault(TOO_FEW);
    appendText(store, page.bytes, cursor.at, end);
    cursor.at = end;
  }
}

/** Each text is a prefix of the one before and a suffix (DELTA_BYTE_ARRAY). */
function appendDeltaText(store: ValueStore, column: ParquetColumn, page: PageValues): void {
  requireText(column);
  const cursor = { bytes: page.bytes, at: page.start, end: page.end };
  const prefixes = readLengths(cursor, page.count);
  const suffixes = readLengths(cursor, page.count);
  const scratch = new Uint8Array(MAX_TEXT_BYTES);
  let length = 0;
  for (let i = 0; i < page.count; i++) {
    const prefix = prefixes[i];
    const suffix = suffixes[i];
    if (prefix > length || cursor.at + suffix > page.end) {
      throw new ParquetFault('the prefixes of a delta encoding are corrupt');
    }
    length = prefix + suffix;
    if (length > MAX_TEXT_BYTES) throw new ParquetFault(`a text is ${length} bytes long`);
    scratch.set(page.bytes.subarray(cursor.at, cursor.at + suffix), prefix);
    cursor.at += suffix;
    appendText(store, scratch, 0, length);
  }
}

/** The first bytes of all values, then the second bytes, and so on (BYTE_STREAM_SPLIT). */
function appendSplit(store: ValueStore, column: ParquetColumn, page: PageValues): void {
  const size = column.type === 'bytes' ? 0 : sizeOf(column);
  const { count, start, end } = page;
  if (size === 0 || count > (end - start) / size) throw new ParquetFault(TOO_FEW);
  const joined = new Uint8Array(count * size);
  for (let b = 0; b < size; b++) {
    for (let i = 0; i < count; i++) joined[i * size + b] = page.bytes[start + b * count + i];
  }
  appendPlain(store, column, { bytes: joined, start: 0, end: joined.length, count });
}

/** Bytes of a plain value of fixed size. */
function sizeOf(column: ParquetColumn): number {
  if (column.type === 'int64' || column.type === 'double') return 8;
  if (column.type === 'int32' || column.type === 'float') return 4;
  if (column.type === 'fixed' && column.width > 0) return column.width;
  throw new ParquetFault(
    `the column "${column.name}" has a type that holds neither ids nor numbers`,
  );
}

/** Throws unless the column holds texts. */
function requireText(column: ParquetColumn): void {
  if (column.type !== 'bytes' && column.type !== 'fixed') {
    throw new ParquetFault('a text encoding stands on a column of numbers');
  }
}

/** Makes room for `more` numbers. */
function reserve(store: ValueStore, more: number): void {
  const needed = store.count + more;
  if (store.kind === 'integer') {
    if (needed <= store.integers.length) return;
    const grown = new BigInt64Array(Math.max(needed, Math.min(2 * store.count, needed + 1e6)));
    grown.set(store.integers.subarray(0, store.count));
    store.integers = grown;
  } else {
    if (needed <= store.doubles.length) return;
    const grown = new Float64Array(Math.max(needed, Math.min(2 * store.count, needed + 1e6)));
    grown.set(store.doubles.subarray(0, store.count));
    store.doubles = grown;
  }
}

/** Copies one text to the end of the store, which grows by doubling. */
function appendText(store: ValueStore, bytes: Uint8Array, start: number, end: number): void {
  const used = store.count === 0 ? 0 : store.ends[store.count - 1];
  const needed = used + end - start;
  if (needed > MAX_STORE_BYTES)
    throw new ParquetFault('the texts of a column take more than 1 GiB in a row group');
  if (needed > store.bytes.length) {
    const grown = new Uint8Array(Math.max(needed, 2 * store.bytes.length, 1024));
    grown.set(store.bytes.subarray(0, used));
    store.bytes = grown;
  }
  if (store.count === store.ends.length) {
    const grown = new Uint32Array(Math.max(64, 2 * store.count));
    grown.set(store.ends);
    store.ends = grown;
  }
  // Ids are short: below about 100 bytes a loop beats the call of a block copy.
  for (let from = start, to = used; from < end; from++, to++) store.bytes[to] = bytes[from];
  store.ends[store.count++] = needed;
}
