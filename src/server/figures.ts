// Amounts in answers: a JSON number, as people and dashboards read it, and beside it the exact decimal text
// under …_exact, which is what counts. The number is the double nearest to it.

import { decimalOf, type Rational } from '../ledger/amount.js';
import { decimalText } from '../payouts/buckets/exact-decimal.js';
import { PARTS } from '../payouts/buckets/policy.js';

/** Base units as a number of tokens: the nearest double. */
export function tokensOf(units: bigint): number {
  return Number(decimalOf(units));
}

/** `{name: 110, name_exact: "110"}`. */
export function amount<Name extends string>(
  name: Name,
  units: bigint,
): Readonly<Record<Name, number> & Record<`${Name}_exact`, string>> {
  const exact = decimalOf(units);
  const both = { [name]: Number(exact), [`${name}_exact`]: exact };
  return both as Record<Name, number> & Record<`${Name}_exact`, string>;
}

/** A share in parts per million as a number from 0 to 1. */
export function shareOf(parts: bigint): number {
  return Number(parts) / Number(PARTS);
}

/** A rational of a policy as a number: the double nearest to its decimal text. */
export function numberOf(value: Rational): number {
  return Number(decimalText(value));
}
