// Links as newline-delimited JSON: one object a line, either a link or a signal, which is expanded
// to its links.
//   {"from": "a", "to": "b", "amount": 100, "neuron": "n1"}
//   {"neuron": "n1", "karma": 0.9, "links": [{"from": "a", "to": "b", "amount": 100}]}
// Ids are strings or integers; an integer is the id of its digits, exactly, however long it is.
// Numbers are JSON numbers, or strings of one (exact amounts travel as strings). Keys are those of
// fields.ts; others are ignored and reported.

import { shown } from '../base/errors.js';
import type { LinkBuilder } from '../graph/link-builder.js';
import { isRoundedInteger } from './decimal.js';
import {
  type Field,
  type NumericField,
  fieldError,
  fieldOfName,
  isInRange,
  parseField,
  withPlace,
} from './fields.js';
import { type JsonScanner, createJsonScanner } from './json-scanner.js';
import { textOf, wholeLines } from './whole-lines.js';

/** What a reader of text links has to tell besides the links. */
export interface TextNotes {
  readonly lines: number;
  /** Names of columns or keys that mean nothing to this engine and were left out; at most 16. */
  readonly ignored: readonly string[];
}

type Key = Field | 'links' | 'remove' | null;

/**
 * A key as it was met: lines of one file repeat the same keys in the same order, so a comparison
 * replaces a look-up.
 */
interface SeenKey {
  readonly bytes: Uint8Array;
  readonly key: Key;
  readonly name: string;
}

/** The values of one link; NaN and −1 mean "absent". */
interface Row {
  from: number;
  to: number;
  amount: number;
  neuron: number;
  karma: number;
  price: number;
  valence: number;
  will: number;
  time: number;
  /** Whether the amount is an integer that no double equals. */
  rounded: boolean;
  /** Name of the key that gave the time: an alias of a lower rank does not replace it. */
  timeName: string;
  /** Offset of the list of links of a signal, −1 where there is none. */
  linksAt: number;
}

