// Work as the parameters of a query: which kinds are asked about, and what each is worth. Names are those of
// the API; the formulas call them otherwise, so errors are told in the names of the API.

import { BUCKETS, type Bucket, type PerBucket } from '../payouts/buckets/bucket.js';
import type { Worth } from '../payouts/buckets/formulas.js';
import type { BucketPolicy } from '../payouts/buckets/policy.js';
import { workUnits, type Work } from '../payouts/buckets/work-units.js';
import { callersFault, Problem } from './problem.js';
import { decimalParameter, type Schema } from './schema.js';

/** Parameters of work, as texts. */
export type WorkQuery = Readonly<Record<string, string | undefined>>;

/** One kind of work of a query. */
export interface PricedWork {
  readonly kind: Bucket;
  readonly worth: Worth;
}

/** Fields of a kind: the API's name, then the formula's. The first is the amount of work. */
const FIELDS: PerBucket<readonly (readonly [string, string])[]> = {
  inference: [
    ['tokens', 'tokens'],
    ['quality', 'quality'],
  ],
  learning: [
    ['improvement_pct', 'improvementPct'],
    ['difficulty', 'difficulty'],
    ['applicability', 'applicability'],
  ],
  validation: [
    ['validation_tasks', 'tasks'],
    ['complexity', 'complexity'],
  ],
  dataset: [
    ['dataset_gb', 'gb'],
    ['dataset_quality', 'quality'],
    ['dataset_diversity', 'diversity'],
  ],
};

const NAMES = Object.fromEntries(
  BUCKETS.map((kind) => [kind, Object.fromEntries(FIELDS[kind].map(([api, own]) => [own, api]))]),
);

/** Schemas of all parameters of work. */
export const WORK_PARAMETERS: Readonly<Record<string, Schema>> = {
  tokens: decimalParameter('tokens processed', '100000'),
  quality: decimalParameter('quality of inference', '1.1'),
  improvement_pct: decimalParameter('validated improvement in percent', '2'),
  difficulty: decimalParameter('difficulty of learning', '2.0'),
  applicability: decimalParameter('how widely the improvement is of use', '1'),
  validation_tasks: decimalParameter('validation tasks completed', '50'),
  complexity: decimalParameter('complexity of the tasks', '1'),
  dataset_gb: decimalParameter('gigabytes of 10^9 bytes', '10'),
  dataset_quality: decimalParameter('quality of the data', '0.9'),
  dataset_diversity: decimalParameter('diversity of the data', '1'),
};

/**
 * Prices all work of a query. Throws problems: 400 for no work, and for a multiplier without its work; 422 for
 * what is outside its range. About 5 µs a kind.
 */
export function pricesOf(policy: BucketPolicy, query: WorkQuery): readonly PricedWork[] {
  const prices: PricedWork[] = [];
  for (const kind of BUCKETS) {
    const fields = FIELDS[kind];
    const [[amountName]] = fields;
    if (query[amountName] === undefined) {
      checkNone(query, kind);
      continue;
    }
    prices.push({ kind, worth: priceOf(policy, kind, query) });
  }
  if (prices.length > 0) return prices;
  const amounts = BUCKETS.map((kind) => FIELDS[kind][0][0]).join(', ');
  throw new Problem(400, {
    code: 'malformed',
    detail: `expected work of some kind: ${amounts}; found none`,
    fix: 'ask like ?tokens=100000&quality=1.1',
  });
}

/** What work of one kind is worth; multipliers are strictly in their range, or 422. */
export function priceOf(policy: BucketPolicy, kind: Bucket, query: WorkQuery): Worth {
  const work: Record<string, string> = {};
  for (const [api, own] of FIELDS[kind]) {
    const value = query[api];
    if (value !== undefined) work[own] = value;
  }
  const price = (): Worth => workUnits(policy, kind, work as unknown as Work, 'strict');
  return callersFault(422, 'out-of-range', price, NAMES[kind]);
}

function checkNone(query: WorkQuery, kind: Bucket): void {
  const [[amountName], ...factors] = FIELDS[kind];
  for (const [field] of factors) {
    if (query[field] === undefined) continue;
    throw new Problem(400, {
      code: 'malformed',
      detail: `${field}: expected ${amountName} with it, found none`,
      fix: 'a multiplier goes with the amount of work that it multiplies',
      field,
    });
  }
}
