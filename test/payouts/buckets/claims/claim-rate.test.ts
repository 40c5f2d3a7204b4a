// Claims of an hour and cooldowns against a table that remembers every claim, and what makes one again.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../../src/base/canonical.js';
import {
  ClaimRate,
  type CountedClaim,
  type RateLimits,
} from '../../../../src/payouts/buckets/claims/claim-rate.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 6, 1, 12);
const digestOf = (k: number | string): string => sha256Hex(`claim ${k}`);

/** The same rules over a list of all claims that were counted. */
class EveryClaim {
  readonly #claims: CountedClaim[] = [];

  constructor(readonly limits: RateLimits) {}

  take(node: string, digest: string, timeMs: number): string | null {
    const own = this.#claims.filter((claim) => claim.node === node);
    if (this.#claims.some((claim) => claim.digest === digest && timeMs - claim.timeMs <= 600_000)) {
      return null;
    }
    const hour = (ms: number): number => Math.floor(ms / HOUR_MS);
    const count = own.filter((claim) => hour(claim.timeMs) === hour(timeMs)).length;
    const last = own.at(-1)?.timeMs ?? -Infinity;
    const waits = [
      count >= this.limits.maxClaimsPerHour ? (hour(timeMs) + 1) * HOUR_MS - timeMs : 0,
      last + this.limits.cooldownMinutes * 60_000 - timeMs,
    ];
    const wait = Math.max(...waits);
    if (wait > 0) return `${waits[0] === wait ? 'rate-exceeded' : 'cooling-down'} ${wait}`;
    this.#claims.push({ node, digest, timeMs });
    return null;
  }
}

const answerOf = (rate: ClaimRate, node: string, digest: string, timeMs: number): string | null => {
  const refused = rate.take(node, digest, timeMs);
  return refused === null ? null : `${refused.code} ${refused.retryAfterMs}`;
};

const limits = fc.record({
  maxClaimsPerHour: fc.integer({ min: 1, max: 4 }),
  cooldownMinutes: fc.constantFrom(0, 1, 20, 60, 90, 200),
});
const steps = fc.array(
  fc.record({
    node: fc.constantFrom('a', 'b', 'c'),
    digest: fc.integer({ min: 0, max: 60 }),
    after: fc.oneof(
      fc.integer({ min: 0, max: 400_000 }),
      fc.integer({ min: 0, max: 2 * HOUR_MS }),
      fc.constantFrom(HOUR_MS, 60_000, 1_200_000, 600_000),
    ),
  }),
  { maxLength: 60 },
);

describe('claim rate', () => {
  it('answers as a table of every claim does, replays and waits included', () => {
    fc.assert(
      fc.property(limits, steps, (limit, list) => {
        const rate = new ClaimRate(limit);
        const every = new EveryClaim(limit);
        let timeMs = START;
        // A digest is claimed once more only while it is known: later its time stamp is out of the window.
        const first = new Map<number, number>();
        for (const { node, digest, after } of list) {
          timeMs += after;
          const age = timeMs - (first.get(digest) ?? timeMs);
          if (age > 600_000) continue;
          first.set(digest, timeMs - age);
          const expected = every.take(node, digestOf(digest), timeMs);
          if (expected !== null && age === 0) first.delete(digest);
          expect(answerOf(rate, node, digestOf(digest), timeMs)).toBe(expected);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same table when it is made again from a log', () => {
    fc.assert(
      fc.property(limits, steps, (limit, list) => {
        const rate = new ClaimRate(limit);
        const log: CountedClaim[] = [];
        let timeMs = START;
        list.forEach(({ node, after }, k) => {
          timeMs += after;
          const claim = { node, digest: digestOf(k), timeMs };
          if (rate.take(node, claim.digest, timeMs) === null) log.push(claim);
        });
        const again = ClaimRate.rebuilt(limit, log, timeMs);
        expect(again.size).toBe(rate.size);
        for (const { node, digest, timeMs: at } of log) {
          if (timeMs - at <= 600_000) {
            expect(again.refusalOf(node, digest, timeMs)).toBeNull();
          }
        }
        for (const node of ['a', 'b', 'c', 'd']) {
          for (const ahead of [0, 30_000, HOUR_MS]) {
            const at = timeMs + ahead;
            expect(again.refusalOf(node, digestOf('new'), at)).toEqual(
              rate.refusalOf(node, digestOf('new'), at),
            );
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('forgets a node with the hour, or with its cooldown', () => {
    const rate = new ClaimRate({ maxClaimsPerHour: 1, cooldownMinutes: 0 });
    for (let k = 0; k < 1000; k++) rate.take(`node ${k}`, digestOf(k), START);
    expect(rate.size).toBe(1000);
    expect(rate.refusalOf('node 1', digestOf('new'), START + HOUR_MS - 1)?.retryAfterMs).toBe(1);
    expect(rate.refusalOf('node 1', digestOf('new'), START + HOUR_MS)).toBeNull();
    expect(rate.size).toBe(0);
    const cooling = new ClaimRate({ maxClaimsPerHour: 1, cooldownMinutes: 90 });
    cooling.take('a', digestOf(1), START);
    cooling.take('b', digestOf(2), START + HOUR_MS - 1);
    const refused = cooling.refusalOf('a', digestOf(3), START + HOUR_MS);
    expect(refused).toMatchObject({ code: 'cooling-down', retryAfterMs: HOUR_MS / 2 });
    cooling.refusalOf('a', digestOf(3), START + 2 * HOUR_MS);
    expect(cooling.size).toBe(1);
  });

  it('counts neither what it refuses nor what it is only asked', () => {
    const rate = new ClaimRate({ maxClaimsPerHour: 2, cooldownMinutes: 0 });
    for (let k = 0; k < 5; k++) expect(rate.refusalOf('a', digestOf(k), START)).toBeNull();
    expect(rate.take('a', digestOf(1), START)).toBeNull();
    expect(rate.take('a', digestOf(2), START)).toBeNull();
    for (let k = 3; k < 9; k++) {
      expect(rate.take('a', digestOf(k), START)?.code).toBe('rate-exceeded');
    }
    expect(rate.take('a', digestOf(2), START)).toBeNull();
    expect(rate.take('b', digestOf(10), START)).toBeNull();
    expect(rate.refusalOf('a', digestOf(11), START + HOUR_MS)).toBeNull();
  });

  it('survives a clock that is put back: within the hour nothing changes, further it starts anew', () => {
    const rate = new ClaimRate({ maxClaimsPerHour: 1, cooldownMinutes: 30 });
    rate.take('a', digestOf(1), START);
    expect(rate.refusalOf('a', digestOf(2), START - 5)?.code).toBe('rate-exceeded');
    rate.take('b', digestOf(3), START + 1000 * HOUR_MS);
    expect(rate.refusalOf('b', digestOf(4), START)).toBeNull();
    expect(rate.take('b', digestOf(4), START)).toBeNull();
    expect(rate.take('b', digestOf(5), START)?.code).toBe('rate-exceeded');
  });

  it('refuses limits that are none', () => {
    for (const maxClaimsPerHour of [0, -1, 1.5, NaN, 1e10]) {
      expect(() => new ClaimRate({ maxClaimsPerHour, cooldownMinutes: 0 })).toThrow(/claim rate/);
    }
  });
});
