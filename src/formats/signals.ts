// Signals as newline-delimited JSON, one a line, and logs of deltas, one a line:
//   {"neuron": "n1", "links": [{"from": "a", "to": "b", "amount": 100}], "remove": […], "change": […]}
//   [signal, signal, …]                                      signals that are applied together
// A file read as signals is one delta; read as a log, every line is a delta of its own. Unlike links
// (ndjson.ts), unknown keys are errors: a misspelt "remove" would silently pay somebody.

import { FocusError } from '../base/errors.js';
import type { Delta, LinkChange, LinkSelector, Signal, SignalLink } from '../graph/signal.js';
import { openByteSource } from './byte-source.js';
import { isRoundedInteger } from './decimal.js';
import { fieldError, fieldOfName, isInRange, parseField, type NumericField } from './fields.js';
import {
  isListNext,
  isStringNext,
  readStrictId,
  readStrictList,
  readStrictObject,
  takeNull,
  type ObjectShape,
} from './json-object.js';
import { createJsonScanner, type JsonScanner } from './json-scanner.js';
import { textOf, wholeLines } from './whole-lines.js';

/** What was read besides the signals. */
export interface SignalNotes {
  /** The path, or `stdin`. */
  readonly name: string;
  /** Raw bytes, before decompression, and their SHA-256 in lower-case hex. */
  readonly bytes: number;
  readonly sha256: string;
  readonly lines: number;
  readonly signals: number;
  readonly links: number;
  readonly removals: number;
  readonly changes: number;
  /** Integer amounts above 2⁵³ that were rounded to the nearest double. */
  readonly roundedAmounts: number;
}

type Value = Exclude<NumericField, 'amount'>;
type SignalKey = 'neuron' | 'links' | 'remove' | 'change' | Value;
type EntryKey = 'from' | 'to' | 'amount' | 'row' | Value;
type Part = 'links' | 'remove' | 'change';
type Values = Partial<Record<Value, number>>;
type Entry = { from?: string; to?: string; amount?: number; row?: number } & {
  [Name in Value]?: number | null;
};

interface Counts {
  signals: number;
  links: number;
  remove: number;
  change: number;
  roundedAmounts: number;
}

const VALUES: readonly Value[] = ['karma', 'price', 'valence', 'will', 'time'];
const PARTS: readonly Part[] = ['links', 'remove', 'change'];
const EXAMPLE =
  'each line is one signal such as {"neuron": "n1", "links": [{"from": "a", "to": "b", "amount": 1}]}';

const SIGNAL: ObjectShape<SignalKey> = shapeOf('a signal', ['neuron', ...PARTS, ...VALUES]);
const ENTRIES: Readonly<Record<Part, ObjectShape<EntryKey>>> = {
  links: shapeOf('a link', ['from', 'to', 'amount', ...VALUES, 'row']),
  remove: shapeOf('a link to remove', ['from', 'to', 'amount', 'row']),
  change: shapeOf('a change of a link', ['from', 'to', 'row', 'amount', ...VALUES]),
};

/**
 * Reads a file of signals (`-`: standard input; gzip and zstd are undone) as one delta. Throws
 * FocusError `bad-input` with `name:line:column` for a line that is no signal: unknown, missing and
 * repeated keys, values of the wrong type or out of range, a line cut off or above 16 MiB. About 60
 * MB/s. Whether links to remove are there is for the graph to say (resolveDelta).
 */
export async function readSignals(
  path: string,
): Promise<{ readonly delta: Delta; readonly notes: SignalNotes }> {
  const { log, notes } = await readDeltaLog(path);
  return { delta: log.flat(), notes };
}

/** Reads a log of deltas, one a line; otherwise as readSignals. */
export async function readDeltaLog(
  path: string,
): Promise<{ readonly log: readonly Delta[]; readonly notes: SignalNotes }> {
  const source = await openByteSource(path, { hash: true });
  try {
    const counts = { signals: 0, links: 0, remove: 0, change: 0, roundedAmounts: 0 };
    const lines = { count: 0 };
    const log: Delta[] = [];
    for await (const delta of deltasOf(source.chunks, source.name, lines, counts)) log.push(delta);
    const { signals, links, remove, change, roundedAmounts } = counts;
    const notes = {
      name: source.name,
      bytes: source.rawBytes(),
      sha256: source.sha256() ?? '',
      lines: lines.count,
      signals,
      links,
      removals: remove,
      changes: change,
      roundedAmounts,
    };
    return { log, notes };
  } finally {
    await source.close();
  }
}

