// Locks and fee rounds in a real ledger: stake comes back whole, once, to its owner, after its time;
// what moves it otherwise is found; a round pays once, whoever runs it again.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimKey, identityKey } from '../../src/ledger/entry.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { heldAt, heldOf, locksNow } from '../../src/payouts/held/held.js';
import { heldText, readHeld } from '../../src/payouts/held/held-file.js';
import { feeRound, payFees, type FeeRequest } from '../../src/payouts/locks/fees.js';
import {
  lockedAccount,
  lockTransaction,
  unlockKey,
  unlockTransaction,
  type UnlockRequest,
} from '../../src/payouts/locks/lock.js';
import {
  ANN,
  BO,
  CYB,
  issue,
  lockNamed,
  lockRequest,
  memoryLedger,
  move,
  target,
} from './stake.js';

const LOCK = lockTransaction(lockRequest());
const POOL = 'pool:fees';
const REST = 'treasury:CYB';

const units = async (ledger: Ledger, account: string): Promise<bigint> =>
  (await ledger.balance(account, CYB)).units;

async function unlock(ledger: Ledger, over: Partial<UnlockRequest> = {}) {
  const request = { neuron: ANN, lock: LOCK.key, epoch: 0, timeMs: 5000, ...over };
  return unlockTransaction(await locksNow(ledger, CYB), request);
}

async function lockedLedger(): Promise<Ledger> {
  const ledger = memoryLedger();
  await ledger.postAll([issue(ANN, 1000n), issue(BO, 1000n), LOCK]);
  return ledger;
}

