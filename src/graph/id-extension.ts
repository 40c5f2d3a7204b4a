// Id tables that grow without being copied: an extended table is the table before, whose memory it
// shares, and one small table of what was added since. Extending an extended table copies the small
// one, so tables never pile up; where the small one has outgrown the first, callers make a new table
// of the ids that are still in use (`mergeIds`).

import { FocusError, invariant, shown } from '../base/errors.js';
import { encodeId } from './id-list.js';
import { createIdTable, freezeIds, internId } from './id-table.js';
import { MAX_ID_BYTES, pickIds } from './ids.js';
import type { Ids } from './ids.js';

interface Parts {
  readonly root: Ids;
  readonly extra: Ids;
}

/** The parts of extended tables. */
const parts = new WeakMap<Ids, Parts>();

/** An extended table below this many added ids is never worth merging. */
const LEAST_EXTRA = 1024;

/**
 * A table of the ids of `base`, under the same indices, and after them `more` (distinct, none of
 * them in `base`). `base` is not changed. Throws FocusError `bad-input` for a repeated or bad id.
 * Cost O(more + what earlier extensions added); an id is looked up in at most two tables.
 */
export function extendIds(base: Ids, more: readonly string[]): Ids {
  if (more.length === 0) return base;
  const { root, extra } = parts.get(base) ?? { root: base, extra: null };
  const kept = extra?.count ?? 0;
  const table = createIdTable(kept + more.length);
  const scratch = new Uint8Array(MAX_ID_BYTES);
  for (let k = 0; k < kept; k++) {
    const length = (extra as Ids).copyBytes(k, scratch, 0);
    internId(table, scratch, 0, length);
  }
  more.forEach((id, k) => {
    const bytes = encodeId(id);
    const isNew = internId(table, bytes, 0, bytes.length) === kept + k;
    if (isNew && root.indexOf(id) < 0) return;
    throw new FocusError('bad-input', `the id ${shown(id)} is there already`, 'add an id once');
  });
  return joined(root, freezeIds(table));
}

/** Whether more ids were added by extensions than the first table holds: time to merge. O(1). */
export function isOverExtended(ids: Ids): boolean {
  const found = parts.get(ids);
  if (found === undefined) return false;
  return found.extra.count > Math.max(LEAST_EXTRA, found.root.count);
}

/**
 * A new table of the ids that `isUsed` marks with 1, in their order, and the new index of each.
 * Shares nothing. Cost O(ids).
 */
export function mergeIds(
  ids: Ids,
  isUsed: Uint8Array,
): { readonly ids: Ids; readonly places: Uint32Array } {
  invariant(isUsed.length === ids.count, 'there is one mark for each id');
  const table = createIdTable(ids.count);
  const scratch = new Uint8Array(MAX_ID_BYTES);
  const places = new Uint32Array(ids.count);
  for (let i = 0; i < ids.count; i++) {
    if (isUsed[i] === 1) places[i] = internId(table, scratch, 0, ids.copyBytes(i, scratch, 0));
  }
  return { ids: freezeIds(table), places };
}

function joined(root: Ids, extra: Ids): Ids {
  const first = root.count;
  const ids: Ids = {
    count: first + extra.count,
    at: (index) => (index < first ? root.at(index) : extra.at(index - first)),
    indexOf: (id) => {
      const found = root.indexOf(id);
      if (found >= 0) return found;
      const added = extra.indexOf(id);
      return added < 0 ? -1 : first + added;
    },
    pick: (order) => {
      const isWhole = order.length === ids.count && order.every((index, i) => index === i);
      return isWhole ? ids : pickIds(ids, order);
    },
    copyBytes: (index, target, at) =>
      index < first
        ? root.copyBytes(index, target, at)
        : extra.copyBytes(index - first, target, at),
  };
  parts.set(ids, { root, extra });
  return ids;
}
