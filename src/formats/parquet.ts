// Links from a Parquet file: one row a link, columns as fields.ts names them.
// Ids are texts or integers, kept exactly; numbers are integers, floats or decimals; a time may be
// a date or timestamp. Row groups are decoded one at a time, and an id in a dictionary is looked up
// once per row group. The decoder is our own because those on npm trust counts and run lengths of
// the file, so that a damaged one can exhaust memory; their codecs are used.

import { FocusError } from '../base/errors.js';
import type { LinkBuilder } from '../graph/link-builder.js';
import { NO_NEURON } from '../graph/links.js';
import {
  type Field,
  type NumericField,
  fieldError,
  isInRange,
  parseField,
  planColumns,
} from './fields.js';
import { type ColumnValues, NULL_ROW, readChunk } from './parquet-chunk.js';
import {
  type ParquetColumn,
  type ParquetFooter,
  type RowGroup,
  readFooter,
} from './parquet-footer.js';
import { ParquetFault } from './parquet-thrift.js';
import type { RandomAccess } from './random-access.js';

/** What a reader of Parquet links has to tell besides the links. */
export interface ParquetNotes {
  readonly rows: number;
  /** Names of columns that mean nothing to this engine and were left out. */
  readonly ignored: readonly string[];
  /** Whether there is no column of amounts, so that every link counts 1. */
  readonly unitAmounts: boolean;
}

/** A column to read, and what it is. */
interface PlannedColumn {
  readonly field: Field;
  readonly column: ParquetColumn;
}

const IDS: readonly Field[] = ['from', 'to', 'neuron'];
const LARGEST_NUMBER_ID = 1e15;
const TWO_TO_64 = 2n ** 64n;

/**
 * Reads all rows into the builder.
 *
 * Throws FocusError `bad-input` for a damaged file, a missing column (naming those found), and a
 * null or a value out of range (naming row and column, rows counted from 1). Cost: about 1 s a
 * million rows of text; memory: one row group.
 */
export async function readParquet(file: RandomAccess, builder: LinkBuilder): Promise<ParquetNotes> {
  const { name } = file;
  try {
    const footer = await readFooter(file);
    const { planned, ignored } = plan(footer, name);
    let rows = 0;
    for (const group of footer.groups) {
      if (group.rows > 0) await readGroup(file, builder, group, planned, rows);
      rows += group.rows;
    }
    return { rows, ignored, unitAmounts: !planned.some(({ field }) => field === 'amount') };
  } catch (error) {
    throw parquetError(error, name);
  }
}

/**
 * An error met while reading Parquet, as a FocusError with its cause; other people's exceptions
 * mean damage.
 */
