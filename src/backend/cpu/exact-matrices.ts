// Places Aᵀ and A with integer arc weights q = w·2^(62−e), relabelled as in matrices.ts. Where all
// weights are one, none are stored. Where every q is a multiple of 2³², its upper half is enough
// (`narrow`): sums are the same integers either way, at half the memory and less than half the
// multiplications.

import type { ExactMatrices } from '../exact.js';
import type { Relabelling } from '../relabel.js';
import * as layout from './layout.js';
import { startRows, type PlacedMatrix } from './matrices.js';
import type { Memory } from './memory.js';

/** A table's matrices in the order of summation, and how their arcs are weighted. */
export interface PlacedTable {
  readonly matrices: readonly PlacedMatrix[];
  /** One of the WEIGHTS_ constants of layout.ts. */
  readonly weights: number;
}

/** The tables of a graph; `incoming` and `outgoing` for sharing rows out. */
export interface PlacedTables {
  readonly incoming: PlacedMatrix;
  readonly outgoing: PlacedMatrix | null;
  readonly spread: PlacedTable | null;
  readonly transition: PlacedTable;
}

const HALF = 2 ** 32;
/** Up to this exponent q = w·2^(62−e) is a multiple of 2³² whatever w is. */
const NARROW_EXPONENT = 30;

/** Bytes that placeTables will allocate, at most. */
export function tableBytes({ rows, offsets, weights, spread }: ExactMatrices): number {
  const arcs = offsets[rows];
  const one = (rows + 1) * 4 + arcs * 4 + 192;
  const values = weights === null ? 0 : 8 * arcs;
  return spread === null ? one + values : 2 * one + 3 * values;
}

/** Copies the graph into memory. O(rows + arcs), two passes of scattered writes. */
export function placeTables(
  memory: Memory,
  graph: ExactMatrices,
  relabelling: Relabelling,
): PlacedTables {
  const { rows, offsets, columns, weights, spread, transitionExponents } = graph;
  const { order, place } = relabelling;
  const arcs = offsets[rows];
  const transitionWeights = weightsOf(graph, transitionExponents, 'source');
  const spreadWeights = spread === null ? 0 : weightsOf(graph, spread.exponents, 'both');
  const transitionValues = openValues(memory, arcs, transitionWeights);
  const inValues = spread === null ? null : openValues(memory, arcs, spreadWeights);
  const outValues = spread === null ? null : openValues(memory, arcs, spreadWeights);
  const incoming = { offsets: memory.allocate((rows + 1) * 4), columns: memory.allocate(arcs * 4) };
  // Visiting sources by ascending place appends to every row in ascending order.
  const next = startRows(memory.u32(incoming.offsets, rows + 1), rows, arcs, columns, place);
  const sources = memory.u32(incoming.columns, arcs);
  for (let source = 0; source < rows; source++) {
    const particle = order[source];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++) {
      const target = columns[k];
      const at = next[place[target]]++;
      sources[at] = source;
      if (weights === null) continue;
      transitionValues.set(at, weights[k], transitionExponents[particle]);
      if (spread !== null)
        inValues?.set(at, weights[k], spread.exponents[spread.by === 'source' ? particle : target]);
    }
  }
  const into: PlacedMatrix = { ...incoming, values: transitionValues.address };
  const transition = { matrices: [into], weights: transitionWeights };
  if (spread === null) return { incoming: into, outgoing: null, spread: null, transition };

  const outgoing = { offsets: memory.allocate((rows + 1) * 4), columns: memory.allocate(arcs * 4) };
  const starts = memory.u32(outgoing.offsets, rows + 1);
  const targets = memory.u32(outgoing.columns, arcs);
  for (let row = 0; row < rows; row++) {
    starts[row + 1] = starts[row] + offsets[order[row] + 1] - offsets[order[row]];
  }
  // The same argument: rows of Aᵀ by ascending place.
  const bounds = memory.u32(incoming.offsets, rows + 1);
  const free = new Uint32Array(starts.subarray(0, rows));
  const positions = weights === null ? null : arcPositions(graph, relabelling, bounds, arcs);
  for (let row = 0; row < rows; row++) {
    for (let k = bounds[row]; k < bounds[row + 1]; k++) {
      const at = free[sources[k]]++;
      targets[at] = row;
      if (weights === null || positions === null) continue;
      const exponent = spread.exponents[order[spread.by === 'source' ? row : sources[k]]];
      outValues?.set(at, weights[positions[k]], exponent);
    }
  }
  const out: PlacedMatrix = { ...outgoing, values: outValues?.address ?? 0 };
  return {
    incoming: into,
    outgoing: out,
    spread: {
      matrices: [{ ...incoming, values: inValues?.address ?? 0 }, out],
      weights: spreadWeights,
    },
    transition,
  };
}

/** Of each arc of Aᵀ as placed, its position in A. */
function arcPositions(
  { rows, offsets, columns }: ExactMatrices,
  { order, place }: Relabelling,
  bounds: Uint32Array,
  arcs: number,
): Uint32Array {
  const positions = new Uint32Array(arcs);
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

interface Values {
  readonly address: number;
  set(at: number, weight: number, exponent: number): void;
}

function openValues(memory: Memory, arcs: number, weights: number): Values {
  if (weights === layout.WEIGHTS_UNIFORM) return { address: 0, set: () => undefined };
  const words = weights === layout.WEIGHTS_NARROW ? 1 : 2;
  const address = memory.allocate(arcs * 4 * words);
  const values = memory.u32(address, arcs * words);
  if (words === 1) {
    return {
      address,
      set: (at, weight, exponent) => {
        values[at] = weight * 2 ** (30 - exponent);
      },
    };
  }
  return {
    address,
    set: (at, weight, exponent) => {
      // A double holds q exactly: it has the 53 bits of w.
      const q = weight * 2 ** (62 - exponent);
      const high = Math.floor(q / HALF);
      values[2 * at] = q - high * HALF;
      values[2 * at + 1] = high;
    },
  };
}
