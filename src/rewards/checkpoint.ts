// A later checkpoint beside the focus before many changes, aligned once; each change then costs
// O(particles) arithmetic and look-ups of its new particles alone.
// Rows: the particles of the graph, those that only the checkpoint has, those that only the change
// adds.

import { check } from '../base/errors.js';
import type { Shift } from '../focus/local/shift.js';
import { compensatedSum } from '../focus/sums.js';
import { checkDistribution, compareRows, type NamedFocus } from './closeness.js';
import type { Interval } from './interval.js';
import type { FocusComparison } from './reward-function.js';

/** A checkpoint aligned with a focus. */
export interface AlignedCheckpoint {
  /**
   * Compares after a shift. `shift` lists every particle that flow reached (floor 0); `names` are the
   * ids of its new particles, in order.
   */
  compare(shift: Shift, names: readonly string[]): FocusComparison<Interval>;
  /** Compares after a focus that was solved: row i < n is particle i, then the new particles. */
  compareSolved(
    after: Float64Array,
    errorBound: number | null,
    names: readonly string[],
  ): FocusComparison<Interval>;
}

/** Roundings of an after-focus that is put together from a shift. */
const ROUNDINGS = 2 ** -46;

/** Aligns a checkpoint with a focus. O(particles) look-ups. Throws `bad-input` as compareFocus does. */
export function alignCheckpoint(before: NamedFocus, checkpoint: NamedFocus): AlignedCheckpoint {
  checkDistribution('before', before);
  checkDistribution('checkpoint', checkpoint);
  const { values: phi, ids, errorBound } = before;
  const n = phi.length;
  const placeOf = new Map<string, number>();
  const own = new Float64Array(n);
  const beyond: number[] = [];
  for (let k = 0; k < checkpoint.ids.count; k++) {
    const id = checkpoint.ids.at(k);
    const i = ids.indexOf(id);
    if (i >= 0) own[i] = checkpoint.values[k];
    else {
      placeOf.set(id, n + beyond.length);
      beyond.push(checkpoint.values[k]);
    }
  }
  const compare = (
    after: Float64Array,
    afterBound: number | null,
    names: readonly string[],
  ): FocusComparison<Interval> => {
    const rows = n + beyond.length + names.length;
    const widened = (values: Float64Array): Float64Array => {
      const wide = new Float64Array(rows);
      wide.set(values);
      return wide;
    };
    const t = widened(own);
    t.set(beyond, n);
    const y = widened(after.subarray(0, n));
    names.forEach((name, k) => {
      y[placeOf.get(name) ?? n + beyond.length + k] = after[n + k];
    });
    return compareRows(widened(phi), y, t, [errorBound, afterBound, checkpoint.errorBound]);
  };
  return {
    compareSolved: compare,
    compare: (shift, names) => {
      const after = afterOf(phi, shift, names.length);
      const bound = errorBound === null ? null : shift.errorBound + errorBound + ROUNDINGS;
      return compare(after, bound, names);
    },
  };
}

/** φ + Δφ. Particles that are not listed keep their proportions and take what is left of 1. */
function afterOf(phi: Float64Array, shift: Shift, added: number): Float64Array {
  const n = phi.length;
  const after = new Float64Array(n + added);
  after.set(phi);
  const listed = new Uint8Array(n + added);
  shift.particles.forEach((i, k) => {
    check(i < n + added, 'bad-parameter', () => `alignment: expected a name for new particle ${i}`);
    after[i] = Math.max(0, (i < n ? phi[i] : 0) + shift.values[k]);
    listed[i] = 1;
  });
  const sum = (kind: 0 | 1): number =>
    compensatedSum(after.length, (i) => (listed[i] === kind ? after[i] : 0));
  const rest = sum(0);
  const factor = rest > 0 ? Math.max(0, 1 - sum(1)) / rest : 0;
  for (let i = 0; i < n; i++) if (listed[i] === 0) after[i] *= factor;
  return after;
}
