// focus bly status | settle | replay | statement: a ledger of rewards from outside, or a service over one.

import { Command } from 'commander';
import { now } from '../base/clock.js';
import { check } from '../base/errors.js';
import { decimalOf } from '../ledger/amount.js';
import { HOUR_MS } from '../payouts/accounting-hour.js';
import { BUCKETS, perBucket, sumOf, TOKEN } from '../payouts/buckets/bucket.js';
import { AutomaticRewardDistributor } from '../payouts/buckets/distributor.js';
import type { SettlementEvent } from '../payouts/buckets/events.js';
import type { HourNumbers } from '../payouts/buckets/plan.js';
import { replayBuckets, type BucketReplay } from '../payouts/buckets/replay.js';
import { BudgetView } from '../server/budget-view.js';
import { statusOf } from '../server/routes/buckets.js';
import { configOf } from './bly-estimate.js';
import { askService, askText } from './bly-service.js';
import { EXIT_MISMATCH } from './exit.js';
import {
  addStatementOptions,
  momentOf,
  printStatement,
  type StatementFlags,
} from './ledger-statement.js';
import { openTarget, withLedger } from './ledger-target.js';
import { openProgress } from './progress.js';
import { option } from './settings.js';

interface Source {
  readonly ledger?: string;
  readonly url?: string;
  readonly policy?: string;
  readonly json?: boolean;
}

/** Registers the command. */
export function statusCommand(): Command {
  const command = new Command('status').description('this hour’s budget by bucket');
  addSource(command);
  option(command, '--policy <file>', 'with --ledger (default: the policy of the package)');
  return command.option('--json', 'print one JSON object').action(async (flags: Source) => {
    const status = await statusAt(flags);
    if (flags.json === true) process.stdout.write(`${JSON.stringify(status)}\n`);
    else tellStatus(status);
  });
}

/** Registers the command. */
export function settleCommand(): Command {
  const command = new Command('settle').description(
    'settle every hour that is over, and finish one that was cut off',
  );
  option(command, '--ledger <target>', 'file, or postgres://user@host/database?schema=name');
  option(command, '--policy <file>', 'policy of rewards (default: that of the package)');
  command.option('--until <time>', 'hours that were over then: ISO 8601; default: now');
  return command
    .option('--json', 'print one JSON object')
    .action((flags: Source & { readonly until?: string }) => settle(flags));
}

/** Registers the command. */
export function replayCommand(): Command {
  const command = new Command('replay').description(
    'make every settlement again from the log, and post the log again; both must come out the same',
  );
  option(command, '--ledger <target>', 'file, or postgres://user@host/database?schema=name');
  command.option(
    '--policy <file...>',
    'every policy that the ledger was settled by (default: that of the package)',
  );
  return command
    .option('--json', 'print one JSON object')
    .action((flags: ReplayFlags) => replay(flags));
}

interface ReplayFlags {
  readonly ledger?: string;
  readonly policy?: readonly string[];
  readonly json?: boolean;
}

/** Registers the command. */
export function blyStatementCommand(): Command {
  const command = new Command('statement')
    .description('every posting of an account: time, amount, running balance, reason, formula')
    .argument('<account>', 'like neuron:did:key:z6Mk…, or pending:… for what is not final');
  return addStatementOptions(addSource(command)).action(
    async (account: string, flags: StatementFlags & Source) => {
      const { ledger, url } = oneSource('statement', flags);
      if (ledger !== undefined) return printStatement(ledger, account, flags);
      return statementOfService(url ?? '', account, flags);
    },
  );
}

function addSource(command: Command): Command {
  option(command, '--ledger <target>', 'file, or postgres://user@host/database?schema=name');
  option(command, '--url <address>', 'a service of focus serve, like http://127.0.0.1:8080');
  return command;
}

