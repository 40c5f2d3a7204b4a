// What a claimant is told. The same Idempotency-Key and body: the first answer again, for as long as the
// policy says at least. Another body under the key, or the same work under another key: refused, with the
// claim that is there.

import type { OnceAnswer } from '../../ledger/settle.js';
import type { ClaimRequest, Moment } from './claim-transaction.js';

/** The answer to a claim. */
export interface SubmitAnswer {
  readonly outcome: 'accepted' | 'replayed' | 'refused';
  readonly claimId: string;
  /** The hour whose settlement looks at it. */
  readonly hour: number;
  /** Base units claimed. */
  readonly units: bigint;
  /** Position in the log. */
  readonly sequence: number;
  /** Of the chain, up to that entry. */
  readonly hash: string;
  /** Null unless refused. */
  readonly refusal: { readonly code: SubmitRefusal; readonly reason: string } | null;
}

/** Why a claim was not opened. */
export type SubmitRefusal = 'already-claimed' | 'idempotency-key-reused' | 'refused-by-ledger';

/** What was asked, when. */
export interface Asked extends Moment {
  readonly request: ClaimRequest;
  readonly claimId: string;
  readonly units: bigint;
  /** For how long a request is answered again. */
  readonly windowMs: number;
}

/** The answer to what the ledger said. */
export function answerOf({ receipt, taken }: OnceAnswer, asked: Asked): SubmitAnswer {
  const { claimId, hour, units } = asked;
  const { sequence, hash, refusal } = receipt;
  const place = { claimId, hour, units, sequence, hash };
  if (taken !== null) return takenAnswer(place, taken.content, asked);
  if (refusal === null) return { ...place, outcome: 'accepted', refusal: null };
  if (refusal.code === 'claim-exists') {
    const reason = `this work is claimed already, as ${claimId}: a piece of work is paid once`;
    return { ...place, outcome: 'refused', refusal: { code: 'already-claimed', reason } };
  }
  const { reason } = refusal;
  return { ...place, outcome: 'refused', refusal: { code: 'refused-by-ledger', reason } };
}

function takenAnswer(
  place: Omit<SubmitAnswer, 'outcome' | 'refusal'>,
  content: string,
  { request, timeMs, windowMs }: Asked,
): SubmitAnswer {
  const first = JSON.parse(content) as {
    readonly epoch: number;
    readonly timeMs: number;
    readonly claims: readonly { readonly key: string; readonly units: string }[];
    readonly details: Readonly<Record<string, string>>;
  };
  const [{ key, units }] = first.claims;
  const before = { ...place, claimId: key, hour: first.epoch, units: BigInt(units) };
  if (first.details['request'] !== request.bodyDigest) {
    const reason = `the Idempotency-Key was used for another request, which opened ${key}`;
    return { ...before, outcome: 'refused', refusal: { code: 'idempotency-key-reused', reason } };
  }
  if (timeMs - first.timeMs > windowMs) {
    const reason = `claimed already at ${new Date(first.timeMs).toISOString()}, as ${key}`;
    return { ...before, outcome: 'refused', refusal: { code: 'already-claimed', reason } };
  }
  return { ...before, outcome: 'replayed', refusal: null };
}
