// Challenges and verdicts. POST /rewards/claims/{id}/challenge: a node that is known speaks against a claim, signed
// by its key over "focus-bly-challenge-1\n" and the canonical JSON of challenge; grants of the claim do not become
// final before a verdict. POST /rewards/claims/{id}/verdict: the operator decides. Where no nodes are listed, any
// key may challenge; each is held to the claims of an hour that the policy gives a node.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sha256Hex } from '../../base/canonical.js';
import { eventOf } from '../../payouts/buckets/events.js';
import { ClaimRate } from '../../payouts/buckets/claims/claim-rate.js';
import { CLAIM_WINDOW_MS } from '../../payouts/buckets/claims/signed-claim.js';
import { isSignedBy, signedBytes } from '../../payouts/buckets/claims/signature.js';
import { DID, NONCE, SIGNED_AT } from '../claim-schema.js';
import { asProblem, Problem } from '../problem.js';
import { answers, HASH, objectOf, parametersOf, SIGNATURE, type Schema } from '../schema.js';
import { noSuchClaim } from './claim-explanation.js';
import type { ClaimSources } from './claims.js';

/** What the routes need. */
export interface DisputeSources extends ClaimSources {
  readonly isOperator: (request: FastifyRequest) => Promise<void>;
}

/** What a challenger signs. */
export interface SignedChallenge {
  readonly challenge: {
    readonly claim: string;
    readonly challenger: string;
    readonly evidence: string;
    readonly nonce: string;
    readonly timestamp_ms: number;
  };
  readonly signature: string;
}

/** What an operator says of a challenge. */
export interface VerdictBody {
  readonly challenge: string;
  readonly verdict: 'upheld' | 'dismissed';
  readonly reason: string;
}

interface ClaimParams {
  readonly id: string;
}

/** What is signed begins with this. */
export const CHALLENGE_DOMAIN = 'focus-bly-challenge-1\n';

/** Registers both routes. */
export function disputeRoutes(app: FastifyInstance, sources: DisputeSources): void {
  const rate = new ClaimRate({
    ...sources.distributor.config.policy.antiGaming,
    cooldownMinutes: 0,
  });
  app.post<{ Params: ClaimParams; Body: SignedChallenge }>(
    '/rewards/claims/:id/challenge',
    {
      schema: {
        tags: ['claims'],
        summary: 'Challenge a claim',
        description: 'Signed by the challenger’s key.',
        params: CLAIM_PARAMS,
        body: CHALLENGE_BODY,
        response: answers(
          { 201: objectOf({ challenge: HASH, claim_id: HASH }) },
          [400, 401, 403, 404, 409, 422],
        ),
      },
    },
    async ({ params, body }, reply) => {
      const challenge = await challengeOf(sources, rate, params.id, body);
      void reply.code(201);
      return { challenge, claim_id: params.id };
    },
  );
  app.post<{ Params: ClaimParams; Body: VerdictBody }>(
    '/rewards/claims/:id/verdict',
    {
      onRequest: sources.isOperator,
      schema: {
        tags: ['operator'],
        summary: 'Decide a challenge',
        security: [{ operator: [] }],
        params: CLAIM_PARAMS,
        body: VERDICT_BODY,
        response: answers(
          { 201: objectOf({ claim_id: HASH, verdict: VERDICT }) },
          [400, 401, 403, 404, 409, 422],
        ),
      },
    },
    async ({ params, body }, reply) => {
      await decide(sources, params.id, body);
      void reply.code(201);
      return { claim_id: params.id, verdict: body.verdict };
    },
  );
}

async function challengeOf(
  { distributor, nodes, now }: DisputeSources,
  rate: ClaimRate,
  claimId: string,
  { challenge, signature }: SignedChallenge,
): Promise<string> {
  const { challenger, evidence } = challenge;
  const refuse = (status: number, code: string, field: string, detail: string): never => {
    throw new Problem(status, { code, detail: `${field}: ${detail}`, field });
  };
  if (challenge.claim !== claimId)
    refuse(422, 'other-claim', 'claim', `expected ${claimId}, as in the path`);
  const nowMs = now();
  if (Math.abs(nowMs - challenge.timestamp_ms) > CLAIM_WINDOW_MS) {
    refuse(
      422,
      'out-of-window',
      'timestamp_ms',
      `expected ${nowMs} ± ${CLAIM_WINDOW_MS}; sign anew`,
    );
  }
  if (nodes.nodes.length > 0 && nodes.get(challenger) === null) {
    refuse(403, 'unknown-node', 'challenger', `${challenger} is no node that is listed`);
  }
  const bytes = signedBytes(CHALLENGE_DOMAIN, challenge);
  if (!(await isSignedBy(challenger, bytes, signature))) {
    refuse(401, 'wrong-signature', 'signature', `not of this challenge by ${challenger}`);
  }
  if ((await distributor.ledger.claimOf(claimId)) === null) throw noSuchClaim(claimId);
  const early = rate.take(challenger, sha256Hex(bytes), nowMs);
  if (early !== null) {
    const seconds = String(Math.ceil((early.retryAfterMs ?? 1000) / 1000));
    const headers = { 'retry-after': seconds };
    throw new Problem(429, { code: early.code, detail: early.reason, headers });
  }
  const request = { claimId, challenger, evidence };
  const answer = await distributor.challenge(request).catch((error: unknown) => {
    throw asProblem(error, 409, 'not-contestable');
  });
  return answer.challenge;
}

async function decide(
  { distributor }: DisputeSources,
  claimId: string,
  { challenge, verdict, reason }: VerdictBody,
): Promise<void> {
  if ((await distributor.ledger.claimOf(claimId)) === null) throw noSuchClaim(claimId);
  const [entry] = await distributor.ledger.entriesOf([challenge]);
  const event = entry === undefined ? null : eventOf(entry);
  if (event?.type !== 'challenge' || event.claimId !== claimId) {
    throw new Problem(404, {
      code: 'no-such-challenge',
      detail: `challenge: ${challenge} is no challenge of this claim`,
      fix: 'POST …/challenge answers with the key of a challenge',
      field: 'challenge',
    });
  }
  await distributor.decide({ claimId, challenge, verdict, reason }).catch((error: unknown) => {
    throw asProblem(error, 409, 'not-contestable');
  });
}

const CLAIM_PARAMS = parametersOf({ id: HASH }, ['id']);
const VERDICT: Schema = { enum: ['upheld', 'dismissed'] };
const SENTENCE: Schema = { type: 'string', minLength: 1, maxLength: 900, pattern: '^\\P{Cc}*$' };

const CHALLENGE_BODY = objectOf({
  challenge: objectOf({
    claim: HASH,
    challenger: DID,
    evidence: { ...SENTENCE, description: 'what speaks against the claim, for people' },
    nonce: NONCE,
    timestamp_ms: SIGNED_AT,
  }),
  signature: SIGNATURE,
});

const VERDICT_BODY = objectOf({ challenge: HASH, verdict: VERDICT, reason: SENTENCE });
