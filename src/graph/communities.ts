// Communities of a graph by Louvain's method on W = A + Aᵀ: particles move, one at a time and in
// order of index, to the neighbouring community where modularity grows most; then communities
// become particles, and so on until nothing moves.
//   Q = Σ_c (inside_c/2m − (degree_c/2m)²)     gain of i in c ∝ w(i,c) − degree_i · degree_c/2m
// Nothing is drawn: ties go to the lowest community, sums run in the order of arcs, with + − × ÷
// alone, so the same graph gives the same communities on every machine. Another order of particles
// may give others. Source: Blondel, Guillaume, Lambiotte and Lefebvre, J. Stat. Mech. (2008) P10008.

import { transpose, type Csr } from './csr.js';

/** Communities of the particles of a graph. */
export interface Communities {
  readonly count: number;
  /** By particle: its community, numbered by the first particle in it. */
  readonly labels: Uint32Array;
  /** Q, in [−½, 1). */
  readonly modularity: number;
}

/** A symmetric matrix; arcs of a row in a fixed order, a pair may have several. */
interface Level {
  readonly nodes: number;
  readonly offsets: Uint32Array;
  readonly columns: Uint32Array;
  readonly weights: Float64Array;
}

const MOST_SWEEPS = 64;
/** A gain below this share of a particle's degree is rounding, and could go round in circles. */
const LEAST_GAIN = 1e-12;

/**
 * Finds communities. A few sweeps over the arcs a level, each about 20 ns an arc; memory of two
 * copies of the matrix. At most 64 sweeps a level, so it always ends.
 */
export function communitiesOf(axons: Csr): Communities {
  const first = symmetric(axons);
  const labels = Uint32Array.from({ length: axons.rows }, (_, i) => i);
  for (let level = first; ;) {
    const { count, of } = moveAll(level);
    for (let i = 0; i < labels.length; i++) labels[i] = of[labels[i]];
    if (count === level.nodes) break;
    level = merged(level, of, count);
  }
  const { count, of } = numbered(labels, axons.rows);
  return { count, labels: of, modularity: modularityOf(first, of, count) };
}

/** W with arcs of A and then of Aᵀ in each row. */
function symmetric(axons: Csr): Level {
  const back = transpose(axons);
  const { rows } = axons;
  const arcs = 2 * axons.offsets[rows];
  const offsets = new Uint32Array(rows + 1);
  const columns = new Uint32Array(arcs);
  const weights = new Float64Array(arcs);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    for (const matrix of [axons, back]) {
      const [begin, end] = [matrix.offsets[i], matrix.offsets[i + 1]];
      columns.set(matrix.columns.subarray(begin, end), at);
      weights.set(matrix.weights.subarray(begin, end), at);
      at += end - begin;
    }
    offsets[i + 1] = at;
  }
  return { nodes: rows, offsets, columns, weights };
}

interface Partition {
  readonly count: number;
  readonly of: Uint32Array;
}

/** Moves nodes until a sweep moves none. */
function moveAll(level: Level): Partition {
  const { nodes } = level;
  const degree = degreesOf(level);
  const of = Uint32Array.from({ length: nodes }, (_, i) => i);
  const total = degree.slice();
  const all = degree.reduce((sum, each) => sum + each, 0);
  const into = new Float64Array(nodes);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let moved = 0;
    for (let i = 0; i < nodes; i++) {
      const own = of[i];
      total[own] -= degree[i];
      const best = bestFor(level, i, of, { degree, total, all, into });
      total[best] += degree[i];
      of[i] = best;
      if (best !== own) moved++;
    }
    if (moved === 0) break;
  }
  return numbered(of, nodes);
}

interface Sums {
  readonly degree: Float64Array;
  /** By community, without the node at hand. */
  readonly total: Float64Array;
  readonly all: number;
  /** By community: arcs from the node at hand; zero before and after. */
  readonly into: Float64Array;
}

/** The community in which node i gains most; its own unless another is better. */
function bestFor(
  { offsets, columns, weights }: Level,
  i: number,
  of: Uint32Array,
  { degree, total, all, into }: Sums,
): number {
  const [begin, end] = [offsets[i], offsets[i + 1]];
  for (let k = begin; k < end; k++) {
    if (columns[k] !== i) into[of[columns[k]]] += weights[k];
  }
  const gainOf = (c: number): number => into[c] - degree[i] * (total[c] / all);
  const own = of[i];
  const least = gainOf(own) + LEAST_GAIN * degree[i];
  let best = own;
  let most = least;
  for (let k = begin; k < end; k++) {
    const c = of[columns[k]];
    const gain = gainOf(c);
    if (gain > most || (gain === most && best !== own && c < best)) [best, most] = [c, gain];
  }
  for (let k = begin; k < end; k++) into[of[columns[k]]] = 0;
  return best;
}

function degreesOf({ nodes, offsets, weights }: Level): Float64Array {
  const degree = new Float64Array(nodes);
  for (let i = 0; i < nodes; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) degree[i] += weights[k];
  }
  return degree;
}

/** Labels from 0 by first appearance. */
function numbered(labels: Uint32Array, bound: number): Partition {
  const known = new Int32Array(bound).fill(-1);
  const of = new Uint32Array(labels.length);
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    if (known[labels[i]] < 0) known[labels[i]] = count++;
    of[i] = known[labels[i]];
  }
  return { count, of };
}

/** Communities as nodes; what is inside one becomes an arc to itself. */
function merged(level: Level, of: Uint32Array, count: number): Level {
  const { nodes, offsets: from, columns: to, weights: weight } = level;
  const members = new Uint32Array(nodes);
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < nodes; i++) starts[of[i] + 1]++;
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  const next = starts.slice(0, count);
  for (let i = 0; i < nodes; i++) members[next[of[i]]++] = i;
  const offsets = new Uint32Array(count + 1);
  const columns: number[] = [];
  const weights: number[] = [];
  const placeOf = new Int32Array(count).fill(-1);
  for (let c = 0; c < count; c++) {
    const begin = columns.length;
    for (let m = starts[c]; m < starts[c + 1]; m++) {
      const i = members[m];
      for (let k = from[i]; k < from[i + 1]; k++) {
        const d = of[to[k]];
        if (placeOf[d] < begin) {
          placeOf[d] = columns.length;
          columns.push(d);
          weights.push(0);
        }
        weights[placeOf[d]] += weight[k];
      }
    }
    offsets[c + 1] = columns.length;
  }
  return {
    nodes: count,
    offsets,
    columns: Uint32Array.from(columns),
    weights: Float64Array.from(weights),
  };
}

function modularityOf(level: Level, labels: Uint32Array, count: number): number {
  const inside = new Float64Array(count);
  const total = new Float64Array(count);
  let all = 0;
  const { nodes, offsets, columns, weights } = level;
  for (let i = 0; i < nodes; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      total[labels[i]] += weights[k];
      all += weights[k];
      if (labels[columns[k]] === labels[i]) inside[labels[i]] += weights[k];
    }
  }
  let quality = 0;
  for (let c = 0; c < count; c++) quality += inside[c] / all - (total[c] / all) * (total[c] / all);
  return quality;
}
