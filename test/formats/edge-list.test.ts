// Edge lists of every separator and header, against a naive reader that splits text; chunks may end anywhere.

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/graph/build.js';
import { NO_NEURON } from '../../src/graph/links.js';
import { read, rowsOf } from './edge-list-reading.js';
import type { Row } from './edge-list-reading.js';

/** The second implementation: lines by split, fields by split. */
function naive(text: string, separator: string): Row[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim() !== '' && !/^[ \t]*[#%]/.test(line))
    .map((line) => {
      const trimmed = separator === ' ' ? line.trim().replace(/[ \t]+/g, ' ') : line;
      const [from, to, amount] = trimmed
        .split(separator)
        .map((field) => field.replace(/^[ \t]+|[ \t]+$/g, ''));
      return [from, to, amount === undefined ? 1 : Number(amount)];
    });
}

const id = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map(String),
  fc
    .string({
      minLength: 1,
      maxLength: 8,
      unit: fc.constantFrom('a', 'Q', '0', 'é', '\u{1f642}', '-', '.', '!', '"'),
    })
    .filter((text) => !text.startsWith('"')),
);
const amount = fc.oneof(
  fc.nat(1000).map(String),
  fc.double({ min: 0, max: 1e20, noNaN: true }).map(String),
  fc.constant('1e-7'),
);
const noise = fc.constantFrom('', '# comment, with\ttabs', '% x', '  ', '\t', ' # y');
const blank = fc.constantFrom('', '', '', ' ', '  ');

describe('an edge list', () => {
  it.each([
    ['\t', 'tab'],
    [',', 'comma'],
    [' ', 'space'],
  ] as const)(
    'separated by %j is what splitting gives, wherever chunks end',
    async (separator, name) => {
      const row = fc.tuple(id, id, amount, blank, blank);
      const line = fc.oneof({ weight: 5, arbitrary: row }, { weight: 1, arbitrary: noise });
      const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
      const end = fc.constantFrom('\n', '\r\n');
      await fc.assert(
        fc.asyncProperty(
          fc.array(line, { maxLength: 40 }),
          end,
          fc.boolean(),
          fc.boolean(),
          fc.boolean(),
          sizes,
          async (lines, lineEnd, endsInLineEnd, hasAmount, hasMark, cuts) => {
            const texts = lines.map((item) => {
              if (typeof item === 'string') return item;
              const [from, to, weight, before, after] = item;
              const fields = hasAmount ? [from, to, weight] : [from, to];
              return before + fields.join(separator + after) + after;
            });
            const text = texts.join(lineEnd) + (endsInLineEnd ? lineEnd : '');
            const result = await read((hasMark ? '\ufeff' : '') + text, { separator: name }, cuts);
            expect(rowsOf(result)).toEqual(naive(text, separator));
            expect(result.summary.rows).toBe(result.links.count);
          },
        ),
        { numRuns: 400 },
      );
    },
  );

  it('with many rows crosses blocks and buffers unharmed', async () => {
    const lines = Array.from(
      { length: 60_000 },
      (_, i) => `${(i * 7919) % 10007}\t${'x'.repeat(i % 50)}y${i % 13}\t${i}`,
    );
    const text = lines.join('\n');
    expect(text.length).toBeGreaterThan(1 << 20);
    expect(rowsOf(await read(text, {}, [777_777, 65_536]))).toEqual(naive(text, '\t'));
  });

  it.each([
    ['a\tb,c\t1', 'tab'],
    ['a,b c,1', 'comma'],
    ['a  b   1', 'space'],
    ['a b', 'space'],
  ])('tells its separator from the first row: %j', async (text, separator) => {
    const { summary, links } = await read(`# a,b\tc\n\n${text}\n`);
    expect(summary).toEqual({ rows: 1, separator, header: null, ignored: [] });
    expect(links.count).toBe(1);
  });

  it('without rows is empty', async () => {
    expect((await read('')).summary).toEqual({
      rows: 0,
      separator: null,
      header: null,
      ignored: [],
    });
    expect((await read('# only\n\n% comments')).summary.rows).toBe(0);
  });

  it('unescapes quoted fields', async () => {
    const text = '"a,1","say ""hi""",2\r\n"# no comment", " b" ,3\n';
    expect(rowsOf(await read(text, {}, [3]))).toEqual([
      ['a,1', 'say "hi"', 2],
      ['# no comment', ' b', 3],
    ]);
    expect(rowsOf(await read('"a b" "c" "4"\r\n'))).toEqual([['a b', 'c', 4]]);
    expect(rowsOf(await read('" a "\tc"d\t"4"\n'))).toEqual([[' a ', 'c"d', 4]]);
  });

  it('without a header has neuron, karma and price after the amount; empty ones are absent', async () => {
    const { links } = await read('a,b,1,n,2,0.5\nb,c,2,,,\nc,d,3,m,0,-1\n');
    expect([...(links.neuron ?? []).slice(0, 3)]).toEqual([0, NO_NEURON, 1]);
    expect(links.neurons?.at(1)).toBe('m');
    expect([...(links.karma ?? []).slice(0, 3)]).toEqual([2, 1, 0]);
    expect([...(links.price ?? []).slice(0, 3)]).toEqual([0.5, 1, -1]);
  });

  it('with a header has columns in any order, and reports those it ignores', async () => {
    const text =
      'Valence,note,target,time,source,will,weight\n-1,"x, y",b,2021-11-06 03:52:13,a,12,7\n,,c,,b,,0\n';
    const { links, summary } = await read(text);
    expect(rowsOf({ links, summary })).toEqual([
      ['a', 'b', 7],
      ['b', 'c', 0],
    ]);
    expect([links.valence?.[0], links.time?.[0], links.will?.[0]]).toEqual([-1, 1636170733, 12]);
    expect([links.valence?.[1], links.time?.[1], links.will?.[1]]).toEqual([0, NaN, 0]);
    expect(summary.ignored).toEqual(['note']);
    expect(summary.header).toEqual([
      'Valence',
      'note',
      'target',
      'time',
      'source',
      'will',
      'weight',
    ]);
  });

  it('can be told that it has a header or none', async () => {
    expect(rowsOf(await read('from,to\na,b\n', { header: false }))).toEqual([
      ['from', 'to', 1],
      ['a', 'b', 1],
    ]);
    await expect(read('a,b\n', { header: true })).rejects.toThrow(
      'graph.tsv:1:1: expected a column "from", found "a", "b"',
    );
  });

  it('counts integer amounts that doubles cannot hold', async () => {
    const { links } = await read(
      'a b 9007199254740993\na b 9007199254740992\na b 9007199254740993.5\na b 1e300\n',
    );
    expect(links.roundedAmounts).toBe(1);
    expect(links.amount[0]).toBe(9007199254740992);
  });

  it('takes an amount of -0 for 0', async () => {
    expect(Object.is((await read('a b -0')).links.amount[0], 0)).toBe(true);
  });

  it('takes comments of almost 1 MiB and ids of 4096 bytes', async () => {
    const long = 'z'.repeat(4096);
    const { links } = await read(`#${'-'.repeat((1 << 20) - 1)}\n${long} b 1\n`, {}, [100_000]);
    expect(links.particles.at(0)).toBe(long);
  });
});