function oneSource(name: string, { ledger, url }: Source): Pick<Source, 'ledger' | 'url'> {
  check(
    (ledger === undefined) !== (url === undefined),
    'usage',
    () => `${name}: expected --ledger or --url`,
  );
  return ledger === undefined ? { url: url ?? '' } : { ledger };
}

/** The target of --ledger. Throws `usage` where there is none. */
export function ledgerOf(name: string, ledger: string | undefined): string {
  check(ledger !== undefined, 'usage', () => `${name}: expected --ledger`);
  return ledger;
}

type Status = Readonly<Record<string, unknown>>;

async function statusAt(flags: Source): Promise<Status> {
  const { ledger: target, url } = oneSource('status', flags);
  if (url !== undefined) return (await askService(url, 'rewards/buckets/status')).json as Status;
  let status: object = {};
  await withLedger(target ?? '', async (ledger) => {
    const config = configOf(flags.policy);
    const distributor = new AutomaticRewardDistributor({ ledger, config });
    await distributor.ready;
    status = statusOf({ distributor, view: new BudgetView(distributor) });
  });
  return status as Status;
}

const COLUMNS = [
  ['allotted', 'allotted_bly_exact'],
  ['granted', 'granted_bly_exact'],
  ['claimed', 'claimed_bly_exact'],
  ['available', 'available_bly_exact'],
  ['backpay', 'backpay_bly_exact'],
  ['in all', 'total_bly_exact'],
] as const;
const WIDTH = 22;