/** The delta of each line as it arrives, for logs that are longer than memory; errors as above. */
export function streamDeltas(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Delta, void, undefined> {
  const counts = { signals: 0, links: 0, remove: 0, change: 0, roundedAmounts: 0 };
  return deltasOf(chunks, name, { count: 0 }, counts);
}

async function* deltasOf(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  lines: { count: number },
  counts: Counts,
): AsyncGenerator<Delta, void, undefined> {
  const scanner = createJsonScanner(name, EXAMPLE);
  for await (const { bytes } of wholeLines(chunks, name, lines)) {
    for (let start = 0; start < bytes.length;) {
      const feed = bytes.indexOf(10, start);
      const end = feed < 0 ? bytes.length : feed;
      scanner.begin(bytes, start, end, ++lines.count);
      start = end + 1;
      if (scanner.peek() === -1) continue;
      const place = `${name}:${lines.count}`;
      const delta: Signal[] = [];
      if (isListNext(scanner)) {
        readStrictList(scanner, 'a list of signals', (index) =>
          delta.push(readSignal(scanner, `${place}, signal ${index + 1}`, counts)),
        );
      } else delta.push(readSignal(scanner, place, counts));
      scanner.end();
      yield delta;
    }
  }
}

/** Reads one signal; what it says itself holds for each of its links that does not say it. */
function readSignal(scanner: JsonScanner, place: string, counts: Counts): Signal {
  let neuron: string | null = null;
  const own: Values = {};
  const parts: Partial<Record<Part, Entry[]>> = {};
  const start = readStrictObject(scanner, SIGNAL, (key) => {
    if (key === 'neuron') neuron = takeNull(scanner) ? null : readStrictId(scanner, 'neuron');
    else if (key === 'links' || key === 'remove' || key === 'change') {
      const entries: Entry[] = (parts[key] = []);
      readStrictList(scanner, `a list as the value of "${key}"`, () =>
        entries.push(readEntry(scanner, key, counts)),
      );
    } else own[key] = readValue(scanner, key);
  });
  if (PARTS.every((part) => parts[part] === undefined)) {
    scanner.fail(start, '', 'expected a key "links", "remove" or "change", found none');
  }
  counts.signals++;
  for (const part of PARTS) counts[part] += parts[part]?.length ?? 0;
  const links = (parts.links ?? []).map((link) => ({ ...own, ...link }) as SignalLink);
  return {
    neuron,
    links,
    remove: (parts.remove ?? []) as readonly LinkSelector[],
    change: (parts.change ?? []) as readonly LinkChange[],
    place,
  };
}

function readEntry(scanner: JsonScanner, part: Part, counts: Counts): Entry {
  const entry: Entry = {};
  const shape = ENTRIES[part];
  const start = readStrictObject(scanner, shape, (key) => {
    if (key === 'from' || key === 'to') entry[key] = readStrictId(scanner, key);
    else if (key === 'row') entry.row = readRow(scanner);
    else if (key === 'time' && part === 'change' && takeNull(scanner)) entry.time = null;
    else {
      entry[key] = readValue(scanner, key);
      const { text, textStart, textEnd } = scanner;
      if (key === 'amount' && isRoundedInteger(text, textStart, textEnd, entry.amount ?? 0)) {
        counts.roundedAmounts++;
      }
    }
  });
  const required =
    part === 'links' ? (['from', 'to', 'amount'] as const) : (['from', 'to'] as const);
  for (const key of required) {
    if (entry[key] !== undefined) continue;
    scanner.fail(start, '', `expected a key "${key}" in ${shape.noun}, found none`);
  }
  if (part === 'change' && ['amount', ...VALUES].every((key) => !(key in entry))) {
    const message = `expected a new value in ${shape.noun}: amount, ${VALUES.join(', ')}; found none`;
    scanner.fail(start, '', message);
  }
  return entry;
}

/** Reads a number, or a string of one, in the range of its field. */
function readValue(scanner: JsonScanner, field: NumericField): number {
  let value: number;
  if (isStringNext(scanner)) {
    scanner.string('a number');
    value = parseField(field, textOf(scanner.text, scanner.textStart, scanner.textEnd));
  } else value = scanner.number(`a number as the ${field}`);
  if (isInRange(field, value)) return value + 0; // −0 becomes 0
  const found = textOf(scanner.text, scanner.textStart, scanner.textEnd);
  throw fieldError(field, found, scanner.place(scanner.tokenStart));
}

/** Reads a position of a link. */
function readRow(scanner: JsonScanner): number {
  const expected = 'a row, an integer from 0';
  const value = scanner.number(expected);
  if (scanner.integer && value >= 0 && Number.isSafeInteger(value + 1)) return value;
  const found = textOf(scanner.text, scanner.textStart, scanner.textEnd);
  const place = scanner.place(scanner.tokenStart);
  const fix = 'rows number the links of the input from 0; leave it out for a new link';
  throw new FocusError('bad-input', `${place}: expected ${expected}, found ${found}`, fix);
}

/** The keys of an object; other names of a field (source, stake, timestamp …) are taken too. */
function shapeOf<Key extends string>(noun: string, known: readonly Key[]): ObjectShape<Key> {
  const keys = new Map<string, Key>(known.map((key) => [key, key]));
  return {
    noun,
    known,
    keyOf: (name) => keys.get(name) ?? keys.get(fieldOfName(name) ?? '') ?? null,
  };
}
