// Integers of Parquet as bit-packed differences (DELTA_BINARY_PACKED): blocks of miniblocks, each
// with its own bit width.
//   valueᵢ = valueᵢ₋₁ + least + bitsᵢ   modulo 2⁶⁴
// 64-bit integers are pairs of 32-bit words, low first: BigInt loops are slow, and can abort Node
// 20 (see xxh64.ts).

import { ParquetFault, type ThriftCursor, readVarint } from './parquet-thrift.js';

const TOO_FEW = 'a page has fewer values than it announces';
const MAX_BLOCK = 1 << 20;

/** High word of the integer whose low word was returned last. */
let high = 0;

/**
 * Decodes `count` integers; integer i is words 2i (low) and 2i + 1 (high). The cursor ends after
 * the last miniblock.
 * Throws ParquetFault. Cost O(count).
 */
export function readDelta(cursor: ThriftCursor, count: number): Int32Array {
  const blockSize = readVarint(cursor);
  const miniblocks = readVarint(cursor);
  const total = readVarint(cursor);
  const perMiniblock = blockSize / miniblocks;
  if (!(
    blockSize <= MAX_BLOCK &&
    miniblocks >= 1 &&
    perMiniblock >= 32 &&
    perMiniblock % 32 === 0
  )) {
    throw new ParquetFault('the header of a delta encoding is corrupt');
  }
  if (total !== count)
    throw new ParquetFault(`a page holds ${total} values where it announces ${count}`);
  // A block takes two bytes or more, so this bounds the memory by the bytes that are there.
  if (count > (cursor.end - cursor.at + 1) * blockSize) throw new ParquetFault(TOO_FEW);
  const words = new Int32Array(2 * count);
  let low = readSigned(cursor);
  let up = high;
  if (count > 0) words.set([low, up]);
  for (let done = 1; done < count;) {
    const leastLow = readSigned(cursor);
    const leastHigh = high;
    const widths = cursor.at;
    cursor.at += miniblocks;
    if (cursor.at > cursor.end) throw new ParquetFault(TOO_FEW);
    for (let m = 0; m < miniblocks && done < count; m++) {
      const width = cursor.bytes[widths + m];
      const run = Math.min(perMiniblock, count - done);
      if (width > 64 || cursor.at + Math.ceil((run * width) / 8) > cursor.end)
        throw new ParquetFault(TOO_FEW);
      for (let i = 0; i < run; i++, done++) {
        const bit = i * width;
        const bitsLow = bitsAt(cursor.bytes, cursor.at, bit, Math.min(width, 32));
        const bitsHigh = width > 32 ? bitsAt(cursor.bytes, cursor.at, bit + 32, width - 32) : 0;
        const sum = (low >>> 0) + (leastLow >>> 0) + (bitsLow >>> 0);
        up = (up + leastHigh + bitsHigh + Math.floor(sum / 4294967296)) | 0;
        low = sum | 0;
        words[2 * done] = low;
        words[2 * done + 1] = up;
      }
      cursor.at = Math.min(cursor.end, cursor.at + (perMiniblock / 8) * width);
    }
  }
  return words;
}

/** As readDelta, for lengths: numbers in 0…2³¹−1; any other throws. */
export function readLengths(cursor: ThriftCursor, count: number): Int32Array {
  const words = readDelta(cursor, count);
  const lengths = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    if (words[2 * i + 1] !== 0 || words[2 * i] < 0) throw new ParquetFault('a length is negative');
    lengths[i] = words[2 * i];
  }
  return lengths;
}

/**
 * `width` ≤ 32 bits from bit `bit` after byte `start`, lowest first; bytes beyond the array count
 * as zero.
 */
function bitsAt(bytes: Uint8Array, start: number, bit: number, width: number): number {
  if (width === 0) return 0;
  const at = start + Math.floor(bit / 8);
  const shift = bit % 8;
  const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  let value = word >>> shift;
  if (shift + width > 32) value |= bytes[at + 4] << (32 - shift);
  return width === 32 ? value : value & (2 ** width - 1);
}

/** A zigzag integer of up to 64 bits: its low word, with the high one in `high`. */
function readSigned(cursor: ThriftCursor): number {
  let low = 0;
  let up = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.at >= cursor.end) throw new ParquetFault(TOO_FEW);
    const byte = cursor.bytes[cursor.at++];
    const bits = byte & 127;
    if (shift < 32) low |= bits << shift;
    if (shift === 28) up |= bits >>> 4;
    if (shift > 32) up |= bits << (shift - 32);
    if (byte < 128) {
      const sign = -(low & 1);
      high = (up >>> 1) ^ sign;
      return ((low >>> 1) | (up << 31)) ^ sign;
    }
  }
  throw new ParquetFault('an integer of a delta encoding is too long');
}
