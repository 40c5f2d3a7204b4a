// Closeness of two exact focuses to a checkpoint, in integers, each with its stated rounding:
//   cosine            ⌊√(⟨x, t⟩² · 2¹¹² / (⟨x, x⟩⟨t, t⟩))⌋                          units of 2⁻⁵⁶
//   total variation   2⁶² − Σ|x − t|                                              units of 2⁻⁶²
//   Jensen–Shannon    1 − D/ln 2 to the nearest, D = ln 2 + ½Σ(x ln x + t ln t − s ln s), s = x + t,
//                     to the nearest, x and t in focus units                      units of 2⁻⁵⁶
// Logarithms are those of docs/exact-arithmetic.md. No order of summation and no machine matters.

import { check } from '../base/errors.js';
import { LN2, weightedLogarithms } from '../backend/cpu/logarithms.js';
import { nearest, ONE, rounded } from '../focus/exact/units.js';
import { alignUnitRows, type NamedValues } from './aligned.js';
import { EXACT_NUMBERS, type ExactNumber } from './exact-number.js';
import type { Closeness, FocusComparison } from './reward-function.js';

/** Bits behind the point of a cosine and of a divergence. */
const CLOSENESS_BITS = 56;

/**
 * Compares two exact focuses with a checkpoint (null: not known yet). O(particles) look-ups and
 * products of long integers. Throws `bad-input` for units below 0 or with a sum that is not 2⁶¹.
 */
export function compareFocusExact(
  before: NamedValues<BigInt64Array>,
  after: NamedValues<BigInt64Array>,
  checkpoint: NamedValues<BigInt64Array> | null,
): FocusComparison<ExactNumber> {
  if (checkpoint === null) return { measure: null };
  checkUnits('before', before.values);
  checkUnits('after', after.values);
  checkUnits('checkpoint', checkpoint.values);
  const [x, y, t] = alignUnitRows([before, after, checkpoint]);
  const measures = { cosine, 'total-variation': totalVariation, 'jensen-shannon': jensenShannon };
  return {
    measure: (closeness: Closeness) => {
      const [ofBefore, ofAfter] = [measures[closeness](x, t), measures[closeness](y, t)];
      return {
        before: ofBefore,
        after: ofAfter,
        difference: EXACT_NUMBERS.minus(ofAfter, ofBefore),
      };
    },
  };
}

function checkUnits(name: string, values: BigInt64Array): void {
  let sum = 0n;
  for (const value of values) {
    check(
      value >= 0n,
      'bad-input',
      () => `alignment: expected units ≥ 0 as ${name}, found ${value}`,
    );
    sum += value;
  }
  check(
    sum === ONE,
    'bad-input',
    () => `alignment: expected focus units with sum 2^61 as ${name}, found ${sum}`,
    'give every particle of an exact focus',
  );
}

function cosine(x: BigInt64Array, t: BigInt64Array): ExactNumber {
  const product = dot(x, t);
  const norms = dot(x, x) * dot(t, t);
  const square = (product * product * (1n << BigInt(2 * CLOSENESS_BITS))) / norms;
  return { units: squareRoot(square), bits: CLOSENESS_BITS };
}

function dot(a: BigInt64Array, b: BigInt64Array): bigint {
  let sum = 0n;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** ⌊√n⌋ by Newton's method from above. */
export function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function totalVariation(x: BigInt64Array, t: BigInt64Array): ExactNumber {
  let distance = 0n;
  for (let i = 0; i < x.length; i++) distance += x[i] > t[i] ? x[i] - t[i] : t[i] - x[i];
  return { units: 2n * ONE - distance, bits: 62 };
}

function jensenShannon(x: BigInt64Array, t: BigInt64Array): ExactNumber {
  const sum = x.map((value, i) => value + t[i]);
  const logarithms =
    weightedLogarithms(x, x) + weightedLogarithms(t, t) - weightedLogarithms(sum, sum);
  const divergence = rounded(2n * ONE * LN2 + logarithms, 62);
  const one = 1n << BigInt(CLOSENESS_BITS);
  return { units: one - nearest(divergence << BigInt(CLOSENESS_BITS), LN2), bits: CLOSENESS_BITS };
}
