// focus ledger lock|unlock|burn|held|fees: stake on particles and links, and what active locks earn.
// Amounts are in tokens; times are milliseconds since 1970 and the clock's where none is given.

import { Command } from 'commander';
import { check, FocusError } from '../base/errors.js';
import { epochAttention } from '../epoch/attention.js';
import { writeAtomically } from '../formats/atomic-file.js';
import { decimalOf, unitsOf } from '../ledger/amount.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Receipt } from '../ledger/settle.js';
import type { Transaction } from '../ledger/transaction.js';
import { burnTransaction } from '../payouts/burns/burn.js';
import { heldAt, locksNow } from '../payouts/held/held.js';
import { heldText } from '../payouts/held/held-file.js';
import type { StakeRequest } from '../payouts/held/request.js';
import { shownTarget, type Target } from '../payouts/held/target.js';
import { feeRound, payFees, type FeeRound, type PaidRound } from '../payouts/locks/fees.js';
import { lockTransaction, unlockTransaction } from '../payouts/locks/lock.js';
import { withLedger } from './ledger-target.js';
import { choice, option, readInteger } from './settings.js';

interface OperationFlags {
  readonly token: string;
  readonly epoch: number;
  readonly time?: number;
  readonly json?: boolean;
}

interface StakeFlags extends OperationFlags {
  readonly neuron: string;
  readonly particle?: string;
  readonly from?: string;
  readonly to?: string;
  readonly amount: string;
  readonly nonce: string;
}

interface LockFlags extends StakeFlags {
  readonly valence: '0' | '1';
  readonly until: number;
}

interface UnlockFlags extends OperationFlags {
  readonly neuron: string;
  readonly lock: string;
}

interface HeldFlags {
  readonly token: string;
  readonly through: number;
  readonly output: string;
}

interface FeeFlags extends OperationFlags {
  readonly chainEpoch: number;
  readonly time: number;
  readonly pool: string;
  readonly amount: string;
  readonly remainder: string;
}

const EXIT_REJECTED = 3;

/** The commands, for `focus ledger`. */
export function stakeCommands(): readonly Command[] {
  return [lockCommand(), unlockCommand(), burnCommand(), heldCommand(), feesCommand()];
}

function lockCommand(): Command {
  const command = onTarget('lock', 'lock stake on a particle or a link until a stated time');
  choice(command, '--valence <v>', '0 passive: moves rank; 1 active: earns fees, too', ['0', '1']);
  command.options.find(({ long }) => long === '--valence')?.makeOptionMandatory();
  command.requiredOption('--until <ms>', 'when it may be unlocked again', readInteger(0));
  return command.action((target: string, flags: LockFlags) =>
    withLedger(target, async (ledger) => {
      const valence = flags.valence === '1' ? 1 : 0;
      const request = { ...stakeOf(flags), valence, untilMs: flags.until } as const;
      await post(ledger, lockTransaction(request), flags.json);
    }),
  );
}

function unlockCommand(): Command {
  const command = ofLedger('unlock', 'give a lock back to its neuron, whole, after its time');
  command.requiredOption('--neuron <account>', 'who asks: neuron:NAME');
  command.requiredOption('--lock <id>', 'key of the lock');
  return inEpoch(command).action((target: string, flags: UnlockFlags) =>
    withLedger(target, async (ledger) => {
      const { neuron, lock, epoch, token } = flags;
      const timeMs = timeOf(flags);
      const state = await locksNow(ledger, token);
      const unlocking = unlockTransaction(state, { neuron, lock, epoch, timeMs });
      if (!unlocking.accepted) {
        const { code, reason } = unlocking;
        if (flags.json === true) print({ outcome: 'refused', code, reason });
        throw new FocusError('bad-input', reason, 'nothing was posted');
      }
      await post(ledger, unlocking.transaction, flags.json);
    }),
  );
}

function burnCommand(): Command {
  const command = onTarget('burn', 'burn units for ever, for weight that never decays');
  return command.action((target: string, flags: StakeFlags) =>
    withLedger(target, (ledger) => post(ledger, burnTransaction(stakeOf(flags)), flags.json)),
  );
}

function heldCommand(): Command {
  const command = ofLedger('held', 'print what is locked and burned, for focus epoch compute');
  command.requiredOption('--token <name>', 'which token');
  command.requiredOption('--through <n>', 'last sealed epoch that counts', readInteger(0));
  option(command, '--output <file>', 'where to write it (default standard output)');
  return command.action((target: string, flags: HeldFlags) =>
    withLedger(target, async (ledger) => {
      const { token, through, output = '-' } = flags;
      const text = heldText(await heldAt(ledger, { token, through }));
      await writeAtomically(output, (sink) => sink.write(Buffer.from(text, 'utf8')));
    }),
  );
}

