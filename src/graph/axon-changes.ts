// Which axon weights a delta changes, without building the graph after it: only the links of the
// axons that it touches are looked at. Where a delta changes the weights of other links too (the
// will of a neuron is shared over its links; stakes may be divided by the largest), the graph after
// is built and compared.
//   after(p,q) = Σ w(ℓ) over the links p → q that stay or come, exact and rounded once

import { exactSum } from '../base/exact-sum.js';
import { FocusError, shown } from '../base/errors.js';
import { axonWeight } from './change.js';
import type { AxonChange, AxonChanges } from './change.js';
import { applyDelta } from './delta.js';
import type { Graph } from './graph.js';
import { placesIn } from './id-places.js';
import { linkIndexOf } from './link-index.js';
import { createLinkBuilder } from './link-builder.js';
import type { LinkedGraph } from './linked.js';
import { resolveDelta } from './resolve.js';
import type { PutLink, Resolved } from './resolve.js';
import type { Delta } from './signal.js';
import { weighLinks } from './weigh.js';

/** Changes of axons, with the ids of the particles that the graph lacks. */
export interface NamedAxonChanges extends AxonChanges {
  /** One per added particle, by the bytes of the ids: the same however the changes were found. */
  readonly names: readonly string[];
}

/** Weights of the links of a graph before, kept while the graph lives. */
const weights = new WeakMap<LinkedGraph, Float64Array>();

/**
 * The axons that a delta changes, by (from, to); those whose weight stays are left out. Throws what
 * applyDelta throws. The first call on a graph costs O(links + particles); after that a delta costs
 * O(its entries · log links + links of the axons it touches), unless will or `normalize` make it
 * change other links: then O(links + particles).
 */
export function axonChangesOf(base: LinkedGraph, delta: Delta): NamedAxonChanges {
  const { links, options, graph } = base;
  const index = linkIndexOf(links);
  const resolved = resolveDelta(base, delta, (p, q) => index.linksOf(p, q));
  const sharesWill =
    links.will !== null ||
    (options.will?.size ?? 0) > 0 ||
    resolved.put.some(({ will }) => will > 0);
  if (sharesWill || options.normalize === 'largest-stake') {
    return changesBetween(graph, applyDelta(base, delta).after.graph);
  }
  return touchedAxons(base, resolved);
}

/** The axons in which two graphs differ; particles are the same where their ids are. O(n + m). */
export function changesBetween(before: Graph, after: Graph): NamedAxonChanges {
  const n = before.particles;
  const places = placesIn(before.ids, after.ids);
  const fresh: string[] = [];
  places.forEach((place, i) => {
    if (place < 0) fresh.push(after.ids.at(i));
  });
  const { names, placeOf } = numbered(fresh, n);
  places.forEach((place, i) => {
    if (place < 0) places[i] = placeOf(after.ids.at(i));
  });
  const rowAfter = new Int32Array(n + names.length).fill(-1);
  places.forEach((place, i) => {
    rowAfter[place] = i;
  });
  const axons: AxonChange[] = [];
  const old = new Float64Array(n + names.length);
  const [a, b] = [before.axons, after.axons];
  for (let from = 0; from < n + names.length; from++) {
    const [begin, end] = from < n ? [a.offsets[from], a.offsets[from + 1]] : [0, 0];
    for (let k = begin; k < end; k++) old[a.columns[k]] = a.weights[k];
    const row = rowAfter[from];
    const last = row < 0 ? 0 : b.offsets[row + 1];
    for (let k = row < 0 ? 0 : b.offsets[row]; k < last; k++) {
      const to = places[b.columns[k]];
      if (old[to] !== b.weights[k]) axons.push({ from, to, before: old[to], after: b.weights[k] });
      old[to] = 0;
    }
    // What is left of the row before has no axon after.
    for (let k = begin; k < end; k++) {
      const to = a.columns[k];
      if (old[to] > 0) axons.push({ from, to, before: old[to], after: 0 });
      old[to] = 0;
    }
  }
  return { added: names.length, names, axons: axons.sort(byPair) };
}

interface Pair {
  readonly from: string;
  readonly to: string;
  /** Weights of links that come. */
  readonly come: number[];
}

