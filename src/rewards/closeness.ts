// Closeness of two focuses to a checkpoint, in doubles with proven ends.
//   cosine            ⟨x, y⟩ / (‖x‖ ‖y‖)
//   total variation   1 − ½ ‖x − y‖₁
//   Jensen–Shannon    1 − (H(m) − ½H(x) − ½H(y)) / ln 2, m = (x + y)/2
// The ends follow from the L1 bounds δ of the vectors; docs/rewards.md derives them:
//   directions   ‖x/‖x‖ − x̂/‖x̂‖‖ ≤ 2δ/(‖x‖ + ‖x̂‖)              (Dunkl and Williams 1964)
//   JS           ≤ h(δ/4) nats a vector, h the binary entropy, whatever the number of particles
// and the checkpoint's own error cancels in a difference as far as the two focuses agree.

import { check } from '../base/errors.js';
import { logarithm, logarithmOfOnePlus } from '../base/logarithm.js';
import { compensatedSum } from '../focus/sums.js';
import { alignNumbers, type NamedValues } from './aligned.js';
import { above, around, type Interval, within } from './interval.js';
import type { Closeness, ClosenessMeasures, FocusComparison } from './reward-function.js';

/** A focus by particle id, and what is proven of it. */
export interface NamedFocus extends NamedValues<Float64Array> {
  /** Proven L1 error; null where none is. */
  readonly errorBound: number | null;
}

const UNIT = 2 ** -53;
/** How far a focus may be from a sum of 1, besides its bound: sums of rounded decimals. */
const MASS_SLACK = 1e-6;
const LN2 = 0.6931471805599453;

/**
 * Compares two focuses with a checkpoint (null: not known yet). O(particles) look-ups. Throws
 * `bad-input` for values that are no distribution: below 0, or with a sum that is not 1.
 */
export function compareFocus(
  before: NamedFocus,
  after: NamedFocus,
  checkpoint: NamedFocus | null,
): FocusComparison<Interval> {
  if (checkpoint === null) return { measure: null };
  checkDistribution('before', before);
  checkDistribution('after', after);
  checkDistribution('checkpoint', checkpoint);
  const [x, y, t] = alignNumbers([before, after, checkpoint]);
  const bounds: Bounds = [before.errorBound, after.errorBound, checkpoint.errorBound];
  return compareRows(x, y, t, bounds);
}

/** The same for distributions that are aligned already: equal lengths, absent = 0. */
export function compareRows(
  before: Float64Array,
  after: Float64Array,
  checkpoint: Float64Array,
  bounds: Bounds,
): FocusComparison<Interval> {
  const measures = { cosine, 'total-variation': totalVariation, 'jensen-shannon': jensenShannon };
  return {
    measure: (closeness: Closeness) => measures[closeness](before, after, checkpoint, bounds),
  };
}

/** Proven L1 errors of before, after and checkpoint; null where there is none. */
export type Bounds = readonly [number | null, number | null, number | null];

/** Throws `bad-input` unless the values are a distribution. */
export function checkDistribution(name: string, { values }: NamedFocus): void {
  const bad = values.findIndex((value) => !(value >= 0));
  check(
    bad < 0,
    'bad-input',
    () => `alignment: expected a focus ≥ 0 as ${name}, found ${values[bad]} at row ${bad + 1}`,
  );
  const sum = compensatedSum(values.length, (i) => values[i]);
  check(
    Math.abs(sum - 1) <= MASS_SLACK,
    'bad-input',
    () => `alignment: expected a focus with sum 1 as ${name}, found a sum of ${sum}`,
    'give every particle, as `focus rank --out` writes them',
  );
}