function feesCommand(): Command {
  const command = ofLedger('fees', 'share a fee pool between active locks by attention');
  command.argument('<chain>', 'folder of the chain of epochs');
  command.requiredOption('--chain-epoch <n>', 'epoch of the chain that counts', readInteger(0));
  command.requiredOption('--pool <account>', 'account that pays');
  command.requiredOption('--amount <tokens>', 'what is shared');
  command.requiredOption('--remainder <account>', 'account that takes what floors leave');
  inEpoch(command, 'time of the round: a run that was cut off is finished by the same one');
  return command.action((target: string, chain: string, flags: FeeFlags) =>
    withLedger(target, async (ledger) => {
      const { pool, token, epoch: ledgerEpoch, remainder: remainderTo } = flags;
      const { held, ...attention } = await epochAttention(chain, flags.chainEpoch);
      const round = feeRound({
        ...attention,
        ...{ pool, token, ledgerEpoch, remainderTo },
        units: unitsOf(flags.amount, '--amount'),
        timeMs: flags.time,
        locks: held.locks,
      });
      tellRound(round, await payFees(ledger, round), token, flags.json);
    }),
  );
}

function ofLedger(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<ledger>', 'file, or postgres://user@host/database?schema=name');
}

function onTarget(name: string, description: string): Command {
  const command = ofLedger(name, description);
  command.requiredOption('--neuron <account>', 'whose stake: neuron:NAME');
  option(command, '--particle <id>', 'the particle it is for');
  option(command, '--from <id>', 'or the link it is for: where it begins');
  option(command, '--to <id>', 'and where it leads');
  command.requiredOption('--amount <tokens>', 'how much, like 12.5');
  command.requiredOption(
    '--nonce <text>',
    'tells apart what is alike: the same is never done twice',
  );
  return inEpoch(command);
}

/** Adds when an operation is; `time` says why the time must be given, where it must. */
function inEpoch(command: Command, time?: string): Command {
  command.requiredOption('--token <name>', 'which token');
  command.requiredOption('--epoch <n>', 'epoch of the ledger to post in', readInteger(0));
  if (time !== undefined) command.requiredOption('--time <ms>', time, readInteger(0));
  else option(command, '--time <ms>', 'time of the operation (default now)', readInteger(0));
  return command.option('--json', 'print one JSON object');
}

function stakeOf(flags: StakeFlags): StakeRequest {
  const { neuron, token, epoch, nonce } = flags;
  const units = unitsOf(flags.amount, '--amount');
  return { neuron, target: targetOf(flags), token, units, epoch, nonce, timeMs: timeOf(flags) };
}

function timeOf({ time }: OperationFlags): number {
  return time ?? Date.now();
}

function targetOf({ particle, from, to }: StakeFlags): Target {
  const isLink = from !== undefined && to !== undefined && particle === undefined;
  const isParticle = particle !== undefined && from === undefined && to === undefined;
  check(
    isLink || isParticle,
    'usage',
    () => 'expected --particle ID, or --from ID and --to ID',
    'stake is held on a particle or on a link',
  );
  return isLink ? { from, to } : { particle: particle ?? '' };
}

async function post(
  ledger: Ledger,
  transaction: Transaction,
  json: boolean | undefined,
): Promise<void> {
  const receipt = await ledger.post(transaction);
  if (json === true) print(receipt);
  else tellReceipt(receipt, transaction);
  if (receipt.outcome === 'rejected') process.exitCode = EXIT_REJECTED;
}

function tellReceipt({ key, outcome, refusal, replayed }: Receipt, { reason }: Transaction): void {
  if (outcome === 'rejected') {
    process.stderr.write(`rejected: ${refusal?.reason ?? ''}\n`);
    return;
  }
  process.stderr.write(`${reason}${replayed ? ', before: nothing is done twice' : ''}\n`);
  process.stdout.write(`${key}\n`);
}

function tellRound(
  { shared }: FeeRound,
  { outcome, opening, receipts }: PaidRound,
  token: string,
  json: boolean | undefined,
): void {
  const shares = shared.shares.map(({ lock, attention, units, nothing }) => ({
    lock: lock.id,
    neuron: lock.neuron,
    stake: String(lock.units),
    attention: String(attention),
    units: String(units),
    nothing,
  }));
  const rejected = receipts.filter((each) => each.outcome === 'rejected');
  const remainder = String(shared.remainder);
  const reason = [opening, ...rejected].find(({ refusal }) => refusal !== null)?.refusal?.reason;
  if (json === true) print({ outcome, reason: reason ?? null, shares, remainder });
  else {
    for (const { lock, units, nothing } of shared.shares) {
      const what = nothing === null ? `${decimalOf(units)} ${token}` : `nothing: ${nothing}`;
      process.stdout.write(`${lock.neuron}\t${shownTarget(lock.target)}\t${what}\n`);
    }
    process.stderr.write(`${outcome}; remainder ${decimalOf(shared.remainder)} ${token}\n`);
    if (reason !== undefined) process.stderr.write(`rejected: ${reason}\n`);
  }
  if (outcome === 'refused' || rejected.length > 0) process.exitCode = EXIT_REJECTED;
}

function print(value: object): void {
  const text = JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? String(each) : each,
  );
  process.stdout.write(`${text}\n`);
}
