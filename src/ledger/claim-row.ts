// Claims as rows of a table: integers in columns, tranches as JSON of [matureAtMs, "units"] pairs.

import { check, FocusError } from '../base/errors.js';
import { unitsOfText } from './amount.js';
import { checkCount } from './check-transaction.js';
import type { ClaimRecord, Tranche } from './claim.js';

/** The tranches of a claim for a column of text. */
export function tranchesText({ tranches }: ClaimRecord): string {
  return JSON.stringify(tranches.map(({ matureAtMs, units }) => [matureAtMs, String(units)]));
}

/**
 * A claim of its columns: key, token, recipient, claimed, queued, expired, paid, voided (integers, as
 * bigint or text) and tranches. Throws `mismatch` for tranches that are none.
 */
export function claimOfRow(row: readonly unknown[]): ClaimRecord {
  const [key, token, recipient, ...rest] = row;
  const [claimed, queued, expired, paid, voided] = rest.map((each, i) =>
    i < 5 ? BigInt(each as bigint | string) : 0n,
  );
  const tranches = tranchesOf(String(key), String(row[8]));
  const texts = { key: String(key), token: String(token), recipient: String(recipient) };
  return { ...texts, claimed, queued, expired, paid, voided, tranches };
}

function tranchesOf(key: string, text: string): readonly Tranche[] {
  try {
    const list: unknown = JSON.parse(text);
    check(Array.isArray(list), 'mismatch', () => 'expected a list');
    return list.map((pair: unknown) => {
      const [matureAtMs, units] = pair as readonly unknown[];
      return {
        matureAtMs: checkCount(matureAtMs, 'matureAtMs'),
        units: unitsOfText(units, 'units'),
      };
    });
  } catch (cause) {
    const message = `claims: ${key}: tranches are not [[matureAtMs, "units"], …]`;
    throw new FocusError('mismatch', message, 'run focus ledger verify', { cause });
  }
}
