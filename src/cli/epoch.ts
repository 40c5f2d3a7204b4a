// focus epoch compute|verify|diff: chains of epochs. Results are the same on every machine, so there
// is no precision to choose; the backend is where exact solves run.

import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { BACKEND_NAMES } from '../backend/choose.js';
import { check, FocusError } from '../base/errors.js';
import { epochsOf, manifestOf } from '../epoch/chain.js';
import { differencesOf } from '../epoch/diff.js';
import { readRulesets, type Ruleset } from '../epoch/ruleset.js';
import { runEpoch } from '../epoch/run.js';
import { verifyChain, type Verified } from '../epoch/verify.js';
import { EXIT_NOT_CONVERGED, EXIT_MISMATCH } from './exit.js';
import { pay, payCommand } from './epoch-pay.js';
import { withMachines, type MachineFlags as Machines } from './epoch-machines.js';
import { choice, option, readInteger, withConfig } from './settings.js';

interface MachineFlags extends Machines {
  readonly json?: boolean;
}

interface ComputeFlags extends MachineFlags {
  readonly epoch: number;
  readonly links?: string;
  readonly signals?: string;
  readonly held?: string;
  readonly rulesets: string;
  readonly beacon: string;
  readonly ledger?: string;
  readonly payouts?: string;
}

interface VerifyFlags extends MachineFlags {
  readonly rulesets?: string;
  readonly head?: string;
  readonly sample?: number;
  readonly beacon?: string;
  readonly cheat?: number;
}

const BYTES_PER_LINK = 30;

/** Registers the command. */
export function epochCommand(): Command {
  const command = new Command('epoch').description(
    'compute, pay, verify and compare chains of epochs: the same bytes on every machine',
  );
  command.addCommand(computeCommand());
  command.addCommand(payCommand());
  command.addCommand(verifyCommand());
  command.addCommand(diffCommand());
  return command;
}

function computeCommand(): Command {
  const command = new Command('compute')
    .description('compute one epoch and put it into its chain')
    .argument('<chain>', 'folder of the chain; epoch 0 begins it');
  command.requiredOption('--epoch <n>', 'number of the epoch, one after the last', readInteger(0));
  option(command, '--links <file>', 'links that the chain begins with: epoch 0 only');
  option(command, '--signals <file>', 'NDJSON, one signal a line: every epoch but 0');
  option(command, '--held <file>', 'what focus ledger held prints: where the ruleset has held');
  command.requiredOption('--rulesets <file>', 'YAML or JSON: a list of rulesets, none defaulted');
  command.requiredOption('--beacon <hex>', '64 hex digits that nobody could foresee');
  option(command, '--ledger <ledger>', 'also pay for it, with --payouts: a file, or postgres://…');
  option(command, '--payouts <file>', 'YAML or JSON: payout rules, none defaulted');
  addMachine(command);
  return withConfig(command).action((chain: string, flags: ComputeFlags) => compute(chain, flags));
}

function verifyCommand(): Command {
  const command = new Command('verify')
    .description('compute a chain anew and name the first row that differs')
    .argument('<chain>', 'folder of the chain');
  option(
    command,
    '--rulesets <file>',
    'rules to hold the chain to (default: those that it states)',
  );
  option(command, '--head <hex>', 'digest that the last epoch must have');
  option(command, '--sample <k>', 'compute only k claims anew, drawn by --beacon', readInteger(1));
  option(command, '--beacon <hex>', '64 hex digits that nobody could foresee: with --sample');
  option(command, '--cheat <c>', 'also say how likely c false claims go unseen', readInteger(1));
  addMachine(command);
  return withConfig(command).action((chain: string, flags: VerifyFlags) => verify(chain, flags));
}

function diffCommand(): Command {
  const command = new Command('diff')
    .description('say what differs between two chains, epoch by epoch')
    .argument('<first>', 'folder of a chain')
    .argument('<second>', 'folder of another');
  command.option('--json', 'print one JSON object');
  return command.action((first: string, second: string, flags: MachineFlags) =>
    diff(first, second, flags),
  );
}

function addMachine(command: Command): void {
  choice(command, '--backend <name>', 'machine of exact solves (default auto)', BACKEND_NAMES);
  option(command, '--threads <n>', 'CPU threads (default all cores)', readInteger(1));
  command.option('--json', 'print one JSON object');
}

