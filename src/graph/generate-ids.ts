// Names for generated particles and neurons: integers, or ids of the length and alphabet of real
// ones.
//   cid      "Qm" and 44 base58 characters       neuron   "bostrom1" and 38 bech32 characters
// The first characters after the prefix (6 or 7) write a bijection of the index, so names never
// collide; the others are drawn from (seed, index). The names look like content ids; they are the
// hash of nothing.

import { mixWord, writeInteger } from './id-bytes.js';

/** Kinds of particle ids. */
export type IdStyle = 'integer' | 'cid';

/** Bytes of a generated `cid` or neuron name. */
export const NAME_BYTES = 46;

const BASE58 = Buffer.from('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz');
const BECH32 = Buffer.from('qpzry9x8gf2tvdw0s3jn54khce6mua7l');
const NEURON_PREFIX = Buffer.from('bostrom1');

/** Writes a particle's id into `target` from `at` on; returns the byte after it. */
export function writeParticle(
  target: Uint8Array,
  at: number,
  index: number,
  style: IdStyle,
  seed: number,
): number {
  if (style === 'integer') return writeInteger(target, at, index);
  target[at] = 0x51;
  target[at + 1] = 0x6d;
  return writeBase58(target, at + 2, at + NAME_BYTES, index, seed);
}

/** Writes a neuron's name. */
export function writeNeuron(target: Uint8Array, at: number, index: number, seed: number): number {
  target.set(NEURON_PREFIX, at);
  return writeBech32(target, at + 8, at + NAME_BYTES, index, seed ^ 0x6e657572);
}

/**
 * Six digits that name the index, then four from each further word, as the leading digits of a
 * 26-bit fraction.
 */
function writeBase58(
  target: Uint8Array,
  at: number,
  end: number,
  index: number,
  seed: number,
): number {
  let word = mixWord(index ^ mixWord(seed)) >>> 0;
  let state = word;
  for (let k = at; k < at + 6; k++) {
    const quotient = (word / 58) >>> 0;
    target[k] = BASE58[word - quotient * 58];
    word = quotient;
  }
  let left = 0;
  let fraction = 0;
  for (let k = at + 6; k < end; k++, left--) {
    if (left === 0) {
      state = (state + 0x9e3779b9) | 0;
      fraction = mixWord(state) & 0x3ffffff;
      left = 4;
    }
    // 58 · 2²⁶ < 2³².
    const scaled = Math.imul(fraction, 58);
    target[k] = BASE58[scaled >>> 26];
    fraction = scaled & 0x3ffffff;
  }
  return end;
}

/** Seven digits of five bits that name the index, then six from each further word. */
function writeBech32(
  target: Uint8Array,
  at: number,
  end: number,
  index: number,
  seed: number,
): number {
  let word = mixWord(index ^ mixWord(seed));
  let state = word;
  let left = 7;
  for (let k = at; k < end; k++, left--) {
    if (left === 0) {
      state = (state + 0x9e3779b9) | 0;
      word = mixWord(state);
      left = 6;
    }
    target[k] = BECH32[word & 31];
    word >>>= 5;
  }
  return end;
}
