// Reading whatever comes: formats found by content and name, digests, graphs, and the datasets at
// hand.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { LinkFormat } from '../../src/formats/link-format.js';
import { readGraph, readLinks } from '../../src/formats/read.js';
import { writeLinks } from '../../src/formats/write-links.js';
import { axonsById, errorOf, plainOf, randomGraph } from './sample-links.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();
const graph = randomGraph(1, 20, 60);
const formats: readonly LinkFormat[] = ['tsv', 'csv', 'ndjson', 'mtx', 'parquet', 'focus'];

describe.each(formats)('a file of format %s', (format) => {
  test('is recognised by its name, by its content, and under gzip', async () => {
    const path = folder.at(`a.${format}`);
    await writeLinks(graph, path, format);
    const bytes = readFileSync(path);
    const paths = [
      path,
      folder.file(`no-name-${format}`, bytes),
      folder.file(`a.${format}.gz`, gzipSync(bytes)),
    ];
    const { graph: expected } = await readGraph(path);
    for (const one of paths) {
      const { graph: found, notes } = await readGraph(one);
      expect(notes.format).toBe(format);
      expect(axonsById(found)).toEqual(axonsById(expected));
    }
  });

  test('is hashed by its raw bytes where that is asked for', async () => {
    const path = folder.at(`a.${format}`);
    await writeLinks(graph, path, format);
    for (const one of [path, folder.file(`h.${format}.gz`, gzipSync(readFileSync(path)))]) {
      const raw = readFileSync(one);
      const notes = await readLinks(one, { hash: true });
      expect(notes.sha256).toBe(createHash('sha256').update(raw).digest('hex'));
      expect(notes.bytes).toBe(raw.length);
      const unhashed = await readLinks(one);
      expect(unhashed.sha256).toBe(null);
      expect(unhashed.bytes).toBe(raw.length);
    }
  });
});

describe('the format', () => {
  test('that is asked for wins over name and content', async () => {
    const path = folder.file('odd.ndjson', 'a\tb\t1\n');
    const result = await readLinks(path, { format: 'tsv' });
    expect(result.kind === 'links' && plainOf(result.links)).toEqual([
      { from: 'a', to: 'b', amount: 1 },
    ]);
    expect((await errorOf(readLinks(path))).message).toMatch(
      /odd\.ndjson:1:1: expected a JSON object/,
    );
  });

  test('that the first bytes prove wins over the name', async () => {
    await writeLinks(graph, folder.at('really.parquet'), 'parquet');
    const path = folder.file('called.csv', readFileSync(folder.at('really.parquet')));
    expect((await readLinks(path)).format).toBe('parquet');
  });

  test('of blanks, tabs or commas is told apart without a name', async () => {
    for (const text of ['a b 1\n', 'a\tb\t1\n', 'a,b,1\n', '# note\na b 1\n']) {
      const result = await readLinks(folder.file('links.txt', text));
      expect(result.kind === 'links' && plainOf(result.links)).toEqual([
        { from: 'a', to: 'b', amount: 1 },
      ]);
    }
  });

  test('that is none of ours is refused with the names of ours', async () => {
    const array = await errorOf(readLinks(folder.file('array', '[{"from":"a"}]')));
    expect(array.code).toBe('bad-input');
    expect(array.message).toMatch(
      /expected links in one of the formats tsv, csv, ndjson, mtx, parquet, focus, found bytes that start/,
    );
    expect(array.fix).toMatch(/--format/);
    expect((await errorOf(readLinks(folder.file('binary', Buffer.from([0, 1, 2, 3]))))).code).toBe(
      'bad-input',
    );
    const wrong = await errorOf(readLinks(folder.at('array'), { format: 'xml' as LinkFormat }));
    expect(wrong.code).toBe('usage');
  });
});

test('a .focus file is a graph, to which options of building no longer apply', async () => {
  const path = folder.at('built.focus');
  await writeLinks(graph, path, 'focus');
  expect((await readLinks(path)).kind).toBe('graph');
  const error = await errorOf(readGraph(path, { order: 'sorted' }));
  expect(error.code).toBe('usage');
  expect(error.message).toMatch(/holds a built graph, so order cannot apply$/);
});

test('keys and columns that mean nothing are reported', async () => {
  expect((await readLinks(folder.file('c.csv', 'from,to,colour\na,b,red\n'))).ignored).toEqual([
    'colour',
  ]);
  expect(
    (await readLinks(folder.file('c.ndjson', '{"from":"a","to":"b","colour":"red"}'))).ignored,
  ).toEqual(['colour']);
});

test('an empty input has no link, and no graph', async () => {
  const path = folder.file('empty.tsv', '');
  const result = await readLinks(path);
  expect(result.kind === 'links' && result.links.count).toBe(0);
  expect((await errorOf(readGraph(path))).code).toBe('bad-input');
});

const dataset = new URL('../../../shared/datasets/bostrom-sample-links.csv', import.meta.url);
test.skipIf(!existsSync(dataset))(
  'links of the Bostrom network are read with their neurons and times',
  async () => {
    const result = await readLinks(dataset.pathname, { hash: true });
    const rows = readFileSync(dataset, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(result.kind === 'links' && plainOf(result.links)).toEqual(
      rows.map(([neuron, from, to, , time]) => {
        return {
          from,
          to,
          amount: 1,
          neuron,
          time: Date.parse(`${time.replace(' ', 'T')}Z`) / 1000,
        };
      }),
    );
    expect(result.ignored).toEqual(['height']);
  },
);
