// Where the ids of one table stand in another. Graphs before and after a change hold most ids in the
// same order, so the place after the last one is tried first, byte by byte; only where that fails is
// an id looked up.

import { MAX_ID_BYTES, type Ids } from './ids.js';

/** For each id of `ids` its index in `known`, or −1. About 0.1 µs an id where the order is the same. */
export function placesIn(known: Ids, ids: Ids): Int32Array {
  const places = new Int32Array(ids.count);
  const [own, other] = [new Uint8Array(MAX_ID_BYTES), new Uint8Array(MAX_ID_BYTES)];
  let next = 0;
  for (let i = 0; i < places.length; i++) {
    const length = ids.copyBytes(i, own, 0);
    const found =
      next < known.count &&
      known.copyBytes(next, other, 0) === length &&
      areEqual(own, other, length)
        ? next
        : known.indexOf(ids.at(i));
    places[i] = found;
    if (found >= 0) next = found + 1;
  }
  return places;
}

function areEqual(a: Uint8Array, b: Uint8Array, length: number): boolean {
  for (let k = 0; k < length; k++) if (a[k] !== b[k]) return false;
  return true;
}
