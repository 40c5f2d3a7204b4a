// focus claim: a neuron's own part. It asks for its neighbourhood, computes what its links do to the
// focus, signs that as a claim; validators verify claims, and an epoch mints what they are worth.

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { openCpu } from '../backend/cpu/cpu.js';
import { signingKey } from '../base/did-key.js';
import { FocusError, check } from '../base/errors.js';
import { CLAIM_FUNCTIONS, type ClaimFunction } from '../claims/claim.js';
import { localShift } from '../claims/local-shift.js';
import { neighbourhoodOf, type Neighbourhood } from '../claims/neighbourhood.js';
import { claimExactly, claimLocally, type ProvenClaim } from '../claims/prove.js';
import { readNeighbourhood } from '../claims/read-neighbourhood.js';
import { recompute } from '../claims/recompute.js';
import { openClaimNode, type ClaimNode } from '../epoch/claim-node.js';
import type { Signal } from '../graph/signal.js';
import { mintClaimsCommand, verifyClaimsCommand } from './claim-settle.js';
import { readJson, readKey, readOwnSignals } from './claim-input.js';
import { withMachines } from './epoch-machines.js';
import { option, readInteger, readNumber, withConfig } from './settings.js';

interface AskFlags {
  readonly epoch?: number;
  readonly hops?: number;
  readonly mostAxons?: number;
}

interface ProveFlags extends AskFlags {
  readonly key: string;
  readonly function: ClaimFunction;
  readonly sequence: number;
  readonly neighbourhood?: string;
  readonly header?: string;
  readonly chain?: string;
  readonly whole?: boolean;
  readonly tolerance?: number;
  readonly floor?: number;
}

const HOPS = 2;
const MOST_AXONS = 1000;
const TOLERANCE = 1e-9;
const MOST_ARCS = 20_000_000;

/** Registers the commands. */
export function claimCommand(): Command {
  const command = new Command('claim').description(
    'self-minting: prove what your links did to the focus, verify claims, mint them',
  );
  command.addCommand(keyCommand());
  command.addCommand(neighbourhoodCommand());
  command.addCommand(proveCommand());
  command.addCommand(verifyClaimsCommand());
  command.addCommand(mintClaimsCommand());
  return command;
}

function keyCommand(): Command {
  return new Command('key')
    .description('make a key, and print its did:key')
    .argument('<file>', 'a new file for its seed: keep it secret')
    .action(async (file: string) => {
      const seed = randomBytes(32).toString('hex');
      await writeFile(file, `${seed}\n`, { mode: 0o600, flag: 'wx' }).catch((cause: unknown) => {
        const message = `${file}: expected a file to make: ${(cause as Error).message}`;
        throw new FocusError('usage', message, 'a key is never written over', { cause });
      });
      process.stdout.write(`${signingKey(seed).did}\n`);
    });
}

function neighbourhoodCommand(): Command {
  const command = new Command('neighbourhood')
    .description('what a full node answers: axons and focus near links, with proofs, as JSON')
    .argument('<chain>', 'folder of a chain of epochs')
    .argument('<signal>', 'NDJSON of one signal: where to look');
  addAsk(command);
  return withConfig(command).action(async (chain: string, path: string, flags: AskFlags) => {
    const { readSignals } = await import('../formats/signals.js');
    const { delta } = await readSignals(path);
    check(delta.length === 1, 'bad-input', () => `${path}: expected one signal`);
    const node = await openClaimNode(chain, flags.epoch);
    process.stdout.write(`${JSON.stringify(await ask(node, delta[0], flags))}\n`);
  });
}

function proveCommand(): Command {
  const command = new Command('prove')
    .description('compute what links do, sign it, and print claim and proof as NDJSON')
    .argument('<signals>', 'NDJSON, one signal a line: links to add');
  command.requiredOption('--key <file>', 'your seed, 64 hex digits (focus claim key makes one)');
  command.requiredOption('--function <name>', `what is claimed: ${CLAIM_FUNCTIONS.join(', ')}`);
  command.requiredOption('--sequence <n>', 'number of the first claim, from 0', readInteger(0));
  option(command, '--neighbourhood <file>', 'what a full node answered, with --header');
  option(command, '--header <hex>', 'hash of the header that you trust');
  option(command, '--chain <dir>', 'a chain of epochs to ask yourself, instead');
  command.option('--whole', 'with --chain: recompute the whole graph exactly, with no error');
  option(command, '--tolerance <e>', 'L1 error to aim at (default 1e-9)', readNumber);
  option(command, '--floor <e>', 'entries below this are summed, not listed', readNumber);
  addAsk(command);
  return withConfig(command).action((path: string, flags: ProveFlags) => prove(path, flags));
}

