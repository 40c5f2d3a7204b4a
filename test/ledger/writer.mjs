// A process that writes to a ledger until it is killed, and tells each entry that was acknowledged, by
// its key, on standard output: LEDGER FIRST COUNT [duplicates]. Claims FIRST … are offered in order, from
// 32 callers at once; with duplicates, 30 % are offered twice.

import { writeSync } from 'node:fs';
import { openLedger } from '../../dist/ledger/ledger.js';
import { isPostgresUrl, openPostgresStore } from '../../dist/ledger/stores/postgres.js';
import { openSqliteStore } from '../../dist/ledger/stores/sqlite.js';
import { claimTransaction } from './payments.mjs';

const [target, first, count, duplicates] = process.argv.slice(2);
const store = isPostgresUrl(target) ? await openPostgresStore(target) : openSqliteStore(target);
const ledger = openLedger(store);
const last = Number(first) + Number(count);
let next = Number(first);
const caller = async () => {
  while (next < last) {
    const number = next++;
    const offered = claimTransaction(number);
    const times = duplicates === 'duplicates' && number % 10 < 3 ? 2 : 1;
    for (let time = 0; time < times; time++) {
      const { outcome, refusal } = await ledger.post(offered);
      if (outcome !== 'posted') throw new Error(`${number}: ${refusal.reason}`);
      writeSync(1, `${offered.key}\n`);
    }
  }
};
await Promise.all(Array.from({ length: 32 }, caller));
await ledger.close();
