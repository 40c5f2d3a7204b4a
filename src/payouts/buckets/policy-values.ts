// Readers of a policy's values: shares, amounts, rates, ranges, times, each exact and each with the range in
// which it means something. What is outside is refused with the place and what was expected.

import {
  decimalOf,
  MAX_UNITS,
  scaleFloor,
  UNITS_PER_TOKEN,
  type Rational,
} from '../../ledger/amount.js';
import { HOUR_MS } from '../accounting-hour.js';
import { BUCKETS, perBucket, type Bucket, type PerBucket } from './bucket.js';
import { compared, decimalText, ONE } from './exact-decimal.js';
import { PARTS, type MultiplierRange } from './policy.js';
import { decimal, keysOf, list, refuse, whole, word, type Read } from './yaml-place.js';

const ZERO: Rational = { numerator: 0n, denominator: 1n };
const HALF: Rational = { numerator: 1n, denominator: 2n };
/** Largest rate in BLY, and largest multiplier. */
const MOST_FACTOR: Rational = { numerator: 1_000_000_000n, denominator: 1n };
/** A year in hours, the longest time that a policy may speak of. */
export const MOST_HOURS = 8_784;
/** The same in days. */
const MOST_DAYS = 366;

/** A decimal that holds a condition. */
function decimalThat(expected: string, holds: (x: Rational) => boolean): Read<Rational> {
  return (place) => {
    const value = decimal(place);
    return holds(value)
      ? value
      : refuse(place, `expected a number ${expected}, found ${decimalText(value)}`);
  };
}

/** A share. */
export const share = decimalThat(
  'from 0 to 1',
  (x) => compared(x, ZERO) >= 0 && compared(x, ONE) <= 0,
);

/** A share above 0. */
export const positiveShare = decimalThat('above 0, up to 1', (x) => {
  return compared(x, ZERO) > 0 && compared(x, ONE) <= 0;
});

/** The confidence of a one-sided test. */
export const confidence = decimalThat('from 0.5 to below 1', (x) => {
  return compared(x, HALF) >= 0 && compared(x, ONE) < 0;
});

/** A share in parts per million. */
export const parts: Read<bigint> = (place) => {
  const exact = share(place);
  const units = exact.numerator * PARTS;
  if (units % exact.denominator === 0n) return units / exact.denominator;
  return refuse(place, `expected at most 6 decimals, found ${decimalText(exact)}`);
};

/** An amount of BLY in base units, from `least` base units on. */
export function amount(least: bigint): Read<bigint> {
  return (place) => {
    const exact = decimal(place);
    const units = scaleFloor(UNITS_PER_TOKEN, [exact]);
    if (units * exact.denominator !== exact.numerator * UNITS_PER_TOKEN) {
      return refuse(place, `expected at most 9 decimals, found ${decimalText(exact)}`);
    }
    if (units >= least && units <= MAX_UNITS) return units;
    const from = least === 0n ? '0' : `more than 0`;
    const most = decimalOf(MAX_UNITS);
    return refuse(place, `expected BLY, ${from} to ${most}, found ${decimalText(exact)}`);
  };
}

/** A rate in BLY: an amount, kept as a rational. */
export const rate: Read<Rational> = (place) => {
  const units = amount(0n)(place);
  const exact = decimal(place);
  if (compared(exact, MOST_FACTOR) <= 0) return exact;
  return refuse(place, `expected at most 10^9 BLY, found ${decimalOf(units)}`);
};

/** A whole number in a range. */
export function integer(least: number, most: number): Read<number> {
  return (place) => {
    const { numerator, denominator } = decimal(place);
    const fits = numerator >= BigInt(least) && numerator <= BigInt(most);
    if (denominator === 1n && fits) return Number(numerator);
    const found = decimalText({ numerator, denominator });
    return refuse(place, `expected a whole number from ${least} to ${most}, found ${found}`);
  };
}

/** Days that are whole hours, in hours. */
export const days: Read<number> = (place) => {
  const { numerator, denominator } = decimal(place);
  const hours = 24n * numerator;
  const isWhole = hours % denominator === 0n && hours >= denominator;
  if (isWhole && numerator <= BigInt(MOST_DAYS) * denominator) return Number(hours / denominator);
  const found = decimalText({ numerator, denominator });
  return refuse(place, `expected days of whole hours, up to ${MOST_DAYS}, found ${found}`);
};

/** Seconds that are whole hours, in milliseconds. */
export const interval: Read<number> = (place) => {
  const seconds = integer(1, MOST_HOURS * 3600)(place);
  const ms = seconds * 1000;
  return ms % HOUR_MS === 0
    ? ms
    : refuse(place, `expected a multiple of 3600, found ${seconds}`, 'hours are settled whole');
};

/** A factor, or a percentage. */
export const factor = decimalThat('from 0 to 10^9', (x) => {
  return compared(x, ZERO) >= 0 && compared(x, MOST_FACTOR) <= 0;
});

/** A multiplier: least ≤ usual ≤ most. */
export const range: Read<MultiplierRange> = (place) => {
  const read = keysOf<MultiplierRange>({ least: factor, most: factor, usual: factor })(place);
  const { least, most, usual } = read;
  if (compared(least, usual) <= 0 && compared(usual, most) <= 0) return read;
  const found = `${decimalText(least)}, ${decimalText(usual)}, ${decimalText(most)}`;
  return refuse(place, `expected least ≤ usual ≤ most, found ${found}`);
};

/** A share for each bucket, all of them stated. */
export const shares: Read<PerBucket<bigint>> = whole(
  keysOf<PerBucket<bigint>>(perBucket<Read<bigint>>(() => parts)),
);

/** Each bucket once. */
export const priority: Read<readonly Bucket[]> = (place) => {
  const order = list(word(BUCKETS))(place);
  const isEach = order.length === BUCKETS.length && new Set(order).size === BUCKETS.length;
  return isEach
    ? order
    : refuse(place, `expected each of ${BUCKETS.join(', ')} once, found ${order.join(', ')}`);
};

/** Hours of a year at most. */
export const hours = integer(1, MOST_HOURS);
