// Shares of fee pools: whole units that add up to the pool, equal for equal locks, more for more stake
// or attention, the same in any order; held against a second computation that divides nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_UNITS } from '../../src/ledger/amount.js';
import type { Lock } from '../../src/payouts/locks/lock.js';
import { sharePool } from '../../src/payouts/locks/shares.js';
import { lockNamed } from './stake.js';

const EPOCH = 5;
/** Attention is that of the particle by its number; up to 2⁶¹, a whole focus. */
interface Case {
  readonly pool: bigint;
  readonly locks: readonly Lock[];
  readonly attention: readonly bigint[];
}

const units = (most: bigint) => fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, most));
const anyCase: fc.Arbitrary<Case> = fc
  .record({
    pool: units(MAX_UNITS),
    attention: fc.array(units(2n ** 61n), { minLength: 4, maxLength: 4 }),
    rows: fc.array(
      fc.record({
        stake: units(MAX_UNITS - 1n),
        on: fc.nat(3),
        valence: fc.constantFrom<(0 | 1)[]>(0, 1, 1, 1),
        epoch: fc.nat(EPOCH - 1),
        neuron: fc.constantFrom('neuron:a', 'neuron:b'),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ pool, attention, rows }) => ({
    pool,
    attention,
    locks: rows.map(({ stake, on, valence, epoch, neuron }, i) =>
      lockNamed(i, { units: stake + 1n, target: { particle: `${on}` }, valence, epoch, neuron }),
    ),
  }));

const shared = ({ pool, locks, attention }: Case) =>
  sharePool({ units: pool, earningThrough: EPOCH - 2 }, locks, (target) =>
    'particle' in target ? attention[Number(target.particle)] : 0n,
  );

describe('shares of a fee pool', () => {
  it('add up to the pool with the remainder, exactly', () => {
    fc.assert(
      fc.property(anyCase, (each) => {
        const { shares, remainder } = shared(each);
        expect(shares.reduce((sum, share) => sum + share.units, remainder)).toBe(each.pool);
        expect(remainder >= 0n && shares.every((share) => share.units >= 0n)).toBe(true);
        const earning = shares.filter(({ weight }) => weight > 0n).length;
        if (earning > 0) expect(remainder < BigInt(earning)).toBe(true);
        else expect(remainder).toBe(each.pool);
      }),
    );
  });

  it('are the largest whole numbers q with q · Σ weight ≤ pool · weight', () => {
    fc.assert(
      fc.property(anyCase, (each) => {
        const { pool, locks, attention } = each;
        const weights = new Map<string, bigint>();
        let total = 0n;
        for (const lock of locks) {
          const on = 'particle' in lock.target ? Number(lock.target.particle) : -1;
          const counts = lock.valence === 1 && lock.epoch <= EPOCH - 2;
          const weight = counts ? lock.units * attention[on] : 0n;
          weights.set(lock.id, weight);
          total += weight;
        }
        for (const { lock, units: q } of shared(each).shares) {
          const product = pool * (weights.get(lock.id) as bigint);
          expect(q * total <= product).toBe(true);
          if (total > 0n) expect((q + 1n) * total > product).toBe(true);
        }
      }),
    );
  });

  it('are equal for equal locks, whoever owns them, and in any order', () => {
    fc.assert(
      fc.property(anyCase, fc.integer(), (each, seed) => {
        const twins = each.locks.map((lock, i) =>
          lockNamed(100 + i, { ...lock, id: lockNamed(100 + i).id, neuron: 'neuron:z' }),
        );
        const locks = [...each.locks, ...twins];
        const { shares, remainder } = shared({ ...each, locks });
        const of = new Map(shares.map((share) => [share.lock.id, share.units]));
        each.locks.forEach((lock, i) => expect(of.get(twins[i].id)).toBe(of.get(lock.id)));
        const turned = [...locks].sort(
          (a, b) =>
            ((Number(`0x${a.id.slice(-4)}`) ^ seed) & 7) -
            ((Number(`0x${b.id.slice(-4)}`) ^ seed) & 7),
        );
        expect(shared({ ...each, locks: turned })).toEqual({
          shares,
          remainder,
          totalWeight: shared({ ...each, locks }).totalWeight,
        });
      }),
    );
  });

  it('never shrink with more stake or more attention on the lock’s own target', () => {
    fc.assert(
      fc.property(anyCase, fc.nat(11), fc.bigInt(1n, 2n ** 40n), (each, which, more) => {
        const lock = each.locks[which % Math.max(1, each.locks.length)];
        if (lock === undefined) return;
        const own = (of: ReturnType<typeof shared>) =>
          of.shares.find((share) => share.lock.id === lock.id)?.units ?? 0n;
        const richer = each.locks.map((each) =>
          each === lock ? { ...lock, units: lock.units + more } : each,
        );
        expect(own(shared({ ...each, locks: richer })) >= own(shared(each))).toBe(true);
        // Alone on a target of its own, so that no other lock gains by its attention.
        const alone = each.locks.map((each) =>
          each === lock ? { ...lock, target: { particle: '4' } } : each,
        );
        const at = (attention: bigint) =>
          own(shared({ ...each, locks: alone, attention: [...each.attention, attention] }));
        expect(at(more + 7n) >= at(7n)).toBe(true);
      }),
    );
  });

  it('are nothing, with a reason, for passive, new and unattended locks', () => {
    const locks = [
      lockNamed(1, { valence: 0 }),
      lockNamed(2, { epoch: EPOCH - 1 }),
      lockNamed(3, { target: { particle: 'y' } }),
      lockNamed(4, { units: 1n }),
      lockNamed(5, { units: 1000n, epoch: EPOCH - 2 }),
    ];
    const { shares, remainder } = sharePool(
      { units: 100n, earningThrough: EPOCH - 2 },
      locks,
      (target) => ('particle' in target && target.particle === 'x' ? 3n : 0n),
    );
    expect(shares.map(({ units, nothing }) => [units, nothing])).toEqual([
      [0n, 'passive'],
      [0n, 'too-new'],
      [0n, 'no-attention'],
      [0n, 'rounds-to-zero'],
      [99n, null],
    ]);
    expect(remainder).toBe(1n);
  });

  it('refuse attention below zero, a pool below zero and a lock that occurs twice', () => {
    const share = (pool: bigint, attention: bigint, locks = [lockNamed(1)]) =>
      sharePool({ units: pool, earningThrough: EPOCH - 2 }, locks, () => attention);
    expect(() => share(1n, -1n)).toThrow(/attention of x: expected 0 or more, found -1/);
    expect(() => share(-1n, 1n)).toThrow(/pool: expected 0 or more, found -1/);
    expect(() => share(1n, 1n, [lockNamed(1), lockNamed(1)])).toThrow(/once, found it twice/);
  });
});
