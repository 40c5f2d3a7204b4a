// Conservation: what an epoch mints never exceeds what it moved. Claimed values and the actual one are
// integers in units of 2⁻⁶¹, emission is base units of a token for a value of 1.
//   pool = ⌊min(actual, Σ claimed) · emission / 2⁶¹⌋
//   mint = ⌊claimed · min(actual, Σ claimed) · emission / (Σ claimed · 2⁶¹)⌋     remainder = pool − Σ mint
// Multiplied before divided, one floor: Σ mint + remainder = pool ≤ emission · actual, to the unit.
// Claims of 0 and less mint nothing; equal claims mint equally, in any order.

import { check } from '../../base/errors.js';

/** What claims are scaled by. */
export interface Emission {
  /** Units of 2⁻⁶¹; ≤ 0 mints nothing. */
  readonly actual: bigint;
  /** Base units for a value of 1; ≥ 0. */
  readonly emission: bigint;
}

/** What an epoch mints. */
export interface Minted {
  /** Base units by claim, in the order given. */
  readonly mints: readonly bigint[];
  /** Base units that flooring left; fewer than there are claims. */
  readonly remainder: bigint;
  /** Σ mints + remainder. */
  readonly pool: bigint;
  /** Σ of the claims above zero. */
  readonly claimed: bigint;
  /** Whether claims were scaled down. */
  readonly isScaled: boolean;
}

/** 1, in units of value. */
export const VALUE_UNITS = 1n << 61n;

/** Scales claims. O(claims). Throws `bad-parameter` for a negative emission. */
export function conserve(claimed: readonly bigint[], { actual, emission }: Emission): Minted {
  check(
    emission >= 0n,
    'bad-parameter',
    () => `emission: expected base units ≥ 0, found ${emission}`,
  );
  const counted = claimed.map((value) => (value > 0n ? value : 0n));
  const sum = counted.reduce((total, value) => total + value, 0n);
  const paid = actual <= 0n ? 0n : actual < sum ? actual : sum;
  const pool = (paid * emission) / VALUE_UNITS;
  const mints = counted.map((value) =>
    sum === 0n ? 0n : (value * paid * emission) / (sum * VALUE_UNITS),
  );
  const minted = mints.reduce((total, units) => total + units, 0n);
  return { mints, remainder: pool - minted, pool, claimed: sum, isScaled: paid < sum };
}
