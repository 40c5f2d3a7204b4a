// Exports and imports: a ledger as lines of text, one entry a line, independent of the store.
//   {"format":"focus-ledger","version":1}
//   {"content":…canonical…,"hash":"…","sequence":0} …
//   {"head":{"entries":n,"hash":"…"}}
// An import judges every entry again; it can go on where an earlier one stopped.

import { canonicalJson } from '../base/canonical.js';
import { check, FocusError, shown } from '../base/errors.js';
import { Book } from './book.js';
import { checkCount, recordAt } from './check-transaction.js';
import { GENESIS, type Entry } from './entry.js';
import { needsOf, offeredOf } from './settle.js';
import { differs, readLogged, replayEntry, type ReadEntry } from './replay.js';
import type { Head, LedgerStore, Needs } from './store.js';
import { checkSealable } from './journal.js';

const HEADER = '{"format":"focus-ledger","version":1}';
const PAGE = 1000;
const MOST_A_COMMIT = 2000;

/** The lines of an export, without their ends; of the entries that are there now. */
export async function* exportLines(store: LedgerStore): AsyncGenerator<string, void, undefined> {
  const head = await store.read((reader) => reader.head());
  yield HEADER;
  for (let from = 0; from < head.entries; from += PAGE) {
    const count = Math.min(PAGE, head.entries - from);
    const entries = await store.read((reader) => reader.entries(from, count));
    check(entries.length === count, 'mismatch', () => `entry ${from + entries.length} is missing`);
    for (const { content, hash, sequence } of entries) {
      yield `{"content":${content},"hash":"${hash}","sequence":${sequence}}`;
    }
  }
  yield `{"head":{"entries":${head.entries},"hash":"${head.hash}"}}`;
}

/**
 * Writes the lines of an export to a store that is empty or holds the first of its entries. Returns
 * the head, which is that of the export. Throws `bad-input` for lines that are no export or end too
 * early, `mismatch` for entries that differ from what their contents give. About 60 µs an entry.
 */
export async function importLines(store: LedgerStore, lines: AsyncIterable<string>): Promise<Head> {
  const there = await store.read((reader) => reader.head());
  let number = 0;
  let last: LoggedLine | null = null;
  let end: { readonly entries: number; readonly hash: string } | null = null;
  let batch: LoggedLine[] = [];
  const write = async (): Promise<void> => {
    if (batch.length > 0) await writeLines(store, batch);
    batch = [];
  };
  for await (const text of lines) {
    number++;
    if (number === 1) checkHeader(text);
    else {
      check(end === null, 'bad-input', () => `line ${number}: expected nothing after the head`);
      const line = readLine(text, number);
      if ('entries' in line) end = line;
      else {
        const sequence: number = (last?.sequence ?? -1) + 1;
        if (line.sequence !== sequence) {
          throw badLine(number, `expected entry ${sequence}, found ${line.sequence}`);
        }
        last = line;
        if (sequence >= there.entries) {
          // A seal looks at what its epoch holds, so that must be written.
          if (line.read.content.type === 'seal') await write();
          batch.push(line);
          if (line.read.content.type === 'seal' || batch.length === MOST_A_COMMIT) await write();
        } else if (sequence === there.entries - 1) {
          checkSame(line.hash, there.hash, sequence);
        }
      }
    }
  }
  await write();
  check(
    end !== null,
    'bad-input',
    () => 'the export ends before its head',
    'it was cut: copy it again',
  );
  const { entries, hash } = end;
  check(
    entries === (last?.sequence ?? -1) + 1 && hash === (last?.hash ?? GENESIS),
    'mismatch',
    () => `head: expected entry ${entries} and ${hash}, found ${last?.hash ?? GENESIS}`,
    'the export was changed after it was written',
  );
  const head = await store.read((reader) => reader.head());
  check(
    head.entries === entries,
    'mismatch',
    () => `the store holds ${head.entries} entries, the export ${entries}`,
    'import into an empty ledger',
  );
  return head;
}

interface LoggedLine {
  readonly sequence: number;
  readonly hash: string;
  readonly read: ReadEntry;
}

function checkHeader(text: string): void {
  check(
    text === HEADER,
    'bad-input',
    () => `line 1: expected ${HEADER}, found ${shown(text)}`,
    'give a file that focus ledger export or backup wrote',
  );
}

function readLine(
  text: string,
  number: number,
): LoggedLine | { readonly entries: number; readonly hash: string } {
  try {
    const json = JSON.parse(text) as Record<string, unknown>;
    if ('head' in json) {
      const { entries, hash } = recordAt(json['head'], 'head', ['entries', 'hash']);
      return { entries: checkCount(entries, 'head.entries'), hash: String(hash) };
    }
    const fields = recordAt(json, 'entry', ['content', 'hash', 'sequence']);
    return {
      sequence: checkCount(fields['sequence'], 'sequence'),
      hash: String(fields['hash']),
      read: readLogged(canonicalJson(fields['content'])),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof FocusError ? error.code : 'bad-input';
    throw new FocusError(code, `line ${number}: ${message}`, '', { cause: error });
  }
}

function badLine(number: number, what: string): FocusError {
  return new FocusError(
    'bad-input',
    `line ${number}: ${what}`,
    'the export was cut or put together',
  );
}

function checkSame(found: string, expected: string, sequence: number): void {
  if (found !== expected) throw differs(sequence, `hash: expected ${expected}, found ${found}`);
}

/** Judges lines again on what the store holds, and writes what comes of them. */
async function writeLines(store: LedgerStore, lines: readonly LoggedLine[]): Promise<void> {
  await store.commit(needsOfLines(lines), (loaded) => {
    const book = new Book(loaded);
    const known = new Map(loaded.entries.map((entry) => [entry.key, entry]));
    for (const { sequence, hash, read } of lines) {
      // A try before this one may have written them, and lost its connection then.
      if (sequence < loaded.head.entries) continue;
      if (read.content.type === 'seal') {
        checkSealable(read.content.epoch, book.sealedThrough, loaded.openBefore);
      }
      const entryOf = (key: string): Entry | undefined => known.get(key);
      const entry = replayEntry(book, read, { entryOf, leaves: loaded.leaves });
      checkSame(entry.hash, hash, sequence);
      known.set(entry.key, entry);
    }
    return book.takeChanges();
  });
}

function needsOfLines(lines: readonly LoggedLine[]): Needs {
  const offered = lines.flatMap(({ read: { content } }) => {
    if (content.type === 'seal') return [];
    return [offeredOf(content.type === 'rejected' ? content.offered : content.transaction)];
  });
  const needs = needsOf(offered);
  const { content } = lines[0].read;
  if (content.type !== 'seal') return needs;
  return { ...needs, epochs: [content.epoch], seal: content.epoch };
}
