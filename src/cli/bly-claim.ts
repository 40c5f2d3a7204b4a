// focus bly claim | attest: a node's claim of work, signed with its key and sent to a service, and what a verification
// node says of it. A claim that is signed once can be sent again as it is: it is paid once.
//   --draft → what attesters sign        --out FILE → the signed body        --send FILE → posts it (again)

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { now } from '../base/clock.js';
import { sha256Hex } from '../base/canonical.js';
import { check, FocusError } from '../base/errors.js';
import type { Bucket } from '../payouts/buckets/bucket.js';
import { isBucket } from '../payouts/buckets/bucket.js';
import { signAttestation } from '../payouts/buckets/claims/attestation.js';
import { hexSigner } from '../payouts/buckets/claims/signature.js';
import {
  readSignedClaim,
  recipientOf,
  signClaim,
  type BucketClaim,
  type SignedClaim,
} from '../payouts/buckets/claims/signed-claim.js';
import { readWork, workDigest, type WorkIdentity } from '../payouts/buckets/claims/work.js';
import { AutomaticRewardDistributor } from '../payouts/buckets/distributor.js';
import { configOf, hasJson } from './bly-estimate.js';
import { askService } from './bly-service.js';
import { addWorkOptions, claimedWorkOf, kindOf, workOf, type WorkFlags } from './bly-work.js';
import { parsed, readJson, readSeed, readText } from './claim-input.js';
import type { Ledger } from '../ledger/ledger.js';
import { withLedger } from './ledger-target.js';
import { option } from './settings.js';

interface ClaimFlags extends WorkFlags {
  readonly key?: string;
  readonly workId?: string;
  readonly recipient?: string;
  readonly evidence?: string;
  readonly evidenceDigest?: string;
  readonly baseline?: string;
  readonly candidate?: string;
  readonly attestations?: string;
  readonly idempotencyKey?: string;
  readonly out?: string;
  readonly send?: string;
  readonly url?: string;
  readonly ledger?: string;
  readonly policy?: string;
}

/** Registers the command. */
export function claimWorkCommand(): Command {
  const command = new Command('claim').description(
    'sign a claim of work and send it to a service; or, with --ledger, claim as its operator',
  );
  addWorkOptions(command)
    .option('--key <file>', 'your seed, 64 hex digits (focus claim key makes one)')
    .option('--work-id <name>', 'names the work: the same work is paid once')
    .option(
      '--recipient <account>',
      'who is paid: wallet:… or neuron:… (default: the key’s neuron)',
    )
    .option('--evidence <file>', 'what proves the work: its SHA-256 is claimed')
    .option('--evidence-digest <hex>', 'that digest itself')
    .option('--baseline <n,mean,sd>', 'of learning: the measurements before')
    .option('--candidate <n,mean,sd>', 'of learning: the measurements after')
    .option('--attestations <file>', 'NDJSON of what focus bly attest printed')
    .option('--draft', 'print what attesters sign, and stop')
    .option('--out <file>', 'write the signed claim to a new file')
    .option('--send <file>', 'send a claim that was signed before, instead of signing one')
    .option('--idempotency-key <key>', 'names the request (default: the work id)');
  option(command, '--url <address>', 'a service of focus serve, like http://127.0.0.1:8080');
  option(
    command,
    '--ledger <target>',
    'a ledger that is yours: no signature, multipliers as stated',
  );
  option(command, '--policy <file>', 'with --ledger (default: the policy of the package)');
  return command
    .option('--json', 'print one JSON object')
    .action((flags: ClaimFlags) => claim(flags));
}

/** Registers the command. */
export function attestCommand(): Command {
  return new Command('attest')
    .description(
      'sign what a verification node measured of a claim; prints a line for --attestations',
    )
    .argument('<draft>', 'what focus bly claim --draft printed, or a signed claim')
    .requiredOption('--key <file>', 'your seed, 64 hex digits')
    .requiredOption('--figures <name=value,…>', 'every multiplier of the kind, like quality=1.1')
    .action(async (path: string, { key, figures }: { key: string; figures: string }) => {
      const identity = identityOf(await readJson(path), path);
      const said = signAttestation(
        readSeed(key),
        identity.kind,
        workDigest(identity),
        figuresOf(figures),
      );
      process.stdout.write(`${JSON.stringify(said)}\n`);
    });
}

async function claim(flags: ClaimFlags): Promise<void> {
  if (flags.ledger !== undefined) return claimAsOperator(flags, flags.ledger);
  if (flags.send !== undefined) {
    const signed = readSignedClaim(await readJson(flags.send));
    return post(signed, flags);
  }
  const seed = readSeed(needed(flags, 'key'));
  const identity = await identityOfFlags(flags, hexSigner(seed).did);
  if ((flags as { readonly draft?: unknown }).draft === true) {
    process.stdout.write(`${JSON.stringify(identity)}\n`);
    return;
  }
  const { attestations: path } = flags;
  const body: BucketClaim = {
    ...identity,
    nonce: randomBytes(16).toString('hex'),
    timestamp_ms: now(),
    ...(path === undefined
      ? {}
      : { attestations: (await attestationsOf(path)) as BucketClaim['attestations'] & object }),
  };
  const signed = signClaim(seed, body);
  if (flags.out !== undefined) await writeNew(flags.out, signed);
  if (flags.url !== undefined) return post(signed, flags);
  if (flags.out === undefined) process.stdout.write(`${JSON.stringify(signed)}\n`);
}

