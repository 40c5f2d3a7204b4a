// Zstandard: files of the reference encoder, frames made by hand, and what hostile ones must not
// do.
// fzstd is the second implementation.

import { readFileSync } from 'node:fs';
import { decompress } from 'fzstd';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FocusError } from '../../src/base/errors.js';
import { randomStream } from '../../src/base/random.js';
import { createXxh64 } from '../../src/formats/xxh64.js';
import { decodeZstd, decompressZstd } from '../../src/formats/zstd.js';
import { errorOf, sampleText } from './sample-links.js';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url));

const FIXTURES: readonly (readonly [string, string])[] = [
  ['text-fast.zst', sampleText(1, 400)],
  ['text-default.zst', sampleText(2, 400)],
  ['text-best.zst', sampleText(3, 400)],
  ['text-ultra.zst', sampleText(4, 300)],
  ['text-unchecked.zst', sampleText(5, 300)],
  ['text-blocks.zst', sampleText(6, 6000)],
  ['runs.zst', 'x'.repeat(300000)],
];

async function decode(bytes: Uint8Array, piece = bytes.length || 1): Promise<Buffer> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  };
  const parts: Uint8Array[] = [];
  for await (const part of decodeZstd(pieces(), 'in.zst')) parts.push(part);
  return Buffer.concat(parts);
}

/** A frame of raw and run-length blocks: [text] is stored, [text, count] repeats its first byte. */
function frameOf(blocks: readonly (readonly [string, number?])[], checksum = true): Buffer {
  const window = 0x38; // 128 KiB
  const head = [0x28, 0xb5, 0x2f, 0xfd, checksum ? 4 : 0, window];
  const hash = createXxh64();
  const body = blocks.flatMap(([text, count], i) => {
    const last = i === blocks.length - 1 ? 1 : 0;
    const size = count ?? Buffer.byteLength(text);
    const word = last | ((count === undefined ? 0 : 1) << 1) | (size << 3);
    hash.update(count === undefined ? Buffer.from(text) : Buffer.alloc(count, text));
    return [
      word & 255,
      (word >> 8) & 255,
      word >> 16,
      ...Buffer.from(count === undefined ? text : text[0]),
    ];
  });
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(hash.low32());
  return Buffer.concat([Buffer.from([...head, ...body]), checksum ? sum : Buffer.alloc(0)]);
}

describe('a file of the reference encoder', () => {
  test.each(FIXTURES)(
    '%s is decoded as it was encoded, in pieces of any size',
    async (name, text) => {
      const bytes = fixture(name);
      expect((await decode(bytes)).toString()).toBe(text);
      expect((await decode(bytes, 1)).toString()).toBe(text);
      expect((await decode(bytes, 1000)).toString()).toBe(text);
    },
  );

  test.each(FIXTURES)('%s is decoded as fzstd decodes it', async (name) => {
    const bytes = fixture(name);
    expect((await decode(bytes)).equals(decompress(bytes))).toBe(true);
  });

  test('frames and skippable frames that follow one another are one stream', async () => {
    const skippable = Buffer.from('532a4d1803000000aabbcc', 'hex');
    const bytes = Buffer.concat([
      skippable,
      fixture('text-fast.zst'),
      skippable,
      fixture('text-best.zst'),
    ]);
    const expected = sampleText(1, 400) + sampleText(3, 400);
    expect((await decode(bytes, 77)).toString()).toBe(expected);
  });
});

describe('a frame made by hand', () => {
  test('of stored and repeated blocks is decoded, empty blocks included', async () => {
    expect((await decode(frameOf([['abc'], ['x', 5], [''], ['é']]))).toString()).toBe('abcxxxxxé');
    expect((await decode(frameOf([['']]))).length).toBe(0);
  });

  test('longer than its window and the internal buffers is decoded', async () => {
    const blocks = Array.from(
      { length: 60 },
      (_, i) => [String.fromCharCode(97 + (i % 26)), 130000] as const,
    );
    const out = await decode(frameOf(blocks));
    expect(out.length).toBe(60 * 130000);
    expect(out[59 * 130000]).toBe(97 + (59 % 26));
  });

  test('with one byte of its checksum changed is refused', async () => {
    const bytes = frameOf([['hello']]);
    bytes[bytes.length - 1] ^= 1;
    expect((await errorOf(decode(bytes))).message).toBe(
      'in.zst: corrupt zstd: the checksum does not match',
    );
  });

  test('with a block above 128 KiB is refused before it is expanded', async () => {
    expect((await errorOf(decode(frameOf([['x', 200000]])))).message).toMatch(
      /a block of 200000 bytes is longer/,
    );
  });

  test('with a window above 128 MiB is too large, without that memory being asked for', async () => {
    const bytes = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xff, 1, 0, 0]);
    const error = await errorOf(decode(bytes));
    expect(error.code).toBe('too-large');
    expect(error.message).toMatch(/^in\.zst: zstd: a window of \d+ bytes is needed/);
  });

  test('that needs a dictionary, or follows with other bytes, is refused', async () => {
    const dictionary = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 0x38, 7, 1, 0, 0]);
    expect((await errorOf(decode(dictionary))).message).toMatch(/it needs a dictionary/);
    const trailing = Buffer.concat([frameOf([['a']]), Buffer.from('junk')]);
    const at = trailing.length - 4;
    expect((await errorOf(decode(trailing))).message).toMatch(
      `bytes from ${at} on start no further frame`,
    );
  });
});

