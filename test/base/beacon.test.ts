// Streams of a beacon against SHA-256 computed here, and against chance.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { beaconStream, readBeacon } from '../../src/base/beacon.js';
import { chanceUnseen, drawSample } from '../../src/base/sample.js';

const BEACON = '00112233445566778899aabbccddeeff'.repeat(2);

describe('a beacon', () => {
  it('is SHA-256 in counter mode', () => {
    const bytes: Buffer[] = [];
    for (let block = 0; block < 2; block++) {
      const tail = Buffer.alloc(16);
      tail.writeUInt32BE(7, 4);
      tail.writeUInt32BE(block, 12);
      const parts = [Buffer.from(BEACON, 'hex'), Buffer.from('shapley\n'), tail];
      bytes.push(createHash('sha256').update(Buffer.concat(parts)).digest());
    }
    const words = Buffer.concat(bytes);
    const stream = beaconStream(BEACON, 'shapley', 7);
    // 2⁴⁸ divides 2⁶⁴: nothing is rejected, and the low 48 bits remain.
    for (let k = 0; k < 8; k++) expect(stream.below(2 ** 48)).toBe(words.readUIntBE(8 * k + 2, 6));
  });

  it('rejects what would favour small numbers', () => {
    // 2⁶⁴ is 2048.5 of these: a draw in 4,097 lies in the half that is left over.
    const bound = 9_004_990_297_999_292;
    const limit = 2n ** 64n - (2n ** 64n % BigInt(bound));
    const stream = beaconStream(BEACON, 'x');
    let rejected = 0;
    for (let block = 0; block < 5000; block++) {
      const place = Buffer.alloc(16);
      place.writeUInt32BE(block, 12);
      const parts = [Buffer.from(BEACON, 'hex'), Buffer.from('x\n'), place];
      const digest = createHash('sha256').update(Buffer.concat(parts)).digest();
      for (const at of [0, 8, 16, 24]) {
        const word = digest.readBigUInt64BE(at);
        if (word >= limit) rejected++;
        else expect(BigInt(stream.below(bound))).toBe(word % BigInt(bound));
      }
    }
    expect(rejected).toBeGreaterThan(0);
  });

  it('has one form', () => {
    expect(readBeacon(BEACON.toUpperCase())).toBe(BEACON);
    for (const wrong of ['', '0x00', BEACON.slice(1), `${BEACON}0`, `${BEACON.slice(1)}g`])
      expect(() => readBeacon(wrong)).toThrow('expected 64 hex digits');
    for (const bound of [0, -1, 0.5, 2 ** 53, NaN])
      expect(() => beaconStream(BEACON, 'x').below(bound)).toThrow('expected a bound');
  });

  it('draws every set equally often', () => {
    // 10 sets of 2 of 5; χ² with 9 degrees of freedom is above 33.7 once in 10,000 times.
    const counts = new Map<string, number>();
    const runs = 5000;
    for (let k = 0; k < runs; k++) {
      const beacon = createHash('sha256').update(`run ${k}`).digest('hex');
      const key = drawSample(beacon, 'focus-sample-1', 2, 5).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    const expected = runs / 10;
    const chi = [...counts.values()].reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(33.7);
    expect(drawSample(BEACON, 'focus-sample-1', 9, 4)).toEqual([0, 1, 2, 3]);
    expect(() => drawSample(BEACON, 'focus-sample-1', 0, 4)).toThrow('at least 1');
  });

  it('misses false claims as often as stated', () => {
    // By counting: of all C(7, 3) samples, those that avoid 2 given claims.
    let missed = 0;
    let all = 0;
    for (let a = 0; a < 7; a++)
      for (let b = a + 1; b < 7; b++)
        for (let c = b + 1; c < 7; c++) {
          all++;
          if (a >= 2) missed++;
        }
    expect(chanceUnseen(3, 7, 2)).toBeCloseTo(missed / all, 14);
    expect(chanceUnseen(3, 7, 5)).toBe(0);
    expect(chanceUnseen(3, 7, 0)).toBe(1);
  });
});
