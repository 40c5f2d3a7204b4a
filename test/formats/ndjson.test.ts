// NDJSON links: every field, signals, ids beyond 2⁵³, and the place of every fault.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Links } from '../../src/graph/links.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { readNdjson } from '../../src/formats/ndjson.js';
import { type PlainLink, amountArbitrary, errorOf, idArbitrary, plainOf } from './sample-links.js';

async function read(
  text: string | Uint8Array,
  piece = 1 << 20,
): Promise<{ links: Links; ignored: readonly string[] }> {
  const bytes = Buffer.from(text);
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  };
  const builder = createLinkBuilder();
  const notes = await readNdjson(pieces(), builder, 'in.ndjson');
  return { links: builder.finish(), ignored: notes.ignored };
}

const linksIn = async (text: string): Promise<PlainLink[]> => plainOf((await read(text)).links);
const messageOf = async (text: string | Uint8Array): Promise<string> => {
  const error = await errorOf(read(text));
  expect(error.code).toBe('bad-input');
  expect(error.fix).not.toBe('');
  return error.message;
};

const linkArbitrary: fc.Arbitrary<PlainLink> = fc.record(
  {
    from: idArbitrary,
    to: idArbitrary,
    amount: amountArbitrary,
    neuron: idArbitrary,
    karma: amountArbitrary,
    price: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    valence: fc.constantFrom(-1, 0, 1),
    will: amountArbitrary,
    time: fc.integer(),
  },
  { requiredKeys: ['from', 'to', 'amount'] },
);

/** Absent values become defaults once any row has the column. */
function withDefaults(links: readonly PlainLink[]): PlainLink[] {
  const defaults = { karma: 1, price: 1, valence: 0, will: 0 } as const;
  const columns = (['karma', 'price', 'valence', 'will'] as const).filter((name) =>
    links.some((link) => link[name] !== undefined),
  );
  return links.map((link) => {
    const full: Record<string, string | number> = { ...link };
    for (const name of columns) full[name] ??= defaults[name];
    return full as unknown as PlainLink;
  });
}

