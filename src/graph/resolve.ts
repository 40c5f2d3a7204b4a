// What a delta means for a set of links: which leave, which come and at which positions, and the
// delta that undoes it. A changed link leaves and comes back at its position. All selectors refer to
// the links before, so the order of signals matters only for the positions of new links.

import { check, shown } from '../base/errors.js';
import { linkAt, neuronAt, rowOf } from './linked.js';
import type { LinkSet } from './linked.js';
import { NO_NEURON } from './links.js';
import { checkSignals, entryError, signalPlace } from './signal.js';
import type { Delta, LinkChange, LinkSelector, LinkValue, Signal, SignalLink } from './signal.js';

/** A link that comes, complete. */
export interface PutLink extends Readonly<Record<LinkValue, number>> {
  readonly from: string;
  readonly to: string;
  readonly neuron: string | null;
  readonly row: number;
}

/** The meaning of a delta. */
export interface Resolved {
  /** Indices of links that leave, ascending. */
  readonly gone: Uint32Array;
  /** Links that come, by ascending position. */
  readonly put: readonly PutLink[];
  /** Undoes the delta after it. */
  readonly inverse: Delta;
}

/** Finds the links of a pair of particles, by index, ascending. */
export type LinkFinder = (from: number, to: number) => ArrayLike<number>;

/** What an absent value stands for. */
export const VALUE_DEFAULTS = { price: 1, karma: 1, valence: 0, will: 0, time: NaN } as const;

const OPTIONAL = ['price', 'karma', 'valence', 'will', 'time'] as const;

interface Undo {
  readonly links: SignalLink[];
  readonly remove: LinkSelector[];
  readonly change: LinkChange[];
}

interface State {
  readonly base: LinkSet;
  readonly delta: Delta;
  readonly find: LinkFinder;
  /** By link that leaves: which entry took it. */
  readonly taken: Map<number, string>;
  readonly put: PutLink[];
  readonly undo: Map<string | null, Undo>;
}

/**
 * Resolves a delta against links. Throws FocusError `bad-input`, naming signal and entry, for a
 * value out of range, a selector that finds no link of its neuron or more than it may, a link taken
 * twice, and a position that is not free. `find` defaults to one pass over the links: O(links +
 * entries).
 */
export function resolveDelta(base: LinkSet, delta: Delta, find?: LinkFinder): Resolved {
  checkSignals(delta);
  const state: State = {
    base,
    delta,
    find: find ?? scanFor(base, delta),
    taken: new Map(),
    put: [],
    undo: new Map(),
  };
  delta.forEach(({ remove, change }, s) => {
    remove.forEach((selector, k) => removeLinks(state, s, k, selector));
    change.forEach((entry, k) => changeLink(state, s, k, entry));
  });
  addLinks(state);
  const inverse: Signal[] = [...state.undo].map(([neuron, entries]) => ({ neuron, ...entries }));
  return {
    gone: Uint32Array.from(state.taken.keys()).sort(),
    put: state.put.sort((a, b) => a.row - b.row),
    inverse,
  };
}

/** A finder of the pairs that selectors without a row name: one pass over the links. */
function scanFor({ links }: LinkSet, delta: Delta): LinkFinder {
  const { particles, from, to, count } = links;
  const found = new Map<number, Map<number, number[]>>();
  for (const { remove, change } of delta) {
    for (const selector of [...remove, ...change]) {
      if (selector.row !== undefined) continue;
      const [p, q] = [particles.indexOf(selector.from), particles.indexOf(selector.to)];
      if (p < 0 || q < 0) continue;
      let row = found.get(p);
      if (row === undefined) found.set(p, (row = new Map()));
      row.set(q, []);
    }
  }
  if (found.size > 0) {
    const isSought = new Uint8Array(particles.count);
    for (const p of found.keys()) isSought[p] = 1;
    for (let i = 0; i < count; i++) {
      if (isSought[from[i]] === 1) found.get(from[i])?.get(to[i])?.push(i);
    }
  }
  return (p, q) => found.get(p)?.get(q) ?? [];
}

