// POST /rewards/settle: the operator settles what is due now, without waiting for the timer.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AutomaticRewardDistributor } from '../../payouts/buckets/distributor.js';
import { answers, listOf, objectOf, WHOLE } from '../schema.js';

/** What the route needs. */
export interface SettleSources {
  readonly distributor: AutomaticRewardDistributor;
  readonly isOperator: (request: FastifyRequest) => Promise<void>;
}

/** Registers the route. */
export function settleRoute(
  app: FastifyInstance,
  { distributor, isOperator }: SettleSources,
): void {
  app.post(
    '/rewards/settle',
    {
      onRequest: isOperator,
      schema: {
        tags: ['operator'],
        summary: 'Settle every hour that is over',
        security: [{ operator: [] }],
        response: answers(
          { 200: objectOf({ settled: listOf(WHOLE), next_hour: WHOLE }) },
          [401, 403],
        ),
      },
    },
    async () => {
      const settled = await distributor.settleDue();
      const nextHour = distributor.state?.buckets.nextHour ?? distributor.present.hour;
      return { settled, next_hour: nextHour };
    },
  );
}
