// Places Aᵀ and W = A + Aᵀ with integer arc weights q = w·2^(62−e), relabelled as in matrices.ts.
// W is one matrix: a row is one loop, and where p→q and q→p both exist their weights are added (not
// in a uniform graph, whose arcs have none). Where every q of a table is a multiple of 2³², its upper
// half is enough (`narrow`), at half the memory and less than half the multiplications; where it is
// one of 2¹⁰, two halves of 26 bits need no carries arc by arc (`medium`). Sums are the same integers.

import type { ExactMatrices } from '../exact.js';
import type { Relabelling } from '../relabel.js';
import * as layout from './layout.js';
import { startRows, type PlacedMatrix } from './matrices.js';
import type { Memory } from './memory.js';

/** A matrix, how its arcs are weighted (a WEIGHTS_ constant of layout.ts), and how many they are. */
export interface PlacedTable extends PlacedMatrix {
  readonly weights: number;
  readonly arcs: number;
}

/** The tables of a graph. */
export interface PlacedTables {
  readonly spread: PlacedTable | null;
  readonly transition: PlacedTable;
}

const HALF = 2 ** 32;
/** 2^(62−e) / 2³² by exponent. */
const UPPER_POWERS = Float64Array.from({ length: 64 }, (_, e) => 2 ** (30 - e));
const MEDIUM_HALF = 2 ** layout.MEDIUM_BITS;
/** What makes an upper part of q in units of 2³² one in units of 2³⁶, as medium weights have it. */
const MEDIUM_SCALE = 2 ** (32 - 10 - layout.MEDIUM_BITS);
/** Up to this exponent q = w·2^(62−e) is a multiple of 2³² whatever w is. */
const NARROW_EXPONENT = 30;

/** Bytes that placeTables will allocate, at most. */
export function tableBytes({ rows, offsets, weights, spread }: ExactMatrices): number {
  const arc = weights === null ? 4 : 12;
  const matrices = spread === null ? 1 : 3;
  return (rows + 1) * 8 + offsets[rows] * arc * matrices + 512;
}

/** Copies the graph into memory. O(rows + arcs), a few passes of scattered writes. */
export function placeTables(
  memory: Memory,
  graph: ExactMatrices,
  relabelling: Relabelling,
): PlacedTables {
  const transition = placeTransition(memory, graph, relabelling);
  const spread = graph.spread === null ? null : placeSpread(memory, graph, relabelling, transition);
  return { spread, transition };
}

/** Aᵀ: visiting sources by ascending place appends to every row in ascending order. */
function placeTransition(
  memory: Memory,
  graph: ExactMatrices,
  { order, place }: Relabelling,
): PlacedTable {
  const { rows, offsets, columns, weights, transitionExponents } = graph;
  const arcs = offsets[rows];
  const kind = weightsOf(graph, transitionExponents, 'source');
  const filler = new Filler(memory, rows, arcs, kind);
  filler.begin(startRows(filler.starts, rows, arcs, columns, place));
  for (let source = 0; source < rows; source++) {
    const particle = order[source];
    const exponent = transitionExponents[particle];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++)
      filler.append(place[columns[k]], source, weights === null ? 1 : weights[k], exponent);
  }
  return filler.table();
}

/** W: visiting each particle's neighbours, by ascending place, appends it to their rows. */
function placeSpread(
  memory: Memory,
  graph: ExactMatrices,
  { order, place }: Relabelling,
  transition: PlacedTable,
): PlacedTable {
  const { rows, offsets, columns, weights, spread } = graph;
  const arcs = offsets[rows];
  const { by, exponents } = spread ?? { by: 'row', exponents: new Uint8Array(rows) };
  const bySource = by === 'source';
  const filler = new Filler(memory, rows, 2 * arcs, weightsOf(graph, exponents, 'both'));
  const { starts } = filler;
  const inBounds = memory.u32(transition.offsets, rows + 1);
  const inSources = memory.u32(transition.columns, arcs);
  const positions = weights === null ? null : arcPositions(graph, { order, place }, inBounds);
  for (let row = 0; row < rows; row++) {
    const out = offsets[order[row] + 1] - offsets[order[row]];
    starts[row + 1] = starts[row] + out + inBounds[row + 1] - inBounds[row];
  }
  filler.begin(new Uint32Array(starts.subarray(0, rows)));
  for (let column = 0; column < rows; column++) {
    const particle = order[column];
    const own = exponents[particle];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++) {
      const target = columns[k];
      const weight = weights === null ? 1 : weights[k];
      filler.append(place[target], column, weight, bySource ? own : exponents[target]);
    }
    for (let k = inBounds[column]; k < inBounds[column + 1]; k++) {
      const row = inSources[k];
      const weight = weights === null || positions === null ? 1 : weights[positions[k]];
      filler.append(row, column, weight, bySource ? own : exponents[order[row]]);
    }
  }
  return filler.table();
}