/** The axons of the links that leave and come, where no other link changes its weight. */
function touchedAxons(base: LinkedGraph, { gone, put }: Resolved): NamedAxonChanges {
  const { links, graph } = base;
  const { particles } = links;
  const pairs = new Map<string, Pair>();
  const pairOf = (from: string, to: string): Pair => {
    const key = JSON.stringify([from, to]);
    let pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, (pair = { from, to, come: [] }));
    return pair;
  };
  const come = weightsOf(base, put);
  put.forEach(({ from, to }, k) => pairOf(from, to).come.push(come[k]));
  for (const i of gone) pairOf(particles.at(links.from[i]), particles.at(links.to[i]));
  const isGone = new Set(gone);
  const changed: (Pair & Pick<AxonChange, 'before' | 'after'>)[] = [];
  const fresh: string[] = [];
  let count = graph.report.axons;
  for (const pair of pairs.values()) {
    const { from, to } = pair;
    if (from === to) continue;
    const after = weightAfter(base, pair, isGone);
    const [p, q] = [graph.ids.indexOf(from), graph.ids.indexOf(to)];
    const before = p < 0 || q < 0 ? 0 : axonWeight(graph, p, q);
    if (before === after) continue;
    count += Number(before === 0) - Number(after === 0);
    changed.push({ ...pair, before, after });
    if (p < 0) fresh.push(from);
    if (q < 0) fresh.push(to);
  }
  if (count === 0) {
    const fix = 'a link counts if it joins two different particles with a weight above zero';
    throw new FocusError('bad-input', 'the delta leaves no link that counts', fix);
  }
  const { names, placeOf } = numbered(fresh, graph.particles);
  const place = (id: string): number => {
    const known = graph.ids.indexOf(id);
    return known >= 0 ? known : placeOf(id);
  };
  const axons = changed.map(({ from, to, before, after }) => {
    return { from: place(from), to: place(to), before, after };
  });
  return { added: names.length, names, axons: axons.sort(byPair) };
}

/** New particles by the bytes of their ids, numbered on from `first`. */
function numbered(
  list: readonly string[],
  first: number,
): { readonly names: readonly string[]; readonly placeOf: (id: string) => number } {
  const bytes = [...new Set(list)].map((id) => [id, Buffer.from(id, 'utf8')] as const);
  const names = bytes.sort((a, b) => Buffer.compare(a[1], b[1])).map(([id]) => id);
  const places = new Map(names.map((id, k) => [id, first + k]));
  return { names, placeOf: (id) => places.get(id) ?? -1 };
}

/** Σ of the weights of the links of a pair that stay or come. */
function weightAfter(
  base: LinkedGraph,
  { from, to, come }: Pair,
  isGone: ReadonlySet<number>,
): number {
  const { links } = base;
  const [p, q] = [links.particles.indexOf(from), links.particles.indexOf(to)];
  const stay: number[] = [];
  if (p >= 0 && q >= 0) {
    const known = weightsBefore(base);
    for (const i of linkIndexOf(links).linksOf(p, q)) if (!isGone.has(i)) stay.push(known[i]);
  }
  const all = Float64Array.from([...stay, ...come]);
  const sum = exactSum(all, 0, all.length);
  if (sum < Infinity) return sum;
  const axon = `${shown(from)} → ${shown(to)}`;
  const message = `the weights of axon ${axon} sum to more than 1.8e308`;
  throw new FocusError('bad-input', message, 'use a larger unit of stake');
}

function weightsBefore(base: LinkedGraph): Float64Array {
  let known = weights.get(base);
  if (known === undefined) weights.set(base, (known = weighLinks(base.links, base.options).values));
  return known;
}

/** Weights of links that come; each depends on its link alone, as will and divisors are excluded. */
function weightsOf(base: LinkedGraph, put: readonly PutLink[]): ArrayLike<number> {
  const isPlain = weightsBefore(base) === base.links.amount;
  if (isPlain && put.every(({ karma, price }) => karma === 1 && price === 1)) {
    return put.map(({ amount }) => amount);
  }
  const builder = createLinkBuilder(put.length);
  for (const { from, to, neuron, row: _, ...values } of put) {
    const ends = { from: builder.particleOf(from), to: builder.particleOf(to) };
    builder.add({ ...ends, ...values, neuron: neuron === null ? -1 : builder.neuronOf(neuron) });
  }
  return weighLinks(builder.finish(), base.options).values;
}

function byPair(a: AxonChange, b: AxonChange): number {
  return a.from - b.from || a.to - b.to;
}
