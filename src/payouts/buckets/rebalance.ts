// Who gets which share of an hour's budget. Integers only, and a function of the sums of demand alone, so
// no order of claims can matter.
//   newest_b   = d_b / Σ d                               in parts of 10⁹
//   smoothed_b = (1 − s) · smoothed_b + s · newest_b     Σ is kept; the prior is the split
//   share_b    = floor_b + water-fill of (1 − Σ floors) by smoothed_b, clipped at ceiling_b
// Whole units: floors are rounded up and ceilings down, and what flooring a proportion leaves goes to the
// largest remainders, ties in the order of buckets. Σ share = available. A bucket whose demand alone grows
// never gets less. No demand anywhere: the targets, and the average moves towards them.

import { BUCKETS, perBucket, sumOf, type Bucket, type PerBucket } from './bucket.js';
import { WEIGHT_PARTS } from './bucket-state.js';
import { larger, smaller } from './budget.js';
import { PARTS, type BucketPolicy } from './policy.js';

/** The least and the most that a bucket may get of what is available, in base units. */
export interface Bounds {
  readonly floors: PerBucket<bigint>;
  readonly ceilings: PerBucket<bigint>;
}

/**
 * `total` in proportion to weights: floors, then one unit each to the largest remainders, ties in the order
 * of buckets. Σ is `total`; with no weight at all, nothing is given.
 */
export function inProportion(total: bigint, weights: PerBucket<bigint>): PerBucket<bigint> {
  const sum = sumOf(weights);
  if (sum === 0n) return perBucket(() => 0n);
  const parts = perBucket((bucket) => (total * weights[bucket]) / sum);
  const remainder = perBucket((bucket) => (total * weights[bucket]) % sum);
  const left = Number(total - sumOf(parts));
  // Array.sort is stable: equal remainders keep the order of buckets.
  const byRemainder = [...BUCKETS].sort((a, b) => sign(remainder[b] - remainder[a]));
  const lucky = byRemainder.slice(0, left);
  return perBucket((bucket) => parts[bucket] + (lucky.includes(bucket) ? 1n : 0n));
}

/** The average of demand with the newest hour in it. */
export function smoothedDemand(
  { split, smoothing }: BucketPolicy,
  smoothed: PerBucket<bigint>,
  demand: PerBucket<bigint>,
): PerBucket<bigint> {
  const newest = inProportion(WEIGHT_PARTS, sumOf(demand) > 0n ? demand : split);
  const mixed = perBucket((b) => (PARTS - smoothing) * smoothed[b] + smoothing * newest[b]);
  return inProportion(WEIGHT_PARTS, mixed);
}

/**
 * Floors rounded up and ceilings rounded down; where so few units are there that these cannot be met,
 * floors down or ceilings up.
 */
export function boundsOf({ floors, ceilings }: BucketPolicy, available: bigint): Bounds {
  const down = (share: bigint) => (share * available) / PARTS;
  const up = (share: bigint) => (share * available + PARTS - 1n) / PARTS;
  const least = perBucket((bucket) => up(floors[bucket]));
  const most = perBucket((bucket) => down(ceilings[bucket]));
  const fits = sumOf(least) <= available && BUCKETS.every((b) => least[b] <= most[b]);
  const meets = fits && sumOf(most) >= available;
  if (meets) return { floors: least, ceilings: most };
  return {
    floors: perBucket((bucket) => down(floors[bucket])),
    ceilings: perBucket((bucket) => up(ceilings[bucket])),
  };
}

/** Shares of what is available, in base units; Σ is `available`. `smoothed` has the hour in it. */
export function allot(
  policy: BucketPolicy,
  available: bigint,
  smoothed: PerBucket<bigint>,
  demand: PerBucket<bigint>,
): PerBucket<bigint> {
  const { floors, ceilings } = boundsOf(policy, available);
  const weights = sumOf(demand) > 0n ? smoothed : policy.split;
  const base = sumOf(demand) > 0n ? floors : perBucket(() => 0n);
  let shares = base;
  // Demand first; what no demand can take by the targets; then wherever there is room.
  for (const by of [weights, policy.split, ceilings]) {
    shares = waterFill(available - sumOf(shares), by, shares, ceilings);
  }
  return shares;
}

/**
 * Adds `total` to shares by weights, none above its ceiling: what a full bucket cannot take is spread over
 * the others again. Gives all of it unless every bucket with a weight is full.
 */
function waterFill(
  total: bigint,
  weights: PerBucket<bigint>,
  shares: PerBucket<bigint>,
  ceilings: PerBucket<bigint>,
): PerBucket<bigint> {
  const full = new Set<Bucket>();
  const room = perBucket((bucket) => ceilings[bucket] - shares[bucket]);
  let left = total;
  for (;;) {
    const open = perBucket((bucket) => (full.has(bucket) ? 0n : weights[bucket]));
    const sum = sumOf(open);
    // In exact fractions: left · weight / Σ ≥ room.
    const clipped = BUCKETS.filter(
      (b) => open[b] > 0n && !full.has(b) && left * open[b] >= room[b] * sum,
    );
    if (clipped.length === 0) {
      const parts = inProportion(left, open);
      return perBucket((b) => shares[b] + (full.has(b) ? room[b] : parts[b]));
    }
    for (const bucket of clipped) {
      full.add(bucket);
      left -= room[bucket];
    }
  }
}

/**
 * What each bucket may grant: its own demand up to its allotment, and loans. A bucket lends what it cannot
 * use of its allotment above its floor; loans go to the demand of others by `backpay.priority`, and carry
 * none above its ceiling. What is left of floors is lent to nobody.
 */
export function spendable(
  policy: BucketPolicy,
  available: bigint,
  allotted: PerBucket<bigint>,
  demand: PerBucket<bigint>,
): PerBucket<bigint> {
  const { floors, ceilings } = boundsOf(policy, available);
  const own = perBucket((bucket) => smaller(demand[bucket], allotted[bucket]));
  let pool = sumOf(perBucket((b) => larger(0n, allotted[b] - larger(own[b], floors[b]))));
  const loans = new Map<Bucket, bigint>();
  for (const bucket of policy.backpay.priority) {
    const room = larger(0n, ceilings[bucket] - own[bucket]);
    const loan = smaller(pool, smaller(demand[bucket] - own[bucket], room));
    loans.set(bucket, loan);
    pool -= loan;
  }
  return perBucket((bucket) => own[bucket] + (loans.get(bucket) ?? 0n));
}

function sign(value: bigint): number {
  return value > 0n ? 1 : value < 0n ? -1 : 0;
}
