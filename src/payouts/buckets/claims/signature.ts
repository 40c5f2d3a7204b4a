// Ed25519 signatures of claims and attestations, 128 lower-case hex digits, over a domain and canonical JSON.
// They are verified in Node's pool of threads, many at a time, so that a server goes on with its requests; keys
// of nodes that come again are kept.

import * as crypto from 'node:crypto';
import { canonicalJson } from '../../../base/canonical.js';
import { signingKey, verifyingKey } from '../../../base/did-key.js';

const HEX_SIGNATURE = /^[0-9a-f]{128}$/;
/** Keys that are kept, 1 KiB each. */
const MOST_KEYS = 4096;
const keys = new Map<string, crypto.KeyObject>();

/** Whether a value is spelled as a signature. */
export function isSignature(value: unknown): value is string {
  return typeof value === 'string' && HEX_SIGNATURE.test(value);
}

/** The bytes that are signed: the domain, then canonical JSON. */
export function signedBytes(domain: string, value: unknown): Uint8Array {
  return Buffer.from(domain + canonicalJson(value), 'utf8');
}

/** The key of a seed of 64 hex digits: its name, and its signature of bytes. Throws `bad-parameter`. */
export function hexSigner(seedHex: string): {
  readonly did: string;
  readonly sign: (bytes: Uint8Array) => string;
} {
  const { did, sign } = signingKey(seedHex);
  return { did, sign: (bytes) => Buffer.from(sign(bytes), 'base64url').toString('hex') };
}

/**
 * Whether a signature is by the key of a name over these bytes. Never rejects: all may come from anybody. It
 * takes about 100 µs of another thread and 10 µs of this one.
 */
export async function isSignedBy(
  did: string,
  bytes: Uint8Array,
  signature: string,
): Promise<boolean> {
  const key = keyOf(did);
  if (key === null || !isSignature(signature)) return false;
  return new Promise((resolve) => {
    crypto.verify(null, bytes, key, Buffer.from(signature, 'hex'), (error, isValid) => {
      resolve(error === null && isValid);
    });
  });
}

function keyOf(did: string): crypto.KeyObject | null {
  const known = keys.get(did);
  if (known !== undefined) return known;
  const key = verifyingKey(did);
  if (key === null) return null;
  // Names come in any number: the oldest makes room.
  if (keys.size >= MOST_KEYS) keys.delete(keys.keys().next().value as string);
  keys.set(did, key);
  return key;
}
