// focus claim verify|mint: what validators say of claims, and what an epoch pays for them.

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { Command } from 'commander';
import { BACKEND_NAMES } from '../backend/choose.js';
import { check } from '../base/errors.js';
import { attestedVerifier } from '../claims/attested.js';
import type { CheckedClaim } from '../claims/admit.js';
import { signalOf } from '../claims/claim.js';
import { recomputeVerifier } from '../claims/recompute.js';
import { sampledVerifier } from '../claims/sampled.js';
import type { ClaimVerifier } from '../claims/verifier.js';
import { openClaimNode, type ClaimNode } from '../epoch/claim-node.js';
import { checkSubmissions, claimWorks, type Submission } from '../epoch/claim-works.js';
import type { EpochMachines } from '../epoch/compute.js';
import { firstSequencesOf } from '../epoch/claim-sequences.js';
import { paidEpochOf } from '../epoch/paid-epoch.js';
import { openingKey, payEpoch, planPayout } from '../epoch/pay.js';
import { payoutRulesAt } from '../epoch/payout-rules.js';
import { jointOf } from '../epoch/works.js';
import { readJson, readPayouts, readSubmissions } from './claim-input.js';
import { tellPayout, writePlan, type PayoutFlags } from './payout-report.js';
import { withMachines, type MachineFlags } from './epoch-machines.js';
import { EXIT_MISMATCH } from './exit.js';
import { openTarget } from './ledger-target.js';
import { choice, option, readInteger, readNumber, withConfig } from './settings.js';

interface VerifyFlags extends MachineFlags {
  readonly epoch?: number;
  readonly verifier?: 'recompute' | 'sampled' | 'attested';
  readonly mostError: number;
  readonly tolerance?: number;
  readonly beacon?: string;
  readonly sample?: number;
  readonly validators?: string;
  readonly least?: number;
  readonly ledger?: string;
  readonly signals?: string;
  readonly json?: boolean;
}

const TOLERANCE = 1e-9;
const VERIFIERS = ['recompute', 'sampled', 'attested'] as const;

/** Registers focus claim verify. */
export function verifyClaimsCommand(): Command {
  const command = new Command('verify')
    .description('say of each claim whether it is accepted, or why not')
    .argument('<chain>', 'folder of the chain whose epoch the claims are on')
    .argument('<claims>', 'NDJSON of claim and proof, as focus claim prove prints it; - for stdin');
  command.requiredOption('--most-error <e>', 'largest L1 error that is accepted', readNumber);
  option(command, '--epoch <n>', 'epoch of the chain (default: its last)', readInteger(0));
  choice(command, '--verifier <name>', 'how (default recompute)', VERIFIERS);
  option(command, '--tolerance <e>', 'L1 error of the own solve (default 1e-9)', readNumber);
  option(command, '--beacon <hex>', 'sampled: 64 hex digits from after the claims were signed');
  option(command, '--sample <k>', 'sampled: entries to draw from each claim', readInteger(1));
  option(command, '--validators <file>', 'attested: JSON list of did:key names');
  option(command, '--least <k>', 'attested: how many of them must have signed', readInteger(1));
  option(command, '--ledger <ledger>', 'where sequences are; default: all begin at 0');
  option(command, '--signals <file>', 'write the accepted links as signals of the next epoch');
  addMachine(command);
  return withConfig(command).action((chain: string, claims: string, flags: VerifyFlags) =>
    verify(chain, claims, flags),
  );
}

/** Registers focus claim mint. */
export function mintClaimsCommand(): Command {
  const command = new Command('mint')
    .description('pay for an epoch by the claims on the one before, once for ever')
    .argument('<chain>', 'folder of the chain')
    .argument('<claims>', 'NDJSON of claim and proof; - for stdin');
  command.requiredOption('--epoch <n>', 'epoch that the claimed links are in', readInteger(1));
  command.requiredOption('--payouts <file>', 'YAML or JSON: payout rules of the kind claims');
  command.requiredOption('--ledger <ledger>', 'a file, or postgres://…; made where there is none');
  option(command, '--plan <file>', 'write the transactions as NDJSON');
  command.option('--dry-run', 'plan, and post nothing');
  addMachine(command);
  return withConfig(command).action((chain: string, claims: string, flags: PayoutFlags) =>
    mint(chain, claims, flags),
  );
}

function addMachine(command: Command): void {
  choice(command, '--backend <name>', 'machine of exact solves (default auto)', BACKEND_NAMES);
  option(command, '--threads <n>', 'CPU threads (default all cores)', readInteger(1));
  command.option('--json', 'print JSON');
}

