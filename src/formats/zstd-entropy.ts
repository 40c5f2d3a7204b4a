// The entropy coders of Zstandard (RFC 8878, section 4): finite state entropy tables, Huffman
// tables, and the bit reader both use, which runs from the end of a buffer to its start. Every
// table is bounded by its accuracy log and every description is checked, so a hostile stream ends
// in a ZstdFault and never in an endless loop or a read outside the block.

/**
 * A stream that breaks the format; the message says how. Converted to a FocusError where the file's
 * name is known.
 */
export class ZstdFault extends Error {
  override readonly name = 'ZstdFault';
}

/**
 * Bytes that must be readable after the last byte of a block: the bit reader loads four bytes at
 * once.
 */
export const PADDING_BYTES = 8;

/** An FSE decoding table of 2^log states. */
export interface FseTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  /** Bits to read for the next state, and the base they are added to. */
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** A Huffman table indexed by the next `log` bits: symbol + (length << 8). */
export interface HuffmanTable {
  readonly log: number;
  readonly entries: Uint16Array;
}

/**
 * Reads bits from the end of bytes start … end backwards; the topmost set bit of the last byte
 * marks the start.
 */
export interface BackwardBits {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Bits not yet read; negative once more were read than there are, and those read as zero. */
  left: number;
}

/** Opens a backward bit stream. Throws ZstdFault where it is empty or has no end mark. */
export function backwardBits(bytes: Uint8Array, start: number, end: number): BackwardBits {
  if (end <= start) throw new ZstdFault('a bit stream is empty');
  const last = bytes[end - 1];
  if (last === 0) throw new ZstdFault('a bit stream has no end mark');
  return { bytes, start, left: (end - start - 1) * 8 + (31 - Math.clz32(last)) };
}

/** The next `count` bits (0…28), consumed. */
export function readBits(stream: BackwardBits, count: number): number {
  if (count > 24) return readManyBits(stream, count);
  const value = peekBits(stream, count);
  stream.left -= count;
  return value;
}

/** 25 to 28 bits, in two steps, as one load gives 25 at least and 32 at most. */
function readManyBits(stream: BackwardBits, count: number): number {
  const upper = peekBits(stream, count - 16);
  stream.left -= count - 16;
  const lower = peekBits(stream, 16);
  stream.left -= 16;
  return upper * 65536 + lower;
}

/** The next `count` bits (0…24), kept. Bits before the start of the stream are zero. */
export function peekBits(stream: BackwardBits, count: number): number {
  const { bytes, start, left } = stream;
  const from = left - count;
  if (from >= 0) {
    const at = start + (from >>> 3);
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    return (word >>> (from & 7)) & ((1 << count) - 1);
  }
  return peekPastStart(stream, count);
}

/**
 * The bits that are left, followed by zeros; apart from `peekBits`, so that the compiler inlines
 * that.
 */
function peekPastStart(stream: BackwardBits, count: number): number {
  const { bytes, start, left } = stream;
  if (left <= 0) return 0;
  const word =
    bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16) | (bytes[start + 3] << 24);
  return (word & ((1 << left) - 1)) << (count - left);
}

/**
 * Reads an FSE table description at `start`; symbols 0…maxSymbol, accuracy log at most maxLog.
 * Returns the table and where the description ends. Throws ZstdFault. Cost O(2^log).
 */
export function readFseTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxSymbol: number,
  maxLog: number,
): { readonly table: FseTable; readonly end: number } {
  let bit = start * 8;
  const take = (count: number): number => {
    const at = bit >>> 3;
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    bit += count;
    return (word >>> ((bit - count) & 7)) & ((1 << count) - 1);
  };
  const log = take(4) + 5;
  if (log > maxLog)
    throw new ZstdFault(`an FSE table has accuracy ${log}, at most ${maxLog} is allowed`);
  const counts = new Int16Array(maxSymbol + 1);
  let remaining = 1 << log;
  let symbol = 0;
  while (remaining > 0 && symbol <= maxSymbol && bit <= end * 8) {
    // A value in 0…remaining+1 is coded in `width` bits, or one less for the low ones.
    const width = 32 - Math.clz32(remaining + 1);
    const low = (1 << (width - 1)) - 1;
    const spare = (1 << width) - 1 - (remaining + 1);
    let value = take(width);
    if ((value & low) < spare) {
      bit--;
      value &= low;
    } else if (value > low) {
      value -= spare;
    }
    const count = value - 1;
    remaining -= Math.abs(count);
    counts[symbol++] = count;
    for (let repeat = count === 0 ? 3 : 0; repeat === 3;) {
      repeat = take(2);
      symbol += repeat;
    }
  }
  const after = (bit + 7) >>> 3;
  if (remaining !== 0 || symbol > maxSymbol + 1 || after > end) {
    throw new ZstdFault('an FSE table description is corrupt');
  }
  return { table: buildFseTable(counts, symbol, log), end: after };
}

