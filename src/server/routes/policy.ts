// GET /rewards/policy: everything that decides rewards, exactly, with the digest that names it.

import type { FastifyInstance } from 'fastify';
import { RULESET } from '../../payouts/buckets/bucket.js';
import type { RewardConfig } from '../../payouts/buckets/config.js';
import { policyJson } from '../../payouts/buckets/policy.js';
import { rateList } from '../rates.js';
import { answers, HASH, NUMBER, objectOf, recordOf, TEXT } from '../schema.js';

/** Registers the route. */
export function policyRoute(app: FastifyInstance, config: RewardConfig): void {
  const answer = {
    ruleset: RULESET,
    digest: config.policy.digest,
    rates: Object.fromEntries(rateList(config).map(({ name, bly }) => [name, bly])),
    policy: policyJson(config.policy),
  };
  app.get(
    '/rewards/policy',
    {
      schema: {
        tags: ['rewards'],
        summary: 'The policy, its digest and its rates',
        response: answers({
          200: objectOf({
            ruleset: TEXT,
            digest: HASH,
            rates: recordOf(NUMBER),
            policy: { type: 'object', additionalProperties: true },
          }),
        }),
      },
    },
    async () => answer,
  );
}
