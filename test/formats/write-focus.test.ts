// Rows of focus, written and read back bit for bit.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idsOf } from '../../src/graph/id-list.js';
import { readFocus } from '../../src/formats/read-focus.js';
import { focusFormatOf, writeFocus } from '../../src/formats/write-focus.js';
import { errorOf, idArbitrary } from './sample-links.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const formats = ['ndjson', 'csv', 'parquet'] as const;
const focusArbitrary = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
  fc.constantFrom(5e-324, 2.2250738585072014e-308, 1 / 3, 0.1, 1e-7, 1e21, 0.000001),
);
const rowsArbitrary = fc.uniqueArray(fc.tuple(idArbitrary, focusArbitrary), {
  selector: ([id]) => id,
  minLength: 1,
  maxLength: 50,
});

describe.each(formats)('focus as %s', (format) => {
  const path = folder.at(`phi.${format}`);

  test('is read back bit for bit, in order, with and without exact values', async () => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary, fc.boolean(), async (rows, exact) => {
        const focus = Float64Array.from(rows, ([, value]) => value);
        const exactOf = (i: number): string => `0.${String(i).padStart(40, '0')}`;
        await writeFocus(path, {
          ids: idsOf(rows.map(([id]) => id)),
          focus,
          focusExact: exact ? exactOf : null,
        });
        const back = await readFocus(path);
        expect(Array.from({ length: back.ids.count }, (_, i) => back.ids.at(i))).toEqual(
          rows.map(([id]) => id),
        );
        expect(new Uint8Array(back.focus.buffer)).toEqual(new Uint8Array(focus.buffer));
        expect(back.focusExact).toEqual(exact ? rows.map((_, i) => exactOf(i)) : null);
      }),
      { numRuns: 60 },
    );
  });

  test('of many rows is written whole, across all internal pieces', async () => {
    const count = 120000;
    const ids = idsOf(Array.from({ length: count }, (_, i) => `particle-${i}`));
    const focus = Float64Array.from({ length: count }, (_, i) => 1 / (i + 3));
    await writeFocus(path, { ids, focus, focusExact: null });
    const back = await readFocus(path);
    expect(back.ids.at(count - 1)).toBe(`particle-${count - 1}`);
    expect(back.focus).toEqual(focus);
  });

  test('is read under gzip as well', async () => {
    await writeFocus(path, {
      ids: idsOf(['a', 'b']),
      focus: Float64Array.of(0.25, 0.75),
      focusExact: null,
    });
    const back = await readFocus(folder.file('phi.gz', gzipSync(readFileSync(path))));
    expect([...back.focus]).toEqual([0.25, 0.75]);
  });
});

test('the text formats look as documented', async () => {
  const rows = {
    ids: idsOf(['a"b', 'c,d', '7']),
    focus: Float64Array.of(0.5, 1e-7, 0.25),
    focusExact: (i: number) => `0.${i}`,
  };
  await writeFocus(folder.at('x.csv'), rows);
  expect(readFileSync(folder.at('x.csv'), 'utf8')).toBe(
    'id,focus,focusExact\n"a""b",0.5,0.0\n"c,d",1e-7,0.1\n7,0.25,0.2\n',
  );
  await writeFocus(folder.at('x.ndjson'), { ...rows, focusExact: null });
  expect(readFileSync(folder.at('x.ndjson'), 'utf8')).toBe(
    '{"id":"a\\"b","focus":0.5}\n{"id":"c,d","focus":1e-7}\n{"id":"7","focus":0.25}\n',
  );
});

test('Parquet is what another reader sees as the same rows', async () => {
  await writeFocus(folder.at('y.parquet'), {
    ids: idsOf(['a', 'é']),
    focus: Float64Array.of(0.1, 0.9),
    focusExact: null,
  });
  const bytes = readFileSync(folder.at('y.parquet'));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  expect(await parquetReadObjects({ file })).toEqual([
    { id: 'a', focus: 0.1 },
    { id: 'é', focus: 0.9 },
  ]);
});

test('the extension chooses the format, and any other is refused before a file is made', async () => {
  expect(focusFormatOf('a.NDJSON')).toBe('ndjson');
  expect(focusFormatOf('a.jsonl')).toBe('ndjson');
  const error = await errorOf(
    writeFocus(folder.at('x.txt'), {
      ids: idsOf(['a']),
      focus: Float64Array.of(1),
      focusExact: null,
    }),
  );
  expect(error.code).toBe('usage');
  expect(error.message).toMatch(/expected a name that ends in \.ndjson, \.csv or \.parquet$/);
});

test('as many values as ids are needed', async () => {
  const error = await errorOf(
    writeFocus(folder.at('x.csv'), {
      ids: idsOf(['a']),
      focus: Float64Array.of(1, 2),
      focusExact: null,
    }),
  );
  expect(error.message).toBe('focus has 2 values for 1 ids');
});

test.each([
  ['a.csv', 'x,focus\na,1\n', '1:1: expected the columns id and focus, found "x", "focus"'],
  ['a.csv', 'id,focus\na\n', '2:1: expected 2 fields, found 1'],
  ['a.csv', 'id,focus\na,1,2\n', '2:1: expected 2 fields, found 3'],
  ['a.csv', 'id,focus\na,1\na,2\n', '3:1: expected each id once, found "a" again'],
  ['a.csv', 'id,focus\na,-1\n', '2:1: expected a focus from 0 on, found -1'],
  ['a.csv', 'id,focus\na,x\n', '2:1: expected a focus from 0 on, found NaN'],
  ['a.csv', 'id,focus\n,1\n', '2:1: expected an id, found nothing'],
  ['a.csv', 'id,focus,focusExact\na,1,1e3\n', '2:1: expected an exact decimal, found "1e3"'],
  ['a.ndjson', '{"id":"a"}\n', '1:10: expected the keys "id" and "focus" before the closing brace'],
  [
    'a.ndjson',
    '{"id":"a","focus":1}\n{"id":"a","focus":1}',
    '2:7: expected each id once, found "a" again',
  ],
  ['a.ndjson', '{"id":"a","focus":null}\n', '1:19: expected a number as the focus, found "null"'],
  [
    'a.ndjson',
    '{"id":"a","focus":1,"focus":1}\n',
    '1:21: expected the key "focus" once, found it again',
  ],
])('%s holding %j is refused at its place', async (name, text, message) => {
  const error = await errorOf(readFocus(folder.file(name, text)));
  expect(error.code).toBe('bad-input');
  expect(error.message).toBe(`${folder.at(name)}:${message}`);
});
