// Ed25519 keys by their names: did:key:z6Mk…, the base58 text of 0xed 0x01 and the 32 bytes of a
// public key. A key has one name: another spelling of the same bytes is refused.
// Source: did:key method v0.9, section 3.1; RFC 8032; RFC 8410 for the bytes that Node wants.

import * as crypto from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import { FocusError, check, shown } from './errors.js';

/** The two bytes of an Ed25519 public key's multicodec, as a varint. */
const ED25519 = Uint8Array.of(0xed, 0x01);
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** DER before the 32 bytes: of a public key, and of a private one (PKCS #8). */
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PREFIX = 'did:key:';
/** A name has 56 characters. */
const MOST_CHARACTERS = 64;
const HEX_SEED = /^[0-9a-f]{64}$/;
const BASE64URL = /^[A-Za-z0-9_-]{86}$/;

/** A key that signs. */
export interface SigningKey {
  /** did:key of the public key. */
  readonly did: string;
  /** The signature of bytes, as base64url without padding. About 40 µs. */
  sign(bytes: Uint8Array): string;
}

/** The key of a seed, 64 hex digits. Throws `bad-parameter`. */
export function signingKey(seed: string): SigningKey {
  const hex = seed.toLowerCase();
  check(
    HEX_SEED.test(hex),
    'bad-parameter',
    () => `key: expected a seed of 64 hex digits, found ${seed.length} characters`,
    'make one with 32 random bytes, and keep it secret',
  );
  const key = crypto.createPrivateKey({
    key: Buffer.concat([PRIVATE_DER, Buffer.from(hex, 'hex')]),
    format: 'der',
    type: 'pkcs8',
  });
  const spki = crypto.createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    did: didOf(spki.subarray(PUBLIC_DER.length)),
    sign: (bytes) => crypto.sign(null, bytes, key).toString('base64url'),
  };
}

/** The name of a public key of 32 bytes. */
export function didOf(publicKey: Uint8Array): string {
  check(
    publicKey.length === KEY_BYTES,
    'bad-parameter',
    () => `key: expected ${KEY_BYTES} bytes, found ${publicKey.length}`,
  );
  return PREFIX + base58btc.encode(Buffer.concat([ED25519, publicKey]));
}

/** The public key of a name. Throws `bad-input` for everything that is no name of an Ed25519 key. */
export function publicKeyOf(did: unknown): Uint8Array {
  const refuse = (): never => {
    const found = typeof did === 'string' ? shown(did) : typeof did;
    throw new FocusError(
      'bad-input',
      `key: expected did:key of an Ed25519 key, found ${found}`,
      'such names begin with did:key:z6Mk and have 56 characters',
    );
  };
  if (typeof did !== 'string' || did.length > MOST_CHARACTERS || !did.startsWith(PREFIX)) {
    return refuse();
  }
  let bytes: Uint8Array;
  try {
    bytes = base58btc.decode(did.slice(PREFIX.length) as `z${string}`);
  } catch {
    return refuse();
  }
  const key = bytes.subarray(ED25519.length);
  const isKey = bytes[0] === ED25519[0] && bytes[1] === ED25519[1] && key.length === KEY_BYTES;
  if (!isKey || didOf(key) !== did) return refuse();
  return key;
}

/** Whether a text names an Ed25519 key. */
export function isDid(did: unknown): did is string {
  try {
    publicKeyOf(did);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a signature is by the key of a name over these bytes. Never throws: all may come from
 * anybody. About 100 µs.
 */
export function verifySignature(did: unknown, bytes: Uint8Array, signature: unknown): boolean {
  if (typeof signature !== 'string' || !BASE64URL.test(signature)) return false;
  if (!isDid(did)) return false;
  const raw = Buffer.from(signature, 'base64url');
  // 86 characters carry 516 bits: of the four more, only zeros are canonical.
  if (raw.length !== SIGNATURE_BYTES || raw.toString('base64url') !== signature) return false;
  const key = verifyingKey(did);
  return key !== null && crypto.verify(null, bytes, key, raw);
}

/** The public key of a name as Node verifies with it, or null where the name is none. About 30 µs. */
export function verifyingKey(did: unknown): crypto.KeyObject | null {
  try {
    // As DER the same key takes ten times as long.
    const x = Buffer.from(publicKeyOf(did)).toString('base64url');
    return crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return null;
  }
}
