// Edge lists as text: CSV, TSV, or fields parted by blanks; one link a row.
//   from, to[, amount[, neuron[, karma[, price]]]]      or any order of columns under a header row
//   (see fields.ts)
// A byte parser: chunks are copied through one buffer that holds whole lines, rows are split and
// taken in blocks, and no string is made but for errors. Every error names file, line and column
// (1-based, the column in characters).

import { FocusError, shown } from '../base/errors.js';
import type { LinkBuilder } from '../graph/link-builder.js';
import {
  MAX_LINE_BYTES,
  createRowScanner,
  scanRows,
  skipToRow,
  splitRow,
} from './edge-list-rows.js';
import type { RowScanner, Separator } from './edge-list-rows.js';
import { BLOCK_ROWS, createRowSink, refusedField, sinkRows } from './edge-list-sink.js';
import type { RowSink } from './edge-list-sink.js';
import { HEADERLESS_FIELDS, fieldOfName, planColumns } from './fields.js';
import type { Field } from './fields.js';

/** How to read an edge list. */
export interface EdgeListOptions {
  /** What errors call the input, e.g. the file name. */
  readonly name: string;
  /** Default `auto`: by the first row, a tab, else a comma, else blanks. */
  readonly separator?: 'auto' | Separator;
  /** Default `auto`: the first row is a header if it names a from and a to column. */
  readonly header?: 'auto' | boolean;
}

/** What an edge list turned out to be. */
export interface EdgeListSummary {
  /** Links read. */
  readonly rows: number;
  /** Null where the input has no row. */
  readonly separator: Separator | null;
  /** Names in the header, or null where there is none. */
  readonly header: readonly string[] | null;
  /** Header columns that no field uses. */
  readonly ignored: readonly string[];
}

/** One reading under way. */
interface Reader {
  readonly name: string;
  readonly options: EdgeListOptions;
  readonly builder: LinkBuilder;
  readonly buffer: Uint8Array;
  /** Bytes in the buffer. */
  used: number;
  /** Lines before the buffer's first byte. */
  lines: number;
  /** Whether no line has been read, so that a byte order mark may stand at the front. */
  isFirst: boolean;
  /** Null, as the sink, until the first row has told separator and columns. */
  scanner: RowScanner | null;
  sink: RowSink | null;
  header: readonly string[] | null;
  ignored: readonly string[];
}

const LF = 0x0a;
// A piece, its fields and the slots they touch stay in a core's second cache.
const PIECE_BYTES = 1 << 18;
const MAX_COLUMNS = 1024;

/**
 * Reads an edge list into a builder. Chunks may split rows anywhere and may be reused by their
 * source afterwards. Throws FocusError `bad-input` at the first row that is not a link, e.g.
 * `graph.tsv:1042:7: expected a weight, found "abc"`; the builder is then useless. Cost: about 0.15
 * µs a row of integer ids, plus its new ids.
 */
export async function readEdgeList(
  chunks: AsyncIterable<Uint8Array>,
  builder: LinkBuilder,
  options: EdgeListOptions,
): Promise<EdgeListSummary> {
  const reader: Reader = {
    name: options.name,
    options,
    builder,
    // A whole line of the greatest length, a piece, and the LF that the last line may lack.
    buffer: new Uint8Array(MAX_LINE_BYTES + PIECE_BYTES + 2),
    used: 0,
    lines: 0,
    isFirst: true,
    scanner: null,
    sink: null,
    header: null,
    ignored: [],
  };
  const before = builder.count;
  for await (const chunk of chunks) feed(reader, chunk);
  if (reader.used > 0) {
    reader.buffer[reader.used++] = LF;
    drain(reader, reader.used);
  }
  return {
    rows: builder.count - before,
    separator: reader.scanner?.separator ?? null,
    header: reader.header,
    ignored: reader.ignored,
  };
}

/** Takes a chunk through the buffer, piece by piece, and reads the lines it completes. */
function feed(reader: Reader, chunk: Uint8Array): void {
  const { buffer } = reader;
  for (let read = 0; read < chunk.length;) {
    const piece = chunk.subarray(read, read + PIECE_BYTES);
    const from = reader.used;
    buffer.set(piece, from);
    reader.used += piece.length;
    read += piece.length;
    let end = reader.used;
    while (end > from && buffer[end - 1] !== LF) end--;
    if (end > from) drain(reader, end);
    if (reader.used > MAX_LINE_BYTES) {
      fail(
        reader,
        0,
        'expected a line of at most 1 MiB, found a longer one',
        'is this a text file?',
      );
    }
  }
}

/** Reads the whole lines in [0, end) and moves what follows to the front. */
function drain(reader: Reader, end: number): void {
  const { buffer } = reader;
  let stop = end;
  if (reader.isFirst) {
    reader.isFirst = false;
    if (buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) {
      buffer.copyWithin(0, 3, reader.used);
      reader.used -= 3;
      stop -= 3;
    }
  }
  const probe = reader.scanner ?? createRowScanner(buffer, 'comma', 1, 1);
  probe.at = 0;
  probe.lines = reader.lines;
  if (reader.scanner === null && skipToRow(probe, stop)) openFirstRow(reader, probe);
  const scanner = reader.scanner ?? probe;
  if (reader.sink !== null) readRows(reader, scanner, reader.sink, stop);
  failIfFaulty(reader, scanner);
  buffer.copyWithin(0, stop, reader.used);
  reader.used -= stop;
  reader.lines = scanner.lines;
}

