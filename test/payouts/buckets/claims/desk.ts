// A desk for tests of claims: nodes with real keys, a registry of five verifiers of four owners, and a claim of
// each kind that is admitted as it stands.

import { hexSigner } from '../../../../src/payouts/buckets/claims/signature.js';
import type { AdmissionDesk } from '../../../../src/payouts/buckets/claims/admit-claim.js';
import {
  signAttestation,
  type Attestation,
} from '../../../../src/payouts/buckets/claims/attestation.js';
import { ClaimRate } from '../../../../src/payouts/buckets/claims/claim-rate.js';
import { nodeRegistry } from '../../../../src/payouts/buckets/claims/nodes.js';
import {
  signClaim,
  workDigestOf,
  type BucketClaim,
  type SignedClaim,
} from '../../../../src/payouts/buckets/claims/signed-claim.js';
import type { Figures } from '../../../../src/payouts/buckets/claims/work.js';
import type { Bucket } from '../../../../src/payouts/buckets/bucket.js';
import type { BucketPolicy } from '../../../../src/payouts/buckets/policy.js';
import { policyWith } from '../policies.js';

/** A moment, 10 minutes after the hour. */
export const NOW_MS = Date.UTC(2026, 6, 1, 12, 10);

/** The seed of node k. */
export const seedOf = (k: number): string => String(k).padStart(64, '0');
/** The name of node k. */
export function didOf(k: number): string {
  DIDS[k] ??= hexSigner(seedOf(k)).did;
  return DIDS[k];
}

const DIDS: string[] = [];

/** The node that claims, which is of an owner of its own, and one that nobody lists. */
export const CLAIMANT = 1;
export const STRANGER = 9;
/** Owners of nodes 1 to 7; node 6 is of the claimant's owner, node 7 has no weight. */
const OWNERS = ['own', 'north', 'north', 'south', 'west', 'own', 'east'];
const UNIT = 1_000_000_000n;

export const NODES = nodeRegistry(
  OWNERS.map((owner, k) => ({ did: didOf(k + 1), owner, weight: k === 6 ? 0n : UNIT })),
);

/** Figures that attesters give, by kind. */
export const FIGURES: Readonly<Record<Bucket, Figures>> = {
  inference: { quality: '1.1' },
  learning: { difficulty: '2', applicability: '1' },
  validation: { complexity: '1' },
  dataset: { quality: '0.9', diversity: '1.1' },
};

/** Work of each kind, worth 110, 2,000, 500 and 4,950 BLY with those figures. */
export const WORKS: Readonly<Record<Bucket, BucketClaim['work']>> = {
  inference: { tokens: '100000' },
  learning: {
    improvement_pct: '2',
    baseline: { n: 30, mean: '0.8', sd: '0.02' },
    candidate: { n: 30, mean: '0.82', sd: '0.02' },
  },
  validation: { validation_tasks: '50' },
  dataset: { dataset_gb: '50' },
};

/** A claim of the claimant's, without attestations. */
export function claimOf(kind: Bucket, changes: Partial<BucketClaim> = {}): BucketClaim {
  return {
    kind,
    node: didOf(CLAIMANT),
    recipient: 'wallet:alice',
    workId: 'job-1',
    work: WORKS[kind],
    evidence: 'e'.repeat(64),
    nonce: 'n-1',
    timestamp_ms: NOW_MS,
    ...changes,
  };
}

/** What nodes say of a claim; `said` are their figures, by default those of its kind. */
export function attested(
  claim: BucketClaim,
  nodes: readonly number[] = [2, 4, 5],
  said: readonly Figures[] = [],
): readonly Attestation[] {
  const digest = workDigestOf(claim);
  return nodes.map((k, i) =>
    signAttestation(seedOf(k), claim.kind, digest, said[i] ?? FIGURES[claim.kind]),
  );
}

/** A claim of the claimant's, attested and signed. */
export function bodyOf(
  kind: Bucket = 'inference',
  changes: Partial<BucketClaim> = {},
  nodes: readonly number[] = [2, 4, 5],
  said: readonly Figures[] = [],
): SignedClaim {
  const claim = claimOf(kind, changes);
  return signClaim(seedOf(CLAIMANT), { ...claim, attestations: attested(claim, nodes, said) });
}

/** A desk with the packaged policy changed by YAML. */
export function deskOf(yaml = '', changes: Partial<AdmissionDesk> = {}): AdmissionDesk {
  const policy = POLICIES.get(yaml) ?? policyWith(yaml);
  POLICIES.set(yaml, policy);
  const rate = new ClaimRate(policy.antiGaming);
  return { policy, nodes: NODES, nowMs: NOW_MS, rate, ...changes };
}

/** Policies by their YAML: reading one takes milliseconds. */
const POLICIES = new Map<string, BucketPolicy>();
