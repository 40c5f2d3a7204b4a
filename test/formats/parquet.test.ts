// Parquet: files of pyarrow, files of hyparquet-writer, and damaged ones. hyparquet is the second
// reader.

import { readFileSync, readdirSync } from 'node:fs';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { parquetWriteBuffer } from 'hyparquet-writer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FocusError } from '../../src/base/errors.js';
import { randomStream } from '../../src/base/random.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { readParquet } from '../../src/formats/parquet.js';
import { memoryAccess } from '../../src/formats/random-access.js';
import { type PlainLink, errorOf, plainOf } from './sample-links.js';

const folder = new URL('fixtures/', import.meta.url);
const fixture = (name: string): Buffer => readFileSync(new URL(`${name}.parquet`, folder));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.parquet'))
  .map((name) => name.replace('.parquet', ''));

async function read(
  bytes: Uint8Array,
): Promise<{ links: PlainLink[]; ignored: readonly string[]; rounded: number }> {
  const builder = createLinkBuilder();
  const { ignored } = await readParquet(memoryAccess('in.parquet', bytes), builder);
  const links = builder.finish();
  return { links: plainOf(links), ignored, rounded: links.roundedAmounts };
}

const messageOf = async (bytes: Uint8Array): Promise<string> => {
  const error = await errorOf(read(bytes));
  expect(error.code).toBe('bad-input');
  return error.message;
};

type Column = {
  name: string;
  data: unknown[];
  type?: 'STRING' | 'DOUBLE' | 'INT32' | 'INT64' | 'BOOLEAN' | 'FLOAT';
  nullable?: boolean;
};
const write = (
  columns: Column[],
  options: { rowGroupSize?: number; pageSize?: number } = {},
): Uint8Array => new Uint8Array(parquetWriteBuffer({ columnData: columns, ...options }));
const strings = (name: string, ...data: unknown[]): Column => ({ name, data, type: 'STRING' });

describe('a file of pyarrow', () => {
  const expected = JSON.parse(readFileSync(new URL('parquet.json', folder), 'utf8')) as Record<
    string,
    PlainLink[]
  >;

  test.each(names)('%s is read as pyarrow wrote it', async (name) => {
    // A row without a price has the default once the column is there.
    const rows = expected[name];
    const hasPrice = rows.some((row) => row.price !== undefined);
    const { links } = await read(fixture(name));
    expect(links).toEqual(hasPrice ? rows.map((row) => ({ ...row, price: row.price ?? 1 })) : rows);
  });

  test.each(names.filter((name) => /^(codec|encoding)/.test(name)))(
    '%s is read as hyparquet reads it',
    async (name) => {
      const bytes = fixture(name);
      const file = bytes.buffer.slice(
        bytes.byteOffset,
        bytes.byteOffset + bytes.length,
      ) as ArrayBuffer;
      const rows = await parquetReadObjects({ file, compressors });
      const { links } = await read(bytes);
      expect(links.map(({ from, to, amount }) => [from, to, amount])).toEqual(
        rows.map((row) => [String(row.from), String(row.to), Number(row.amount)]),
      );
    },
  );

  test('columns that mean nothing to the engine, nested ones too, are ignored and reported', async () => {
    expect((await read(fixture('types-unsigned'))).ignored).toEqual(['note']);
    expect((await read(fixture('types-date'))).ignored).toEqual(['date']);
  });
});

