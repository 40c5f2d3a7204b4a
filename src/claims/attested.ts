// The verifier that trusts k of n validators: each signs the digest of a claim that it has checked by
// itself.
//   signature = Ed25519("focus-attestation-1\n" ‖ digest in hex)

import { isDid, verifySignature, type SigningKey } from '../base/did-key.js';
import { check, shown } from '../base/errors.js';
import { recordOf } from '../base/merkle-proof.js';
import { claimDigest, type Claim } from './claim.js';
import { CLAIM_ACCEPTED, refused, type ClaimVerifier } from './verifier.js';

/** A validator's word for a claim. */
export interface Attestation {
  /** did:key of the validator. */
  readonly validator: string;
  readonly signature: string;
}

const DOMAIN = 'focus-attestation-1\n';
/** Longer lists are refused unread. */
const MOST_ATTESTATIONS = 1000;

/** Signs for a claim that the validator has checked. */
export function attest(claim: Claim, key: SigningKey): Attestation {
  return { validator: key.did, signature: key.sign(attestedBytes(claim)) };
}

/**
 * Opens the verifier: `least` of these validators must have signed. Nobody attests to a claim of his
 * own. Throws `bad-parameter` for validators that are no keys, or twice the same.
 */
export function attestedVerifier(validators: readonly string[], least: number): ClaimVerifier {
  const known = new Set(validators);
  const wrong = validators.find((did) => !isDid(did));
  check(
    wrong === undefined && known.size === validators.length,
    'bad-parameter',
    () =>
      `validators: expected distinct did:key names, found ${shown(String(wrong ?? 'one twice'))}`,
  );
  check(
    Number.isInteger(least) && least > 0 && least <= known.size,
    'bad-parameter',
    () => `validators: expected 1 … ${known.size} that must sign, found ${least}`,
  );
  return {
    name: 'attested',
    verify: (_, claim, proof) => Promise.resolve(judge(known, least, claim, proof)),
  };
}

function judge(
  known: ReadonlySet<string>,
  least: number,
  claim: Claim,
  proof: unknown,
): ReturnType<typeof refused> {
  const list = recordOf(proof)?.['attestations'];
  if (!Array.isArray(list) || list.length > MOST_ATTESTATIONS) {
    return refused('bad-proof', `attestations: expected a list of at most ${MOST_ATTESTATIONS}`);
  }
  const bytes = attestedBytes(claim);
  const signed = new Set<string>();
  for (const [k, each] of list.entries()) {
    const { validator, signature } = recordOf(each) ?? {};
    if (typeof validator !== 'string' || !known.has(validator)) {
      return refused('bad-proof', `attestations[${k}]: not by one of the validators`);
    }
    if (!verifySignature(validator, bytes, signature)) {
      return refused('bad-proof', `attestations[${k}]: not signed by ${validator}`);
    }
    if (validator !== claim.neuron) signed.add(validator);
  }
  if (signed.size >= least) return CLAIM_ACCEPTED;
  return refused('not-attested', `expected ${least} validators, found ${signed.size}`);
}

function attestedBytes(claim: Claim): Uint8Array {
  return Buffer.from(DOMAIN + claimDigest(claim), 'utf8');
}
