// One compressed block of Zstandard (RFC 8878, section 3.1.1.3): literals, then sequences (copy so
// many literals, then so many bytes from so far back). What a block may write is bounded before it
// is written, so its cost is O(128 KiB) whatever it says.

import {
  type FseTable,
  type HuffmanTable,
  PADDING_BYTES,
  ZstdFault,
  backwardBits,
  peekBits,
  readBits,
  readFseTable,
  readHuffmanTable,
  singleSymbolTable,
} from './zstd-entropy.js';
import {
  LENGTH_BASES,
  LENGTH_BITS,
  MATCH_BASES,
  MATCH_BITS,
  SEQUENCE_CODES,
} from './zstd-tables.js';

/** Most bytes a block may decode to. */
export const MAX_BLOCK_BYTES = 128 << 10;

/** What one block leaves to the next of the same frame. */
export interface FrameState {
  /** Decoded bytes; a block appends at `length` and copies from at most `reach` bytes before it. */
  history: Uint8Array;
  length: number;
  /** Bytes before `length` a match may refer to: decoded in this frame, and inside the window. */
  reach: number;
  readonly blockLimit: number;
  huffman: HuffmanTable | null;
  /** Tables of the last block, for literal lengths, offsets and match lengths. */
  readonly tables: [FseTable | null, FseTable | null, FseTable | null];
  /** The three last offsets. */
  readonly recent: [number, number, number];
}

/** Literals of the block at hand; copied out of the block, or decoded. */
const literals = new Uint8Array(MAX_BLOCK_BYTES + PADDING_BYTES);

/** Offset codes above this reach beyond the largest window that is accepted, 128 MiB. */
const MAX_OFFSET_CODE = 27;

/**
 * Decodes a compressed block, bytes start … end (PADDING_BYTES more must be readable), onto the
 * history, which must have room for `blockLimit` bytes. Throws ZstdFault. Cost O(blockLimit), about
 * 100 MB/s of output.
 */
export function decodeBlock(
  frame: FrameState,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const section = readLiterals(frame, bytes, start, end);
  let at = section.end;
  if (at >= end) throw new ZstdFault('a block ends before its sequences');
  let sequences = bytes[at++];
  if (sequences > 127) {
    const wide = sequences === 255;
    if (at + (wide ? 2 : 1) > end) throw new ZstdFault('a block ends in its count of sequences');
    sequences = wide
      ? bytes[at] + (bytes[at + 1] << 8) + 0x7f00
      : ((sequences - 128) << 8) + bytes[at];
    at += wide ? 2 : 1;
  }
  if (sequences === 0) {
    if (at !== end) throw new ZstdFault('a block without sequences has bytes after them');
    appendLiterals(frame, 0, section.count);
    return;
  }
  if (at >= end) throw new ZstdFault('a block ends before its sequence tables');
  const modes = bytes[at++];
  if ((modes & 3) !== 0) throw new ZstdFault('a reserved bit is set');
  for (let code = 0; code < 3; code++) {
    at = readTable(frame, code, (modes >>> (6 - 2 * code)) & 3, bytes, at, end);
  }
  runSequences(frame, bytes, at, end, sequences, section.count);
}

/** Reads the literals section into `literals`; returns their number and where the section ends. */
function readLiterals(
  frame: FrameState,
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly count: number; readonly end: number } {
  if (start >= end) throw new ZstdFault('a compressed block is empty');
  const head = bytes[start];
  const kind = head & 3;
  const form = (head >>> 2) & 3;
  if (kind < 2) {
    const headBytes = form === 1 ? 2 : form === 3 ? 3 : 1;
    const at = start + headBytes;
    const word = head | (bytes[start + 1] << 8) | (bytes[start + 2] << 16);
    const count = headBytes === 1 ? head >>> 3 : (word & ((1 << (8 * headBytes)) - 1)) >>> 4;
    const after = at + (kind === 0 ? count : 1);
    if (count > frame.blockLimit || after > end)
      throw new ZstdFault('the literals do not fit the block');
    if (kind === 0) literals.set(bytes.subarray(at, after));
    else literals.fill(bytes[at], 0, count);
    return { count, end: after };
  }
  const width = form < 2 ? 10 : form === 2 ? 14 : 18;
  const at = start + (form < 2 ? 3 : form + 2);
  let sizes = 0;
  for (let i = at - start - 1; i >= 0; i--) sizes = sizes * 256 + bytes[start + i];
  const count = Math.floor(sizes / 16) % (1 << width);
  const after = at + (Math.floor(sizes / (16 * (1 << width))) % (1 << width));
  if (count > frame.blockLimit || after > end)
    throw new ZstdFault('the literals do not fit the block');
  let streams = at;
  if (kind === 2) {
    const tree = readHuffmanTable(bytes, at, after);
    frame.huffman = tree.table;
    streams = tree.end;
  }
  if (frame.huffman === null)
    throw new ZstdFault('literals refer to a Huffman table that is not there');
  decodeStreams(frame.huffman, bytes, streams, after, count, form === 0 ? 1 : 4);
  return { count, end: after };
}

/** One or four Huffman streams, each a quarter of the literals, rounded up. */
function decodeStreams(
  table: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  streams: 1 | 4,
): void {
  if (streams === 1) {
    decodeStream(table, bytes, start, end, 0, count);
    return;
  }
  const quarter = (count + 3) >>> 2;
  let at = start + 6;
  if (at > end || 3 * quarter > count)
    throw new ZstdFault('the literal streams do not fit the block');
  for (let i = 0; i < 4; i++) {
    const size = bytes[start + 2 * i] | (bytes[start + 2 * i + 1] << 8);
    const after = i < 3 ? at + size : end;
    if (after > end) throw new ZstdFault('the literal streams do not fit the block');
    decodeStream(table, bytes, at, after, i * quarter, i < 3 ? (i + 1) * quarter : count);
    at = after;
  }
}

