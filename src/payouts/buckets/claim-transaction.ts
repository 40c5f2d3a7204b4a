// Claims, challenges and verdicts as transactions of the ledger. They move nothing: a claim is opened with
// all of its units queued, and only a settlement (plan.ts) grants, voids, expires or pays.

import { TOKEN, RULESET, type Bucket } from './bucket.js';
import { challengeKey, claimIdOf, requestKey, verdictKey } from './keys.js';
import type { Formula, Transaction } from '../../ledger/transaction.js';

/** A claim whose work was checked and priced. */
export interface PricedClaim {
  readonly bucket: Bucket;
  /** The account that is paid. */
  readonly recipient: string;
  /** Who did the work and asks. */
  readonly node: string;
  readonly workId: string;
  /** Digest of what proves the work. */
  readonly evidence: string;
  /** Base units, above 0. */
  readonly units: bigint;
  readonly formula: Formula;
  /** Facts that are kept with it: what was stated, who attested. */
  readonly details: Readonly<Record<string, string>>;
}

/** Which request a claim came with. */
export interface ClaimRequest {
  readonly idempotencyKey: string;
  /** Digest of all that was asked for: another one under the same key is refused. */
  readonly bodyDigest: string;
}

/** When something is written: the ledger's epoch and the writer's clock. */
export interface Moment {
  readonly hour: number;
  readonly timeMs: number;
}

/** The transaction that opens a claim. */
export function claimTransaction(
  claim: PricedClaim,
  { idempotencyKey, bodyDigest }: ClaimRequest,
  { hour, timeMs }: Moment,
): Transaction {
  const { bucket, recipient, node, workId, evidence, units, formula, details } = claim;
  return {
    key: requestKey(node, idempotencyKey),
    kind: 'bly-claim',
    epoch: hour,
    timeMs,
    postings: [],
    claims: [{ key: claimIdOf(claim), effect: 'open', recipient, token: TOKEN, units }],
    reason: `${bucket}: work ${workId}`,
    formula,
    details: { ...details, bucket, node, workId, evidence, request: bodyDigest, ruleset: RULESET },
  };
}

/** A challenge of a claim. */
export interface ChallengeRequest {
  readonly claimId: string;
  /** Who challenges. */
  readonly challenger: string;
  /** What speaks against the claim, for people. */
  readonly evidence: string;
}

/** The transaction of a challenge: from now on the claim's grants do not become final. */
export function challengeTransaction(
  { claimId, challenger, evidence }: ChallengeRequest,
  { hour, timeMs }: Moment,
): Transaction {
  return {
    key: challengeKey(claimId, challenger),
    kind: 'bly-challenge',
    epoch: hour,
    timeMs,
    postings: [],
    claims: [concerning(claimId)],
    reason: `challenged by ${challenger}`,
    details: { challenger, evidence, ruleset: RULESET },
  };
}

/** What an operator decided on a challenge. */
export interface Verdict {
  readonly claimId: string;
  /** Key of the challenge's transaction. */
  readonly challenge: string;
  readonly verdict: 'upheld' | 'dismissed';
  /** Why, for people. */
  readonly reason: string;
}

/** The transaction of a verdict; the next settlement does what it says. */
export function verdictTransaction(
  { claimId, challenge, verdict, reason }: Verdict,
  { hour, timeMs }: Moment,
): Transaction {
  return {
    key: verdictKey(challenge),
    kind: 'bly-verdict',
    epoch: hour,
    timeMs,
    postings: [],
    claims: [concerning(claimId)],
    reason: `challenge ${verdict}: ${reason}`,
    details: { challenge, verdict, ruleset: RULESET },
  };
}

/** An effect that moves no maturity, so that the transaction is told where the claim is explained. */
function concerning(key: string) {
  return { key, effect: 'extend', matureAtMs: 0 } as const;
}