/**
 * The table for normalised counts of 2^log in all; −1 stands for "less than one". Cost O(2^log).
 */
export function buildFseTable(
  counts: ArrayLike<number>,
  symbolCount: number,
  log: number,
): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(symbolCount);
  let high = size;
  for (let s = 0; s < symbolCount; s++) {
    if (counts[s] < 0) {
      symbols[--high] = s;
      next[s] = 1;
    }
  }
  const step = (size >>> 1) + (size >>> 3) + 3;
  let place = 0;
  for (let s = 0; s < symbolCount; s++) {
    if (counts[s] <= 0) continue;
    next[s] = counts[s];
    for (let i = 0; i < counts[s]; i++) {
      symbols[place] = s;
      // The step is odd, so it visits every state; the counts leave at least one state below
      // `high`.
      do place = (place + step) & (size - 1);
      while (place >= high);
    }
  }
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let i = 0; i < size; i++) {
    const state = next[symbols[i]]++;
    bits[i] = log - (31 - Math.clz32(state));
    bases[i] = (state << bits[i]) - size;
  }
  return { log, symbols, bits, bases };
}

/** The table of a single symbol, which takes no bits. */
export function singleSymbolTable(symbol: number): FseTable {
  const zero = new Uint8Array(1);
  return { log: 0, symbols: Uint8Array.of(symbol), bits: zero, bases: new Uint16Array(1) };
}

/**
 * Reads a Huffman tree description at `start`. Returns the table and where the description ends.
 * Throws ZstdFault.
 */
export function readHuffmanTable(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly table: HuffmanTable; readonly end: number } {
  if (start >= end) throw new ZstdFault('a Huffman table is missing');
  const head = bytes[start];
  const weights = new Uint8Array(256);
  let count: number;
  let after: number;
  if (head >= 128) {
    count = head - 127;
    after = start + 1 + ((count + 1) >>> 1);
    if (after > end) throw new ZstdFault('a Huffman table is cut off');
    for (let i = 0; i < count; i++) {
      const pair = bytes[start + 1 + (i >>> 1)];
      weights[i] = (i & 1) === 0 ? pair >>> 4 : pair & 15;
    }
  } else {
    after = start + 1 + head;
    if (after > end) throw new ZstdFault('a Huffman table is cut off');
    count = readWeights(bytes, start + 1, after, weights);
  }
  return { table: buildHuffmanTable(weights, count), end: after };
}

/** Weights coded by two interleaved FSE states; returns their number. */
function readWeights(bytes: Uint8Array, start: number, end: number, weights: Uint8Array): number {
  const { table, end: streamStart } = readFseTable(bytes, start, end, 12, 6);
  const stream = backwardBits(bytes, streamStart, end);
  const states = [readBits(stream, table.log), readBits(stream, table.log)];
  for (let count = 0; ; count++) {
    // 255 weights at most: the last symbol's is implied. A table of one symbol reads no bits and
    // would never end.
    if (count > 253) throw new ZstdFault('a Huffman table has too many weights');
    const turn = count & 1;
    const state = states[turn];
    weights[count] = table.symbols[state];
    states[turn] = table.bases[state] + readBits(stream, table.bits[state]);
    if (stream.left < 0) {
      weights[count + 1] = table.symbols[states[1 - turn]];
      return count + 2;
    }
  }
}

/**
 * Weight w > 0 means a code of log + 1 − w bits; the weight of the last symbol completes the sum to
 * a power of two.
 */
function buildHuffmanTable(weights: Uint8Array, count: number): HuffmanTable {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (weights[i] > 11)
      throw new ZstdFault(`a Huffman weight is ${weights[i]}, at most 11 is allowed`);
    if (weights[i] > 0) sum += 1 << (weights[i] - 1);
  }
  const log = 32 - Math.clz32(sum);
  const rest = (1 << log) - sum;
  if (sum === 0 || log > 11 || (rest & (rest - 1)) !== 0) {
    throw new ZstdFault('the weights of a Huffman table do not add up');
  }
  weights[count] = 32 - Math.clz32(rest);
  const entries = new Uint16Array(1 << log);
  let place = 0;
  for (let weight = 1; weight <= log; weight++) {
    for (let symbol = 0; symbol <= count; symbol++) {
      if (weights[symbol] !== weight) continue;
      const span = 1 << (weight - 1);
      entries.fill(symbol | ((log + 1 - weight) << 8), place, place + span);
      place += span;
    }
  }
  return { log, entries };
}
