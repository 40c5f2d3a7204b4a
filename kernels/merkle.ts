// Entry points of Merkle tree hashing (RFC 6962, section 2.1): digests of the leaves of a slot, and
// of pairs of digests, level by level. `serve` is a worker's whole life: it hashes filled slots and
// sleeps when there are none; the host does the same between filling slots.
//   leaf: SHA-256(0x00 ‖ bytes)      node: SHA-256(0x01 ‖ left ‖ right)
// An odd last digest moves up as it is, which is the RFC's split at the largest power of two below
// n. Host side: src/base/merkle-hasher.ts.

import {
  DATA, EXIT, FINISHED, FIRST_SLOT, HASHES, LEAVES, LENGTHS, LEVELS, SEQUENCE, SLOT_BYTES, SLOT_COUNT,
  STATE, STATE_FILLED, STATE_HASHED, STATE_TAKEN, WORK,
} from '../src/base/merkle-layout';
import { begin, compress, keepActive, readBlocks, writeDigests } from './sha256';

/** Blocks of a message: its bytes, 0x80 and its length in bits (u64). */
// @ts-ignore: decorator
@inline
function blocksOf(length: u32): u32 {
  return (length + 9 + 63) >> 6;
}

/** Writes what follows a message of `length` bytes: 0x80, zeros, and the length in bits. */
function pad(at: usize, length: u32): void {
  const last = at + (<usize>blocksOf(length) << 6) - 8;
  let next = at + length;
  store<u8>(next++, 0x80);
  for (; next + 8 <= last; next += 8) store<u64>(next, 0);
  for (; next < last; next++) store<u8>(next, 0);
  store<u64>(last, bswap<u64>(<u64>length << 3));
}

/** Digests of four messages of any lengths; a lane that has ended keeps its state. */
function hashFour(
  work: usize, at0: usize, at1: usize, at2: usize, at3: usize, blocks: v128, out: usize,
): void {
  const b0 = v128.extract_lane<u32>(blocks, 0), b1 = v128.extract_lane<u32>(blocks, 1);
  const b2 = v128.extract_lane<u32>(blocks, 2), b3 = v128.extract_lane<u32>(blocks, 3);
  const most = max<u32>(max<u32>(b0, b1), max<u32>(b2, b3));
  begin(work);
  for (let block: u32 = 0; block < most; block++) {
    readBlocks(
      work,
      at0 + (<usize>min<u32>(block, b0 - 1) << 6), at1 + (<usize>min<u32>(block, b1 - 1) << 6),
      at2 + (<usize>min<u32>(block, b2 - 1) << 6), at3 + (<usize>min<u32>(block, b3 - 1) << 6),
    );
    keepActive(work, blocks, block);
    compress(work);
  }
  writeDigests(work, out);
}

/** Digests of the leaves of a slot, into its HASHES. */
function hashLeaves(slot: usize): void {
  const count = load<u32>(slot, LEAVES);
  let at = slot + DATA;
  for (let i: u32 = 0; i < count; i += 4) {
    // Missing lanes of the last four repeat the leaf before them.
    let places = v128.splat<u32>(<u32>at), blocks = v128.splat<u32>(1);
    for (let lane: u32 = 0; lane < 4; lane++) {
      if (i + lane < count) {
        const length = load<u32>(slot + LENGTHS + (<usize>(i + lane) << 2));
        pad(at, length);
        const size = blocksOf(length);
        places = withLane(places, lane, <u32>at);
        blocks = withLane(blocks, lane, size);
        at += <usize>size << 6;
      }
    }
    hashFour(
      slot + WORK,
      v128.extract_lane<u32>(places, 0), v128.extract_lane<u32>(places, 1),
      v128.extract_lane<u32>(places, 2), v128.extract_lane<u32>(places, 3),
      blocks, slot + HASHES + (<usize>i << 5),
    );
  }
}