function removeLinks(state: State, s: number, k: number, selector: LinkSelector): void {
  const { base, delta } = state;
  const { from, to, amount, row } = selector;
  const { neuron } = delta[s];
  let chosen: readonly number[];
  if (row === undefined) {
    const own = ownLinks(state, s, selector);
    const fitting =
      amount === undefined ? own.links : own.links.filter((i) => base.links.amount[i] === amount);
    if (fitting.length === 0) {
      const wanted = amount === undefined ? 'a live link' : `a live link of amount ${amount}`;
      const found = foundInstead(own);
      throw entryError(delta, s, 'remove', k, `expected ${wanted} ${signedBy(neuron)}, ${found}`);
    }
    chosen = amount === undefined ? fitting : fitting.slice(-1);
  } else {
    chosen = [linkAtRow(state, s, 'remove', k, row)];
    const found = base.links.amount[chosen[0]];
    if (amount !== undefined && found !== amount) {
      const message = `expected the amount ${amount} at row ${row}, found ${found}`;
      throw entryError(delta, s, 'remove', k, message);
    }
  }
  for (const i of chosen) {
    take(state, i, s, 'remove', k);
    undoOf(state, neuron).links.push(restored(base, i, from, to));
  }
}

function changeLink(state: State, s: number, k: number, entry: LinkChange): void {
  const { base, delta } = state;
  const { from, to, row } = entry;
  const { neuron } = delta[s];
  let i: number;
  if (row === undefined) {
    const own = ownLinks(state, s, entry);
    if (own.links.length !== 1) {
      const rows = own.links.slice(0, 8).map((link) => rowOf(base, link));
      const found =
        own.links.length === 0
          ? foundInstead(own)
          : `found ${own.links.length}, at rows ${rows.join(', ')}${own.links.length > 8 ? ' …' : ''}`;
      const message = `expected one live link ${signedBy(neuron)}, ${found}`;
      throw entryError(delta, s, 'change', k, message, 'name the link by its row');
    }
    i = own.links[0];
  } else i = linkAtRow(state, s, 'change', k, row);
  take(state, i, s, 'change', k);
  const position = rowOf(base, i);
  const old = valuesAt(base, i);
  const values: Record<LinkValue, number> = { ...old };
  const back: Partial<Record<LinkValue, number | null>> = {};
  for (const name of ['amount', ...OPTIONAL] as const) {
    const value = entry[name];
    if (value === undefined) continue;
    values[name] = value === null ? NaN : value + 0;
    back[name] = Number.isNaN(old[name]) ? null : old[name];
  }
  state.put.push({ from, to, neuron, row: position, ...values });
  undoOf(state, neuron).change.push({ from, to, row: position, ...(back as Partial<LinkChange>) });
}

/** Gives every new link its position: the one it names, else the next after all others. */
function addLinks(state: State): void {
  const { base, delta, taken, put } = state;
  const { count } = base.links;
  // So far, links that come are those that changed: they keep their positions.
  const named = new Set(put.map(({ row }) => row));
  let next = count === 0 ? 0 : rowOf(base, count - 1) + 1;
  delta.forEach(({ links }, s) => {
    links.forEach(({ row }, k) => {
      if (row === undefined) return;
      const there = linkAt(base, row);
      if (named.has(row) || (there >= 0 && !taken.has(there))) {
        const message = `expected a free position, found another link at row ${row}`;
        throw entryError(delta, s, 'links', k, message, 'leave out the row of a new link');
      }
      named.add(row);
      next = Math.max(next, row + 1);
    });
  });
  delta.forEach(({ neuron, links }, s) => {
    links.forEach((link) => {
      const row = link.row ?? next++;
      check(
        Number.isSafeInteger(row + 1),
        'too-large',
        () => `${signalPlace(delta, s)}: there is no position after row ${row - 1}`,
        'write the links out and read them again: that numbers them anew',
      );
      const { from, to, amount } = link;
      const values: Record<LinkValue, number> = { ...VALUE_DEFAULTS, amount: amount + 0 };
      for (const name of OPTIONAL) values[name] = (link[name] ?? VALUE_DEFAULTS[name]) + 0;
      put.push({ from, to, neuron, row, ...values });
      undoOf(state, neuron).remove.push({ from, to, row });
    });
  });
}

