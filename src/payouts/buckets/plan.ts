// A settled hour as transactions of the ledger, in the order in which they are posted:
//   settlement   what was decided, from which events, and the state after it      no postings
//   slash        pending:R −pending, SOURCE +pending, the queue expires            one a claim
//   grant        SOURCE −units, pending:R +units, final a challenge period later   one a claim
//   expiry       claims that waited too long                                        parts of many claims
//   final        pending:R −units, R +units                                         one a recipient
//   settled      that all of these are written                                      no postings
// The first names the digest of all others, so whoever finds it can finish what was cut off.

import { canonicalJson, sha256Hex } from '../../base/canonical.js';
import { pendingAccount } from '../../ledger/account.js';
import { decimalOf } from '../../ledger/amount.js';
import type { ClaimEffect, Posting, Transaction } from '../../ledger/transaction.js';
import { HOUR_MS } from '../accounting-hour.js';
import { perBucket, RULESET, SOURCE_ACCOUNT, sumOf, TOKEN, type PerBucket } from './bucket.js';
import { grantKey, partKey, settlementKey } from './keys.js';
import type { BucketPolicy } from './policy.js';
import type { Settlement } from './bucket-state.js';
import type { Maturing, SettledHour, Slashed } from './settle-state.js';
import { stateText } from './state-text.js';

/** The transactions of an hour. */
export interface HourPlan {
  readonly hour: number;
  readonly opening: Transaction;
  /** Everything between the opening and the closing. */
  readonly body: readonly Transaction[];
  readonly closing: Transaction;
  /** Of opening and closing apart: the same in every epoch of the ledger. */
  readonly digest: string;
}

/** Where an hour is written, and from what it was made. */
export interface PlanPlace {
  /** The ledger's epoch: the hour itself, or a later one where that is sealed. */
  readonly epoch: number;
  /** Entries of the log that were looked at. */
  readonly through: number;
}

/** Plans an hour. Pure. O(grants + final claims + expiries), about 20 µs each. */
export function planHour(
  policy: BucketPolicy,
  settled: SettledHour,
  { epoch, through }: PlanPlace,
): HourPlan {
  const { settlement } = settled;
  const { hour } = settlement;
  const common = { epoch, timeMs: (hour + 1) * HOUR_MS };
  const body = [
    ...settled.slashed.map((each) => slashOf(each, hour)),
    ...grantsOf(policy, settlement),
    ...expiriesOf(policy, settlement),
    ...finalsOf(policy, settled.final, hour),
  ].map((each): Transaction => ({ ...each, ...common }));
  const digest = planDigest(body);
  const numbers = canonicalJson(numbersOf(settled));
  return {
    hour,
    body,
    digest,
    opening: {
      ...common,
      key: settlementKey(hour),
      kind: 'bly-settlement',
      postings: [],
      reason: `hour ${hour}: ${summaryOf(settlement)}`,
      details: {
        ruleset: RULESET,
        policy: policy.digest,
        hour: String(hour),
        through: String(through),
        plan: digest,
        numbers,
        next: stateText(settled.next),
      },
    },
    closing: {
      ...common,
      key: partKey('bly-settled', hour, ''),
      kind: 'bly-settled',
      postings: [],
      reason: `hour ${hour}: ${body.length} transactions are written`,
      details: { hour: String(hour), plan: digest },
    },
  };
}

/**
 * The digest of a plan: what each of its transactions does, in order. All else in them follows from the
 * hour's state, and replays compare it.
 */
function planDigest(body: readonly Undated[]): string {
  const lines = body.map(({ key, claims = [] }) => {
    const effects = claims.map((each) => `${each.key} ${'units' in each ? each.units : ''}`);
    return `${key} ${effects.join(' ')}`;
  });
  return sha256Hex(`focus-bly-plan-1\n${lines.join('\n')}`);
}

type Undated = Omit<Transaction, 'epoch' | 'timeMs'>;

function grantsOf(policy: BucketPolicy, settlement: Settlement): readonly Undated[] {
  const { hour } = settlement;
  const period = policy.validation.challengePeriodHours;
  const matureAtMs = (hour + 1 + period) * HOUR_MS;
  return settlement.grants.map(({ claim, units, left, reason }) => {
    const { key, recipient, bucket } = claim;
    const grant: ClaimEffect = { key, effect: 'grant', units, matureAtMs };
    const to = period > 0 ? pendingAccount(recipient) : recipient;
    return {
      key: grantKey(key, hour),
      kind: 'bly-grant',
      postings: moved(SOURCE_ACCOUNT, to, units),
      claims: period > 0 ? [grant] : [grant, { key, effect: 'finalise', units }],
      reason,
      formula: {
        name: 'min(asked, share of what the bucket may spend)',
        inputs: {
          asked: decimalOf(claim.units),
          bucket,
          allotted: decimalOf(settlement.allotted[bucket]),
          lent: decimalOf(settlement.lent[bucket]),
          stillQueued: decimalOf(left),
        },
        result: decimalOf(units),
      },
    };
  });
}