/** The vector with one lane replaced. */
function withLane(vector: v128, lane: u32, value: u32): v128 {
  if (lane == 0) return v128.replace_lane<u32>(vector, 0, value);
  if (lane == 1) return v128.replace_lane<u32>(vector, 1, value);
  if (lane == 2) return v128.replace_lane<u32>(vector, 2, value);
  return v128.replace_lane<u32>(vector, 3, value);
}

/**
 * Joins the first `count` digests of a slot in pairs, in place; ⌈count/2⌉ remain. A node is 65
 * bytes: the first block is the prefix and 63 bytes of the pair, the second its last byte.
 */
export function joinPairs(slot: usize, count: u32): void {
  const work = slot + WORK, hashes = slot + HASHES;
  const pairs = count >> 1;
  const odd = hashes + (<usize>(count - 1) << 5);
  // Four digests are written at once, so an odd last one may be overwritten.
  const left = v128.load(odd), right = v128.load(odd, 16);
  for (let i: u32 = 0; i < pairs; i += 4) {
    const at0 = hashes + (<usize>i << 6);
    const at1 = hashes + (<usize>min<u32>(i + 1, pairs - 1) << 6);
    const at2 = hashes + (<usize>min<u32>(i + 2, pairs - 1) << 6);
    const at3 = hashes + (<usize>min<u32>(i + 3, pairs - 1) << 6);
    let last = v128.splat<u32>(load<u8>(at0, 63));
    last = v128.replace_lane<u32>(last, 1, load<u8>(at1, 63));
    last = v128.replace_lane<u32>(last, 2, load<u8>(at2, 63));
    last = v128.replace_lane<u32>(last, 3, load<u8>(at3, 63));
    begin(work);
    readBlocks(work, at0 - 1, at1 - 1, at2 - 1, at3 - 1);
    const head = v128.and(v128.load(work), v128.splat<u32>(0x00ffffff));
    v128.store(work, v128.or(head, v128.splat<u32>(0x01000000)));
    compress(work);
    v128.store(work, v128.or(v128.shl<u32>(last, 24), v128.splat<u32>(0x00800000)));
    for (let k: usize = 1; k < 15; k++) v128.store(work + (k << 4), v128.splat<u32>(0));
    v128.store(work + (15 << 4), v128.splat<u32>(65 << 3));
    compress(work);
    writeDigests(work, hashes + (<usize>i << 5));
  }
  if (count & 1) {
    const to = hashes + (<usize>pairs << 5);
    v128.store(to, left);
    v128.store(to, right, 16);
  }
}

/** Hashes the leaves of a slot and joins LEVELS levels of them. */
export function hashSlot(slot: usize): void {
  hashLeaves(slot);
  let count = load<u32>(slot, LEAVES);
  for (let level = load<u32>(slot, LEVELS); level > 0 && count > 1; level--) {
    joinPairs(slot, count);
    count = (count + 1) >> 1;
  }
}

/** Takes a filled slot, hashes it and says so; false where there is none. */
export function work(control: usize): bool {
  const count = load<u32>(control, SLOT_COUNT), size = load<u32>(control, SLOT_BYTES);
  let slot: usize = load<u32>(control, FIRST_SLOT);
  for (let i: u32 = 0; i < count; i++, slot += size) {
    if (atomic.load<i32>(slot, STATE) != STATE_FILLED) continue;
    if (atomic.cmpxchg<i32>(slot, STATE_FILLED, STATE_TAKEN, STATE) != STATE_FILLED) continue;
    hashSlot(slot);
    atomic.store<i32>(slot, STATE_HASHED, STATE);
    atomic.add<i32>(control, 1, FINISHED);
    atomic.notify(control + FINISHED, 1);
    return true;
  }
  return false;
}

/** Hashes filled slots until EXIT is set. */
export function serve(control: usize): void {
  while (true) {
    const seen = atomic.load<i32>(control, SEQUENCE);
    while (work(control)) {}
    if (atomic.load<u32>(control, EXIT)) return;
    atomic.wait<i32>(control + SEQUENCE, seen, -1);
  }
}
