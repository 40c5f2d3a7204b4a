// focus ledger: looks at a ledger from outside. LEDGER is a file, or postgres://user@host/database.

import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { check, FocusError } from '../base/errors.js';
import { writeAtomically } from '../formats/atomic-file.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Head } from '../ledger/store.js';
import type { Verification } from '../ledger/verify.js';
import { isPostgresUrl } from '../ledger/stores/postgres.js';
import { EXIT_MISMATCH } from './exit.js';
import { explainClaimCommand, statementCommand } from './ledger-statement.js';
import { openTarget, withLedger } from './ledger-target.js';
import { checkOutput } from './linked-input.js';
import { openProgress } from './progress.js';

interface JsonFlag {
  readonly json?: boolean;
}

interface ReplayFlags extends JsonFlag {
  readonly into?: string;
}

/** Registers the commands. */
export function ledgerCommand(): Command {
  const command = new Command('ledger').description(
    'verify, replay, export and back up a ledger; print statements',
  );
  command.addCommand(verifyCommand());
  command.addCommand(replayCommand());
  command.addCommand(statementCommand());
  command.addCommand(explainClaimCommand());
  command.addCommand(exportCommand());
  command.addCommand(backupCommand());
  command.addCommand(restoreCommand());
  return command;
}

function verifyCommand(): Command {
  return ledgerArgument('verify', 'recompute hashes, balances, claims and seals from the log')
    .option('--json', 'print one JSON object')
    .action((target: string, { json }: JsonFlag) =>
      withLedger(target, async (ledger) => {
        const result = await verified(ledger);
        if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
        else tellVerification(target, result);
        if (!result.verified) process.exitCode = EXIT_MISMATCH;
      }),
    );
}

function replayCommand(): Command {
  return ledgerArgument(
    'replay',
    'post the whole log again to a fresh ledger, and compare the heads',
  )
    .option('--into <ledger>', 'a new ledger to keep; default: one in memory')
    .option('--json', 'print one JSON object')
    .action((target: string, { into, json }: ReplayFlags) =>
      withLedger(target, async (ledger) => {
        if (into !== undefined) await checkNew(into);
        const copy = await openTarget(into ?? ':memory:', true);
        try {
          const head = await copy.import(ledger.export());
          const result = { replayed: true, head };
          if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
          else process.stdout.write(`replayed ${headText(head)}: the same head\n`);
        } finally {
          await copy.close();
        }
      }),
    );
}

function exportCommand(): Command {
  return ledgerArgument('export', 'print the log as NDJSON: header, entries, head').action(
    (target: string) =>
      withLedger(target, async (ledger) => {
        await writeExport('-', ledger);
      }),
  );
}

function backupCommand(): Command {
  return ledgerArgument('backup', 'write the log to a file that restore reads, on any store')
    .argument('<file>', 'NDJSON to write; replaced only when it is complete')
    .action((target: string, file: string) =>
      withLedger(target, async (ledger) => {
        await checkOutput('FILE', file, isPostgresUrl(target) ? [] : [target]);
        const entries = await writeExport(file, ledger);
        process.stderr.write(`wrote ${file}: ${entries} entries\n`);
      }),
    );
}

function restoreCommand(): Command {
  return ledgerArgument('restore', 'make a ledger of a backup, and verify it')
    .argument('<file>', 'a backup or an export; - for standard input')
    .option('--json', 'print one JSON object')
    .action(async (target: string, file: string, { json }: JsonFlag) => {
      const ledger = await openTarget(target, true);
      try {
        await ledger.import(linesOf(file));
        const result = await verified(ledger);
        if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
        else tellVerification(target, result);
        if (!result.verified) process.exitCode = EXIT_MISMATCH;
      } finally {
        await ledger.close();
      }
    });
}

function ledgerArgument(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<ledger>', 'file, or postgres://user@host/database?schema=name');
}

async function checkNew(target: string): Promise<void> {
  if (isPostgresUrl(target)) return;
  const isThere = await access(target).then(
    () => true,
    () => false,
  );
  check(!isThere, 'usage', () => `--into ${target}: expected a new file, found one`);
}

async function verified(ledger: Ledger): Promise<Verification> {
  const progress = openProgress();
  progress.phase('verifying');
  try {
    return await ledger.verify();
  } finally {
    progress.end();
  }
}

function tellVerification(target: string, result: Verification): void {
  const { head, balances, claims, postings, sealedEpochs, difference } = result;
  if (difference !== null) {
    process.stderr.write(`${target}: MISMATCH: ${difference}\n`);
    return;
  }
  process.stdout.write(
    `verified ${headText(head)}\n${balances} balances, ${postings} postings, ${claims} claims, ` +
      `${sealedEpochs} sealed epochs agree with the log\n`,
  );
}

function headText({ entries, hash }: Head): string {
  return `${entries} entries, head ${hash}`;
}

async function writeExport(path: string, ledger: Ledger): Promise<number> {
  let lines = 0;
  await writeAtomically(path, async (sink) => {
    let piece = '';
    for await (const line of ledger.export()) {
      lines++;
      piece += `${line}\n`;
      if (piece.length < PIECE) continue;
      await sink.write(Buffer.from(piece));
      piece = '';
    }
    await sink.write(Buffer.from(piece));
  });
  return lines - 2;
}

const PIECE = 1 << 18;

async function* linesOf(file: string): AsyncGenerator<string, void, undefined> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  // An error of the stream is not told by the lines themselves.
  let failed: unknown = null;
  const lines = createInterface({ input, crlfDelay: Infinity });
  input.once('error', (error: unknown) => {
    failed = error;
    lines.close();
  });
  yield* lines;
  if (failed !== null) {
    const why = (failed as { code?: string }).code ?? String(failed);
    throw new FocusError('bad-input', `${file}: cannot be read (${why})`, '', { cause: failed });
  }
}
