// Parquet output through hyparquet-writer: row groups of 100,000 rows, each passed on before the
// next is made, so memory is that of one row group. Texts are UTF-8 strings with a dictionary where
// it helps, numbers doubles; pages are Snappy-compressed.

import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ByteSink } from './atomic-file.js';

/**
 * A column to write; `value` is asked once for each row, in order. Null is allowed where `optional`
 * is true.
 */
export type OutputColumn =
  | {
      readonly name: string;
      readonly kind: 'text';
      readonly optional: boolean;
      readonly value: (row: number) => string | null;
    }
  | {
      readonly name: string;
      readonly kind: 'number';
      readonly optional: boolean;
      readonly value: (row: number) => number | null;
    };

const GROUP_ROWS = 100_000;

/** A Parquet file that grows by row groups. */
export interface ParquetGroups {
  /** Writes a row group of `count` rows, of which the first is row `start` of the columns. */
  write(start: number, count: number): Promise<void>;
  /** Writes the end of the file. */
  finish(): Promise<void>;
}

/**
 * Writes `rows` rows of the columns as one Parquet file. Cost: about 0.5 s a million rows of text.
 */
export async function writeParquet(
  sink: ByteSink,
  rows: number,
  columns: readonly OutputColumn[],
): Promise<void> {
  const groups = openParquet(sink, columns);
  for (let start = 0; start < rows; start += GROUP_ROWS) {
    await groups.write(start, Math.min(GROUP_ROWS, rows - start));
  }
  await groups.finish();
}

/** Begins a Parquet file; memory is that of one row group. */
export function openParquet(sink: ByteSink, columns: readonly OutputColumn[]): ParquetGroups {
  const buffer = new ByteWriter(1 << 20);
  // The library's position in the file is `offset`; `index` is its position in the buffer, which
  // each pass empties.
  const positions = buffer as ByteWriter & { index: number };
  const pass = async (): Promise<void> => {
    const bytes = buffer.getBytes().slice();
    positions.index = 0;
    if (bytes.length > 0) await sink.write(bytes);
  };
  const root: SchemaElement = { name: 'root', num_children: columns.length };
  const parquet = new ParquetWriter({
    writer: buffer,
    schema: [root, ...columns.map(elementOf)],
    codec: 'SNAPPY',
    createdBy: 'focus-engine',
  });
  return {
    write: async (start, count) => {
      const columnData = columns.map((column) => ({
        name: column.name,
        data: valuesOf(column, start, count),
      }));
      await parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
      await pass();
    },
    finish: async () => {
      await parquet.finish();
      await pass();
    },
  };
}

/** The schema of a column. */
function elementOf(column: OutputColumn): SchemaElement {
  const repetition = {
    name: column.name,
    repetition_type: column.optional ? 'OPTIONAL' : 'REQUIRED',
  } as const;
  if (column.kind === 'number') return { ...repetition, type: 'DOUBLE' };
  return {
    ...repetition,
    type: 'BYTE_ARRAY',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
  };
}

/** The values of one row group. */
function valuesOf(column: OutputColumn, start: number, count: number): Float64Array | unknown[] {
  if (column.kind === 'number' && !column.optional) {
    return Float64Array.from({ length: count }, (_, i) => column.value(start + i) ?? NaN);
  }
  return Array.from({ length: count }, (_, i) => column.value(start + i));
}
