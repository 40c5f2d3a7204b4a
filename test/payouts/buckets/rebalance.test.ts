// Shares of an hour's budget, held against a water-fill in exact fractions that is computed another way:
// buckets are filled in the order in which they become full, not in rounds.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BUCKETS,
  perBucket,
  type Bucket,
  type PerBucket,
} from '../../../src/payouts/buckets/bucket.js';
import { WEIGHT_PARTS } from '../../../src/payouts/buckets/bucket-state.js';
import {
  allot,
  inProportion,
  smoothedDemand,
  spendable,
} from '../../../src/payouts/buckets/rebalance.js';
import { PARTS, type BucketPolicy } from '../../../src/payouts/buckets/policy.js';
import { startState } from '../../../src/payouts/buckets/settle-hour.js';
import { BLY, HOUR_UNITS, policyWith, total } from './policies.js';

const packaged = policyWith();
const none = perBucket(() => 0n);

/** Shares in parts per million: floor ≤ split ≤ ceiling, Σ split = 1. */
const four = <T>(each: fc.Arbitrary<T>) => fc.tuple(each, each, each, each);
/** Ends are as likely as all between: shares of 0, floors and ceilings that are the split. */
const upTo = (most: number) => fc.oneof(fc.constant(0), fc.integer({ min: 0, max: most }));
const policies = fc
  .tuple(
    four(upTo(1000)).filter((weights) => weights.some((weight) => weight > 0)),
    fc.oneof(four(upTo(100)), fc.constant([100, 100, 100, 100] as const)),
    fc.oneof(four(upTo(100)), fc.constant([0, 0, 0, 0] as const)),
    fc.constantFrom(0n, 250_000n, 1_000_000n, 333_333n),
    fc.shuffledSubarray([...BUCKETS], { minLength: 4 }),
  )
  .map(([weights, down, up, smoothing, priority]): BucketPolicy => {
    const weight = perBucket((b) => BigInt(weights[BUCKETS.indexOf(b)]));
    const split = inProportion(PARTS, weight);
    const at = (b: Bucket, of: readonly number[]) => BigInt(of[BUCKETS.indexOf(b)]);
    return {
      ...packaged,
      split,
      floors: perBucket((b) => (split[b] * at(b, down)) / 100n),
      ceilings: perBucket((b) => split[b] + ((PARTS - split[b]) * at(b, up)) / 100n),
      smoothing,
      backpay: { ...packaged.backpay, priority },
    };
  });
const amounts = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 15n }));
const demands = fc
  .tuple(amounts, amounts, amounts, amounts)
  .map((of) => perBucket((bucket) => of[BUCKETS.indexOf(bucket)]));
const available = fc.oneof(
  fc.constant(HOUR_UNITS),
  fc.bigInt({ min: 0n, max: 50n }),
  fc.bigInt({ min: 0n, max: 10n ** 15n }),
);
/** Averages as they come about: the prior, and a few hours of demand. */
const averages = (policy: BucketPolicy, hours: readonly PerBucket<bigint>[]) =>
  hours.reduce(
    (smoothed, demand) => smoothedDemand(policy, smoothed, demand),
    startState(policy, 0).smoothed,
  );

/** A fraction as [numerator, denominator]. */
type Fraction = readonly [bigint, bigint];

/** Exact shares: floors, then each bucket in the order in which a rising level would fill it. */
function exactShares(
  { floors, ceilings, split }: BucketPolicy,
  units: bigint,
  smoothed: PerBucket<bigint>,
): PerBucket<Fraction> {
  // In units of 1/PARTS of a base unit all rooms are integers; levels are fractions left / Σ weight.
  const share = new Map<Bucket, Fraction>(BUCKETS.map((b) => [b, [floors[b] * units, 1n]]));
  let left = units * (PARTS - total(floors));
  for (const weights of [smoothed, split]) {
    const room = (b: Bucket) => ceilings[b] * units - (share.get(b) as Fraction)[0];
    const open = BUCKETS.filter((b) => weights[b] > 0n && room(b) > 0n);
    open.sort((a, b) => {
      const difference = room(a) * weights[b] - room(b) * weights[a];
      return difference < 0n ? -1 : difference > 0n ? 1 : 0;
    });
    let sum = open.reduce((all, b) => all + weights[b], 0n);
    for (const [i, bucket] of open.entries()) {
      if (room(bucket) * sum <= left * weights[bucket]) {
        left -= room(bucket);
        share.set(bucket, [ceilings[bucket] * units, 1n]);
        sum -= weights[bucket];
        continue;
      }
      for (const each of open.slice(i)) {
        const [base] = share.get(each) as Fraction;
        share.set(each, [base * sum + left * weights[each], sum]);
      }
      return perBucket((b) => share.get(b) as Fraction);
    }
  }
  return perBucket((b) => share.get(b) as Fraction);
}