async function verify(chain: string, path: string, flags: VerifyFlags): Promise<void> {
  const submissions = await readSubmissions(path);
  const node = await openClaimNode(chain, flags.epoch);
  const ledger = flags.ledger === undefined ? null : await openTarget(flags.ledger, false);
  try {
    const checked = await withMachines(flags, node.graph.report.axons, async (machines) =>
      checkSubmissions(
        {
          header: node.header,
          verifier: await verifierOf(node, flags, machines),
          firstSequence: firstSequencesOf(ledger, null),
          signals: null,
        },
        submissions,
      ),
    );
    printVerdicts(checked, flags.json === true);
    if (flags.signals !== undefined) await writeSignals(flags.signals, checked);
    if (checked.some(({ verdict }) => !verdict.accepted)) process.exitCode = EXIT_MISMATCH;
  } finally {
    await ledger?.close();
  }
}

async function verifierOf(
  node: ClaimNode,
  flags: VerifyFlags,
  { exact, cpu, signal }: EpochMachines,
): Promise<ClaimVerifier> {
  const { verifier = 'recompute', mostError, tolerance = TOLERANCE } = flags;
  if (verifier === 'recompute') {
    return recomputeVerifier(node.recomputeBase(tolerance, exact, signal), mostError);
  }
  if (verifier === 'sampled') {
    const { beacon = '', sample: count = 0 } = flags;
    check(count > 0, 'usage', () => 'verify: sampled: expected --beacon and --sample');
    const { linked, focus } = node;
    return sampledVerifier({ linked, focus, beacon, count, tolerance, mostError, backend: cpu });
  }
  const { validators, least = 0 } = flags;
  check(
    validators !== undefined && least > 0,
    'usage',
    () => 'verify: attested: expected --validators and --least',
  );
  const list = await readJson(validators);
  const isList = Array.isArray(list) && list.every((each) => typeof each === 'string');
  check(isList, 'bad-input', () => `${validators}: expected a JSON list of did:key names`);
  return attestedVerifier(list as string[], least);
}

async function mint(chain: string, path: string, flags: PayoutFlags): Promise<void> {
  const submissions = await readSubmissions(path);
  const rules = payoutRulesAt(await readPayouts(flags.payouts), flags.epoch);
  const { rewards } = rules;
  check(
    rewards.kind === 'claims',
    'usage',
    () => `mint: --payouts: expected rules of the kind claims, found ${rewards.kind}`,
    'focus epoch pay pays by the others',
  );
  const paid = await paidEpochOf(chain, flags.epoch);
  const node = await openClaimNode(chain, flags.epoch - 1);
  const ledger = await openTarget(flags.ledger, flags.dryRun !== true);
  try {
    const checked = await withMachines(flags, node.graph.report.axons, ({ exact, signal }) =>
      checkSubmissions(
        {
          header: node.header,
          verifier: recomputeVerifier(
            node.recomputeBase(rewards.tolerance, exact, signal),
            rewards.mostError,
          ),
          firstSequence: firstSequencesOf(ledger, openingKey(paid)),
          signals: paid.delta,
        },
        onlyOf(rewards.function, submissions),
      ),
    );
    printVerdicts(checked, false);
    const actual = jointOf(paid, rewards.function);
    const plan = planPayout(paid, { actual, works: claimWorks(checked) }, rules);
    await writePlan(plan, flags.plan);
    const done = flags.dryRun === true ? null : await payEpoch(ledger, plan);
    tellPayout(plan, done, flags);
  } finally {
    await ledger.close();
  }
}

/** One epoch pays for one function; claims of others are not even looked at. */
function onlyOf(name: string, submissions: readonly Submission[]): readonly Submission[] {
  const kept = submissions.filter(({ claim }) => {
    const own = (claim as { function?: unknown } | null)?.function;
    return own === name || own === undefined;
  });
  const left = submissions.length - kept.length;
  if (left > 0) process.stderr.write(`${left} claims of other functions than ${name} left out\n`);
  return kept;
}

function printVerdicts(checked: readonly CheckedClaim[], json: boolean): void {
  const accepted = checked.filter(({ verdict }) => verdict.accepted).length;
  process.stderr.write(`${accepted} of ${checked.length} claims accepted\n`);
  checked.forEach(({ claim, digest, verdict }, k) => {
    const { neuron = null, sequence = null } = claim ?? {};
    if (json) {
      const row = { index: k, neuron, sequence, digest, ...verdict };
      process.stdout.write(`${JSON.stringify(row)}\n`);
      return;
    }
    const name = claim === null ? '' : ` ${sequence} of ${neuron}`;
    const why = verdict.accepted ? 'accepted' : `${verdict.code}: ${verdict.reason}`;
    process.stderr.write(`  claim ${k + 1}${name}: ${why}\n`);
  });
}

async function writeSignals(path: string, checked: readonly CheckedClaim[]): Promise<void> {
  const file = createWriteStream(path);
  for (const { claim, verdict } of checked) {
    if (claim === null || !verdict.accepted) continue;
    const { neuron, links } = signalOf(claim);
    file.write(`${JSON.stringify({ neuron, links })}\n`);
  }
  file.end();
  await once(file, 'finish');
}
