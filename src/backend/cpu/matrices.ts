// Places A and Aᵀ in the workspace memory, relabelled, rows by place and columns ascending by
// place. One weight shared by all arcs is kept as a factor and not as an array (the `plain`
// kernels), which halves the traffic. f32 weights are divided by a power of two so that the largest
// is in [1, 2): no overflow, no rounding by the scaling.

import { powerOfTwoBelow } from '../../base/power-of-two.js';
import type { Csr } from '../../graph/csr.js';
import type { Precision } from '../backend.js';
import type { Memory } from './memory.js';
import type { Relabelling } from '../relabel.js';

/**
 * A matrix in memory: addresses of offsets (rows + 1 u32), columns (u32) and values (0: every
 * stored weight is one).
 */
export interface PlacedMatrix {
  readonly offsets: number;
  readonly columns: number;
  readonly values: number;
}

/** Aᵀ and, where asked for, A; stored weight × unit = weight. */
export interface PlacedMatrices {
  readonly incoming: PlacedMatrix;
  readonly outgoing: PlacedMatrix | null;
  readonly unit: number;
  /** Most arcs of one row of Aᵀ and of A. */
  readonly longestRow: number;
}

/** Bytes that placeMatrices will allocate. */
export function matrixBytes(axons: Csr, directions: 'in' | 'both', precision: Precision): number {
  const arcs = axons.offsets[axons.rows];
  const value = commonWeight(axons) === null ? (precision === 'f64' ? 8 : 4) : 0;
  const one = (axons.rows + 1) * 4 + arcs * (4 + value) + 192;
  return directions === 'both' ? 2 * one : one;
}

/** The one weight that all arcs share, or null. Stops at the first that differs. */
function commonWeight(axons: Csr): number | null {
  const arcs = axons.offsets[axons.rows];
  const { weights } = axons;
  for (let k = 1; k < arcs; k++) if (weights[k] !== weights[0]) return null;
  return arcs === 0 ? 1 : weights[0];
}

/** Copies the graph into memory. Cost O(rows + arcs), two passes of scattered writes. */
export function placeMatrices(
  memory: Memory,
  axons: Csr,
  directions: 'in' | 'both',
  precision: Precision,
  relabelling: Relabelling,
): PlacedMatrices {
  const { rows, offsets } = axons;
  const arcs = offsets[rows];
  const common = commonWeight(axons);
  const unit = common ?? (precision === 'f32' ? powerOfTwoBelow(largest(axons.weights, arcs)) : 1);
  const incoming = allocateMatrix(memory, rows, arcs, common === null, precision);
  const outgoing =
    directions === 'both' ? allocateMatrix(memory, rows, arcs, common === null, precision) : null;
  fillIncoming(memory, incoming, axons, relabelling, precision, unit);
  let longestRow = longest(memory.u32(incoming.offsets, rows + 1));
  if (outgoing !== null) {
    fillTransposed(memory, incoming, outgoing, rows, arcs, precision);
    longestRow = Math.max(longestRow, longest(memory.u32(outgoing.offsets, rows + 1)));
  }
  return { incoming, outgoing, unit, longestRow };
}

function allocateMatrix(
  memory: Memory,
  rows: number,
  arcs: number,
  weighted: boolean,
  precision: Precision,
): PlacedMatrix {
  return {
    offsets: memory.allocate((rows + 1) * 4),
    columns: memory.allocate(arcs * 4),
    values: weighted ? memory.allocate(arcs * (precision === 'f64' ? 8 : 4)) : 0,
  };
}

function valuesOf(memory: Memory, matrix: PlacedMatrix, arcs: number, precision: Precision) {
  if (matrix.values === 0) return null;
  return precision === 'f64' ? memory.f64(matrix.values, arcs) : memory.f32(matrix.values, arcs);
}

/** Aᵀ: visiting sources by ascending place appends to every row in ascending order. */
function fillIncoming(
  memory: Memory,
  matrix: PlacedMatrix,
  axons: Csr,
  { order, place }: Relabelling,
  precision: Precision,
  unit: number,
): void {
  const { rows, offsets, columns, weights } = axons;
  const arcs = offsets[rows];
  const next = startRows(memory.u32(matrix.offsets, rows + 1), rows, arcs, columns, place);
  const sources = memory.u32(matrix.columns, arcs);
  const values = valuesOf(memory, matrix, arcs, precision);
  for (let source = 0; source < rows; source++) {
    const particle = order[source];
    for (let k = offsets[particle]; k < offsets[particle + 1]; k++) {
      const at = next[place[columns[k]]]++;
      sources[at] = source;
      if (values !== null) values[at] = weights[k] / unit;
    }
  }
}

/** A from the placed Aᵀ, by the same argument. */
function fillTransposed(
  memory: Memory,
  from: PlacedMatrix,
  to: PlacedMatrix,
  rows: number,
  arcs: number,
  precision: Precision,
): void {
  const offsets = memory.u32(from.offsets, rows + 1);
  const columns = memory.u32(from.columns, arcs);
  const weights = valuesOf(memory, from, arcs, precision);
  const next = startRows(memory.u32(to.offsets, rows + 1), rows, arcs, columns, null);
  const targets = memory.u32(to.columns, arcs);
  const values = valuesOf(memory, to, arcs, precision);
  for (let row = 0; row < rows; row++) {
    for (let k = offsets[row]; k < offsets[row + 1]; k++) {
      const at = next[columns[k]]++;
      targets[at] = row;
      if (values !== null && weights !== null) values[at] = weights[k];
    }
  }
}

/**
 * Fills the row offsets from the column indices of the other direction; returns the next free arc
 * of each row.
 */
export function startRows(
  starts: Uint32Array,
  rows: number,
  arcs: number,
  columns: Uint32Array,
  place: Uint32Array | null,
): Uint32Array {
  starts.fill(0);
  if (place === null) for (let k = 0; k < arcs; k++) starts[columns[k] + 1]++;
  else for (let k = 0; k < arcs; k++) starts[place[columns[k]] + 1]++;
  for (let i = 0; i < rows; i++) starts[i + 1] += starts[i];
  return new Uint32Array(starts.subarray(0, rows));
}

export function longest(offsets: Uint32Array): number {
  let most = 0;
  for (let i = 1; i < offsets.length; i++) most = Math.max(most, offsets[i] - offsets[i - 1]);
  return most;
}

function largest(weights: Float64Array, arcs: number): number {
  let most = 0;
  for (let k = 0; k < arcs; k++) if (weights[k] > most) most = weights[k];
  return most;
}
