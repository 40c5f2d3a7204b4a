// Ways to spoil a file: what truncated downloads, wrong exports, bad disks and hostile hands do to
// links.
// Each takes the bytes of a sound file and a stream of random numbers, and gives the bytes of
// another file.

import { gzipSync } from 'node:zlib';
import type { Random } from '../../src/base/random.js';

/** Makes a spoiled file of a sound one. */
export type Mutation = (bytes: Buffer, random: Random) => Buffer;

const NUMBERS = [
  'NaN',
  '-1',
  '1e400',
  '9007199254740993',
  'Infinity',
  '',
  '0',
  '-0',
  '0x10',
  '1e-400',
  'null',
  '1,5',
  '٣',
];
const EXCERPTS = [
  '\0',
  '\0\0\0\0',
  '"',
  '{',
  '}',
  '[',
  ',',
  '\t',
  '\n',
  '\r',
  '\ufeff',
  '\u2028',
  '\ud7ff',
  '%%MatrixMarket',
  'PAR1',
  '\\u0000',
  ':',
];

/**
 * Positions that lie in text are those of bytes from the blank to the tilde, so that structure is
 * hit as often as values.
 */
export const mutations: Readonly<Record<string, Mutation>> = {
  truncated: (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  'without its beginning': (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  'without its middle': (bytes, random) => {
    const [from, to] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort(
      (a, b) => a - b,
    );
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  empty: () => Buffer.alloc(0),
  'with a byte flipped': (bytes, random) => flipped(bytes, random, 1),
  'with many bytes flipped': (bytes, random) => flipped(bytes, random, 2 + random.below(20)),
  'with a run of one byte': (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.below(bytes.length || 1);
    return copy.fill(
      [0, 0xff, 0x80, 0x20][random.below(4)],
      at,
      Math.min(copy.length, at + random.below(40)),
    );
  },
  'with an excerpt put in': (bytes, random) =>
    put(bytes, random, Buffer.from(EXCERPTS[random.below(EXCERPTS.length)])),
  'with noise put in': (bytes, random) => {
    return put(
      bytes,
      random,
      Buffer.from(Array.from({ length: random.below(30) }, () => random.below(256))),
    );
  },
  'with a number replaced': (bytes, random) => {
    const found = [...bytes.toString('latin1').matchAll(/\d+(\.\d+)?/g)];
    if (found.length === 0) return bytes;
    const { index, 0: old } = found[random.below(found.length)];
    const other = Buffer.from(NUMBERS[random.below(NUMBERS.length)]);
    return Buffer.concat([bytes.subarray(0, index), other, bytes.subarray(index + old.length)]);
  },
  'with a column more': (bytes, random) =>
    lines(bytes, random, (line) => Buffer.concat([line, Buffer.from('\t1,1 ')])),
  'with a column less': (bytes, random) =>
    lines(bytes, random, (line) => line.subarray(0, Math.max(0, line.search(/[\t, ]/)))),
  'with a line twice': (bytes, random) =>
    lines(bytes, random, (line) => Buffer.concat([line, Buffer.from('\n'), line])),
  'with a line gone': (bytes, random) => lines(bytes, random, () => Buffer.alloc(0)),
  reordered: (bytes, random) => {
    const all = split(bytes);
    for (let i = all.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [all[i], all[j]] = [all[j], all[i]];
    }
    return join(all);
  },
  'with another line end': (bytes) =>
    Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
  'after a byte order mark': (bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
  twice: (bytes) => Buffer.concat([bytes, bytes]),
  'on one line': (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('\n', ' '), 'latin1'),
  'with a huge line': (bytes, random) =>
    put(bytes, random, Buffer.alloc(random.below(1 << 16) * 40, 97 + random.below(26))),
  'of one particle': () => Buffer.from('a\ta\t1\n'),
  'of self-loops': (bytes) => {
    return Buffer.from(
      bytes.toString('latin1').replace(/^([^\t,\n]+)([\t,])[^\t,\n]+/gm, '$1$2$1'),
      'latin1',
    );
  },
  'of zeros': (bytes) => Buffer.alloc(bytes.length),
  'in an unclosed gzip': (bytes, random) => {
    const packed = gzipSync(bytes);
    return packed.subarray(0, 2 + random.below(packed.length - 2));
  },
  'in a damaged gzip': (bytes, random) => flipped(gzipSync(bytes), random, 1 + random.below(3)),
};

function flipped(bytes: Buffer, random: Random, count: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < count && copy.length > 0; i++)
    copy[random.below(copy.length)] ^= 1 + random.below(255);
  return copy;
}

function put(bytes: Buffer, random: Random, piece: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

/** Changes one line. */
function lines(
  bytes: Buffer,
  random: Random,
  change: (line: Buffer & { search(pattern: RegExp): number }) => Buffer,
): Buffer {
  const all = split(bytes);
  const index = random.below(all.length);
  const line = Object.assign(Buffer.from(all[index]), {
    search: (pattern: RegExp) => all[index].toString('latin1').search(pattern),
  });
  all[index] = change(line);
  return join(all);
}

function split(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'latin1'));
}

function join(all: readonly Buffer[]): Buffer {
  return Buffer.from(all.map((line) => line.toString('latin1')).join('\n'), 'latin1');
}