export function parquetError(error: unknown, name: string): FocusError {
  if (error instanceof FocusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const fix = 'write the file again, uncompressed or with snappy, gzip, zstd, brotli or lz4';
  const what =
    error instanceof ParquetFault ? 'not a Parquet file that can be read' : 'corrupt Parquet';
  return new FocusError('bad-input', `${name}: ${what}: ${message}`, fix, { cause: error });
}

/** Which columns hold what; each must be flat and of a type that fits its field. */
function plan(
  footer: ParquetFooter,
  name: string,
): { readonly planned: readonly PlannedColumn[]; readonly ignored: readonly string[] } {
  const { fields, ignored } = planColumns(
    footer.columns.map((column) => column.name),
    name,
  );
  const planned: PlannedColumn[] = [];
  fields.forEach((field, i) => {
    if (field === null) return;
    const column = footer.columns[i];
    const isText = column.type === 'bytes' || column.type === 'fixed';
    const isPlain = column.unitsPerSecond === 1 && column.places < 0;
    const isInteger = (column.type === 'int32' || column.type === 'int64') && isPlain;
    const fits = IDS.includes(field) ? isText || isInteger : column.type !== 'other';
    if (column.optional === null || !fits) {
      const wanted = IDS.includes(field) ? 'text or integers' : 'numbers';
      const expected = `expected the column "${column.name}" to hold ${wanted}`;
      const message = `${name}: ${expected}, found another type`;
      throw new FocusError('bad-input', message, 'convert the column to text, integers or doubles');
    }
    planned.push({ field, column });
  });
  return { planned, ignored };
}

/** Decodes the columns of one row group and adds its rows, ids in the order from, to. */
async function readGroup(
  file: RandomAccess,
  builder: LinkBuilder,
  group: RowGroup,
  planned: readonly PlannedColumn[],
  firstRow: number,
): Promise<void> {
  const numbers = new Map<NumericField, Float64Array>();
  const ids = new Map<Field, { readonly planned: PlannedColumn; readonly values: ColumnValues }>();
  for (const one of planned) {
    const chunk = group.chunks[one.column.leaf];
    if (chunk === null)
      throw new ParquetFault(`the column "${one.column.name}" is in another file`);
    const bytes = await file.read(chunk.start, chunk.end);
    const values = await readChunk(bytes, chunk, one.column, group.rows, file.name);
    if (IDS.includes(one.field)) ids.set(one.field, { planned: one, values });
    else {
      const field = one.field as NumericField;
      numbers.set(
        field,
        numbersOf(one.column, field, values, builder, `${file.name}: row`, firstRow),
      );
    }
  }
  const from = ids.get('from') as { planned: PlannedColumn; values: ColumnValues };
  const to = ids.get('to') as { planned: PlannedColumn; values: ColumnValues };
  const place = `${file.name}: row`;
  const fromOf = idReader(builder, from.planned, from.values, place, firstRow);
  const toOf = idReader(builder, to.planned, to.values, place, firstRow);
  const amounts = numbers.get('amount') ?? null;
  for (let row = 0; row < group.rows; row++) {
    const p = fromOf(row);
    builder.addRow(p, toOf(row), amounts === null ? 1 : amounts[row]);
  }
  addOptional(builder, group.rows, numbers);
  const neuron = ids.get('neuron');
  if (neuron !== undefined && group.rows > 0) {
    const neuronOf = idReader(builder, neuron.planned, neuron.values, place, firstRow);
    const indices = new Uint32Array(group.rows);
    for (let row = 0; row < group.rows; row++) indices[row] = neuronOf(row);
    builder.setNeurons(indices, group.rows);
  }
}

/** Sets the optional numbers of the rows just added. */
function addOptional(
  builder: LinkBuilder,
  rows: number,
  numbers: ReadonlyMap<NumericField, Float64Array>,
): void {
  for (const [field, values] of numbers) {
    if (field !== 'amount' && rows > 0) builder.setValues(field, values, rows);
  }
}

/**
 * A function from a row of the group to the index of its id; indices of stored values are
 * remembered.
 */
function idReader(
  builder: LinkBuilder,
  { field, column }: PlannedColumn,
  { store, rows }: ColumnValues,
  place: string,
  firstRow: number,
): (row: number) => number {
  const unknown = 0xffffffff;
  const known = new Uint32Array(store.count).fill(unknown);
  const intern = (at: number): number => {
    if (store.kind === 'text') {
      const start = at === 0 ? 0 : store.ends[at - 1];
      if (field === 'neuron') return builder.neuron(store.bytes, start, store.ends[at]);
      return builder.particle(store.bytes, start, store.ends[at]);
    }
    const value =
      store.kind === 'integer' ? integerAt(store.integers[at], column) : store.doubles[at];
    if (field === 'neuron') return builder.neuronOf(String(value));
    const number = Number(value);
    if (number >= 0 && number <= LARGEST_NUMBER_ID) return builder.particleNumber(number);
    return builder.particleOf(String(value));
  };
  return (row) => {
    const at = rows[row];
    if (at === NULL_ROW) {
      if (field === 'neuron') return NO_NEURON;
      throw rowError(place, firstRow + row, column, 'expected an id, found null');
    }
    if (known[at] !== unknown) return known[at];
    try {
      return (known[at] = intern(at));
    } catch (error) {
      if (!(error instanceof FocusError) || error.code !== 'bad-input') throw error;
      throw rowError(place, firstRow + row, column, error.message, error.fix);
    }
  };
}

/** The numbers of a column by row, checked; NaN stands for a null in an optional field. */
function numbersOf(
  column: ParquetColumn,
  field: NumericField,
  { store, rows }: ColumnValues,
  builder: LinkBuilder,
  place: string,
  firstRow: number,
): Float64Array {
  const values = new Float64Array(rows.length);
  for (let row = 0; row < rows.length; row++) {
    const at = rows[row];
    if (at === NULL_ROW) {
      if (field === 'amount')
        throw rowError(place, firstRow + row, column, 'expected a weight, found null');
      values[row] = NaN;
      continue;
    }
    let value: number;
    let exact = true;
    if (store.kind === 'double') {
      value = meaningOf(store.doubles[at], column);
    } else if (store.kind === 'integer') {
      const integer = integerAt(store.integers[at], column);
      value = meaningOf(integer, column);
      exact = column.places > 0 || BigInt(Number(integer)) === integer;
    } else {
      const bytes = store.bytes.subarray(at === 0 ? 0 : store.ends[at - 1], store.ends[at]);
      ({ value, exact } = numberInText(bytes, column, field));
    }
    if (!isInRange(field, value)) {
      const raw = store.kind === 'text' && column.places < 0 ? textAt(store, at) : String(value);
      throw fieldError(field, raw, `${place} ${firstRow + row + 1}, column "${column.name}"`);
    }
    values[row] = value + 0; // −0 becomes 0
    if (field === 'amount' && !exact) builder.noteRoundedAmount();
  }
  return values;
}

/** A number written as text, or a decimal in big-endian two's complement. */
function numberInText(
  bytes: Uint8Array,
  column: ParquetColumn,
  field: NumericField,
): { readonly value: number; readonly exact: boolean } {
  if (column.places < 0) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString();
    return { value: bytes.length > 64 ? NaN : parseField(field, text), exact: true };
  }
  let unscaled = 0n;
  for (const byte of bytes.subarray(0, 64)) unscaled = (unscaled << 8n) | BigInt(byte);
  const bits = 8n * BigInt(Math.min(bytes.length, 64));
  if (bytes.length > 0 && bytes[0] > 127) unscaled -= 1n << bits;
  const exact = column.places > 0 || BigInt(Number(unscaled)) === unscaled;
  return { value: meaningOf(unscaled, column), exact };
}

