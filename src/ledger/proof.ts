// Inclusion proofs: that a transaction is in a sealed epoch, for one who holds no more than the epoch's
// published root and size. The leaf is the transaction's key and the digest of its content.

import { check, FocusError } from '../base/errors.js';
import { leavesOf, openMerkleTree } from '../base/merkle.js';
import {
  rejected,
  verifyInclusion,
  type InclusionProof,
  type TreeHead,
  type Verdict,
} from '../base/merkle-proof.js';
import { leafBytes } from './book.js';
import { checkKey } from './check-transaction.js';
import { contentDigest, readContent } from './entry.js';
import type { LedgerStore } from './store.js';

/** A transaction with its way to the root of its epoch. */
export interface EntryProof {
  readonly epoch: number;
  readonly head: TreeHead;
  /** Canonical JSON of the transaction. */
  readonly content: string;
  readonly proof: InclusionProof;
}

/**
 * Proves that the transaction of a key is in its epoch. Throws `bad-parameter` where there is none, or
 * its epoch is not sealed yet. Reads the leaves of the epoch: 5 µs each.
 */
export function proveEntry(store: LedgerStore, key: string): Promise<EntryProof> {
  checkKey(key, 'key');
  return store.read(async (reader) => {
    const [entry] = await reader.entriesOfKeys([key]);
    check(entry !== undefined, 'bad-parameter', () => `key: no transaction has ${key}`);
    const { epoch, content } = entry;
    const [row] = await reader.epochs(epoch - 1, 1);
    check(
      row?.epoch === epoch && row.root !== null,
      'bad-parameter',
      () => `epoch ${epoch} of the transaction is not sealed yet`,
      'proofs lead to the root that a seal publishes',
    );
    const leaves = await reader.leaves(epoch);
    const tree = openMerkleTree(leavesOf(leaves.map(leafBytes)), { threads: 1 });
    if (tree.head.root !== row.root) {
      throw new FocusError('mismatch', `epoch ${epoch}: its leaves do not give its root`);
    }
    const [proof] = tree.prove([leaves.findIndex((leaf) => leaf.key === key)]);
    return { epoch, head: tree.head, content, proof };
  });
}

/**
 * Checks a proof against the published root and size of its epoch. Never throws: all of it may come
 * from anybody.
 */
export function verifyEntryProof(
  head: TreeHead,
  { content, proof }: Pick<EntryProof, 'content' | 'proof'>,
): Verdict {
  try {
    const read = readContent(content);
    if (read.type !== 'transaction') return rejected('content: expected a transaction');
    const leaf = leafBytes({ key: read.transaction.key, digest: contentDigest(content) });
    return verifyInclusion(head, leaf, proof);
  } catch (error) {
    return rejected(error instanceof Error ? error.message : 'content: not readable');
  }
}
