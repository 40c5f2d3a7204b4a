// Links and graphs written in every format and read back.

import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../src/graph/build.js';
import type { LinkFormat } from '../../src/formats/link-format.js';
import { readGraph, readLinks } from '../../src/formats/read.js';
import { linksOfGraph, writeLinks } from '../../src/formats/write-links.js';
import {
  axonsById,
  contentOf,
  errorOf,
  linksArbitrary,
  linksOf,
  plainOf,
  randomGraph,
} from './sample-links.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const textFormats: readonly LinkFormat[] = ['tsv', 'csv', 'ndjson'];

describe('a graph', () => {
  test.each<LinkFormat>(['tsv', 'csv', 'ndjson', 'parquet', 'focus'])(
    'written as %s is read back with the same axons, bit for bit',
    async (format) => {
      const path = folder.at(`graph.${format}`);
      await fc.assert(
        fc.asyncProperty(linksArbitrary, async (links) => {
          const graph = buildGraph(linksOf(links));
          await writeLinks(graph, path, format);
          const { graph: back, notes } = await readGraph(path);
          expect(notes.format).toBe(format);
          expect(axonsById(back)).toEqual(axonsById(graph));
          if (format === 'focus') expect(contentOf(back)).toEqual(contentOf(graph));
        }),
        { numRuns: 60 },
      );
    },
  );

  test('written as mtx is read back with positions as ids', async () => {
    const graph = randomGraph(2, 40, 200);
    const path = folder.at('graph.mtx');
    await writeLinks(graph, path, 'mtx');
    const { graph: back } = await readGraph(path);
    const byPosition = new Map(
      [...axonsById(graph)].map(([ends, weight]) => {
        const [from, to] = (JSON.parse(ends) as string[]).map((id) =>
          String(graph.ids.indexOf(id) + 1),
        );
        return [JSON.stringify([from, to]), weight];
      }),
    );
    expect(axonsById(back)).toEqual(byPosition);
  });

  test('gives its axons as links that build the same graph', () => {
    const graph = randomGraph(3, 30, 100);
    const links = linksOfGraph(graph);
    expect(links.count).toBe(graph.report.axons);
    expect(axonsById(buildGraph(links))).toEqual(axonsById(graph));
  });

  test('of many rows is written whole, across all internal pieces', async () => {
    const graph = randomGraph(10, 3000, 60000);
    for (const format of ['csv', 'ndjson', 'parquet'] as const) {
      const path = folder.at(`large.${format}`);
      await writeLinks(graph, path, format);
      expect(axonsById((await readGraph(path)).graph)).toEqual(axonsById(graph));
    }
  });
});

describe('links', () => {
  const rows = [
    {
      from: 'a',
      to: 'b',
      amount: 1.5,
      neuron: 'n1',
      karma: 0.5,
      price: 1,
      valence: -1,
      will: 3,
      time: 7,
    },
    { from: 'a', to: 'a', amount: 0, karma: 1, price: 0.25, valence: 0, will: 0 },
    {
      from: 'c',
      to: 'a',
      amount: 2 ** 60,
      neuron: 'n,2',
      karma: 1,
      price: 1,
      valence: 1,
      will: 0,
      time: -1.5,
    },
  ];

  test.each([...textFormats, 'parquet' as const])(
    'written as %s keep every column, and absent values stay absent',
    async (format) => {
      const path = folder.at(`links.${format}`);
      await writeLinks(linksOf(rows), path, format);
      const back = await readLinks(path);
      expect(back.kind === 'links' && plainOf(back.links)).toEqual(rows);
    },
  );

  test('whose ids are words of the formats survive', async () => {
    const ids = [
      'from',
      'to',
      'amount',
      '#a',
      '%',
      '"',
      '""',
      ',',
      '\t'.replace('\t', ' x '),
      'a,b',
      "'",
      '{"a":1}',
      '\\',
      '\\u0041',
      '-0',
      'NaN',
      '😀',
    ];
    const links = linksOf(
      ids.map((id, i) => ({ from: id, to: ids[(i + 1) % ids.length], amount: i + 1 })),
    );
    for (const format of [...textFormats, 'parquet' as const]) {
      const path = folder.at(`words.${format}`);
      await writeLinks(links, path, format);
      const back = await readLinks(path);
      expect(back.kind === 'links' && plainOf(back.links)).toEqual(plainOf(links));
    }
  });

  test('cannot be written as a .focus file, which holds a graph', async () => {
    const error = await errorOf(writeLinks(linksOf(rows), folder.at('links.focus'), 'focus'));
    expect(error.code).toBe('usage');
    expect(readdirSync(folder.path)).not.toContain('links.focus');
  });

  test('of no rows are a header alone', async () => {
    await writeLinks(linksOf([]), folder.at('none.csv'), 'csv');
    expect(readFileSync(folder.at('none.csv'), 'utf8')).toBe('from,to,amount\n');
  });
});
