// The shape of a graph: degrees, weakly connected components, stakes. All counts; nothing of it
// enters a reward.

import type { Csr } from './csr.js';

/** A particle (by index) and its number of axons. */
export interface DegreeRecord {
  readonly particle: number;
  readonly degree: number;
}

/** Counts of a graph with n particles and m axons. */
export interface Shape {
  /** Particles without out-links. */
  readonly dangling: number;
  readonly meanOutDegree: number;
  readonly largestOutDegree: DegreeRecord;
  readonly largestInDegree: DegreeRecord;
  /** Weakly connected components. */
  readonly components: number;
  /** Particles of the largest. */
  readonly largestComponent: number;
  readonly totalStake: number;
  readonly smallestWeight: number;
  readonly largestWeight: number;
}

/** Counts in O(n + m) (times the inverse Ackermann function for components). */
export function shapeOf(axons: Csr): Shape {
  const { rows, offsets, columns, weights } = axons;
  const arcs = offsets[rows];
  const inDegree = new Uint32Array(rows);
  const outDegree = new Uint32Array(rows);
  let totalStake = 0;
  let smallestWeight = Infinity;
  let largestWeight = 0;
  for (let k = 0; k < arcs; k++) {
    inDegree[columns[k]]++;
    totalStake += weights[k];
    smallestWeight = Math.min(smallestWeight, weights[k]);
    largestWeight = Math.max(largestWeight, weights[k]);
  }
  let dangling = 0;
  for (let i = 0; i < rows; i++) {
    outDegree[i] = offsets[i + 1] - offsets[i];
    if (outDegree[i] === 0) dangling++;
  }
  const sizes = componentSizes(axons);
  return {
    dangling,
    meanOutDegree: arcs / rows,
    largestOutDegree: largest(outDegree),
    largestInDegree: largest(inDegree),
    components: sizes.length,
    largestComponent: sizes.reduce((most, size) => Math.max(most, size), 0),
    totalStake,
    smallestWeight,
    largestWeight,
  };
}

function largest(degrees: Uint32Array): DegreeRecord {
  let particle = 0;
  for (let i = 1; i < degrees.length; i++) if (degrees[i] > degrees[particle]) particle = i;
  return { particle, degree: degrees[particle] };
}

/** Sizes of the weakly connected components, by union-find with path halving. */
function componentSizes({ rows, offsets, columns }: Csr): number[] {
  const parent = new Uint32Array(rows);
  const size = new Uint32Array(rows).fill(1);
  for (let i = 0; i < rows; i++) parent[i] = i;
  const root = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]];
      i = parent[i];
    }
    return i;
  };
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const a = root(i);
      const b = root(columns[k]);
      if (a === b) continue;
      const [small, large] = size[a] < size[b] ? [a, b] : [b, a];
      parent[small] = large;
      size[large] += size[small];
    }
  }
  const sizes: number[] = [];
  for (let i = 0; i < rows; i++) if (parent[i] === i) sizes.push(size[i]);
  return sizes;
}
