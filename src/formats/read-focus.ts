// Reads back the rows `id, focus[, focusExact]` that write-focus.ts writes, bit for bit.
// The format is told by the first bytes: PAR1 for Parquet, a brace for NDJSON, anything else is CSV
// with its header.

import { FocusError, shown } from '../base/errors.js';
import { type IdTable, createIdTable, freezeIds, internId } from '../graph/id-table.js';
import type { Ids } from '../graph/ids.js';
import { type ByteSource, openByteSource } from './byte-source.js';
import { withPlace } from './fields.js';
import { parseDecimal } from './decimal.js';
import { type JsonScanner, createJsonScanner } from './json-scanner.js';
import { readChunk } from './parquet-chunk.js';
import { readFooter } from './parquet-footer.js';
import { ParquetFault } from './parquet-thrift.js';
import { parquetError } from './parquet.js';
import { memoryAccess, readAll } from './random-access.js';
import { textOf, wholeLines } from './whole-lines.js';

/** Focus as it was read: row i of the file is index i. */
export interface FocusTable {
  readonly ids: Ids;
  readonly focus: Float64Array;
  /** Exact values by row; null where the file has none. */
  readonly focusExact: readonly string[] | null;
}

/** Rows collected so far. */
interface Collected {
  readonly name: string;
  readonly table: IdTable;
  focus: Float64Array;
  readonly exact: string[];
  count: number;
}

const EXACT = /^\d+(\.\d+)?$/;
const FIX = 'rows are id, focus[, focusExact], as `focus rank --out` writes them';

/**
 * Reads a file of focus rows (`-`: standard input; gzip and zstd are undone). Throws FocusError
 * `bad-input` with the place of a row that is no such row, an id that stands twice, or a focus that
 * is no finite number ≥ 0. Cost: about 1 µs a row.
 */
export async function readFocus(path: string): Promise<FocusTable> {
  const source = await openByteSource(path);
  try {
    const bytes = await readAll(source);
    const into: Collected = {
      name: source.name,
      table: createIdTable(),
      focus: new Float64Array(1024),
      exact: [],
      count: 0,
    };
    if (bytes.length >= 4 && textOf(bytes, 0, 4) === 'PAR1') await readRowsParquet(bytes, into);
    else await readRowsText(source, bytes, into);
    return finish(into);
  } finally {
    await source.close();
  }
}

/** Freezes the rows; exact values belong to all of them or to none. */
function finish(into: Collected): FocusTable {
  const { count, exact, name } = into;
  if (exact.length !== 0 && exact.length !== count) {
    const found = `${exact.length} of ${count} rows have an exact value`;
    const message = `${name}: ${found}, expected all or none`;
    throw new FocusError('bad-input', message, FIX);
  }
  return {
    ids: freezeIds(into.table),
    focus: into.focus.slice(0, count),
    focusExact: exact.length === 0 ? null : exact,
  };
}

/** Rows of text: a brace first means NDJSON, anything else is the header of CSV. */
async function readRowsText(source: ByteSource, bytes: Uint8Array, into: Collected): Promise<void> {
  const lines = { count: 0 };
  const once = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield bytes;
  };
  const scanner = createJsonScanner(source.name);
  let columns: readonly string[] | null = null;
  for await (const block of wholeLines(once(), source.name, lines)) {
    const text = block.bytes;
    for (let start = 0; start < text.length;) {
      const feed = text.indexOf(10, start);
      const end = feed < 0 ? text.length : feed;
      lines.count++;
      scanner.begin(text, start, end, lines.count);
      const first = scanner.peek();
      if (first === 0x7b && columns === null) readJsonRow(scanner, into);
      else if (first !== -1) {
        const fields = splitCsv(text, start, text[end - 1] === 13 ? end - 1 : end);
        const place = `${source.name}:${lines.count}:1`;
        if (columns === null) columns = header(fields, place);
        else readCsvRow(fields, columns, place, into);
      }
      start = end + 1;
    }
  }
}

/** One object; other keys are passed over. */
function readJsonRow(scanner: JsonScanner, into: Collected): void {
  scanner.take(0x7b, 'a JSON object');
  const seen = new Set<string>();
  for (let index = 0; scanner.peek() !== 0x7d; index++) {
    if (index > 0) scanner.take(0x2c, 'a comma or a closing brace');
    scanner.string('a key in quotes');
    const key = textOf(scanner.text, scanner.textStart, scanner.textEnd);
    if (seen.has(key))
      scanner.fail(scanner.tokenStart, '', `expected the key ${shown(key)} once, found it again`);
    seen.add(key);
    scanner.take(0x3a, 'a colon after the key');
    if (key === 'id') {
      scanner.string('a string as the id');
      addId(
        into,
        scanner.text,
        scanner.textStart,
        scanner.textEnd,
        scanner.place(scanner.tokenStart),
      );
    } else if (key === 'focus') {
      const value = scanner.number('a number as the focus');
      addFocus(into, value, scanner.place(scanner.tokenStart));
    } else if (key === 'focusExact') {
      scanner.string('a string as the exact focus');
      const text = textOf(scanner.text, scanner.textStart, scanner.textEnd);
      addExact(into, text, scanner.place(scanner.tokenStart));
    } else {
      scanner.skip();
    }
  }
  scanner.take(0x7d, 'a closing brace');
  if (!seen.has('id') || !seen.has('focus')) {
    scanner.fail(
      scanner.tokenStart,
      '',
      'expected the keys "id" and "focus" before the closing brace',
    );
  }
  into.count++;
  scanner.end();
}

