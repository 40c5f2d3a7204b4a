// The word of verification nodes for a claim. Each signs the digest of the work and the multipliers that it
// measured; a claim is paid by their weighted medians, never by what its claimant says.
//   signature = Ed25519("focus-bly-attestation-1\n" ‖ canonical JSON of {figures, node, workDigest})
//   median    = the least figure v with 2 · Σ_{figure ≤ v} weight ≥ Σ weight        ties: the lower
// Figures are compared as exact rationals; a median is one of the figures, so nothing is rounded. It moves
// beyond the honest figures only with half of the weight.

import { check, FocusError } from '../../../base/errors.js';
import { found } from '../../../ledger/amount.js';
import { recordAt } from '../../../ledger/check-transaction.js';
import type { Bucket } from '../bucket.js';
import { compared, decimalText } from '../exact-decimal.js';
import type { BucketPolicy } from '../policy.js';
import type { NodeRegistry, VerificationNode } from './nodes.js';
import { isRefusal, refusal, type ClaimRefusal } from './refusal.js';
import { checkNode, hexSigner, isSignature, isSignedBy, signedBytes } from './signature.js';
import { checkFigureRange, figureValue, readFigure, WORK } from './work.js';
import type { Figure, Figures } from './work.js';

/** The word of one node. */
export interface Attestation {
  /** did:key of the node. */
  readonly node: string;
  /** Every multiplier of the claim's kind. */
  readonly figures: Figures;
  /** 128 hex digits. */
  readonly signature: string;
}

/** Whom a claim would pay. */
export interface Claimant {
  readonly kind: Bucket;
  readonly node: string;
  readonly recipient: string;
}

/** What attesters say together. */
export interface Verdict {
  /** Weighted medians by the names of multipliers, as decimal text; none where nobody is asked. */
  readonly medians: Readonly<Record<string, string>>;
  readonly nodes: number;
  readonly owners: number;
}

/** A figure and the weight behind it. */
export interface WeightedFigure {
  readonly figure: Figure;
  readonly weight: bigint;
}

/** Longest list that is read. */
export const MOST_ATTESTATIONS = 64;
const DOMAIN = 'focus-bly-attestation-1\n';

/** The bytes that an attester signs. */
export function attestationBytes(
  workDigest: string,
  { node, figures }: Pick<Attestation, 'node' | 'figures'>,
): Uint8Array {
  return signedBytes(DOMAIN, { figures, node, workDigest });
}

/**
 * Attests to the work of a digest with the key of a seed of 64 hex digits. The figures are all multipliers of
 * the kind. Throws `bad-parameter` for a wrong seed, `bad-input` for figures that are none.
 */
export function signAttestation(
  seedHex: string,
  kind: Bucket,
  workDigest: string,
  figures: Figures,
): Attestation {
  const { did, sign } = hexSigner(seedHex);
  const said = { node: did, figures: readFigures(figures, kind, 'figures') };
  return { ...said, signature: sign(attestationBytes(workDigest, said)) };
}

/** Whether the node of an attestation signed it for this work. Never rejects. */
export function verifyAttestation(workDigest: string, said: Attestation): Promise<boolean> {
  return isSignedBy(said.node, attestationBytes(workDigest, said), said.signature);
}

/** Reads an attestation of a claim of this kind. Throws `bad-input` with the place of the first fault. */
export function readAttestation(value: unknown, kind: Bucket, place: string): Attestation {
  const { node, figures, signature } = recordAt(value, place, ['node', 'figures', 'signature']);
  check(
    isSignature(signature),
    'bad-input',
    () => `${place}.signature: expected 128 lower-case hex digits, found ${found(signature)}`,
  );
  return {
    node: checkNode(node),
    figures: readFigures(figures, kind, `${place}.figures`),
    signature,
  };
}

/**
 * Judges who attests and what they say, but for the signatures: enough distinct nodes of the registry, none
 * that the claim would pay or of its owner, enough owners, none with too much of the weight, all figures in
 * range. With `verification_nodes: 0` nobody is asked and nothing looked at.
 */
