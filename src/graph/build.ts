// From links to a frozen graph: weigh, drop, number the particles, sort, merge.
//   A(p,q) = Σ w(ℓ) over links p → q, exact and rounded once, so their order does not matter
// Dropped are self-loops, links of weight zero, and particles that no kept link names. Rows and,
// inside them, columns ascend: a stable radix sort, by `to` and then by `from`, brings the links of
// an axon together. O(links + particles).

import { exactSum } from '../base/exact-sum.js';
import { FocusError, invariant, shown } from '../base/errors.js';
import type { Csr } from './csr.js';
import type { Graph } from './graph.js';
import { sortedOrder } from './id-order.js';
import type { Ids } from './ids.js';
import type { Links } from './links.js';
import { weighLinks } from './weigh.js';
import type { WeightOptions } from './weigh.js';

/** How to build a graph. */
export interface BuildOptions extends WeightOptions {
  /**
   * Order of particles, part of every result: by first appearance among the kept links (from before
   * to, row by row; the default) or by the bytes of the ids.
   */
  readonly order?: 'first-seen' | 'sorted';
}

/** Which links are kept, and under which new numbers their particles go. */
interface Kept {
  readonly links: number;
  readonly selfLoops: number;
  readonly zeroWeight: number;
  /** Particles that dropped links name and no kept one does. */
  readonly isolated: number;
  /** By particle of the input: the new index, or ABSENT. */
  readonly rank: Uint32Array;
  /** By new index: the particle of the input. */
  readonly order: Uint32Array;
  /** Whether every particle keeps its number. */
  readonly isIdentity: boolean;
}

/** Links in three columns. */
interface Arcs {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly weight: Float64Array;
}

/** Some bits of one end of a link. */
interface Digit {
  readonly key: 'from' | 'to';
  readonly shift: number;
  readonly width: number;
}

const ABSENT = 0xffffffff;
const MAX_DIGIT_BITS = 11;
const MAX_PART_BITS = 8;
const PART_LINKS = 32768;

/**
 * Builds the graph of a batch of links. Throws FocusError `bad-input` where no link counts or a
 * weight overflows (naming the axon), and what weighLinks throws. Cost O(links + particles): about
 * 0.1 µs and 32 bytes a link at the peak, on top of the links, which are not changed.
 */
export function buildGraph(links: Links, options: BuildOptions = {}): Graph {
  const { values, largestStake } = weighLinks(links, options);
  const kept = keepLinks(links, values, options.order ?? 'first-seen');
  if (kept.links === 0) throw emptyGraph(links.count, kept);
  const ids = links.particles.pick(kept.order);
  const axons = sumAxons(sortLinks(links, values, kept), ids);
  const arcs = axons.offsets[axons.rows];
  return Object.freeze({
    particles: kept.order.length,
    ids,
    axons,
    largestStake,
    report: {
      links: links.count,
      axons: arcs,
      merged: kept.links - arcs,
      dropped: {
        selfLoops: kept.selfLoops,
        zeroWeight: kept.zeroWeight,
        isolatedParticles: kept.isolated,
      },
      roundedAmounts: links.roundedAmounts,
    },
  });
}

/** The error for links none of which counts, with the reason. */
function emptyGraph(links: number, kept: Kept): FocusError {
  const found =
    links === 0
      ? 'there are no links'
      : `of ${links} links, ${kept.selfLoops} are self-loops ` +
        `and ${kept.zeroWeight} have weight zero`;
  return new FocusError(
    'bad-input',
    `the graph has no link that counts: ${found}`,
    'a link counts if it joins two different particles with a weight above zero',
  );
}

/** Tells which links count and numbers their particles: one pass, and one over the particles. */
function keepLinks(input: Links, weights: Float64Array, order: 'first-seen' | 'sorted'): Kept {
  const { from, to, count, particles } = input;
  const rank = new Uint32Array(particles.count).fill(ABSENT);
  // A table may hold particles that no link names any more, so those of dropped links are marked.
  let dropped: Uint8Array | null = null;
  let next = 0;
  let selfLoops = 0;
  let zeroWeight = 0;
  for (let i = 0; i < count; i++) {
    if (from[i] !== to[i] && weights[i] !== 0) {
      if (rank[from[i]] === ABSENT) rank[from[i]] = next++;
      if (rank[to[i]] === ABSENT) rank[to[i]] = next++;
      continue;
    }
    if (from[i] === to[i]) selfLoops++;
    else zeroWeight++;
    dropped ??= new Uint8Array(particles.count);
    dropped[from[i]] = dropped[to[i]] = 1;
  }
  let isolated = 0;
  dropped?.forEach((named, p) => {
    if (named === 1 && rank[p] === ABSENT) isolated++;
  });
  const firstSeen = new Uint32Array(next);
  for (let p = 0; p < rank.length; p++) if (rank[p] !== ABSENT) firstSeen[rank[p]] = p;
  const newOrder = order === 'first-seen' ? firstSeen : sortedOrder(particles, firstSeen);
  let isIdentity = next === particles.count;
  for (let i = 0; i < next; i++) {
    rank[newOrder[i]] = i;
    if (newOrder[i] !== i) isIdentity = false;
  }
  const links = count - selfLoops - zeroWeight;
  return { links, selfLoops, zeroWeight, isolated, rank, order: newOrder, isIdentity };
}

/**
 * Kept links by (from, to), links of one pair in input order; row i is offsets[i] … offsets[i+1]−1.
 */