test('a stream cut anywhere is reported as truncated', async () => {
  const bytes = fixture('text-default.zst');
  for (let cut = 1; cut < 50; cut++) {
    const error = await errorOf(decode(bytes.subarray(0, Math.floor((bytes.length * cut) / 50))));
    expect(error.message).toMatch(/^in\.zst: truncated zstd: it ends after \d+ bytes$/);
  }
});

test('a flipped bit anywhere in a checked frame is an error, never another text', async () => {
  const bytes = fixture('text-best.zst');
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] ^= 1 << (at % 8);
    const result = await decode(damaged).catch((error: unknown) => error);
    if (result instanceof FocusError) continue;
    // A few bits of the header (a larger window) change nothing that is decoded.
    expect((result as Buffer).toString(), `byte ${at}`).toBe(sampleText(3, 400));
  }
});

test('random bytes after the magic number end in an error or in text, and quickly', async () => {
  const random = randomStream(5);
  for (let round = 0; round < 3000; round++) {
    const body = Array.from({ length: random.below(200) }, () => random.below(256));
    // A compressed block, so that the entropy decoders see the noise.
    const size = Math.max(0, body.length - 3);
    const bytes = Buffer.from([
      0x28,
      0xb5,
      0x2f,
      0xfd,
      0,
      0x38,
      5 | ((size & 31) << 3),
      size >> 5,
      0,
      ...body,
    ]);
    const result = await decode(bytes).catch((error: unknown) => error);
    if (!(result instanceof Buffer) && !(result instanceof FocusError)) throw result;
  }
});

test('output above the stated bound is refused', async () => {
  const bytes = fixture('runs.zst');
  expect((await decompressZstd(bytes, 300000, 'page')).length).toBe(300000);
  expect((await errorOf(decompressZstd(bytes, 299999, 'page'))).message).toMatch(
    /more than 299999 bytes/,
  );
});

describe('XXH64', () => {
  /** The definition, in plain big integers, a byte at a time. */
  function definition(bytes: Uint8Array): number {
    const [p1, p2, p3, p4, p5] = [
      11400714785074694791n,
      14029467366897019727n,
      1609587929392839161n,
      9650029242287828579n,
      2870177450012600261n,
    ];
    const mod = (x: bigint): bigint => x & 0xffffffffffffffffn;
    const rotl = (x: bigint, r: bigint): bigint => mod(x << r) | (x >> (64n - r));
    const word = (at: number, n: number): bigint => {
      let value = 0n;
      for (let i = n - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[at + i]);
      return value;
    };
    const round = (acc: bigint, input: bigint): bigint =>
      mod(rotl(mod(acc + mod(input * p2)), 31n) * p1);
    let at = 0;
    let h = p5;
    if (bytes.length >= 32) {
      const v = [mod(p1 + p2), p2, 0n, mod(-p1)];
      for (; at + 32 <= bytes.length; at += 32)
        for (let i = 0; i < 4; i++) v[i] = round(v[i], word(at + 8 * i, 8));
      h = mod(rotl(v[0], 1n) + rotl(v[1], 7n) + rotl(v[2], 12n) + rotl(v[3], 18n));
      for (const lane of v) h = mod((h ^ round(0n, lane)) * p1 + p4);
    }
    h = mod(h + BigInt(bytes.length));
    for (; at + 8 <= bytes.length; at += 8)
      h = mod(rotl(h ^ round(0n, word(at, 8)), 27n) * p1 + p4);
    if (at + 4 <= bytes.length) {
      h = mod(rotl(h ^ mod(word(at, 4) * p1), 23n) * p2 + p3);
      at += 4;
    }
    for (; at < bytes.length; at++) h = mod(rotl(h ^ mod(BigInt(bytes[at]) * p5), 11n) * p1);
    h = mod((h ^ (h >> 33n)) * p2);
    h = mod((h ^ (h >> 29n)) * p3);
    return Number((h ^ (h >> 32n)) & 0xffffffffn);
  }

  test('equals the published values for the empty text and "abc"', () => {
    const hash = createXxh64();
    expect(hash.low32()).toBe(0x51d8e999); // ef46db3751d8e999
    hash.update(Buffer.from('abc'));
    expect(hash.low32()).toBe(0xad770999); // 44bc2cf5ad770999
  });

  test('equals its definition for any bytes, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.nat(60), { maxLength: 8 }),
        (bytes, cuts) => {
          const hash = createXxh64();
          let at = 0;
          for (const cut of cuts) {
            hash.update(bytes.subarray(at, at + cut));
            at = Math.min(bytes.length, at + cut);
          }
          hash.update(bytes.subarray(at));
          expect(hash.low32()).toBe(definition(bytes));
        },
      ),
    );
  });
});
