// SHA-256 digests in lower-case hex, and the canonical bytes of a focus vector that they are taken
// of.

import { createHash } from 'node:crypto';

/** Ids by index, as a digest needs them. */
export interface NamedRows {
  readonly count: number;
  copyBytes(index: number, target: Uint8Array, at: number): number;
}

const BLOCK_BYTES = 1 << 20;
/** The longest id and its double. */
const LARGEST_ROW_BYTES = 4 + 4096 + 8;

/**
 * The digest of a focus vector: SHA-256 of "focus-f64-1\n", then the header line and "\n", then for
 * each row in order the id's length in bytes (u32), its UTF-8 bytes and the value (f64), all
 * little-endian. Cost: about 0.2 s for three million rows.
 */
export function digestOfFocus(header: string, ids: NamedRows, values: Float64Array): string {
  const hash = createHash('sha256');
  hash.update(`focus-f64-1\n${header}\n`);
  const block = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(block.buffer);
  let used = 0;
  for (let i = 0; i < ids.count; i++) {
    if (used + LARGEST_ROW_BYTES > BLOCK_BYTES) {
      hash.update(block.subarray(0, used));
      used = 0;
    }
    const length = ids.copyBytes(i, block, used + 4);
    view.setUint32(used, length, true);
    view.setFloat64(used + 4 + length, values[i], true);
    used += 12 + length;
  }
  hash.update(block.subarray(0, used));
  return hash.digest('hex');
}