async function post(signed: SignedClaim, flags: ClaimFlags): Promise<void> {
  const url = needed(flags, 'url');
  const { workId } = signed.claim;
  const { json, headers } = await askService(url, 'rewards/claims', {
    method: 'POST',
    body: signed,
    headers: { 'idempotency-key': flags.idempotencyKey ?? workId },
  });
  const answer = json as Readonly<Record<string, unknown>>;
  const replayed = headers.get('idempotency-replayed') === 'true';
  if (hasJson(flags)) process.stdout.write(`${JSON.stringify({ ...answer, replayed })}\n`);
  else {
    process.stdout.write(`${String(answer['claim_id'])}\n`);
    process.stderr.write(
      `${replayed ? 'taken before: ' : ''}${String(answer['claimed_bly_exact'])} BLY claimed for ` +
        `${recipientOf(signed.claim)}, settled at ${String(answer['settles_at'])}\n`,
    );
  }
}

async function claimAsOperator(flags: ClaimFlags, target: string): Promise<void> {
  const kind = kindOf(flags);
  const recipient = needed(flags, 'recipient');
  const workId = needed(flags, 'workId');
  const evidence = await evidenceOf(flags);
  const claim = async (ledger: Ledger): Promise<void> => {
    const distributor = new AutomaticRewardDistributor({ ledger, config: configOf(flags.policy) });
    const claimId = await distributor.submitClaim(kind, recipient, workOf(kind, flags), {
      workId,
      idempotencyKey: flags.idempotencyKey,
      evidence,
    });
    if (!hasJson(flags)) return void process.stdout.write(`${claimId}\n`);
    const { sentences, status } = await ledger.explain(claimId);
    const json = { claim_id: claimId, status, explanation: sentences };
    process.stdout.write(`${JSON.stringify(json)}\n`);
  };
  await withLedger(target, claim, { create: true });
}

async function identityOfFlags(flags: ClaimFlags, node: string): Promise<WorkIdentity> {
  const kind = kindOf(flags);
  const { baseline, candidate } = flags;
  const samples = {
    ...(baseline === undefined ? {} : { baseline: sampleOf('--baseline', baseline) }),
    ...(candidate === undefined ? {} : { candidate: sampleOf('--candidate', candidate) }),
  };
  const work = readWork(kind, { ...claimedWorkOf(kind, flags), ...samples });
  const evidence = await evidenceOf(flags);
  check(
    evidence !== undefined,
    'usage',
    () => 'claim: expected --evidence or --evidence-digest',
    'a claim names what proves its work',
  );
  const workId = needed(flags, 'workId');
  const recipient = flags.recipient ?? `neuron:${node}`;
  return { kind, node, recipient, workId, work, evidence };
}

async function evidenceOf({ evidence, evidenceDigest }: ClaimFlags): Promise<string | undefined> {
  check(
    evidence === undefined || evidenceDigest === undefined,
    'usage',
    () => 'claim: expected --evidence or --evidence-digest, found both',
  );
  if (evidence === undefined) return evidenceDigest;
  const bytes = await readFile(evidence).catch((cause: unknown) => {
    const message = `--evidence: ${(cause as Error).message}`;
    throw new FocusError('usage', message, 'name a readable file', { cause });
  });
  return sha256Hex(bytes);
}

/** A draft, or the claim of a signed body. */
function identityOf(json: unknown, path: string): WorkIdentity {
  const body = json as { readonly claim?: unknown } | null;
  const draft = (body?.claim ?? body) as Partial<WorkIdentity> | null;
  const { kind, node, workId, evidence } = draft ?? {};
  const isDraft =
    isBucket(kind) && [node, workId, evidence].every((each) => typeof each === 'string');
  check(isDraft, 'bad-input', () => `${path}: expected what focus bly claim --draft prints`);
  const { recipient = `neuron:${String(node)}`, work } = draft as WorkIdentity;
  return {
    kind: kind as Bucket,
    node: node as string,
    recipient,
    workId: workId as string,
    work: readWork(kind as Bucket, work),
    evidence: evidence as string,
  };
}

async function attestationsOf(path: string): Promise<readonly unknown[]> {
  const lines = (await readText(path)).split('\n').map((line, i) => [line.trim(), i] as const);
  return lines.filter(([line]) => line !== '').map(([line, i]) => parsed(line, `${path}:${i + 1}`));
}

function figuresOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map((each) => each.split('='));
  check(
    pairs.every((pair) => pair.length === 2 && pair[0] !== ''),
    'usage',
    () => `--figures: expected name=value,…, found ${JSON.stringify(text)}`,
  );
  return Object.fromEntries(pairs.map(([name, value]) => [name.trim(), value.trim()]));
}

function sampleOf(flag: string, text: string): Readonly<Record<'n' | 'mean' | 'sd', string>> {
  const parts = text.split(',').map((each) => each.trim());
  check(
    parts.length === 3,
    'usage',
    () => `${flag}: expected n,mean,sd, found ${JSON.stringify(text)}`,
  );
  const [n, mean, sd] = parts;
  return { n, mean, sd };
}

const DASHED: Readonly<Record<string, string>> = { workId: 'work-id' };

function needed(flags: ClaimFlags, name: 'key' | 'url' | 'workId' | 'recipient'): string {
  const value = flags[name];
  check(value !== undefined, 'usage', () => `claim: expected --${DASHED[name] ?? name}`);
  return value;
}

async function writeNew(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value)}\n`, { flag: 'wx' }).catch((cause: unknown) => {
    const message = `--out: expected a new file: ${(cause as Error).message}`;
    throw new FocusError('usage', message, '', { cause });
  });
}
