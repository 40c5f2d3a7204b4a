// Values of a YAML file with their places, for readers that name file, line, key and reason. A number is the
// text that the file holds, underscores between digits removed, so that no double stands between the file
// and an exact rational. A key that a file leaves out may be read from another file instead.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import { check, FocusError, shown } from '../../base/errors.js';
import { rationalOf, type Rational } from '../../ledger/amount.js';

/** One value of a file. */
export interface Place {
  /** The file's name, for errors. */
  readonly file: string;
  readonly line: number;
  /** Keys from the root, joined by dots. */
  readonly path: string;
  readonly node: Node | null;
  readonly lines: LineCounter;
  /** Where keys are read that this value leaves out. */
  readonly fallback: Place | null;
}

/** Reads one value. Throws `bad-input` naming its place. */
export type Read<T> = (place: Place) => T;

/** Longest text of a policy. */
const MAX_TEXT = 1 << 20;
const NUMBER = /^-?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+(?:_[0-9]+)*)?(?:[eE][+-]?[0-9]+)?$/;

/** The root of a YAML text. Throws `bad-input` with file, line and reason for what is no YAML. */
export function yamlRoot(text: string, file: string, fallback: Place | null = null): Place {
  check(text.length <= MAX_TEXT, 'too-large', () => `${file}: expected at most a mebibyte of YAML`);
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false } as const;
  const document = parseDocument(text, options);
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    throw new FocusError('bad-input', `${file}:${lines.linePos(pos[0]).line}: ${message}`);
  }
  const node = document.contents as Node | null;
  return { file, line: lineOf(node, lines) ?? 1, path: '', node, lines, fallback };
}

/** Throws `bad-input` at a place. */
export function refuse(place: Place, reason: string, fix = ''): never {
  const { file, line, path } = place;
  throw new FocusError(
    'bad-input',
    `${file}:${line}: ${path === '' ? '' : `${path}: `}${reason}`,
    fix,
  );
}

/** A map of exactly these keys. One that is left out is read from the fallback. */
export function keysOf<T extends object>(rules: {
  readonly [Key in keyof T]: Read<T[Key]>;
}): Read<T> {
  const keys = Object.keys(rules) as (keyof T & string)[];
  return (place) => {
    const given = entriesOf(place, keys);
    const before = place.fallback === null ? null : entriesOf(place.fallback, keys);
    const read = keys.map((key) => {
      const other = before?.get(key) ?? null;
      const own = given.get(key);
      if (own === undefined && other === null) {
        refuse(place, `expected the key ${key}, found none`);
      }
      return [key, rules[key](own === undefined ? (other as Place) : { ...own, fallback: other })];
    });
    return Object.fromEntries(read) as T;
  };
}

/** A value that must be stated whole: what it leaves out is not read from the fallback. */
export function whole<T>(read: Read<T>): Read<T> {
  return (place) => read({ ...place, fallback: null });
}

function entriesOf(place: Place, keys: readonly string[]): ReadonlyMap<string, Place> {
  const { node, path, lines } = place;
  if (!isMap(node))
    return refuse(place, `expected the keys ${keys.join(', ')}, found ${kindOf(node)}`);
  const entries = new Map<string, Place>();
  for (const { key, value } of node.items) {
    const keyNode = key as Node;
    const name = isScalar(keyNode) ? String(keyNode.value) : kindOf(keyNode);
    const line = lineOf(keyNode, lines) ?? place.line;
    if (!keys.includes(name)) {
      const known = `expected one of ${keys.join(', ')}`;
      refuse(
        { ...place, line },
        `unknown key ${shown(name)}; ${known}`,
        'remove it, or correct it',
      );
    }
    const inner = path === '' ? name : `${path}.${name}`;
    entries.set(name, { ...place, path: inner, node: value as Node | null, line, fallback: null });
  }
  return entries;
}

/** A decimal number, exactly. */
export const decimal: Read<Rational> = (place) => {
  const { node } = place;
  const isPlain = isScalar(node) && node.type === 'PLAIN' && typeof node.source === 'string';
  const text = isPlain ? (node.source ?? '') : '';
  if (!NUMBER.test(text)) {
    const fix = 'write it plainly, without quotes: 0.45, 273_972 or 1e-3';
    return refuse(place, `expected a decimal number, found ${kindOf(node)}`, fix);
  }
  try {
    return rationalOf(text.replaceAll('_', ''), place.path);
  } catch (error) {
    if (!(error instanceof FocusError)) throw error;
    return refuse(place, error.message.slice(place.path.length + 2), error.fix);
  }
};

/** true or false. */
export const truth: Read<boolean> = (place) => {
  const value = isScalar(place.node) ? place.node.value : null;
  if (typeof value === 'boolean') return value;
  return refuse(place, `expected true or false, found ${kindOf(place.node)}`);
};

/** One of some words. */
export function word<T extends string>(words: readonly T[]): Read<T> {
  return (place) => {
    const value = isScalar(place.node) ? place.node.value : null;
    const match = words.find((each) => each === value);
    return match ?? refuse(place, `expected ${words.join(' or ')}, found ${kindOf(place.node)}`);
  };
}

/** A list, each read alike; always whole. */
export function list<T>(read: Read<T>): Read<readonly T[]> {
  return (place) => {
    const { node, path, lines } = place;
    if (!isSeq(node)) return refuse(place, `expected a list, found ${kindOf(node)}`);
    return node.items.map((item, i) => {
      const line = lineOf(item as Node, lines) ?? place.line;
      const inner = { path: `${path}[${i}]`, node: item as Node, line, fallback: null };
      return read({ ...place, ...inner });
    });
  };
}

/** The place of a key path below a root, or of the nearest above it that the file states. */
export function placeOf(root: Place, path: string): Place {
  let place = root;
  for (const key of path.split('.')) {
    const pair = isMap(place.node)
      ? place.node.items.find((each) => isScalar(each.key) && each.key.value === key)
      : undefined;
    if (pair === undefined) break;
    const line = lineOf(pair.key as Node, root.lines) ?? place.line;
    place = { ...place, node: pair.value as Node | null, line };
  }
  return { ...place, path };
}

/** Whether a file's root states a key. */
export function states({ node }: Place, key: string): boolean {
  return isMap(node) && node.has(key);
}

/** Whether a file holds nothing but comments. */
export function isEmpty({ node }: Place): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/** What a node is, for an error. */
function kindOf(node: Node | null): string {
  if (isAlias(node)) return `the alias *${node.source}; say it again`;
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node) || node.value === null) return 'nothing';
  return shown(node.source ?? String(node.value));
}

function lineOf(node: Node | null, lines: LineCounter): number | undefined {
  const start = node?.range?.[0];
  return start === undefined ? undefined : lines.linePos(start).line;
}
