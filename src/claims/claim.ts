// A claim: a signal, and what its neuron says that it does to the focus, signed. Canonical JSON
// (RFC 8785) of every field but the signature is what is signed; its SHA-256 is the claim's digest.
//   signature = Ed25519("focus-claim-1\n" ‖ canonical text)
// Values are integers in units of 2⁻⁶¹: of ‖Δφ‖₁ for delta-norm, of nats for syntropy and directed.

import { canonicalJson, sha256Hex } from '../base/canonical.js';
import { isDid, verifySignature, type SigningKey } from '../base/did-key.js';
import { FocusError, shown } from '../base/errors.js';
import { isDigest, recordOf, type TreeHead } from '../base/merkle-proof.js';
import type { Signal, SignalLink } from '../graph/signal.js';
import { checkSignals } from '../graph/signal.js';
import { MOST_ENTRIES } from './shift-tree.js';

/** What a claim is about; the value functions of rewards that one shift has. */
export const CLAIM_FUNCTIONS = ['delta-norm', 'syntropy', 'directed'] as const;
export type ClaimFunction = (typeof CLAIM_FUNCTIONS)[number];

/** What a neuron signs. */
export interface ClaimBody {
  readonly format: 'focus-claim-1';
  /** did:key of the neuron. */
  readonly neuron: string;
  /** From 0, one more with each claim of the neuron. */
  readonly sequence: number;
  /** Hash of the header that it was computed on; it names both roots. */
  readonly header: string;
  readonly links: readonly SignalLink[];
  readonly function: ClaimFunction;
  /** Units of 2⁻⁶¹, decimal. */
  readonly value: string;
  /** What `value` may be wrong by, in the same units. */
  readonly valueError: string;
  /** Root over the claimed Δφ* (shift-tree.ts); its entries come with the claim, or some of them. */
  readonly shift: TreeHead;
  /**
   * What is not an entry moves by −share · φ: the prior renormalises everywhere. Units of 2⁻⁶¹, of
   * either sign.
   */
  readonly share: string;
  /** Σ over what is not an entry of |Δφ + share · φ|, and the L1 error of all, in units of 2⁻⁶¹. */
  readonly omitted: string;
  readonly shiftError: string;
}

/** A signed claim. Plain data: JSON carries it. */
export interface Claim extends ClaimBody {
  /** base64url of 64 bytes. */
  readonly signature: string;
}

const FORMAT = 'focus-claim-1';
const DOMAIN = Buffer.from(`${FORMAT}\n`, 'latin1');
const KEYS = [
  'format',
  'neuron',
  'sequence',
  'header',
  'links',
  'function',
  'value',
  'valueError',
  'shift',
  'share',
  'omitted',
  'shiftError',
] as const;
/** Fields of units that may be below zero. */
const SIGNED: readonly string[] = ['value', 'share'];
const LINK_KEYS = ['from', 'to', 'amount', 'price', 'karma', 'valence'];
const INTEGER = /^(0|-?[1-9][0-9]{0,29})$/;
/** Most links of one claim. */
export const MOST_LINKS = 1000;

/** The bytes that are signed. Throws `bad-input` for what JSON cannot say. */
export function claimBytes(body: ClaimBody): Uint8Array {
  return Buffer.concat([DOMAIN, Buffer.from(canonicalJson(bodyOf(body)), 'utf8')]);
}

/** SHA-256 of what is signed: the claim's name. */
export function claimDigest(body: ClaimBody): string {
  return sha256Hex(claimBytes(body));
}

/** Signs a claim as the neuron that it names. Throws `bad-input` where the key is another's. */
export function signClaim(body: ClaimBody, key: SigningKey): Claim {
  if (body.neuron !== key.did) {
    throw new FocusError('bad-input', `claim: of ${shown(body.neuron)}, signed by ${key.did}`);
  }
  return { ...bodyOf(body), signature: key.sign(claimBytes(body)) };
}

