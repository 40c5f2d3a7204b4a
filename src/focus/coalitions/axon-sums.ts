// The axons that players change together: their changes of one axon add up. Sums are compensated and
// in order of size, so they do not depend on the order in which players joined.
//   A_S(p,q) = A(p,q) + Σ_{i∈S} (A_i(p,q) − A(p,q))

import { FocusError } from '../../base/errors.js';
import type { AxonChange } from '../../graph/change.js';
import { compensatedSum } from '../sums.js';

/** One axon, and by how much the players change it. */
export interface SummedAxon {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly difference: number;
}

/** Sums that grow by players. */
export interface AxonSums {
  /** Adds changes; returns the axons that are new here. Throws `bad-input` for a stake below 0. */
  add(axons: readonly AxonChange[]): readonly SummedAxon[];
  all(): IterableIterator<SummedAxon>;
}

/** No changes yet. */
export function openAxonSums(): AxonSums {
  const sums = new Map<string, { axon: Writable<SummedAxon>; terms: number[] }>();
  return {
    add: (axons) => {
      const fresh: SummedAxon[] = [];
      for (const { from, to, before, after } of axons) {
        const key = `${from} ${to}`;
        let sum = sums.get(key);
        if (sum === undefined) {
          sum = { axon: { from, to, before, difference: 0 }, terms: [] };
          sums.set(key, sum);
          fresh.push(sum.axon);
        }
        sum.terms.push(after, -before);
        sum.axon.difference = sumOf(sum.terms);
        if (!(before + sum.axon.difference >= 0)) throw removedTwice(sum.axon);
      }
      return fresh;
    },
    *all() {
      for (const { axon } of sums.values()) yield axon;
    },
  };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A compensated sum in order of size. */
export function sumOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return compensatedSum(sorted.length, (k) => sorted[k]);
}

function removedTwice({ from, to, before, difference }: SummedAxon): FocusError {
  return new FocusError(
    'bad-input',
    `signals: together they leave ${before + difference} on the axon ${from} → ${to}, ` +
      'expected a stake ≥ 0',
    'each link can be taken away by one signal only',
  );
}
