// Random histories of hours: bursts, droughts, claims of earlier hours, rollover, expiry, years that end.
// Every unit is accounted for by a second book that knows nothing of the settlement's code: budgets as a
// list of hours that is spent from its front, claims as units owed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.js';
import { BUCKETS, type Bucket } from '../../../src/payouts/buckets/bucket.js';
import type {
  BucketState,
  OpenClaim,
  Settlement,
} from '../../../src/payouts/buckets/bucket-state.js';
import {
  freshBudget,
  hourBudget,
  yearBudget,
  yearOf,
} from '../../../src/payouts/buckets/budget.js';
import { PARTS, type BucketPolicy } from '../../../src/payouts/buckets/policy.js';
import { settleHour, startState } from '../../../src/payouts/buckets/settle-hour.js';
import { BLY, claim, hourOf, policyWith, total } from './policies.js';

const packaged = policyWith();

/** A second book: what each claim is owed, and budget by the hour it came in. */
class Book {
  readonly owed = new Map<string, { readonly claim: OpenClaim; units: bigint }>();
  budget: { readonly hour: number; units: bigint }[] = [];
  granted = new Map<number, bigint>();
  fresh = 0n;
  lost = 0n;

  constructor(private readonly policy: BucketPolicy) {}

  /** Checks a settlement, and books it. */
  book(settled: Settlement, opened: readonly OpenClaim[]): void {
    const { policy } = this;
    const { hour } = settled;
    for (const each of opened) this.owed.set(each.key, { claim: each, units: each.units });
    const demand = [...this.owed.values()].reduce((sum, { units }) => sum + units, 0n);
    expect(total(settled.demand)).toBe(demand);

    const k = BigInt(hour % 24);
    const fresh = (policy.dailyBudget * (k + 1n)) / 24n - (policy.dailyBudget * k) / 24n;
    expect(settled.fresh).toBe(fresh);
    this.fresh += fresh;
    const keeps = policy.rollover.enabled ? policy.rollover.hours : 0;
    this.drop((each) => each.hour + keeps < hour);
    expect(settled.rolledOver).toBe(this.rest());
    this.budget.push({ hour, units: fresh });
    const year = yearOf(hour);
    const before = this.granted.get(year) ?? 0n;
    const cap = (policy.totalSupply * policy.annualCap.numerator) / policy.annualCap.denominator;
    // What the cap takes goes from the back: the newest first.
    while (this.rest() > cap - before) {
      const last = this.budget[this.budget.length - 1];
      const over = this.rest() - (cap - before);
      const taken = over < last.units ? over : last.units;
      last.units -= taken;
      this.lost += taken;
      if (last.units === 0n) this.budget.pop();
    }
    expect(settled.available).toBe(this.rest());
    expect(settled.cut).toBe(settled.fresh + settled.rolledOver - settled.available);

    expect(total(settled.allotted)).toBe(settled.available);
    const spent = total(settled.granted);
    expect(settled.unspent).toBe(settled.available - spent);
    this.granted.set(year, before + spent);
    expect(settled.next.grantedInYear).toBe(before + spent);
    expect(before + spent <= cap).toBe(true);
    let left = spent;
    for (const each of this.budget) {
      const taken = left < each.units ? left : each.units;
      each.units -= taken;
      left -= taken;
    }
    const rest = this.rest();
    this.drop((each) => each.units === 0n || each.hour + keeps < hour + 1);
    expect(settled.returned).toBe(rest - this.rest());
    expect(settled.next.tranches).toEqual(this.budget);

    this.bookClaims(settled);
  }

  private bookClaims({ hour, grants, expiries, granted, next, available }: Settlement): void {
    const { floors, ceilings, backpay } = this.policy;
    const seen = new Set<string>();
    for (const { claim: of, units, left } of grants) {
      expect(seen.has(of.key)).toBe(false);
      seen.add(of.key);
      const owed = this.owed.get(of.key);
      expect(owed?.units).toBe(of.units);
      expect(units > 0n && units + left <= of.units).toBe(true);
      (owed as { units: bigint }).units -= units;
    }
    for (const bucket of BUCKETS) {
      const sum = grants
        .filter((each) => each.claim.bucket === bucket)
        .reduce((all, { units }) => all + units, 0n);
      expect(granted[bucket]).toBe(sum);
      expect((granted[bucket] - 1n) * PARTS < ceilings[bucket] * available).toBe(true);
      // A bucket that claims its floor gets it, but for what a pro rata cohort leaves by flooring.
      const wanted = sum + this.owedOf(bucket);
      const floor = (floors[bucket] * available) / PARTS;
      const least = wanted < floor ? wanted : floor;
      expect(sum + BigInt(this.owed.size) >= least).toBe(true);
    }
    for (const { claim: of, units } of expiries) {
      expect(this.owed.get(of.key)?.units).toBe(units);
      const isOld = hour - of.hour >= backpay.maxQueueHours;
      expect(isOld || !backpay.enabled).toBe(true);
      this.owed.delete(of.key);
    }
    for (const [key, { units }] of this.owed) if (units === 0n) this.owed.delete(key);
    // What waits is what is owed: each claim once, none too old, the recipients and hours as they were.
    const queued = BUCKETS.flatMap((bucket) => next.queue[bucket].flatMap(({ claims }) => claims));
    expect(queued.length).toBe(this.owed.size);
    for (const each of queued) {
      const owed = this.owed.get(each.key);
      expect(each).toEqual({ ...owed?.claim, units: owed?.units });
      expect(backpay.enabled && hour - each.hour < backpay.maxQueueHours).toBe(true);
    }
    for (const { key, left } of grants.map((g) => ({ key: g.claim.key, left: g.left }))) {
      expect(this.owed.get(key)?.units ?? 0n).toBe(left);
    }
  }

