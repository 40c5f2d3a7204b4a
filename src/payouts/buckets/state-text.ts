// The small part of the state after a settlement, as text in the ledger: what a program that starts
// cannot read from claims themselves. Queues, grants that mature and challenges are not in it: they are
// what claims, grants and verdicts of the last days left.

import { canonicalJson } from '../../base/canonical.js';
import { perBucket, type PerBucket } from './bucket.js';
import type { BucketState } from './bucket-state.js';
import type { SettledState } from './settle-state.js';

/** What the text holds. */
export type SmallState = Pick<
  BucketState,
  'nextHour' | 'smoothed' | 'tranches' | 'year' | 'grantedInYear'
> & { readonly totals: PerBucket<bigint> };

/** The text of a state. */
export function stateText({ buckets, totals }: SettledState): string {
  const { nextHour, smoothed, tranches, year, grantedInYear } = buckets;
  return canonicalJson({
    nextHour,
    smoothed: texts(smoothed),
    tranches: tranches.map(({ hour, units }) => [hour, String(units)]),
    year,
    grantedInYear: String(grantedInYear),
    totals: texts(totals),
  });
}

/** Reads what `stateText` wrote. */
export function readStateText(text: string): SmallState {
  const state = JSON.parse(text) as Written;
  return {
    nextHour: state.nextHour,
    smoothed: units(state.smoothed),
    tranches: state.tranches.map(([hour, size]) => ({ hour, units: BigInt(size) })),
    year: state.year,
    grantedInYear: BigInt(state.grantedInYear),
    totals: units(state.totals),
  };
}

interface Written {
  readonly nextHour: number;
  readonly smoothed: PerBucket<string>;
  readonly tranches: readonly (readonly [number, string])[];
  readonly year: number;
  readonly grantedInYear: string;
  readonly totals: PerBucket<string>;
}

function texts(units: PerBucket<bigint>): PerBucket<string> {
  return perBucket((bucket) => String(units[bucket]));
}

function units(written: PerBucket<string>): PerBucket<bigint> {
  return perBucket((bucket) => BigInt(written[bucket]));
}
