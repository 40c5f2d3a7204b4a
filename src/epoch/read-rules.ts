// Readers of rules: each takes what a YAML or JSON file holds and the place of it, and throws `bad-input`
// naming that place. No rule has a default, so a key that is missing is refused, as is one unknown.

import { FocusError, check, shown } from '../base/errors.js';

/** Reads one value at a place. */
export type Read<T> = (value: unknown, place: string) => T;

/** A record of exactly these keys; none may be missing but those that are optional. */
export function record<T extends object>(
  value: unknown,
  place: string,
  rules: { readonly [Key in keyof T]: Read<T[Key]> },
  optional: readonly string[] = [],
): T {
  const keys = Object.keys(rules) as (keyof T & string)[];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new FocusError('bad-input', `${place}: expected the keys ${keys.join(', ')}`);
  }
  const given = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) {
    check(
      (keys as string[]).includes(key),
      'bad-input',
      () => `${place}: expected the keys ${keys.join(', ')}, found ${shown(key)}`,
    );
  }
  const stated = keys.filter((key) => !optional.includes(key) || Object.hasOwn(given, key));
  const entries = stated.map((key) => {
    const there = Object.hasOwn(given, key);
    const fix = 'a ruleset states every parameter; none has a default';
    check(there, 'bad-input', () => `${place}.${key}: expected a value, found none`, fix);
    return [key, rules[key](given[key], `${place}.${key}`)] as const;
  });
  return Object.fromEntries(entries) as T;
}

/** A finite number that holds a condition. */
export function number(expected: string, holds: (x: number) => boolean): Read<number> {
  return (value, place) => {
    const ok = typeof value === 'number' && Number.isFinite(value) && holds(value);
    check(
      ok,
      'bad-input',
      () => `${place}: expected a number ${expected}, found ${JSON.stringify(value) ?? 'nothing'}`,
    );
    // −0 is 0 in every formula, and its text too.
    return (value as number) + 0;
  };
}

/** An integer from `least` on. */
export function integer(least: number): Read<number> {
  return number(`that is an integer ≥ ${least}`, (x) => Number.isSafeInteger(x) && x >= least);
}

/** One of some words. */
export function oneOf<T extends string>(words: readonly T[]): Read<T> {
  return (value, place) => {
    const found = words.find((word) => word === value);
    check(
      found !== undefined,
      'bad-input',
      () => `${place}: expected ${words.join(' or ')}, found ${JSON.stringify(value) ?? 'nothing'}`,
    );
    return found;
  };
}

/** A list, each read alike. */
export function listOf<T>(read: Read<T>): Read<readonly T[]> {
  return (value, place) => {
    check(Array.isArray(value), 'bad-input', () => `${place}: expected a list`);
    return (value as unknown[]).map((each, i) => read(each, `${place}[${i}]`));
  };
}