/** The names of the columns, of which two are needed. */
function header(fields: readonly string[], place: string): readonly string[] {
  if (fields.includes('id') && fields.includes('focus')) return fields;
  const found = fields.map((field) => shown(field)).join(', ');
  throw new FocusError(
    'bad-input',
    `${place}: expected the columns id and focus, found ${found}`,
    FIX,
  );
}

/** One row of as many fields as the header has. */
function readCsvRow(
  fields: readonly string[],
  columns: readonly string[],
  place: string,
  into: Collected,
): void {
  if (fields.length !== columns.length) {
    throw new FocusError(
      'bad-input',
      `${place}: expected ${columns.length} fields, found ${fields.length}`,
      FIX,
    );
  }
  columns.forEach((column, i) => {
    const bytes = Buffer.from(fields[i]);
    if (column === 'id') addId(into, bytes, 0, bytes.length, place);
    else if (column === 'focus') addFocus(into, parseDecimal(bytes, 0, bytes.length), place);
    else if (column === 'focusExact') addExact(into, fields[i], place);
  });
  into.count++;
}

/** Splits a row at commas; a field in quotes may hold commas and doubled quotes. */
function splitCsv(bytes: Uint8Array, start: number, end: number): string[] {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/y;
  for (;;) {
    const match = field.exec(line);
    // A stray quote: the row then has a field more than it should.
    if (match === null) return [...fields, line];
    fields.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (field.lastIndex >= line.length && !match[0].endsWith(',')) return fields;
    if (field.lastIndex >= line.length) return [...fields, ''];
  }
}

/** The columns id and focus, which may not be null, and focusExact where it is there. */
async function readRowsParquet(bytes: Uint8Array, into: Collected): Promise<void> {
  const file = memoryAccess(into.name, bytes);
  try {
    const footer = await readFooter(file);
    const columnOf = (name: string): (typeof footer.columns)[number] | null =>
      footer.columns.find((column) => column.name === name) ?? null;
    const [id, focus, exact] = [columnOf('id'), columnOf('focus'), columnOf('focusExact')];
    if (
      id?.type !== 'bytes' ||
      focus?.type !== 'double' ||
      (exact !== null && exact.type !== 'bytes')
    ) {
      const found = footer.columns.map((column) => shown(column.name)).join(', ');
      throw new FocusError(
        'bad-input',
        `${into.name}: expected the columns id (text) and focus (double), found ${found}`,
        FIX,
      );
    }
    for (const group of footer.groups) {
      const columns = [];
      for (const column of exact === null ? [id, focus] : [id, focus, exact]) {
        const chunk = group.chunks[column.leaf];
        if (chunk === null || column.optional !== false)
          throw new ParquetFault('a column may be null');
        const part = await file.read(chunk.start, chunk.end);
        columns.push(await readChunk(part, chunk, column, group.rows, into.name));
      }
      const [ids, values, texts] = columns;
      for (let row = 0; row < group.rows; row++) {
        const place = `${into.name}: row ${into.count + 1}`;
        const at = ids.rows[row];
        addId(
          into,
          ids.store.bytes,
          at === 0 ? 0 : ids.store.ends[at - 1],
          ids.store.ends[at],
          place,
        );
        addFocus(into, values.store.doubles[values.rows[row]], place);
        if (texts !== undefined) {
          const k = texts.rows[row];
          addExact(
            into,
            textOf(texts.store.bytes, k === 0 ? 0 : texts.store.ends[k - 1], texts.store.ends[k]),
            place,
          );
        }
        into.count++;
      }
    }
  } catch (error) {
    throw parquetError(error, into.name);
  }
}

/** Adds an id, which must be new: its index is then the row. */
function addId(
  into: Collected,
  bytes: Uint8Array,
  start: number,
  end: number,
  place: string,
): void {
  let index: number;
  try {
    index = internId(into.table, bytes, start, end);
  } catch (error) {
    throw withPlace(error, place);
  }
  if (index === into.count) return;
  const id = shown(textOf(bytes, start, end));
  throw new FocusError('bad-input', `${place}: expected each id once, found ${id} again`, FIX);
}

/** Sets the focus of the row at hand. */
function addFocus(into: Collected, value: number, place: string): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new FocusError('bad-input', `${place}: expected a focus from 0 on, found ${value}`, FIX);
  }
  if (into.count === into.focus.length) {
    const grown = new Float64Array(2 * into.count);
    grown.set(into.focus);
    into.focus = grown;
  }
  into.focus[into.count] = value;
}

/** Adds the exact focus of the row at hand. */
function addExact(into: Collected, text: string, place: string): void {
  if (!EXACT.test(text)) {
    throw new FocusError(
      'bad-input',
      `${place}: expected an exact decimal, found ${shown(text)}`,
      FIX,
    );
  }
  into.exact.push(text);
}
