// Ids that come as strings of the language: their bytes, and tables made from lists.

import { FocusError, shown } from '../base/errors.js';
import { idRefusal, isWholeText } from './id-bytes.js';
import { createIdTable, freezeIds, internId } from './id-table.js';
import type { Ids } from './ids.js';

/**
 * A table of the given distinct ids in the given order. Throws FocusError `bad-input` for a
 * repeated or bad id.
 */
export function idsOf(list: readonly string[]): Ids {
  const table = createIdTable(list.length);
  list.forEach((id, i) => {
    const bytes = encodeId(id);
    if (internId(table, bytes, 0, bytes.length) !== i) {
      throw new FocusError(
        'bad-input',
        `the id ${shown(id)} is listed twice`,
        'list every id once',
      );
    }
  });
  return freezeIds(table);
}

/** UTF-8 bytes of an id. Throws FocusError `bad-input` for a string with half a surrogate pair. */
export function encodeId(id: string): Uint8Array {
  if (!isWholeText(id)) {
    const message = `expected an id of whole characters, found ${shown(id)}`;
    throw new FocusError('bad-input', message, 'ids are 1 to 4096 bytes of UTF-8 text');
  }
  return Buffer.from(id, 'utf8');
}

/**
 * UTF-8 bytes of a value that should be an id, or why it is none. For data from outside: never
 * throws.
 */
export function readId(value: unknown): Uint8Array | string {
  if (typeof value !== 'string') return `expected an id, found ${typeof value}`;
  if (!isWholeText(value)) return `expected an id of whole characters, found ${shown(value)}`;
  const bytes = Buffer.from(value, 'utf8');
  return idRefusal(bytes, 0, bytes.length) ?? bytes;
}
