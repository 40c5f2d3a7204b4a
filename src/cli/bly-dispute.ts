// focus bly challenge | verdict: somebody speaks against a claim, and the operator decides. Until then, and at most
// for as long as the policy says, nothing of the claim becomes final.

import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { now } from '../base/clock.js';
import { check } from '../base/errors.js';
import { hexSigner, signedBytes } from '../payouts/buckets/claims/signature.js';
import { AutomaticRewardDistributor } from '../payouts/buckets/distributor.js';
import { TOKEN_VARIABLE } from '../server/operator.js';
import { CHALLENGE_DOMAIN } from '../server/routes/disputes.js';
import { configOf } from './bly-estimate.js';
import { askService } from './bly-service.js';
import { readSeed } from './claim-input.js';
import { withLedger } from './ledger-target.js';
import { option } from './settings.js';

interface DisputeFlags {
  readonly url?: string;
  readonly ledger?: string;
  readonly policy?: string;
  readonly json?: boolean;
}

interface ChallengeFlags extends DisputeFlags {
  readonly key?: string;
  readonly challenger: string;
  readonly evidence: string;
}

interface VerdictFlags extends DisputeFlags {
  readonly challenge: string;
  readonly verdict: 'upheld' | 'dismissed';
  readonly reason: string;
}

/** Registers the command. */
export function challengeCommand(): Command {
  const command = new Command('challenge')
    .description('challenge a claim: signed and sent to a service, or written as the operator')
    .argument('<claim>', 'its id, 64 hex digits')
    .requiredOption('--evidence <text>', 'what speaks against it')
    .option('--key <file>', 'with --url: your seed, 64 hex digits')
    .option('--challenger <name>', 'with --ledger: who challenges', 'operator');
  return addPlace(command).action((claim: string, flags: ChallengeFlags) =>
    challenge(claim, flags),
  );
}

/** Registers the command. */
export function verdictCommand(): Command {
  const verdict = new Option('--verdict <word>', 'what is decided').choices([
    'upheld',
    'dismissed',
  ]);
  const command = new Command('verdict')
    .description(`decide a challenge; with --url by the token of ${TOKEN_VARIABLE}`)
    .argument('<claim>', 'its id, 64 hex digits')
    .requiredOption('--challenge <key>', 'the key of the challenge, as challenge printed it')
    .addOption(verdict.makeOptionMandatory())
    .requiredOption('--reason <text>', 'why');
  return addPlace(command).action((claim: string, flags: VerdictFlags) => decide(claim, flags));
}

function addPlace(command: Command): Command {
  option(command, '--url <address>', 'a service of focus serve, like http://127.0.0.1:8080');
  option(command, '--ledger <target>', 'a ledger that is yours');
  option(command, '--policy <file>', 'with --ledger (default: the policy of the package)');
  return command.option('--json', 'print one JSON object');
}

async function challenge(claim: string, flags: ChallengeFlags): Promise<void> {
  const { url, key, evidence, challenger } = flags;
  checkPlace('challenge', flags);
  if (url === undefined) {
    return operate(flags, async (distributor) => {
      const made = await distributor.challenge({ claimId: claim, challenger, evidence });
      print({ ...made, claim_id: claim }, made.challenge, flags);
    });
  }
  check(key !== undefined, 'usage', () => 'challenge: expected --key with --url');
  const { did, sign } = hexSigner(readSeed(key));
  const nonce = randomBytes(16).toString('hex');
  const body = { claim, challenger: did, evidence, nonce, timestamp_ms: now() };
  const { json } = await askService(url, `rewards/claims/${encodeURIComponent(claim)}/challenge`, {
    method: 'POST',
    body: { challenge: body, signature: sign(signedBytes(CHALLENGE_DOMAIN, body)) },
  });
  const answer = json as { readonly challenge: string };
  print(answer, answer.challenge, flags);
}

async function decide(claim: string, flags: VerdictFlags): Promise<void> {
  const { url, challenge: key, verdict, reason } = flags;
  checkPlace('verdict', flags);
  const json = { claim_id: claim, verdict };
  if (url === undefined) {
    return operate(flags, async (distributor) => {
      await distributor.decide({ claimId: claim, challenge: key, verdict, reason });
      print(json, verdict, flags);
    });
  }
  const token = process.env[TOKEN_VARIABLE];
  check(
    token !== undefined,
    'usage',
    () => `verdict: expected ${TOKEN_VARIABLE} in the environment`,
  );
  await askService(url, `rewards/claims/${encodeURIComponent(claim)}/verdict`, {
    method: 'POST',
    body: { challenge: key, verdict, reason },
    headers: { authorization: `Bearer ${token}` },
  });
  print(json, verdict, flags);
}

function checkPlace(name: string, { url, ledger }: DisputeFlags): void {
  check(
    (url === undefined) !== (ledger === undefined),
    'usage',
    () => `${name}: expected --url or --ledger`,
  );
}

async function operate(
  { ledger: target = '', policy }: DisputeFlags,
  work: (distributor: AutomaticRewardDistributor) => Promise<void>,
): Promise<void> {
  await withLedger(target, async (ledger) => {
    await work(new AutomaticRewardDistributor({ ledger, config: configOf(policy) }));
  });
}

function print(json: object, text: string, { json: isJson }: DisputeFlags): void {
  process.stdout.write(isJson === true ? `${JSON.stringify(json)}\n` : `${text}\n`);
}
