// The growing id table behind every reader: open addressing over 8-byte slots (hash, reference),
// linear probing.
//   reference > 0   a record of the arena: a text id, verified byte by byte
//   reference < 0   an integer id: bits 0–29 are its index; bit 30 is set from 2³² on, where equal
//                   hashes do not mean equal values and the value kept by index is compared
// A lookup of a small integer is thus one cache miss, of a text id two. `internBatch` first loads
// the slots of a whole batch and then probes them, so that the misses overlap: 15 % of the time of
// reading 10⁷ links. Memory: 11–21 bytes for slots, 8 for the value by index, and for text its
// bytes + 6; about 75 bytes for an id of 46.

import { FocusError } from '../base/errors.js';
import {
  appendId,
  copyRecord,
  createIdArena,
  indexIfEqual,
  recordText,
  touchRecord,
} from './id-arena.js';
import type { IdArena } from './id-arena.js';
import {
  canonicalInteger,
  freshHashKey,
  hashBytes,
  hashInteger,
  idRefusal,
  isWholeText,
  writeInteger,
} from './id-bytes.js';
import type { HashKey } from './id-bytes.js';
import { pickIds } from './ids.js';
import type { Ids } from './ids.js';

const LARGE_INTEGER = 0x40000000;
const INDEX_MASK = 0x3fffffff;
const MAX_SLOTS = 2 ** 28;

/** The most ids that one internBatch takes. */
export const MAX_BATCH_IDS = 1024;

/** The state of a table that still grows; use the functions of this file on it. */
export interface IdTable {
  count: number;
  /** hash, reference, hash, reference, … */
  slots: Int32Array;
  /** Slots − 1; the number of slots is a power of two. */
  mask: number;
  /** By index: the integer itself, or −reference of a text id. */
  values: Float64Array;
  readonly arena: IdArena;
  readonly key: HashKey;
  /** The buffer seen last and a view of it: readers pass the same one again and again. */
  seen: Uint8Array;
  view: DataView;
  /** Scratch of internBatch, and where its preloading leaves what it read. */
  batchHash: Int32Array | null;
  batchInteger: Float64Array | null;
  preloaded: number;
}

/** An empty table with room for about `expected` ids. */
export function createIdTable(expected = 64): IdTable {
  let slots = 128;
  while (slots * 0.75 < expected && slots < MAX_SLOTS) slots *= 2;
  const seen = new Uint8Array(0);
  return {
    count: 0,
    slots: new Int32Array(slots * 2),
    mask: slots - 1,
    values: new Float64Array(Math.max(64, expected)),
    arena: createIdArena(),
    key: freshHashKey(),
    seen,
    view: new DataView(seen.buffer),
    batchHash: null,
    batchInteger: null,
    preloaded: 0,
  };
}

/**
 * The index of the id in bytes [start, end), added if new. Throws FocusError `bad-input` (without a
 * place) for an id that is empty, longer than 4096 bytes, not UTF-8 or with control characters.
 */
export function internId(table: IdTable, bytes: Uint8Array, start: number, end: number): number {
  const integer = canonicalInteger(bytes, start, end);
  if (integer >= 0) return internInteger(table, integer);
  look(table, bytes);
  const hash = hashBytes(table.view, start, end, table.key);
  const found = findText(table, hash, start, end);
  if (found >= 0) return found;
  const refusal = idRefusal(bytes, start, end);
  if (refusal !== null) {
    throw new FocusError('bad-input', refusal, 'ids are 1 to 4096 bytes of UTF-8 text');
  }
  return addText(table, hash, bytes, start, end);
}

/**
 * The index of an integer id in 0…10¹⁵−1 (not checked), added if new: the same id as its decimal
 * digits.
 */
export function internInteger(table: IdTable, value: number): number {
  return internHashed(table, value, hashInteger(value, table.key));
}

/**
 * Interns `count` ≤ 1024 ids; id i is bytes [bounds[2i], bounds[2i+1]) and its index goes to
 * out[i]. Returns `count`, or the position of the first id that internId would refuse (later ids
 * are then not interned).
 */
export function internBatch(
  table: IdTable,
  bytes: Uint8Array,
  bounds: Int32Array,
  count: number,
  out: Uint32Array,
): number {
  look(table, bytes);
  table.batchHash ??= new Int32Array(MAX_BATCH_IDS);
  table.batchInteger ??= new Float64Array(MAX_BATCH_IDS);
  const hashes = table.batchHash;
  const integers = table.batchInteger;
  const { view, key } = table;
  for (let i = 0; i < count; i++) {
    const start = bounds[2 * i];
    const end = bounds[2 * i + 1];
    const integer = canonicalInteger(bytes, start, end);
    integers[i] = integer;
    hashes[i] = integer >= 0 ? hashInteger(integer, key) : hashBytes(view, start, end, key);
  }
  preload(table, hashes, count);
  for (let i = 0; i < count; i++) {
    const integer = integers[i];
    if (integer >= 0) {
      out[i] = internHashed(table, integer, hashes[i]);
      continue;
    }
    const start = bounds[2 * i];
    const end = bounds[2 * i + 1];
    let index = findText(table, hashes[i], start, end);
    if (index < 0) {
      if (idRefusal(bytes, start, end) !== null) return i;
      index = addText(table, hashes[i], bytes, start, end);
    }
    out[i] = index;
  }
  return count;
}

