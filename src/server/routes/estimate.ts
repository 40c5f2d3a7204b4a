// GET /rewards/estimate: what work would earn, by the formulas of the policy. Parameters of all kinds may be
// asked together. What is malformed or unknown is 400; what is outside its range is 422.

import type { FastifyInstance } from 'fastify';
import type { Bucket } from '../../payouts/buckets/bucket.js';
import type { AutomaticRewardDistributor } from '../../payouts/buckets/distributor.js';
import { amount } from '../figures.js';
import {
  answers,
  amountSchema,
  FORMULA,
  listOf,
  NUMBER,
  objectOf,
  parametersOf,
  TEXT,
  TRUTH,
  type Schema,
} from '../schema.js';
import { pricesOf, WORK_PARAMETERS, type PricedWork, type WorkQuery } from '../work-query.js';
import type { BudgetView } from '../budget-view.js';
import { rateNames } from '../rates.js';

/** What the route needs. */
export interface EstimateSources {
  readonly distributor: AutomaticRewardDistributor;
  readonly view: BudgetView;
}

const NOTE = 'Estimates include active balancing';

/** Registers the route. */
export function estimateRoute(app: FastifyInstance, { distributor, view }: EstimateSources): void {
  const { config } = distributor;
  const rates = rateNames(config);
  app.get<{ Querystring: WorkQuery }>(
    '/rewards/estimate',
    {
      schema: {
        tags: ['rewards'],
        summary: 'What work would earn',
        description: 'Give the parameters of one kind of work, or of several.',
        querystring: parametersOf(WORK_PARAMETERS),
        response: answers({ 200: ANSWER }, [400, 422]),
      },
    },
    async ({ query }) => {
      const prices = pricesOf(config.policy, query);
      const answer: Record<string, unknown> = {};
      const notes = [NOTE];
      for (const { kind, worth } of prices) {
        const left = view.available(kind);
        const isThere = worth.units <= left;
        answer[kind] = {
          [rates[kind].name]: rates[kind].bly,
          ...amount('estimate_bly', worth.units),
          budget_available: isThere,
          formula: worth.formula,
        };
        if (!isThere) notes.push(shortNote({ kind, worth }, config.policy.backpay.enabled));
      }
      answer['notes'] = notes;
      return answer;
    },
  );
}

function shortNote({ kind }: PricedWork, isQueued: boolean): string {
  const what = `${kind}: the budget of this hour is claimed already`;
  return isQueued
    ? `${what}; what it cannot pay waits in the backpay queue`
    : `${what}; what it cannot pay expires`;
}

function estimateOf(rate: string): Schema {
  return objectOf({
    [rate]: NUMBER,
    ...amountSchema('estimate_bly'),
    budget_available: TRUTH,
    formula: FORMULA,
  });
}

const KINDS: Readonly<Record<Bucket, Schema>> = {
  inference: estimateOf('per_1k_tokens_bly'),
  learning: estimateOf('per_1pct_improvement_bly'),
  validation: estimateOf('per_validation_task_bly'),
  dataset: estimateOf('per_gb_dataset_bly'),
};

const ANSWER = objectOf({ ...KINDS, notes: listOf(TEXT) }, Object.keys(KINDS));
