// POST /rewards/claims: a node claims work that it signed. The answer is sent when the claim is durable.
//   same node, key and body    the first answer again, for as long as the policy says: Idempotency-Replayed: true
//   same key, other body       422           still under way     409           the same work again     409
// A refusal says why, in a code, and after how long to come back where waiting helps.

import type { FastifyInstance, FastifyReply } from 'fastify';
import { isWellFormed } from '../../base/canonical.js';
import { FocusError } from '../../base/errors.js';
import { HOUR_MS } from '../../payouts/accounting-hour.js';
import { admitClaim, type AdmittedClaim } from '../../payouts/buckets/claims/admit-claim.js';
import type { ClaimRate } from '../../payouts/buckets/claims/claim-rate.js';
import type { NodeRegistry } from '../../payouts/buckets/claims/nodes.js';
import { isRefusal, type ClaimRefusal } from '../../payouts/buckets/claims/refusal.js';
import {
  claimDigest,
  readSignedClaim,
  verifyClaim,
  type SignedClaim,
} from '../../payouts/buckets/claims/signed-claim.js';
import type { AutomaticRewardDistributor } from '../../payouts/buckets/distributor.js';
import { requestKey } from '../../payouts/buckets/keys.js';
import { answerOf, type SubmitAnswer } from '../../payouts/buckets/submit-answer.js';
import { amount } from '../figures.js';
import { idempotencyKeyOf, keyReused, RequestsUnderWay } from '../idempotency.js';
import type { ServiceMetrics } from '../metrics.js';
import { Problem } from '../problem.js';
import { amountSchema, answers, HASH, objectOf, TIME, WHOLE, type Schema } from '../schema.js';
import { CLAIM_BODY } from '../claim-schema.js';

/** What the routes need. */
export interface ClaimSources {
  readonly distributor: AutomaticRewardDistributor;
  readonly nodes: NodeRegistry;
  readonly now: () => number;
  /** Claims of the hour by node; resolves when the log is read. */
  readonly rate: Promise<ClaimRate>;
  readonly metrics: ServiceMetrics;
}

interface ClaimRequest {
  readonly Body: unknown;
  readonly Headers: { readonly 'idempotency-key'?: string };
}

/** Registers the route. */
export function claimRoute(app: FastifyInstance, sources: ClaimSources): void {
  const underWay = new RequestsUnderWay();
  app.post<ClaimRequest>(
    '/rewards/claims',
    {
      schema: {
        tags: ['claims'],
        summary: 'Claim work',
        description:
          'Signed by the node’s key: Ed25519 over "focus-bly-claim-1\\n" and the canonical JSON of claim.',
        headers: IDEMPOTENCY_HEADER,
        body: CLAIM_BODY,
        response: answers({ 201: ACCEPTED }, [400, 401, 403, 409, 422]),
      },
      // The claim itself is judged by admitClaim, which names the first fault.
      validatorCompiler: () => () => true,
    },
    async ({ body, headers }, reply) => {
      const idempotencyKey = idempotencyKeyOf(headers['idempotency-key']);
      const name = `${nodeIn(body)} ${idempotencyKey}`;
      const answer = await underWay.alone(name, body, () => claim(sources, body, idempotencyKey));
      return tell(reply, answer);
    },
  );
}

async function claim(
  sources: ClaimSources,
  body: unknown,
  idempotencyKey: string,
): Promise<SubmitAnswer> {
  const { distributor, nodes, metrics } = sources;
  const rate = await sources.rate;
  const { policy } = distributor.config;
  const admitted = await admitClaim(body, { policy, nodes, nowMs: sources.now(), rate });
  if (isRefusal(admitted)) {
    // A retry may come when its time stamp is old: what was answered before is answered again.
    const before = await answeredBefore(sources, body, idempotencyKey);
    if (before !== null) return before;
    metrics.claimAnswered(admitted.code);
    throw refused(admitted);
  }
  const request = { idempotencyKey, bodyDigest: admitted.details['claimDigest'] ?? '' };
  const answer = await submit(distributor, admitted, request);
  metrics.claimAnswered(answer.refusal?.code ?? answer.outcome);
  return answer;
}

async function submit(
  distributor: AutomaticRewardDistributor,
  admitted: AdmittedClaim,
  request: { readonly idempotencyKey: string; readonly bodyDigest: string },
): Promise<SubmitAnswer> {
  try {
    return await distributor.submit(admitted, request);
  } catch (error) {
    // Longer than a line of the ledger may be.
    if (!(error instanceof FocusError) || error.code !== 'bad-input') throw error;
    throw new Problem(422, { code: 'out-of-range', detail: error.message, fix: error.fix });
  }
}

