// Random numbers that anybody can check: SHA-256 in counter mode over a public beacon. Block c of
// stream (label, index) is
//   SHA-256(beacon (32 bytes) ‖ "label" 0x0a ‖ index (u64) ‖ c (u64))      integers big-endian
// read as four unsigned 64-bit integers. Bounded integers by rejection, so without modulo bias.

import { createHash } from 'node:crypto';
import { check } from './errors.js';

/** A stream of a beacon. */
export interface BeaconStream {
  /** A uniform integer in [0, bound), bound in 1…2⁵³. */
  below(bound: number): number;
}

const BEACON = /^[0-9a-f]{64}$/;
const WORD = 1n << 64n;

/** A beacon in its one form, 64 lower-case hex digits. Throws `bad-parameter`. */
export function readBeacon(text: string): string {
  const lower = text.toLowerCase();
  check(
    BEACON.test(lower),
    'bad-parameter',
    () => `beacon: expected 64 hex digits, found ${text.length} characters`,
    'take 32 bytes that nobody could foresee, such as the hash of a block',
  );
  return lower;
}

/** Opens stream `index` of `label`. Throws `bad-parameter` for a beacon of another form. */
export function beaconStream(beacon: string, label: string, index = 0): BeaconStream {
  const head = Buffer.concat([
    Buffer.from(readBeacon(beacon), 'hex'),
    Buffer.from(`${label}\n`, 'utf8'),
  ]);
  let words: bigint[] = [];
  let block = 0n;
  const next = (): bigint => {
    if (words.length === 0) {
      const place = Buffer.alloc(16);
      place.writeBigUInt64BE(BigInt(index), 0);
      place.writeBigUInt64BE(block++, 8);
      const digest = createHash('sha256').update(head).update(place).digest();
      words = [0, 8, 16, 24].map((at) => digest.readBigUInt64BE(at));
    }
    return words.shift() as bigint;
  };
  return {
    below: (bound) => {
      check(
        Number.isSafeInteger(bound) && bound > 0,
        'bad-parameter',
        () => `beacon: expected a bound in 1…2⁵³ − 1, found ${bound}`,
      );
      const wide = BigInt(bound);
      const limit = WORD - (WORD % wide);
      for (;;) {
        const drawn = next();
        if (drawn < limit) return Number(drawn % wide);
      }
    },
  };
}
