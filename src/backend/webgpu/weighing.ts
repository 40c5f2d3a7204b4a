// What arcs weigh on the device: the tables of a matrix, one set of weights each over the same
// arcs. f32 has one table, of weights divided by a power of two that suits f32, or none where all arcs
// weigh the same. Exact arithmetic has up to two (docs/exact-arithmetic.md section 1), of integers
// q = w · 2^(62−e): one word q / 2^31 where that is an integer throughout the table, else two.

import { check } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import type { ExactMatrices } from '../exact.js';
import { storedArcs, type Arrangement, type WeightMove } from './arrangement.js';
import { NARROW, UNIFORM, WEIGHTED_F32, WIDE } from './format.js';
import { centre, powerOfTwo } from './scaling.js';

/** Rows, or segments of rows, with the positions of their arcs. */
export interface ArcRanges {
  readonly count: number;
  /** The row of each. */
  readonly rows: Uint32Array;
  /** ITEM_FIELDS words each, of which 1 … 3 are where in- and out-arcs start and end. */
  readonly words: Uint32Array;
}

/** Words of a range. */
export const ITEM_FIELDS = 4;

/** A set of weights. */
export interface WeightTable {
  /** Place of its sums in the products of the number format. */
  readonly sum: number;
  /** True where only in-arcs have weights though out-arcs lie between them. */
  readonly displaced: boolean;
  /** The words of the weights of the ranges first … end − 1; not asked for where there are none. */
  pack(ranges: ArcRanges, first: number, end: number): Uint32Array | Float32Array;
}

/** How the arcs of a graph are weighted, before they are arranged. */
export interface Weighing {
  readonly move: WeightMove | null;
  /** True sums = sums over stored weights · unit. */
  readonly unit: number;
  tables(arrangement: Arrangement): readonly WeightTable[];
}

/** Places of the tables of exact arithmetic. */
export const TRANSITION = 0;
export const SPREAD = 1;

/** Weights of f32: one table. */
export function weighF32(axons: Csr, directions: 'in' | 'both'): Weighing {
  const { unit, uniform } = commonUnit(axons.weights, axons.offsets[axons.rows]);
  if (uniform) return { move: null, unit, tables: () => [unweighted] };
  const to = new Float32Array(storedArcs(axons, directions));
  const pack: WeightTable['pack'] = ({ words }, first, end) =>
    to.subarray(words[ITEM_FIELDS * first + 1], words[ITEM_FIELDS * end - 1]);
  const table = { sum: WEIGHTED_F32, displaced: false, pack };
  return { move: { from: axons.weights, to, unit }, unit, tables: () => [table] };
}

/** Weights of exact arithmetic: TRANSITION and, where the graph has it, SPREAD. */
export function weighExact(graph: ExactMatrices): Weighing {
  const { weights, spread, transitionExponents } = graph;
  if (weights === null) return { move: null, unit: 1, tables: () => [unweighted, unweighted] };
  const to = new Float64Array(storedArcs(graph, spread === null ? 'in' : 'both'));
  const narrow = {
    transition: isNarrow(graph, weights, transitionExponents, null),
    spread: spread !== null && isNarrow(graph, weights, spread.exponents, spread.exponents),
  };
  return {
    move: { from: weights, to, unit: 1 },
    unit: 1,
    tables: (arrangement) => {
      const { columns, relabelling } = arrangement;
      const placed = (exponents: Uint8Array): Float64Array =>
        Float64Array.from(relabelling.order, (particle) => 2 ** (62 - exponents[particle]));
      const table = (
        powers: Float64Array,
        by: 'source' | 'row',
        isNarrowTable: boolean,
        displaced: boolean,
      ): WeightTable => {
        const sum = isNarrowTable ? NARROW : WIDE;
        return {
          sum,
          displaced,
          pack: (ranges, first, end) =>
            packExact({ weights: to, columns, powers, by, displaced, sum, ranges }, first, end),
        };
      };
      const transition = table(
        placed(transitionExponents),
        'source',
        narrow.transition,
        spread !== null,
      );
      if (spread === null) return [transition];
      return [transition, table(placed(spread.exponents), spread.by, narrow.spread, false)];
    },
  };
}

const unweighted: WeightTable = {
  sum: UNIFORM,
  displaced: false,
  pack: () => new Uint32Array(),
};

/**
 * Whether w · 2^(31−e) is an integer for every arc, by the exponents of its ends: those of its
 * source in A, and, where given, those of its target. Throws `bad-parameter` where w > 2^e.
 */
function isNarrow(
  { rows, offsets, columns }: ExactMatrices,
  weights: Float64Array,
  sources: Uint8Array,
  targets: Uint8Array | null,
): boolean {
  let narrow = true;
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      const own = sources[p];
      const other = targets === null ? own : targets[columns[k]];
      const least = Math.min(own, other);
      check(
        weights[k] <= 2 ** least,
        'bad-parameter',
        () =>
          `arc ${k}: a weight of ${weights[k]} with exponent e = ${least}: expected at most 2^e`,
      );
      const most = Math.max(own, other);
      if (most > 31 && !Number.isInteger(weights[k] * 2 ** (31 - most))) narrow = false;
    }
  }
  return narrow;
}

interface ExactPacking {
  readonly weights: Float32Array | Float64Array;
  readonly columns: Uint32Array;
  /** 2^(62−e) by row. */
  readonly powers: Float64Array;
  readonly by: 'source' | 'row';
  readonly displaced: boolean;
  readonly sum: number;
  readonly ranges: ArcRanges;
}

function packExact(packing: ExactPacking, first: number, end: number): Uint32Array {
  const { weights, columns, powers, by, displaced, sum, ranges } = packing;
  const last = displaced ? 2 : 3;
  const { rows, words } = ranges;
  let arcs = 0;
  for (let item = first; item < end; item++)
    arcs += words[ITEM_FIELDS * item + last] - words[ITEM_FIELDS * item + 1];
  const packed = new Uint32Array(sum === NARROW ? arcs : 2 * arcs);
  let at = 0;
  for (let item = first; item < end; item++) {
    const stop = words[ITEM_FIELDS * item + last];
    for (let arc = words[ITEM_FIELDS * item + 1]; arc < stop; arc++) {
      // Powers of two leave a double's bits alone, so all of this is exact.
      const q = weights[arc] * powers[by === 'row' ? rows[item] : columns[arc]];
      if (sum === NARROW) packed[at++] = q / 2 ** 31;
      else {
        const high = Math.floor(q / 2 ** 32);
        packed[at++] = q - high * 2 ** 32;
        packed[at++] = high;
      }
    }
  }
  return packed;
}

/** The weight that all arcs share, or the power of two by which they are divided to suit f32. */
function commonUnit(
  weights: Float64Array,
  arcs: number,
): { readonly unit: number; readonly uniform: boolean } {
  let least = Infinity;
  let most = 0;
  for (let k = 0; k < arcs; k++) {
    if (weights[k] > most) most = weights[k];
    if (weights[k] < least) least = weights[k];
  }
  if (arcs === 0) return { unit: 1, uniform: true };
  if (least === most) return { unit: most, uniform: true };
  return { unit: powerOfTwo(centre(least, most)), uniform: false };
}