function addAsk(command: Command): void {
  option(command, '--epoch <n>', 'epoch of the chain (default: its last)', readInteger(0));
  option(command, '--hops <n>', `steps to look (default ${HOPS})`, readInteger(0));
  option(
    command,
    '--most-axons <n>',
    `do not look beyond particles with more axons (default ${MOST_AXONS})`,
    readInteger(0),
  );
}

async function prove(path: string, flags: ProveFlags): Promise<void> {
  const key = readKey(flags.key);
  checkFunction(flags.function);
  const hasChain = flags.chain !== undefined;
  check(
    hasChain !== (flags.neighbourhood !== undefined && flags.header !== undefined),
    'usage',
    () => 'prove: expected --chain, or --neighbourhood and --header',
    'a header that you do not hold yourself proves nothing',
  );
  check(
    flags.whole !== true || hasChain,
    'usage',
    () => 'prove: --whole: expected --chain with it',
  );
  const signals = await readOwnSignals(path, key.did);
  const node = flags.chain === undefined ? null : await openClaimNode(flags.chain, flags.epoch);
  for (const [k, given] of signals.entries()) {
    const signal = { ...given, neuron: key.did };
    const subject = {
      sequence: flags.sequence + k,
      links: signal.links,
      function: flags.function,
    };
    const proven =
      node !== null && flags.whole === true
        ? await proveWhole(node, signal, subject, flags, key)
        : await proveLocally(node, signal, subject, flags, key);
    tell(proven);
    const line = { claim: proven.claim, proof: { shift: proven.tree.entries } };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

type Subject = Omit<Parameters<typeof claimLocally>[0], 'header'>;

async function proveWhole(
  node: ClaimNode,
  signal: Signal,
  subject: Subject,
  { tolerance = TOLERANCE }: ProveFlags,
  key: ReturnType<typeof readKey>,
): Promise<ProvenClaim> {
  return withMachines({}, node.graph.report.axons, async ({ exact, signal: stop }) => {
    const base = node.recomputeBase(tolerance, exact, stop);
    const shift = await recompute(base, signal, subject.function);
    return claimExactly({ ...subject, header: node.header }, shift, key);
  });
}

async function proveLocally(
  node: ClaimNode | null,
  signal: Signal,
  subject: Subject,
  flags: ProveFlags,
  key: ReturnType<typeof readKey>,
): Promise<ProvenClaim> {
  const { neighbourhood: file = '', header = '', tolerance = TOLERANCE, floor } = flags;
  const answer = node === null ? await readJson(file) : await ask(node, signal, flags);
  const local = readNeighbourhood(answer, node === null ? header : node.header.hash);
  const shift = localShift(local, signal, { tolerance, mostArcs: MOST_ARCS });
  return claimLocally({ ...subject, header: local.header }, shift, key, floor);
}

/** Asks a node for the particles of a signal. */
async function ask(
  node: ClaimNode,
  { links }: Signal,
  { hops = HOPS, mostAxons = MOST_AXONS }: AskFlags,
): Promise<Neighbourhood> {
  const particles = [...new Set(links.flatMap(({ from, to }) => [from, to]))];
  const stake = Math.max(
    Number.MIN_VALUE,
    links.reduce((sum, { amount, karma = 1 }) => sum + amount * karma, 0),
  );
  const backend = openCpu();
  try {
    return await neighbourhoodOf(node, { particles, hops, mostAxons, stake }, backend);
  } finally {
    backend.destroy();
  }
}

function checkFunction(name: string): void {
  check(
    (CLAIM_FUNCTIONS as readonly string[]).includes(name),
    'usage',
    () => `prove: --function: expected ${CLAIM_FUNCTIONS.join(', ')}, found ${name}`,
  );
}

function tell({ claim, tree }: ProvenClaim): void {
  const one = 2 ** 61;
  const value = Number(claim.value) / one;
  const error = Number(claim.valueError) / one;
  process.stderr.write(
    `claim ${claim.sequence} of ${claim.neuron}: ${claim.function} ${value.toPrecision(6)} ` +
      `(its proven error ${error.toPrecision(3)} is taken off already), ${tree.head.size} entries\n`,
  );
}
