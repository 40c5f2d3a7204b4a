// Ed25519 signatures of claims and attestations, 128 lower-case hex digits, over a domain and canonical JSON.
// They are verified in Node's pool of threads, many at a time, so that a server goes on with its requests; keys
// of nodes that come again are kept.

import * as crypto from 'node:crypto';
import { canonicalJson } from '../../../base/canonical.js';
import { publicKeyOf, signingKey, verifyingKey } from '../../../base/did-key.js';

const HEX_SIGNATURE = /^[0-9a-f]{128}$/;
/** Names whose keys are kept, and idle keys of one name: 1 KiB each. */
const MOST_NAMES = 4096;
const MOST_IDLE = 16;
/**
 * Keys by name that no thread is using. One key is never given to two threads: they would wait for each
 * other, and the main thread for both.
 */
const idle = new Map<string, crypto.KeyObject[]>();

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

/** Checks that a name is one of an Ed25519 key. Throws `bad-input`. */
export function checkNode(did: unknown): string {
  // A name whose key was made is one.
  if (!idle.has(did as string)) publicKeyOf(did);
  return did as string;
}

/**
 * Whether a signature is by the key of a name over these bytes. Never rejects: all may come from anybody. It
 * takes about 100 µs of another thread and 20 µs of this one.
 */
export async function isSignedBy(
  did: string,
  bytes: Uint8Array,
  signature: string,
): Promise<boolean> {
  if (!isSignature(signature)) return false;
  const key = idle.get(did)?.pop() ?? verifyingKey(did);
  if (key === null) return false;
  return new Promise((resolve) => {
    crypto.verify(null, bytes, key, Buffer.from(signature, 'hex'), (error, isValid) => {
      keep(did, key);
      resolve(error === null && isValid);
    });
  });
}

function keep(did: string, key: crypto.KeyObject): void {
  const keys = idle.get(did);
  if (keys !== undefined) {
    if (keys.length < MOST_IDLE) keys.push(key);
    return;
  }
  // Names come in any number: the oldest makes room.
  if (idle.size >= MOST_NAMES) idle.delete(idle.keys().next().value as string);
  idle.set(did, [key]);
}
