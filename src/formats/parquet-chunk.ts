// One column chunk of a Parquet file: its pages, decompressed and decoded to a store of values and,
// for each row, the position of its value in the store. Dictionaries are kept as they are, so that
// an id is looked up once and not in every row.
// Sizes in page headers are checked against the chunk before use, and decompression is bounded by
// the size announced.

import * as zlib from 'node:zlib';
import { snappyUncompress } from 'hyparquet';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors';
import type { ColumnChunk, ParquetColumn } from './parquet-footer.js';
import {
  ParquetFault,
  type ThriftStruct,
  numberOf,
  readStruct,
  structOf,
} from './parquet-thrift.js';
import { type ValueStore, appendValues, createStore, readHybrid } from './parquet-values.js';
import { decompressZstd } from './zstd.js';

/** Stands for a null in `ColumnValues.rows`. */
export const NULL_ROW = 0xffffffff;

/** The values of one column in one row group. */
export interface ColumnValues {
  readonly store: ValueStore;
  /** By row: position in the store, or NULL_ROW. */
  readonly rows: Uint32Array;
}

/** A chunk being decoded. */
interface State {
  readonly column: ParquetColumn;
  readonly codec: number;
  readonly name: string;
  readonly store: ValueStore;
  readonly rows: Uint32Array;
  done: number;
  /** Entries of the dictionary, −1 before it is read. */
  dictionary: number;
}

/** A page: its header and its body as stored. */
interface Page {
  readonly header: ThriftStruct;
  readonly body: Uint8Array;
  readonly plainBytes: number;
}

const MAX_PAGE_BYTES = 2 ** 30;
/**
 * Snappy and LZ4 pack no more tightly than this; their output is allocated before it is decoded.
 */
const MAX_BLOCK_RATIO = 256;
const PAGE_DICTIONARY = 2;
const PAGE_V2 = 3;

/**
 * Decodes a chunk of `rowCount` rows from its bytes. Throws ParquetFault, and what a codec throws.
 * Cost O(rows + bytes).
 */
export async function readChunk(
  bytes: Uint8Array,
  chunk: ColumnChunk,
  column: ParquetColumn,
  rowCount: number,
  name: string,
): Promise<ColumnValues> {
  const state: State = {
    column,
    codec: chunk.codec,
    name,
    store: createStore(column),
    // Filled page by page; a page of a few bytes may well announce many equal rows, so no tighter
    // bound exists.
    rows: new Uint32Array(rowCount),
    done: 0,
    dictionary: -1,
  };
  const cursor = { bytes, at: 0, end: bytes.length };
  while (state.done < rowCount) {
    if (cursor.at >= cursor.end) {
      throw new ParquetFault(
        `the column "${column.name}" ends after ${state.done} of ${rowCount} rows`,
      );
    }
    const header = readStruct(cursor);
    const plainBytes = numberOf(header, 2);
    const storedBytes = numberOf(header, 3);
    if (!(storedBytes >= 0 && storedBytes <= cursor.end - cursor.at)) {
      throw new ParquetFault(`a page of ${storedBytes} bytes does not fit its column`);
    }
    if (!(plainBytes >= 0 && plainBytes <= MAX_PAGE_BYTES)) {
      throw new ParquetFault(`a page of ${storedBytes} bytes announces ${plainBytes}`);
    }
    const body = bytes.subarray(cursor.at, cursor.at + storedBytes);
    cursor.at += storedBytes;
    checkSum(header, body);
    await readPage(state, { header, body, plainBytes });
  }
  return { store: state.store, rows: state.rows };
}

/** Decodes one page by its type. */
async function readPage(state: State, page: Page): Promise<void> {
  const type = numberOf(page.header, 1);
  if (type === PAGE_DICTIONARY) await readDictionary(state, page);
  else if (type === 0) await readDataPage(state, page);
  else if (type === PAGE_V2) await readDataPageV2(state, page);
  // Other pages are indices, which hold no values.
}

/** The checksum of a page is optional: a CRC-32 of its stored bytes. */
function checkSum(header: ThriftStruct, body: Uint8Array): void {
  const stored = header.get(4);
  // crc32 came with Node 20.15, so it must not be imported by name.
  if (typeof stored !== 'number' || typeof zlib.crc32 !== 'function') return;
  if (zlib.crc32(body) !== stored >>> 0)
    throw new ParquetFault('the checksum of a page does not match');
}

/** The dictionary stands before all pages that refer to it, and is plain. */
async function readDictionary(state: State, page: Page): Promise<void> {
  const header = structOf(page.header, 7);
  if (header === null || state.dictionary >= 0 || state.store.count > 0) {
    throw new ParquetFault('a dictionary stands where none belongs');
  }
  const count = countOf(header, 1);
  const bytes = await decompress(state, page.body, page.plainBytes);
  appendValues(state.store, state.column, 0, { bytes, start: 0, end: bytes.length, count });
  state.dictionary = count;
}