/** Decodes one Huffman stream to literals from … to; it must end exactly with the last of them. */
function decodeStream(
  table: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  from: number,
  to: number,
): void {
  const { log, entries } = table;
  const stream = backwardBits(bytes, start, end);
  let left = stream.left;
  let i = from;
  const mask = (1 << log) - 1;
  // While log ≤ 11 bits are certainly there, the load needs no guard.
  for (; i < to && left >= log; i++) {
    const bit = left - log;
    const at = start + (bit >>> 3);
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    const entry = entries[(word >>> (bit & 7)) & mask];
    literals[i] = entry;
    left -= entry >>> 8;
  }
  stream.left = left;
  for (; i < to && stream.left > 0; i++) {
    const entry = entries[peekBits(stream, log)];
    literals[i] = entry;
    stream.left -= entry >>> 8;
  }
  if (i !== to || stream.left !== 0) throw new ZstdFault('a literal stream has the wrong length');
}

/**
 * Sets the table of one code by its mode: default, one symbol, described here, or that of the block
 * before.
 */
function readTable(
  frame: FrameState,
  code: number,
  mode: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  const { maxSymbol, maxLog, table } = SEQUENCE_CODES[code];
  if (mode === 0) frame.tables[code] = table;
  if (mode === 1) {
    if (at >= end || bytes[at] > maxSymbol)
      throw new ZstdFault('a sequence table names a wrong symbol');
    frame.tables[code] = singleSymbolTable(bytes[at]);
    return at + 1;
  }
  if (mode === 2) {
    const read = readFseTable(bytes, at, end, maxSymbol, maxLog);
    frame.tables[code] = read.table;
    return read.end;
  }
  if (frame.tables[code] === null) throw new ZstdFault('a block repeats a table that is not there');
  return at;
}

/** Decodes and carries out the sequences; the literals that none of them takes come last. */
function runSequences(
  frame: FrameState,
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  literalCount: number,
): void {
  const [lengths, offsets, matches] = frame.tables as [FseTable, FseTable, FseTable];
  const stream = backwardBits(bytes, start, end);
  let lengthState = readBits(stream, lengths.log);
  let offsetState = readBits(stream, offsets.log);
  let matchState = readBits(stream, matches.log);
  const room = frame.length + frame.blockLimit;
  let literalsUsed = 0;
  for (let i = 0; i < count; i++) {
    const offsetCode = offsets.symbols[offsetState];
    if (offsetCode > MAX_OFFSET_CODE) throw new ZstdFault('a match reaches beyond the window');
    const offsetValue = (1 << offsetCode) + readBits(stream, offsetCode);
    const matchCode = matches.symbols[matchState];
    const matchLength = MATCH_BASES[matchCode] + readBits(stream, MATCH_BITS[matchCode]);
    const lengthCode = lengths.symbols[lengthState];
    const literalLength = LENGTH_BASES[lengthCode] + readBits(stream, LENGTH_BITS[lengthCode]);
    if (i + 1 < count) {
      lengthState = lengths.bases[lengthState] + readBits(stream, lengths.bits[lengthState]);
      matchState = matches.bases[matchState] + readBits(stream, matches.bits[matchState]);
      offsetState = offsets.bases[offsetState] + readBits(stream, offsets.bits[offsetState]);
    }
    if (stream.left < 0) throw new ZstdFault('the sequences end early');
    if (literalsUsed + literalLength > literalCount)
      throw new ZstdFault('a sequence takes too many literals');
    if (frame.length + literalLength + matchLength > room)
      throw new ZstdFault('a block decodes to too many bytes');
    appendLiterals(frame, literalsUsed, literalsUsed + literalLength);
    literalsUsed += literalLength;
    appendMatch(frame, distanceOf(frame.recent, offsetValue, literalLength), matchLength);
  }
  if (stream.left !== 0) throw new ZstdFault('bits are left after the sequences');
  if (frame.length + literalCount - literalsUsed > room)
    throw new ZstdFault('a block decodes to too many bytes');
  appendLiterals(frame, literalsUsed, literalCount);
}

/**
 * The distance an offset value means, given the three last ones, which it updates (RFC 8878,
 * 3.1.1.5).
 */
function distanceOf(
  recent: [number, number, number],
  value: number,
  literalLength: number,
): number {
  const index = value > 3 ? 3 : value - 1 + (literalLength === 0 ? 1 : 0);
  if (index === 0) return recent[0];
  let distance: number;
  if (value > 3) distance = value - 3;
  else distance = index === 3 ? recent[0] - 1 : recent[index];
  if (index > 1) recent[2] = recent[1];
  recent[1] = recent[0];
  recent[0] = distance;
  return distance;
}

/** Appends literals from … to to the history. */
function appendLiterals(frame: FrameState, from: number, to: number): void {
  const { history } = frame;
  let length = frame.length;
  if (to - from > 64) history.set(literals.subarray(from, to), length);
  else for (let i = from; i < to; i++) history[length++] = literals[i];
  frame.length += to - from;
  frame.reach += to - from;
}

/** Repeats `count` bytes from `distance` back. */
function appendMatch(frame: FrameState, distance: number, count: number): void {
  const { history, length } = frame;
  if (distance < 1 || distance > frame.reach)
    throw new ZstdFault('a match reaches before the start of the data');
  const from = length - distance;
  // An overlapping match repeats what it has just written, so only a distant one may be copied at
  // once.
  if (distance >= count && count > 64) history.copyWithin(length, from, from + count);
  else for (let i = 0; i < count; i++) history[length + i] = history[from + i];
  frame.length += count;
  frame.reach += count;
}