function cosine(
  x: Float64Array,
  y: Float64Array,
  t: Float64Array,
  bounds: Bounds,
): ClosenessMeasures<Interval> {
  const dot = (a: Float64Array, b: Float64Array): number =>
    compensatedSum(a.length, (i) => a[i] * b[i]);
  const [xx, yy, tt] = [dot(x, x), dot(y, y), dot(t, t)].map(Math.sqrt);
  const [before, after] = [dot(x, t) / (xx * tt), dot(y, t) / (yy * tt)];
  // Sums of numbers ≥ 0 lose 4 units each, quotients and roots some more.
  const rounding = 64 * UNIT;
  const [ofX, ofY, ofT] = [xx, yy, tt].map((norm, k) => directionError(bounds[k], norm));
  // ‖x/‖x‖ − y/‖y‖‖² = 2 − 2 cos, of the vectors as they are.
  const apart = Math.sqrt(Math.max(0, 2 - 2 * (dot(x, y) / (xx * yy))) + 4 * rounding);
  const shared = ofT === null ? null : apart * ofT;
  return {
    before: within(around(before, total(ofX, ofT, rounding)), 0, 1),
    after: within(around(after, total(ofY, ofT, rounding)), 0, 1),
    difference: difference(before, after, total(ofX, ofY, shared, 2 * rounding)),
  };
}

/** How far a direction may be off: 2δ over the least that both norms can add up to. */
function directionError(bound: number | null, norm: number): number | null {
  if (bound === null) return null;
  const least = Math.max(norm, 2 * norm - bound);
  return Math.min(2, (2 * bound * (1 + 64 * UNIT)) / least);
}

function totalVariation(
  x: Float64Array,
  y: Float64Array,
  t: Float64Array,
  bounds: Bounds,
): ClosenessMeasures<Interval> {
  const of = (a: Float64Array): number =>
    1 - compensatedSum(a.length, (i) => Math.abs(a[i] - t[i])) / 2;
  const [before, after] = [of(x), of(y)];
  const rounding = 16 * UNIT;
  const [ofX, ofY, ofT] = bounds.map((bound) => (bound === null ? null : bound / 2));
  const apart = compensatedSum(x.length, (i) => Math.abs(x[i] - y[i])) * (1 + rounding);
  // Either distance moves by half the checkpoint's error, and their difference is at most ½‖x − y‖
  // whatever the checkpoint is, so it moves by twice that at most.
  const shared = ofT === null ? null : Math.min(2 * ofT, apart);
  return {
    before: within(around(before, total(ofX, ofT, rounding)), 0, 1),
    after: within(around(after, total(ofY, ofT, rounding)), 0, 1),
    difference: difference(before, after, total(ofX, ofY, shared, 2 * rounding)),
  };
}

function jensenShannon(
  x: Float64Array,
  y: Float64Array,
  t: Float64Array,
  bounds: Bounds,
): ClosenessMeasures<Interval> {
  const of = (a: Float64Array): number =>
    1 - compensatedSum(a.length, (i) => divergenceTerm(a[i], t[i])) / (2 * LN2);
  const [before, after] = [of(x), of(y)];
  // A term is off by some units of a + t, the sum of which is 2.
  const rounding = 128 * UNIT;
  const [ofX, ofY, ofT] = bounds.map((bound) =>
    bound === null ? null : (binaryEntropy(Math.min(bound, 2) / 4) / LN2) * (1 + 64 * UNIT),
  );
  return {
    before: within(around(before, total(ofX, ofT, rounding)), 0, 1),
    after: within(around(after, total(ofY, ofT, rounding)), 0, 1),
    difference: difference(before, after, total(ofX, ofY, ofT, ofT, 2 * rounding)),
  };
}

/** a ln(2a/(a + b)) + b ln(2b/(a + b)), without cancellation where a and b are close. */
function divergenceTerm(a: number, b: number): number {
  const sum = a + b;
  if (sum === 0) return 0;
  const lean = (a - b) / sum;
  const part = (value: number, by: number): number =>
    value === 0 ? 0 : value * logarithmOfOnePlus(by);
  return part(a, lean) + part(b, -lean);
}

/** −p ln p − (1 − p) ln(1 − p), in nats. */
function binaryEntropy(p: number): number {
  return p <= 0 ? 0 : -p * logarithm(p) - (1 - p) * logarithmOfOnePlus(-p);
}

function difference(before: number, after: number, bound: number | null): Interval {
  return within(around(after - before, bound), -1, 1);
}

/** The sum of bounds; null where one is not known. */
function total(...bounds: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const bound of bounds) {
    if (bound === null) return null;
    sum = above(sum + bound);
  }
  return sum;
}