const spread = { numRuns: 400 };

describe('shares of an hour', () => {
  it('sum to what is available, between floors and ceilings, within a unit a bucket of fractions', () => {
    fc.assert(
      fc.property(
        policies,
        available,
        demands,
        fc.array(demands, { maxLength: 4 }),
        (policy, units, demand, past) => {
          fc.pre(total(demand) > 0n);
          const smoothed = averages(policy, [...past, demand]);
          const shares = allot(policy, units, smoothed, demand);
          expect(total(shares)).toBe(units);
          const exact = exactShares(policy, units, smoothed);
          for (const b of BUCKETS) {
            expect((shares[b] + 1n) * PARTS > policy.floors[b] * units).toBe(true);
            expect((shares[b] - 1n) * PARTS < policy.ceilings[b] * units).toBe(true);
            const [top, bottom] = exact[b];
            const off = shares[b] * PARTS * bottom - top;
            expect((off < 0n ? -off : off) <= 4n * PARTS * bottom).toBe(true);
          }
        },
      ),
      spread,
    );
  });

  it('keep floors and ceilings to the unit where whole units can', () => {
    fc.assert(
      fc.property(demands, fc.bigInt({ min: 100n, max: 10n ** 15n }), (demand, units) => {
        fc.pre(total(demand) > 0n);
        const shares = allot(packaged, units, averages(packaged, [demand]), demand);
        for (const b of BUCKETS) {
          expect(shares[b] * PARTS >= packaged.floors[b] * units).toBe(true);
          expect(shares[b] * PARTS <= packaged.ceilings[b] * units).toBe(true);
        }
      }),
      spread,
    );
  });

  it('are the targets when nobody claims anything, whatever the average is', () => {
    fc.assert(
      fc.property(policies, available, demands, (policy, units, demand) => {
        const shares = allot(policy, units, averages(policy, [demand]), none);
        expect(total(shares)).toBe(units);
        for (const b of BUCKETS) {
          const off = shares[b] * PARTS - policy.split[b] * units;
          expect((off < 0n ? -off : off) <= 3n * PARTS).toBe(true);
        }
      }),
      spread,
    );
    const shares = allot(packaged, HOUR_UNITS, startState(packaged, 0).smoothed, none);
    expect(shares).toEqual({
      inference: 5_136_975_000_000n,
      learning: 3_995_425_000_000n,
      validation: 1_141_550_000_000n,
      dataset: 1_141_550_000_000n,
    });
  });

  it('never fall for a bucket whose demand alone grows', () => {
    fc.assert(
      fc.property(
        policies,
        available,
        demands,
        fc.array(demands, { maxLength: 3 }),
        fc.constantFrom(...BUCKETS),
        fc.oneof(fc.constant(1n), fc.bigInt({ min: 1n, max: 10n ** 15n })),
        (policy, units, demand, past, bucket, more) => {
          fc.pre(total(demand) > 0n);
          const before = averages(policy, past);
          const raised = { ...demand, [bucket]: demand[bucket] + more };
          const shareOf = (wanted: PerBucket<bigint>) =>
            allot(policy, units, smoothedDemand(policy, before, wanted), wanted)[bucket];
          expect(shareOf(raised) >= shareOf(demand)).toBe(true);
        },
      ),
      spread,
    );
  });

  it('follow demand by hand: all of it for data is the ceiling of data, and the rest by the average', () => {
    // s = 1/4: smoothed = 3/4 · split + 1/4 · (0, 0, 0, 1) = .3375 .2625 .075 .325, spread 0.35.
    const demand = { ...none, dataset: BLY };
    const smoothed = smoothedDemand(packaged, startState(packaged, 0).smoothed, demand);
    expect(smoothed).toEqual({
      inference: 337_500_000n,
      learning: 262_500_000n,
      validation: 75_000_000n,
      dataset: 325_000_000n,
    });
    // Data is full at .15; 0.25 is left for .3375 : .2625 : .075, half, 7/18 and 1/9 of it.
    const shares = allot(packaged, 36_000_000n, smoothed, demand);
    expect(shares).toEqual({
      inference: 10_800_000n + 4_500_000n,
      learning: 9_000_000n + 3_500_000n,
      validation: 1_800_000n + 1_000_000n,
      dataset: 5_400_000n,
    });
  });
});