function expiriesOf(
  { distribution }: BucketPolicy,
  { hour, expiries }: Settlement,
): readonly Undated[] {
  const byReason = grouped(expiries, ({ reason }) => reason);
  return [...byReason]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([reason, list], which) =>
      parted(list, distribution.maxBatchSize).map((part, i): Undated => ({
        key: partKey('bly-expiry', hour, `${which}:${i}`),
        kind: 'bly-expiry',
        postings: [],
        claims: part.map(({ claim, units }) => ({ key: claim.key, effect: 'expire', units })),
        reason,
      })),
    );
}

function finalsOf(
  { distribution }: BucketPolicy,
  final: readonly Maturing[],
  hour: number,
): readonly Undated[] {
  const byRecipient = grouped(final, ({ recipient }) => recipient);
  return [...byRecipient].flatMap(([recipient, claims]) =>
    parted(claims, distribution.maxBatchSize).map((part, i): Undated => {
      const units = part.reduce((sum, each) => sum + each.units, 0n);
      const what = part.length === 1 ? 'a claim' : `${part.length} claims`;
      return {
        key: partKey('bly-final', hour, `${recipient}:${i}`),
        kind: 'bly-final',
        postings: moved(pendingAccount(recipient), recipient, units),
        claims: part.map((each) => ({ key: each.key, effect: 'finalise', units: each.units })),
        reason: `${decimalOf(units)} BLY of ${what} are final: nobody won a challenge`,
      };
    }),
  );
}

function slashOf({ key, recipient, pending, queued }: Slashed, hour: number): Undated {
  const claims: ClaimEffect[] = [];
  if (pending > 0n) claims.push({ key, effect: 'void', units: pending, to: SOURCE_ACCOUNT });
  if (queued > 0n) claims.push({ key, effect: 'expire', units: queued });
  return {
    key: partKey('bly-slash', hour, key),
    kind: 'bly-slash',
    postings: pending > 0n ? moved(pendingAccount(recipient), SOURCE_ACCOUNT, pending) : [],
    claims,
    reason: 'a challenge of the claim was upheld: nothing more of it is paid',
  };
}

function moved(from: string, to: string, units: bigint): readonly Posting[] {
  return [
    { account: from, token: TOKEN, units: -units },
    { account: to, token: TOKEN, units },
  ];
}

function parted<T>(list: readonly T[], most: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let at = 0; at < list.length; at += most) parts.push(list.slice(at, at + most));
  return parts;
}

function grouped<T>(list: readonly T[], name: (each: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of list) {
    const group = groups.get(name(each));
    if (group === undefined) groups.set(name(each), [each]);
    else group.push(each);
  }
  return groups;
}

function summaryOf({ fresh, rolledOver, granted, unspent }: Settlement): string {
  const of = `${decimalOf(fresh)} fresh and ${decimalOf(rolledOver)} rolled over`;
  return `${decimalOf(sumOf(granted))} BLY granted of ${of}, ${decimalOf(unspent)} left`;
}

/** What happened in an hour, as a dashboard shows it; amounts are base units as decimal texts. */
export interface HourNumbers {
  readonly fresh: string;
  readonly rolledOver: string;
  readonly returned: string;
  readonly available: string;
  readonly unspent: string;
  readonly demand: PerBucket<string>;
  readonly allotted: PerBucket<string>;
  readonly granted: PerBucket<string>;
  readonly lent: PerBucket<string>;
  readonly queued: PerBucket<string>;
  readonly queuedClaims: PerBucket<number>;
  readonly opened: PerBucket<number>;
  readonly expired: string;
  readonly slashed: string;
  readonly lapsedChallenges: number;
}

function numbersOf({ settlement, opened, slashed, lapsed }: SettledHour): HourNumbers {
  const { demand, granted, expiries } = settlement;
  const { queue } = settlement.next;
  const lapsedUnits = (list: Settlement['expiries']): bigint =>
    list.reduce((sum, { units }) => sum + units, 0n);
  const queued = perBucket(
    (bucket) =>
      demand[bucket] -
      granted[bucket] -
      lapsedUnits(expiries.filter(({ claim }) => claim.bucket === bucket)),
  );
  const queuedClaims = perBucket((bucket) =>
    queue[bucket].reduce((count, { claims }) => count + claims.length, 0),
  );
  const expired = lapsedUnits(expiries);
  const lost = slashed.reduce((sum, { pending, queued: rest }) => sum + pending + rest, 0n);
  return {
    fresh: String(settlement.fresh),
    rolledOver: String(settlement.rolledOver),
    returned: String(settlement.returned),
    available: String(settlement.available),
    unspent: String(settlement.unspent),
    demand: texts(settlement.demand),
    allotted: texts(settlement.allotted),
    granted: texts(settlement.granted),
    lent: texts(settlement.lent),
    queued: texts(queued),
    queuedClaims,
    opened,
    expired: String(expired),
    slashed: String(lost),
    lapsedChallenges: lapsed.length,
  };
}

function texts(units: PerBucket<bigint>): PerBucket<string> {
  return perBucket((bucket) => String(units[bucket]));
}
