// The order of ids by their UTF-8 bytes (as unsigned numbers, a prefix before its extensions): "10"
// < "9" < "a" < "é". Ids are sorted by radix on the six bytes after the prefix that all share; what
// still ties is compared in full.

import type { Ids } from './ids.js';
import { MAX_ID_BYTES } from './ids.js';

const KEY_BYTES = 6;
const RADIX = 65536;

/**
 * The indices of `members` (default: all ids) sorted by the bytes of their ids. Cost O(ids · bytes)
 * plus a comparison sort of those that share their first bytes; 20 bytes an id at the peak.
 */
export function sortedOrder(ids: Ids, members?: Uint32Array): Uint32Array {
  const order = members?.slice() ?? Uint32Array.from({ length: ids.count }, (_, i) => i);
  if (order.length < 2) return order;
  const prefix = sharedPrefix(ids, order);
  const keys = keysAfter(ids, order, prefix);
  const places = sortByKey(keys);
  const sorted = places.map((place) => order[place]);
  for (let start = 0; start < sorted.length;) {
    const key = keys[places[start]];
    let end = start + 1;
    while (end < sorted.length && keys[places[end]] === key) end++;
    if (end - start > 1) sortInFull(ids, sorted.subarray(start, end));
    start = end;
  }
  return sorted;
}

/** Compares two ids by bytes: negative, 0 or positive. */
export function compareBytes(
  a: Uint8Array,
  aLength: number,
  b: Uint8Array,
  bLength: number,
): number {
  const shared = Math.min(aLength, bLength);
  for (let k = 0; k < shared; k++) if (a[k] !== b[k]) return a[k] - b[k];
  return aLength - bLength;
}

/** The number of leading bytes that every id shares. */
function sharedPrefix(ids: Ids, order: Uint32Array): number {
  const first = new Uint8Array(MAX_ID_BYTES);
  const other = new Uint8Array(MAX_ID_BYTES);
  let shared = ids.copyBytes(order[0], first, 0);
  for (let i = 1; i < order.length && shared > 0; i++) {
    const length = ids.copyBytes(order[i], other, 0);
    let k = 0;
    while (k < shared && k < length && first[k] === other[k]) k++;
    shared = k;
  }
  return shared;
}

/**
 * Six bytes of each id from `prefix` on, big-endian, as an integer below 2⁴⁸; a missing byte counts
 * as zero.
 */
function keysAfter(ids: Ids, order: Uint32Array, prefix: number): Float64Array {
  const keys = new Float64Array(order.length);
  const bytes = new Uint8Array(MAX_ID_BYTES);
  for (let i = 0; i < order.length; i++) {
    const length = ids.copyBytes(order[i], bytes, 0);
    let key = 0;
    for (let k = prefix; k < prefix + KEY_BYTES; k++) key = key * 256 + (k < length ? bytes[k] : 0);
    keys[i] = key;
  }
  return keys;
}

/**
 * The positions of the keys in ascending order. Least significant digit first: three stable passes
 * of 16 bits.
 */
function sortByKey(keys: Float64Array): Uint32Array {
  let places = Uint32Array.from({ length: keys.length }, (_, i) => i);
  for (let divisor = 1; divisor < 2 ** 48; divisor *= RADIX) {
    const starts = new Uint32Array(RADIX + 1);
    for (let i = 0; i < keys.length; i++) starts[digitOf(keys[i], divisor) + 1]++;
    for (let d = 0; d < RADIX; d++) starts[d + 1] += starts[d];
    const moved = new Uint32Array(keys.length);
    for (let i = 0; i < keys.length; i++) {
      moved[starts[digitOf(keys[places[i]], divisor)]++] = places[i];
    }
    places = moved;
  }
  return places;
}

function digitOf(key: number, divisor: number): number {
  return Math.floor(key / divisor) % RADIX;
}

/** Sorts, in place, indices of ids that share their first bytes. */
function sortInFull(ids: Ids, tied: Uint32Array): void {
  const a = new Uint8Array(MAX_ID_BYTES);
  const b = new Uint8Array(MAX_ID_BYTES);
  tied.sort((i, j) => compareBytes(a, ids.copyBytes(i, a, 0), b, ids.copyBytes(j, b, 0)));
}
