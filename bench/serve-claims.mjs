// Signed claims of many nodes for the service's bench, and the files that a server needs to admit them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { signingKey } from '../dist/base/did-key.js';
import { attestationBytes } from '../dist/payouts/buckets/claims/attestation.js';
import { claimBytes, workDigestOf } from '../dist/payouts/buckets/claims/signed-claim.js';

const ATTESTERS = 12;
const CLAIMS_A_NODE = 10;

const seedOf = (name) => createHash('sha256').update(name).digest('hex');

/** Writes nodes.yaml and policy.yaml to a folder; `attestations` is what a claim needs. */
export function writeFiles(folder, attestations) {
  const nodes = Array.from({ length: ATTESTERS }, (_, i) => {
    const { did } = keyOf(seedOf(`attester ${i}`));
    return `  - { did: "${did}", owner: owner-${i}, weight: 1 }`;
  });
  writeFileSync(join(folder, 'nodes.yaml'), `nodes:\n${nodes.join('\n')}\n`);
  const rules = `validation:\n  verification_nodes: ${attestations}\n`;
  writeFileSync(join(folder, 'policy.yaml'), rules);
}

/** Pre-signed requests: ten of each node, each with its own work. About 50 µs a signature. */
export function signedClaims(count, attestations, run = '') {
  const now = Date.now();
  return Array.from({ length: count }, (_, i) => {
    const seed = seedOf(`node ${run} ${Math.floor(i / CLAIMS_A_NODE)}`);
    const { did } = keyOf(seed);
    const unsigned = {
      kind: 'inference',
      node: did,
      workId: `batch-${run}-${i}`,
      work: { tokens: String(1000 + (i % 1000)) },
      evidence: seedOf(`evidence ${i}`),
      nonce: `n${i}`,
      timestamp_ms: now,
    };
    const digest = workDigestOf(unsigned);
    const words = Array.from({ length: attestations }, (_, k) => {
      const attester = keyOf(seedOf(`attester ${(i + k) % ATTESTERS}`));
      const said = { node: attester.did, figures: { quality: '1.1' } };
      return { ...said, signature: hex(attester.sign(attestationBytes(digest, said))) };
    });
    const claim = words.length === 0 ? unsigned : { ...unsigned, attestations: words };
    const signature = hex(keyOf(seed).sign(claimBytes(claim)));
    return { key: `key-${run}-${i}`, body: JSON.stringify({ claim, signature }) };
  });
}

const hex = (signature) => Buffer.from(signature, 'base64url').toString('hex');

const keys = new Map();
function keyOf(seed) {
  if (!keys.has(seed)) keys.set(seed, signingKey(seed));
  return keys.get(seed);
}
