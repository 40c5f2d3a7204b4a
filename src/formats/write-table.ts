// Rows of results with named columns, as NDJSON, CSV or Parquet by the extension of the file. Numbers
// are the shortest decimal that reads back bit for bit; a null is an absent key, an empty field, or a
// null of Parquet.

import { writeAtomically, type ByteSink } from './atomic-file.js';
import type { OutputColumn } from './parquet-writer.js';
import { createTextWriter } from './text-writer.js';
import { focusFormatOf, type FocusFormat } from './write-focus.js';

export type { OutputColumn } from './parquet-writer.js';

/** The format that a file name asks for. Throws `usage` for another extension. */
export const tableFormatOf: (path: string) => FocusFormat = focusFormatOf;

/**
 * Writes a table to `path` (`-`: NDJSON to standard output), all or nothing. Numbers must be finite.
 * Throws FocusError `usage` for another extension, `failure` where the file cannot be written. About
 * 1 µs a value.
 */
export async function writeTable(
  path: string,
  rows: number,
  columns: readonly OutputColumn[],
): Promise<void> {
  const format = path === '-' ? 'ndjson' : tableFormatOf(path);
  await writeAtomically(path, async (sink) => {
    if (format === 'parquet') {
      const { writeParquet } = await import('./parquet-writer.js');
      return writeParquet(sink, rows, columns);
    }
    return writeText(sink, rows, columns, format);
  });
}

async function writeText(
  sink: ByteSink,
  rows: number,
  columns: readonly OutputColumn[],
  format: 'ndjson' | 'csv',
): Promise<void> {
  const writer = createTextWriter(sink);
  if (format === 'csv') writer.text(`${columns.map(({ name }) => csvField(name)).join(',')}\n`);
  for (let row = 0; row < rows; row++) {
    if (format === 'csv') {
      const fields = columns.map(({ value }) => csvField(value(row)));
      writer.text(`${fields.join(',')}\n`);
    } else {
      const fields = columns.map(({ name, value }) => [name, value(row) ?? undefined]);
      writer.text(`${JSON.stringify(Object.fromEntries(fields))}\n`);
    }
    const pending = writer.endRow();
    if (pending !== null) await pending;
  }
  await writer.flush();
}

/** Quoted where a reader would otherwise see something else. */
export function csvField(value: string | number | null): string {
  if (typeof value === 'number') return String(value);
  if (value === null) return '';
  return /[",\r\n]|^[ #%]| $/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