const DATASETS = new URL('../../../shared/datasets/', import.meta.url);
const sample = new URL('bostrom-sample-links.csv', DATASETS);
const pages = new URL('crystal-pages-edges.csv', DATASETS);
for (const file of [sample, pages])
  if (!existsSync(file)) console.warn(`skipped: no data set at ${file.pathname}`);

describe('the data sets', () => {
  it.skipIf(!existsSync(sample))('of 1,281 cyberlinks reads as it is', async () => {
    const { links, summary } = await read(readFileSync(sample));
    expect(links.count).toBe(1281);
    expect(summary.ignored).toEqual(['height']);
    expect(links.time?.[0]).toBe(1636170733);
    expect(links.particles.at(1)).toBe('QmXQ4k4ciK5ieaSwtccmH9mm4QdPS6Spd21DTqLFrEwDWR');
    const archivist =
      links.neurons?.indexOf('bostrom1nngr5aj3gcvphlhnvtqth8k3sl4asq3n6r76m8') ?? -1;
    expect(
      links.neuron?.subarray(0, links.count).filter((neuron) => neuron === archivist).length,
    ).toBe(1021);
    const { report } = buildGraph(links);
    expect(report.axons + report.merged + report.dropped.selfLoops).toBe(1281);
  });

  it.skipIf(!existsSync(pages))('of 3,211 pages reads as it is', async () => {
    const { links, summary } = await read(readFileSync(pages));
    expect(links.count).toBe(7753);
    expect(summary.header).toEqual(['from', 'to']);
    expect(links.amount.subarray(0, links.count).every((value) => value === 1)).toBe(true);
    expect(buildGraph(links).particles).toBeLessThanOrEqual(3211);
  });
});
