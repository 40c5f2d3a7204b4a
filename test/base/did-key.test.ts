// Ed25519 keys by name: the test vectors of RFC 8032, and every other spelling refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didOf, isDid, publicKeyOf, signingKey, verifySignature } from '../../src/base/did-key.js';

/** RFC 8032, section 7.1: secret key, public key, message, signature. */
const VECTORS = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
] as const;

describe('did:key', () => {
  it.each(VECTORS)('signs as RFC 8032 says: %s', (seed, publicKey, message, signature) => {
    const key = signingKey(seed);
    const bytes = Buffer.from(message, 'hex');
    expect(Buffer.from(publicKeyOf(key.did)).toString('hex')).toBe(publicKey);
    expect(Buffer.from(key.sign(bytes), 'base64url').toString('hex')).toBe(signature);
    expect(verifySignature(key.did, bytes, key.sign(bytes))).toBe(true);
    expect(
      verifySignature(key.did, Buffer.concat([bytes, bytes, Buffer.of(1)]), key.sign(bytes)),
    ).toBe(false);
  });

  it('has one name a key, as the method of did:key gives it', () => {
    // From the specification's own list of Ed25519 examples.
    const known = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
    const bytes = publicKeyOf(known);
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29',
    );
    expect(didOf(bytes)).toBe(known);
    const wrong = [
      `${known} `,
      known.toUpperCase(),
      known.replace('z6', 'z16'),
      known.slice(0, -1),
      // An X25519 key, and a name of another method.
      'did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc',
      known.replace('key', 'web'),
      '',
      7,
      null,
    ];
    for (const each of wrong) expect(isDid(each), String(each)).toBe(false);
  });

  it('refuses signatures that are spelled in another way, or changed in one bit', () => {
    const key = signingKey(VECTORS[0][0]);
    const bytes = Buffer.from('claim');
    const signature = key.sign(bytes);
    expect(verifySignature(key.did, bytes, `${signature}==`)).toBe(false);
    expect(verifySignature(key.did, bytes, Buffer.from(signature, 'base64url'))).toBe(false);
    // The last character carries four bits that must be zero.
    const last = signature.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = alphabet[alphabet.indexOf(last) + 1];
    expect(verifySignature(key.did, bytes, signature.slice(0, -1) + other)).toBe(false);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 511 }), (bit) => {
        const raw = Buffer.from(signature, 'base64url');
        raw[bit >> 3] ^= 1 << (bit & 7);
        expect(verifySignature(key.did, bytes, raw.toString('base64url'))).toBe(false);
      }),
    );
  });
});
