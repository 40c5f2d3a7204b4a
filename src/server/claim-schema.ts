// The schema of a signed claim, for the OpenAPI document. It is not what judges: payouts/buckets/claims/ reads a
// claim field by field and names the first fault; this says the same in the words of JSON schema.

import { BUCKETS } from '../payouts/buckets/bucket.js';
import { HASH, listOf, objectOf, recordOf, SIGNATURE, type Schema } from './schema.js';

const FIGURE: Schema = {
  description: 'a decimal of at most 20 digits, as text or as a number',
  anyOf: [
    { type: 'string', pattern: '^(0|[1-9][0-9]{0,19})(\\.[0-9]{1,19})?$' },
    { type: 'number', minimum: 0 },
  ],
};
const SAMPLE = objectOf({ n: FIGURE, mean: FIGURE, sd: FIGURE });
/** did:key of an Ed25519 key. */
export const DID: Schema = {
  type: 'string',
  pattern: '^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$',
  description: 'did:key of an Ed25519 key',
};
const NAME = '^[A-Za-z0-9._~:/@+=-]+$';
/** Any 1 … 64 of the characters of names. */
export const NONCE: Schema = { type: 'string', pattern: NAME, maxLength: 64 };
/** When something was signed. */
export const SIGNED_AT: Schema = {
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'milliseconds since 1970, within five minutes of the server’s clock',
};

const WORK: Schema = {
  description: 'what was done, in the fields of its kind; stated multipliers are shown, never paid',
  oneOf: [
    objectOf({ tokens: FIGURE, quality: FIGURE }, ['quality']),
    objectOf(
      {
        improvement_pct: FIGURE,
        baseline: SAMPLE,
        candidate: SAMPLE,
        better: { enum: ['higher', 'lower'] },
        difficulty: FIGURE,
        applicability: FIGURE,
      },
      ['better', 'difficulty', 'applicability'],
    ),
    objectOf({ validation_tasks: FIGURE, complexity: FIGURE }, ['complexity']),
    objectOf({ dataset_gb: FIGURE, quality: FIGURE, diversity: FIGURE }, ['quality', 'diversity']),
  ],
};

/** The body of POST /rewards/claims. */
export const CLAIM_BODY: Schema = objectOf({
  claim: objectOf(
    {
      kind: { enum: [...BUCKETS] },
      node: DID,
      recipient: { type: 'string', pattern: '^(wallet|neuron):', maxLength: 248 },
      workId: { type: 'string', pattern: NAME, maxLength: 128 },
      work: WORK,
      evidence: HASH,
      nonce: NONCE,
      timestamp_ms: SIGNED_AT,
      attestations: {
        ...listOf(objectOf({ node: DID, figures: recordOf(FIGURE), signature: SIGNATURE })),
        maxItems: 64,
      },
    },
    ['recipient', 'attestations'],
  ),
  signature: SIGNATURE,
});
