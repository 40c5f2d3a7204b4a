// Settlements of single hours by hand: who is paid first, pro rata and fifo, loans, queues, expiry, tranches,
// and the defects that an older system had, each as a case.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { perBucket, type Bucket } from '../../../src/payouts/buckets/bucket.js';
import type {
  BucketState,
  OpenClaim,
  Settlement,
} from '../../../src/payouts/buckets/bucket-state.js';
import { payQueue } from '../../../src/payouts/buckets/cohorts.js';
import type { BucketPolicy } from '../../../src/payouts/buckets/policy.js';
import { settleHour, startState } from '../../../src/payouts/buckets/settle-hour.js';
import { BLY, claim, HOUR_UNITS, hourOf, policyWith, total } from './policies.js';

const packaged = policyWith();
const H = hourOf(2026);
/** Settles hours in a row from H on, with the claims opened in each. */
function settled(
  policy: BucketPolicy,
  hours: readonly (readonly OpenClaim[])[],
): readonly Settlement[] {
  let state = startState(policy, H);
  return hours.map((opened) => {
    const settlement = settleHour(policy, state, opened);
    state = settlement.next;
    return settlement;
  });
}
const paidOf = ({ grants }: Settlement) =>
  Object.fromEntries(grants.map(({ claim: { key }, units }) => [key, units]));
const waiting = ({ queue }: BucketState, bucket: Bucket) =>
  queue[bucket].flatMap(({ claims }) => claims.map(({ key, units }) => [key, units]));