/** Fills a table row by row; columns come to each row in ascending order. */
class Filler {
  readonly starts: Uint32Array;
  readonly #kind: number;
  readonly #addresses: PlacedMatrix;
  readonly #targets: Uint32Array;
  /** Arc weights: none, one word (the upper half of q), or two (lower, upper). */
  readonly #words: Uint32Array;
  #next: Uint32Array = new Uint32Array(0);

  constructor(memory: Memory, rows: number, arcs: number, kind: number) {
    const words = kind === layout.WEIGHTS_UNIFORM ? 0 : kind === layout.WEIGHTS_NARROW ? 1 : 2;
    this.#kind = kind;
    this.#addresses = {
      offsets: memory.allocate((rows + 1) * 4),
      columns: memory.allocate(arcs * 4),
      values: words === 0 ? 0 : memory.allocate(arcs * 4 * words),
    };
    this.starts = memory.u32(this.#addresses.offsets, rows + 1);
    this.#targets = memory.u32(this.#addresses.columns, arcs);
    this.#words = memory.u32(this.#addresses.values, arcs * words);
  }

  /** `next`: where each row begins. */
  begin(next: Uint32Array): void {
    this.#next = next;
  }

  /** Appends an arc, or adds its weight to the row's last arc where that has the same column. */
  append(row: number, column: number, weight: number, exponent: number): void {
    const next = this.#next;
    const at = next[row];
    if (this.#kind === layout.WEIGHTS_UNIFORM) {
      this.#targets[at] = column;
      next[row] = at + 1;
      return;
    }
    const same = at > this.starts[row] && this.#targets[at - 1] === column;
    const place = same ? at - 1 : at;
    if (!same) {
      this.#targets[at] = column;
      next[row] = at + 1;
    }
    // A double holds q exactly: it has the 53 bits of w.
    const q = weight * UPPER_POWERS[exponent];
    const words = this.#words;
    if (this.#kind === layout.WEIGHTS_NARROW) {
      words[place] = same ? words[place] + q : q;
      return;
    }
    const medium = this.#kind === layout.WEIGHTS_MEDIUM;
    const upper = medium ? q * MEDIUM_SCALE : q;
    const half = medium ? MEDIUM_HALF : HALF;
    let high = Math.floor(upper);
    let low = (upper - high) * half;
    if (same) {
      high += words[2 * place + 1];
      low += words[2 * place];
      if (low >= half) {
        low -= half;
        high++;
      }
    }
    words[2 * place] = low;
    words[2 * place + 1] = high;
  }

  /** Moves rows together where arcs were joined, and hands the table over. */
  table(): PlacedTable {
    const { starts } = this;
    const ends = this.#next;
    const targets = this.#targets;
    const words = this.#words;
    const two = this.#kind === layout.WEIGHTS_WIDE || this.#kind === layout.WEIGHTS_MEDIUM;
    let kept = 0;
    for (let row = 0; row < ends.length; row++) {
      const from = starts[row];
      starts[row] = kept;
      if (from === kept) {
        kept = ends[row];
        continue;
      }
      const count = ends[row] - from;
      targets.copyWithin(kept, from, ends[row]);
      if (two) words.copyWithin(2 * kept, 2 * from, 2 * ends[row]);
      else words.copyWithin(kept, from, ends[row]);
      kept += count;
    }
    starts[ends.length] = kept;
    return { ...this.#addresses, weights: this.#kind, arcs: kept };
  }
}

/** Of each arc of Aᵀ as placed, its position in A. */
function arcPositions(
  { rows, offsets, columns }: ExactMatrices,
  { order, place }: Relabelling,
  bounds: Uint32Array,
): Uint32Array {
  const positions = new Uint32Array(offsets[rows]);
  const next = new Uint32Array(bounds.subarray(0, rows));
  for (let source = 0; source < rows; source++) {
    const particle = order[source];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++)
      positions[next[place[columns[k]]]++] = k;
  }
  return positions;
}

/** How a table's arcs are weighted: the least that holds every q. `ends`: whose exponents count. */
function weightsOf(
  { rows, offsets, columns, weights }: ExactMatrices,
  exponents: Uint8Array,
  ends: 'source' | 'both',
): number {
  if (weights === null) return layout.WEIGHTS_UNIFORM;
  let least: number = layout.WEIGHTS_NARROW;
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      const target = ends === 'both' ? exponents[columns[k]] : 0;
      const exponent = Math.max(exponents[p], target);
      if (exponent <= NARROW_EXPONENT) continue;
      const q = weights[k] * 2 ** (62 - exponent);
      if (q % 1024 !== 0) return layout.WEIGHTS_WIDE;
      if (q % HALF !== 0) least = layout.WEIGHTS_MEDIUM;
    }
  }
  return least;
}
