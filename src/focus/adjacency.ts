// What the operators need to know of a graph, computed once on the host in f64:
//   out_p = Σ_q A(p,q)     d_i = out_i + in_i     u = the teleport prior     max over axons of d_p + d_q
// d and out are summed with compensation, so their relative error is a few 2⁻⁵³ whatever the length
// of a row.

import { check } from '../base/errors.js';
import type { Csr } from '../graph/csr.js';
import type { Prior } from './parameters.js';
import { compensatedSum } from './sums.js';

/** Degrees of a graph; stakes are in the graph's own unit. */
export interface Adjacency {
  readonly axons: Csr;
  /** Particles; rows of `axons` beyond them are spare. */
  readonly particles: number;
  readonly outStake: Float64Array;
  readonly degree: Float64Array;
  /** Σ d, twice the total stake. */
  readonly totalDegree: number;
  /** A bound of the combinatorial spectrum: max over axons of d_p + d_q. */
  readonly largestPairDegree: () => number;
}

/** Computes degrees. O(n + m) time, four vectors. Throws `bad-input` where stakes overflow. */
export function adjacencyOf(axons: Csr): Adjacency {
  const { rows, offsets, columns, weights } = axons;
  const outStake = new Float64Array(rows);
  const degree = new Float64Array(rows);
  const lost = new Float64Array(rows);
  for (let p = 0; p < rows; p++) {
    let sum = 0;
    let missing = 0;
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      const weight = weights[k];
      const next = sum + weight;
      missing += sum >= weight ? sum - next + weight : weight - next + sum;
      sum = next;
      const q = columns[k];
      const before = degree[q];
      const after = before + weight;
      lost[q] += before >= weight ? before - after + weight : weight - after + before;
      degree[q] = after;
    }
    outStake[p] = sum + missing;
  }
  for (let i = 0; i < rows; i++) {
    degree[i] = degree[i] + lost[i] + outStake[i];
  }
  const totalDegree = compensatedSum(rows, (i) => degree[i]);
  check(
    Number.isFinite(totalDegree),
    'bad-input',
    () => 'stakes: expected a finite total, found an overflow of double precision',
    'divide all stakes by a constant: focus does not change',
  );
  // O(m), and the random-walk Laplacian does not ask.
  const largestPairDegree = (): number => {
    let most = 0;
    for (let p = 0; p < rows; p++) {
      for (let k = offsets[p]; k < offsets[p + 1]; k++) {
        most = Math.max(most, degree[p] + degree[columns[k]]);
      }
    }
    return most;
  };
  return { axons, particles: rows, outStake, degree, totalDegree, largestPairDegree };
}

/** The same graph with `spare` rows more, for particles that are not there yet. O(n). */
export function withSpareRows(adjacency: Adjacency, spare: number): Adjacency {
  if (spare === 0) return adjacency;
  const { axons } = adjacency;
  const longer = (values: Float64Array): Float64Array => {
    const extended = new Float64Array(values.length + spare);
    extended.set(values);
    return extended;
  };
  const offsets = new Uint32Array(axons.rows + spare + 1).fill(axons.offsets[axons.rows]);
  offsets.set(axons.offsets);
  return {
    ...adjacency,
    axons: { ...axons, rows: axons.rows + spare, offsets },
    outStake: longer(adjacency.outStake),
    degree: longer(adjacency.degree),
  };
}

/** The teleport prior as a distribution: n numbers ≥ 0 with sum 1 up to rounding. */
export function priorOf(adjacency: Adjacency, prior: Prior): Float64Array {
  const { degree, particles } = adjacency;
  const weights = prior === 'degree' ? degree : prior;
  if (weights === 'uniform') {
    return new Float64Array(degree.length).fill(1 / particles, 0, particles);
  }
  const sum = compensatedSum(weights.length, (i) => weights[i]);
  return weights.map((weight) => weight / sum);
}