/**
 * What a stored number means, rounded once: a decimal through its decimal notation, a time by a
 * division.
 */
function meaningOf(stored: number | bigint, column: ParquetColumn): number {
  if (column.places > 0) return Number(`${stored}e-${column.places}`);
  const value = Number(stored);
  if (column.unitsPerSecond === 1) return value;
  return column.unitsPerSecond < 1 ? value * 86400 : value / column.unitsPerSecond;
}

/** A stored integer under the sign of its column. No BigInt.asUintN: see xxh64.ts. */
function integerAt(stored: bigint, column: ParquetColumn): bigint {
  return column.unsigned && stored < 0n ? stored + TWO_TO_64 : stored;
}

/** The start of a stored text, for an error. */
function textAt(store: ColumnValues['store'], at: number): string {
  const start = at === 0 ? 0 : store.ends[at - 1];
  return Buffer.from(store.bytes.subarray(start, Math.min(store.ends[at], start + 64))).toString();
}

/** The error for a row, counted from 1, and a column. */
function rowError(
  place: string,
  row: number,
  column: ParquetColumn,
  message: string,
  fix = '',
): FocusError {
  const text = `${place} ${row + 1}, column "${column.name}": ${message}`;
  return new FocusError('bad-input', text, fix || 'remove the row, or fill the value in');
}
