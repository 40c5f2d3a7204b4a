// A signal: what one neuron does to a graph at once: links it adds, links of its own that it removes
// and changes. A delta is a list of signals that are applied together, so every selector refers to
// the links before the delta. Each link of a graph has a position (row), from 0 in the order of the
// input; it is what tells apart links that look alike, and what the inverse of a delta restores.

import { FocusError, check, shown } from '../base/errors.js';
import { encodeId } from './id-list.js';
import { idRefusal } from './id-bytes.js';

/** A link that a signal adds; what is left out has the default of Links. */
export interface SignalLink {
  readonly from: string;
  readonly to: string;
  /** Stake, finite and ≥ 0. */
  readonly amount: number;
  /** Finite. */
  readonly price?: number | undefined;
  /** Finite and ≥ 0. */
  readonly karma?: number | undefined;
  /** −1, 0 or 1. */
  readonly valence?: number | undefined;
  /** Finite and ≥ 0. */
  readonly will?: number | undefined;
  /** Finite. */
  readonly time?: number | undefined;
  /** Its position; default: after the last. Given by inverses, to put a link back in its place. */
  readonly row?: number | undefined;
}

/**
 * Links of the signal's neuron to remove: with a row that one; with an amount the latest of that
 * amount; else every link from → to.
 */
export interface LinkSelector {
  readonly from: string;
  readonly to: string;
  readonly amount?: number | undefined;
  readonly row?: number | undefined;
}

/** New values of one link of the signal's neuron; without a row, its only link from → to. */
export interface LinkChange {
  readonly from: string;
  readonly to: string;
  readonly row?: number | undefined;
  readonly amount?: number | undefined;
  readonly price?: number | undefined;
  readonly karma?: number | undefined;
  readonly valence?: number | undefined;
  readonly will?: number | undefined;
  /** null takes the time away. */
  readonly time?: number | null | undefined;
}

/** What one neuron does at once. */
export interface Signal {
  /** The signing neuron; null for links without one. */
  readonly neuron: string | null;
  readonly links: readonly SignalLink[];
  readonly remove: readonly LinkSelector[];
  readonly change: readonly LinkChange[];
  /** Where it was read, such as "delta.ndjson:3": for errors only. */
  readonly place?: string | undefined;
}

/** Signals that are applied together. */
export type Delta = readonly Signal[];

/** The values that a link may change. */
export const LINK_VALUES = ['amount', 'price', 'karma', 'valence', 'will', 'time'] as const;

/** A value of a link. */
export type LinkValue = (typeof LINK_VALUES)[number];

/** A signal for humans: where it was read, or its number from 1. */
export function signalPlace(delta: Delta, index: number): string {
  return delta[index].place ?? `signal ${index + 1}`;
}

/** The error for an entry of a signal; `part` is "links", "remove" or "change", `at` counts from 0. */
export function entryError(
  delta: Delta,
  index: number,
  part: 'links' | 'remove' | 'change',
  at: number,
  message: string,
  fix = '',
): FocusError {
  const { from, to } = delta[index][part][at];
  const entry = `${part} ${at + 1} (${shown(String(from))} → ${shown(String(to))})`;
  return new FocusError('bad-input', `${signalPlace(delta, index)}: ${entry}: ${message}`, fix);
}

/** Throws `bad-input`, naming signal and entry, for an id or a value out of range. O(entries). */
export function checkSignals(delta: Delta): void {
  delta.forEach(({ neuron, links, remove, change }, index) => {
    if (neuron !== null) {
      const refusal = refusalOf(neuron);
      const place = signalPlace(delta, index);
      check(refusal === null, 'bad-input', () => `${place}: neuron: ${refusal}`);
    }
    const parts = { links, remove, change } as const;
    for (const part of ['links', 'remove', 'change'] as const) {
      parts[part].forEach((entry, at) => {
        const refusal =
          refusalOf(entry.from) ?? refusalOf(entry.to) ?? valueRefusal(entry, part === 'change');
        if (refusal !== null) throw entryError(delta, index, part, at, refusal);
        if (part === 'links' && entry.amount === undefined)
          throw entryError(delta, index, part, at, 'expected an amount, found none');
        if (
          part !== 'change' ||
          LINK_VALUES.some((name) => (entry as LinkChange)[name] !== undefined)
        )
          return;
        throw entryError(delta, index, part, at, 'expected a new value, found none');
      });
    }
  });
}

/** Why a text is no id, or null where it is one. */
function refusalOf(id: string): string | null {
  if (typeof id !== 'string') return `expected an id as a string, found ${String(id)}`;
  try {
    const bytes = encodeId(id);
    return idRefusal(bytes, 0, bytes.length);
  } catch (error) {
    if (error instanceof FocusError) return error.message;
    throw error;
  }
}

const RULES: Readonly<Record<LinkValue | 'row', readonly [string, (value: number) => boolean]>> = {
  amount: ['a finite amount from 0', (value) => value >= 0 && value < Infinity],
  price: ['a finite price', Number.isFinite],
  karma: ['a finite karma from 0', (value) => value >= 0 && value < Infinity],
  valence: ['a valence of -1, 0 or 1', (value) => value === -1 || value === 0 || value === 1],
  will: ['a finite will from 0', (value) => value >= 0 && value < Infinity],
  time: ['a finite time', Number.isFinite],
  row: ['a row from 0 to 2^53 − 2', (value) => Number.isSafeInteger(value + 1) && value >= 0],
};

function valueRefusal(
  entry: SignalLink | LinkSelector | LinkChange,
  mayClearTime: boolean,
): string | null {
  for (const name of [...LINK_VALUES, 'row'] as const) {
    const value = (entry as LinkChange)[name];
    if (value === undefined || (value === null && name === 'time' && mayClearTime)) continue;
    const [expected, accepts] = RULES[name];
    if (typeof value !== 'number' || !accepts(value))
      return `expected ${expected}, found ${String(value)}`;
  }
  return null;
}