/**
 * The read-only table of what has been interned so far. The growing table must not be used
 * afterwards.
 */
export function freezeIds(table: IdTable): Ids {
  const { count, arena } = table;
  const values = table.values;
  table.batchHash = null;
  table.batchInteger = null;
  look(table, new Uint8Array(0));
  const ids: Ids = {
    count,
    at: (index) => {
      const value = values[index];
      return value >= 0 ? String(value) : recordText(arena, -value);
    },
    indexOf: (id) => {
      if (!isWholeText(id)) return -1;
      const bytes = Buffer.from(id, 'utf8');
      const integer = canonicalInteger(bytes, 0, bytes.length);
      if (integer >= 0) return findInteger(table, integer, hashInteger(integer, table.key));
      look(table, bytes);
      return findText(table, hashBytes(table.view, 0, bytes.length, table.key), 0, bytes.length);
    },
    pick: (order) => (isIdentity(order, count) ? ids : pickIds(ids, order)),
    copyBytes: (index, target, at) => {
      const value = values[index];
      if (value >= 0) return writeInteger(target, at, value) - at;
      return copyRecord(arena, -value, target, at);
    },
  };
  return ids;
}

/** Points the table's view at a buffer. */
function look(table: IdTable, bytes: Uint8Array): void {
  if (table.seen === bytes) return;
  table.seen = bytes;
  table.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Reads the slot of every hash, then the record each refers to: independent loads, so the cache
 * misses overlap.
 */
function preload(table: IdTable, hashes: Int32Array, count: number): void {
  const { slots, mask, arena } = table;
  let read = 0;
  for (let i = 0; i < count; i++) read ^= slots[(hashes[i] & mask) << 1];
  for (let i = 0; i < count; i++) {
    const slot = (hashes[i] & mask) << 1;
    if (slots[slot + 1] > 0) read ^= touchRecord(arena, slots[slot + 1]);
  }
  table.preloaded = read;
}

/** Index of the text id with this hash in the table's view, or −1. */
function findText(table: IdTable, hash: number, start: number, end: number): number {
  const { slots, mask, arena, view } = table;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const reference = slots[2 * slot + 1];
    if (reference === 0) return -1;
    if (slots[2 * slot] === hash && reference > 0) {
      const index = indexIfEqual(arena, reference, view, start, end);
      if (index >= 0) return index;
    }
  }
}

/** Index of an integer id, or −1. */
function findInteger(table: IdTable, value: number, hash: number): number {
  const { slots, mask } = table;
  const isSmall = value < 4294967296;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const reference = slots[2 * slot + 1];
    if (reference === 0) return -1;
    if (slots[2 * slot] !== hash || reference > 0) continue;
    const index = reference & INDEX_MASK;
    const slotIsSmall = (reference & LARGE_INTEGER) === 0;
    if (isSmall ? slotIsSmall : !slotIsSmall && table.values[index] === value) return index;
  }
}

function internHashed(table: IdTable, value: number, hash: number): number {
  const found = findInteger(table, value, hash);
  if (found >= 0) return found;
  const index = reserve(table);
  table.values[index] = value;
  place(table, hash, index | (value < 4294967296 ? 0 : LARGE_INTEGER) | 0x80000000);
  return index;
}

/** Adds a text id that is known to be new and well-formed. */
function addText(
  table: IdTable,
  hash: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const index = reserve(table);
  const reference = appendId(table.arena, index, bytes, start, end);
  table.values[index] = -reference;
  place(table, hash, reference);
  return index;
}

/** Writes a new entry into the first free slot from its own on. */
function place(table: IdTable, hash: number, reference: number): void {
  const { slots, mask } = table;
  let slot = hash & mask;
  while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
  slots[2 * slot] = hash;
  slots[2 * slot + 1] = reference;
}

/** Makes room for one more id and returns its index. */
function reserve(table: IdTable): number {
  const index = table.count++;
  if (index === table.values.length) {
    const grown = new Float64Array(index * 2);
    grown.set(table.values);
    table.values = grown;
  }
  // At most 75 % full: two or three probes for a hit, most of them in one cache line.
  if (table.count > (table.mask + 1) * 0.75) growSlots(table);
  return index;
}

/**
 * Doubles the slots. Positions use low bits, so the old order of slots writes two ascending runs.
 */
function growSlots(table: IdTable): void {
  const old = table.slots;
  const slots = table.mask + 1;
  if (slots >= MAX_SLOTS) {
    throw new FocusError(
      'too-large',
      `more than ${table.count - 1} distinct ids`,
      'split the graph',
    );
  }
  table.slots = new Int32Array(slots * 4);
  table.mask = slots * 2 - 1;
  for (let k = 0; k < old.length; k += 2) {
    if (old[k + 1] !== 0) place(table, old[k], old[k + 1]);
  }
}

function isIdentity(order: Uint32Array, count: number): boolean {
  if (order.length !== count) return false;
  for (let i = 0; i < count; i++) if (order[i] !== i) return false;
  return true;
}
