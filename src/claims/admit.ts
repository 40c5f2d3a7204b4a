// What every claim must pass before a verifier looks at it, cheapest first: shape, signature, sequence,
// header, range. A neuron's sequence moves on only with a claim that is accepted, so a refused claim
// can be put right and sent again under the same number.

import { FocusError } from '../base/errors.js';
import type { SealedHeader } from '../focus/header.js';
import { logarithm } from '../base/logarithm.js';
import { ONE } from '../focus/exact/units.js';
import { claimDigest, isSigned, readClaim, type Claim } from './claim.js';
import { refused, type ClaimVerdict, type ClaimVerifier } from './verifier.js';

/** Where claims are checked. */
export interface ClaimDesk {
  /** Of the epoch that claims must be on. */
  readonly header: SealedHeader;
  readonly verifier: ClaimVerifier;
  /** The sequence that a neuron's next claim must have. */
  nextSequence(neuron: string): number;
}

/** A claim with its verdict. */
export interface CheckedClaim {
  /** Null where it is malformed. */
  readonly claim: Claim | null;
  readonly digest: string | null;
  readonly verdict: ClaimVerdict;
}

/** Checks what anybody sent. Never throws for what it holds. */
export async function checkClaim(
  desk: ClaimDesk,
  value: unknown,
  proof: unknown = null,
): Promise<CheckedClaim> {
  const claim = readClaim(value);
  if (typeof claim === 'string') return malformed(claim);
  let digest: string;
  try {
    digest = claimDigest(claim);
  } catch (error) {
    if (error instanceof FocusError) return malformed(error.message);
    throw error;
  }
  const first = firstRefusal(desk, claim);
  const verdict = first ?? (await desk.verifier.verify(desk.header, claim, proof));
  return { claim, digest, verdict };
}

function malformed(reason: string): CheckedClaim {
  return { claim: null, digest: null, verdict: refused('malformed', reason) };
}

function firstRefusal(desk: ClaimDesk, claim: Claim): ClaimVerdict | null {
  const { header } = desk.header;
  if (!isSigned(claim)) return refused('bad-signature', `not signed by ${claim.neuron}`);
  const next = desk.nextSequence(claim.neuron);
  if (claim.sequence < next) {
    return refused('replayed', `sequence ${claim.sequence}: expected ${next}, it was used before`);
  }
  if (claim.sequence > next) {
    return refused('bad-sequence', `sequence ${claim.sequence}: expected ${next}`);
  }
  if (claim.header !== desk.header.hash) {
    return refused('stale-root', `header ${claim.header}: expected ${desk.header.hash}`);
  }
  const value = BigInt(claim.value);
  if (value <= 0n) return refused('nothing-claimed', `value ${claim.value}: expected > 0`);
  const most = mostValue(claim, header.particles);
  if (value > most) {
    return refused('impossible-value', `value ${claim.value}: no change can be worth over ${most}`);
  }
  return null;
}

/** The most that a value can be: 2 for a norm, ln n for an entropy, in units. */
function mostValue({ function: name, links }: Claim, particles: number): bigint {
  if (name === 'delta-norm') return 2n * ONE;
  const after = particles + 2 * links.length;
  return BigInt(Math.ceil(logarithm(Math.max(2, after)) * 2 ** 30)) * (ONE >> 30n);
}