describe('an hour', () => {
  it('pays everybody in full while its budget suffices, and keeps the rest as one tranche', () => {
    const [hour] = settled(packaged, [
      [claim('inference', H, 110n * BLY), claim('learning', H, 2000n * BLY)],
    ]);
    expect(hour).toMatchObject({
      hour: H,
      fresh: HOUR_UNITS,
      rolledOver: 0n,
      cut: 0n,
      available: HOUR_UNITS,
      granted: { inference: 110n * BLY, learning: 2000n * BLY, validation: 0n, dataset: 0n },
      lent: { inference: 0n, learning: 0n, validation: 0n, dataset: 0n },
      unspent: HOUR_UNITS - 2110n * BLY,
      returned: 0n,
    });
    expect(hour.grants.map(({ units, left, reason }) => [units, left, reason])).toEqual([
      [110n * BLY, 0n, 'all of 110 BLY'],
      [2000n * BLY, 0n, 'all of 2000 BLY'],
    ]);
    expect(hour.next.tranches).toEqual([{ hour: H, units: HOUR_UNITS - 2110n * BLY }]);
    expect(hour.next.grantedInYear).toBe(2110n * BLY);
    expect(hour.next.queue).toEqual(perBucket(() => []));
  });

  it('records a grant of 1,141.55 as 1,141.55, not as the 10,000 that were claimed', () => {
    // Data at its ceiling of 10 %: 1,141.55 of an hour's 11,415.5.
    const policy = policyWith(
      'bucket_ceiling_pct: { inference: 0.6, learning: 0.5, validation: 0.15, dataset: 0.10 }',
    );
    const opened = claim('dataset', H, 10_000n * BLY);
    const [hour] = settled(policy, [[opened]]);
    const grant = { claim: opened, units: 1_141_550_000_000n, left: 8_858_450_000_000n };
    expect(hour.grants).toEqual([
      { ...grant, reason: expect.stringMatching(/^1141\.55 of 10000/) },
    ]);
    expect(hour.granted.dataset).toBe(1_141_550_000_000n);
    expect(waiting(hour.next, 'dataset')).toEqual([[opened.key, 8_858_450_000_000n]]);
    expect(hour.next.grantedInYear).toBe(1_141_550_000_000n);
  });

  it('queues what is unfunded once, however many hours it waits', () => {
    const policy = policyWith('rollover: { enabled: false }');
    const opened = claim('dataset', H, 10_000n * BLY);
    const hours = settled(policy, [[opened], [], [], [], []]);
    let owed = opened.units;
    for (const hour of hours) {
      owed -= hour.granted.dataset;
      expect(waiting(hour.next, 'dataset')).toEqual([[opened.key, owed]]);
    }
    // Data's ceiling, 15 % of the hour, each hour: backpay credits the recipient.
    expect(hours.map(({ granted }) => granted.dataset)).toEqual(
      hours.map(() => (HOUR_UNITS * 15n) / 100n),
    );
    expect(hours[4].grants.map(({ claim: { recipient } }) => recipient)).toEqual([
      opened.recipient,
    ]);
  });

  it('shares pro rata when a bucket is short: equal work, equal pay', () => {
    const first = claim('validation', H, 3000n * BLY, { key: 'a', sequence: 1 });
    const second = claim('validation', H, 3000n * BLY, { key: 'b', sequence: 2 });
    const third = claim('validation', H, 6000n * BLY, { key: 'c', sequence: 3 });
    const [hour] = settled(packaged, [[third, first, second]]);
    const budget = (HOUR_UNITS * 15n) / 100n;
    expect(paidOf(hour)).toEqual({ a: budget / 4n, b: budget / 4n, c: budget / 2n });
    expect(hour.grants[0].reason).toBe(
      `428.08125 of 3000 BLY: 1712.325 BLY for 12000 BLY of hour ${H}, pro rata`,
    );
  });

  it('pays by position in the log where the policy says fifo', () => {
    const policy = policyWith('distribution: { order: fifo }');
    const late = claim('validation', H, 1000n * BLY, { key: 'a', sequence: 3 });
    const early = claim('validation', H, 1000n * BLY, { key: 'b', sequence: 1 });
    const middle = claim('validation', H, 1000n * BLY, { key: 'c', sequence: 2 });
    const [hour, next] = settled(policy, [[late, early, middle], []]);
    const budget = (HOUR_UNITS * 15n) / 100n;
    expect(paidOf(hour)).toEqual({ b: 1000n * BLY, c: budget - 1000n * BLY });
    expect(waiting(hour.next, 'validation')).toEqual([
      ['a', 1000n * BLY],
      ['c', 2000n * BLY - budget],
    ]);
    expect(paidOf(next)).toEqual({ a: 1000n * BLY, c: 2000n * BLY - budget });
  });

  it('gives what flooring leaves of a cohort to nobody', () => {
    const three = ['a', 'b', 'c'].map((key) => claim('dataset', 1, 5n, { key }));
    const queue = [
      { hour: 1, claims: three },
      { hour: 2, claims: [claim('dataset', 2, 5n, { key: 'd' })] },
    ];
    const paid = payQueue(queue, 10n, 'pro-rata');
    expect(paid.grants.map(({ units, left }) => [units, left])).toEqual([
      [3n, 2n],
      [3n, 2n],
      [3n, 2n],
    ]);
    expect(paid.granted).toBe(9n);
    expect(paid.queue[1]).toBe(queue[1]);
  });

  it('pays older hours before its own', () => {
    const old = claim('validation', H, 2500n * BLY, { key: 'z' });
    const young = claim('validation', H + 1, 2500n * BLY, { key: 'a' });
    const [hour, next] = settled(packaged, [[old], [young]]);
    const rest = 2500n * BLY - hour.granted.validation;
    expect(paidOf(next).z).toBe(rest);
    expect(paidOf(next).a).toBe(next.granted.validation - rest);
    expect(paidOf(next).a < 2500n * BLY).toBe(true);
  });

  it('lends what a bucket cannot use above its floor, never above a ceiling', () => {
    // Validation to its ceiling, learning in full; floors of the others roll over.
    const [hour] = settled(packaged, [
      [claim('validation', H, 9000n * BLY), claim('learning', H, 4500n * BLY)],
    ]);
    expect(hour.granted.validation).toBe((HOUR_UNITS * 15n) / 100n);
    expect(hour.granted.learning).toBe(4500n * BLY);
    expect(hour.lent.validation + hour.allotted.validation >= hour.granted.validation).toBe(true);
    expect(hour.granted.learning - hour.allotted.learning).toBe(hour.lent.learning);
    expect(total(hour.granted) + hour.unspent).toBe(HOUR_UNITS);
  });

  it('lends to learning what inference leaves above its floor', () => {
    const policy = policyWith('rebalancing: { smoothing: 0 }');
    const [hour] = settled(policy, [[claim('learning', H, 9000n * BLY)]]);
    // Average unmoved: 25 % and 35 % of the 35 % above floors. Learning alone claims: its ceiling is 50 %.
    expect(hour.allotted.learning).toBe((HOUR_UNITS * 3725n) / 10_000n);
    expect(hour.granted.learning).toBe((HOUR_UNITS * 50n) / 100n);
    expect(hour.lent.learning).toBe((HOUR_UNITS * 1275n) / 10_000n);
  });
});