function tellStatus(status: Status): void {
  const { hour_start: start, next_settlement: next, hour_budget_bly_exact: fresh } = status;
  const { rollover_bly_exact: rolled } = status;
  const buckets = status['buckets'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const row = (cells: readonly string[]): string =>
    `${cells[0].padEnd(11)}${cells
      .slice(1)
      .map((each) => each.padStart(WIDTH))
      .join('')}\n`;
  process.stdout.write(
    `hour of ${String(start)}, settled at ${String(next)}\n` +
      `${String(fresh)} BLY fresh, ${String(rolled)} rolled over\n` +
      row(['', ...COLUMNS.map(([name]) => name)]),
  );
  for (const bucket of BUCKETS) {
    const cells = COLUMNS.map(([, key]) => String(buckets[bucket][key]));
    process.stdout.write(row([bucket, ...cells]));
  }
  process.stderr.write('allotted and granted are of the last settled hour; amounts are in BLY\n');
}

async function settle(flags: Source & { readonly until?: string }): Promise<void> {
  const nowMs = now();
  const untilMs = momentOf('--until', flags.until) ?? nowMs;
  check(
    untilMs <= nowMs,
    'usage',
    () => `--until: expected a time that is over, found ${String(flags.until)}`,
    'an hour is settled when it is over',
  );
  await withLedger(ledgerOf('settle', flags.ledger), async (ledger) => {
    const told: object[] = [];
    const tell = (event: SettlementEvent): void => {
      if (flags.json === true) told.push(hourJson(event));
      else process.stdout.write(hourText(event));
    };
    const distributor = new AutomaticRewardDistributor({
      ledger,
      config: configOf(flags.policy),
      now: () => untilMs,
      // What is told here is at the end of the history by then; it holds two weeks only.
      onSettled: (hour) => distributor.history.filter((each) => each.hour === hour).forEach(tell),
    });
    await distributor.ready;
    const last = distributor.history.at(-1)?.hour ?? -1;
    const settled = await distributor.settleDue();
    // An hour that was cut off was opened before, and is only finished now.
    const finished = settled.filter((hour) => hour <= last);
    const nextHour = distributor.state?.buckets.nextHour ?? null;
    if (flags.json === true) {
      process.stdout.write(`${JSON.stringify({ settled: told, finished, nextHour })}\n`);
      return;
    }
    for (const hour of finished)
      process.stdout.write(`${timeOf(hour)}: finished what was cut off\n`);
    const next = nextHour === null ? 'no claim was ever made' : `next is ${timeOf(nextHour)}`;
    process.stderr.write(`${settled.length} hours settled; ${next}\n`);
  });
}

function hourText(event: SettlementEvent): string {
  const numbers = JSON.parse(event.numbers) as HourNumbers;
  const of = (units: string): string => decimalOf(BigInt(units));
  const granted = sumOf(perBucket((bucket) => BigInt(numbers.granted[bucket])));
  const queued = sumOf(perBucket((bucket) => BigInt(numbers.queued[bucket])));
  const parts = BUCKETS.filter((bucket) => numbers.granted[bucket] !== '0').map(
    (bucket) => `${bucket} ${of(numbers.granted[bucket])}`,
  );
  return (
    `${timeOf(event.hour)}: granted ${decimalOf(granted)} of ${of(numbers.available)} BLY` +
    `${parts.length === 0 ? '' : ` (${parts.join(', ')})`}; ${of(numbers.unspent)} left, ` +
    `${decimalOf(queued)} queued, ${of(numbers.expired)} expired\n`
  );
}

function hourJson({ hour, policy, plan, numbers }: SettlementEvent): object {
  return { hour, start: timeOf(hour), policy, plan, units: JSON.parse(numbers) as HourNumbers };
}

function timeOf(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString();
}

async function replay({ ledger: target, policy: paths = [], json }: ReplayFlags): Promise<void> {
  const configs = paths.length === 0 ? [configOf(undefined)] : paths.map(configOf);
  await withLedger(ledgerOf('replay', target), async (ledger) => {
    const copy = await openTarget(':memory:', true);
    const progress = openProgress();
    progress.phase('replaying');
    let result: BucketReplay;
    try {
      const policies = configs.map(({ policy }) => policy);
      result = await replayBuckets(ledger, { policies, copy });
    } finally {
      progress.end();
      await copy.close();
    }
    if (json === true) process.stdout.write(`${JSON.stringify(replayJson(result))}\n`);
    else tellReplay(result);
    if (!result.replayed) process.exitCode = EXIT_MISMATCH;
  });
}

function replayJson({ granted, ...rest }: BucketReplay): object {
  return { ...rest, grantedExact: perBucket((bucket) => decimalOf(granted[bucket])) };
}

function tellReplay(result: BucketReplay): void {
  const { difference, hours, claims, transactions, granted, head, unfinishedHour } = result;
  if (difference !== null) {
    const { sequence, reason } = difference;
    const place = sequence === null ? '' : `entry ${sequence}: `;
    process.stderr.write(`MISMATCH: ${place}${reason}\n`);
    return;
  }
  process.stdout.write(
    `replayed ${hours} hours, ${claims} claims, ${transactions} transactions: ` +
      `${decimalOf(sumOf(granted))} BLY granted\n` +
      `${head?.entries} entries, head ${head?.hash}: the same head\n`,
  );
  if (unfinishedHour !== null) {
    process.stderr.write(
      `hour ${timeOf(unfinishedHour)} is not completely written: settle finishes it\n`,
    );
  }
}

/** Pages of a service as they come: JSON lines, or CSV as a whole. */
async function statementOfService(
  url: string,
  account: string,
  { token = TOKEN, format = 'csv', from, to, out }: StatementFlags,
): Promise<void> {
  const isCsv = format === 'csv';
  check(
    (isCsv || format === 'ndjson') && from === undefined && to === undefined && out === undefined,
    'usage',
    () => 'statement: with --url expected --format csv or ndjson, and no --from, --to, --out',
    'these read a ledger: give --ledger',
  );
  const path = `rewards/statements/${encodeURIComponent(account)}`;
  const accept = isCsv ? 'text/csv' : 'application/x-ndjson';
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ token, ...(isCsv ? {} : { limit: '1000' }) });
    if (cursor !== '') query.set('cursor', cursor);
    const page = await askText(url, `${path}?${query}`, { accept });
    process.stdout.write(page.text);
    cursor = page.headers.get('next-cursor');
  }
}
