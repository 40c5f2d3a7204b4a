// Burning cannot be undone: whatever would take from a burned account is rejected with its reason and
// leaves nothing else. What was burned for what is read from the log, whoever put it there.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityKey } from '../../src/ledger/entry.js';
import { pendingAccount } from '../../src/ledger/account.js';
import type { Transaction } from '../../src/ledger/transaction.js';
import { burnedAccount, burnTransaction } from '../../src/payouts/burns/burn.js';
import { heldAt, heldOf } from '../../src/payouts/held/held.js';
import { heldText, readHeld } from '../../src/payouts/held/held-file.js';
import { checkTarget, pathOf, targetOf } from '../../src/payouts/held/target.js';
import { ANN, BO, CYB, issue, memoryLedger, move, stake, target } from './stake.js';

const BURNED = burnedAccount({ particle: 'x' });

async function rows(ledger: ReturnType<typeof memoryLedger>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { account, units, lowest } of ledger.balances())
    found.push([account, units, lowest]);
  return found;
}

describe('a burned account', () => {
  /** Every way to take units out of an account that the ledger knows. */
  const takes: readonly (readonly [string, Transaction])[] = [
    ['a transfer to its burner', move(BURNED, ANN, 1n)],
    ['a transfer to another', move(BURNED, BO, 100n)],
    ['a transfer back to the source', move(BURNED, 'source:CYB', 100n)],
    ['a move to another burned account', move(BURNED, burnedAccount({ particle: 'y' }), 5n)],
    ['an unlock', move(BURNED, ANN, 100n, { kind: 'unlock' })],
    ['a burn that takes', move(BURNED, ANN, 1n, { kind: 'burn' })],
    [
      'a transfer with a limit on the source beside it',
      move(BURNED, ANN, 1n, {
        limits: [{ account: 'source:CYB', token: CYB, lowest: -(10n ** 9n) }],
      }),
    ],
    [
      'one posting among many',
      move(BURNED, ANN, 1n, {
        postings: [
          { account: BURNED, token: CYB, units: -1n },
          { account: ANN, token: CYB, units: -1n },
          { account: BO, token: CYB, units: 2n },
        ],
      }),
    ],
    [
      'a grant that it pays for',
      move(BURNED, pendingAccount(ANN), 5n, {
        claims: [
          {
            ...{ key: identityKey({ test: 'claim' }), effect: 'open' },
            ...{ recipient: ANN, token: CYB, units: 5n },
          },
          { key: identityKey({ test: 'claim' }), effect: 'grant', units: 5n, matureAtMs: 9 },
        ],
      }),
    ],
  ];
  for (const [name, transaction] of takes) {
    it(`keeps what it has: ${name} is rejected and leaves nothing else`, async () => {
      const ledger = memoryLedger();
      await ledger.postAll([issue(ANN, 1000n), issue(BO, 1000n), burnTransaction(stake())]);
      const before = await rows(ledger);
      const { outcome, refusal } = await ledger.post(transaction);
      expect(outcome).toBe('rejected');
      expect(refusal?.code).toBe('burned');
      expect(refusal?.reason).toMatch(/burned:particle:x holds what was burned/);
      expect(await rows(ledger)).toEqual(before);
      const claim = transaction.claims?.[0]?.key;
      if (claim !== undefined) expect(await ledger.claimOf(claim)).toBeNull();
      expect((await ledger.verify()).difference).toBeNull();
      await ledger.close();
    });
  }

  it('only ever grows, whatever is posted', async () => {
    const accounts = [ANN, BO, 'source:CYB', BURNED, burnedAccount({ from: 'x', to: 'y' })];
    const moves = fc.array(
      fc.tuple(fc.nat(4), fc.nat(4), fc.bigInt(1n, 300n)).filter(([a, b]) => a !== b),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const ledger = memoryLedger();
        await ledger.post(issue(ANN, 500n));
        let burned = 0n;
        for (const [a, b, units] of list) {
          const { outcome } = await ledger.post(move(accounts[a], accounts[b], units));
          if (a >= 3) expect(outcome).toBe('rejected');
          if (b >= 3 && outcome === 'posted') burned += units;
          const now = await Promise.all(accounts.slice(3).map((each) => ledger.balance(each, CYB)));
          expect(now.reduce((sum, each) => sum + each.units, 0n)).toBe(burned);
        }
        await ledger.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe('burning', () => {
  it('is done once for one request, and again for another nonce', async () => {
    const ledger = memoryLedger();
    await ledger.post(issue(ANN, 1000n));
    const once = burnTransaction(stake());
    expect((await ledger.post(once)).replayed).toBe(false);
    expect((await ledger.post(once)).replayed).toBe(true);
    const later = await ledger.post(burnTransaction(stake({ timeMs: 2000 })));
    expect(later.refusal?.code).toBe('key-taken');
    await ledger.post(burnTransaction(stake({ nonce: 'again' })));
    expect((await ledger.balance(BURNED, CYB)).units).toBe(200n);
    expect((await ledger.balance(ANN, CYB)).units).toBe(800n);
    await ledger.close();
  });

  it('refuses zero, less, too much for 64 bits, other accounts and bad targets', async () => {
    const burn = (over: object) => () => burnTransaction(stake(over));
    expect(burn({ units: 0n })).toThrow(/units: expected more than 0, found 0/);
    expect(burn({ units: -5n })).toThrow(/units: expected more than 0, found -5/);
    expect(burn({ units: 2n ** 63n })).toThrow(/\|units\| < 2⁶³/);
    expect(burn({ units: 5 })).toThrow(/bigint/);
    for (const neuron of ['source:CYB', 'locked:x', 'burned:particle:x', 'pool:a', 'ann']) {
      expect(burn({ neuron })).toThrow(/neuron: expected/);
    }
    for (const bad of [{}, { particle: '' }, { particle: 'a\n' }, { from: 'a', to: 'a' }, null]) {
      expect(burn({ target: bad })).toThrow(/target/);
    }
    expect(burn({ target: { from: 'a' } })).toThrow(/expected a particle, or from and to/);
    expect(burn({ target: { particle: 'é'.repeat(40) } })).toThrow(/at most 200 characters/);
    expect(burn({ target: { from: 'a'.repeat(150), to: 'b'.repeat(150) } })).toThrow(/fit into/);
    const ledger = memoryLedger();
    await ledger.post(issue(ANN, 99n));
    const { refusal } = await ledger.post(burnTransaction(stake()));
    expect(refusal?.code).toBe('balance-limit');
    await ledger.close();
  });
});

describe('targets', () => {
  it('have one path each, and paths name one target or none', () => {
    fc.assert(
      fc.property(target, target, (one, other) => {
        expect(targetOf(pathOf(one))).toEqual(one);
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(pathOf(one) === pathOf(other)).toBe(same);
        expect(checkTarget(one, 'target')).toEqual(one);
        // What an account takes.
        expect(burnedAccount(one)).toMatch(
          /^burned:(?:[A-Za-z0-9._~%+@/=-]+:)+[A-Za-z0-9._~%+@/=-]+$/,
        );
      }),
    );
    for (const path of ['', 'particle', 'particle:', 'particle:a:b', 'link:a', 'link:a:a', 'x:a']) {
      expect(targetOf(path)).toBeNull();
    }
    for (const path of [
      'particle:%41',
      'particle:%c3%a9',
      'particle:%FF',
      'particle:%',
      'link:a:b:c',
    ]) {
      expect(targetOf(path)).toBeNull();
    }
  });
});

describe('what was burned', () => {
  it('is the sum of postings to the target’s account up to an epoch, in one token', () => {
    const postings = fc.array(
      fc.record({ at: fc.nat(3), units: fc.bigInt(1n, 10n ** 12n), epoch: fc.nat(4) }),
      { maxLength: 30 },
    );
    const targets = [
      { particle: 'x' },
      { particle: 'y' },
      { from: 'x', to: 'y' },
      { from: 'y', to: 'x' },
    ];
    fc.assert(
      fc.property(postings, fc.nat(4), (list, through) => {
        const transactions = list.map(({ at, units, epoch }, i) =>
          burnTransaction(stake({ target: targets[at], units, epoch, nonce: String(i) })),
        );
        const other = burnTransaction(stake({ token: 'BLY' }));
        const strange = move(ANN, 'burned:nothing', 5n);
        const found = heldOf([other, strange, ...transactions], { token: CYB, through }).burns;
        targets.forEach((each, at) => {
          const own = list.filter((row) => row.at === at && row.epoch <= through);
          const sum = own.reduce((all, { units }) => all + units, 0n);
          expect(found.get(pathOf(each))?.units ?? 0n).toBe(sum);
        });
        expect([...found.values()].every(({ units }) => units > 0n)).toBe(true);
        expect(heldOf([...transactions].reverse(), { token: CYB, through }).burns).toEqual(
          new Map(found),
        );
      }),
    );
  });

  it('is the same whenever it is read after its epoch was sealed, and not before', async () => {
    const ledger = memoryLedger();
    await ledger.postAll([issue(ANN, 1000n), burnTransaction(stake())]);
    const read = (through: number) => heldAt(ledger, { token: CYB, through });
    await expect(read(0)).rejects.toThrow(
      /epoch 0 of the ledger: expected it sealed, found it open/,
    );
    await ledger.seal(0, { timeMs: 2000 });
    const first = heldText(await read(0));
    await ledger.post(burnTransaction(stake({ epoch: 1, units: 7n })));
    await ledger.seal(1, { timeMs: 3000 });
    expect(heldText(await read(0))).toBe(first);
    const later = await read(1);
    expect(later.burns).toEqual([{ target: { particle: 'x' }, units: 107n }]);
    expect(readHeld(heldText(later), 'held.ndjson')).toEqual(later);
    await ledger.close();
  });
});
