// The bytes of text ids, in chunks that never move: a record is its id's index (u32), length (u16)
// and bytes, and starts at a multiple of 4. A reference is a record's place in units of 4 bytes; 0
// is no record; below 2³¹ (8 GiB).

import { FocusError } from '../base/errors.js';

const CHUNK_BITS = 24;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const UNIT_BITS = CHUNK_BITS - 2;
const UNIT_MASK = (1 << UNIT_BITS) - 1;
const HEADER_BYTES = 6;

/**
 * Growing storage of id bytes; references stay valid. Only the first chunk is ever copied, while it
 * is small.
 */
export interface IdArena {
  /** Chunk of a reference: `chunks[reference >>> unitBits]`. */
  readonly chunks: Buffer[];
  readonly views: DataView[];
  /** Bytes used in the last chunk. */
  used: number;
}

/** An empty arena of a few KiB. */
export function createIdArena(): IdArena {
  const arena: IdArena = { chunks: [], views: [], used: 4 };
  pushChunk(arena, 4096);
  return arena;
}

/** Adds a record and returns its reference. Throws `too-large` beyond 8 GiB. */
export function appendId(
  arena: IdArena,
  index: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const size = HEADER_BYTES + end - start;
  let last = arena.chunks.length - 1;
  if (arena.used + size > arena.chunks[last].length) {
    makeRoom(arena, arena.used + size);
    last = arena.chunks.length - 1;
  }
  const at = arena.used;
  const chunk = arena.chunks[last];
  const view = arena.views[last];
  view.setUint32(at, index, true);
  view.setUint16(at + 4, end - start, true);
  // Most ids are short: a loop beats the call of a block copy.
  for (let k = start, to = at + HEADER_BYTES; k < end; k++, to++) chunk[to] = bytes[k];
  arena.used = (at + size + 3) & ~3;
  return (last << UNIT_BITS) | (at >>> 2);
}

/** Index of the id in a record if its bytes equal [start, end) of `bytes`, else −1. */
export function indexIfEqual(
  arena: IdArena,
  reference: number,
  view: DataView,
  start: number,
  end: number,
): number {
  const record = arena.views[reference >>> UNIT_BITS];
  let at = (reference & UNIT_MASK) << 2;
  const index = record.getUint32(at, true);
  if (record.getUint16(at + 4, true) !== end - start) return -1;
  at += HEADER_BYTES;
  let k = start;
  for (const whole = end - 3; k < whole; k += 4, at += 4) {
    if (record.getInt32(at, true) !== view.getInt32(k, true)) return -1;
  }
  for (; k < end; k++, at++) if (record.getUint8(at) !== view.getUint8(k)) return -1;
  return index;
}

/** Reads one word of a record, to bring it into the cache ahead of its use. */
export function touchRecord(arena: IdArena, reference: number): number {
  return arena.views[reference >>> UNIT_BITS].getInt32((reference & UNIT_MASK) << 2, true);
}

/** The id in a record, as a string. */
export function recordText(arena: IdArena, reference: number): string {
  const chunk = reference >>> UNIT_BITS;
  const at = (reference & UNIT_MASK) << 2;
  const length = arena.views[chunk].getUint16(at + 4, true);
  return arena.chunks[chunk].toString('utf8', at + HEADER_BYTES, at + HEADER_BYTES + length);
}

/** Copies the bytes of a record into `target` from `to` on and returns their number. */
export function copyRecord(
  arena: IdArena,
  reference: number,
  target: Uint8Array,
  to: number,
): number {
  const chunk = arena.chunks[reference >>> UNIT_BITS];
  const at = (reference & UNIT_MASK) << 2;
  const length = arena.views[reference >>> UNIT_BITS].getUint16(at + 4, true);
  const from = at + HEADER_BYTES;
  for (let k = 0; k < length; k++) target[to + k] = chunk[from + k];
  return length;
}

/** Grows the first chunk while it is small, else opens another. */
function makeRoom(arena: IdArena, needed: number): void {
  const last = arena.chunks.length - 1;
  const old = arena.chunks[last];
  if (old.length < CHUNK_BYTES && needed <= CHUNK_BYTES) {
    let length = old.length * 2;
    while (length < needed) length *= 2;
    arena.chunks.length = last;
    arena.views.length = last;
    pushChunk(arena, length);
    arena.chunks[last].set(old);
    return;
  }
  if (last + 1 === 1 << (31 - UNIT_BITS)) {
    throw new FocusError('too-large', 'the ids take more than 8 GiB', 'use shorter ids');
  }
  pushChunk(arena, CHUNK_BYTES);
  arena.used = 0;
}

function pushChunk(arena: IdArena, length: number): void {
  const memory = new ArrayBuffer(length);
  arena.chunks.push(Buffer.from(memory));
  arena.views.push(new DataView(memory));
}
