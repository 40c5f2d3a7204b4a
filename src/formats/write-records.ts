// Records that come one after the other, of any number, as CSV, JSON, NDJSON or Parquet, in the memory
// of a few thousand of them. CSV and Parquet have the columns, JSON and NDJSON the records themselves.

import { writeAtomically, type ByteSink } from './atomic-file.js';
import type { ParquetGroups } from './parquet-writer.js';
import { createTextWriter } from './text-writer.js';
import { csvField } from './write-table.js';

export const RECORD_FORMATS = ['csv', 'json', 'ndjson', 'parquet'] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

/** A column of text or numbers; null is an empty field. */
export interface RecordColumn<T> {
  readonly name: string;
  readonly kind: 'text' | 'number';
  readonly value: (record: T) => string | number | null;
}

/** How records become rows and JSON. */
export interface RecordShape<T> {
  readonly columns: readonly RecordColumn<T>[];
  /** Plain JSON of a record. */
  readonly json: (record: T) => unknown;
}

/** Rows of a Parquet group: 20 MB of the longest usual texts. */
const GROUP_ROWS = 20_000;

/**
 * Writes records to `path` (`-`: standard output), all or nothing, and returns their number. Throws
 * FocusError `failure` where the file cannot be written, and what `records` throws.
 */
export async function writeRecords<T>(
  path: string,
  format: RecordFormat,
  shape: RecordShape<T>,
  records: AsyncIterable<T>,
): Promise<number> {
  let count = 0;
  await writeAtomically(path, async (sink) => {
    count =
      format === 'parquet'
        ? await writeGroups(sink, shape, records)
        : await writeText(sink, format, shape, records);
  });
  return count;
}

async function writeText<T>(
  sink: ByteSink,
  format: 'csv' | 'json' | 'ndjson',
  { columns, json }: RecordShape<T>,
  records: AsyncIterable<T>,
): Promise<number> {
  const writer = createTextWriter(sink);
  let count = 0;
  if (format === 'csv') writer.text(`${columns.map(({ name }) => csvField(name)).join(',')}\n`);
  for await (const record of records) {
    if (format === 'csv') {
      writer.text(`${columns.map(({ value }) => csvField(value(record))).join(',')}\n`);
    } else if (format === 'ndjson') writer.text(`${JSON.stringify(json(record))}\n`);
    else writer.text(`${count === 0 ? '[' : ','}\n${JSON.stringify(json(record))}`);
    count++;
    const pending = writer.endRow();
    if (pending !== null) await pending;
  }
  if (format === 'json') writer.text(count === 0 ? '[]\n' : '\n]\n');
  await writer.flush();
  return count;
}

async function writeGroups<T>(
  sink: ByteSink,
  { columns }: RecordShape<T>,
  records: AsyncIterable<T>,
): Promise<number> {
  const { openParquet } = await import('./parquet-writer.js');
  let group: T[] = [];
  let count = 0;
  const groups: ParquetGroups = openParquet(
    sink,
    columns.map(({ name, kind, value }) =>
      kind === 'text'
        ? { name, kind, optional: true, value: (row) => value(group[row]) as string | null }
        : { name, kind, optional: true, value: (row) => value(group[row]) as number | null },
    ),
  );
  for await (const record of records) {
    group.push(record);
    count++;
    if (group.length < GROUP_ROWS) continue;
    await groups.write(0, group.length);
    group = [];
  }
  if (group.length > 0) await groups.write(0, group.length);
  await groups.finish();
  return count;
}
