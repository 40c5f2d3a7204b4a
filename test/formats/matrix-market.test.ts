// Matrix Market files: what is read, what is refused, and where.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import type { Links } from '../../src/graph/links.js';
import { readMatrixMarket } from '../../src/formats/matrix-market.js';
import { errorOf, plainOf } from './sample-links.js';

async function read(text: string, piece = 1 << 20): Promise<Links> {
  const bytes = Buffer.from(text);
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  };
  const builder = createLinkBuilder();
  await readMatrixMarket(pieces(), builder, 'in.mtx');
  return builder.finish();
}

const triples = async (text: string, piece?: number): Promise<(string | number)[][]> =>
  plainOf(await read(text, piece)).map(({ from, to, amount }) => [from, to, amount]);
const messageOf = async (text: string): Promise<string> => (await errorOf(read(text))).message;
const general = '%%MatrixMarket matrix coordinate real general\n';

describe('a general matrix', () => {
  test('gives entry (i, j, a) as the link i → j of amount a, with indices as ids', async () => {
    const text = `${general}% a comment\n\n3 3 3\n1 2 0.5\n  3\t1 2e3 \n% another\n2 3 7\n`;
    expect(await triples(text)).toEqual([
      ['1', '2', 0.5],
      ['3', '1', 2000],
      ['2', '3', 7],
    ]);
    expect(await triples(text, 1)).toEqual(await triples(text));
    expect(await triples(text.replaceAll('\n', '\r\n'))).toEqual(await triples(text));
  });

  test('of any entries is read back', async () => {
    const entry = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 30 }), async (entries) => {
        const text = `${general}9 9 ${entries.length}\n${entries.map((e) => `${e.join(' ')}\n`).join('')}`;
        expect(await triples(text)).toEqual(
          entries.map(([i, j, a]) => [String(i), String(j), a + 0]),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('whose words are in capitals, and whose last line has no line feed, is read', async () => {
    expect(await triples('%%MATRIXMARKET MATRIX Coordinate INTEGER General\n2 2 1\n1 2 5')).toEqual(
      [['1', '2', 5]],
    );
  });
});

test('a pattern matrix gives amounts of 1', async () => {
  expect(
    await triples('%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 2\n2 1\n'),
  ).toEqual([
    ['1', '2', 1],
    ['2', '1', 1],
  ]);
});

test('a symmetric matrix gives two links for each entry off the diagonal, one for those on it', async () => {
  const text = '%%MatrixMarket matrix coordinate real symmetric\n3 3 3\n2 1 4\n2 2 5\n3 1 6\n';
  expect(await triples(text)).toEqual([
    ['2', '1', 4],
    ['1', '2', 4],
    ['2', '2', 5],
    ['3', '1', 6],
    ['1', '3', 6],
  ]);
});

test('an integer amount that no double equals is counted as rounded, in both directions', async () => {
  expect((await read(`${general}2 2 1\n1 2 9007199254740993\n`)).roundedAmounts).toBe(1);
  const symmetric = general.replace('general', 'symmetric');
  expect((await read(`${symmetric}2 2 1\n2 1 9007199254740993\n`)).roundedAmounts).toBe(2);
});

test.each([
  [
    '',
    'in.mtx:1:1: expected the line %%MatrixMarket matrix coordinate …, found the end of the file',
  ],
  ['1 2 3\n', 'in.mtx:1:1: expected %%MatrixMarket, found "1"'],
  ['%%MatrixMarket matrix array real general\n', 'in.mtx:1:23: expected coordinate, found "array"'],
  [
    '%%MatrixMarket vector coordinate real general\n',
    'in.mtx:1:16: expected matrix, found "vector"',
  ],
  [
    '%%MatrixMarket matrix coordinate complex general\n',
    'in.mtx:1:34: expected real or integer or pattern, found "complex"',
  ],
  [
    '%%MatrixMarket matrix coordinate real skew-symmetric\n',
    'in.mtx:1:39: expected general or symmetric, found "skew-symmetric"',
  ],
  [
    '%%MatrixMarket matrix coordinate real hermitian\n',
    'in.mtx:1:39: expected general or symmetric, found "hermitian"',
  ],
  [
    '%%MatrixMarket matrix coordinate real\n',
    'in.mtx:1:38: expected general or symmetric, found nothing',
  ],
  [
    '%%MatrixMarket matrix coordinate real general x\n',
    'in.mtx:1:47: expected the end of the line, found "x"',
  ],
  [general, 'in.mtx:2:1: expected a size line, found the end of the file'],
  [
    `${general}2 2\n`,
    'in.mtx:2:4: expected the size line: rows, columns and entries, found 2 words',
  ],
  [`${general}2 3 1\n`, 'in.mtx:2:3: expected as many columns as rows (2), found 3'],
  [`${general}2 x 1\n`, 'in.mtx:2:3: expected a number of columns, found "x"'],
  [`${general}2 2 2\n1 2 1\n`, 'in.mtx:4:1: expected 2 entries, as the size line says, found 1'],
  [
    `${general}2 2 1\n1 2 1\n2 1 1\n`,
    'in.mtx:4:1: expected 1 entries, as the size line says, found more',
  ],
  [`${general}2 2 1\n1 3 1\n`, 'in.mtx:3:3: expected an index from 1 to 2, found "3"'],
  [`${general}2 2 1\n0 1 1\n`, 'in.mtx:3:1: expected an index from 1 to 2, found "0"'],
  [`${general}2 2 1\n1 -2 1\n`, 'in.mtx:3:3: expected an index, found "-2"'],
  [`${general}2 2 1\n1 2\n`, 'in.mtx:3:4: expected a row, a column and a value, found 2 words'],
  [`${general}2 2 1\n1 2 3 4\n`, 'in.mtx:3:7: expected a row, a column and a value, found 4 words'],
  [`${general}2 2 1\n1 2 -1\n`, 'in.mtx:3:5: expected a weight from 0 to 1.8e308, found "-1"'],
  [
    `${general}2 2 1\n1 2 1e400\n`,
    'in.mtx:3:5: expected a weight from 0 to 1.8e308, found "1e400"',
  ],
  [`${general}2 2 1\n1 2 nan\n`, 'in.mtx:3:5: expected a weight, found "nan"'],
  [
    `${general}99999999999999999999 2 1\n`,
    'in.mtx:2:1: expected a number of rows, found "99999999999999999999"',
  ],
])('%j is refused at its place', async (text, message) => {
  expect(await messageOf(text)).toBe(message);
});

test('a size line that announces more entries than memory holds asks for no memory', async () => {
  expect(
    await messageOf(`${general}900000000000000 900000000000000 900000000000000\n1 2 3\n`),
  ).toMatch(/found 1$/);
});