/** A page of version 1: levels and values are compressed together. */
async function readDataPage(state: State, page: Page): Promise<void> {
  const header = structOf(page.header, 5);
  if (header === null) throw new ParquetFault('a page has no header');
  const count = countOf(header, 1);
  checkRows(state, count);
  const bytes = await decompress(state, page.body, page.plainBytes);
  let at = 0;
  let present: Uint32Array | null = null;
  if (state.column.optional === true) {
    if (numberOf(header, 3) !== 3 || bytes.length < 4) {
      throw new ParquetFault('the definition levels of a page are not run-length encoded');
    }
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    at = 4 + length;
    if (at > bytes.length) throw new ParquetFault('the definition levels of a page are cut off');
    present = readLevels(bytes, 4, at, count);
  }
  takeValues(state, numberOf(header, 2), bytes, at, count, present);
}

/** A page of version 2: levels stand before the values and are never compressed. */
async function readDataPageV2(state: State, page: Page): Promise<void> {
  const header = structOf(page.header, 8);
  if (header === null) throw new ParquetFault('a page has no header');
  const count = countOf(header, 1);
  checkRows(state, count);
  const levels = numberOf(header, 5) + numberOf(header, 6);
  if (!(levels >= 0 && levels <= Math.min(page.body.length, page.plainBytes))) {
    throw new ParquetFault('the levels of a page do not fit it');
  }
  const present =
    state.column.optional === true
      ? readLevels(page.body, numberOf(header, 6), levels, count)
      : null;
  const body = page.body.subarray(levels);
  const bytes =
    header.get(7) === false ? body : await decompress(state, body, page.plainBytes - levels);
  takeValues(state, numberOf(header, 4), bytes, 0, count, present);
}

/** Definition levels of a flat optional column: 1 where a value is there, 0 for null. */
function readLevels(bytes: Uint8Array, start: number, end: number, count: number): Uint32Array {
  const present = new Uint32Array(count);
  readHybrid({ bytes, at: Math.min(start, end), end }, 1, present, 0, count);
  return present;
}

/** Decodes the values of a data page and assigns them to its rows. */
function takeValues(
  state: State,
  encoding: number,
  bytes: Uint8Array,
  start: number,
  count: number,
  present: Uint32Array | null,
): void {
  const { rows, store, done } = state;
  let values = count;
  if (present !== null) {
    values = 0;
    for (const level of present) values += level & 1;
  }
  // Values fill the first slots and are then spread over the rows, from the last to the first.
  if (encoding === 2 || encoding === 8) {
    if (state.dictionary < 0)
      throw new ParquetFault('a page refers to a dictionary that is not there');
    if (start >= bytes.length && values > 0)
      throw new ParquetFault('a page of dictionary indices is empty');
    const width = values > 0 ? bytes[start] : 0;
    if (width > 32) throw new ParquetFault(`dictionary indices of ${width} bits`);
    readHybrid({ bytes, at: start + 1, end: bytes.length }, width, rows, done, values);
    for (let i = done; i < done + values; i++) {
      if (rows[i] >= state.dictionary) {
        throw new ParquetFault(
          `a dictionary index is ${rows[i]}, the dictionary has ${state.dictionary} entries`,
        );
      }
    }
  } else {
    const first = store.count;
    appendValues(store, state.column, encoding, { bytes, start, end: bytes.length, count: values });
    for (let i = 0; i < values; i++) rows[done + i] = first + i;
  }
  if (present !== null && values < count) {
    let next = done + values;
    for (let i = count - 1; i >= 0; i--)
      rows[done + i] = present[i] === 1 ? rows[--next] : NULL_ROW;
  }
  state.done += count;
}

/** A number of values, which a signed field might give as negative. */
function countOf(header: ThriftStruct, id: number): number {
  const count = numberOf(header, id);
  if (!(count >= 0 && count <= 2 ** 31)) throw new ParquetFault(`a page announces ${count} values`);
  return count;
}

/** A page may not have more rows than its column has left. */
function checkRows(state: State, count: number): void {
  const left = state.rows.length - state.done;
  if (count > left) throw new ParquetFault(`a page has ${count} rows where ${left} are left`);
}

/** The plain bytes of a page, of exactly the length that its header announces. */
async function decompress(state: State, body: Uint8Array, bytes: number): Promise<Uint8Array> {
  const plain = await decompressWith(state, body, bytes);
  if (plain.length !== bytes) {
    throw new ParquetFault(
      `a page decompresses to ${plain.length} bytes where ${bytes} are announced`,
    );
  }
  return plain;
}

/** Codecs by their code in the format. */
async function decompressWith(state: State, body: Uint8Array, bytes: number): Promise<Uint8Array> {
  if (state.codec === 0) return body;
  if (bytes === 0) return new Uint8Array(0);
  const allocatesFirst = state.codec === 1 || state.codec === 5 || state.codec === 7;
  if (allocatesFirst && bytes > body.length * MAX_BLOCK_RATIO) {
    throw new ParquetFault(`a page of ${body.length} bytes announces ${bytes}`);
  }
  switch (state.codec) {
    case 1: {
      const plain = new Uint8Array(bytes);
      snappyUncompress(body, plain);
      return plain;
    }
    case 2:
      return zlib.unzipSync(body, { maxOutputLength: bytes });
    case 4:
      return zlib.brotliDecompressSync(body, { maxOutputLength: bytes });
    case 5:
      return decompressLz4(body, bytes);
    case 6:
      return decompressZstd(body, bytes, state.name);
    case 7:
      return decompressLz4Raw(body, bytes);
    default:
      throw new ParquetFault(`the compression codec ${state.codec} is not supported`);
  }
}
