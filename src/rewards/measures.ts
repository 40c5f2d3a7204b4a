// Inputs of rewards from what the engine computes: shifts of changes with their proven bounds, whole
// focuses of two graphs, and exact focuses.
//   ‖Δφ‖₁       within the L1 error of Δφ
//   entropies   within T ln(n − 1) + h(T), T half the L1 error            (Audenaert 2007)

import { logarithm } from '../base/logarithm.js';
import { deltaOf, syntropyChange } from '../focus/exact/delta.js';
import type { ExactPart } from '../focus/exact/focus-exact.js';
import { entropyError, type Shift } from '../focus/local/shift.js';
import { compensatedSum } from '../focus/sums.js';
import type { Ids } from '../graph/ids.js';
import { alignNumbers } from './aligned.js';
import type { NamedFocus } from './closeness.js';
import { type ExactNumber, focusUnits, logarithmUnits } from './exact-number.js';
import { around, INTERVALS, within, type Interval } from './interval.js';
import type { ShiftMeasures } from './reward-function.js';

/** The roundings of a difference of two logarithms, and of a compensated sum of entropies. */
const ROUNDINGS = 2 ** -48;

/** Measures of a shift, with its bounds. */
export function measuresOfShift(shift: Shift): ShiftMeasures<Interval> {
  const { norm, errorBound, entropyPart, entropyBound, particlesBefore, particlesAfter } = shift;
  return {
    norm: within(around(norm, errorBound), 0, 2),
    entropyPart: around(entropyPart, entropyBound),
    discoveryPart: discoveryOf(particlesBefore, particlesAfter),
  };
}

/** Measures of two whole focuses, aligned by id. Bounds are null where a focus has none. O(n). */
export function measuresOfFocuses(before: NamedFocus, after: NamedFocus): ShiftMeasures<Interval> {
  const [x, y] = alignNumbers([before, after]);
  return measuresOfRows(
    { ...before, values: x, particles: before.values.length },
    { ...after, values: y, particles: after.values.length },
  );
}

/** A focus by row, absent particles at zero. */
export interface RowFocus {
  readonly values: Float64Array;
  /** Particles that are there, zero or not. */
  readonly particles: number;
  /** Proven L1 error; null where there is none. */
  readonly errorBound: number | null;
}

/** Measures of two focuses with the same rows. O(rows). */
export function measuresOfRows(before: RowFocus, after: RowFocus): ShiftMeasures<Interval> {
  const [x, y] = [before.values, after.values];
  const norm = compensatedSum(x.length, (i) => Math.abs(y[i] - x[i]));
  const errorBound =
    before.errorBound === null || after.errorBound === null
      ? null
      : before.errorBound + after.errorBound + ROUNDINGS * norm;
  return {
    norm: within(around(norm, errorBound), 0, 2),
    entropyPart: INTERVALS.minus(entropyOf(before), entropyOf(after)),
    discoveryPart: discoveryOf(before.particles, after.particles),
  };
}

/** An exact focus by particle id. */
export interface NamedExactFocus {
  readonly ids: Ids;
  readonly exact: Pick<ExactPart, 'units' | 'entropy' | 'syntropy'>;
}

/** Measures of two exact focuses: integers, and so is every identity between them. O(n). */
export function measuresOfExact(
  before: NamedExactFocus,
  after: NamedExactFocus,
): ShiftMeasures<ExactNumber> {
  const named = ({ ids, exact }: NamedExactFocus) => ({ ids, units: exact.units });
  const { entropyPart, discoveryPart } = syntropyChange(before.exact, after.exact);
  return {
    norm: focusUnits(deltaOf(named(before), named(after)).norm),
    entropyPart: logarithmUnits(entropyPart),
    discoveryPart: logarithmUnits(discoveryPart),
  };
}

/** H of a focus, by logarithms that are the same in every engine. */
function entropyOf({ values, particles, errorBound }: RowFocus): Interval {
  const entropy = -compensatedSum(values.length, (i) =>
    values[i] > 0 ? values[i] * logarithm(values[i]) : 0,
  );
  if (errorBound === null) return around(entropy, null);
  return around(entropy, entropyError(errorBound, particles) + ROUNDINGS * entropy);
}

function discoveryOf(before: number, after: number): Interval {
  if (before === after) return INTERVALS.of(0);
  const [x, y] = [logarithm(before), logarithm(after)];
  return around(y - x, ROUNDINGS * (x + y));
}