describe('a line', () => {
  test('as JSON.stringify writes it is read as JSON.parse reads it, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(linkArbitrary, { maxLength: 20 }),
        fc.nat(40),
        async (links, piece) => {
          const text = links.map((link) => `${JSON.stringify(link)}\n`).join('');
          const { links: found } = await read(text, piece + 1);
          expect(plainOf(found)).toEqual(
            withDefaults(
              text
                .split('\n')
                .filter(Boolean)
                .map((line) => JSON.parse(line)),
            ),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  test('may have white space anywhere, keys in any order, CRLF and no last line feed', async () => {
    const text = ' { "amount" :\t2 , "to" : "b" ,"from":"a" } \r\n\r\n\n{"from":"c","to":"a"}';
    expect(await linksIn(text)).toEqual([
      { from: 'a', to: 'b', amount: 2 },
      { from: 'c', to: 'a', amount: 1 },
    ]);
  });

  test('after a byte order mark is read', async () => {
    expect(await linksIn('\ufeff{"from":"a","to":"b"}')).toEqual([
      { from: 'a', to: 'b', amount: 1 },
    ]);
  });

  test('may use the aliases of names, and other keys are ignored and reported', async () => {
    const { links, ignored } = await read(
      '{"Source":"a","target":"b","weight":3,"note":{"x":[1,null]},"kind":true}',
    );
    expect(plainOf(links)).toEqual([{ from: 'a', to: 'b', amount: 3 }]);
    expect(ignored).toEqual(['note', 'kind']);
  });

  test('gives escapes as the characters they stand for', async () => {
    const text = String.raw`{"from":"\u00e9\ud83d\ude00\"\\\/","to":"\u0041b"}`;
    expect(await linksIn(text)).toEqual([{ from: 'é😀"\\/', to: 'Ab', amount: 1 }]);
  });

  test('takes the time from the name of the highest rank, as a number or a date', async () => {
    const text =
      '{"from":"a","to":"b","height":7,"timestamp":"1970-01-02"}\n{"from":"a","to":"b","timestamp":5,"block":9}';
    expect((await linksIn(text)).map((link) => link.time)).toEqual([86400, 5]);
  });
});

describe('an id', () => {
  test('given as an integer is the id of its digits, also beyond 2⁵³', async () => {
    const text =
      '{"from":9007199254740993,"to":12345678901234567890123}\n{"from":"9007199254740993","to":-5}';
    const { links } = await read(text);
    expect(plainOf(links).map(({ from, to }) => [from, to])).toEqual([
      ['9007199254740993', '12345678901234567890123'],
      ['9007199254740993', '-5'],
    ]);
    expect(links.from[0]).toBe(links.from[1]);
  });

  test.each([
    ['1.5', '1:9'],
    ['1e3', '1:9'],
    ['-0', '1:9'],
    ['null', '1:9'],
    ['[1]', '1:9'],
    ['{}', '1:9'],
    ['true', '1:9'],
    ['""', '1:9'],
    ['"\\u0007"', '1:9'],
  ])('given as %s is refused at its place', async (value, place) => {
    expect(await messageOf(`{"from":${value},"to":"b"}`)).toMatch(`in.ndjson:${place}: expected `);
  });
});

describe('an amount', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['0.1', 0.1],
    ['1e3', 1000],
    ['1E-2', 0.01],
    ['123456789012345678', 123456789012345680],
    ['0.30000000000000004', 0.30000000000000004],
    ['5e-324', 5e-324],
    ['"12.5"', 12.5],
    ['1.7976931348623157e308', 1.7976931348623157e308],
  ])('of %s is read as that number', async (literal, value) => {
    const [link] = await linksIn(`{"from":"a","to":"b","amount":${literal}}`);
    expect(link.amount).toBe(value);
  });

  test('that is an integer no double equals is counted as rounded', async () => {
    const line = (amount: string): string => `{"from":"a","to":"b","amount":${amount}}\n`;
    const text =
      line('9007199254740993') + line('9007199254740992') + line('"9007199254740993"') + line('1');
    expect((await read(text)).links.roundedAmounts).toBe(2);
  });

  test.each([
    ['-1', 'expected a weight from 0 to 1.8e308, found "-1"'],
    ['1e400', 'expected a weight from 0 to 1.8e308, found "1e400"'],
    ['"abc"', 'expected a weight, found "abc"'],
    ['null', 'expected a number as the amount, found "null"'],
    ['NaN', 'expected a number as the amount, found "NaN"'],
    ['[1]', 'expected a number as the amount, found an array'],
    ['{"x":1}', 'expected a number as the amount, found an object'],
    ['01', 'expected no leading zero in a number, found "01"'],
    ['1.', 'expected a digit after the decimal point, found "}"'],
    ['1e', 'expected a digit in the exponent, found "}"'],
  ])('of %s is refused', async (literal, message) => {
    expect(await messageOf(`{"from":"a","to":"b","amount":${literal}}`)).toContain(message);
  });
});

