// How fast is the ledger? Transactions of two postings in batches, single durable ones from --callers
// callers at once and from one alone, verification, an import, and a statement of --lines lines with the
// memory that it takes; on a file of SQLite, and on PostgreSQL with
// --postgres=postgres://user@host/database, in a schema of its own and a tenth of the lines.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityKey } from '../dist/ledger/entry.js';
import { openLedger } from '../dist/ledger/ledger.js';
import { openPostgresStore } from '../dist/ledger/stores/postgres.js';
import { openSqliteStore } from '../dist/ledger/stores/sqlite.js';

const SOURCE = 'source:BLY';
const BUSY = 'neuron:did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';

/** An issue of BLY to one of ten thousand, as a reward would be written. */
const transaction = (name, account) => (_, i) => ({
  key: identityKey({ bench: name, i }),
  kind: 'reward',
  epoch: 1,
  timeMs: 1_700_000_000_000 + i,
  postings: [
    { account: SOURCE, token: 'BLY', units: -5n },
    { account: account ?? `neuron:did:key:z6Mk${i % 10_000}`, token: 'BLY', units: 5n },
  ],
  reason: 'inference',
  formula: { name: 'inference', inputs: { tokens: '100000', quality: '1.1' }, result: '110' },
});

const made = (name, count, account) => Array.from({ length: count }, transaction(name, account));

export async function bench({
  batch = '60000',
  callers = '64',
  singles = '6400',
  sequential = '500',
  lines = '1000000',
  postgres = '',
}) {
  const folder = mkdtempSync(join(tmpdir(), 'focus-ledger-bench-'));
  const rows = [];
  const sizes = { batch, callers, singles, sequential, lines };
  try {
    await measure(rows, 'sqlite', openSqliteStore(join(folder, 'bench.ledger')), sizes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (postgres !== '') {
    const schema = `bench_${process.pid}`;
    const store = await openPostgresStore(postgres, { schema });
    await measure(rows, 'postgres', store, { ...sizes, lines: String(Number(lines) / 10) });
  }
  return rows;
}

async function measure(rows, name, store, sizes) {
  const [batch, callers, singles, sequential, lines] = [
    ...[sizes.batch, sizes.callers, sizes.singles, sizes.sequential, sizes.lines].map(Number),
  ];
  const ledger = openLedger(store);
  const timed = async (
    what,
    count,
    run,
    more = () => ({ 'live MB': '', 'heap MB': '', 'rss MB': '' }),
  ) => {
    const start = performance.now();
    await run();
    const ms = performance.now() - start;
    const row = {
      store: name,
      what,
      count,
      'per second': Math.round((1000 * count) / ms),
      ...more(),
    };
    rows.push({ ...row, ms: Math.round(ms) });
    process.stderr.write(`${JSON.stringify(row)}\n`);
  };
  const third = Math.floor(batch / 3);
  for (let round = 0; round < 3; round++) {
    const list = made(`batch ${round}`, third);
    await timed('batches', third, () => ledger.postAll(list));
  }
  const single = made('single', singles);
  await timed(`single durable, ${callers} callers`, singles, () => {
    let next = 0;
    const caller = async () => {
      while (next < singles) await ledger.post(single[next++]);
    };
    return Promise.all(Array.from({ length: callers }, caller));
  });
  await timed('single durable, one caller', sequential, async () => {
    for (const each of made('sequential', sequential)) await ledger.post(each);
  });
  const { entries } = await ledger.head();
  await timed('verify', entries, async () => {
    const { difference } = await ledger.verify();
    if (difference !== null) throw new Error(difference);
  });
  await timed('replay into memory', entries, async () => {
    const copy = openLedger(openSqliteStore(':memory:'));
    await copy.import(ledger.export());
    await copy.close();
  });
  await timed('seal', entries, () => ledger.seal(1, { timeMs: 0 }));
  for (let at = 0; at < lines; at += 50_000) {
    const count = Math.min(50_000, lines - at);
    const list = made(`line ${at}`, count, BUSY).map((each) => ({ ...each, epoch: 2 }));
    await ledger.postAll(list);
  }
  await measureStatement(timed, ledger, lines);
  await ledger.close();
}

/**
 * Live memory is what a collection leaves, taken ten times on the way; peaks hold what was not collected
 * yet, taken every 1,000 lines.
 */
async function measureStatement(timed, ledger, lines) {
  const live = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = { live: live(), ...process.memoryUsage() };
  const most = { live: 0, heapUsed: 0, rss: 0 };
  const raise = (name, value) => {
    most[name] = Math.max(most[name], value - before[name]);
  };
  let count = 0;
  const run = async () => {
    for await (const line of ledger.statement(BUSY)) {
      if (line.units !== 5n) throw new Error('a line is wrong');
      count++;
      if (count % Math.floor(lines / 10) === 0) raise('live', live());
      if (count % 1000 !== 0) continue;
      const { heapUsed, rss } = process.memoryUsage();
      raise('heapUsed', heapUsed);
      raise('rss', rss);
    }
    if (count !== lines) throw new Error(`expected ${lines} lines, found ${count}`);
  };
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  await timed('statement', lines, run, () => ({
    'live MB': megabytes(most.live),
    'heap MB': megabytes(most.heapUsed),
    'rss MB': megabytes(most.rss),
  }));
}
