// The bytes of ids: hashing, comparing, integers and UTF-8 checks.

import { describe, expect, it } from 'vitest';
import {
  canonicalInteger,
  freshHashKey,
  hashBytes,
  hashInteger,
  isCleanText,
  mixWord,
} from '../../src/graph/id-bytes.js';

// Bytes on both sides of every limit that UTF-8 draws.
const BYTES = [
  0x00, 0x1f, 0x20, 0x41, 0x7e, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc3,
  0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
];
const CONTROLS = /\p{Cc}/u;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isCleanByDecoder(bytes: Uint8Array): boolean {
  try {
    return !CONTROLS.test(decoder.decode(bytes));
  } catch {
    return false;
  }
}

describe('the bytes of an id', () => {
  it('are clean text exactly where a strict UTF-8 decoder finds no control character', () => {
    const tails = [[], [0x80], [0xbf], [0x41], [0xc2, 0xa0]];
    for (const a of BYTES) {
      for (const b of BYTES) {
        for (const c of BYTES) {
          for (const tail of tails) {
            const bytes = Uint8Array.of(a, b, c, ...tail);
            if (isCleanText(bytes, 0, bytes.length) !== isCleanByDecoder(bytes)) {
              expect.fail(`bytes ${Buffer.from(bytes).toString('hex')}`);
            }
          }
        }
      }
    }
    for (let end = 1; end <= 4; end++) {
      const bytes = Buffer.from('\u{1f642}').subarray(0, end);
      expect(isCleanText(bytes, 0, end)).toBe(end === 4);
    }
  });

  it('are a canonical integer exactly where its digits are the shortest', () => {
    const value = (text: string): number =>
      canonicalInteger(Buffer.from(`9${text}9`), 1, 1 + text.length);
    expect(['0', '7', '10', '999999999999999'].map(value)).toEqual([0, 7, 10, 999999999999999]);
    const others = [
      '',
      '00',
      '07',
      '-1',
      '+1',
      '1.',
      '1e3',
      'a',
      '1a',
      '1000000000000000',
      '/',
      ':',
    ];
    expect(others.map(value)).toEqual(others.map(() => -1));
  });

  it('have a hash that depends on every byte, their number and both words of the key', () => {
    const key = freshHashKey();
    const hash = (bytes: Uint8Array, with_ = key): number =>
      hashBytes(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, with_);
    for (let length = 1; length <= 12; length++) {
      const bytes = new Uint8Array(length);
      const seen = new Set([hash(bytes), hash(new Uint8Array(length + 1))]);
      for (let k = 0; k < length; k++) {
        bytes[k] = 1;
        seen.add(hash(bytes));
        bytes[k] = 0;
      }
      seen.add(hash(bytes, { ...key, first: key.first ^ 0x10000 }));
      seen.add(hash(bytes, { ...key, second: key.second ^ 0x10000 }));
      expect(seen.size).toBe(length + 4);
    }
  });

  it('do not collide under the differences that cancel in a hash of one lane', () => {
    // Flipping bit 31 of one word and bits 31 and 16 of the next cancels in x = (x ^ w) * odd; x ^=
    // x >>> 15.
    const key = freshHashKey();
    const seen = new Set<number>();
    for (let choice = 0; choice < 256; choice++) {
      const view = new DataView(new ArrayBuffer(64));
      for (let bit = 0; bit < 8; bit++) {
        if (((choice >> bit) & 1) === 0) continue;
        view.setInt32(8 * bit, 0x80000000 | 0, true);
        view.setInt32(8 * bit + 4, 0x80010000 | 0, true);
      }
      seen.add(hashBytes(view, 0, 64, key));
    }
    expect(seen.size).toBeGreaterThan(250);
  });

  it('of small integers never share a hash', () => {
    const key = freshHashKey();
    const hashes = Int32Array.from({ length: 200_000 }, (_, i) => hashInteger(i * 21_000, key));
    expect(new Set(hashes).size).toBe(200_000);
    expect(new Set([0, 1, -1, 2 ** 31].map(mixWord)).size).toBe(4);
  });
});
