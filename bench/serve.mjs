// How much does the service take? The server is a process of its own on a file of SQLite, the load is this one
// (autocannon, --connections at once): estimates a second, claims a second that are durable, the 99th percentile
// at half of the bars (--estimates-bar, --claims-bar a second), resident memory over --minutes, and a kill -9 in the
// middle: after a restart every claim that was acknowledged must be there once, be paid once, and the ledger verify.
//   --part=estimates|claims|half|memory|crash     --seconds=5     --attestations=3 a claim     --claims=30000
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { openLedger } from '../dist/ledger/ledger.js';
import { openSqliteStore } from '../dist/ledger/stores/sqlite.js';
import { AutomaticRewardDistributor } from '../dist/payouts/buckets/distributor.js';
import { RewardConfig } from '../dist/payouts/buckets/config.js';
import { signedClaims, writeFiles } from './serve-claims.mjs';

const MAIN = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/cli/main.js');
const ESTIMATE = '/rewards/estimate?tokens=100000&quality=1.1';
const HOUR_MS = 3_600_000;

export async function bench(options) {
  const { part = 'all', connections = '64', seconds = '5', attestations = '3' } = options;
  const sizes = {
    connections: Number(connections),
    duration: Number(seconds),
    attestations: Number(attestations),
    count: Number(options.claims ?? 30_000),
    estimatesBar: Number(options['estimates-bar'] ?? 8000),
    claimsBar: Number(options['claims-bar'] ?? 3000),
    minutes: Number(options.minutes ?? 1),
  };
  const parts = { estimates, claims, half, memory, crash };
  const rows = [];
  for (const [name, run] of Object.entries(parts)) {
    if (part !== 'all' && part !== name) continue;
    const folder = mkdtempSync(join(tmpdir(), 'focus-serve-bench-'));
    writeFiles(folder, sizes.attestations);
    try {
      rows.push(...(await run(folder, sizes)));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return rows;
}

async function estimates(folder, { connections, duration }) {
  const server = await start(folder);
  await load({ url: server.url + ESTIMATE, connections, duration: 1 });
  const result = await load({ ...server, url: server.url + ESTIMATE, connections, duration });
  await server.stop();
  return [rowOf('estimates', result)];
}

async function claims(folder, { connections, count, attestations }) {
  const requests = signedClaims(count, attestations);
  const server = await start(folder);
  const { result, acknowledged } = await claimAll(server, requests, { connections });
  await server.stop();
  const row = rowOf(`claims, ${attestations} attestations`, result);
  return [{ ...row, acknowledged: acknowledged.size }];
}

/** The 99th percentile at half of each bar, one after the other. */
async function half(folder, sizes) {
  const { connections, duration, attestations, estimatesBar, claimsBar } = sizes;
  const requests = signedClaims((claimsBar / 2) * duration, attestations);
  const server = await start(folder);
  await load({ url: server.url + ESTIMATE, connections, duration: 1 });
  const url = server.url + ESTIMATE;
  const one = await load({ ...server, url, connections, duration, overallRate: estimatesBar / 2 });
  const overallRate = claimsBar / 2;
  const two = await claimAll(server, requests, { connections, overallRate });
  await server.stop();
  return [rowOf('estimates at half', one), rowOf('claims at half', two.result)];
}

/** Resident memory of the server under estimates and claims for some minutes. */
async function memory(folder, { connections, minutes, attestations }) {
  const server = await start(folder);
  const rows = [];
  const slices = Math.max(2, Math.round(minutes * 4));
  for (let slice = 0; slice < slices; slice++) {
    const requests = signedClaims(5000, attestations, `m${slice}`);
    const { result } = await claimAll(server, requests, { connections });
    const url = server.url + ESTIMATE;
    await load({ url, connections, duration: Math.max(1, 12 - result.duration) });
    const { failures } = failuresOf(result);
    rows.push({ part: 'memory', slice, rssMb: residentMb(server.process.pid), failures });
  }
  await server.stop();
  return rows;
}

/** kill -9 while claims come in. */
async function crash(folder, { connections, attestations, count }) {
  const requests = signedClaims(count, attestations);
  const server = await start(folder);
  setTimeout(() => server.process.kill('SIGKILL'), 1500);
  const { acknowledged } = await claimAll(server, requests, { connections, timeout: 2 });
  await server.ended;
  const again = await start(folder);
  // What was acknowledged is sent once more: each must be answered as it was before.
  const retried = requests.filter(({ key }) => acknowledged.has(key)).slice(0, 2000);
  const second = await claimAll(again, retried, { connections });
  await again.stop();
  const isSame = retried.every(({ key }) => second.acknowledged.get(key) === acknowledged.get(key));
  return [{ part: 'kill -9', acknowledged: acknowledged.size, isSame, ...(await audit(folder, acknowledged)) }];
}

/** Reads the ledger itself: is each acknowledged claim there once, and paid once? */
async function audit(folder, acknowledged) {
  const ledger = openLedger(openSqliteStore(join(folder, 'bly.ledger')));
  const opened = new Map();
  for await (const { content } of ledger.entries(0)) {
    const { kind, claims = [] } = JSON.parse(content);
    if (kind === 'bly-claim') opened.set(claims[0].key, (opened.get(claims[0].key) ?? 0) + 1);
  }
  const wrong = [...acknowledged.values()].filter((id) => opened.get(id) !== 1).length;
  const config = RewardConfig.fromYaml(join(folder, 'policy.yaml'));
  const distributor = new AutomaticRewardDistributor({
    ...{ ledger, config },
    now: () => Date.now() + 30 * HOUR_MS,
  });
  await distributor.settleDue();
  let overpaid = 0;
  let paid = 0;
  for (const id of opened.keys()) {
    const claim = await ledger.claimOf(id);
    if (claim.paid > claim.claimed) overpaid++;
    if (claim.paid > 0n) paid++;
  }
  const { verified } = await ledger.verify();
  await ledger.close();
  return { inLedger: opened.size, missingOrDouble: wrong, paid, overpaid, verified };
}

async function start(folder) {
  const flags = ['--port', '0', '--rate', '1000000000', '--log', 'error'];
  const files = ['--ledger', join(folder, 'bly.ledger'), '--nodes', join(folder, 'nodes.yaml')];
  const policy = ['--policy', join(folder, 'policy.yaml')];
  const child = spawn(process.execPath, [MAIN, 'serve', ...flags, ...files, ...policy], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (piece) => {
      text += piece;
      const found = /listening on (\S+);/.exec(text);
      if (found !== null) resolve(found[1]);
    });
    ended.then((code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  });
  return {
    url,
    process: child,
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      const code = await ended;
      if (code !== 0) throw new Error(`the server ended with ${code}`);
    },
  };
}

/** Runs a load, and the processor time that server and load took, which other processes do not blur. */
async function load(settings) {
  const { process: child, ...rest } = settings;
  const [before, own] = [processorMs(child?.pid), process.cpuUsage()];
  const result = await autocannon(rest);
  const { user, system } = process.cpuUsage(own);
  return {
    ...result,
    serverMs: processorMs(child?.pid) - before,
    loadMs: (user + system) / 1000,
  };
}

/** Milliseconds of user and system time of a process; 0 where there is none. */
function processorMs(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** Sends each request once; the ids of claims that were acknowledged, by Idempotency-Key. */
async function claimAll(server, requests, settings) {
  const acknowledged = new Map();
  let next = 0;
  const result = await load({
    ...server,
    amount: requests.length,
    bailout: 200,
    ...settings,
    requests: [
      {
        method: 'POST',
        path: '/rewards/claims',
        setupRequest: (request, context) => {
          const { key, body } = requests[next++ % requests.length];
          context.key = key;
          const headers = { 'content-type': 'application/json', 'idempotency-key': key };
          return { ...request, headers, body };
        },
        onResponse: (status, body, context) => {
          if (status === 201) acknowledged.set(context.key, JSON.parse(body).claim_id);
        },
      },
    ],
  });
  return { result, acknowledged };
}

function failuresOf(result) {
  const { errors, timeouts, non2xx } = result;
  return { failures: errors + timeouts + non2xx, serverErrors: result['5xx'] ?? 0 };
}

function rowOf(part, result) {
  const { latency, duration } = result;
  const answered = result['2xx'];
  return {
    part,
    answered,
    perSecond: Math.round(answered / duration),
    serverUs: Math.round((1000 * result.serverMs) / answered),
    loadUs: Math.round((1000 * result.loadMs) / answered),
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    ...failuresOf(result),
  };
}

function residentMb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
}
