// The order of submission inside an epoch does not change it: any order, any split into batches, any
// duplicates give the same balances, claims and root, where no limit is reached on the way.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openLedger, type Ledger } from '../../src/ledger/ledger.js';
import type { Transaction } from '../../src/ledger/transaction.js';
import {
  ALICE,
  all,
  BOB,
  BUDGET,
  claimNamed,
  finalise,
  grant,
  issue,
  move,
  openClaim,
  TREASURY,
} from './examples.js';
import { onBothStores, type TestDatabase } from './stores.js';

const CLAIMS = ['one', 'two', 'three'].map(claimNamed);

/** What must be there first: funds, claims, and pending units. */
const BEFORE: readonly Transaction[] = [
  ...[BUDGET, ALICE, BOB, TREASURY].map((account) => issue(account, 10_000n, { epoch: 0 })),
  ...CLAIMS.map((key) => openClaim(key, 100n, { epoch: 0 })),
  ...CLAIMS.map((key) => grant(key, 50n, 10, { epoch: 0 })),
];

const INSIDE: readonly Transaction[] = [
  ...[1n, 20n, 300n].flatMap((units) => [move(ALICE, BOB, units), move(BOB, TREASURY, units)]),
  ...CLAIMS.flatMap((key) => [grant(key, 10n, 30), grant(key, 5n, 20), finalise(key, 7n, 15)]),
  issue('neuron:new', 9n),
  move(TREASURY, 'neuron:newer', 9n),
];

async function outcome(ledger: Ledger): Promise<unknown> {
  const { root, size } = await ledger.seal(1, { timeMs: 99 });
  const balances = (await all(ledger.balances())).map(
    ({ account, token, units }) => `${account} ${token} ${units}`,
  );
  const claims = await Promise.all(CLAIMS.map((key) => ledger.claimOf(key)));
  return { root, size, balances: balances.sort(), claims };
}

function suite(database: TestDatabase): void {
  it('gives the same in any order', async () => {
    let number = 0;
    const run = async (batches: readonly (readonly Transaction[])[]): Promise<unknown> => {
      const ledger = openLedger(await database.open(`order${number++}`, 'off'));
      await ledger.postAll(BEFORE);
      await ledger.seal(0, { timeMs: 0 });
      for (const batch of batches) {
        const receipts = await ledger.postAll(batch);
        expect(receipts.every((each) => each.outcome === 'posted')).toBe(true);
      }
      const result = await outcome(ledger);
      expect((await ledger.verify()).difference).toBeNull();
      await ledger.close();
      return result;
    };
    const expected = await run([INSIDE]);
    const count = INSIDE.length;
    const orders = fc.record({
      order: fc.shuffledSubarray([...INSIDE.keys()], { minLength: count, maxLength: count }),
      again: fc.subarray([...INSIDE.keys()]),
      cut: fc.nat(count),
    });
    await fc.assert(
      fc.asyncProperty(orders, async ({ order, again, cut }) => {
        const offered = [...order, ...again].map((i) => INSIDE[i]);
        expect(await run([offered.slice(0, cut), offered.slice(cut)])).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  });
}

onBothStores(suite);
