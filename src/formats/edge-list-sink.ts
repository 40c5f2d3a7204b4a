// Takes split rows of an edge list to the link builder, column by column over a block of rows: one
// loop a field keeps the code of each small, and ids reach the id table in batches whose cache
// misses overlap.

import type { FocusError } from '../base/errors.js';
import type { LinkBuilder, ValueColumn } from '../graph/link-builder.js';
import { NO_NEURON } from '../graph/links.js';
import { isRoundedInteger, parseDecimal } from './decimal.js';
import type { RowScanner } from './edge-list-rows.js';
import { fieldError, isInRange, parseDate, withPlace } from './fields.js';
import type { Field } from './fields.js';

/** Rows of one block: their particles fill one batch of the id table. */
export const BLOCK_ROWS = 512;

/** Which column of a row holds which field, and the scratch of one block. */
export interface RowSink {
  /** Where the links go. */
  readonly builder: LinkBuilder;
  /** Field of each column, null for ignored ones. */
  readonly fields: readonly (Field | null)[];
  /** The same the other way round. */
  readonly columnOf: ReadonlyMap<Field, number>;
  /**
   * Byte bounds of a batch of ids: from, to, from, to, … of particles, or the neurons there are.
   */
  readonly idBounds: Int32Array;
  /** Particle indices: from, to, from, to, … */
  readonly ends: Uint32Array;
  /** All 1 where there is no amount column. */
  readonly amounts: Float64Array;
  /** One array for each optional column there is. */
  readonly values: ReadonlyMap<ValueColumn, Float64Array>;
  readonly neurons: Uint32Array;
}

const VALUE_COLUMNS: readonly ValueColumn[] = ['karma', 'price', 'valence', 'will', 'time'];

/** A sink of rows whose columns hold the given fields (null: ignored). */
export function createRowSink(builder: LinkBuilder, fields: readonly (Field | null)[]): RowSink {
  const columnOf = new Map<Field, number>();
  fields.forEach((field, column) => field !== null && columnOf.set(field, column));
  const present = VALUE_COLUMNS.filter((column) => columnOf.has(column));
  return {
    builder,
    fields,
    columnOf,
    idBounds: new Int32Array(4 * BLOCK_ROWS),
    ends: new Uint32Array(2 * BLOCK_ROWS),
    amounts: new Float64Array(BLOCK_ROWS).fill(1),
    values: new Map(present.map((column) => [column, new Float64Array(BLOCK_ROWS)])),
    neurons: new Uint32Array(BLOCK_ROWS),
  };
}

/**
 * Appends the rows of the scanner's last call. Returns −1, or the number row · columns + column of
 * the first field that is refused; then the builder holds none of these rows.
 */
export function sinkRows(sink: RowSink, scanner: RowScanner, rows: number): number {
  const { builder, columnOf } = sink;
  const none = rows * scanner.columns;
  let bad = Math.min(none, takeParticles(sink, scanner, rows));
  if (columnOf.has('amount')) bad = Math.min(bad, takeAmounts(sink, scanner, rows));
  if (columnOf.has('neuron')) bad = Math.min(bad, takeNeurons(sink, scanner, rows));
  for (const [column, values] of sink.values) {
    bad = Math.min(bad, takeValues(sink, scanner, rows, column, values));
  }
  if (bad < none) return bad;
  builder.addRows(sink.ends, sink.amounts, rows);
  if (columnOf.has('neuron')) builder.setNeurons(sink.neurons, rows);
  for (const [column, values] of sink.values) builder.setValues(column, values, rows);
  return -1;
}

/** The error for a field that sinkRows refused. */
export function refusedField(
  sink: RowSink,
  scanner: RowScanner,
  field: number,
  place: string,
): FocusError {
  const start = scanner.bounds[2 * field];
  const end = scanner.bounds[2 * field + 1];
  const kind = sink.fields[field % scanner.columns];
  if (kind === null || kind === 'from' || kind === 'to' || kind === 'neuron') {
    try {
      // The id table knows why: it refuses the id once more.
      if (kind === 'neuron') sink.builder.neuron(scanner.buffer, start, end);
      else sink.builder.particle(scanner.buffer, start, end);
    } catch (error) {
      return withPlace(error, place) as FocusError;
    }
  }
  return fieldError(kind as ValueColumn | 'amount', textOf(scanner, start, end), place);
}

