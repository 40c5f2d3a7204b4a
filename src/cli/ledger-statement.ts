// focus ledger statement | explain: what an account got and why, and what became of a claim.

import { Command } from 'commander';
import { check } from '../base/errors.js';
import { printable } from '../base/printable.js';
import {
  RECORD_FORMATS,
  writeRecords,
  type RecordFormat,
  type RecordShape,
} from '../formats/write-records.js';
import type { StatementLine } from '../ledger/statement.js';
import { STATEMENT_COLUMNS, statementJson } from '../ledger/statement-columns.js';
import { isPostgresUrl } from '../ledger/stores/postgres.js';
import { withLedger } from './ledger-target.js';
import { checkOutput } from './linked-input.js';

/** Flags of a statement. */
export interface StatementFlags {
  readonly token?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format?: string;
  readonly out?: string;
}

/** Registers the command. */
export function statementCommand(): Command {
  const command = new Command('statement')
    .description('every posting of an account: time, amount, running balance, reason, formula')
    .argument('<ledger>', 'file, or postgres://user@host/database?schema=name')
    .argument('<account>', 'like neuron:did:key:z6Mk…');
  return addStatementOptions(command).action(printStatement);
}

/** Adds the options of `printStatement`. */
export function addStatementOptions(command: Command): Command {
  return command
    .option('--token <name>', 'one token only; default: one after the other')
    .option('--from <time>', 'first moment: ISO 8601, or milliseconds since 1970')
    .option('--to <time>', 'the moment after the last')
    .option('--format <name>', `${RECORD_FORMATS.join(', ')}; default: by --out, else csv`)
    .option('--out <file>', 'write to a file, all or nothing; default: standard output');
}

/** Prints the statement of an account of a ledger. */
export async function printStatement(
  target: string,
  account: string,
  flags: StatementFlags,
): Promise<void> {
  const { token, out = '-' } = flags;
  const format = formatOf(flags);
  const fromMs = momentOf('--from', flags.from);
  const toMs = momentOf('--to', flags.to);
  if (out !== '-') await checkOutput('--out', out, isPostgresUrl(target) ? [] : [target]);
  return withLedger(target, async (ledger) => {
    const lines = ledger.statement(account, { token, fromMs, toMs });
    const count = await writeRecords(out, format, STATEMENT, lines);
    if (out !== '-') process.stderr.write(`wrote ${out}: ${count} lines\n`);
  });
}

/** Registers the command. */
export function explainClaimCommand(): Command {
  return new Command('explain')
    .description('what became of a claim, and why it is unpaid or reduced')
    .argument('<ledger>', 'file, or postgres://user@host/database?schema=name')
    .argument('<claim>', 'its key, 64 hex digits')
    .option('--json', 'print one JSON object')
    .action((target: string, key: string, { json }: { readonly json?: boolean }) =>
      withLedger(target, async (ledger) => {
        const told = await ledger.explain(key);
        if (json === true) process.stdout.write(`${jsonText(told)}\n`);
        else for (const each of told.sentences) process.stdout.write(`${printable(each)}\n`);
      }),
    );
}

const STATEMENT: RecordShape<StatementLine> = { columns: STATEMENT_COLUMNS, json: statementJson };

function formatOf({ format, out }: StatementFlags): RecordFormat {
  const named = format ?? (out === undefined ? 'csv' : out.slice(out.lastIndexOf('.') + 1));
  const known = RECORD_FORMATS.find((each) => each === named.toLowerCase());
  check(
    known !== undefined,
    'usage',
    () => `--format: expected one of ${RECORD_FORMATS.join(', ')}, found ${JSON.stringify(named)}`,
  );
  return known;
}

/** Reads a moment: ISO 8601, or milliseconds since 1970. Throws `usage`. */
export function momentOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = /^[0-9]{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  check(
    Number.isSafeInteger(timeMs) && timeMs >= 0,
    'usage',
    () => `${flag}: expected a time like 2026-01-31T12:00:00Z, found ${JSON.stringify(text)}`,
  );
  return timeMs;
}

/** JSON with amounts as texts. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? String(each) : each,
  );
}