  private owedOf(bucket: Bucket): bigint {
    return [...this.owed.values()]
      .filter((each) => each.claim.bucket === bucket)
      .reduce((sum, { units }) => sum + units, 0n);
  }

  private rest(): bigint {
    return this.budget.reduce((sum, { units }) => sum + units, 0n);
  }

  private drop(is: (each: { readonly hour: number; readonly units: bigint }) => boolean): void {
    this.lost += this.budget.filter(is).reduce((sum, { units }) => sum + units, 0n);
    this.budget = this.budget.filter((each) => !is(each));
  }

  /** Every unit of the fresh budgets was granted, is in a tranche, or is lost. */
  isWhole(): boolean {
    const granted = [...this.granted.values()].reduce((sum, units) => sum + units, 0n);
    return this.fresh === granted + this.rest() + this.lost;
  }
}

/** An hour's claims: bucket, thousandths of BLY, how many hours ago it was opened. */
const drawn = fc.tuple(
  fc.constantFrom(...BUCKETS),
  fc.oneof(
    fc.bigInt({ min: 1n, max: 3000n * BLY }),
    fc.constant(1n),
    fc.bigInt({ min: 1n, max: 60_000n * BLY }),
  ),
  fc.constantFrom(0, 0, 0, 1, 5),
);
const hours = fc.array(fc.oneof(fc.constant([]), fc.array(drawn, { maxLength: 8 })), {
  minLength: 1,
  maxLength: 30,
});
const policies = fc
  .record({
    smoothing: fc.constantFrom(0n, 250_000n, 1_000_000n),
    rollover: fc.constantFrom(24, 3, 1, 0),
    isQueued: fc.boolean(),
    maxQueueHours: fc.constantFrom(168, 6, 3),
    order: fc.constantFrom<'pro-rata' | 'fifo'>('pro-rata', 'fifo'),
    // The year's cap, of a small supply: one that binds within hours, and one that never does.
    supply: fc.constantFrom(300_000n, 500_000n, 1_000_000_000n),
    dailyBudget: fc.constantFrom(273_972n * BLY, 100n, 1_234_567_891_234n),
  })
  .map(
    ({
      smoothing,
      rollover,
      isQueued,
      maxQueueHours,
      order,
      supply,
      dailyBudget,
    }): BucketPolicy => ({
      ...packaged,
      smoothing,
      rollover: { enabled: rollover > 0, hours: rollover },
      backpay: { ...packaged.backpay, enabled: isQueued, maxQueueHours },
      distribution: { ...packaged.distribution, order },
      totalSupply: supply * BLY,
      dailyBudget,
    }),
  );

describe('any history', () => {
  it('accounts for every unit of budget and of claims, hour by hour', () => {
    fc.assert(
      fc.property(policies, hours, fc.constantFrom(0, 5, 24), (policy, opened, before) => {
        // The first of January 2028 comes after `before` hours: a new year, and a new cap.
        const start = hourOf(2028) - before;
        const book = new Book(policy);
        let state = startState(policy, start);
        opened.forEach((claims, i) => {
          const hour = start + i;
          const made = claims.map(([bucket, units, ago], j) =>
            claim(bucket, hour - ago, units, { key: `${i}-${j}`, sequence: 100 * i + j }),
          );
          const settlement = settleHour(policy, state, made);
          book.book(settlement, made);
          state = settlement.next;
        });
        expect(book.isWhole()).toBe(true);
      }),
      { numRuns: 80 },
    );
  });
});

