// The fields of a link as every reader of links names and checks them: column names and their
// aliases, the range of each value, and the words of the error for a value outside it. One table,
// so that all formats agree.

import { FocusError, shown } from '../base/errors.js';
import { parseDecimalText } from './decimal.js';

/** A field of a link. */
export type Field =
  'from' | 'to' | 'amount' | 'neuron' | 'karma' | 'price' | 'valence' | 'will' | 'time';

/** A field that holds a number. */
export type NumericField = Exclude<Field, 'from' | 'to' | 'neuron'>;

/** The columns of text rows without a header, in order; from and to are required. */
export const HEADERLESS_FIELDS: readonly Field[] = [
  'from',
  'to',
  'amount',
  'neuron',
  'karma',
  'price',
];

/**
 * Names of each field, lower case; an earlier name wins where two columns name one field of `time`.
 */
const NAMES: Readonly<Record<Field, readonly string[]>> = {
  from: ['from', 'source', 'src', 'particle_from', 'from_particle', 'fromnodeid'],
  to: ['to', 'target', 'dst', 'particle_to', 'to_particle', 'tonodeid'],
  amount: ['amount', 'stake', 'weight'],
  neuron: ['neuron', 'subject'],
  karma: ['karma'],
  price: ['price'],
  valence: ['valence'],
  will: ['will'],
  time: ['time', 'timestamp', 'height', 'block'],
};

const FIELD_OF_NAME: ReadonlyMap<string, Field> = new Map(
  (Object.keys(NAMES) as Field[]).flatMap((field) => NAMES[field].map((name) => [name, field])),
);

interface Rule {
  /** What was expected where the value is no number at all. */
  readonly noun: string;
  /** What was expected where the number is out of range. */
  readonly range: string;
  readonly accepts: (value: number) => boolean;
}

const LARGEST = '1.8e308';
const atLeastZero = (value: number): boolean => value >= 0 && value < Infinity;
const RULES: Readonly<Record<NumericField, Rule>> = {
  amount: { noun: 'a weight', range: `a weight from 0 to ${LARGEST}`, accepts: atLeastZero },
  karma: { noun: 'a karma', range: `a karma from 0 to ${LARGEST}`, accepts: atLeastZero },
  price: { noun: 'a price', range: 'a finite price', accepts: Number.isFinite },
  valence: {
    noun: 'a valence',
    range: 'a valence of -1, 0 or 1',
    accepts: (value) => value === -1 || value === 0 || value === 1,
  },
  will: { noun: 'a will', range: `a will from 0 to ${LARGEST}`, accepts: atLeastZero },
  time: { noun: 'a time', range: 'a finite time', accepts: Number.isFinite },
};

/** The field a column name or key stands for (any letter case), or null where it is not ours. */
export function fieldOfName(name: string): Field | null {
  return FIELD_OF_NAME.get(name.trim().toLowerCase()) ?? null;
}

/** The columns of a table by field. */
export interface ColumnPlan {
  /** Field of each column, null for ignored ones. */
  readonly fields: readonly (Field | null)[];
  /** Names of the ignored columns, to be reported. */
  readonly ignored: readonly string[];
}

/**
 * Assigns named columns to fields. Columns that both tell time are settled by the order time,
 * timestamp, height, block; unknown names are ignored. Throws FocusError `bad-input` where `from`
 * or `to` is missing or a field is named twice.
 */
export function planColumns(names: readonly string[], place: string): ColumnPlan {
  const fields: (Field | null)[] = names.map(() => null);
  const columnOf = new Map<Field, number>();
  names.forEach((name, column) => {
    const field = fieldOfName(name);
    if (field === null) return;
    const earlier = columnOf.get(field);
    if (earlier !== undefined) {
      const loser = loserOf(field, names, earlier, column, place);
      if (loser === column) return;
      fields[loser] = null;
    }
    columnOf.set(field, column);
    fields[column] = field;
  });
  for (const field of ['from', 'to'] as const) {
    if (columnOf.has(field)) continue;
    const found = names.map((name) => shown(name)).join(', ');
    const fix = `name a column one of: ${NAMES[field].join(', ')}`;
    throw new FocusError(
      'bad-input',
      `${place}: expected a column "${field}", found ${found}`,
      fix,
    );
  }
  return { fields, ignored: names.filter((_, column) => fields[column] === null) };
}

