// Ten thousand spoiled files of every format and compression, through readLinks and buildGraph:
// each gives a graph, or an error of ours that blames the input. Anything else — another exception,
// a crash, a hang — fails here.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FocusError } from '../../src/base/errors.js';
import { randomStream } from '../../src/base/random.js';
import { type LinkFormat, LINK_FORMATS } from '../../src/formats/link-format.js';
import { readFocus } from '../../src/formats/read-focus.js';
import { readGraph } from '../../src/formats/read.js';
import { writeFocus } from '../../src/formats/write-focus.js';
import { writeLinks } from '../../src/formats/write-links.js';
import { mutations } from './mutations.js';
import { linksOf, randomGraph } from './sample-links.js';
import { temporaryFolder } from './temporary-folder.js';

const FILES = 10_000;
const SEED = 20260731;
const folder = temporaryFolder();
const fixtures = new URL('fixtures/', import.meta.url);

/** Sound files of every kind: name, which carries the extension, and bytes. */
async function soundFiles(): Promise<(readonly [string, Buffer])[]> {
  const files: (readonly [string, Buffer])[] = [];
  const graph = randomGraph(1, 12, 30);
  const links = linksOf(
    Array.from({ length: 12 }, (_, i) => {
      return {
        from: `a${i % 5}`,
        to: `b "${i % 3}"`,
        amount: i / 3,
        neuron: `n${i % 2}`,
        karma: 1,
        price: 0.5,
        valence: 1,
        will: 2,
        time: i,
      };
    }),
  );
  for (const format of LINK_FORMATS) {
    const plain: (readonly [string, typeof graph | typeof links])[] = [
      [`graph.${format}`, graph],
      [`integers.${format}`, randomGraph(2, 12, 30, true)],
    ];
    if (format !== 'focus') plain.push([`links.${format}`, links]);
    for (const [name, source] of plain) {
      await writeLinks(source, folder.at(name), format);
      const bytes = readFileSync(folder.at(name));
      files.push([name, bytes], [`${name}.gz`, gzipSync(bytes)]);
    }
  }
  const signals =
    '{"neuron":"n","links":[{"from":"a","to":"b","amount":1}],"karma":2}\n{"from":1,"to":"\\u00e9"}\n';
  files.push(['signals.ndjson', Buffer.from(signals)]);
  for (const name of readdirSync(fixtures)) {
    if (/\.parquet$|fast\.zst$|runs\.zst$/.test(name))
      files.push([name, readFileSync(new URL(name, fixtures))]);
  }
  return files;
}

/** The outcome of one file, in a word; throws where it is none of those allowed. */
async function outcomeOf(path: string, format: LinkFormat | null, what: string): Promise<string> {
  try {
    const { graph } = await readGraph(path, format === null ? {} : { format });
    expect(graph.particles, what).toBeGreaterThan(1);
    return 'graph';
  } catch (error) {
    if (error instanceof FocusError && (error.code === 'bad-input' || error.code === 'too-large')) {
      expect(error.message.length, what).toBeGreaterThan(10);
      return error.code;
    }
    throw new Error(`${what} gave no error of ours`, { cause: error });
  }
}

describe('a spoiled file', () => {
  test(`of ${FILES} gives a graph or an error that blames the input`, async () => {
    const sound = await soundFiles();
    const names = Object.keys(mutations);
    const counts = new Map<string, number>();
    for (let index = 0; index < FILES; index++) {
      const random = randomStream(SEED, index);
      const [name, bytes] = sound[index % sound.length];
      const mutation = names[Math.floor(index / sound.length) % names.length];
      const spoiled = mutations[mutation](bytes, random);
      // Some files are read as a format they are not.
      const forced = random.below(8) === 0 ? LINK_FORMATS[random.below(LINK_FORMATS.length)] : null;
      const path = folder.at(`spoiled-${name}`);
      writeFileSync(path, spoiled);
      const outcome = await outcomeOf(
        path,
        forced,
        `file ${index}: ${name} ${mutation}, read as ${forced ?? 'found'}`,
      );
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    // Both outcomes must be common, or the mutations spoil nothing, or everything.
    expect(counts.get('graph')).toBeGreaterThan(FILES / 20);
    expect(counts.get('bad-input')).toBeGreaterThan(FILES / 4);
  }, 120_000);

  test('of focus rows gives rows or an error that blames the input', async () => {
    const { ids } = randomGraph(3, 20, 60);
    const focus = Float64Array.from({ length: ids.count }, (_, i) => 1 / (i + 2));
    for (const format of ['ndjson', 'csv', 'parquet'] as const) {
      const path = folder.at(`phi.${format}`);
      await writeFocus(path, { ids, focus, focusExact: (i) => `0.${i}` });
      const bytes = readFileSync(path);
      for (let index = 0; index < 600; index++) {
        const names = Object.keys(mutations);
        const name = names[index % names.length];
        writeFileSync(path, mutations[name](bytes, randomStream(SEED, index)));
        const error = await readFocus(path).then(
          () => null,
          (reason: unknown) => reason,
        );
        if (error === null) continue;
        if (!(error instanceof FocusError))
          throw new Error(`${format} ${name} ${index}`, { cause: error });
        expect(['bad-input', 'too-large']).toContain(error.code);
      }
    }
  });
});
