// Merkle trees (RFC 6962, section 2.1) with SHA-256. A tree is level upon level of digests: pairs
// of neighbours are joined, an odd last one moves up as it is; that is the RFC's split at the
// largest power of two below n.
//   leaf: SHA-256(0x00 ‖ bytes)      node: SHA-256(0x01 ‖ left ‖ right)      no leaf: SHA-256 of nothing
// Kept is one digest in 64 leaves and what is above; a proof hashes its own 64 leaves anew.

import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { FocusError, check } from './errors.js';
import {
  BLOCK_LEVELS,
  DIGEST_BYTES,
  hashBlocks,
  hashLeaves,
  joinLevel,
  type Leaves,
} from './merkle-hasher.js';
import type { InclusionProof, TreeHead } from './merkle-proof.js';

export type { Leaves } from './merkle-hasher.js';

/** How a tree is made; no option changes a digest. */
export interface MerkleOptions {
  /** Threads including the calling one, 1 … 256; default: the processor's, up to 8. */
  readonly threads?: number | undefined;
}

/** A tree that proves its leaves; holds one byte a leaf, and the leaves' own memory. */
export interface MerkleTree {
  readonly head: TreeHead;
  /**
   * Audit paths of the leaves at `indices`, in that order. Each block of 64 leaves that has one is
   * hashed once: about 30 µs. Throws `bad-parameter` for an index out of range, `mismatch` where a
   * leaf has other bytes than when the tree was made.
   */
  prove(indices: readonly number[]): readonly InclusionProof[];
}

const BLOCK_LEAVES = 2 ** BLOCK_LEVELS;
/** One thread writes the leaves, so more hands than these find nothing to do. */
const MOST_USEFUL_THREADS = 8;

/**
 * Hashes all leaves. 0.5 µs a leaf of 100 bytes on one thread, half of that on two; the call does
 * not return before. Throws `bad-parameter` for sizes out of range.
 */
export function openMerkleTree(leaves: Leaves, options: MerkleOptions = {}): MerkleTree {
  const threads = options.threads ?? Math.min(availableParallelism(), MOST_USEFUL_THREADS);
  check(
    Number.isInteger(threads) && threads >= 1 && threads <= 256,
    'bad-parameter',
    () => `threads: expected an integer in 1…256, found ${threads}`,
  );
  const levels = levelsFrom(hashBlocks(leaves, threads), Infinity);
  const top = levels[levels.length - 1];
  const root = leaves.count === 0 ? createHash('sha256').digest('hex') : hexOf(top, 0);
  return {
    head: { root, size: leaves.count },
    prove: (indices) => proveLeaves(leaves, levels, indices),
  };
}

/** The root of a list of leaves, in lower-case hex. */
export function merkleRoot(leaves: Leaves, options: MerkleOptions = {}): string {
  return openMerkleTree(leaves, options).head.root;
}

/** Leaves that are there already, each at most 65,536 bytes. */
export function leavesOf(list: readonly Uint8Array[]): Leaves {
  return {
    count: list.length,
    mostBytes: list.reduce((most, leaf) => Math.max(most, leaf.length), 0),
    write: (index, target, at) => {
      target.set(list[index], at);
      return list[index].length;
    },
  };
}

/** A level and the levels above it, up to a single digest or `most` levels more. */
function levelsFrom(lowest: Uint8Array, most: number): readonly Uint8Array[] {
  const levels = [lowest];
  for (let level = lowest; level.length > DIGEST_BYTES && levels.length <= most;) {
    level = joinLevel(level);
    levels.push(level);
  }
  return levels;
}

function proveLeaves(
  leaves: Leaves,
  upper: readonly Uint8Array[],
  indices: readonly number[],
): readonly InclusionProof[] {
  const byBlock = new Map<number, number[]>();
  indices.forEach((index, place) => {
    check(
      Number.isInteger(index) && index >= 0 && index < leaves.count,
      'bad-parameter',
      () => `index: expected an integer from 0 and below ${leaves.count}, found ${index}`,
    );
    const block = Math.floor(index / BLOCK_LEAVES);
    const places = byBlock.get(block);
    if (places === undefined) byBlock.set(block, [place]);
    else places.push(place);
  });
  const proofs = new Array<InclusionProof>(indices.length);
  for (const [block, places] of byBlock) {
    const lower = levelsFrom(hashLeaves(leaves, block * BLOCK_LEAVES), BLOCK_LEVELS);
    const top = hexOf(lower[lower.length - 1], 0);
    if (top !== hexOf(upper[0], block)) {
      throw new FocusError(
        'mismatch',
        `leaves ${block * BLOCK_LEAVES} and following differ from those that the root was made of`,
        'make a tree of the leaves as they are now',
      );
    }
    for (const place of places) {
      const index = indices[place];
      const inBlock = siblings(lower.slice(0, -1), index % BLOCK_LEAVES);
      const path = [...inBlock, ...siblings(upper.slice(0, -1), block)];
      proofs[place] = { index, path };
    }
  }
  return proofs;
}

/** The sibling of a digest on each level, where it has one. */
function siblings(levels: readonly Uint8Array[], index: number): readonly string[] {
  const path: string[] = [];
  let at = index;
  for (const level of levels) {
    const sibling = at % 2 === 1 ? at - 1 : at + 1;
    if (sibling * DIGEST_BYTES < level.length) path.push(hexOf(level, sibling));
    at = Math.floor(at / 2);
  }
  return path;
}

function hexOf(level: Uint8Array, index: number): string {
  const at = level.byteOffset + index * DIGEST_BYTES;
  return Buffer.from(level.buffer, at, DIGEST_BYTES).toString('hex');
}