/** The answer to a request that this node sent before under the same key; null where it sent none. */
async function answeredBefore(
  { distributor, now }: ClaimSources,
  body: unknown,
  idempotencyKey: string,
): Promise<SubmitAnswer | null> {
  const read = signedClaimIn(body);
  // What a node asked is told to that node alone.
  if (read === null || !(await verifyClaim(read))) return null;
  const request = { idempotencyKey, bodyDigest: claimDigest(read.claim) };
  const key = requestKey(read.claim.node, idempotencyKey);
  const [taken] = await distributor.ledger.entriesOf([key]);
  if (taken === undefined) return null;
  const { sequence, hash } = taken;
  const windowMs = distributor.config.policy.distribution.idempotencyWindowHours * HOUR_MS;
  const receipt = {
    outcome: 'posted',
    sequence,
    hash,
    key,
    replayed: true,
    refusal: null,
  } as const;
  const asked = { request, claimId: '', hour: 0, units: 0n, timeMs: now(), windowMs };
  return answerOf({ receipt, taken }, asked);
}

function signedClaimIn(body: unknown): SignedClaim | null {
  try {
    return readSignedClaim(body);
  } catch (error) {
    if (error instanceof FocusError) return null;
    throw error;
  }
}

function refused({ code, reason, status, retryAfterMs }: ClaimRefusal): Problem {
  const field = /^([\w[\].]+): /.exec(reason)?.[1];
  return new Problem(status, {
    code,
    detail: reason,
    fix: FIXES[code] ?? '',
    ...(field === undefined ? {} : { field }),
    ...(retryAfterMs === undefined
      ? {}
      : {
          headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
          more: { retry_after_ms: retryAfterMs },
        }),
  });
}

const FIXES: Readonly<Partial<Record<ClaimRefusal['code'], string>>> = {
  'out-of-window': 'set timestamp_ms to the present, and sign anew',
  'rate-exceeded': 'wait as long as Retry-After says, and sign anew',
  'cooling-down': 'wait as long as Retry-After says, and sign anew',
  'wrong-signature':
    'sign "focus-bly-claim-1\\n" and the canonical JSON of claim with the node’s key',
  'self-attested': 'ask other nodes to attest',
  'same-owner': 'ask nodes of other owners to attest',
  'too-few-attestations': 'ask more verification nodes to attest',
  'too-few-owners': 'ask nodes of more owners to attest',
  'not-significant': 'measure with larger samples',
};

/** The answer to a claim that is there; throws the problem of one that was not opened. */
function tell(reply: FastifyReply, answer: SubmitAnswer): object {
  const { outcome, claimId, refusal, hour, sequence, hash, units } = answer;
  const location = `/rewards/claims/${claimId}`;
  if (refusal !== null) {
    if (refusal.code === 'idempotency-key-reused') throw keyReused(refusal.reason);
    throw new Problem(refusal.code === 'already-claimed' ? 409 : 422, {
      code: refusal.code,
      detail: refusal.reason,
      fix: `GET ${location} tells what became of it`,
      headers: { location },
      more: { claim_id: claimId },
    });
  }
  if (outcome === 'replayed') void reply.header('idempotency-replayed', 'true');
  void reply.code(201).header('location', location);
  return {
    claim_id: claimId,
    hour,
    settles_at: new Date((hour + 1) * HOUR_MS).toISOString(),
    ...amount('claimed_bly', units),
    sequence,
    entry_hash: hash,
  };
}

function nodeIn(body: unknown): string {
  const node = (body as { claim?: { node?: unknown } } | null | undefined)?.claim?.node;
  return typeof node === 'string' && isWellFormed(node) ? node.slice(0, 64) : '';
}

const IDEMPOTENCY_HEADER: Schema = {
  type: 'object',
  properties: {
    'idempotency-key': {
      type: 'string',
      pattern: '^[\\x21-\\x7e]{1,128}$',
      description: 'new for new work, the same for a retry',
    },
  },
  required: ['idempotency-key'],
};

const ACCEPTED = objectOf({
  claim_id: HASH,
  hour: { ...WHOLE, description: 'the hour whose settlement looks at it' },
  settles_at: TIME,
  ...amountSchema('claimed_bly'),
  sequence: { ...WHOLE, description: 'position in the log' },
  entry_hash: HASH,
});