/**
 * Splits and takes blocks of rows; rows before a faulty one are taken first, so the first fault
 * wins.
 */
function readRows(reader: Reader, scanner: RowScanner, sink: RowSink, end: number): void {
  while (scanner.at < end) {
    const rows = scanRows(scanner, end);
    takeRows(reader, scanner, sink, rows);
    failIfFaulty(reader, scanner);
  }
}

/** Hands split rows to the builder, or throws for their first refused field. */
function takeRows(reader: Reader, scanner: RowScanner, sink: RowSink, rows: number): void {
  if (rows === 0) return;
  const bad = sinkRows(sink, scanner, rows);
  if (bad < 0) return;
  throw refusedField(sink, scanner, bad, placeOf(reader, scanner.bounds[2 * bad]));
}

/** Settles separator, columns and header by the first row, and takes that row if it is a link. */
function openFirstRow(reader: Reader, probe: RowScanner): void {
  const { buffer, options, builder } = reader;
  const start = probe.at;
  const wanted = options.separator ?? 'auto';
  const separator = wanted === 'auto' ? separatorOf(buffer, start) : wanted;
  const wide = createRowScanner(buffer, separator, MAX_COLUMNS, 1);
  wide.at = start;
  wide.lines = probe.lines;
  const columns = splitRow(wide, 0);
  failIfFaulty(reader, wide);
  const names = Array.from({ length: Math.min(columns, MAX_COLUMNS) }, (_, k) =>
    Buffer.from(buffer.subarray(wide.bounds[2 * k], wide.bounds[2 * k + 1])).toString('utf8'),
  );
  const isHeader = options.header === true || (options.header !== false && looksLikeHeader(names));
  const fields = fieldsOfFirstRow(reader, names, columns, isHeader, start);
  reader.sink = createRowSink(builder, fields);
  const scanner = createRowScanner(buffer, separator, columns, BLOCK_ROWS);
  scanner.at = wide.at;
  scanner.lines = wide.lines;
  reader.scanner = scanner;
  if (isHeader) return;
  // Splitting may have unescaped quotes in place, so the row must not be split again.
  scanner.bounds.set(wide.bounds.subarray(0, 2 * columns));
  takeRows(reader, scanner, reader.sink, 1);
}

/** The fields of the columns: by the header's names, or else by position. */
function fieldsOfFirstRow(
  reader: Reader,
  names: readonly string[],
  columns: number,
  isHeader: boolean,
  start: number,
): readonly (Field | null)[] {
  if (columns > MAX_COLUMNS) {
    fail(reader, start, `expected at most ${MAX_COLUMNS} fields, found ${columns}`, 'drop columns');
  }
  if (isHeader) {
    const plan = planColumns(names, placeOf(reader, start));
    reader.header = names;
    reader.ignored = plan.ignored;
    return plan.fields;
  }
  if (columns < 2) {
    const fix = 'rows are from, to, amount, parted by tabs, commas or blanks';
    fail(reader, start, `expected at least the fields from and to, found ${shown(names[0])}`, fix);
  }
  if (columns > HEADERLESS_FIELDS.length) {
    const known = HEADERLESS_FIELDS.join(', ');
    const fix = `without a header the fields are ${known}; or add a header row`;
    fail(
      reader,
      start,
      `expected at most ${HEADERLESS_FIELDS.length} fields, found ${columns}`,
      fix,
    );
  }
  return HEADERLESS_FIELDS.slice(0, columns);
}

/** Whether a row names both ends and holds no number: `from to 5` is a link between two ids. */
function looksLikeHeader(names: readonly string[]): boolean {
  const fields = names.map(fieldOfName);
  const numbers = names.some((name) => /^[+-]?\.?\d/.test(name.trim()));
  return fields.includes('from') && fields.includes('to') && !numbers;
}

/** A tab anywhere in the first row, else a comma, else blanks. */
function separatorOf(buffer: Uint8Array, start: number): Separator {
  const line = buffer.subarray(start, buffer.indexOf(LF, start));
  if (line.includes(0x09)) return 'tab';
  return line.includes(0x2c) ? 'comma' : 'space';
}

function failIfFaulty(reader: Reader, scanner: RowScanner): void {
  const { fault } = scanner;
  if (fault !== null) fail(reader, fault.at, fault.message, fault.fix);
}

function fail(reader: Reader, at: number, message: string, fix: string): never {
  throw new FocusError('bad-input', `${placeOf(reader, at)}: ${message}`, fix);
}

/** `name:line:column` of a byte of the buffer. Cost O(at), on errors only. */
function placeOf(reader: Reader, at: number): string {
  const { buffer } = reader;
  let line = reader.lines + 1;
  let start = 0;
  for (let k = 0; k < at; k++) {
    if (buffer[k] !== LF) continue;
    line++;
    start = k + 1;
  }
  let column = 1;
  // Continuation bytes of UTF-8 do not begin a character.
  for (let k = start; k < at; k++) if ((buffer[k] & 0xc0) !== 0x80) column++;
  return `${reader.name}:${line}:${column}`;
}
