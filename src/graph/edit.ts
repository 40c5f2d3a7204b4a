// Links after a delta: every column is copied in runs, with the links that leave passed over and
// those that come put in by position. The columns before stay as they are. Optional columns in which
// every value is the default are left out, so links that are equal look equal.

import { check } from '../base/errors.js';
import { extendIds, isOverExtended, mergeIds } from './id-extension.js';
import { idsOf } from './id-list.js';
import type { Ids } from './ids.js';
import { firstFrom } from './linked.js';
import type { LinkSet } from './linked.js';
import { NO_NEURON } from './links.js';
import type { Links } from './links.js';
import { VALUE_DEFAULTS } from './resolve.js';
import type { PutLink, Resolved } from './resolve.js';

/** A run of links before, and the link that comes after it (−1: none). */
interface Piece {
  readonly begin: number;
  readonly end: number;
  readonly put: number;
}

interface Plan {
  readonly pieces: readonly Piece[];
  readonly count: number;
}

type Column = Uint32Array | Float64Array | Int8Array;

const MAX_LINKS = 2 ** 32 - 1;
/** Below this, a loop beats the call of a block copy. */
const SHORT_RUN = 32;

/**
 * The links after what a delta resolved to. Throws FocusError `too-large` beyond 2³² links or ids.
 * Cost O(links), mostly copies of memory, plus O(log links) for each link that leaves or comes.
 */
export function editLinks(base: LinkSet, { gone, put }: Omit<Resolved, 'inverse'>): LinkSet {
  const { links } = base;
  const plan = planOf(base, gone, put);
  const particles = intern(
    links.particles,
    put.flatMap(({ from, to }) => [from, to]),
  );
  const from = edited(links.from, plan, (k) => particles.places[2 * k]);
  const to = edited(links.to, plan, (k) => particles.places[2 * k + 1]);
  const amount = edited(links.amount, plan, (k) => put[k].amount);
  const values = (name: 'karma' | 'price' | 'will' | 'time'): Float64Array | null =>
    optional(links[name], plan, put, name, (size) => new Float64Array(size));
  const rows = rowsOf(base, plan, put);
  const edit = {
    count: plan.count,
    from,
    to,
    amount,
    karma: values('karma'),
    price: values('price'),
    will: values('will'),
    time: values('time'),
    valence: optional(links.valence, plan, put, 'valence', (size) => new Int8Array(size)),
    roundedAmounts: links.roundedAmounts,
  };
  const merged = merge(particles.ids, [from, to]);
  return { links: { ...edit, ...merged, ...neuronsOf(links, plan, put) }, rows };
}

/** Which runs of links stay, and where the others go. */
function planOf(base: LinkSet, gone: Uint32Array, put: readonly PutLink[]): Plan {
  const { count } = base.links;
  const pieces: Piece[] = [];
  let begin = 0;
  let g = 0;
  /** Copies up to link `end`, less those that leave before it. */
  const copyTo = (end: number, next: number): void => {
    while (g < gone.length && gone[g] < end) {
      if (gone[g] > begin) pieces.push({ begin, end: gone[g], put: -1 });
      begin = gone[g++] + 1;
    }
    pieces.push({ begin, end: Math.max(begin, end), put: next });
    begin = Math.max(begin, end);
  };
  put.forEach(({ row }, k) => copyTo(firstFrom(base, row), k));
  copyTo(count, -1);
  const after = count - gone.length + put.length;
  check(after <= MAX_LINKS, 'too-large', () => 'more than 4294967295 links', 'split the input');
  return { pieces, count: after };
}

/** A column after the edit; `valueAt` gives that of link k of those that come. */
function edited<T extends Column>(column: T, plan: Plan, valueAt: (k: number) => number): T {
  const made = new (column.constructor as new (size: number) => T)(plan.count);
  let at = 0;
  for (const { begin, end, put } of plan.pieces) {
    if (end - begin > SHORT_RUN) {
      made.set(column.subarray(begin, end) as ArrayLike<number> & T, at);
      at += end - begin;
    } else for (let i = begin; i < end; i++) made[at++] = column[i];
    if (put >= 0) made[at++] = valueAt(put);
  }
  return made;
}

/** An optional column after the edit, null where every value is the default. */
function optional<T extends Float64Array | Int8Array>(
  column: T | null,
  plan: Plan,
  put: readonly PutLink[],
  name: 'karma' | 'price' | 'valence' | 'will' | 'time',
  make: (size: number) => T,
): T | null {
  const usual: number = VALUE_DEFAULTS[name];
  const isUsual = (value: number): boolean => value === usual || Number.isNaN(value);
  if (column === null && put.every((link) => isUsual(link[name]))) return null;
  const size = plan.pieces.reduce((most, { end }) => Math.max(most, end), 0);
  const source = column ?? (make(size).fill(usual) as T);
  const made = edited(source, plan, (k) => put[k][name]);
  return made.every(isUsual) ? null : made;
}

/** Positions after the edit, null where they are 0, 1, 2, … */
function rowsOf(base: LinkSet, plan: Plan, put: readonly PutLink[]): Float64Array | null {
  const { count } = base.links;
  const isAppended =
    plan.count === count + put.length && put.every(({ row }, k) => row === count + k);
  if (base.rows === null && isAppended) return null;
  const rows = base.rows ?? new Float64Array(count).map((_, i) => i);
  const made = edited(rows, plan, (k) => put[k].row);
  return made.every((row, i) => row === i) ? null : made;
}

/** The neurons after the edit, null where no link names one. */
function neuronsOf(
  { neurons, neuron }: Links,
  plan: Plan,
  put: readonly PutLink[],
): Pick<Links, 'neurons' | 'neuron'> {
  const named = put.flatMap((link) => (link.neuron === null ? [] : [link.neuron]));
  if (named.length === 0 && (neuron === null || neurons === null)) return { neurons, neuron };
  const { ids, places } = intern(neurons ?? idsOf([]), named);
  let k = 0;
  const placeOf = put.map((link) => (link.neuron === null ? NO_NEURON : places[k++]));
  const size = plan.pieces.reduce((most, { end }) => Math.max(most, end), 0);
  const source = neuron ?? new Uint32Array(size).fill(NO_NEURON);
  const column = edited(source, plan, (link) => placeOf[link]);
  if (column.every((index) => index === NO_NEURON)) return { neurons: null, neuron: null };
  return { neurons: merge(ids, [column]).particles, neuron: column };
}

/** The indices of ids, in a table that is extended where it lacks them. */
function intern(
  ids: Ids,
  list: readonly string[],
): { readonly ids: Ids; readonly places: Uint32Array } {
  const added = new Map<string, number>();
  const places = Uint32Array.from(list, (id) => {
    const known = ids.indexOf(id);
    if (known >= 0) return known;
    let place = added.get(id);
    if (place === undefined) added.set(id, (place = ids.count + added.size));
    return place;
  });
  return { ids: extendIds(ids, [...added.keys()]), places };
}

/** Where extensions have outgrown the first table: one new table of the ids in use; remaps columns. */
function merge(ids: Ids, columns: readonly Uint32Array[]): { readonly particles: Ids } {
  if (!isOverExtended(ids)) return { particles: ids };
  const isUsed = new Uint8Array(ids.count);
  for (const column of columns) {
    for (const index of column) if (index !== NO_NEURON) isUsed[index] = 1;
  }
  const { ids: merged, places } = mergeIds(ids, isUsed);
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      if (column[i] !== NO_NEURON) column[i] = places[column[i]];
    }
  }
  return { particles: merged };
}