async function compute(chain: string, flags: ComputeFlags): Promise<void> {
  const started = performance.now();
  const { epoch, links = null, signals = null, held = null, beacon, ledger, payouts } = flags;
  check(
    (ledger === undefined) === (payouts === undefined),
    'usage',
    () => 'compute: expected --ledger and --payouts together',
  );
  const rulesets = await rulesetsOf(flags.rulesets);
  const request = { chain, epoch, links, signals, held, rulesets, beacon };
  const sealed = await withMachines(flags, await axonsOf(chain, links), (machines) =>
    runEpoch(request, machines),
  );
  const { manifest, digest } = sealed;
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  const { counts, focus } = manifest;
  process.stderr.write(
    `epoch ${epoch} of ${chain}: ${counts.signals} signals, ${counts.links} links, ` +
      `${counts.particles} particles, error ≤ ${String(focus.errorBound)}, ${seconds} s\n`,
  );
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ ...manifest, digest })}\n`);
  else process.stdout.write(`${digest}\n`);
  if (!focus.converged) {
    process.exitCode = EXIT_NOT_CONVERGED;
    return;
  }
  // Epoch 0 is the graph that the chain begins with: it has nobody to pay.
  if (ledger === undefined || payouts === undefined || epoch === 0) return;
  await pay(chain, { ...flags, ledger, payouts, json: false });
}

async function verify(chain: string, flags: VerifyFlags): Promise<void> {
  const started = performance.now();
  const { sample: count, beacon } = flags;
  const head = flags.head?.toLowerCase();
  check(
    head === undefined || /^[0-9a-f]{64}$/.test(head),
    'usage',
    () => 'verify: --head: expected 64 hex digits',
  );
  check(
    (count === undefined) === (beacon === undefined),
    'usage',
    () => 'verify: expected --sample and --beacon together',
    'the beacon must come after the chain: who knows it beforehand knows what is not looked at',
  );
  const rulesets = flags.rulesets === undefined ? undefined : await rulesetsOf(flags.rulesets);
  const sample = count === undefined || beacon === undefined ? undefined : { count, beacon };
  check(
    flags.cheat === undefined || sample !== undefined,
    'usage',
    () => 'verify: expected --sample with --cheat',
    'without a sample everything is computed anew, and no cheat goes unseen',
  );
  const verified = await withMachines(flags, await axonsOf(chain, null), (machines) =>
    verifyChain(chain, { rulesets, head, sample }, machines),
  );
  const { claims } = verified;
  check(
    (flags.cheat ?? 0) <= claims,
    'usage',
    () =>
      `verify: --cheat: expected at most the ${claims} claims of the chain, found ${flags.cheat}`,
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  printVerified(chain, verified, flags, seconds);
}

function printVerified(
  chain: string,
  verified: Verified,
  flags: VerifyFlags,
  seconds: string,
): void {
  const { epochs, head, claims, recomputed } = verified;
  const sizes = [1, ...[0.01, 0.05, 0.1].map((share) => Math.ceil(share * claims))];
  const cheats = [...new Set([...sizes, ...(flags.cheat === undefined ? [] : [flags.cheat])])]
    .sort((a, b) => a - b)
    .map((falsified) => ({ falsified, chanceUnseen: verified.chanceUnseen(falsified) }));
  const { json, sample } = flags;
  if (json === true) {
    const report = { holds: true, epochs, head, claims, recomputed, cheats };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  process.stderr.write(`${chain}: ${epochs} epochs hold, ${seconds} s\n`);
  if (flags.rulesets === undefined) {
    process.stderr.write(
      '  by the rules that the chain states: give --rulesets to hold it to yours\n',
    );
  }
  if (sample !== undefined) {
    process.stderr.write(
      `  ${recomputed} of ${claims} claims computed anew (states and signals)\n`,
    );
    for (const { falsified, chanceUnseen } of cheats) {
      const claim = falsified === 1 ? 'claim' : 'claims';
      const chance = `${(100 * chanceUnseen).toPrecision(3)} %`;
      process.stderr.write(`  ${falsified} false ${claim} would go unseen with chance ${chance}\n`);
    }
  }
  process.stdout.write(`${head}\n`);
}

async function diff(first: string, second: string, flags: MachineFlags): Promise<void> {
  const differences = await differencesOf(first, second);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ differences })}\n`);
  else {
    for (const { epoch, what, row, rows, first: ours, second: theirs } of differences) {
      const where = row === null ? '' : ` row ${row}`;
      const count = rows === null || rows < 2 ? '' : ` (${rows} rows differ)`;
      process.stdout.write(`epoch ${epoch} ${what}${where}${count}\n`);
      process.stdout.write(`  < ${ours ?? 'nothing'}\n  > ${theirs ?? 'nothing'}\n`);
    }
  }
  if (differences.length > 0) process.exitCode = EXIT_MISMATCH;
  else process.stderr.write('the chains are the same\n');
}

async function rulesetsOf(path: string): Promise<readonly Ruleset[]> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'), { version: '1.2' });
  } catch (cause) {
    const message = `${path}: expected a readable YAML or JSON file: ${(cause as Error).message}`;
    throw new FocusError('usage', message, '', { cause });
  }
  return readRulesets(value, path);
}

/** About how many axons there will be: those of the last epoch, or a guess from a file's size. */
async function axonsOf(chain: string, links: string | null): Promise<number> {
  const epochs = await epochsOf(chain);
  if (epochs > 0) return (await manifestOf(chain, epochs - 1)).manifest.counts.axons;
  if (links === null) return 0;
  const bytes = await stat(links).then(
    ({ size }) => size,
    () => 0,
  );
  return Math.round(bytes / BYTES_PER_LINK);
}