describe('a fault is placed by line and column, in characters', () => {
  test.each([
    [
      '{"from":"a","to":"b"',
      'in.ndjson:1:21: expected a comma or a closing brace, found the end of the line',
    ],
    ['{"from":"é","to":"b",}', 'in.ndjson:1:22: expected a key in quotes, found "}"'],
    [
      '{"from":"a","to":"b"} x',
      'in.ndjson:1:23: expected the end of the line after the object, found "x"',
    ],
    ['[{"from":"a"}]', 'in.ndjson:1:1: expected a JSON object, found an array'],
    ['from,to', 'in.ndjson:1:1: expected a JSON object, found "from"'],
    ['{"from":"a"}', 'in.ndjson:1:1: expected a key "to", found none'],
    ['{"to":"a"}', 'in.ndjson:1:1: expected a key "from", found none'],
    [
      '{"from":"a","to":"b","from":"c"}',
      'in.ndjson:1:22: expected the key "from" once, found it again',
    ],
    [
      '{"from":"a","to":"b","source":"c"}',
      'in.ndjson:1:22: expected the key "from" once, found it again (as "source")',
    ],
    [
      '{"from":"a","to":"b","amount":1,"amount":1}',
      'in.ndjson:1:33: expected the key "amount" once, found it again',
    ],
    [
      '{"from":"a","to":"b","time":1,"time":1}',
      'in.ndjson:1:31: expected the key "time" once, found it again',
    ],
    [
      '{"from":"\\ud800","to":"b"}',
      'in.ndjson:1:10: expected a pair of surrogates, found a lone one: no UTF-8 text can hold it',
    ],
    ['{"from":"\\q","to":"b"}', 'in.ndjson:1:10: expected an escape such as \\n or \\u0041'],
    ['{"from":"\\u12g4","to":"b"}', 'in.ndjson:1:10: expected four hexadecimal digits after \\u'],
    [
      '{"from":"a\u0001","to":"b"}',
      'in.ndjson:1:11: expected a control character to be escaped, found byte 1',
    ],
    ['{"from":"a', 'in.ndjson:1:9: expected a closing quote, found the end of the line'],
    ['{"from":"a","to":"b","x":tru}', 'in.ndjson:1:26: expected a JSON value, found "tru"'],
    ['{"from":"a","to":"b","x":[1,}', 'in.ndjson:1:29: expected a JSON value, found "}"'],
    [
      '{"from":"a","to":"b","valence":2}',
      'in.ndjson:1:32: expected a valence of -1, 0 or 1, found "2"',
    ],
  ])('%s', async (line, message) => {
    expect(await messageOf(line)).toContain(message);
    const second = await messageOf(`{"from":"a","to":"b"}\r\n${line}`);
    expect(second).toContain(message.replace('ndjson:1:', 'ndjson:2:'));
  });

  test('that is no UTF-8 is placed at its first byte', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"from":"a","to":"b"}\n{"from":"é'),
      Buffer.from([0xff, 0x22]),
    ]);
    expect(await messageOf(bytes)).toBe('in.ndjson:2:11: expected UTF-8 text, found the byte 0xff');
  });

  test('of nesting beyond 64 levels is refused without exhausting the stack', async () => {
    expect(await messageOf(`{"x":${'['.repeat(100000)}`)).toMatch(
      /expected at most 64 levels of nesting$/,
    );
  });

  test('of a line above 16 MiB is refused', async () => {
    expect(await messageOf(Buffer.alloc(17 << 20, 32))).toMatch(
      /in\.ndjson:1:1: expected a line of at most 16777216 bytes/,
    );
  });
});

describe('a signal', () => {
  test('is expanded to its links, wherever its keys stand', async () => {
    const one =
      '{"neuron":"n1","links":[{"from":"a","to":"b","amount":100},{"from":"b","to":"c"}]}';
    const other = '{"links":[{"from":"a","to":"b"}],"karma":0.5,"neuron":2}';
    expect(await linksIn(`${one}\n${other}`)).toEqual([
      { from: 'a', to: 'b', amount: 100, neuron: 'n1', karma: 1 },
      { from: 'b', to: 'c', amount: 1, neuron: 'n1', karma: 1 },
      { from: 'a', to: 'b', amount: 1, neuron: '2', karma: 0.5 },
    ]);
  });

  test('lends its values to links that do not give their own', async () => {
    const text =
      '{"neuron":"n","time":5,"price":0.5,"links":[{"from":"a","to":"b","time":6},{"from":"c","to":"d","neuron":"m"}]}';
    expect(await linksIn(text)).toEqual([
      { from: 'a', to: 'b', amount: 1, neuron: 'n', price: 0.5, time: 6 },
      { from: 'c', to: 'd', amount: 1, neuron: 'm', price: 0.5, time: 5 },
    ]);
  });

  test('without links gives none', async () => {
    expect(await linksIn('{"neuron":"n","links":[]}')).toEqual([]);
  });

  test.each([
    ['{"neuron":"n","links":{}}', '1:23: expected a list of links, found an object'],
    ['{"links":[{"from":"a"}]}', '1:11: expected a key "to", found none'],
    ['{"links":[{"from":"a","to":"b"}]} {}', '1:35: expected the end of the line after the object'],
    ['{"links":[1]}', '1:11: expected a JSON object, found "1"'],
    ['{"links":[],"links":[]}', '1:13: expected the key "links" once'],
    ['{"links":[],"from":"a","to":"b"}', '1:1: expected no key "from" beside "links", found one'],
    ['{"links":[],"amount":3}', '1:1: expected no key "amount" beside "links", found one'],
    ['{"remove":[],"links":[]}', '1:2: expected links to add, found "remove"'],
    ['{"links":[{"from":"a","to":"b","links":[]}]}', 'in'],
  ])('of %s', async (line, message) => {
    if (message === 'in') expect((await read(line)).ignored).toEqual(['links']);
    else expect(await messageOf(line)).toContain(`in.ndjson:${message}`);
  });
});
