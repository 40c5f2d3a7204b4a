// Strict reading of JSON objects and lists with a scanner: a key that means nothing, or that stands
// twice, is an error with its place, because a misspelt key would silently change what is done.

import { FocusError, shown } from '../base/errors.js';
import { idRefusal } from '../graph/id-bytes.js';
import type { JsonScanner } from './json-scanner.js';
import { textOf } from './whole-lines.js';

const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const NULL = 0x6e;

/** What an object may hold. */
export interface ObjectShape<Key extends string> {
  /** What the object is, for errors: "a signal". */
  readonly noun: string;
  /** The key that a name stands for, null for a name that means nothing. */
  readonly keyOf: (name: string) => Key | null;
  /** All keys, for errors. */
  readonly known: readonly Key[];
}

/**
 * Reads one object; `read` must consume the value of each key. Returns the offset where the object
 * begins, for errors about it as a whole. Throws `bad-input` for unknown and repeated keys.
 */
export function readStrictObject<Key extends string>(
  scanner: JsonScanner,
  { noun, keyOf, known }: ObjectShape<Key>,
  read: (key: Key, keyAt: number) => void,
): number {
  scanner.take(OPEN, `${noun} as a JSON object`);
  const start = scanner.tokenStart;
  const seen = new Set<Key>();
  for (let index = 0; scanner.peek() !== CLOSE; index++) {
    if (index > 0) scanner.take(COMMA, 'a comma or a closing brace');
    scanner.string('a key in quotes');
    const keyAt = scanner.tokenStart;
    const name = textOf(scanner.text, scanner.textStart, scanner.textEnd);
    const key = keyOf(name);
    if (key === null) {
      const message = `expected a key of ${noun}: ${known.join(', ')}; found ${shown(name)}`;
      scanner.fail(keyAt, '', message);
    }
    if (seen.has(key)) {
      const alias = name === key ? '' : ` (as ${shown(name)})`;
      scanner.fail(keyAt, '', `expected the key "${key}" once, found it again${alias}`);
    }
    seen.add(key);
    scanner.take(COLON, 'a colon after the key');
    read(key, keyAt);
  }
  scanner.take(CLOSE, 'a closing brace');
  return start;
}

/** Reads a list; `read` must consume each entry. */
export function readStrictList(
  scanner: JsonScanner,
  expected: string,
  read: (index: number) => void,
): void {
  scanner.take(OPEN_LIST, expected);
  for (let index = 0; scanner.peek() !== CLOSE_LIST; index++) {
    if (index > 0) scanner.take(COMMA, 'a comma or a closing bracket');
    read(index);
  }
  scanner.take(CLOSE_LIST, 'a closing bracket');
}

/**
 * Reads an id: a string, or an integer, which is the id of its digits. Throws `bad-input` for a
 * number with more than one spelling (1.0, 1e3) and for text that is no id.
 */
export function readStrictId(scanner: JsonScanner, name: string): string {
  const expected = `a string or an integer as the id of "${name}"`;
  if (scanner.peek() === QUOTE) scanner.string(expected);
  else {
    scanner.number(expected);
    if (!scanner.integer) scanner.fail(scanner.tokenStart, expected);
  }
  const { text, textStart, textEnd, tokenStart } = scanner;
  const refusal = idRefusal(text, textStart, textEnd);
  if (refusal !== null) {
    const fix = 'ids are 1 to 4096 bytes of UTF-8 text without control characters';
    throw new FocusError('bad-input', `${scanner.place(tokenStart)}: ${refusal}`, fix);
  }
  return Buffer.from(text.buffer, text.byteOffset + textStart, textEnd - textStart).toString();
}

/** Whether a null comes next; consumes it. */
export function takeNull(scanner: JsonScanner): boolean {
  if (scanner.peek() !== NULL) return false;
  scanner.skip();
  return true;
}

/** Whether a list comes next, not consumed. */
export function isListNext(scanner: JsonScanner): boolean {
  return scanner.peek() === OPEN_LIST;
}

/** Whether a string comes next, not consumed. */
export function isStringNext(scanner: JsonScanner): boolean {
  return scanner.peek() === QUOTE;
}