describe('a lock', () => {
  it('holds stake in an account of its own and gives it back whole, from its time on', async () => {
    const ledger = await lockedLedger();
    expect([await units(ledger, ANN), await units(ledger, lockedAccount(LOCK.key))]).toEqual([
      900n,
      100n,
    ]);
    const accepted = await unlock(ledger);
    if (!accepted.accepted) throw new Error(accepted.reason);
    expect((await ledger.post(accepted.transaction)).outcome).toBe('posted');
    expect([await units(ledger, ANN), await units(ledger, lockedAccount(LOCK.key))]).toEqual([
      1000n,
      0n,
    ]);
    expect((await ledger.verify()).difference).toBeNull();
    await ledger.close();
  });

  it('stays where it is: too early, twice, someone else’s, unknown, before its epoch', async () => {
    const ledger = await lockedLedger();
    const refusal = async (over: Partial<UnlockRequest>): Promise<string> => {
      const head = await ledger.head();
      const unlocking = await unlock(ledger, over);
      expect(await ledger.head()).toEqual(head);
      return unlocking.accepted ? 'accepted' : `${unlocking.code}: ${unlocking.reason}`;
    };
    expect(await refusal({ timeMs: 4999 })).toMatch(
      /^locked-until: .* from 5000 ms, found 4999 ms/,
    );
    expect(await refusal({ neuron: BO })).toMatch(
      /^not-owner: .* is of neuron:ann, not of neuron:bo/,
    );
    expect(await refusal({ lock: 'f'.repeat(64) })).toMatch(/^unknown-lock: /);
    expect(await refusal({})).toBe('accepted');
    const unlocking = await unlock(ledger);
    if (unlocking.accepted) await ledger.post(unlocking.transaction);
    expect(await refusal({ timeMs: 9000 })).toMatch(/^already-unlocked: /);
    // Made by two at the same time, one is the answer to both, or is refused by the ledger.
    const late = unlocking.accepted ? { ...unlocking.transaction, timeMs: 6000 } : LOCK;
    expect((await ledger.post(late)).refusal?.code).toBe('key-taken');
    expect(await units(ledger, ANN)).toBe(1000n);
    const second = lockTransaction(lockRequest({ epoch: 2, nonce: 'later' }));
    await ledger.post(second);
    expect(await refusal({ lock: second.key, epoch: 1 })).toMatch(/^before-its-lock: /);
    await ledger.close();
  });

  it('is made once for one request; amounts, valences and times out of range are refused', async () => {
    const ledger = await lockedLedger();
    expect((await ledger.post(LOCK)).replayed).toBe(true);
    expect(await units(ledger, ANN)).toBe(900n);
    await ledger.close();
    const lock = (over: object) => () => lockTransaction(lockRequest(over));
    expect(lock({ units: 0n })).toThrow(/units: expected more than 0/);
    expect(lock({ units: -1n })).toThrow(/units: expected more than 0/);
    expect(lock({ units: 2n ** 63n })).toThrow(/\|units\|/);
    expect(lock({ units: 2n ** 63n - 1n })).not.toThrow();
    expect(lock({ valence: -1 })).toThrow(/valence: expected 0 \(passive\) or 1 \(active\)/);
    expect(lock({ untilMs: 999 })).toThrow(/untilMs: expected at least the time of the lock, 1000/);
    expect(lock({ untilMs: NaN })).toThrow(/untilMs/);
    expect(lock({ neuron: 'source:CYB' })).toThrow(/neuron: expected the account of a neuron/);
  });

  it('is read back from the log as it was made, with any target', () => {
    const any = fc.record({
      target,
      units: fc.bigInt(1n, 2n ** 63n - 1n),
      valence: fc.constantFrom<(0 | 1)[]>(0, 1),
      untilMs: fc.integer({ min: 1000, max: 2 ** 40 }),
      epoch: fc.nat(3),
      nonce: fc.string({ maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), fc.nat(3), (list, through) => {
        const made = list.map((over) => lockTransaction(lockRequest(over)));
        const { locks, unlocked } = heldOf(made, { token: CYB, through });
        expect(unlocked.size).toBe(0);
        const expected = new Map(
          made.flatMap(({ key: id }, i) => {
            const { nonce: _, ...rest } = list[i];
            if (rest.epoch > through) return [];
            return [[id, { id, neuron: ANN, token: CYB, ...rest }] as const];
          }),
        );
        expect(locks).toEqual(expected);
        const held = {
          ...{ token: CYB, through, seal: 'a'.repeat(64), burns: [] },
          locks: [...locks.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
        };
        expect(readHeld(heldText(held), 'held.ndjson')).toEqual(held);
      }),
    );
  });
});

describe('locked stake that is moved otherwise', () => {
  const account = lockedAccount(LOCK.key);
  const wrong: readonly (readonly [string, Parameters<typeof move>])[] = [
    ['by a transfer to its owner', [account, ANN, 100n]],
    [
      'by an unlock before its time',
      [account, ANN, 100n, { key: unlockKey(LOCK.key), timeMs: 4999 }],
    ],
    ['by an unlock to another', [account, BO, 100n, { key: unlockKey(LOCK.key), timeMs: 5000 }]],
    ['by an unlock of a part', [account, ANN, 40n, { key: unlockKey(LOCK.key), timeMs: 5000 }]],
    ['into a lock that was never made', [ANN, lockedAccount('e'.repeat(64)), 5n]],
    ['into a lock that is there', [ANN, account, 5n, { kind: 'lock' }]],
  ];
  for (const [name, parts] of wrong) {
    it(`is found: ${name}`, async () => {
      const ledger = await lockedLedger();
      const { outcome, key } = await ledger.post(move(...parts));
      expect(outcome).toBe('posted');
      await ledger.seal(0, { timeMs: 9000 });
      await expect(heldAt(ledger, { token: CYB, through: 0 })).rejects.toThrow(
        new RegExp(`transaction ${key}: .*expected`),
      );
      await ledger.close();
    });
  }
});

describe('a file of held stake', () => {
  const text = heldText({
    ...{ token: CYB, through: 3, seal: 'a'.repeat(64) },
    burns: [
      { target: { from: 'a', to: 'b' }, units: 5n },
      { target: { particle: 'x' }, units: 7n },
    ],
    locks: [lockNamed(1), lockNamed(2, { valence: 0, target: { from: 'p', to: 'q' } })],
  });
  const changes: readonly (readonly [string, string, string, RegExp])[] = [
    ['another format', 'focus-held-1', 'focus-held-2', /held:1: expected the format/],
    ['an amount of zero', '"units":"7"', '"units":"0"', /held:3: units: expected more than 0/],
    ['an amount below zero', '"units":"7"', '"units":"-7"', /held:3: units: expected more than 0/],
    ['a number for an amount', '"units":"7"', '"units":7', /held:3: units: expected base units/],
    ['an unknown key', '"units":"7"', '"units":"7","more":1', /held:3: .*unknown field "more"/],
    ['a valence of 2', '"valence":0', '"valence":2', /held:5: valence/],
    [
      'another order',
      '{"particle":"x"},"units":"7"',
      '{"from":"a","to":"a0"},"units":"7"',
      /held:3/,
    ],
    ['a blank', '"units":"7"}', '"units":"7" }', /held:3: expected \{"burn"/],
    ['no JSON', '{"burn":{"particle"', '{burn', /held:3: expected a line of JSON/],
  ];
  for (const [name, from, to, expected] of changes) {
    it(`is refused with its line: ${name}`, () => {
      expect(text).toContain(from);
      const changed = text.replace(from, to);
      const read = () => readHeld(changed, 'held');
      if (name === 'another order')
        expect(() => readHeld(changed.replace('"to":"b"', '"to":"b1"'), 'held')).toThrow(expected);
      else expect(read).toThrow(expected);
    });
  }

  it('is refused with a line twice, a line missing its end, or nothing in it', () => {
    const lines = text.split('\n');
    const twice = [...lines.slice(0, 3), ...lines.slice(2)].join('\n');
    expect(() => readHeld(twice, 'held')).toThrow(/held:4: expected burns by target/);
    expect(() => readHeld(text.slice(0, -1), 'held')).toThrow(/held:/);
    expect(() => readHeld('', 'held')).toThrow(/held:1/);
    expect(readHeld(text, 'held').locks).toHaveLength(2);
  });
});

describe('a fee round', () => {
  const request = (over: Partial<FeeRequest> = {}): FeeRequest => ({
    ...{ pool: POOL, token: CYB, units: 1000n, remainderTo: REST, epoch: 2, timeMs: 7000 },
    ...{ ledgerEpoch: 9, earningThrough: 0 },
    locks: [lockNamed(1), lockNamed(2, { neuron: BO, units: 200n }), lockNamed(3, { valence: 0 })],
    attentionOf: () => 10n,
    ...{ evidence: 'e'.repeat(64), ruleset: 'rules' },
    ...over,
  });
  async function funded(): Promise<Ledger> {
    const ledger = memoryLedger();
    await ledger.post(issue(POOL, 5000n));
    return ledger;
  }
  const state = (ledger: Ledger) =>
    Promise.all([POOL, ANN, BO, REST].map((each) => units(ledger, each)));

  it('pays every share and the remainder once; a second run pays nothing', async () => {
    const ledger = await funded();
    const round = feeRound(request());
    expect((await payFees(ledger, round)).outcome).toBe('paid');
    expect(await state(ledger)).toEqual([4000n, 333n, 666n, 1n]);
    const head = await ledger.head();
    expect((await payFees(ledger, feeRound(request()))).outcome).toBe('replayed');
    expect(await ledger.head()).toEqual(head);
    const [{ account }] = round.opening.postings.filter((each) => each.units > 0n);
    expect(await units(ledger, account)).toBe(0n);
    expect((await ledger.verify()).difference).toBeNull();
    await ledger.close();
  });

  it('is refused with other attention, stake, amount or evidence, and pays nothing then', async () => {
    const ledger = await funded();
    await payFees(ledger, feeRound(request()));
    const before = await state(ledger);
    for (const over of [
      { attentionOf: (on: object) => ('particle' in on ? 0n : 1n) },
      { locks: [lockNamed(1)] },
      { units: 2000n },
      { evidence: 'f'.repeat(64) },
      { ruleset: 'others' },
    ]) {
      const { outcome, opening, receipts } = await payFees(ledger, feeRound(request(over)));
      expect([outcome, opening.refusal?.code, receipts]).toEqual(['refused', 'key-taken', []]);
      expect(await state(ledger)).toEqual(before);
    }
    const poor = await payFees(ledger, feeRound(request({ epoch: 3, units: 4001n })));
    expect([poor.outcome, poor.opening.refusal?.code]).toEqual(['refused', 'balance-limit']);
    expect(await state(ledger)).toEqual(before);
    await ledger.close();
  });

  it('that was cut off anywhere is finished by the next run', async () => {
    const { opening, payments, remainder } = feeRound(request());
    const all = [opening, ...payments, ...(remainder === null ? [] : [remainder])];
    for (let done = 0; done <= all.length; done++) {
      const ledger = await funded();
      await ledger.postAll(all.slice(0, done));
      const expected = done === all.length ? 'replayed' : 'paid';
      expect((await payFees(ledger, feeRound(request()))).outcome).toBe(expected);
      expect(await state(ledger)).toEqual([4000n, 333n, 666n, 1n]);
      await ledger.close();
    }
  });

  it('gives all to the named account where nothing attracts', async () => {
    const ledger = await funded();
    await payFees(ledger, feeRound(request({ attentionOf: () => 0n })));
    expect(await state(ledger)).toEqual([4000n, 0n, 0n, 1000n]);
    await ledger.close();
  });

  it('says on every payment the formula, its inputs and the claim', () => {
    const { payments } = feeRound(request());
    const { lock, formula, key } = {
      lock: lockNamed(2),
      formula: payments[1].formula,
      key: payments[1].key,
    };
    expect(formula).toEqual({
      name: 'floor(pool * stake * attention / totalWeight)',
      inputs: { pool: '1000', stake: '200', attention: '10', totalWeight: '3000' },
      result: '666',
    });
    const workId = `{"epoch":2,"lock":"${lock.id}","pool":"${POOL}","token":"CYB"}`;
    const claim = { kind: 'lock-fee', recipient: BO, workId, evidence: 'e'.repeat(64) };
    expect(key).toBe(claimKey({ ...claim, ruleset: 'rules' }));
    expect(new Set(payments.map((each) => each.key)).size).toBe(2);
    expect(identityKey({ kind: 'x' })).not.toBe(key);
  });

  it('refuses pools and remainders in accounts with rules of their own, and other tokens', () => {
    for (const account of ['locked:x', 'burned:particle:x', 'pending:neuron:a', 'fees:1:x']) {
      expect(() => feeRound(request({ pool: account }))).toThrow(
        /pool: expected an account of a pool/,
      );
      expect(() => feeRound(request({ remainderTo: account }))).toThrow(/remainderTo: expected/);
    }
    expect(() => feeRound(request({ token: 'BLY' }))).toThrow(/expected one in BLY, found CYB/);
    expect(() => feeRound(request({ units: 0n }))).toThrow(/units: expected more than 0/);
  });
});
