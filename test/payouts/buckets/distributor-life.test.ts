// A life of the buckets on a real ledger, across the end of a leap year: every rule of the budget, hour by
// hour, from the log alone; the same head on SQLite and PostgreSQL; the order of submission; restarts.
// FOCUS_HOURS=8784 lives the whole year.

import { afterAll, describe, expect, it } from 'vitest';
import { openLedger, type Ledger } from '../../../src/ledger/ledger.js';
import { openSqliteStore } from '../../../src/ledger/stores/sqlite.js';
import { RewardConfig } from '../../../src/payouts/buckets/config.js';
import { onBothStores } from '../../ledger/stores.js';
import { lifeOf, live, START } from './life.js';
import { checkLog } from './log-check.js';

const hours = Number(process.env['FOCUS_HOURS'] ?? 240);
// The last weeks of the leap year, in which its cap binds, and the first days of the next; or all of it.
const start = hours >= 8784 ? START : START + 8784 - Math.floor(hours * 0.8);
const heads = new Map<string, string>();

onBothStores((database) => {
  it(`keeps every rule for ${hours} hours`, { timeout: 600_000 }, async () => {
    const ledger = openLedger(await database.open('life', 'off'));
    const { distributor } = await live(ledger, lifeOf(7, hours, start));
    const checked = await checkLog(ledger);
    expect(checked.hours).toBe(hours);
    expect(checked.atCeiling).toBeGreaterThan(0);
    expect(checked.fromTranches).toBeGreaterThan(0);
    expect(checked.expired).toBeGreaterThan(0n);
    expect(checked.slashed).toBeGreaterThan(0n);
    for (const [account, units] of checked.paidTo) {
      expect((await ledger.balance(account, 'BLY')).units).toBe(units);
    }
    const { source, others } = await sums(ledger);
    expect(source + others).toBe(0n);
    expect((await ledger.verify()).difference).toBeNull();
    expect(distributor.state?.totals).toEqual(checked.granted);
    heads.set(database.kind, (await ledger.head()).hash);
    await ledger.close();
  });

  it('knows after a restart what it knew before', { timeout: 120_000 }, async () => {
    const ledger = openLedger(await database.open('restarts', 'off'));
    let restarts = 0;
    await live(ledger, lifeOf(3, Math.min(hours, 160)), {
      restartEvery: 7,
      onRestart: (before, after) => {
        expect(after.state).toEqual(before.state);
        expect(after.history.length).toBe(before.history.length);
        restarts++;
      },
    });
    expect(restarts).toBeGreaterThan(20);
    await ledger.close();
  });
});

afterAll(() => {
  if (heads.size === 2) expect(heads.get('postgres')).toBe(heads.get('sqlite'));
});

async function sums(ledger: Ledger): Promise<{ source: bigint; others: bigint }> {
  let [source, others] = [0n, 0n];
  for await (const { account, units } of ledger.balances()) {
    if (account.startsWith('source:')) source += units;
    else others += units;
  }
  return { source, others };
}

describe('the order of submission', () => {
  it('changes no payment, nor does the size of batches', { timeout: 120_000 }, async () => {
    const balances = [];
    for (const shuffled of [false, true]) {
      const ledger = openLedger(openSqliteStore(':memory:'));
      const size = shuffled ? 2 : 500;
      const config = RewardConfig.fromText(`distribution: { max_batch_size: ${size} }`);
      await live(ledger, lifeOf(11, 120), { shuffled, config });
      const rows: Record<string, bigint> = {};
      for await (const { account, units } of ledger.balances()) rows[account] = units;
      balances.push(rows);
      await ledger.close();
    }
    expect(Object.keys(balances[0]).length).toBeGreaterThan(20);
    expect(balances[1]).toEqual(balances[0]);
  });
});