export function judgeAttestations(
  policy: BucketPolicy,
  registry: NodeRegistry,
  claimant: Claimant,
  attestations: readonly Attestation[],
): Verdict | ClaimRefusal {
  const { verificationNodes } = policy.validation;
  if (verificationNodes === 0) return { medians: {}, nodes: 0, owners: 0 };
  if (attestations.length < verificationNodes) {
    const reason = `expected attestations of ${verificationNodes} nodes`;
    return refusal('too-few-attestations', `${reason}, found ${attestations.length}`);
  }
  const nodes = attestersOf(registry, claimant, attestations);
  if (isRefusal(nodes)) return nodes;
  const owners = ownersOf(policy, nodes);
  if (typeof owners !== 'number') return owners;
  const medians: Record<string, string> = {};
  for (const rule of WORK[claimant.kind].figures) {
    const figures: WeightedFigure[] = [];
    for (const [i, { figures: said }] of attestations.entries()) {
      const figure = said[rule.name];
      try {
        checkFigureRange(policy, rule, figure, `attestations[${i}].figures.${rule.name}`);
      } catch (error) {
        if (!(error instanceof FocusError)) throw error;
        return refusal('out-of-range', error.message);
      }
      figures.push({ figure, weight: nodes[i].weight });
    }
    medians[rule.name] = weightedMedian(figures);
  }
  return { medians, nodes: nodes.length, owners };
}

/**
 * The least figure that half of the weight does not lie above: 2 · Σ_{figure ≤ v} weight ≥ Σ weight. Of two
 * middle figures it is the lower. Weights are above 0; the order does not matter. Returns its decimal text.
 * Throws `bad-parameter` for no figures.
 */
export function weightedMedian(figures: readonly WeightedFigure[]): string {
  check(figures.length > 0, 'bad-parameter', () => 'median: expected figures, found none');
  const sorted = figures
    .map(({ figure, weight }) => ({ figure, value: figureValue(figure), weight }))
    .sort((a, b) => compared(a.value, b.value));
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0n);
  let sum = 0n;
  const middle = sorted.findIndex(({ weight }) => 2n * (sum += weight) >= total);
  // One spelling for one value, whoever is listed first.
  return decimalText(sorted[middle].value);
}

/** The nodes that attest, in order. */
function attestersOf(
  registry: NodeRegistry,
  { node, recipient }: Claimant,
  attestations: readonly Attestation[],
): readonly VerificationNode[] | ClaimRefusal {
  const paid = [node, recipient.replace(/^(?:neuron|wallet):/, '')];
  const owners = paid.map((did) => registry.get(did)?.owner);
  const seen = new Set<string>();
  const nodes: VerificationNode[] = [];
  for (const [i, { node: did }] of attestations.entries()) {
    const place = `attestations[${i}]: ${did}`;
    if (paid.includes(did)) return refusal('self-attested', `${place} would be paid by this claim`);
    const known = registry.get(did);
    if (known === null || known.weight === 0n) {
      const what = known === null ? 'is no verification node' : 'has no weight';
      return refusal('unknown-node', `${place} ${what}`);
    }
    if (owners.includes(known.owner)) {
      return refusal('same-owner', `${place} is of ${known.owner}, whose claim this is`);
    }
    if (seen.has(did)) return refusal('twice-attested', `${place} attests twice`);
    seen.add(did);
    nodes.push(known);
  }
  return nodes;
}

/** How many owners the nodes have, or why those are too few or one of them too heavy. */
function ownersOf(
  { antiGaming }: BucketPolicy,
  nodes: readonly VerificationNode[],
): number | ClaimRefusal {
  const { diversityRequirement, maxEntityShare } = antiGaming;
  const weights = new Map<string, bigint>();
  let total = 0n;
  for (const { owner, weight } of nodes) {
    weights.set(owner, (weights.get(owner) ?? 0n) + weight);
    total += weight;
  }
  if (weights.size < diversityRequirement) {
    const reason = `expected attestations of ${diversityRequirement} owners`;
    return refusal('too-few-owners', `${reason}, found ${weights.size}`);
  }
  for (const [owner, weight] of weights) {
    if (weight * maxEntityShare.denominator <= maxEntityShare.numerator * total) continue;
    const share = Number((weight * 10_000n) / total) / 100;
    const reason = `${owner} has ${share} % of the attesting weight`;
    return refusal('concentrated', `${reason}: at most ${decimalText(maxEntityShare)} of it`);
  }
  return weights.size;
}

function readFigures(value: unknown, kind: Bucket, place: string): Figures {
  const names = WORK[kind].figures.map(({ name }) => name);
  const fields = recordAt(value, place, names);
  const entries = names.map((name) => [name, readFigure(fields[name], `${place}.${name}`)]);
  return Object.fromEntries(entries) as Figures;
}
