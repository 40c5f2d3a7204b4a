// An amount of BLY as callers see it: base units, printed as the decimal number of tokens.

import { decimalOf } from '../../ledger/amount.js';

/** An exact amount: `units` of 10⁻⁹ BLY; as text and as JSON its decimal number of tokens, like "110". */
export class BlyAmount {
  constructor(readonly units: bigint) {}

  /** Decimal tokens, without trailing zeros. */
  toString(): string {
    return decimalOf(this.units);
  }

  /** The same text. */
  toJSON(): string {
    return decimalOf(this.units);
  }
}
