// An epoch of a chain as a payout reads it: the state before, its signals, and the rewards that its
// files hold, each file held against the digest that the manifest has of it.

import { check } from '../base/errors.js';
import { epochFolder, epochsOf, fileOf, manifestOf } from './chain.js';
import { rowsOf, sha256 } from './files.js';
import type { SealedManifest } from './manifest.js';
import type { MarginalRow } from './marginals.js';
import { stateBefore, storedEpoch } from './replay.js';
import type { PaidEpoch } from './works.js';

/**
 * Reads an epoch to pay for; it is 1 or more. O(links) for each epoch before. Throws `usage` where the
 * chain has none of that number, `mismatch` where it is damaged.
 */
export async function paidEpochOf(chain: string, epoch: number): Promise<PaidEpoch> {
  const held = await epochsOf(chain);
  check(
    epoch >= 1 && epoch < held,
    'usage',
    () => `${chain}: expected an epoch in 1…${held - 1} to pay for, found ${epoch}`,
    'epoch 0 is the graph that the chain begins with',
  );
  const { sealed, delta, ruleset } = await storedEpoch(chain, epoch);
  check(
    sealed.manifest.focus.converged,
    'not-converged',
    () => `${epochFolder(chain, epoch)}: expected a focus within its tolerance, found it beyond`,
    'what is not proven is not paid: find the signal that stops the solve, and leave it out',
  );
  const before = await stateBefore(chain, epoch);
  check(before !== null, 'invariant', () => 'an epoch after 0 has one before');
  return {
    chain: (await manifestOf(chain, 0)).digest,
    epoch,
    manifest: sealed.digest,
    beacon: sealed.manifest.beacon,
    before,
    delta,
    ruleset,
    marginals: (await rowsIn(chain, epoch, sealed, 'marginals.ndjson')) as MarginalRow[],
    joint: (await rowsIn(chain, epoch, sealed, 'joint.ndjson')) as PaidEpoch['joint'],
  };
}

async function rowsIn(
  chain: string,
  epoch: number,
  { manifest }: SealedManifest,
  name: string,
): Promise<readonly unknown[]> {
  const place = `${epochFolder(chain, epoch)}/${name}`;
  const bytes = await fileOf(chain, epoch, name);
  check(bytes !== null, 'mismatch', () => `${place}: expected a file, found none`);
  const expected = manifest.outputs.find((output) => output.name === name)?.sha256;
  const found = sha256(bytes);
  check(
    found === expected,
    'mismatch',
    () => `${place}: expected the digest ${expected}, found ${found}`,
  );
  return Array.from(rowsOf(name, bytes), (row) => JSON.parse(Buffer.from(row).toString('utf8')));
}