describe('budgets', () => {
  it('of 24 hours are those of the day, whatever does not divide', () => {
    for (const daily of ['273_972', '0.000000001', '1234.567891234', '1']) {
      const policy = policyWith(`daily_budget_bly: ${daily}`);
      for (const start of [0, hourOf(2028, 2, 29)]) {
        const day = Array.from({ length: 24 }, (_, i) => freshBudget(policy, start + i));
        expect(day.reduce((sum, units) => sum + units, 0n)).toBe(policy.dailyBudget);
        const least = policy.dailyBudget / 24n;
        expect(day.every((units) => units === least || units === least + 1n)).toBe(true);
      }
    }
  });

  it('of a year are a tenth of the supply', () => {
    expect(yearBudget(packaged)).toBe(100_000_000n * BLY);
    expect(yearOf(hourOf(2029) - 1)).toBe(2028);
    expect(yearOf(hourOf(2029))).toBe(2029);
  });

  it('live for the hours after their own, and are spent oldest first', () => {
    const policy = policyWith('rollover: { hours: 2 }');
    const tranches = [
      { hour: 7, units: 5n },
      { hour: 8, units: 6n },
      { hour: 9, units: 7n },
    ];
    expect(hourBudget(policy, 10, tranches, 0n)).toMatchObject({ rolledOver: 13n });
    const none = policyWith('rollover: { enabled: false }');
    expect(hourBudget(none, 10, tranches, 0n)).toMatchObject({ rolledOver: 0n });
    // A policy that keeps less than the one before returns what it does not keep.
    const shorter = settleHour(policy, { ...startState(policy, 10), tranches }, []);
    expect(shorter).toMatchObject({ rolledOver: 13n, returned: 5n + 6n });
    expect(shorter.next.tranches.map(({ hour }) => hour)).toEqual([9, 10]);
    // The year has room for 9 units: fresh budget and the newest tranche go first.
    expect(hourBudget(policy, 10, tranches, yearBudget(policy) - 9n)).toMatchObject({
      available: 9n,
      freshLeft: 0n,
      tranches: [
        { hour: 8, units: 6n },
        { hour: 9, units: 3n },
      ],
    });
  });
});

describe('a year', () => {
  /** Settles the hours of a year in which claims never end; Σ granted, cut and returned. */
  function greedy(year: number) {
    const policy = policyWith('backpay: { enabled: false }');
    let state: BucketState = startState(policy, hourOf(year));
    let granted = 0n;
    let cut = 0n;
    let returned = 0n;
    const end = hourOf(year + 1);
    for (let hour = hourOf(year); hour < end; hour++) {
      const opened = BUCKETS.map((bucket) => claim(bucket, hour, 8000n * BLY, { key: bucket }));
      const settlement = settleHour(policy, state, opened);
      granted += total(settlement.granted);
      cut += settlement.cut;
      returned += settlement.returned;
      state = settlement.next;
    }
    const kept = state.tranches.reduce((sum, { units }) => sum + units, 0n);
    return { granted, cut, returned, kept };
  }

  it('with 366 days pays a tenth of the supply and no unit more', () => {
    const { granted, cut, returned, kept } = greedy(2028);
    expect(granted).toBe(100_000_000n * BLY);
    expect(cut + returned + kept).toBe(366n * 273_972n * BLY - granted);
    expect(cut).toBe(273_752n * BLY);
  });

  it('with 365 days pays its days', () => {
    const { granted, cut, returned, kept } = greedy(2027);
    expect(granted + returned + kept).toBe(365n * 273_972n * BLY);
    expect(granted > 99_999_779n * BLY).toBe(true);
    expect(cut).toBe(0n);
  });

  it('of random claims, 20 an hour, keeps its caps and its sums', () => {
    const random = randomStream(20260801);
    let state = startState(packaged, hourOf(2028));
    const sums = { claimed: 0n, granted: 0n, expired: 0n, fresh: 0n, cut: 0n, returned: 0n };
    for (let hour = hourOf(2028); hour < hourOf(2029); hour++) {
      // Ten days of more than there is, then twenty of less.
      const scale = hour % 720 < 240 ? 30 : 1;
      const opened = Array.from({ length: 20 }, (_, i) => {
        const bucket = BUCKETS[Math.floor(random.double() * 4)];
        const units = BigInt(1 + Math.floor(random.double() * scale * 1e11));
        return claim(bucket, hour, units, { key: `${hour}-${i}`, sequence: i });
      });
      const settled = settleHour(packaged, state, opened);
      const owed = (of: readonly { readonly units: bigint }[]) =>
        of.reduce((sum, { units }) => sum + units, 0n);
      sums.claimed += owed(opened);
      sums.granted += total(settled.granted);
      sums.expired += owed(settled.expiries);
      sums.fresh += settled.fresh;
      sums.cut += settled.cut;
      sums.returned += settled.returned;
      state = settled.next;
    }
    const waiting = BUCKETS.flatMap((b) => state.queue[b].flatMap(({ claims }) => claims)).reduce(
      (sum, { units }) => sum + units,
      0n,
    );
    const kept = state.tranches.reduce((sum, { units }) => sum + units, 0n);
    expect(sums.granted + sums.expired + waiting).toBe(sums.claimed);
    expect(sums.granted + sums.cut + sums.returned + kept).toBe(sums.fresh);
    expect(sums.granted <= 100_000_000n * BLY).toBe(true);
    // It was a year worth testing: claims expired and budget came back.
    expect(sums.expired > 0n && sums.returned > 0n).toBe(true);
  });
});
