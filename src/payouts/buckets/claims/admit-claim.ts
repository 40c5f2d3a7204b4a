// Whether a claim that anybody sent may be offered to the ledger, and for how much. Judged in this order,
// cheapest first, and the first thing found wrong is the answer (codes in refusal.ts):
//   shape · time stamp · ranges · rate and cooldown of the node · the improvement and its test ·
//   who attests, and what they say · what it is worth · signatures · the place in the hour, taken
// Only an admitted claim changes anything: it takes one place of its node's hour. The same signed claim sent
// again takes none, so that nobody can use up another's hour with what was seen on the wire.

import { sha256Hex } from '../../../base/canonical.js';
import { FocusError } from '../../../base/errors.js';
import { checkTime } from '../../../ledger/check-transaction.js';
import type { PricedClaim } from '../claim-transaction.js';
import type { Worth } from '../formulas.js';
import type { BucketPolicy } from '../policy.js';
import { judgeAttestations, verifyAttestation, type Verdict } from './attestation.js';
import type { ClaimRate } from './claim-rate.js';
import { checkSamples, judgeImprovement, type Improvement } from './improvement.js';
import type { NodeRegistry } from './nodes.js';
import { isRefusal, refusal, type ClaimRefusal, type ClaimRefusalCode } from './refusal.js';
import { isSignedBy } from './signature.js';
import {
  CLAIM_WINDOW_MS,
  claimBytes,
  readSignedClaim,
  recipientOf,
  workDigestOf,
  type BucketClaim,
  type SignedClaim,
} from './signed-claim.js';
import { checkWorkRanges, figureText, WORK, worthOf, type Figure } from './work.js';

/** What claims are judged by. */
export interface AdmissionDesk {
  readonly policy: BucketPolicy;
  /** Who may attest. */
  readonly nodes: NodeRegistry;
  /** The server's clock. */
  readonly nowMs: number;
  /** Changed by an admitted claim, and by nothing else. */
  readonly rate: ClaimRate;
}

/**
 * A claim that may be offered to the ledger. Its `details` prove it, texts by name: `claim` (as canonical
 * JSON, with its attestations), `signature`, `claimDigest`, `workDigest`, `nodes` (digest of the registry),
 * what attesters said, what the test said.
 */
export type AdmittedClaim = PricedClaim;

/** What was found before signatures are looked at. */
interface Judged {
  readonly improvement: Improvement | null;
  readonly verdict: Verdict;
  readonly worth: Worth;
}