function sortLinks(links: Links, weights: Float64Array, kept: Kept): Csr {
  const rows = kept.order.length;
  let arcs = keptArcs(links, weights, kept);
  const offsets = new Uint32Array(rows + 1);
  for (let k = 0; k < kept.links; k++) offsets[arcs.from[k] + 1]++;
  for (let p = 0; p < rows; p++) offsets[p + 1] += offsets[p];
  const bits = Math.max(1, 32 - Math.clz32(rows - 1));
  // First by the leading bits of `from`, into parts that fit a core's cache; there by `to` and the
  // rest of `from`. At 10⁷ links this takes a third of the time of counting sorts with one open
  // place for every particle.
  const partBits = Math.min(bits, MAX_PART_BITS, Math.ceil(Math.log2(kept.links / PART_LINKS + 1)));
  const low = bits - partBits;
  let spare = newArcs(kept.links);
  const passes = [...digits('to', bits), ...digits('from', low)];
  const leading: Digit = { key: 'from', shift: low, width: partBits };
  const parts = sortByDigit(arcs, spare, leading, 0, kept.links);
  [arcs, spare] = [spare, arcs];
  for (let part = 0, begin = 0; part < parts.length; begin = parts[part++]) {
    const end = parts[part];
    for (let pass = 0; pass < passes.length; pass++) {
      const [source, target] = pass % 2 === 0 ? [arcs, spare] : [spare, arcs];
      sortByDigit(source, target, passes[pass], begin, end);
    }
  }
  const sorted = passes.length % 2 === 0 ? arcs : spare;
  return { rows, offsets, columns: sorted.to, weights: sorted.weight };
}

/** Covers the low `bits` of a key with digits of about equal width, least significant first. */
function digits(key: 'from' | 'to', bits: number): readonly Digit[] {
  const count = Math.ceil(bits / MAX_DIGIT_BITS);
  const width = Math.ceil(bits / count);
  return Array.from({ length: count }, (_, i) => ({
    key,
    shift: i * width,
    width: Math.min(width, bits - i * width),
  }));
}

/** Room for `count` links; untouched pages of it cost no memory. */
function newArcs(count: number): Arcs {
  return {
    from: new Uint32Array(count),
    to: new Uint32Array(count),
    weight: new Float64Array(count),
  };
}

/** The kept links under the new numbers, in input order. */
function keptArcs(links: Links, weights: Float64Array, kept: Kept): Arcs {
  const { from, to, count } = links;
  const { rank } = kept;
  const arcs = newArcs(kept.links);
  if (kept.links === count && kept.isIdentity) {
    arcs.from.set(from.subarray(0, count));
    arcs.to.set(to.subarray(0, count));
    arcs.weight.set(weights.subarray(0, count));
    return arcs;
  }
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (from[i] === to[i] || weights[i] === 0) continue;
    arcs.from[next] = rank[from[i]];
    arcs.to[next] = rank[to[i]];
    arcs.weight[next++] = weights[i];
  }
  invariant(next === kept.links, 'the kept links are those that were counted');
  return arcs;
}

/**
 * One stable counting sort of [begin, end) by a digit; returns where the links of each digit end.
 */
function sortByDigit(
  source: Arcs,
  target: Arcs,
  digit: Digit,
  begin: number,
  end: number,
): Uint32Array {
  const { key, shift, width } = digit;
  const keys = source[key];
  const { from, to, weight } = source;
  const { from: newFrom, to: newTo, weight: newWeight } = target;
  const mask = 2 ** width - 1;
  const next = new Uint32Array(mask + 1);
  // Counts, then the place where each digit begins, which the last loop moves to where it ends.
  for (let k = begin; k < end; k++) next[(keys[k] >>> shift) & mask]++;
  for (let value = 0, place = begin; value <= mask; value++) {
    const size = next[value];
    next[value] = place;
    place += size;
  }
  for (let k = begin; k < end; k++) {
    const place = next[(keys[k] >>> shift) & mask]++;
    newFrom[place] = from[k];
    newTo[place] = to[k];
    newWeight[place] = weight[k];
  }
  return next;
}

/** Merges neighbours of equal (row, column), in place, and trims the arrays to the axons. */
function sumAxons(sorted: Csr, ids: Ids): Csr {
  const { rows, offsets, columns, weights } = sorted;
  let arcs = 0;
  let k = 0;
  for (let row = 0; row < rows; row++) {
    const end = offsets[row + 1];
    offsets[row] = arcs;
    while (k < end) {
      const column = columns[k];
      const first = k++;
      while (k < end && columns[k] === column) k++;
      // Exact, then rounded once: the order of the links does not matter.
      const sum = k === first + 1 ? weights[first] : exactSum(weights, first, k);
      if (!(sum < Infinity)) throw overflowingAxon(ids, row, column);
      columns[arcs] = column;
      weights[arcs++] = sum;
    }
  }
  offsets[rows] = arcs;
  if (arcs === columns.length) return sorted;
  return { rows, offsets, columns: columns.slice(0, arcs), weights: weights.slice(0, arcs) };
}

function overflowingAxon(ids: Ids, from: number, to: number): FocusError {
  const axon = `${shown(ids.at(from))} → ${shown(ids.at(to))}`;
  return new FocusError(
    'bad-input',
    `the weights of axon ${axon} sum to more than 1.8e308`,
    'use a larger unit of stake',
  );
}
