// Places Aᵀ and W = A + Aᵀ with integer arc weights q = w·2^(62−e), relabelled as in matrices.ts.
// W is one matrix: a row is one loop, and where p→q and q→p both exist their weights are added (not
// in a uniform graph, whose arcs have none). Where every q of a table is a multiple of 2³², its upper
// half is enough (`narrow`): sums are the same integers, at half the memory and less than half the
// multiplications.

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
  const bounds = memory.allocate((rows + 1) * 4);
  const indices = memory.allocate(arcs * 4);
  const values = openValues(memory, arcs, kind);
  const next = startRows(memory.u32(bounds, rows + 1), rows, arcs, columns, place);
  const sources = memory.u32(indices, arcs);
  for (let source = 0; source < rows; source++) {
    const particle = order[source];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++) {
      const at = next[place[columns[k]]]++;
      sources[at] = source;
      if (weights !== null) values.set(at, weights[k], transitionExponents[particle]);
    }
  }
  return { offsets: bounds, columns: indices, values: values.address, weights: kind, arcs };
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
  const kind = weightsOf(graph, exponents, 'both');
  const bounds = memory.allocate((rows + 1) * 4);
  const indices = memory.allocate(2 * arcs * 4);
  const values = openValues(memory, 2 * arcs, kind);
  const starts = memory.u32(bounds, rows + 1);
  const inBounds = memory.u32(transition.offsets, rows + 1);
  const inSources = memory.u32(transition.columns, arcs);
  const positions = weights === null ? null : arcPositions(graph, { order, place }, inBounds);
  for (let row = 0; row < rows; row++) {
    const out = offsets[order[row] + 1] - offsets[order[row]];
    starts[row + 1] = starts[row] + out + inBounds[row + 1] - inBounds[row];
  }
  const next = new Uint32Array(starts.subarray(0, rows));
  const targets = memory.u32(indices, 2 * arcs);
  const append = (row: number, column: number, position: number): void => {
    const at = next[row];
    if (weights === null) {
      targets[at] = column;
      next[row]++;
      return;
    }
    const exponent = exponents[order[by === 'source' ? column : row]];
    if (at > starts[row] && targets[at - 1] === column) {
      values.add(at - 1, weights[position], exponent);
    } else {
      targets[at] = column;
      values.set(at, weights[position], exponent);
      next[row]++;
    }
  };
  for (let column = 0; column < rows; column++) {
    const particle = order[column];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++)
      append(place[columns[k]], column, k);
    for (let k = inBounds[column]; k < inBounds[column + 1]; k++)
      append(inSources[k], column, positions === null ? 0 : positions[k]);
  }
  const kept = closeGaps(starts, next, targets, values);
  return { offsets: bounds, columns: indices, values: values.address, weights: kind, arcs: kept };
}

/** Moves rows together where arcs were joined; returns how many arcs are left. */
function closeGaps(
  starts: Uint32Array,
  ends: Uint32Array,
  targets: Uint32Array,
  values: Values,
): number {
  let kept = 0;
  for (let row = 0; row < ends.length; row++) {
    const from = starts[row];
    starts[row] = kept;
    if (from === kept) {
      kept = ends[row];
      continue;
    }
    for (let k = from; k < ends[row]; k++) {
      targets[kept] = targets[k];
      values.move(k, kept++);
    }
  }
  starts[ends.length] = kept;
  return kept;
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
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      const target = ends === 'both' ? exponents[columns[k]] : 0;
      const exponent = Math.max(exponents[p], target);
      if (exponent <= NARROW_EXPONENT) continue;
      if ((weights[k] * 2 ** (62 - exponent)) % HALF !== 0) return layout.WEIGHTS_WIDE;
    }
  }
  return layout.WEIGHTS_NARROW;
}

/** Arc weights in memory. */
interface Values {
  readonly address: number;
  set(at: number, weight: number, exponent: number): void;
  add(at: number, weight: number, exponent: number): void;
  move(from: number, to: number): void;
}

function openValues(memory: Memory, arcs: number, weights: number): Values {
  if (weights === layout.WEIGHTS_UNIFORM) {
    const nothing = () => undefined;
    return { address: 0, set: nothing, add: nothing, move: nothing };
  }
  const words = weights === layout.WEIGHTS_NARROW ? 1 : 2;
  const address = memory.allocate(arcs * 4 * words);
  const values = memory.u32(address, arcs * words);
  if (words === 1) {
    return {
      address,
      set: (at, weight, exponent) => {
        values[at] = weight * 2 ** (30 - exponent);
      },
      add: (at, weight, exponent) => {
        values[at] += weight * 2 ** (30 - exponent);
      },
      move: (from, to) => {
        values[to] = values[from];
      },
    };
  }
  const put = (at: number, high: number, low: number): void => {
    const carried = low >= HALF ? 1 : 0;
    values[2 * at] = low - carried * HALF;
    values[2 * at + 1] = high + carried;
  };
  // A double holds q exactly: it has the 53 bits of w.
  const split = (weight: number, exponent: number): [number, number] => {
    const q = weight * 2 ** (62 - exponent);
    const high = Math.floor(q / HALF);
    return [high, q - high * HALF];
  };
  return {
    address,
    set: (at, weight, exponent) => put(at, ...split(weight, exponent)),
    add: (at, weight, exponent) => {
      const [high, low] = split(weight, exponent);
      put(at, values[2 * at + 1] + high, values[2 * at] + low);
    },
    move: (from, to) => {
      values[2 * to] = values[2 * from];
      values[2 * to + 1] = values[2 * from + 1];
    },
  };
}
