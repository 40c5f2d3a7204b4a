// Inclusion proofs of Merkle trees (RFC 6962, sections 2.1.1 and 2.1.2), as a light client checks
// them: a proof is a leaf's index and its audit path, and is refused with a reason unless it leads
// to the root exactly. The size of the tree comes with the root, never with the proof.
//   leaf: SHA-256(0x00 ‖ bytes)      node: SHA-256(0x01 ‖ left ‖ right)

import { createHash } from 'node:crypto';

/** What commits to a list of leaves. */
export interface TreeHead {
  /** SHA-256 in lower-case hex; of the empty string for no leaf. */
  readonly root: string;
  /** Leaves, 0 … 2³². */
  readonly size: number;
}

/** Where a leaf stands, and the digests that lead from it to the root. */
export interface InclusionProof {
  /** 0 … size − 1. */
  readonly index: number;
  /** Siblings from the leaf upwards, lower-case hex. */
  readonly path: readonly string[];
}

/** The first thing that was found wrong. */
export interface Refusal {
  readonly accepted: false;
  readonly reason: string;
}

/** What became of a check: accepted, or rejected with a reason. */
export type Verdict = { readonly accepted: true } | Refusal;

export const ACCEPTED: Verdict = { accepted: true };

/** A refusal. */
export function rejected(reason: string): Refusal {
  return { accepted: false, reason };
}

const HEX_DIGEST = /^[0-9a-f]{64}$/;
const MOST_LEAVES = 2 ** 32;
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Whether a value is a SHA-256 digest in lower-case hex. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && HEX_DIGEST.test(value);
}

/** A plain record of a value from outside, or null where it is none. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return value as Readonly<Record<string, unknown>>;
}

/**
 * Checks that `leaf` is the leaf of a tree at the proof's index. Never throws: `proof` is data from
 * anybody. O(log size) hashes, 2 µs each; a path of a wrong length is refused before the first.
 */
export function verifyInclusion(head: TreeHead, leaf: Uint8Array, proof: unknown): Verdict {
  const { root, size } = head;
  if (!isDigest(root)) return rejected('root: expected 64 lower-case hex digits');
  if (!Number.isInteger(size) || size < 0 || size > MOST_LEAVES) {
    return rejected(`size: expected an integer in 0…2³², found ${shownValue(size)}`);
  }
  const record = recordOf(proof);
  if (record === null) return rejected('proof: expected an object with index and path');
  const { index, path } = record;
  if (typeof index !== 'number' || !Number.isInteger(index) || !(index >= 0 && index < size)) {
    const found = shownValue(index);
    return rejected(`index: expected an integer from 0 and below ${size}, found ${found}`);
  }
  const length = pathLength(index, size);
  if (!Array.isArray(path)) return rejected('path: expected a list of digests');
  if (path.length !== length) {
    const place = `leaf ${index} of ${size}`;
    return rejected(`path: expected ${length} digests for ${place}, found ${path.length}`);
  }
  const wrong = Array.from(path, isDigest).indexOf(false);
  if (wrong >= 0) return rejected(`path[${wrong}]: expected 64 lower-case hex digits`);
  const reached = rootFrom(leaf, index, size, path as readonly string[]);
  if (reached !== root) return rejected(`the path leads to ${reached}, expected the root ${root}`);
  return ACCEPTED;
}

/**
 * Checks that nothing stands between two leaves that are in the tree: their indices are neighbours.
 * No leaf before (null) is the beginning of the list, none after its end. Never throws.
 */
export function verifyNeighbours(
  size: number,
  before: InclusionProof | null,
  after: InclusionProof | null,
): Verdict {
  const left = before === null ? -1 : before.index;
  const right = after === null ? size : after.index;
  if (right === left + 1) return ACCEPTED;
  return rejected(`expected neighbours, found the leaves ${left} and ${right} of ${size}`);
}

/** Digests of the audit path of a leaf: one for each level where it has a sibling. */
export function pathLength(index: number, size: number): number {
  let length = 0;
  for (let at = index, last = size - 1; last > 0; at = half(at), last = half(last)) {
    if (at % 2 === 1 || at < last) length++;
  }
  return length;
}

/** The root that a leaf and its path make; the path has the right length. */
function rootFrom(leaf: Uint8Array, index: number, size: number, path: readonly string[]): string {
  let digest = sha256(LEAF_PREFIX, leaf);
  let used = 0;
  for (let at = index, last = size - 1; last > 0; at = half(at), last = half(last)) {
    // The last of an odd number moves up alone.
    if (at % 2 === 0 && at === last) continue;
    const sibling = Buffer.from(path[used++], 'hex');
    digest =
      at % 2 === 1 ? sha256(NODE_PREFIX, sibling, digest) : sha256(NODE_PREFIX, digest, sibling);
  }
  return digest.toString('hex');
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Half of an integer below 2³³, rounded down: shifts would end at 2³². */
function half(value: number): number {
  return Math.floor(value / 2);
}

/** A value from outside for a reason: a number, or what else it is. Never throws, as String may. */
export function shownValue(value: unknown): string {
  return typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value;
}
