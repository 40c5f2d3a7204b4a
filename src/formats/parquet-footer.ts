// The footer of a Parquet file: its flat columns, and where each of their chunks lies.
//   "PAR1"  column chunks …  metadata (Thrift)  length of the metadata, u32  "PAR1"
// Offsets and sizes are checked against the length of the file here, so that the readers of chunks
// need not ask again.

import {
  ParquetFault,
  type ThriftStruct,
  numberOf,
  readStruct,
  structOf,
  structsOf,
  textIn,
  textsOf,
} from './parquet-thrift.js';
import type { RandomAccess } from './random-access.js';

/** Physical types that can hold an id or a number, by their code in the format. */
export type PhysicalType = 'int32' | 'int64' | 'float' | 'double' | 'bytes' | 'fixed' | 'other';

/** A top-level column. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: PhysicalType;
  /** Bytes of a value of type `fixed`. */
  readonly width: number;
  /** Whether rows may be null; null for a nested or repeated column, which is not read. */
  readonly optional: boolean | null;
  readonly unsigned: boolean;
  /** Units of a stored date or time in a second; 1 for plain numbers, below 1 for days. */
  readonly unitsPerSecond: number;
  /** Decimal places of a decimal, value = stored · 10^−places; −1 for other types. */
  readonly places: number;
  /** Position among the leaves of the schema: the chunk of this column in each row group. */
  readonly leaf: number;
}

/** The bytes of one column in one row group. */
export interface ColumnChunk {
  readonly codec: number;
  readonly start: number;
  readonly end: number;
}

/** A run of rows. */
export interface RowGroup {
  readonly rows: number;
  /** By leaf; null for a chunk that is in another file, and where there are no rows. */
  readonly chunks: readonly (ColumnChunk | null)[];
}

/** What the footer tells, checked. */
export interface ParquetFooter {
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly RowGroup[];
}

/** Rows of a group above this are refused: writers use about a million. */
export const MAX_GROUP_ROWS = 1 << 26;

const MAX_FOOTER_BYTES = 64 << 20;
const PHYSICAL: readonly PhysicalType[] = [
  'other',
  'int32',
  'int64',
  'other',
  'float',
  'double',
  'bytes',
  'fixed',
];
const UNSIGNED_CONVERTED = [11, 12, 13, 14];
/** Converted types of times: date (days), timestamps in milliseconds and in microseconds. */
const CONVERTED_UNITS = new Map([
  [6, 1 / 86400],
  [9, 1e3],
  [10, 1e6],
]);
const CONVERTED_DECIMAL = 5;

/** Reads and checks the footer. Throws ParquetFault. Cost O(footer). */
export async function readFooter(file: RandomAccess): Promise<ParquetFooter> {
  const { size } = file;
  if (size < 12) throw new ParquetFault('it is too short');
  const head = await file.read(0, 4);
  const tail = await file.read(size - 8, size);
  const encrypted = magic(tail, 4) === 'PARE';
  if (encrypted) throw new ParquetFault('it is encrypted');
  if (magic(head, 0) !== 'PAR1' || magic(tail, 4) !== 'PAR1') {
    throw new ParquetFault('it does not start and end with PAR1 (truncated?)');
  }
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (length > size - 12)
    throw new ParquetFault(`its metadata of ${length} bytes is longer than the file`);
  if (length > MAX_FOOTER_BYTES)
    throw new ParquetFault(`its metadata takes ${length} bytes, at most 64 MiB are read`);
  const bytes = await file.read(size - 8 - length, size - 8);
  const metadata = readStruct({ bytes, at: 0, end: bytes.length });
  const { columns, leaves } = readSchema(structsOf(metadata, 2));
  const groups = structsOf(metadata, 4).map((group) => readGroup(group, leaves, size - 8 - length));
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  if (rows !== numberOf(metadata, 3)) {
    throw new ParquetFault(
      `its row groups hold ${rows} rows where ${numberOf(metadata, 3)} are announced`,
    );
  }
  return { columns, groups };
}

/**
 * The schema is a tree in depth-first order; only the root's own leaves are columns that can be
 * read.
 */
