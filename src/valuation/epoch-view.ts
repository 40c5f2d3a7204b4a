// One epoch as valuation sees it: a graph with its links, and its focus. φ is given in doubles or in
// units of 2⁻⁶¹, alike in all epochs; differences of units are exact before they are rounded once.

import { check } from '../base/errors.js';
import type { LinkedGraph } from '../graph/linked.js';

/** One epoch of a sequence. */
export interface ValuedEpoch {
  /** Its number, an integer that ascends. Its gaps count as time that passed. */
  readonly epoch: number;
  readonly linked: LinkedGraph;
  /** φ* by particle of `linked.graph`: doubles, or units of 2⁻⁶¹. */
  readonly phi: Float64Array | BigInt64Array;
  /** Proven L1 error of φ; null where nothing is proven. */
  readonly errorBound: number | null;
}

const UNIT = 2 ** -61;

/** Throws `bad-input` naming the epoch for a number, a focus or a bound that cannot be. O(n). */
export function checkEpoch(view: ValuedEpoch, before: ValuedEpoch | null): void {
  const { epoch, linked, phi, errorBound } = view;
  const place = `epoch ${epoch}`;
  check(
    Number.isSafeInteger(epoch) && epoch > (before?.epoch ?? -Infinity),
    'bad-input',
    () => `${place}: expected an integer after ${before?.epoch ?? 'none'}`,
    'epochs are given in ascending order',
  );
  const { particles } = linked.graph;
  check(
    phi.length === particles,
    'bad-input',
    () => `${place}: expected the focus of ${particles} particles, found ${phi.length} numbers`,
  );
  check(
    before === null || isUnits(before.phi) === isUnits(phi),
    'bad-input',
    () => `${place}: expected focus in the same kind of numbers as in the epoch before`,
    'give doubles for all epochs, or units for all',
  );
  for (let i = 0; i < particles; i++) {
    check(
      phi[i] >= 0 && phi[i] < Infinity,
      'bad-input',
      () => `${place}: particle ${linked.graph.ids.at(i)}: expected a focus ≥ 0, found ${phi[i]}`,
    );
  }
  check(
    errorBound === null || (errorBound >= 0 && errorBound < Infinity),
    'bad-input',
    () => `${place}: error bound: expected a finite number ≥ 0 or null, found ${errorBound}`,
  );
}

/** Whether focus is in units. */
export function isUnits(phi: Float64Array | BigInt64Array): phi is BigInt64Array {
  return phi instanceof BigInt64Array;
}

/**
 * after − before by particle of `after`; `places` are particles of `before`, −1 where it has none,
 * and its focus is then 0. One rounding each.
 */
export function shiftsOfFocus(
  after: Float64Array | BigInt64Array,
  before: Float64Array | BigInt64Array,
  places: Int32Array,
): Float64Array {
  const shifts = new Float64Array(after.length);
  if (isUnits(after) && isUnits(before)) {
    for (let i = 0; i < shifts.length; i++) {
      const known = places[i] < 0 ? 0n : before[places[i]];
      shifts[i] = Number(after[i] - known) * UNIT;
    }
    return shifts;
  }
  for (let i = 0; i < shifts.length; i++) {
    shifts[i] = Number(after[i]) - (places[i] < 0 ? 0 : Number(before[places[i]]));
  }
  return shifts;
}
