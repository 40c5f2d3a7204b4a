// Blocks as newline-delimited JSON, one a line, in any order:
//   {"id": "b1", "parents": ["b0"], "signals": [0, 1]}
// `parents` are the ids of blocks that it references, `signals` the numbers, from 0, of the signals it
// carries. Whether they form a DAG is for blockDag of src/rewards to say.

import type { Block } from '../graph/block.js';
import { openByteSource } from './byte-source.js';
import { readStrictId, readStrictList, readStrictObject, type ObjectShape } from './json-object.js';
import { createJsonScanner, type JsonScanner } from './json-scanner.js';
import { wholeLines } from './whole-lines.js';

type Key = 'id' | 'parents' | 'signals';
const KEYS: readonly Key[] = ['id', 'parents', 'signals'];
const BLOCK: ObjectShape<Key> = {
  noun: 'a block',
  known: KEYS,
  keyOf: (name) => KEYS.find((key) => key === name) ?? null,
};
const EXAMPLE = 'each line is one block such as {"id": "b1", "parents": ["b0"], "signals": [0, 1]}';

/**
 * Reads a file of blocks (`-`: standard input; gzip and zstd are undone). Throws FocusError
 * `bad-input` with `name:line:column` for a line that is no block: unknown, repeated and missing
 * keys, and values of the wrong type. `signals` may be left out.
 */
export async function readBlocks(path: string): Promise<readonly Block[]> {
  const source = await openByteSource(path);
  try {
    const scanner = createJsonScanner(source.name, EXAMPLE);
    const blocks: Block[] = [];
    const lines = { count: 0 };
    for await (const { bytes } of wholeLines(source.chunks, source.name, lines)) {
      for (let start = 0; start < bytes.length;) {
        const feed = bytes.indexOf(10, start);
        const end = feed < 0 ? bytes.length : feed;
        scanner.begin(bytes, start, end, ++lines.count);
        if (scanner.peek() !== -1) blocks.push(readBlock(scanner));
        start = end + 1;
      }
    }
    return blocks;
  } finally {
    await source.close();
  }
}

function readBlock(scanner: JsonScanner): Block {
  let id: string | null = null;
  let parents: string[] | null = null;
  const signals: number[] = [];
  const start = readStrictObject(scanner, BLOCK, (key) => {
    if (key === 'id') id = readStrictId(scanner, 'id');
    else if (key === 'parents') {
      const found: string[] = (parents = []);
      readStrictList(scanner, 'a list of parents', () =>
        found.push(readStrictId(scanner, 'parents')),
      );
    } else {
      readStrictList(scanner, 'a list of signals', () => signals.push(readIndex(scanner)));
    }
  });
  if (id === null) scanner.fail(start, '', 'expected a key "id" in a block, found none');
  if (parents === null) {
    scanner.fail(
      start,
      '',
      'expected a key "parents" in a block, found none: [] for a first block',
    );
  }
  scanner.end();
  return { id, parents, signals };
}

/** Reads the number of a signal. */
function readIndex(scanner: JsonScanner): number {
  const expected = 'the number of a signal, an integer from 0';
  const value = scanner.number(expected);
  if (!scanner.integer || value < 0 || !Number.isSafeInteger(value)) {
    scanner.fail(scanner.tokenStart, expected);
  }
  return value;
}
