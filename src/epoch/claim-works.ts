// Claims of neurons as works of an epoch: a claim is on the header before, its links are among the
// epoch's signals, a verifier accepts it, and its sequence is the neuron's next. Work and sequence are
// one entry of the ledger, so two claims of one sequence can never both be paid: the second is a
// rejection that keeps both.

import { canonicalJson } from '../base/canonical.js';
import { checkClaim, type CheckedClaim } from '../claims/admit.js';
import type { Claim } from '../claims/claim.js';
import type { SealedHeader } from '../focus/header.js';
import { refused, type ClaimVerifier } from '../claims/verifier.js';
import { neuronAccount, type Work } from '../payouts/minting/mint.js';
import type { Delta } from '../graph/signal.js';

/** What anybody sent: a claim, and what came with it. */
export interface Submission {
  readonly claim: unknown;
  readonly proof: unknown;
}

/** Where claims of an epoch are checked. */
export interface ClaimContext {
  readonly header: SealedHeader;
  readonly verifier: ClaimVerifier;
  /** The sequence that a neuron's first claim of this epoch must have. */
  readonly firstSequence: (neuron: string) => Promise<number>;
  /** Signals of the epoch; null: not known yet, so links are not looked for. */
  readonly signals: Delta | null;
}

/** Counts a neuron's accepted claims, in the token `claims`. */
export const SEQUENCE_TOKEN = 'claims';
const SEQUENCE_SOURCE = 'source:claims';

/** The account whose balance is a neuron's next sequence. */
export function sequenceAccount(neuron: string): string {
  return `sequence:${neuron}`;
}

/**
 * Checks submissions: by neuron and sequence, then by signature, so that their order does not matter.
 * Verdicts are in the order given.
 */
export async function checkSubmissions(
  context: ClaimContext,
  submissions: readonly Submission[],
): Promise<readonly CheckedClaim[]> {
  const next = new Map<string, number>();
  const left = context.signals === null ? null : countLinks(context.signals);
  const verdicts = new Array<CheckedClaim>(submissions.length);
  const order = submissions.map((_, k) => k).sort(bySequence(submissions));
  for (const k of order) {
    const { claim, proof } = submissions[k];
    const neuron = (claim as { neuron?: unknown } | null)?.neuron;
    if (typeof neuron === 'string' && !next.has(neuron)) {
      const isName = /^did:key:z[1-9A-HJ-NP-Za-km-z]{1,100}$/.test(neuron);
      next.set(neuron, isName ? await context.firstSequence(neuron) : 0);
    }
    const { header } = context;
    const verifier = withSignals(context.verifier, left);
    const nextSequence = (did: string): number => next.get(did) ?? 0;
    const checked = await checkClaim({ header, verifier, nextSequence }, claim, proof);
    verdicts[k] = checked;
    const { claim: accepted, verdict } = checked;
    if (!verdict.accepted || accepted === null) continue;
    next.set(accepted.neuron, accepted.sequence + 1);
    if (left !== null) left.set(linksKey(accepted), (left.get(linksKey(accepted)) ?? 0) - 1);
  }
  return verdicts;
}

/**
 * Refuses a claim whose links are not among the epoch's signals, once for each time they are, before a
 * solve is spent on it.
 */
function withSignals(
  verifier: ClaimVerifier,
  left: ReadonlyMap<string, number> | null,
): ClaimVerifier {
  if (left === null) return verifier;
  return {
    name: verifier.name,
    verify: async (header, claim, proof) =>
      (left.get(linksKey(claim)) ?? 0) > 0
        ? verifier.verify(header, claim, proof)
        : refused('bad-signal', 'its links are not among the signals'),
  };
}

/** Accepted claims as works. A claim's evidence is its header: one sequence, one work. */
export function claimWorks(checked: readonly CheckedClaim[]): readonly Work[] {
  return checked.flatMap(({ claim, digest, verdict }): Work[] => {
    if (claim === null || digest === null || !verdict.accepted) return [];
    const account = sequenceAccount(claim.neuron);
    return [
      {
        recipient: neuronAccount(claim.neuron),
        id: `${claim.neuron}/${String(claim.sequence).padStart(16, '0')}`,
        evidence: claim.header,
        value: BigInt(claim.value),
        reason: `claim ${digest}: ${claim.function} of its links alone`,
        postings: [
          { account: SEQUENCE_SOURCE, token: SEQUENCE_TOKEN, units: -1n },
          { account, token: SEQUENCE_TOKEN, units: 1n },
        ],
      },
    ];
  });
}

function bySequence(submissions: readonly Submission[]): (a: number, b: number) => number {
  const keys = submissions.map(({ claim }): readonly [string, number, string] => {
    const { neuron, sequence, signature } = (claim ?? {}) as Partial<Claim>;
    return [
      typeof neuron === 'string' ? neuron : '',
      typeof sequence === 'number' && Number.isSafeInteger(sequence) ? sequence : 0,
      typeof signature === 'string' ? signature : '',
    ];
  });
  const compare = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0);
  return (a, b) => {
    const [p, q] = [keys[a], keys[b]];
    return compare(p[0], q[0]) || p[1] - q[1] || compare(p[2], q[2]) || a - b;
  };
}

function countLinks(signals: Delta): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { neuron, links, remove, change } of signals) {
    if (neuron === null || remove.length > 0 || change.length > 0) continue;
    // A claim cannot state will, which moves other links of its neuron: it is worth something else.
    if (links.some(({ will = 0 }) => will !== 0)) continue;
    const key = linksKey({ neuron, links });
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** A signal's text: what is absent has its default. */
function linksKey({ neuron, links }: Pick<Claim, 'neuron' | 'links'>): string {
  const plain = links.map(({ from, to, amount, price, karma, valence }) => ({
    from,
    to,
    amount,
    price: price ?? 1,
    karma: karma ?? 1,
    valence: valence ?? 0,
  }));
  return canonicalJson({ neuron, links: plain });
}