function readSchema(elements: readonly ThriftStruct[]): {
  readonly columns: readonly ParquetColumn[];
  readonly leaves: number;
} {
  if (elements.length === 0) throw new ParquetFault('it has no schema');
  const columns: ParquetColumn[] = [];
  let leaves = 0;
  let at = 1;
  /** Children still to come of the groups that are open. */
  const open: number[] = [];
  for (let rest = numberOf(elements[0], 5, 0); rest > 0; rest--) {
    if (at >= elements.length) throw new ParquetFault('its schema is cut off');
    const element = elements[at++];
    const children = numberOf(element, 5, 0);
    if (children === 0) {
      columns.push(columnOf(element, leaves++));
      continue;
    }
    columns.push({ ...columnOf(element, -1), optional: null });
    open.push(children);
    while (open.length > 0) {
      if (open[open.length - 1] === 0) {
        open.pop();
        continue;
      }
      open[open.length - 1]--;
      if (at >= elements.length) throw new ParquetFault('its schema is cut off');
      const below = numberOf(elements[at++], 5, 0);
      if (below > 0) open.push(below);
      else leaves++;
    }
  }
  return { columns, leaves };
}

/** A schema element as a column; both the older and the newer notation of types are understood. */
function columnOf(element: ThriftStruct, leaf: number): ParquetColumn {
  const repetition = numberOf(element, 3, 0);
  const converted = numberOf(element, 6, -1);
  const logical = structOf(element, 10);
  const integer = logical === null ? null : structOf(logical, 10);
  const decimalType = logical === null ? null : structOf(logical, 5);
  const decimal = converted === CONVERTED_DECIMAL || decimalType !== null;
  const digits = decimalType === null ? numberOf(element, 7, 0) : numberOf(decimalType, 1, 0);
  let unitsPerSecond = CONVERTED_UNITS.get(converted) ?? 1;
  if (logical !== null && logical.has(6)) unitsPerSecond = 1 / 86400;
  const timestamp = logical === null ? null : structOf(logical, 8);
  if (timestamp !== null) unitsPerSecond = unitOf(timestamp);
  if (decimal && !(digits >= 0 && digits <= 99)) {
    throw new ParquetFault(`a decimal column has ${digits} decimal places`);
  }
  return {
    name: textIn(element, 4),
    type: PHYSICAL[numberOf(element, 1, 0)] ?? 'other',
    width: numberOf(element, 2, 0),
    optional: repetition === 2 ? null : repetition === 1,
    unsigned:
      UNSIGNED_CONVERTED.includes(converted) || (integer !== null && integer.get(2) === false),
    unitsPerSecond,
    places: decimal ? digits : -1,
    leaf,
  };
}

/** Units of a timestamp in a second. */
function unitOf(timestamp: ThriftStruct): number {
  const unit = structOf(timestamp, 2);
  if (unit === null) return 1;
  return unit.has(1) ? 1e3 : unit.has(2) ? 1e6 : 1e9;
}

/** A row group with one chunk for each leaf of the schema. */
function readGroup(group: ThriftStruct, leaves: number, limit: number): RowGroup {
  const rows = numberOf(group, 3);
  if (!(rows >= 0 && rows <= MAX_GROUP_ROWS)) {
    throw new ParquetFault(`a row group has ${rows} rows, at most ${MAX_GROUP_ROWS} are read`);
  }
  const chunks = structsOf(group, 1).map((chunk) => (rows === 0 ? null : readChunk(chunk, limit)));
  if (chunks.length !== leaves) {
    throw new ParquetFault(
      `a row group has ${chunks.length} columns where the schema has ${leaves}`,
    );
  }
  return { rows, chunks };
}

/** Where a chunk lies, from the first of its pages to the end; inside the file. */
function readChunk(chunk: ThriftStruct, limit: number): ColumnChunk | null {
  const metadata = structOf(chunk, 3);
  if (metadata === null || chunk.has(1)) return null;
  textsOf(metadata, 3);
  const data = numberOf(metadata, 9);
  const dictionary = numberOf(metadata, 11, 0);
  // Some writers give 0 for no dictionary, some a place after the data: only one before the data
  // counts.
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  const end = start + numberOf(metadata, 7);
  if (!(start >= 4 && end >= start && end <= limit)) {
    throw new ParquetFault(`a column lies at bytes ${start} to ${end}, outside the file`);
  }
  return { codec: numberOf(metadata, 4), start, end };
}

/** Four bytes as text. */
function magic(bytes: Uint8Array, start: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + 4));
}
