// The .focus format: round trips, the layout byte by byte, and files that are damaged or made to
// deceive.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FocusError } from '../../src/base/errors.js';
import { buildGraph } from '../../src/graph/build.js';
import type { Graph } from '../../src/graph/graph.js';
import { readFocusBinary, writeFocusBinary, writeFocusTo } from '../../src/formats/focus-binary.js';
import { memoryAccess, openRandomAccess } from '../../src/formats/random-access.js';
import { contentOf, errorOf, linksArbitrary, linksOf, randomGraph } from './sample-links.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

async function bytesOf(graph: Graph): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await writeFocusTo(graph, {
    write: async (bytes) => {
      parts.push(Uint8Array.from(bytes));
    },
  });
  return Buffer.concat(parts);
}

const readBytes = (bytes: Uint8Array): Promise<Graph> =>
  readFocusBinary(memoryAccess('in.focus', bytes));

/** Corrects the digest of changed bytes, as one who deceives would. */
function sealed(bytes: Buffer): Buffer {
  const digest = createHash('sha256')
    .update(bytes.subarray(0, 128))
    .update(bytes.subarray(160))
    .digest();
  digest.copy(bytes, 128);
  return bytes;
}

const messageOf = async (bytes: Uint8Array): Promise<string> => {
  const error = await errorOf(readBytes(bytes));
  expect(error.code).toBe('bad-input');
  return error.message;
};

