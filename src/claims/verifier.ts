// What decides whether a claim is true. A verifier is given a claim that is well-formed, signed, in
// sequence and on the current header, and says accepted or rejected, with a reason of its own kind.
// Built in: `recompute`, `sampled`, `attested`; a prover of succinct proofs is one more of these.

import type { SealedHeader } from '../focus/header.js';
import type { Claim } from './claim.js';

/** Why a claim is not paid; each has one meaning. */
export type ClaimRefusal =
  | 'malformed'
  | 'bad-signature'
  | 'replayed'
  | 'bad-sequence'
  | 'stale-root'
  | 'nothing-claimed'
  | 'impossible-value'
  | 'impossible-shift'
  | 'bad-signal'
  | 'over-claimed'
  | 'wrong-shift'
  | 'too-uncertain'
  | 'not-attested'
  | 'bad-proof';

/** The verdict on a claim. */
export type ClaimVerdict =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly code: ClaimRefusal; readonly reason: string };

/** Decides about claims. */
export interface ClaimVerifier {
  readonly name: string;
  /** Never throws for what a claim holds. `proof` is what came with the claim, of any shape. */
  verify(header: SealedHeader, claim: Claim, proof: unknown): Promise<ClaimVerdict>;
}

export const CLAIM_ACCEPTED: ClaimVerdict = { accepted: true };

/** A refusal. */
export function refused(code: ClaimRefusal, reason: string): ClaimVerdict {
  return { accepted: false, code, reason };
}