// Every take… reads one column of the block into scratch and returns the number of the first field
// it refuses, or Infinity; nothing reaches the builder's columns before all of them agree.

/** Interns from and to of every row, in this order whatever that of the columns. */
function takeParticles(sink: RowSink, scanner: RowScanner, rows: number): number {
  const { bounds, columns, buffer } = scanner;
  const { idBounds } = sink;
  const from = 2 * (sink.columnOf.get('from') ?? 0);
  const to = 2 * (sink.columnOf.get('to') ?? 1);
  for (let row = 0, base = 0; row < rows; row++, base += 2 * columns) {
    idBounds[4 * row] = bounds[base + from];
    idBounds[4 * row + 1] = bounds[base + from + 1];
    idBounds[4 * row + 2] = bounds[base + to];
    idBounds[4 * row + 3] = bounds[base + to + 1];
  }
  const taken = sink.builder.internBatch('particle', buffer, idBounds, 2 * rows, sink.ends);
  if (taken === 2 * rows) return Infinity;
  return (taken >>> 1) * columns + ((taken & 1) === 0 ? from : to) / 2;
}

/** Interns the neurons there are; an empty field is a link without one. */
function takeNeurons(sink: RowSink, scanner: RowScanner, rows: number): number {
  const { bounds, columns, buffer } = scanner;
  const { idBounds, neurons } = sink;
  const column = sink.columnOf.get('neuron') ?? 0;
  const rowOf: number[] = [];
  for (let row = 0; row < rows; row++) {
    const at = 2 * (row * columns + column);
    neurons[row] = NO_NEURON;
    if (bounds[at] === bounds[at + 1]) continue;
    idBounds[2 * rowOf.length] = bounds[at];
    idBounds[2 * rowOf.length + 1] = bounds[at + 1];
    rowOf.push(row);
  }
  const found = new Uint32Array(rowOf.length);
  const taken = sink.builder.internBatch('neuron', buffer, idBounds, rowOf.length, found);
  for (let k = 0; k < taken; k++) neurons[rowOf[k]] = found[k];
  return taken === rowOf.length ? Infinity : rowOf[taken] * columns + column;
}

/** Parses the amounts; an empty one is refused, for a missing stake is no stake of 1. */
function takeAmounts(sink: RowSink, scanner: RowScanner, rows: number): number {
  const { bounds, columns, buffer } = scanner;
  const { amounts, builder } = sink;
  const column = sink.columnOf.get('amount') ?? 0;
  for (let row = 0; row < rows; row++) {
    const field = row * columns + column;
    const start = bounds[2 * field];
    const end = bounds[2 * field + 1];
    const value = parseDecimal(buffer, start, end);
    if (!(value >= 0 && value < Infinity)) return field;
    if (value >= 9007199254740992 && isRoundedInteger(buffer, start, end, value)) {
      builder.noteRoundedAmount();
    }
    amounts[row] = value;
  }
  return Infinity;
}

/** An empty field leaves the default; anything else must be in range. */
function takeValues(
  sink: RowSink,
  scanner: RowScanner,
  rows: number,
  column: ValueColumn,
  values: Float64Array,
): number {
  const { bounds, columns, buffer } = scanner;
  const place = sink.columnOf.get(column) ?? 0;
  for (let row = 0; row < rows; row++) {
    const field = row * columns + place;
    const start = bounds[2 * field];
    const end = bounds[2 * field + 1];
    let value = NaN;
    if (start < end) {
      value = parseDecimal(buffer, start, end);
      if (column === 'time' && value !== value) value = parseDate(textOf(scanner, start, end));
      if (!isInRange(column, value)) return field;
    }
    values[row] = value;
  }
  return Infinity;
}

/** A field as a string: for errors and dates alone. */
function textOf(scanner: RowScanner, start: number, end: number): string {
  return Buffer.from(scanner.buffer.subarray(start, end)).toString('utf8');
}