/** The live links of a pair that the signal's neuron signs, and how many others there are. */
function ownLinks(
  { base, delta, find }: State,
  s: number,
  { from, to }: LinkSelector | LinkChange,
): { readonly links: readonly number[]; readonly others: number } {
  const { particles, neuron } = base.links;
  const [p, q] = [particles.indexOf(from), particles.indexOf(to)];
  if (p < 0 || q < 0) return { links: [], others: 0 };
  const all = Array.from(find(p, q));
  const own = neuronIndex(base, delta[s].neuron);
  const links = all.filter((i) => (neuron === null ? NO_NEURON : neuron[i]) === own);
  return { links, others: all.length - links.length };
}

/** The index of a neuron as it stands in the column, −1 for one that signs no link. */
function neuronIndex({ links }: LinkSet, id: string | null): number {
  return id === null ? NO_NEURON : (links.neurons?.indexOf(id) ?? -1);
}

/** The link at a row, if it is the one that the entry names. */
function linkAtRow(
  { base, delta }: State,
  s: number,
  part: 'remove' | 'change',
  k: number,
  row: number,
): number {
  const { links } = base;
  const { neuron } = delta[s];
  const { from, to } = delta[s][part][k];
  const i = linkAt(base, row);
  if (i < 0) throw entryError(delta, s, part, k, `expected a live link at row ${row}, found none`);
  const [p, q] = [links.particles.at(links.from[i]), links.particles.at(links.to[i])];
  const signer = neuronAt(links, i);
  if (p !== from || q !== to || signer !== neuron) {
    const found = `${shown(p)} → ${shown(q)} ${signedBy(signer)}`;
    const message = `expected a link ${signedBy(neuron)} at row ${row}, found ${found}`;
    throw entryError(delta, s, part, k, message);
  }
  return i;
}

/** Marks a link as leaving, once. */
function take(state: State, i: number, s: number, part: 'remove' | 'change', k: number): void {
  const { taken, base, delta } = state;
  const earlier = taken.get(i);
  if (earlier !== undefined) {
    const message = `the link at row ${rowOf(base, i)} is taken already by ${earlier}`;
    const fix = 'a delta may remove or change a link once; name another by its row';
    throw entryError(delta, s, part, k, message, fix);
  }
  taken.set(i, `${signalPlace(delta, s)}, ${part} ${k + 1}`);
}

function undoOf({ undo }: State, neuron: string | null): Undo {
  let entry = undo.get(neuron);
  if (entry === undefined) undo.set(neuron, (entry = { links: [], remove: [], change: [] }));
  return entry;
}

/** The values of a link; NaN for no time. */
function valuesAt({ links }: LinkSet, i: number): Record<LinkValue, number> {
  const values: Record<LinkValue, number> = { ...VALUE_DEFAULTS, amount: links.amount[i] };
  for (const name of OPTIONAL) values[name] = links[name]?.[i] ?? VALUE_DEFAULTS[name];
  return values;
}

/** A link as one to add at its position; defaults are left out. */
function restored(base: LinkSet, i: number, from: string, to: string): SignalLink {
  const { amount, ...rest } = valuesAt(base, i);
  const given = OPTIONAL.filter((name) => !Object.is(rest[name], VALUE_DEFAULTS[name]));
  const values = Object.fromEntries(given.map((name) => [name, rest[name]]));
  return { from, to, amount, ...values, row: rowOf(base, i) };
}

function signedBy(neuron: string | null): string {
  return neuron === null ? 'without a neuron' : `of neuron ${shown(neuron)}`;
}

/** What stands there instead of the link that was sought. */
function foundInstead(own: { readonly links: readonly number[]; readonly others: number }): string {
  if (own.links.length > 0) return `found ${own.links.length} of other amounts`;
  return own.others > 0 ? `found ${own.others} of other neurons` : 'found none';
}