describe('a graph', () => {
  test('is read back as it was written: ids, order, axons, weights and report', async () => {
    await fc.assert(
      fc.asyncProperty(linksArbitrary, async (links) => {
        const graph = buildGraph(linksOf(links));
        const bytes = await bytesOf(graph);
        const back = await readBytes(bytes);
        expect(contentOf(back)).toEqual(contentOf(graph));
        for (let i = 0; i < graph.ids.count; i++) expect(back.ids.indexOf(graph.ids.at(i))).toBe(i);
        expect(back.ids.indexOf('no such id')).toBe(-1);
        expect((await bytesOf(back)).equals(bytes)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('of integer ids is read back from a file, and takes less room than the same of texts', async () => {
    const integers = randomGraph(4, 500, 3000, true);
    const path = folder.at('integers.focus');
    await writeFocusBinary(integers, path);
    const file = await openRandomAccess(path);
    expect(contentOf(await readFocusBinary(file))).toEqual(contentOf(integers));
    await file.close();
    const texts = await bytesOf(randomGraph(4, 500, 3000));
    expect(readFileSync(path).length).toBeLessThan(texts.length);
  });

  test('read from memory that starts at any byte is the same', async () => {
    const graph = randomGraph(5, 30, 90);
    const bytes = await bytesOf(graph);
    for (const shift of [1, 3, 4, 7]) {
      const moved = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
      expect(contentOf(await readBytes(moved))).toEqual(contentOf(graph));
    }
  });

  test('that is written and read again is frozen', async () => {
    expect(Object.isFrozen(await readBytes(await bytesOf(randomGraph(6, 9, 20))))).toBe(true);
  });
});

test('the bytes of a small graph are those that docs/formats.md derives', async () => {
  // a → b of 1.5, b → a of 2, and a link of weight zero that is dropped with its particle.
  const graph = buildGraph(
    linksOf([
      { from: 'a', to: 'b', amount: 1.5 },
      { from: 'b', to: 'a', amount: 2 },
      { from: 'a', to: 'ccc', amount: 0 },
    ]),
  );
  const bytes = await bytesOf(graph);
  const hex = (from: number, to: number): string => bytes.subarray(from, to).toString('hex');
  expect(hex(0, 16)).toBe('89464f4355530d0a' + '01000000' + '00000000');
  expect(hex(16, 48)).toBe(['d8', '02', '02', '02'].map((low) => `${low}00000000000000`).join(''));
  expect(hex(48, 56)).toBe('0000000000000040');
  expect(hex(56, 104)).toBe(
    ['03', '00', '00', '01', '01', '00'].map((low) => `${low}00000000000000`).join(''),
  );
  expect(hex(104, 128)).toBe('00'.repeat(24));
  expect(hex(160, 176)).toBe('00000000' + '01000000' + '02000000' + '00000000');
  expect(hex(176, 184)).toBe('01000000' + '00000000');
  expect(hex(184, 200)).toBe('000000000000f83f' + '0000000000000040');
  expect(hex(200, 208)).toBe('01000000' + '02000000');
  expect(hex(208, 216)).toBe('6162000000000000');
  expect(bytes.length).toBe(216);
  expect(sealed(Buffer.from(bytes)).equals(bytes)).toBe(true);
});

describe('a damaged file', () => {
  test('cut at any byte is refused', async () => {
    const bytes = await bytesOf(randomGraph(7, 12, 30));
    for (let cut = 0; cut < bytes.length; cut++) await errorOf(readBytes(bytes.subarray(0, cut)));
    expect(await messageOf(bytes.subarray(0, bytes.length - 8))).toMatch(
      /^in\.focus: truncated: \d+ of \d+ bytes are there$/,
    );
    expect(await messageOf(Buffer.concat([bytes, Buffer.alloc(8)]))).toBe(
      'in.focus: 8 bytes follow the end',
    );
  });

  test('with any bit flipped is refused', async () => {
    const bytes = await bytesOf(randomGraph(8, 12, 30));
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 0x80]) {
        const damaged = Buffer.from(bytes);
        damaged[at] ^= bit;
        const error = await errorOf(readBytes(damaged));
        expect(error.code).toBe('bad-input');
      }
    }
  });

  test('of another version or of other bytes says so', async () => {
    const bytes = await bytesOf(randomGraph(9, 5, 9));
    bytes[8] = 2;
    expect(await messageOf(sealed(bytes))).toBe(
      'in.focus: expected version 1 of the format, found 2',
    );
    expect(await messageOf(Buffer.from('from,to\n'))).toMatch(
      /expected the header of a \.focus file/,
    );
    expect(await messageOf(Buffer.alloc(0))).toMatch(/expected the header of a \.focus file/);
  });
});

describe('a file with a right digest and a wrong graph is refused', () => {
  // Two particles a, b and a third c: a → b, a → c, b → c.
  const graph = (): Graph =>
    buildGraph(
      linksOf([
        { from: 'a', to: 'b', amount: 1 },
        { from: 'a', to: 'c', amount: 1 },
        { from: 'b', to: 'c', amount: 1 },
      ]),
    );
  const OFFSETS = 160;
  const COLUMNS = 176;
  const WEIGHTS = 192;
  const ENDS = 216;
  const IDS = 232;
  const u32 = (at: number, value: number) => (bytes: Buffer) => bytes.writeUInt32LE(value, at);
  const u64 = (at: number, value: number) => (bytes: Buffer) =>
    bytes.writeBigUInt64LE(BigInt(value), at);
  const f64 = (at: number, value: number) => (bytes: Buffer) => bytes.writeDoubleLE(value, at);

  test.each<[string, (bytes: Buffer) => number | void, RegExp]>([
    ['offsets that start above 0', u32(OFFSETS, 1), /offsets run from 1 to 3, expected 0 to 3/],
    ['offsets that descend', u32(OFFSETS + 4, 9), /the offsets of row 0 do not ascend/],
    ['columns that repeat', u32(COLUMNS + 4, 1), /axon 1 of row 0 leads to 1 after 1/],
    ['a column out of range', u32(COLUMNS + 8, 3), /axon 2 of row 1 leads to 3/],
    ['a self-loop', u32(COLUMNS + 8, 1), /axon 2 of row 1 leads to 1/],
    ['a weight of zero', f64(WEIGHTS, 0), /the weight of axon 0 is 0/],
    ['a negative weight', f64(WEIGHTS + 8, -1), /the weight of axon 1 is -1/],
    ['an infinite weight', f64(WEIGHTS + 16, Infinity), /the weight of axon 2 is Infinity/],
    ['a weight that is no number', f64(WEIGHTS + 16, NaN), /the weight of axon 2 is NaN/],
    ['an id that stands twice', (b) => b.write('aac', IDS), /id 1 stands twice/],
    [
      'an id with a control character',
      (b) => b.write('a\u0001c', IDS),
      /without control characters/,
    ],
    ['an id that is no UTF-8', (b) => void (b[IDS] = 0xff), /an id of UTF-8 text/],
    ['an empty id', u32(ENDS, 0), /expected an id, found nothing/],
    ['ends that descend', u32(ENDS, 3), /do not ascend|stands twice|expected an id/],
    [
      'ids that are all integers stored as text',
      (b) => b.write('123', IDS),
      /integer ids are stored as text/,
    ],
    ['padding that is not zero', (b) => void (b[IDS + 7] = 1), /padding is not zero/],
    [
      'reserved bytes that are not zero',
      (b) => void (b[127] = 1),
      /expected zero at byte 127, found 1/,
    ],
    ['an unknown kind of ids', u32(12, 2), /the ids have the unknown kind 2/],
    ['more particles than the file holds', u64(24, 4), /the header states/],
    ['2⁶⁰ particles', u64(24, 2 ** 60), /a count in the header is/],
    [
      '2³²−1 particles, stated consistently',
      (b) => {
        b.writeBigUInt64LE(2n ** 32n - 1n, 24);
        b.writeBigUInt64LE(160n + 2n ** 34n + 16n + 24n + (2n ** 34n - 4n + 4n) + 8n, 16);
      },
      /truncated: 240 of \d+ bytes are there|the header states/,
    ],
    ['no particles', u64(24, 0), /0 particles/],
    ['links that do not add up', u64(56, 4), /the links do not add up/],
    ['a largest stake below zero', f64(48, -1), /the largest stake is -1/],
  ])('%s', async (_, change, message) => {
    const bytes = await bytesOf(graph());
    expect(bytes.length).toBe(240);
    change(bytes);
    expect(await messageOf(sealed(bytes))).toMatch(message);
  });

  test('while a sound graph with a corrected digest is read: it is not the sealing that is refused', async () => {
    const bytes = await bytesOf(graph());
    f64(WEIGHTS, 0.25)(bytes);
    expect((await readBytes(sealed(bytes))).axons.weights[0]).toBe(0.25);
  });

  test('a particle that no axon names', async () => {
    const bytes = await bytesOf(
      buildGraph(
        linksOf([
          { from: 'a', to: 'b', amount: 1 },
          { from: 'b', to: 'c', amount: 1 },
        ]),
      ),
    );
    u32(COLUMNS + 4, 0)(bytes); // b → a in the place of b → c
    expect(await messageOf(sealed(bytes))).toMatch(/particle 2 has no axon/);
  });
});

test('writing leaves an older file alone when it fails, and no temporary file behind', async () => {
  const { readdirSync } = await import('node:fs');
  const path = folder.file('kept.focus', 'old');
  const broken = { ...randomGraph(1, 5, 9), ids: null as unknown as Graph['ids'] };
  await expect(writeFocusBinary(broken, path)).rejects.toThrow();
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  writeFileSync(path, 'old');
  const error = await errorOf(
    writeFocusBinary(randomGraph(1, 5, 9), folder.at('no/such/folder.focus')),
  );
  expect(error).toBeInstanceOf(FocusError);
  expect(error.code).toBe('failure');
  expect(error.message).toMatch(/cannot be written \(ENOENT\)$/);
});
