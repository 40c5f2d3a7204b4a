// How long does a year of buckets take? 8,784 hours of a leap year with bursts, droughts and outages, on a
// file of SQLite that survives a loss of power, and on PostgreSQL with --postgres=postgres://user@host/db
// in a schema of its own. Claims are signed by nobody: this is settlement, not the door.
//   node bench/main.mjs buckets [--hours=8784] [--claims=10] [--seed=1] [--postgres=URL]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomStream } from '../dist/base/random.js';
import { openLedger } from '../dist/ledger/ledger.js';
import { openPostgresStore } from '../dist/ledger/stores/postgres.js';
import { openSqliteStore } from '../dist/ledger/stores/sqlite.js';
import { AutomaticRewardDistributor } from '../dist/payouts/buckets/distributor.js';

const HOUR = 3_600_000;
const START = Date.UTC(2028, 0, 1) / HOUR;
const BUCKETS = ['inference', 'learning', 'validation', 'dataset'];

export async function bench({ hours = '8784', claims = '10', seed = '1', postgres = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'focus-buckets-bench-'));
  const rows = [];
  try {
    const store = openSqliteStore(join(folder, 'year.ledger'));
    rows.push(await year('sqlite', store, { hours, claims, seed }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (postgres !== '') {
    const store = await openPostgresStore(postgres, { schema: `bench_${process.pid}` });
    rows.push(await year('postgres', store, { hours, claims, seed }));
  }
  return rows;
}

async function year(name, store, { hours, claims, seed }) {
  const ledger = openLedger(store);
  const random = randomStream(Number(seed));
  let nowMs = START * HOUR;
  const distributor = new AutomaticRewardDistributor({ ledger, now: () => nowMs });
  let submitting = 0;
  let settling = 0;
  let count = 0;
  let mood = 1;
  let outage = 0;
  for (let i = 0; i < Number(hours); i++) {
    const hour = START + i;
    if (i % 40 === 0) mood = [0, 1, 1, 3][random.below(4)];
    if (random.below(150) === 0) outage = 1 + random.below(30);
    nowMs = hour * HOUR + 1000;
    const most = Math.round(Number(claims) * mood * 1.6);
    const list = Array.from({ length: random.below(most + 1) }, (_, n) => claim(random, hour, n));
    let start = performance.now();
    await Promise.all(list.map((each) => distributor.submitClaim(...each)));
    submitting += performance.now() - start;
    count += list.length;
    nowMs = (hour + 1) * HOUR;
    if (outage-- > 0) continue;
    start = performance.now();
    await distributor.settleDue();
    settling += performance.now() - start;
  }
  const start = performance.now();
  await distributor.settleDue();
  settling += performance.now() - start;
  const { entries, hash } = await ledger.head();
  const again = performance.now();
  await new AutomaticRewardDistributor({ ledger, now: () => nowMs }).ready;
  const starting = performance.now() - again;
  const { difference } = await ledger.verify();
  if (difference !== null) throw new Error(difference);
  await ledger.close();
  const seconds = (ms) => (ms / 1000).toFixed(1);
  return {
    store: name,
    hours,
    claims: count,
    entries,
    'submitting s': seconds(submitting),
    'settling s': seconds(settling),
    'start again s': seconds(starting),
    head: hash.slice(0, 12),
  };
}

function claim(random, hour, n) {
  const bucket = BUCKETS[random.below(4)];
  const size = 1 + random.below(900);
  const work = {
    inference: { tokens: size * 1000, quality: '1.25' },
    learning: { improvementPct: `${size % 7}.25`, difficulty: '2' },
    validation: { tasks: size },
    dataset: { gb: `${size}.5`, quality: '0.9' },
  }[bucket];
  return [bucket, `wallet-${random.below(300)}`, work, { workId: `work-${hour}-${n}` }];
}
