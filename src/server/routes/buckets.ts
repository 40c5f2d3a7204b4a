// GET /rewards/buckets/status and /rewards/buckets/metrics: the budget now, and hour by hour.

import type { FastifyInstance } from 'fastify';
import { HOUR_MS } from '../../payouts/accounting-hour.js';
import { BUCKETS, perBucket, type Bucket } from '../../payouts/buckets/bucket.js';
import type { AutomaticRewardDistributor } from '../../payouts/buckets/distributor.js';
import { utilisationOf, type BudgetView, type ViewedHour } from '../budget-view.js';
import { amount, shareOf, tokensOf } from '../figures.js';
import {
  amountSchema,
  answers,
  listOf,
  NUMBER,
  objectOf,
  parametersOf,
  TIME,
  WHOLE,
  wholeParameter,
  type Schema,
} from '../schema.js';

/** What the routes need. */
export interface BucketSources {
  readonly distributor: AutomaticRewardDistributor;
  readonly view: BudgetView;
}

/** Hours that are told where nobody says how many, and at most. */
const USUAL_HOURS = 168;
const MOST_HOURS = 336;

/** Registers both routes. */
export function bucketRoutes(app: FastifyInstance, sources: BucketSources): void {
  app.get(
    '/rewards/buckets/status',
    {
      schema: {
        tags: ['rewards'],
        summary: 'The budget of this hour by bucket',
        response: answers({ 200: STATUS }),
      },
    },
    async () => statusOf(sources),
  );
  app.get<{ Querystring: { readonly hours?: string } }>(
    '/rewards/buckets/metrics',
    {
      schema: {
        tags: ['rewards'],
        summary: 'Settled hours, newest last',
        querystring: parametersOf({ hours: wholeParameter(`how many, at most ${MOST_HOURS}`, 4) }),
        response: answers({ 200: METRICS }, [400]),
      },
    },
    async ({ query }) => {
      const count = Math.min(MOST_HOURS, Number(query.hours ?? USUAL_HOURS));
      return { hours: sources.view.hours(count).map(hourJson) };
    },
  );
}

/** The budget of the present hour as JSON. */
export function statusOf({ distributor, view }: BucketSources): object {
  const { policy } = distributor.config;
  const outlook = view.outlook();
  const { hour, state } = outlook;
  const { units, claims } = distributor.present;
  const last = view.lastHour();
  const totals = distributor.state?.totals ?? perBucket(() => 0n);
  const bucketJson = (bucket: Bucket): object => ({
    target_pct: shareOf(policy.split[bucket]),
    floor_pct: shareOf(policy.floors[bucket]),
    ceiling_pct: shareOf(policy.ceilings[bucket]),
    ...amount('allotted_bly', unitsIn(last, 'allotted', bucket)),
    ...amount('granted_bly', unitsIn(last, 'granted', bucket)),
    ...amount('available_bly', view.available(bucket)),
    ...amount('claimed_bly', units[bucket]),
    claims: claims[bucket],
    utilization: last === null ? 0 : utilisationOf(last, bucket),
    ...amount('backpay_bly', outlook.queued[bucket].units),
    backpay_claims: outlook.queued[bucket].claims,
    ...amount('total_bly', totals[bucket]),
  });
  return {
    hour,
    hour_start: timeOf(hour),
    next_settlement: nextSettlement(hour, policy.distribution.intervalMs),
    ...amount('hour_budget_bly', outlook.fresh),
    ...amount('rollover_bly', outlook.rolledOver),
    buckets: perBucket(bucketJson),
    year: {
      year: outlook.year,
      ...amount('granted_bly', outlook.grantedInYear),
      ...amount('cap_bly', outlook.yearCap),
    },
    tranches: state.tranches.map((each) => ({ hour: each.hour, ...amount('bly', each.units) })),
  };
}

function unitsIn(last: ViewedHour | null, name: 'allotted' | 'granted', bucket: Bucket): bigint {
  return last === null ? 0n : BigInt(last.numbers[name][bucket]);
}

function nextSettlement(hour: number, intervalMs: number): string {
  const interval = intervalMs / HOUR_MS;
  return timeOf((Math.floor(hour / interval) + 1) * interval);
}

function timeOf(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString();
}

function hourJson({ hour, numbers }: ViewedHour): object {
  const tokens = (text: string): number => tokensOf(BigInt(text));
  return {
    hour,
    start: timeOf(hour),
    fresh_bly: tokens(numbers.fresh),
    rolled_over_bly: tokens(numbers.rolledOver),
    available_bly: tokens(numbers.available),
    unspent_bly: tokens(numbers.unspent),
    returned_bly: tokens(numbers.returned),
    expired_bly: tokens(numbers.expired),
    slashed_bly: tokens(numbers.slashed),
    buckets: perBucket((bucket) => ({
      demand_bly: tokens(numbers.demand[bucket]),
      allotted_bly: tokens(numbers.allotted[bucket]),
      granted_bly: tokens(numbers.granted[bucket]),
      lent_bly: tokens(numbers.lent[bucket]),
      queued_bly: tokens(numbers.queued[bucket]),
      queued_claims: numbers.queuedClaims[bucket],
      opened: numbers.opened[bucket],
    })),
  };
}

function eachBucket(schema: Schema): Schema {
  return objectOf(Object.fromEntries(BUCKETS.map((bucket) => [bucket, schema])));
}

const STATUS = objectOf({
  hour: { ...WHOLE, description: 'hours since 1970, UTC' },
  hour_start: TIME,
  next_settlement: TIME,
  ...amountSchema('hour_budget_bly', 'fresh budget of this hour; '),
  ...amountSchema('rollover_bly', 'left over by the hours before; '),
  buckets: eachBucket(
    objectOf({
      target_pct: NUMBER,
      floor_pct: NUMBER,
      ceiling_pct: NUMBER,
      ...amountSchema('allotted_bly', 'in the last hour; '),
      ...amountSchema('granted_bly', 'in the last hour; '),
      ...amountSchema('available_bly', 'estimate for this hour; '),
      ...amountSchema('claimed_bly', 'this hour so far; '),
      claims: { ...WHOLE, description: 'this hour so far' },
      utilization: { ...NUMBER, description: 'granted / allotted of the last hour, 0 … 1' },
      ...amountSchema('backpay_bly', 'waiting in the queue; '),
      backpay_claims: WHOLE,
      ...amountSchema('total_bly', 'ever granted; '),
    }),
  ),
  year: objectOf({ year: WHOLE, ...amountSchema('granted_bly'), ...amountSchema('cap_bly') }),
  tranches: listOf(objectOf({ hour: WHOLE, ...amountSchema('bly') })),
});

const METRICS = objectOf({
  hours: listOf(
    objectOf({
      hour: WHOLE,
      start: TIME,
      ...{ fresh_bly: NUMBER, rolled_over_bly: NUMBER, available_bly: NUMBER, unspent_bly: NUMBER },
      ...{ returned_bly: NUMBER, expired_bly: NUMBER, slashed_bly: NUMBER },
      buckets: eachBucket(
        objectOf({
          ...{ demand_bly: NUMBER, allotted_bly: NUMBER, granted_bly: NUMBER, lent_bly: NUMBER },
          ...{ queued_bly: NUMBER, queued_claims: WHOLE, opened: WHOLE },
        }),
      ),
    }),
  ),
});
