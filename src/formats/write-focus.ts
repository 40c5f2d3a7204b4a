// Focus as rows `id, focus[, focusExact]` in the order of the graph: NDJSON, CSV or Parquet, by the
// extension of the file.
// Doubles are written as the shortest decimal that reads back bit for bit; exact values are decimal
// strings and stay strings.

import { FocusError, check } from '../base/errors.js';
import type { Ids } from '../graph/ids.js';
import { type ByteSink, writeAtomically } from './atomic-file.js';
import { createTextWriter } from './text-writer.js';

/** Formats of focus rows. */
export type FocusFormat = 'ndjson' | 'csv' | 'parquet';

/** Focus by particle. */
export interface FocusRows {
  readonly ids: Ids;
  /** By index of the id; finite. */
  readonly focus: Float64Array;
  /** Exact focus as a decimal string, by index; null where there is none. */
  readonly focusExact: ((index: number) => string) | null;
}

const COMMA = 0x2c;

/** The format a file name asks for. Throws FocusError `usage` for a name of another extension. */
export function focusFormatOf(path: string): FocusFormat {
  if (/\.(ndjson|jsonl)$/i.test(path)) return 'ndjson';
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.parquet$/i.test(path)) return 'parquet';
  throw new FocusError(
    'usage',
    `${path}: expected a name that ends in .ndjson, .csv or .parquet`,
    'the extension chooses the format of the focus rows',
  );
}

/**
 * Writes the rows to `path` (`-`: NDJSON to standard output), all or nothing. Cost: about 1 s for
 * three million rows.
 * Throws FocusError `usage` for another extension, `failure` where the file cannot be written.
 */
export async function writeFocus(
  path: string,
  rows: FocusRows,
  format?: FocusFormat,
): Promise<void> {
  const { ids, focus } = rows;
  check(
    focus.length === ids.count,
    'bad-parameter',
    () => `focus has ${focus.length} values for ${ids.count} ids`,
  );
  const chosen = format ?? (path === '-' ? 'ndjson' : focusFormatOf(path));
  await writeAtomically(path, (sink) => {
    if (chosen === 'parquet') return writeFocusParquet(sink, rows);
    return chosen === 'csv' ? writeFocusCsv(sink, rows) : writeFocusNdjson(sink, rows);
  });
}

/** One object a line. */
async function writeFocusNdjson(sink: ByteSink, rows: FocusRows): Promise<void> {
  const { ids, focus, focusExact } = rows;
  const writer = createTextWriter(sink);
  for (let i = 0; i < ids.count; i++) {
    writer.ascii('{"id":');
    writer.jsonId(ids, i);
    writer.ascii(',"focus":');
    writer.number(focus[i]);
    if (focusExact !== null) writer.ascii(`,"focusExact":"${focusExact(i)}"`);
    writer.ascii('}\n');
    const pending = writer.endRow();
    if (pending !== null) await pending;
  }
  await writer.flush();
}

/** A header and one row a particle. */
async function writeFocusCsv(sink: ByteSink, rows: FocusRows): Promise<void> {
  const { ids, focus, focusExact } = rows;
  const writer = createTextWriter(sink);
  writer.ascii(focusExact === null ? 'id,focus\n' : 'id,focus,focusExact\n');
  for (let i = 0; i < ids.count; i++) {
    writer.fieldId(ids, i, COMMA);
    writer.ascii(',');
    writer.number(focus[i]);
    if (focusExact !== null) writer.ascii(`,${focusExact(i)}`);
    writer.ascii('\n');
    const pending = writer.endRow();
    if (pending !== null) await pending;
  }
  await writer.flush();
}

/** Required columns id and focus, and focusExact as text. */
async function writeFocusParquet(sink: ByteSink, rows: FocusRows): Promise<void> {
  const { ids, focus, focusExact } = rows;
  const { writeParquet } = await import('./parquet-writer.js');
  return writeParquet(sink, ids.count, [
    { name: 'id', kind: 'text', optional: false, value: (row) => ids.at(row) },
    { name: 'focus', kind: 'number', optional: false, value: (row) => focus[row] },
    ...(focusExact === null
      ? []
      : [{ name: 'focusExact', kind: 'text', optional: false, value: focusExact } as const]),
  ]);
}