/** The bytes that a node signed, and their digest. */
interface Signed {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

const DOMAIN_END = 0x0a;

/**
 * Judges what anybody sent. Never rejects for what the body holds: a refusal is a result. Signatures are
 * verified in the pool of threads; two calls at once for the last place of an hour admit one.
 */
export async function admitClaim(
  body: unknown,
  desk: AdmissionDesk,
): Promise<AdmittedClaim | ClaimRefusal> {
  checkTime(desk.nowMs, 'nowMs');
  const read = refusedAs('malformed', () => readSignedClaim(body));
  if (isRefusal(read)) return read;
  const first = firstRefusal(read.claim, desk);
  if (first !== null) return first;
  const bytes = claimBytes(read.claim);
  const signed = { bytes, digest: sha256Hex(bytes) };
  const judged = judge(read.claim, desk, signed.digest);
  if (isRefusal(judged)) return judged;
  const isAsked = desk.policy.validation.verificationNodes > 0;
  const digest = workDigestOf(read.claim);
  const wrong = await wrongSignature(read, signed.bytes, isAsked ? digest : null);
  if (wrong !== null) return wrong;
  const late = desk.rate.take(read.claim.node, signed.digest, desk.nowMs);
  return late ?? admitted(read, desk, judged, signed, digest);
}

/** Time stamp and ranges. */
function firstRefusal(claim: BucketClaim, desk: AdmissionDesk): ClaimRefusal | null {
  const { kind, work } = claim;
  const { policy, nowMs } = desk;
  const outside = windowRefusal(claim.timestamp_ms, nowMs);
  if (outside !== null) return outside;
  const ranges = refusedAs('out-of-range', () => {
    checkWorkRanges(policy, kind, work);
    if (kind === 'learning') checkSamples(work);
    return work;
  });
  return isRefusal(ranges) ? ranges : null;
}

/** All else that needs no key. */
function judge(claim: BucketClaim, desk: AdmissionDesk, digest: string): Judged | ClaimRefusal {
  const { policy, nodes, nowMs, rate } = desk;
  const { kind, node, work } = claim;
  const early = rate.refusalOf(node, digest, nowMs);
  if (early !== null) return early;
  const improvement = kind === 'learning' ? judgeImprovement(policy.validation, work) : null;
  if (improvement !== null && isRefusal(improvement)) return improvement;
  const claimant = { kind, node, recipient: recipientOf(claim) };
  const verdict = judgeAttestations(policy, nodes, claimant, claim.attestations ?? []);
  if (isRefusal(verdict)) return verdict;
  const worth = refusedAs('out-of-range', () => worthOf(policy, kind, work, verdict.medians));
  if (isRefusal(worth)) return worth;
  if (worth.units > 0n) return { improvement, verdict, worth };
  const inputs = Object.entries(worth.formula.inputs).map(([name, value]) => `${name} ${value}`);
  return refusal('nothing-earned', `worth less than a base unit: ${inputs.join(', ')}`);
}

function windowRefusal(timestampMs: number, nowMs: number): ClaimRefusal | null {
  const age = nowMs - timestampMs;
  if (Math.abs(age) <= CLAIM_WINDOW_MS) return null;
  const place = `timestamp_ms ${timestampMs}: expected ${nowMs} ± ${CLAIM_WINDOW_MS}`;
  if (age > 0) return refusal('out-of-window', `${place}; it is ${age} ms old, sign it anew`);
  return refusal('out-of-window', `${place}; it is ${-age} ms ahead`, -age - CLAIM_WINDOW_MS);
}

/** Verifies all signatures at once; the first that is wrong is named. */
async function wrongSignature(
  { claim, signature }: SignedClaim,
  bytes: Uint8Array,
  workDigest: string | null,
): Promise<ClaimRefusal | null> {
  const attestations = workDigest === null ? [] : (claim.attestations ?? []);
  const [isOwn, ...others] = await Promise.all([
    isSignedBy(claim.node, bytes, signature),
    ...attestations.map((said) => verifyAttestation(workDigest ?? '', said)),
  ]);
  if (!isOwn) return refusal('wrong-signature', `signature: not of this claim by ${claim.node}`);
  const wrong = others.indexOf(false);
  if (wrong < 0) return null;
  const by = `by ${attestations[wrong].node} over these figures and work digest ${workDigest}`;
  return refusal('wrong-attestation', `attestations[${wrong}].signature: not ${by}`);
}

function admitted(
  { claim, signature }: SignedClaim,
  { nodes }: AdmissionDesk,
  { improvement, verdict, worth }: Judged,
  { bytes, digest }: Signed,
  workDigest: string,
): AdmittedClaim {
  const { kind, node, workId, evidence } = claim;
  return {
    bucket: kind,
    recipient: recipientOf(claim),
    node,
    workId,
    evidence,
    units: worth.units,
    formula: worth.formula,
    details: {
      claim: Buffer.from(bytes.subarray(bytes.indexOf(DOMAIN_END) + 1)).toString('utf8'),
      signature,
      claimDigest: digest,
      workDigest,
      nodes: nodes.digest,
      attesters: String(verdict.nodes),
      owners: String(verdict.owners),
      ...multiplierDetails(claim, verdict),
      ...(improvement === null ? {} : improvementDetails(improvement)),
    },
  };
}

/** Multipliers as attesters measured them, and as the claimant states them: shown, not paid. */
function multiplierDetails({ kind, work }: BucketClaim, { medians }: Verdict) {
  const entries: [string, string][] = [];
  for (const { name } of WORK[kind].figures) {
    if (Object.hasOwn(medians, name)) entries.push([`${name}.median`, medians[name]]);
    const stated = work[name];
    if (stated !== undefined) entries.push([`${name}.stated`, figureText(stated as Figure)]);
  }
  return Object.fromEntries(entries);
}

function improvementDetails({ measuredPct, test }: Improvement): Record<string, string> {
  const { t, degrees, p } = test;
  return { measuredPct, t: String(t), degrees: String(degrees), p: String(p) };
}

/** What `read` gives, or a refusal with the sentence of the error that it throws. */
function refusedAs<T extends object>(code: ClaimRefusalCode, read: () => T): T | ClaimRefusal {
  try {
    return read();
  } catch (error) {
    if (error instanceof FocusError && error.code === 'bad-input') {
      return refusal(code, error.fix === '' ? error.message : `${error.message}; ${error.fix}`);
    }
    throw error;
  }
}