describe('backpay', () => {
  it('expires what waited its days, with a reason, after paying what can be paid', () => {
    const policy = policyWith('backpay: { max_queue_days: 0.125 }\nrollover: { enabled: false }');
    const opened = claim('dataset', H, 10_000n * BLY);
    const hours = settled(policy, [[opened], [], [], []]);
    expect(hours.slice(0, 3).flatMap(({ expiries }) => expiries)).toEqual([]);
    const last = hours[3];
    const each = (HOUR_UNITS * 15n) / 100n;
    expect(last.granted.dataset).toBe(each);
    expect(last.grants[0].left).toBe(0n);
    expect(last.expiries).toEqual([
      {
        claim: { ...opened, units: 10_000n * BLY - 4n * each },
        units: 10_000n * BLY - 4n * each,
        reason: '3150.7 BLY waited 3 hours; backpay keeps a claim 3',
      },
    ]);
    expect(last.next.queue.dataset).toEqual([]);
  });

  it('that is off lets the unfunded part expire in the same hour', () => {
    const policy = policyWith('backpay: { enabled: false }');
    const opened = claim('dataset', H, 10_000n * BLY);
    const [hour] = settled(policy, [[opened]]);
    const granted = (HOUR_UNITS * 15n) / 100n;
    expect(hour.grants).toMatchObject([{ units: granted, left: 0n }]);
    expect(hour.expiries).toEqual([
      {
        claim: { ...opened, units: 10_000n * BLY - granted },
        units: 10_000n * BLY - granted,
        reason: `8287.675 BLY were not in the budget of hour ${H}, and backpay is off`,
      },
    ]);
    expect(hour.next.queue.dataset).toEqual([]);
  });

  it('keeps cohorts that an hour does not touch as they are', () => {
    const opened = (hour: number) => [claim('dataset', hour, 10_000n * BLY, { key: `k${hour}` })];
    const hours = settled(packaged, [opened(H), opened(H + 1), opened(H + 2)]);
    const [, , third] = hours[2].next.queue.dataset;
    const after = settleHour(packaged, hours[2].next, []);
    expect(after.next.queue.dataset.at(-1)).toBe(third);
  });
});

describe('claims', () => {
  const open = startState(packaged, H);
  const refused = (wrong: Partial<OpenClaim>, message: RegExp) => {
    const one = { ...claim('inference', H, BLY, { key: 'k' }), ...wrong };
    expect(() => settleHour(packaged, open, [one])).toThrow(message);
  };

  it('are refused when they are of no bucket, of a later hour, of nothing, or twice', () => {
    refused({ bucket: 'other' as Bucket }, /^claim k: expected a bucket, found other/);
    refused({ hour: H + 1 }, /^claim k: expected an hour up to/);
    refused({ hour: 0.5 }, /^claim k: hour: expected whole hours/);
    refused({ units: 0n }, /^claim k: expected base units above 0/);
    refused({ units: -1n }, /^claim k: expected base units above 0/);
    refused({ units: 1 as unknown as bigint }, /^claim k: units: expected base units as a bigint/);
    refused({ sequence: -1 }, /^claim k: expected a position in the log/);
    const one = claim('inference', H, BLY, { key: 'k' });
    expect(() => settleHour(packaged, open, [one, one])).toThrow(/^claim k: expected once/);
    const waiting = settleHour(packaged, open, [claim('dataset', H, 9000n * BLY, { key: 'k' })]);
    const again = claim('dataset', H, BLY, { key: 'k' });
    expect(() => settleHour(packaged, waiting.next, [again])).toThrow(/expected once in hour/);
    expect(() => startState(packaged, -1)).toThrow(/^hour: expected whole hours/);
  });

  it('of an earlier hour join its cohort', () => {
    const first = settleHour(packaged, open, [claim('dataset', H, 9000n * BLY, { key: 'k' })]);
    const late = claim('dataset', H, 9000n * BLY, { key: 'a' });
    const own = claim('dataset', H + 1, 9000n * BLY, { key: 'b' });
    const { next } = settleHour(packaged, first.next, [own, late]);
    const keys = next.queue.dataset.map(({ hour, claims }) => [hour, claims.map(({ key }) => key)]);
    expect(keys).toEqual([
      [H, ['a', 'k']],
      [H + 1, ['b']],
    ]);
  });

  const works = fc.array(fc.bigInt({ min: 1n, max: 5_000n * BLY }), {
    minLength: 1,
    maxLength: 12,
  });
  const bucketOf = fc.constantFrom<Bucket>('inference', 'learning', 'validation', 'dataset');
  const order = fc.constantFrom(packaged, policyWith('distribution: { order: fifo }'));

  it('settle alike in any order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(bucketOf, fc.bigInt({ min: 1n, max: 9_000n * BLY })), { maxLength: 12 }),
        order,
        fc.infiniteStream(fc.nat()),
        (drawn, policy, chance) => {
          const claims = drawn.map(([bucket, units], i) =>
            claim(bucket, H, units, { key: `k${i}`, sequence: 100 - i }),
          );
          const shuffled = claims
            .map((each) => ({ each, at: chance.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ each }) => each);
          const state = startState(policy, H);
          expect(settleHour(policy, state, shuffled)).toEqual(settleHour(policy, state, claims));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('pay equal work equally and more work no less, in one hour', () => {
    fc.assert(
      fc.property(works, bucketOf, (units, bucket) => {
        const claims = [...units, ...units].map((each, i) =>
          claim(bucket, H, each, { key: `k${i}`, sequence: i }),
        );
        const paid = paidOf(settleHour(packaged, open, claims));
        const at = (i: number) => paid[`k${i}`] ?? 0n;
        units.forEach((each, i) => {
          expect(at(i)).toBe(at(i + units.length));
          units.forEach((other, j) => {
            if (other > each) expect(at(j) >= at(i)).toBe(true);
          });
        });
      }),
      { numRuns: 100 },
    );
  });
});
