// A claimed Δφ* as a list of entries under a Merkle root: the claim is small and signed, the entries
// come with it whole, or opened one by one.
//   leaf = "shift-1\n" ‖ canonical JSON of {id, units}      ids ascending in UTF-16, each once

import { canonicalJson, isWellFormed } from '../base/canonical.js';
import { FocusError, shown } from '../base/errors.js';
import { leavesOf, openMerkleTree } from '../base/merkle.js';
import {
  recordOf,
  verifyInclusion,
  type InclusionProof,
  type TreeHead,
} from '../base/merkle-proof.js';
import { ONE } from '../focus/exact/units.js';

/** One entry of a claimed Δφ*. */
export interface ClaimedEntry {
  readonly id: string;
  /** Units of 2⁻⁶¹, decimal, never 0. */
  readonly units: string;
}

/** An entry with the path that leads from it to the root. */
export interface OpenedEntry extends InclusionProof {
  readonly entry: ClaimedEntry;
}

/** A shift under its root. */
export interface ShiftTree {
  readonly head: TreeHead;
  readonly entries: readonly ClaimedEntry[];
  /** Opens entries by index. Throws `bad-parameter` for one out of range. */
  open(indices: readonly number[]): readonly OpenedEntry[];
}

/** Most entries of a shift; smaller ones belong into what is omitted. */
export const MOST_ENTRIES = 100_000;

const TAG = 'shift-1\n';
const UNITS = /^-?[1-9][0-9]{0,18}$/;

/** Puts a shift under a root. O(entries). Throws `bad-input` for a list that is none. */
export function shiftTree(entries: readonly ClaimedEntry[]): ShiftTree {
  const refusal = entriesRefusal(entries);
  if (refusal !== null) throw new FocusError('bad-input', refusal);
  const tree = openMerkleTree(leavesOf(entries.map(leafOf)), { threads: 1 });
  return {
    head: tree.head,
    entries,
    open: (indices) =>
      tree.prove(indices).map(({ index, path }) => ({ index, path, entry: entries[index] })),
  };
}

/**
 * The entries of anybody's list, or why they are not those of the root. Never throws. No focus moves
 * by more than all of it, and what is gained is lost elsewhere.
 */
export function readShift(head: TreeHead, list: unknown): readonly ClaimedEntry[] | string {
  const refusal = entriesRefusal(list);
  if (refusal !== null) return refusal;
  const entries = list as readonly ClaimedEntry[];
  if (entries.length !== head.size) {
    return `shift: expected ${head.size} entries, found ${entries.length}`;
  }
  const { root } = shiftTree(entries).head;
  if (root !== head.root) return `shift: expected the root ${head.root}, found ${root}`;
  return entries;
}

/** Why an opened entry is not at its place under the root, or null. Never throws. */
export function openedRefusal(head: TreeHead, value: unknown): string | null {
  const opened = recordOf(value);
  if (opened === null) return 'expected an object with entry, index and path';
  const refusal = entryRefusal(opened['entry']);
  if (refusal !== null) return refusal;
  const verdict = verifyInclusion(head, leafOf(opened['entry'] as ClaimedEntry), opened);
  return verdict.accepted ? null : verdict.reason;
}

/** Why no change of a focus is like this, or null: sizes and sums in units of 2⁻⁶¹. */
export function impossibleShift(
  entries: readonly ClaimedEntry[],
  share: bigint,
  omitted: bigint,
  error: bigint,
): string | null {
  let [sum, norm] = [0n, 0n];
  for (const { id, units } of entries) {
    const value = BigInt(units);
    const size = value < 0n ? -value : value;
    if (size > ONE) return `shift of ${shown(id)}: more than all focus`;
    sum += value;
    norm += size;
  }
  if (norm > 2n * ONE) return `shift: its norm ${norm} is above 2`;
  // What is not an entry has at most all focus, of which `share` goes.
  const most = (share < 0n ? -share : share) + omitted + error;
  if ((sum < 0n ? -sum : sum) <= most) return null;
  return `shift: sums to ${sum}, and ${most} are beyond the entries or uncertain`;
}

function leafOf({ id, units }: ClaimedEntry): Uint8Array {
  return Buffer.from(TAG + canonicalJson({ id, units }), 'utf8');
}

function entriesRefusal(list: unknown): string | null {
  if (!Array.isArray(list) || list.length > MOST_ENTRIES) {
    return `shift: expected a list of at most ${MOST_ENTRIES} entries`;
  }
  let before: string | null = null;
  for (const [k, entry] of list.entries()) {
    const refusal = entryRefusal(entry);
    if (refusal !== null) return `shift[${k}]: ${refusal}`;
    const { id } = entry as ClaimedEntry;
    if (before !== null && !(before < id)) return `shift[${k}]: expected ids in rising order`;
    before = id;
  }
  return null;
}

function entryRefusal(entry: unknown): string | null {
  const fields = recordOf(entry);
  const id = fields?.['id'];
  const units = fields?.['units'];
  if (fields === null || Object.keys(fields).length !== 2) return 'expected an id and units';
  if (typeof id !== 'string' || !isWellFormed(id)) return 'id: expected well-formed text';
  if (typeof units !== 'string' || !UNITS.test(units)) {
    return 'units: expected units as decimal text, not 0';
  }
  return null;
}
