// Sums of each link over epochs, in the order of epochs: its value R(T), and how far focus can be off.
//   noise = Σ share · (e_t + e_{t−1})          bound = Σ |w| · share · (e_t + e_{t−1}) + roundings
// |φ_j − φ*_j| is at most the L1 error e of the focus. A yield is off by at most 6 roundings of 2⁻⁵³
// of itself (Δφ, weight of the axon, share, two products; the weight w is what was computed), a sum of
// T by T − 1 more of Σ |yield|.

import type { LinkShares } from './shares.js';

/** Sums by slot. */
export interface SlotTotals {
  /** Makes room for slots. */
  grow(count: number): void;
  /** Adds an epoch; `errorBound` is e_t + e_{t−1}, `weightOf` |w| by the link's own weight. */
  add(
    slots: Uint32Array,
    shares: LinkShares,
    yields: Float64Array,
    errorBound: number | null,
    weightOf: (own: number) => number,
  ): void;
  finish(epochs: number): {
    readonly values: Float64Array;
    readonly boundAt: (slot: number) => number | null;
    readonly noiseAt: (slot: number) => number | null;
    readonly epochsAt: (slot: number) => number;
  };
}

const ROUNDING = 2 ** -53;
const ROUNDINGS_OF_A_YIELD = 8;

/** Opens sums of no slots. 36 bytes a slot. */
export function openTotals(): SlotTotals {
  let values = new Float64Array();
  let sizes = new Float64Array();
  let bounds = new Float64Array();
  let noise = new Float64Array();
  let epochs = new Uint32Array();
  let isProven = true;
  return {
    grow: (count) => {
      [values, sizes, bounds, noise] = [values, sizes, bounds, noise].map((column) =>
        grown(column, count),
      );
      epochs = grown(epochs, count);
    },
    add: (slots, { share, weight, to }, yields, errorBound, weightOf) => {
      isProven &&= errorBound !== null;
      for (let i = 0; i < slots.length; i++) {
        const slot = slots[i];
        epochs[slot]++;
        if (to[i] < 0) continue;
        values[slot] += yields[i];
        sizes[slot] += Math.abs(yields[i]);
        const off = share[i] * (errorBound ?? 0);
        noise[slot] += off;
        bounds[slot] += weightOf(weight[i]) * off;
      }
    },
    finish: (length) => ({
      values: values.slice(),
      boundAt: (slot) => {
        const roundings = (length + ROUNDINGS_OF_A_YIELD) * ROUNDING;
        return isProven ? bounds[slot] + roundings * (sizes[slot] + bounds[slot]) : null;
      },
      noiseAt: (slot) => (isProven ? noise[slot] : null),
      epochsAt: (slot) => epochs[slot],
    }),
  };
}

/** A column of `count` numbers; what is new is 0. */
export function grown<T extends Uint8Array | Uint32Array | Float64Array>(
  column: T,
  count: number,
): T {
  if (column.length >= count) return column;
  const made = new (column.constructor as new (size: number) => T)(count);
  made.set(column as ArrayLike<number> & T);
  return made;
}