describe('the average of demand', () => {
  it('keeps its sum and is the fraction within a part in 10⁹', () => {
    fc.assert(
      fc.property(policies, demands, demands, (policy, first, second) => {
        const before = averages(policy, [first]);
        const after = smoothedDemand(policy, before, second);
        expect(total(after)).toBe(WEIGHT_PARTS);
        const sum = total(second);
        for (const b of BUCKETS) {
          expect(after[b] >= 0n).toBe(true);
          const [top, bottom] = sum > 0n ? [second[b], sum] : [policy.split[b], PARTS];
          const exact =
            (PARTS - policy.smoothing) * before[b] * bottom + policy.smoothing * WEIGHT_PARTS * top;
          const off = after[b] * PARTS * bottom - exact;
          expect((off < 0n ? -off : off) <= 2n * PARTS * bottom).toBe(true);
        }
      }),
      spread,
    );
  });

  it('goes back to the targets while nobody claims', () => {
    let smoothed = averages(packaged, [{ ...none, validation: 1n }]);
    const distance = () => smoothed.validation - 100_000_000n;
    for (let hour = 0; hour < 60; hour++) {
      const before = distance();
      smoothed = smoothedDemand(packaged, smoothed, none);
      expect(distance() <= before).toBe(true);
    }
    expect(distance() < 10n).toBe(true);
  });
});

describe('loans', () => {
  it('go by priority, from above floors, and carry nobody above a ceiling', () => {
    fc.assert(
      fc.property(policies, available, demands, (policy, units, demand) => {
        fc.pre(total(demand) > 0n);
        const shares = allot(policy, units, averages(policy, [demand]), demand);
        const budgets = spendable(policy, units, shares, demand);
        expect(total(budgets) <= units).toBe(true);
        for (const b of BUCKETS) {
          const own = demand[b] < shares[b] ? demand[b] : shares[b];
          expect(budgets[b] >= own && budgets[b] <= demand[b]).toBe(true);
          const isLent = budgets[b] > shares[b];
          if (isLent) expect((budgets[b] - 1n) * PARTS < policy.ceilings[b] * units).toBe(true);
        }
        // A bucket that could take more has taken all that those before it left.
        const isShort = (b: Bucket) =>
          budgets[b] < demand[b] && (budgets[b] + 1n) * PARTS <= policy.ceilings[b] * units;
        const first = policy.backpay.priority.findIndex(isShort);
        const later = first < 0 ? [] : policy.backpay.priority.slice(first + 1);
        for (const b of later) expect(budgets[b] <= shares[b]).toBe(true);
        // What is left while somebody could take it is no more than floors.
        const idle = BUCKETS.filter((b) => demand[b] < shares[b]);
        const kept = idle.reduce((sum, b) => {
          const floor = (policy.floors[b] * units) / PARTS + 1n;
          return sum + (floor > demand[b] ? floor - demand[b] : 0n);
        }, 0n);
        if (first >= 0) expect(units - total(budgets) <= kept).toBe(true);
      }),
      spread,
    );
  });

  it('are counted by hand', () => {
    // Of 100: shares 45 35 10 10, floors 30 25 5 5, ceilings 60 50 15 15. Inference wants 20 and lends
    // 45 − 30; data wants nothing and lends 10 − 5. Learning comes first, to its ceiling; then validation.
    const shares = perBucket((b) => packaged.split[b] / 10_000n);
    const wanted = { inference: 20n, learning: 90n, validation: 90n, dataset: 0n };
    expect(spendable(packaged, 100n, shares, wanted)).toEqual({
      inference: 20n,
      learning: 50n,
      validation: 15n,
      dataset: 0n,
    });
    // Inference wants 43 and lends 2: with the 5 of data that is 7, all of them for learning.
    const scarce = spendable(packaged, 100n, shares, { ...wanted, inference: 43n });
    expect(scarce).toEqual({ inference: 43n, learning: 42n, validation: 10n, dataset: 0n });
    const priority = ['validation', 'learning', 'dataset', 'inference'] as const;
    const other = { ...packaged, backpay: { ...packaged.backpay, priority } };
    expect(spendable(other, 100n, shares, { ...wanted, inference: 43n })).toEqual({
      inference: 43n,
      learning: 37n,
      validation: 15n,
      dataset: 0n,
    });
  });
});
