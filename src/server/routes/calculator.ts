// GET /rewards/calculator: what a habit of work would earn, a unit of it, a day and a week.
//   inference_hour      tokens_per_hour, quality, hours_per_day           learning_session   …, sessions_per_day
//   validation_batch    validation_tasks, complexity, batches_per_day     dataset_upload     …, uploads_per_week
//   custom              work of any kinds, once

import type { FastifyInstance } from 'fastify';
import { BUCKETS, type Bucket } from '../../payouts/buckets/bucket.js';
import { Problem } from '../problem.js';
import { amount } from '../figures.js';
import {
  amountSchema,
  answers,
  decimalParameter,
  FORMULA,
  listOf,
  objectOf,
  parametersOf,
  recordOf,
  TEXT,
  TRUTH,
  wholeParameter,
} from '../schema.js';
import {
  pricesOf,
  priceOf,
  WORK_PARAMETERS,
  type PricedWork,
  type WorkQuery,
} from '../work-query.js';
import type { EstimateSources } from './estimate.js';

/** A scenario with its usual work. */
interface Scenario {
  readonly kind: Bucket;
  /** What one unit is called. */
  readonly unit: string;
  /** Parameters that it takes, with their values where nobody says. */
  readonly work: Readonly<Record<string, string | null>>;
  /** How often, how much where nobody says, how much at most, and days of that period. */
  readonly times: {
    readonly name: string;
    readonly usual: number;
    readonly most: number;
    readonly days: 1 | 7;
  };
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  inference_hour: {
    kind: 'inference',
    unit: 'hour',
    work: { tokens_per_hour: '100000', quality: null },
    times: { name: 'hours_per_day', usual: 8, most: 24, days: 1 },
  },
  learning_session: {
    kind: 'learning',
    unit: 'session',
    work: { improvement_pct: '2', difficulty: null, applicability: null },
    times: { name: 'sessions_per_day', usual: 1, most: 1000, days: 1 },
  },
  validation_batch: {
    kind: 'validation',
    unit: 'batch',
    work: { validation_tasks: '50', complexity: null },
    times: { name: 'batches_per_day', usual: 1, most: 1000, days: 1 },
  },
  dataset_upload: {
    kind: 'dataset',
    unit: 'upload',
    work: { dataset_gb: '10', dataset_quality: null, dataset_diversity: null },
    times: { name: 'uploads_per_week', usual: 1, most: 1000, days: 7 },
  },
};

const CUSTOM = 'custom';
const NAMES = [...Object.keys(SCENARIOS), CUSTOM];
const DAYS = 7n;

type Query = WorkQuery & { readonly scenario: string };

/** Registers the route. */
export function calculatorRoute(app: FastifyInstance, sources: EstimateSources): void {
  app.get<{ Querystring: Query }>(
    '/rewards/calculator',
    {
      schema: {
        tags: ['rewards'],
        summary: 'What a habit of work would earn',
        querystring: parametersOf(PARAMETERS, ['scenario']),
        response: answers({ 200: ANSWER }, [400, 422]),
      },
    },
    async ({ query }) => answerOf(sources, query),
  );
}

function answerOf({ distributor, view }: EstimateSources, query: Query): object {
  const { policy } = distributor.config;
  const { scenario: name } = query;
  const scenario = SCENARIOS[name];
  checkParameters(name, scenario, query);
  const inputs = scenario === undefined ? workOf(query) : inputsOf(scenario, query);
  const prices: readonly PricedWork[] =
    scenario === undefined
      ? pricesOf(policy, inputs)
      : [{ kind: scenario.kind, worth: priceOf(policy, scenario.kind, namedWork(inputs)) }];
  const once = prices.reduce((sum, { worth }) => sum + worth.units, 0n);
  const isThere = prices.every(({ kind, worth }) => worth.units <= view.available(kind));
  return {
    scenario: name,
    inputs,
    unit: scenario?.unit ?? 'once',
    lines: prices.map(({ kind, worth }) => ({
      kind,
      ...amount('reward_bly', worth.units),
      formula: worth.formula,
    })),
    ...amount('total_bly', once),
    ...(scenario === undefined
      ? {}
      : periodsOf(scenario, BigInt(inputs[scenario.times.name]), once)),
    budget_available: isThere,
    notes: ['Estimates include active balancing'],
  };
}

function periodsOf({ times: { days } }: Scenario, count: bigint, once: bigint): object {
  const weekly = days === 1 ? once * count * DAYS : once * count;
  return {
    ...(days === 1 ? amount('per_day_bly', once * count) : {}),
    ...amount('per_week_bly', weekly),
  };
}

/** Parameters that a scenario does not take are refused, so that nobody believes that they count. */
function checkParameters(name: string, scenario: Scenario | undefined, query: Query): void {
  const known =
    scenario === undefined
      ? Object.keys(WORK_PARAMETERS)
      : [...Object.keys(scenario.work), scenario.times.name];
  for (const field of Object.keys(query)) {
    if (field === 'scenario' || known.includes(field)) continue;
    throw new Problem(400, {
      code: 'malformed',
      detail: `${field}: scenario ${name} has no such parameter`,
      fix: `it takes ${known.join(', ')}`,
      field,
    });
  }
}

function workOf({ scenario: _, ...work }: Query): Readonly<Record<string, string>> {
  return work as Readonly<Record<string, string>>;
}

function inputsOf({ work, times }: Scenario, query: Query): Readonly<Record<string, string>> {
  const inputs: Record<string, string> = {};
  for (const [name, usual] of Object.entries(work)) {
    const value = query[name] ?? usual;
    if (value !== null) inputs[name] = value;
  }
  const count = query[times.name] ?? String(times.usual);
  if (Number(count) > times.most) {
    const detail = `${times.name}: expected at most ${times.most}, found ${count}`;
    throw new Problem(422, { code: 'out-of-range', detail, field: times.name });
  }
  return { ...inputs, [times.name]: count };
}

/** The work of one unit under the names of estimates. */
function namedWork({
  tokens_per_hour: tokens,
  ...work
}: Readonly<Record<string, string>>): WorkQuery {
  return tokens === undefined ? work : { ...work, tokens };
}

const PARAMETERS = {
  scenario: { enum: NAMES, description: 'what kind of habit' },
  tokens_per_hour: decimalParameter('tokens of an hour', '100000'),
  ...WORK_PARAMETERS,
  ...Object.fromEntries(
    Object.values(SCENARIOS).map(({ times: { name, most, usual } }) => [
      name,
      wholeParameter(`at most ${most}; ${usual} where nobody says`, 4),
    ]),
  ),
};

const ANSWER = objectOf(
  {
    scenario: { enum: NAMES },
    inputs: recordOf(TEXT),
    unit: TEXT,
    lines: listOf(
      objectOf({ kind: { enum: [...BUCKETS] }, ...amountSchema('reward_bly'), formula: FORMULA }),
    ),
    ...amountSchema('total_bly', 'of one unit; '),
    ...amountSchema('per_day_bly'),
    ...amountSchema('per_week_bly'),
    budget_available: TRUTH,
    notes: listOf(TEXT),
  },
  ['per_day_bly', 'per_day_bly_exact', 'per_week_bly', 'per_week_bly_exact'],
);
