// The part of a graph that a set of changes can move, on rows of its own. Without its prior the
// tri-kernel is local, χ = Qχ + βb (local/shift.ts), so with β fixed
//   a component that no change touches keeps its χ: it counts in sums, and is not solved again
//   leaves that hang on one particle by axons of one direction have equal χ/d, whatever their
//   stakes: they are one row with the sum of their stakes, and φ of each is its share of d
// Both are exact (the second for the degree prior and the random-walk Laplacian). On graphs shaped
// like bostrom's they leave a third of the rows.

import type { Csr } from '../../graph/csr.js';
import { logarithm } from '../../base/logarithm.js';
import type { Adjacency } from '../adjacency.js';
import type { ShiftBase } from '../local/base.js';
import type { TwoWayGraph } from '../local/changed-graph.js';
import { compensatedSum } from '../sums.js';

/** Rows that stand for particles, and sums over the rest; numbers alone, so threads can share it. */
export interface Core {
  /** Degrees and axons of the rows. */
  readonly axons: Csr;
  readonly outStake: Float64Array;
  readonly degree: Float64Array;
  /** Σ degree. */
  readonly totalDegree: number;
  /** Row of a particle, −1 where no change moves it. */
  readonly rowOf: Int32Array;
  /** φ by row: of all particles that a row stands for. */
  readonly phi: Float64Array;
  /** By row: Σ s ln s over the particles it stands for, s their shares of it; 0 for one particle. */
  readonly spread: Float64Array;
  /** Over particles that stay: Σφ, Σφ ln φ. */
  readonly stays: { readonly mass: number; readonly logarithms: number };
}

/**
 * The core of a base for changes at these particles, each of which gets a row of its own.
 * O(particles + axons).
 */
export function coreOf(base: ShiftBase, touched: readonly number[]): Core {
  const { graph, phi } = base;
  const reached = reachedFrom(graph, touched);
  const rowOf = new Int32Array(graph.particles).fill(-1);
  const merges = base.parameters.prior === 'degree';
  const own = new Set(touched);
  // Rows by the first particle that each stands for.
  const leaves = new Map<number, number>();
  let rows = 0;
  for (let i = 0; i < graph.particles; i++) {
    if (reached[i] === 0) continue;
    const key = merges && !own.has(i) ? leafKey(graph, i) : -1;
    const known = key < 0 ? undefined : leaves.get(key);
    if (known !== undefined) {
      rowOf[i] = known;
      continue;
    }
    if (key >= 0) leaves.set(key, rows);
    rowOf[i] = rows++;
  }
  const sumOf = (values: ArrayLike<number>): Float64Array => sumsByRow(rowOf, rows, values);
  const degree = sumOf(graph.degree);
  const spread = new Float64Array(rows);
  for (let i = 0; i < graph.particles; i++) {
    const row = rowOf[i];
    if (row < 0) continue;
    const share = graph.degree[i] / degree[row];
    if (share < 1) spread[row] += share * logarithm(share);
  }
  const staying = (term: (i: number) => number): number =>
    compensatedSum(phi.length, (i) => (rowOf[i] < 0 && phi[i] > 0 ? term(i) : 0));
  return {
    axons: mergedAxons(graph.axons, rowOf, rows),
    outStake: sumOf(graph.outStake),
    degree,
    totalDegree: compensatedSum(rows, (row) => degree[row]),
    rowOf,
    phi: sumOf(phi),
    spread,
    stays: {
      mass: staying((i) => phi[i]),
      logarithms: staying((i) => phi[i] * logarithm(phi[i])),
    },
  };
}

/** The rows as a graph of their own. The combinatorial Laplacian has none. */
export function adjacencyOfCore({ axons, outStake, degree, totalDegree }: Core): Adjacency {
  const largestPairDegree = (): number => Infinity;
  return { axons, particles: axons.rows, outStake, degree, totalDegree, largestPairDegree };
}

/** Marks the components of some particles. */
function reachedFrom(
  { particles, axons, reverse }: TwoWayGraph,
  touched: readonly number[],
): Uint8Array {
  const reached = new Uint8Array(particles);
  const queue = new Uint32Array(particles);
  let length = 0;
  const visit = (i: number): void => {
    if (reached[i] !== 0) return;
    reached[i] = 1;
    queue[length++] = i;
  };
  touched.forEach(visit);
  for (let at = 0; at < length; at++) {
    for (const { offsets, columns } of [axons, reverse]) {
      const end = offsets[queue[at] + 1];
      for (let k = offsets[queue[at]]; k < end; k++) visit(columns[k]);
    }
  }
  return reached;
}

/** What leaves of one particle and one direction share; −1 for what is no leaf. */
function leafKey({ axons, reverse }: TwoWayGraph, i: number): number {
  const leaving = axons.offsets[i + 1] - axons.offsets[i];
  const arriving = reverse.offsets[i + 1] - reverse.offsets[i];
  if (leaving + arriving !== 1) return -1;
  return leaving === 1
    ? 2 * axons.columns[axons.offsets[i]]
    : 2 * reverse.columns[reverse.offsets[i]] + 1;
}

/** Σ of values over the particles of each row, compensated. */
function sumsByRow(rowOf: Int32Array, rows: number, values: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(rows);
  const lost = new Float64Array(rows);
  for (let i = 0; i < rowOf.length; i++) {
    const row = rowOf[i];
    if (row < 0) continue;
    const old = sum[row];
    const next = old + values[i];
    lost[row] += old >= values[i] ? old - next + values[i] : values[i] - next + old;
    sum[row] = next;
  }
  return sum.map((value, row) => value + lost[row]);
}

/** The axons between rows. A merged leaf has one neighbour, so only its own pair is summed. */
function mergedAxons(axons: Csr, rowOf: Int32Array, rows: number): Csr {
  const byRow = Array.from({ length: rows }, (): [number[], number[]] => [[], []]);
  for (let p = 0; p < axons.rows; p++) {
    if (rowOf[p] < 0) continue;
    const [ends, weights] = byRow[rowOf[p]];
    for (let k = axons.offsets[p]; k < axons.offsets[p + 1]; k++) {
      ends.push(rowOf[axons.columns[k]]);
      weights.push(axons.weights[k]);
    }
  }
  const offsets = new Uint32Array(rows + 1);
  const columns = new Uint32Array(axons.columns.length);
  const weights = new Float64Array(axons.columns.length);
  let at = 0;
  byRow.forEach(([ends, given], row) => {
    const order = Array.from(ends.keys()).sort((a, b) => ends[a] - ends[b]);
    for (let k = 0; k < order.length;) {
      const end = ends[order[k]];
      let last = k;
      while (last < order.length && ends[order[last]] === end) last++;
      columns[at] = end;
      weights[at++] = compensatedSum(last - k, (step) => given[order[k + step]]);
      k = last;
    }
    offsets[row + 1] = at;
  });
  return { rows, offsets, columns: columns.slice(0, at), weights: weights.slice(0, at) };
}