/** Whether the neuron signed this. Never throws. */
export function isSigned(claim: Claim): boolean {
  return verifySignature(claim.neuron, claimBytes(claim), claim.signature);
}

/** The signal of a claim. */
export function signalOf({ neuron, links }: ClaimBody): Signal {
  return { neuron, links, remove: [], change: [] };
}

/**
 * A claim of what anybody sent, or why it is none. Never throws: shapes, ranges and order only; the
 * signature is not looked at.
 */
export function readClaim(value: unknown): Claim | string {
  const record = recordOf(value);
  if (record === null) return 'expected an object';
  const strange = Object.keys(record).find(
    (key) => key !== 'signature' && !(KEYS as readonly string[]).includes(key),
  );
  if (strange !== undefined) return `expected no field ${shown(strange)}`;
  const missing = [...KEYS, 'signature'].find((key) => !(key in record));
  if (missing !== undefined) return `${missing}: missing`;
  if (record['format'] !== FORMAT) return `format: expected ${FORMAT}`;
  if (!isDid(record['neuron'])) return 'neuron: expected did:key of an Ed25519 key';
  const { sequence } = record;
  if (!Number.isSafeInteger(sequence) || (sequence as number) < 0) {
    return 'sequence: expected an integer in 0…2⁵³ − 1';
  }
  if (!isDigest(record['header'])) return 'header: expected 64 lower-case hex digits';
  if (!(CLAIM_FUNCTIONS as readonly unknown[]).includes(record['function'])) {
    return `function: expected one of ${CLAIM_FUNCTIONS.join(', ')}`;
  }
  for (const name of ['value', 'valueError', 'share', 'omitted', 'shiftError']) {
    const units = record[name];
    const fits = typeof units === 'string' && INTEGER.test(units);
    if (!fits) return `${name}: expected units as decimal text of at most 30 digits`;
    if (!SIGNED.includes(name) && units.startsWith('-')) return `${name}: expected units ≥ 0`;
  }
  if (typeof record['signature'] !== 'string') return 'signature: expected a text';
  return headRefusal(record['shift']) ?? linksRefusal(record) ?? (value as Claim);
}

function linksRefusal({ links, neuron }: Readonly<Record<string, unknown>>): string | null {
  if (!Array.isArray(links) || links.length === 0 || links.length > MOST_LINKS) {
    return `links: expected a list of 1 … ${MOST_LINKS} links`;
  }
  for (const [k, link] of links.entries()) {
    const fields = recordOf(link);
    if (fields === null) return `links[${k}]: expected an object`;
    const strange = Object.keys(fields).find((key) => !LINK_KEYS.includes(key));
    if (strange !== undefined) return `links[${k}]: expected no field ${shown(strange)}`;
    // An id that is a number would be another text in canonical JSON.
    if (typeof fields['from'] !== 'string' || typeof fields['to'] !== 'string') {
      return `links[${k}]: expected from and to as texts`;
    }
  }
  try {
    checkSignals([{ neuron: neuron as string, links, remove: [], change: [], place: 'links' }]);
    return null;
  } catch (error) {
    if (error instanceof FocusError) return error.message;
    throw error;
  }
}

function headRefusal(shift: unknown): string | null {
  const head = recordOf(shift);
  const size = head?.['size'];
  const isHead =
    head !== null &&
    Object.keys(head).length === 2 &&
    isDigest(head['root']) &&
    Number.isInteger(size) &&
    (size as number) >= 0 &&
    (size as number) <= MOST_ENTRIES;
  return isHead ? null : `shift: expected a root and a size of at most ${MOST_ENTRIES}`;
}

/** The fields that are signed, and no other. */
function bodyOf(body: ClaimBody): ClaimBody {
  const entries = KEYS.map((key) => [key, body[key]]);
  return Object.fromEntries(entries) as unknown as ClaimBody;
}
