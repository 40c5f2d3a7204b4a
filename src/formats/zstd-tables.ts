// The constant tables of Zstandard (RFC 8878, sections 3.1.1.3.2 and 3.1.1.3.2.2): what the codes
// of literal lengths and match lengths stand for, and the default distributions of the three codes
// of a sequence.

import { type FseTable, buildFseTable } from './zstd-entropy.js';

/** Extra bits by literal length code; its base is the sum of what the codes below it span. */
export const LENGTH_BITS = Uint8Array.from(
  numbers('0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1 1 2 2 3 3 4 6 7 8 9 10 11 12 13 14 15 16'),
);
export const LENGTH_BASES = basesOf(LENGTH_BITS, 0);

/** Extra bits by match length code; the shortest match is 3 bytes. */
export const MATCH_BITS = Uint8Array.from(
  numbers(
    '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ' +
      '1 1 1 1 2 2 3 3 4 4 5 7 8 9 10 11 12 13 14 15 16',
  ),
);
export const MATCH_BASES = basesOf(MATCH_BITS, 3);

/** One of the three codes: its largest symbol, its largest accuracy log, and its default table. */
export interface SequenceCode {
  readonly maxSymbol: number;
  readonly maxLog: number;
  readonly table: FseTable;
}

/** Literal lengths, offsets, match lengths. */
export const SEQUENCE_CODES: readonly SequenceCode[] = [
  codeOf(35, 9, 6, '4 3 2 2 2 2 2 2 2 2 2 2 2 1 1 1 2 2 2 2 2 2 2 2 2 3 2 1 1 1 1 1 -1 -1 -1 -1'),
  codeOf(31, 8, 5, '1 1 1 1 1 1 2 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 -1 -1 -1 -1'),
  codeOf(
    52,
    9,
    6,
    '1 4 3 2 2 2 2 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 ' +
      '1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 -1 -1 -1 -1 -1 -1',
  ),
];

/** A code with its default distribution, counts of 2^log in all. */
function codeOf(maxSymbol: number, maxLog: number, log: number, counts: string): SequenceCode {
  const list = numbers(counts);
  return { maxSymbol, maxLog, table: buildFseTable(list, list.length, log) };
}

/** Numbers parted by blanks: shorter to read than arrays of one number a line. */
function numbers(text: string): number[] {
  return text.split(' ').map(Number);
}

/** The value that each code starts at, from the bits of those below it. */
function basesOf(bits: Uint8Array, first: number): Uint32Array {
  const bases = new Uint32Array(bits.length);
  let base = first;
  for (let i = 0; i < bits.length; i++) {
    bases[i] = base;
    base += 2 ** bits[i];
  }
  return bases;
}
