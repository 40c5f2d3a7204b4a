// A claim as its node signs it: what was done, for whom, with which evidence, and who attests to it.
//   body      = {claim, signature}
//   signature = Ed25519("focus-bly-claim-1\n" ‖ canonical JSON of claim), 128 hex digits
// Canonical JSON is RFC 8785; what is signed holds exactly the fields that were sent, in their spelling.

import { sha256Hex } from '../../../base/canonical.js';
import { check } from '../../../base/errors.js';
import { checkAccount, pendingAccount } from '../../../ledger/account.js';
import { found } from '../../../ledger/amount.js';
import { checkTime, recordAt } from '../../../ledger/check-transaction.js';
import { BUCKETS, isBucket, type Bucket } from '../bucket.js';
import { MOST_ATTESTATIONS, readAttestation, type Attestation } from './attestation.js';
import { checkNode, hexSigner, isSignature, isSignedBy, signedBytes } from './signature.js';
import { readWork, workDigest, type ClaimedWork } from './work.js';

/** What a node signs. */
export interface BucketClaim {
  readonly kind: Bucket;
  /** did:key of the node that did the work. */
  readonly node: string;
  /** Who is paid: `wallet:…` or `neuron:…`; where it is left out, `neuron:` and the node. */
  readonly recipient?: string;
  /** Names the work: 1 … 128 of A-Z a-z 0-9 . _ ~ : / @ + = -. The same work is paid once. */
  readonly workId: string;
  readonly work: ClaimedWork;
  /** SHA-256 of what proves the work, 64 lower-case hex digits. */
  readonly evidence: string;
  /** Any 1 … 64 of the characters of a workId: no two claims of a node are the same bytes. */
  readonly nonce: string;
  /** When it was signed: milliseconds since 1970. */
  readonly timestamp_ms: number;
  readonly attestations?: readonly Attestation[];
}

/** The body of a request. */
export interface SignedClaim {
  readonly claim: BucketClaim;
  readonly signature: string;
}

/** How far a time stamp may be from the server's clock, on either side. */
export const CLAIM_WINDOW_MS = 300_000;
const DOMAIN = 'focus-bly-claim-1\n';
const FIELDS = ['kind', 'node', 'workId', 'work', 'evidence', 'nonce', 'timestamp_ms'] as const;
const OPTIONAL = ['recipient', 'attestations'] as const;
const NAME = /^[A-Za-z0-9._~:/@+=-]+$/;
const MOST_WORK_ID = 128;
const MOST_NONCE = 64;
const EVIDENCE = /^[0-9a-f]{64}$/;
/** Kinds of accounts that a claim may pay to: no account of the ledger's own modules. */
const RECIPIENT = /^(?:wallet|neuron):/;

/** The bytes that a node signs. Throws `bad-input` for what JSON has no place for. */
export function claimBytes(claim: BucketClaim): Uint8Array {
  return signedBytes(DOMAIN, claim);
}

/** SHA-256 of the bytes that are signed: the name of the signed claim. */
export function claimDigest(claim: BucketClaim): string {
  return sha256Hex(claimBytes(claim));
}

/**
 * Signs a claim with the key of a seed of 64 hex digits. Throws `bad-input` for what is no claim, and where
 * the claim names another node.
 */
export function signClaim(seedHex: string, claim: BucketClaim): SignedClaim {
  const { did, sign } = hexSigner(seedHex);
  const read = readClaim(claim);
  check(
    read.node === did,
    'bad-input',
    () => `claim.node: expected ${did}, whose key signs, found ${read.node}`,
  );
  return { claim: read, signature: sign(claimBytes(read)) };
}

/** Whether the node of a claim signed it; verified in the pool of threads. Never rejects. */
export function verifyClaim({ claim, signature }: SignedClaim): Promise<boolean> {
  return isSignedBy(claim.node, claimBytes(claim), signature);
}

/** The account that a claim pays to. */
export function recipientOf({ recipient, node }: BucketClaim): string {
  return recipient ?? `neuron:${node}`;
}

/** The digest that attesters of a claim sign. */
export function workDigestOf(claim: BucketClaim): string {
  const { kind, node, workId, work, evidence } = claim;
  return workDigest({ kind, node, recipient: recipientOf(claim), workId, work, evidence });
}

/**
 * Reads what anybody sent, field by field, into plain data. Throws `bad-input` with the place of the first
 * fault; neither ranges nor signatures are looked at. About 10 µs.
 */
export function readSignedClaim(body: unknown): SignedClaim {
  const fields = recordAt(body, 'body', ['claim', 'signature']);
  const { signature } = fields;
  check(
    isSignature(signature),
    'bad-input',
    () => `signature: expected 128 lower-case hex digits, found ${found(signature)}`,
  );
  return { claim: readClaim(fields['claim']), signature };
}

function readClaim(value: unknown): BucketClaim {
  const fields = recordAt(value, 'claim', FIELDS, OPTIONAL);
  const { kind, node, recipient, evidence, attestations } = fields;
  check(
    isBucket(kind),
    'bad-input',
    () => `kind: expected one of ${BUCKETS.join(', ')}, found ${found(kind)}`,
  );
  check(
    typeof evidence === 'string' && EVIDENCE.test(evidence),
    'bad-input',
    () => `evidence: expected 64 lower-case hex digits, found ${found(evidence)}`,
    'it is the SHA-256 of what proves the work',
  );
  return {
    kind,
    node: checkNode(node),
    ...(recipient === undefined ? {} : { recipient: readRecipient(recipient) }),
    workId: readName(fields['workId'], 'workId', MOST_WORK_ID),
    work: readWork(kind, fields['work']),
    evidence,
    nonce: readName(fields['nonce'], 'nonce', MOST_NONCE),
    timestamp_ms: checkTime(fields['timestamp_ms'], 'timestamp_ms'),
    ...(attestations === undefined ? {} : { attestations: readAttestations(attestations, kind) }),
  };
}

function readAttestations(value: unknown, kind: Bucket): readonly Attestation[] {
  check(
    Array.isArray(value) && value.length <= MOST_ATTESTATIONS,
    'bad-input',
    () => `attestations: expected a list of at most ${MOST_ATTESTATIONS}, found ${found(value)}`,
  );
  return Array.from(value, (each, i) => readAttestation(each, kind, `attestations[${i}]`));
}

function readRecipient(value: unknown): string {
  const recipient = checkAccount(value, 'recipient');
  check(
    RECIPIENT.test(recipient),
    'bad-input',
    () => `recipient: expected wallet:… or neuron:…, found ${found(recipient)}`,
  );
  // Room for the prefix of the account that pending units wait in.
  checkAccount(pendingAccount(recipient), 'recipient');
  return recipient;
}

function readName(value: unknown, place: string, most: number): string {
  const isName = typeof value === 'string' && value.length <= most && NAME.test(value);
  check(
    isName,
    'bad-input',
    () => `${place}: expected 1 … ${most} of A-Z a-z 0-9 . _ ~ : / @ + = -, found ${found(value)}`,
  );
  return value;
}
