// Bytes of ids: the hash, the canonical integers, and the check that an id is well-formed text.
// The hash is keyed by two secret words, has two lanes that no one difference cancels in both, and
// 32 bits; it only places ids in a table, so no result depends on it: equality is always decided by
// bytes.

import { shown } from '../base/errors.js';
import { MAX_ID_BYTES } from './ids.js';

// Under the u flag whole pairs are one character, so this matches a lone half only.
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Two secret 32-bit words that key the hash of one table. */
export interface HashKey {
  readonly first: number;
  readonly second: number;
}

/**
 * A fresh key. It differs from run to run, so that colliding ids cannot be prepared; results never
 * depend on it.
 */
export function freshHashKey(): HashKey {
  const words = globalThis.crypto.getRandomValues(new Int32Array(2));
  return { first: words[0], second: words[1] };
}

/** A 32-bit hash of the bytes [start, end) behind a view. Cost: about 6 cycles per 4 bytes. */
export function hashBytes(view: DataView, start: number, end: number, key: HashKey): number {
  let a = key.first ^ (end - start);
  let b = key.second;
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    const word = view.getInt32(at, true);
    a = Math.imul(a ^ word, 0x2c1b3c6d);
    a ^= a >>> 15;
    b = Math.imul((b + word) | 0, 0x297a2d39);
    b ^= b >>> 13;
  }
  let rest = 0;
  for (; at < end; at++) rest = (rest << 8) | view.getUint8(at);
  a = Math.imul(a ^ rest, 0x2c1b3c6d);
  b = Math.imul((b + rest) | 0, 0x297a2d39);
  return mixWord((a ^ (a >>> 15)) + mixWord(b));
}

/** A bijection of 32-bit words (lowbias32 of C. Wellons), as a signed integer. */
export function mixWord(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/**
 * A 32-bit hash of an integer in 0…10¹⁵; below 2³² it is a bijection, so there equal hashes mean
 * equal integers.
 */
export function hashInteger(value: number, key: HashKey): number {
  const low = value % 4294967296;
  if (low === value) return mixWord(low ^ key.first);
  return mixWord((low ^ key.first) + mixWord(((value - low) / 4294967296) ^ key.second));
}

/**
 * The value of a canonical decimal integer (at most 15 digits, no leading zero), or −1 where the
 * bytes are not one.
 */
export function canonicalInteger(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > 15 || length === 0) return -1;
  let digit = bytes[start] - 48;
  if (digit < 0 || digit > 9 || (digit === 0 && length > 1)) return -1;
  let value = digit;
  for (let at = start + 1; at < end; at++) {
    digit = bytes[at] - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Whether the bytes are well-formed UTF-8 without control characters (U+0000–1F, U+007F–9F). Cost
 * O(bytes).
 */
export function isCleanText(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const lead = bytes[at];
    if (lead < 0x80) {
      if (lead < 0x20 || lead === 0x7f) return false;
      at++;
      continue;
    }
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || at + length > end) return false;
    for (let k = 1; k < length; k++) if ((bytes[at + k] & 0xc0) !== 0x80) return false;
    const second = bytes[at + 1];
    if (lead === 0xc2 && second < 0xa0) return false;
    // Overlong forms, surrogates, and code points above U+10FFFF.
    if (lead === 0xe0 && second < 0xa0) return false;
    if (lead === 0xed && second > 0x9f) return false;
    if (lead === 0xf0 && second < 0x90) return false;
    if (lead === 0xf4 && second > 0x8f) return false;
    at += length;
  }
  return true;
}

/** Why bytes are no id (none, too many, not UTF-8, control characters), or null where they are. */
export function idRefusal(bytes: Uint8Array, start: number, end: number): string | null {
  if (end <= start) return 'expected an id, found nothing';
  if (end - start > MAX_ID_BYTES)
    return `expected an id of at most 4096 bytes, found ${end - start}`;
  if (isCleanText(bytes, start, end)) return null;
  const text = new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 64)));
  return `expected an id of UTF-8 text without control characters, found ${shown(text)}`;
}

/** Whether a string has no half of a surrogate pair, which UTF-8 cannot hold. */
export function isWholeText(id: string): boolean {
  return !LONE_SURROGATE.test(id);
}

/** Writes a non-negative integer below 2⁵³ in decimal digits. */
export function writeInteger(target: Uint8Array, at: number, value: number): number {
  let end = at + 1;
  for (let power = 10; value >= power; power *= 10) end++;
  let rest = value;
  for (let k = end - 1; k >= at; k--) {
    const quotient = Math.floor(rest / 10);
    target[k] = 48 + rest - quotient * 10;
    rest = quotient;
  }
  return end;
}
