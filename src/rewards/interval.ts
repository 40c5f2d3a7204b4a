// Rewards in f64: a number with proven ends. The truth lies in [lower, upper], infinite ends where
// nothing is proven, and `value` is the best estimate. Ends are rounded outwards, by additions and
// multiplications of doubles alone, so every engine gives the same interval.

import type { Arithmetic } from './arithmetic.js';

/** A number between proven ends: lower ≤ truth ≤ upper. */
export interface Interval {
  readonly value: number;
  /** −∞ where nothing is proven. */
  readonly lower: number;
  /** ∞ where nothing is proven. */
  readonly upper: number;
  /** Probability, at most, that an end is wrong because its proof used chance; absent: 0. */
  readonly failureProbability?: number;
}

const SLACK = 2 ** -51;

/** A double that is surely not below what a rounded sum or product stands for. */
export function above(x: number): number {
  return x + (Math.abs(x) * SLACK + Number.MIN_VALUE);
}

/** A double that is surely not above it. */
export function below(x: number): number {
  return x - (Math.abs(x) * SLACK + Number.MIN_VALUE);
}

/** value ± errorBound; null: nothing is proven. */
export function around(value: number, errorBound: number | null): Interval {
  if (errorBound === null) return { value, lower: -Infinity, upper: Infinity };
  if (errorBound === 0) return { value, lower: value, upper: value };
  return { value, lower: below(value - errorBound), upper: above(value + errorBound) };
}

/** The largest distance of the truth from the value; null where nothing is proven. */
export function errorBoundOf({ value, lower, upper }: Interval): number | null {
  if (lower === -Infinity || upper === Infinity) return null;
  const distance = Math.max(upper - value, value - lower);
  return distance === 0 ? 0 : above(distance);
}

/** The same with the ends cut to [least, most], where the truth is known to lie. */
export function within(interval: Interval, least: number, most: number): Interval {
  const cut = (x: number): number => Math.min(most, Math.max(least, x));
  return {
    ...interval,
    value: cut(interval.value),
    lower: Math.max(least, interval.lower),
    upper: Math.min(most, interval.upper),
  };
}

/** Interval arithmetic. Sums and products of exact doubles that no rounding touches stay exact. */
export const INTERVALS: Arithmetic<Interval> = {
  precision: 'f64',
  of: (value) => ({ value, lower: value, upper: value }),
  plus: (a, b) => joined(a, b, a.value + b.value, sum(a.lower, b.lower), sum(a.upper, b.upper)),
  minus: (a, b) => joined(a, b, a.value - b.value, sum(a.lower, -b.upper), sum(a.upper, -b.lower)),
  times: (factor, a) => {
    if (factor === 0) return { value: 0, lower: 0, upper: 0 };
    const ends = [product(factor, a.lower), product(factor, a.upper)];
    const [low, high] = factor > 0 ? ends : [ends[1], ends[0]];
    return joined(a, {}, factor * a.value, low, high);
  },
  positive: (a) => within(a, 0, Infinity),
  settle: (a) => a,
};

/** The ends of a rounded operation: where nothing was rounded, the very numbers. */
interface Ends {
  readonly low: number;
  readonly high: number;
}

function sum(a: number, b: number): Ends {
  const total = a + b;
  if (!Number.isFinite(total)) return { low: total, high: total };
  // Knuth's two-sum: what the addition lost.
  const rest = total - a;
  const lost = a - (total - rest) + (b - rest);
  return lost === 0 ? { low: total, high: total } : { low: below(total), high: above(total) };
}

function product(factor: number, x: number): Ends {
  const total = factor * x;
  if (!Number.isFinite(total) || x === 0) return { low: total, high: total };
  // Powers of two and small integers are exact; anything else is taken as rounded.
  const exact = Number.isInteger(factor) && Number.isInteger(x) && Math.abs(total) <= 2 ** 53;
  if (exact || Math.abs(factor) === 1) return { low: total, high: total };
  return { low: below(total), high: above(total) };
}

function joined(
  a: Pick<Interval, 'failureProbability'>,
  b: Pick<Interval, 'failureProbability'>,
  value: number,
  lower: Ends,
  upper: Ends,
): Interval {
  const chance = (a.failureProbability ?? 0) + (b.failureProbability ?? 0);
  const ends = { value, lower: lower.low, upper: upper.high };
  return chance === 0 ? ends : { ...ends, failureProbability: above(chance) };
}
