// What of a ledger's log decides settlements: claims, challenges, verdicts, and the settlements
// themselves. Everything else that the buckets write follows from these and is not read again.

import { FocusError } from '../../base/errors.js';
import type { Entry } from '../../ledger/entry.js';
import { BUCKETS, type Bucket } from './bucket.js';
import type { OpenClaim } from './bucket-state.js';

/** A claim was opened. */
export interface ClaimEvent {
  readonly type: 'claim';
  readonly sequence: number;
  readonly claim: OpenClaim;
  /** Who asked; the rate of claims is counted by it. */
  readonly node: string;
  readonly timeMs: number;
}

/** A claim was challenged. */
export interface ChallengeEvent {
  readonly type: 'challenge';
  readonly sequence: number;
  /** Key of its transaction. */
  readonly key: string;
  readonly claimId: string;
  readonly hour: number;
}

/** A challenge was decided. */
export interface VerdictEvent {
  readonly type: 'verdict';
  readonly sequence: number;
  readonly challenge: string;
  readonly claimId: string;
  readonly hour: number;
  readonly upheld: boolean;
}

/** An hour was settled, from the events before `through`. */
export interface SettlementEvent {
  readonly type: 'settlement';
  readonly sequence: number;
  readonly hour: number;
  /** The ledger's epoch that the settlement is written in. */
  readonly epoch: number;
  readonly through: number;
  readonly policy: string;
  readonly plan: string;
  /** Numbers of the hour and the state after it, as JSON. */
  readonly numbers: string;
  readonly next: string;
}

/** All transactions of an hour's settlement are written. */
export interface SettledEvent {
  readonly type: 'settled';
  readonly hour: number;
}

/** What settlements are made of. */
export type BucketEvent = ClaimEvent | ChallengeEvent | VerdictEvent;

interface Content {
  readonly kind: string;
  readonly key: string;
  readonly epoch: number;
  readonly timeMs: number;
  readonly claims?: readonly {
    readonly key: string;
    readonly recipient?: string;
    readonly units?: string;
  }[];
  readonly details?: Readonly<Record<string, string>>;
}

/** The event of an entry; null for all other entries. About 3 µs. */
export function eventOf(entry: Entry): BucketEvent | SettlementEvent | SettledEvent | null {
  // Most entries of a shared ledger are of other modules, or follow from settlements.
  if (!/"kind":"bly-(?:claim|challenge|verdict|settlement|settled)"/.test(entry.content))
    return null;
  const content = JSON.parse(entry.content) as Content;
  switch (content.kind) {
    case 'bly-claim':
      return claimEvent(entry, content);
    case 'bly-challenge':
    case 'bly-verdict':
      return disputeEvent(entry, content);
    case 'bly-settlement':
      return settlementEvent(entry, content);
    case 'bly-settled':
      return { type: 'settled', hour: Number(content.details?.['hour']) };
    default:
      // A rejection, which holds what was offered, or a text that says so.
      return null;
  }
}

function claimEvent({ sequence }: Entry, { claims, details, epoch, timeMs }: Content): ClaimEvent {
  const effect = claims?.[0];
  const bucket = details?.['bucket'];
  const node = details?.['node'];
  if (
    effect?.recipient === undefined ||
    effect.units === undefined ||
    node === undefined ||
    !BUCKETS.includes(bucket as Bucket)
  ) {
    throw broken(sequence, 'a claim without recipient, units, node or bucket');
  }
  const claim: OpenClaim = {
    key: effect.key,
    recipient: effect.recipient,
    bucket: bucket as Bucket,
    hour: epoch,
    units: BigInt(effect.units),
    sequence,
  };
  return { type: 'claim', sequence, claim, node, timeMs };
}

function disputeEvent(
  { sequence }: Entry,
  { kind, key, epoch, claims, details }: Content,
): ChallengeEvent | VerdictEvent {
  const claimId = claims?.[0]?.key;
  if (claimId === undefined) throw broken(sequence, 'a challenge or verdict without a claim');
  if (kind === 'bly-challenge') return { type: 'challenge', sequence, key, claimId, hour: epoch };
  const { challenge = '', verdict } = details ?? {};
  const upheld = verdict === 'upheld';
  return { type: 'verdict', sequence, challenge, claimId, hour: epoch, upheld };
}

/** The hour of an event: its settlement looks at it, and no earlier one. */
export function hourOf(event: BucketEvent): number {
  return event.type === 'claim' ? event.claim.hour : event.hour;
}

function settlementEvent({ sequence }: Entry, { epoch, details }: Content): SettlementEvent {
  const { hour, through, policy, plan, numbers, next } = details ?? {};
  if ([hour, through, policy, plan, numbers, next].some((each) => each === undefined)) {
    throw broken(sequence, 'a settlement without its details');
  }
  return {
    type: 'settlement',
    sequence,
    hour: Number(hour),
    epoch,
    through: Number(through),
    policy,
    plan,
    numbers,
    next,
  } as SettlementEvent;
}

function broken(sequence: number, what: string): FocusError {
  return new FocusError(
    'mismatch',
    `entry ${sequence} of the ledger: ${what}`,
    'something else than this program wrote to the kinds bly-…: verify the ledger',
  );
}