/** What all lines of a file share. */
interface State {
  readonly scanner: JsonScanner;
  readonly builder: LinkBuilder;
  readonly seen: SeenKey[];
  readonly ignored: Set<string>;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const MAX_IGNORED = 16;
const TIME_NAMES = ['time', 'timestamp', 'height', 'block'];
const OPTIONAL = ['karma', 'price', 'valence', 'will', 'time'] as const;

/**
 * Reads every line of `chunks` into the builder; `name` is the place in errors.
 *
 * Throws FocusError `bad-input` with `name:line:column` for a line that is no JSON object, a
 * missing or repeated key, and a value of the wrong type or out of range. Cost: about 70 MB/s, one
 * small object a line.
 */
export async function readNdjson(
  chunks: AsyncIterable<Uint8Array>,
  builder: LinkBuilder,
  name: string,
): Promise<TextNotes> {
  const state: State = {
    scanner: createJsonScanner(name),
    builder,
    seen: [],
    ignored: new Set(),
  };
  const lines = { count: 0 };
  for await (const block of wholeLines(chunks, name, lines)) {
    const { bytes } = block;
    for (let start = 0; start < bytes.length;) {
      const feed = bytes.indexOf(10, start);
      const end = feed < 0 ? bytes.length : feed;
      lines.count++;
      state.scanner.begin(bytes, start, end, lines.count);
      if (state.scanner.peek() !== -1) readLine(state);
      start = end + 1;
    }
  }
  return { lines: lines.count, ignored: [...state.ignored] };
}

/** Reads one object and adds its link, or the links of a signal once all its keys are known. */
function readLine(state: State): void {
  const { scanner } = state;
  const row = emptyRow();
  readObject(state, row, true);
  if (row.linksAt < 0) {
    addRow(state, row);
  } else {
    const after = scanner.tokenStart + 1;
    expandSignal(state, row);
    scanner.seek(after);
  }
  scanner.end();
}

/** Reads the keys and values of one object into the row; only a line itself may hold `links`. */
function readObject(state: State, row: Row, isLine: boolean): void {
  const { scanner } = state;
  if (scanner.peek() !== OPEN) scanner.take(OPEN, 'a JSON object');
  scanner.take(OPEN, 'a JSON object');
  const start = scanner.tokenStart;
  for (let index = 0; scanner.peek() !== CLOSE; index++) {
    if (index > 0) scanner.take(COMMA, 'a comma or a closing brace');
    scanner.string('a key in quotes');
    const keyAt = scanner.tokenStart;
    const seen = keyOf(state, index, isLine);
    scanner.take(COLON, 'a colon after the key');
    if (seen.key === null) scanner.skip();
    else if (seen.key === 'links' || seen.key === 'remove') readList(scanner, seen.key, row, keyAt);
    else readValue(state, seen.key, seen.name, row, keyAt);
  }
  scanner.take(CLOSE, 'a closing brace');
  const end = scanner.tokenStart;
  const isSignal = row.linksAt >= 0;
  for (const field of ['from', 'to'] as const) {
    if (isSignal === row[field] >= 0) {
      const what = isSignal ? `no key "${field}" beside "links"` : `a key "${field}"`;
      scanner.fail(start, '', `expected ${what}, found ${isSignal ? 'one' : 'none'}`);
    }
  }
  if (isSignal && !Number.isNaN(row.amount)) {
    scanner.fail(start, '', 'expected no key "amount" beside "links", found one');
  }
  scanner.seek(end);
  scanner.take(CLOSE, 'a closing brace');
}

/** What the key read last stands for; position `index` of the object before is tried first. */
function keyOf(state: State, index: number, isLine: boolean): SeenKey {
  const { text, textStart, textEnd } = state.scanner;
  const slot = isLine ? index : index + 64;
  const cached = state.seen[slot];
  if (cached !== undefined && equalBytes(cached.bytes, text, textStart, textEnd)) return cached;
  const name = textOf(text, textStart, textEnd);
  let key: Key = fieldOfName(name);
  if (isLine && (name === 'links' || name === 'remove')) key = name;
  if (key === null && state.ignored.size < MAX_IGNORED) state.ignored.add(name);
  const seen = {
    bytes: new Uint8Array(text.subarray(textStart, textEnd)),
    key,
    name: name.toLowerCase(),
  };
  if (index < 64) state.seen[slot] = seen;
  return seen;
}

/** Notes where the links of a signal stand and passes over them: the keys after them count too. */
function readList(scanner: JsonScanner, key: 'links' | 'remove', row: Row, keyAt: number): void {
  if (key === 'remove') {
    scanner.fail(
      keyAt,
      '',
      'expected links to add, found "remove": removal needs a graph to remove from',
    );
  }
  if (row.linksAt >= 0) scanner.fail(keyAt, '', 'expected the key "links" once, found it again');
  if (scanner.peek() !== OPEN_LIST) scanner.take(OPEN_LIST, 'a list of links');
  scanner.skip();
  row.linksAt = scanner.tokenStart;
}

/**
 * Adds the links of a signal; what the signal itself says holds for each link that does not say it.
 */
function expandSignal(state: State, signal: Row): void {
  const { scanner } = state;
  scanner.seek(signal.linksAt);
  scanner.take(OPEN_LIST, 'a list of links');
  for (let index = 0; scanner.peek() !== CLOSE_LIST; index++) {
    if (index > 0) scanner.take(COMMA, 'a comma or a closing bracket');
    const row = emptyRow();
    readObject(state, row, false);
    if (row.neuron < 0) row.neuron = signal.neuron;
    for (const field of OPTIONAL) if (Number.isNaN(row[field])) row[field] = signal[field];
    addRow(state, row);
  }
}

/** Hands a row to the builder; an amount that is not given is 1. */
function addRow(state: State, row: Row): void {
  const { builder } = state;
  builder.addRow(row.from, row.to, Number.isNaN(row.amount) ? 1 : row.amount);
  if (row.rounded) builder.noteRoundedAmount();
  if (row.neuron >= 0) builder.setNeuron(row.neuron);
  if (!Number.isNaN(row.karma)) builder.setKarma(row.karma);
  if (!Number.isNaN(row.price)) builder.setPrice(row.price);
  if (!Number.isNaN(row.valence)) builder.setValence(row.valence);
  if (!Number.isNaN(row.will)) builder.setWill(row.will);
  if (!Number.isNaN(row.time)) builder.setTime(row.time);
}

/** Reads the value of a key that means something into the row. */
function readValue(state: State, field: Field, name: string, row: Row, keyAt: number): void {
  const { scanner } = state;
  if (field === 'from' || field === 'to' || field === 'neuron') {
    if (row[field] >= 0) repeated(scanner, field, name, keyAt);
    row[field] = readId(state, field);
    return;
  }
  if (field === 'time' && row.timeName !== '' && row.timeName !== name) {
    if (TIME_NAMES.indexOf(name) > TIME_NAMES.indexOf(row.timeName)) {
      scanner.skip();
      return;
    }
  } else if (!Number.isNaN(row[field])) {
    repeated(scanner, field, name, keyAt);
  }
  row[field] = readNumber(scanner, field);
  if (field === 'time') row.timeName = name;
  if (field === 'amount') {
    row.rounded = isRoundedInteger(scanner.text, scanner.textStart, scanner.textEnd, row.amount);
  }
}

/** Reads an id: a string, or the digits of an integer as they stand. */
function readId(state: State, field: 'from' | 'to' | 'neuron'): number {
  const { scanner, builder } = state;
  const expected = `a string or an integer as the id of "${field}"`;
  if (scanner.peek() === QUOTE) {
    scanner.string(expected);
  } else {
    scanner.number(expected);
    // 1.0, 1e3 and −0 have more than one spelling, so they name no particle.
    if (!scanner.integer) scanner.fail(scanner.tokenStart, expected);
  }
  const { text, textStart, textEnd, tokenStart } = scanner;
  try {
    return field === 'neuron'
      ? builder.neuron(text, textStart, textEnd)
      : builder.particle(text, textStart, textEnd);
  } catch (error) {
    throw withPlace(error, scanner.place(tokenStart));
  }
}

/** Reads a number, or a string of one, in the range of its field. */
function readNumber(scanner: JsonScanner, field: NumericField): number {
  let value: number;
  if (scanner.peek() === QUOTE) {
    scanner.string('a number');
    value = parseField(field, textOf(scanner.text, scanner.textStart, scanner.textEnd));
  } else {
    value = scanner.number(`a number as the ${field}`);
  }
  if (isInRange(field, value)) return value + 0; // −0 becomes 0
  const found = textOf(scanner.text, scanner.textStart, scanner.textEnd);
  throw fieldError(field, found, scanner.place(scanner.tokenStart));
}

/** Throws for a field that the object gives twice, be it under another name. */
function repeated(scanner: JsonScanner, field: Field, name: string, keyAt: number): never {
  const alias = name === field ? '' : ` (as ${shown(name)})`;
  scanner.fail(keyAt, '', `expected the key "${field}" once, found it again${alias}`);
}

/** A row in which everything is absent. */
function emptyRow(): Row {
  return {
    from: -1,
    to: -1,
    amount: NaN,
    neuron: -1,
    karma: NaN,
    price: NaN,
    valence: NaN,
    will: NaN,
    time: NaN,
    rounded: false,
    timeName: '',
    linksAt: -1,
  };
}

/** Whether bytes start … end of a text are the known ones. */
function equalBytes(known: Uint8Array, text: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== text[start + i]) return false;
  return true;
}