describe('a file of hyparquet-writer', () => {
  test('is read back for any ids and amounts, row groups and pages', async () => {
    const link = fc.record({
      from: fc.oneof(
        fc.constantFrom('a', 'b', 'é😀'),
        fc.string({ minLength: 1, unit: 'grapheme-ascii' }),
      ),
      to: fc.constantFrom('x', 'y'),
      amount: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      price: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(link, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 30 }),
        async (rows, group) => {
          const column = (name: keyof (typeof rows)[0]): unknown[] => rows.map((row) => row[name]);
          const bytes = write(
            [
              strings('from', ...column('from')),
              strings('to', ...column('to')),
              { name: 'amount', data: column('amount'), type: 'DOUBLE', nullable: false },
              { name: 'price', data: column('price'), type: 'DOUBLE' },
            ],
            { rowGroupSize: group, pageSize: 64 },
          );
          // −0 becomes 0, and a price that is null is the default.
          const expected = rows.map((row) => ({
            ...row,
            amount: row.amount + 0,
            price: (row.price ?? 1) + 0,
          }));
          expect((await read(bytes)).links).toEqual(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('with integer ids beyond 2⁵³ keeps them exactly, and counts rounded amounts', async () => {
    const big = 9007199254740993n;
    const bytes = write([
      { name: 'from', data: [big, -1n], type: 'INT64' },
      { name: 'to', data: [1, 2], type: 'INT32' },
      { name: 'amount', data: [big, 4n], type: 'INT64' },
    ]);
    const { links, rounded } = await read(bytes);
    expect(links).toEqual([
      { from: '9007199254740993', to: '1', amount: 9007199254740992 },
      { from: '-1', to: '2', amount: 4 },
    ]);
    expect(rounded).toBe(1);
  });

  test('may give numbers as text', async () => {
    const { links } = await read(
      write([
        strings('from', 'a'),
        strings('to', 'b'),
        strings('amount', '1.5'),
        strings('time', '1970-01-02'),
      ]),
    );
    expect(links).toEqual([{ from: 'a', to: 'b', amount: 1.5, time: 86400 }]);
  });
});

describe('a row that is no link is named', () => {
  const ends = [strings('from', 'a', 'b', 'c'), strings('to', 'x', 'y', 'z')];
  const amounts = (...data: unknown[]): Column => ({ name: 'amount', data, type: 'DOUBLE' });

  test.each<[string, Column[], string]>([
    [
      'a null id',
      [strings('from', 'a', null, 'c'), ends[1]],
      'row 2, column "from": expected an id, found null',
    ],
    [
      'a null amount',
      [...ends, amounts(1, 2, null)],
      'row 3, column "amount": expected a weight, found null',
    ],
    [
      'a negative amount',
      [...ends, amounts(1, -2, 3)],
      'row 2, column "amount": expected a weight from 0 to 1.8e308, found "-2"',
    ],
    [
      'an infinite amount',
      [...ends, amounts(1, 2, Infinity)],
      'row 3, column "amount": expected a weight, found "Infinity"',
    ],
    [
      'no number',
      [...ends, amounts(NaN, 2, 3)],
      'row 1, column "amount": expected a weight, found "NaN"',
    ],
    [
      'text that is no number',
      [...ends, strings('amount', '1', 'x', '3')],
      'row 2, column "amount": expected a weight, found "x"',
    ],
    [
      'an empty id',
      [strings('from', 'a', 'b', ''), ends[1]],
      'row 3, column "from": expected an id, found nothing',
    ],
  ])('%s', async (_, columns, message) => {
    expect(await messageOf(write(columns))).toBe(`in.parquet: ${message}`);
    const grouped = await messageOf(write(columns, { rowGroupSize: 1 }));
    expect(grouped).toBe(`in.parquet: ${message}`);
  });

  test('and a missing column is named with those that are there', async () => {
    const message = await messageOf(write([strings('from', 'a'), strings('too', 'b')]));
    expect(message).toBe('in.parquet: expected a column "to", found "from", "too"');
  });

  test('and a column of a type that holds no id or number is named', async () => {
    const flags: Column = { name: 'to', data: [true], type: 'BOOLEAN' };
    expect(await messageOf(write([strings('from', 'a'), flags]))).toMatch(
      /the column "to" to hold text or integers/,
    );
    const doubles: Column = { name: 'to', data: [1.5], type: 'DOUBLE' };
    expect(await messageOf(write([strings('from', 'a'), doubles]))).toMatch(
      /the column "to" to hold text or integers/,
    );
  });
});

describe('a damaged file', () => {
  test('cut at every fiftieth of its length is refused', async () => {
    for (const name of ['codec-snappy', 'encoding-delta']) {
      const bytes = fixture(name);
      for (let cut = 0; cut < 50; cut++) {
        expect(await messageOf(bytes.subarray(0, Math.floor((bytes.length * cut) / 50)))).toMatch(
          /^in\.parquet: /,
        );
      }
    }
  });

  test('with any one byte changed gives links or an error of ours, and quickly', async () => {
    const random = randomStream(3);
    for (const name of names) {
      const bytes = fixture(name);
      for (let round = 0; round < 150; round++) {
        const damaged = Buffer.from(bytes);
        damaged[random.below(bytes.length)] ^= 1 + random.below(255);
        const result = await read(damaged).catch((error: unknown) => error);
        if (result instanceof Error && !(result instanceof FocusError)) throw result;
        if (result instanceof FocusError) expect(['bad-input', 'too-large']).toContain(result.code);
      }
    }
  });

  test('whose pages have checksums is never read as other links', async () => {
    const bytes = fixture('codec-zstd');
    const { links } = await read(bytes);
    const metadata = bytes.readUInt32LE(bytes.length - 8);
    let found = 0;
    // Beyond the headers of the pages, which no checksum covers, every damage to a page must be
    // noticed.
    for (let at = 4; at < bytes.length - metadata - 8; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 0x40;
      const result = await read(damaged).catch((error: unknown) => error);
      if (result instanceof FocusError) found++;
      else expect((result as { links: unknown }).links).toEqual(links);
    }
    expect(found).toBeGreaterThan(1000);
  });

  test('that announces absurd sizes asks for no memory', async () => {
    const head = Buffer.from('PAR1');
    const tail = (length: number): Buffer => {
      const word = Buffer.alloc(4);
      word.writeUInt32LE(length);
      return Buffer.concat([word, head]);
    };
    expect(await messageOf(Buffer.concat([head, tail(4000000000)]))).toMatch(
      /longer than the file/,
    );
    // A list of 2³¹ elements in a footer of a few bytes.
    const list = Buffer.from([0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00]);
    expect(await messageOf(Buffer.concat([head, list, tail(list.length)]))).toMatch(
      /longer than the metadata/,
    );
    const deep = Buffer.alloc(100000, 0x1c);
    expect(await messageOf(Buffer.concat([head, deep, tail(deep.length)]))).toMatch(
      /nested too deeply/,
    );
  });
});
