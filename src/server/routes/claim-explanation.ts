// GET /rewards/claims/{id}: what became of a claim, step by step, and why it is unpaid or reduced.

import type { FastifyInstance } from 'fastify';
import { grantedUnits, pendingUnits } from '../../ledger/claim.js';
import type { ClaimExplanation } from '../../ledger/explain.js';
import type { Ledger } from '../../ledger/ledger.js';
import { amount } from '../figures.js';
import { Problem } from '../problem.js';
import {
  amountSchema,
  answers,
  FORMULA,
  HASH,
  listOf,
  objectOf,
  parametersOf,
  TEXT,
  TIME,
  WHOLE,
} from '../schema.js';

/** Registers the route. */
export function claimExplanationRoute(app: FastifyInstance, ledger: Ledger): void {
  app.get<{ Params: { readonly id: string } }>(
    '/rewards/claims/:id',
    {
      schema: {
        tags: ['claims'],
        summary: 'What became of a claim, and why',
        params: parametersOf({ id: HASH }, ['id']),
        response: answers({ 200: EXPLANATION }, [400, 404]),
      },
    },
    async ({ params }) => {
      const told = await ledger.explain(params.id);
      if (told.status === 'unknown') throw noSuchClaim(params.id);
      return explanationJson(told);
    },
  );
}

/** The problem of a claim that is not there. */
export function noSuchClaim(id: string): Problem {
  return new Problem(404, {
    code: 'no-such-claim',
    detail: `the ledger has no claim ${id}`,
    fix: 'POST /rewards/claims answers with the id of a claim',
    field: 'id',
  });
}

function explanationJson({
  key,
  claim: record,
  status,
  events,
  sentences,
}: ClaimExplanation): object {
  return {
    claim_id: key,
    status,
    ...(record === null
      ? {}
      : {
          recipient: record.recipient,
          ...amount('claimed_bly', record.claimed),
          ...amount('granted_bly', grantedUnits(record)),
          ...amount('queued_bly', record.queued),
          ...amount('expired_bly', record.expired),
          ...amount('pending_bly', pendingUnits(record)),
          ...amount('paid_bly', record.paid),
          ...amount('voided_bly', record.voided),
          pending: record.tranches.map(({ matureAtMs, units }) => ({
            final_from: new Date(matureAtMs).toISOString(),
            ...amount('bly', units),
          })),
        }),
    events: events.map((event) => ({
      sequence: event.sequence,
      time: new Date(event.timeMs).toISOString(),
      hour: event.epoch,
      kind: event.kind,
      outcome: event.outcome,
      reason: event.refusal?.reason ?? event.reason,
      ...(event.formula === null ? {} : { formula: event.formula }),
    })),
    explanation: sentences,
  };
}

const RECORD = {
  recipient: TEXT,
  ...amountSchema('claimed_bly'),
  ...amountSchema('granted_bly'),
  ...amountSchema('queued_bly'),
  ...amountSchema('expired_bly'),
  ...amountSchema('pending_bly', 'granted, and final when nobody wins a challenge; '),
  ...amountSchema('paid_bly'),
  ...amountSchema('voided_bly'),
  pending: listOf(objectOf({ final_from: TIME, ...amountSchema('bly') })),
};

const EXPLANATION = objectOf(
  {
    claim_id: HASH,
    status: { enum: ['rejected', 'unpaid', 'pending', 'reduced', 'paid'] },
    ...RECORD,
    events: listOf(
      objectOf(
        {
          ...{ sequence: WHOLE, time: TIME, hour: WHOLE, kind: TEXT, reason: TEXT },
          outcome: { enum: ['posted', 'rejected'] },
          formula: FORMULA,
        },
        ['formula'],
      ),
    ),
    explanation: listOf(TEXT),
  },
  Object.keys(RECORD),
);
