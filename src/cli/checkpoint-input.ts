// A later focus as a file, for alignment. Its proven error stands in the manifest beside it, which
// counts only where it is the manifest of these very bytes.

import { readFile } from 'node:fs/promises';
import { FocusError } from '../base/errors.js';
import { parseExactDecimal } from '../focus/exact/decimal.js';
import { readFocus } from '../formats/read-focus.js';
import { fileRecord, type FileRecord } from '../report/manifest.js';
import type { NamedValues } from '../rewards/aligned.js';
import type { NamedFocus } from '../rewards/closeness.js';
import type { Say } from './input.js';

/** A checkpoint in both precisions. */
export interface Checkpoint {
  readonly focus: NamedFocus;
  /** Null where the file has no exact values. */
  readonly exact: NamedValues<BigInt64Array> | null;
  readonly record: FileRecord;
}

/** Reads a checkpoint and says what is proven of it. Throws `bad-input` as readFocus does. */
export async function readCheckpoint(path: string, reading: string, say: Say): Promise<Checkpoint> {
  const { ids, focus, focusExact } = await readFocus(path);
  const record = await fileRecord(path, 'focus rows');
  const { errorBound, madeBy } = await manifestOf(path, record);
  const bound =
    errorBound === null
      ? 'of unknown error, so alignment has no proven ends'
      : `with a proven L1 error of ${errorBound.toExponential(2)}`;
  say(`read ${path}: a focus of ${ids.count} particles, ${bound}`);
  if (madeBy !== null && madeBy !== reading) {
    say(`  its reading is ${madeBy}, here it is ${reading}: they are not the same quantity`);
  }
  return {
    focus: { ids, values: focus, errorBound },
    exact: focusExact === null ? null : { ids, values: unitsOf(path, focusExact) },
    record,
  };
}

function unitsOf(path: string, rows: readonly string[]): BigInt64Array {
  return BigInt64Array.from(rows, (text, row) => {
    const units = parseExactDecimal(text, 61);
    if (units !== null) return units;
    const message = `${path}: row ${row + 1}: expected an exact focus in units of 2^-61, found ${text}`;
    throw new FocusError(
      'bad-input',
      message,
      'write it with `focus rank --precision exact --out`',
    );
  });
}

/** What the manifest beside a file says of it; nothing where it is missing or of other bytes. */
async function manifestOf(
  path: string,
  record: FileRecord,
): Promise<{ readonly errorBound: number | null; readonly madeBy: string | null }> {
  const unknown = { errorBound: null, madeBy: null };
  const text = await readFile(`${path}.manifest.json`, 'utf8').catch(() => null);
  if (text === null) return unknown;
  try {
    const { output, result } = JSON.parse(text) as {
      output?: { sha256?: unknown };
      result?: { errorBound?: unknown; reading?: unknown };
    };
    if (output?.sha256 !== record.sha256) return unknown;
    return {
      errorBound: typeof result?.errorBound === 'number' ? result.errorBound : null,
      madeBy: typeof result?.reading === 'string' ? result.reading : null,
    };
  } catch {
    // A damaged manifest proves nothing; the focus itself was read and checked.
    return unknown;
  }
}