function loserOf(
  field: Field,
  names: readonly string[],
  earlier: number,
  later: number,
  place: string,
): number {
  const rank = (column: number): number => NAMES[field].indexOf(names[column].trim().toLowerCase());
  if (field === 'time' && rank(earlier) !== rank(later)) {
    return rank(earlier) < rank(later) ? later : earlier;
  }
  const found = `${shown(names[earlier])} and ${shown(names[later])}`;
  throw new FocusError(
    'bad-input',
    `${place}: expected one column of ${field}s, found ${found}`,
    'remove or rename one of the two columns',
  );
}

/** Whether a number is in the range of its field; NaN never is. */
export function isInRange(field: NumericField, value: number): boolean {
  return RULES[field].accepts(value);
}

/**
 * The value of a numeric field from text, NaN where the text is none: a decimal, or for `time` also
 * a date.
 */
export function parseField(field: NumericField, text: string): number {
  const value = parseDecimalText(text);
  return field === 'time' && Number.isNaN(value) ? parseDate(text) : value;
}

/**
 * The error for text or a value found in a field, e.g. `graph.tsv:1042:7: expected a weight, found
 * "abc"`.
 */
export function fieldError(field: NumericField, found: string, place: string): FocusError {
  const value = parseField(field, found);
  const expected = Number.isNaN(value) ? RULES[field].noun : RULES[field].range;
  return new FocusError(
    'bad-input',
    `${place}: expected ${expected}, found ${shown(found)}`,
    fixOf(field),
  );
}

/**
 * Puts a place before the message of a `bad-input` error that was raised without one; other errors
 * pass as they are.
 */
export function withPlace(error: unknown, place: string): unknown {
  if (!(error instanceof FocusError) || error.code !== 'bad-input') return error;
  return new FocusError(error.code, `${place}: ${error.message}`, error.fix, { cause: error });
}

function fixOf(field: NumericField): string {
  if (field === 'amount')
    return 'rows are from, to, amount; a weight is a plain decimal number such as 12 or 0.5';
  if (field === 'time')
    return 'a time is a number of seconds, a block height, or a date such as 2021-11-06 03:52:13';
  return `give every ${field} as a plain decimal number`;
}

const DAY = /(\d{4})-(\d\d)-(\d\d)/;
const CLOCK = /(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?/;
const OFFSET = /(Z|UTC)|([+-])(\d\d):?(\d\d)/;
const DATE = new RegExp(`^${DAY.source}(?:[T ]${CLOCK.source}\\s?(?:${OFFSET.source})?)?$`, 'i');

/**
 * Seconds since 1970-01-01T00:00:00Z of an ISO date or date-time, NaN where the text is none or
 * names no real day. Without an offset the time is UTC.
 */
export function parseDate(text: string): number {
  const match = DATE.exec(text);
  if (match === null) return NaN;
  const part = (group: number): number => Number(match[group] ?? 0);
  const [year, month, day, hour, minute] = [part(1), part(2), part(3), part(4), part(5)];
  const second = part(6);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NaN;
  if (hour > 23 || minute > 59 || second > 59 || part(10) > 23 || part(11) > 59) return NaN;
  const offset = (part(10) * 3600 + part(11) * 60) * (match[9] === '-' ? -1 : 1);
  const days = daysSinceEpoch(year, month, day);
  return days * 86400 + hour * 3600 + minute * 60 + second + part(7) - offset;
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's days_from_civil). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146097 + yearOfEra * 365 + leapDays + dayOfYear - 719468;
}
