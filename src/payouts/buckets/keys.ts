// Keys of what the buckets write to the ledger. Each says what a transaction is, so the same thing can
// be posted once, whoever posts it and however often.
//   request    a node's Idempotency-Key          claim      kind, recipient, work, evidence, ruleset
//   settlement an hour                           grant      a claim in an hour

import { claimKey, identityKey } from '../../ledger/entry.js';
import { RULESET, type Bucket } from './bucket.js';

/** What makes a claim the same claim. */
export interface ClaimedWork {
  readonly bucket: Bucket;
  /** The account that is paid. */
  readonly recipient: string;
  readonly workId: string;
  /** Digest of what proves the work. */
  readonly evidence: string;
}

/** The id of a claim: unique for ever. */
export function claimIdOf({ bucket, recipient, workId, evidence }: ClaimedWork): string {
  return claimKey({ kind: `bly-${bucket}`, recipient, workId, evidence, ruleset: RULESET });
}

/** The key of a request to claim: one for each node and Idempotency-Key. */
export function requestKey(node: string, idempotencyKey: string): string {
  return identityKey({ kind: 'bly-request', node, idempotencyKey });
}

/** The key of the settlement of an hour. */
export function settlementKey(hour: number): string {
  return identityKey({ kind: 'bly-settlement', ruleset: RULESET, hour });
}

/** The key of what a claim is granted in an hour. */
export function grantKey(claim: string, hour: number): string {
  return identityKey({ kind: 'bly-grant', claim, hour });
}

/** The key of a part of what an hour's settlement does to many claims: expiries, final payments. */
export function partKey(kind: string, hour: number, part: string): string {
  return identityKey({ kind, ruleset: RULESET, hour, part });
}

/** The key of a challenge: one for each claim and challenger. */
export function challengeKey(claim: string, challenger: string): string {
  return identityKey({ kind: 'bly-challenge', claim, challenger });
}

/** The key of the verdict on a claim's open challenge, which is named by its key. */
export function verdictKey(challenge: string): string {
  return identityKey({ kind: 'bly-verdict', challenge });
}
