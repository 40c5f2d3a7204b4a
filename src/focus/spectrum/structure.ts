// What the shape of a graph says about the spectrum without arithmetic. A stochastic matrix has the
// eigenvalue 1 once for each closed class of states, and a closed class of period p has all p-th roots
// of unity. So with P the walk of D without teleport, and Q = (λ_d(1 − t)P + g(𝓛))/κ:
//   two closed classes of P, or one of period ≥ 2      ⇒   |λ₂(D)| = 1 − t
//   two closed classes of Q                            ⇒   |λ₂(R)| = κ = 1 − λ_d t
//   two components of W                                ⇒   Fiedler value 0
// P goes along axons, from dangling particles to all that the prior gives weight; Q also along W both
// ways, if springs or heat have weight. Classes by Tarjan's algorithm, the prior as one state more.
// Source: Seneta, Non-negative Matrices and Markov Chains, ch. 1 and 4.

import type { Csr } from '../../graph/csr.js';

/** Facts about classes of states. */
export interface Structure {
  /** Closed classes of the diffusion's walk. */
  readonly closedWalks: number;
  /** Period of its closed class where there is one; 1 otherwise. */
  readonly period: number;
  /** Components of W. */
  readonly components: number;
  /** Closed classes when springs or heat join each component. */
  readonly closedBlends: number;
}

/**
 * Reads the structure of a graph; `prior` tells which particles the prior gives weight. Cost O(n + m)
 * time and seven arrays of n.
 */
export function structureOf(axons: Csr, prior: (particle: number) => boolean): Structure {
  const components = componentsOf(axons);
  return {
    ...walkClasses(axons, prior),
    components: components.count,
    closedBlends: closedBlends(axons, prior, components),
  };
}

interface Components {
  readonly count: number;
  readonly of: Uint32Array;
}

/** Weakly connected components by union-find with path halving. */
function componentsOf({ rows, offsets, columns }: Csr): Components {
  const parent = Uint32Array.from({ length: rows }, (_, i) => i);
  const rootOf = (start: number): number => {
    let i = start;
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const [a, b] = [rootOf(i), rootOf(columns[k])];
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  let count = 0;
  for (let i = 0; i < rows; i++) if (parent[i] === i) count++;
  return { count, of: parent.map((_, i) => rootOf(i)) };
}

/**
 * Components without a dangling particle are closed. Those with one lead to the prior's, so all of
 * them make one closed class if the prior gives weight to none of the former.
 */
function closedBlends(
  { rows, offsets }: Csr,
  prior: (particle: number) => boolean,
  { of }: Components,
): number {
  const leaks = new Uint8Array(rows);
  const fed = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    if (offsets[i + 1] === offsets[i]) leaks[of[i]] = 1;
    if (prior(i)) fed[of[i]] = 1;
  }
  let closed = 0;
  let leaking = false;
  let escapes = false;
  for (let i = 0; i < rows; i++) {
    if (of[i] !== i) continue;
    if (leaks[i] === 0) {
      closed++;
      if (fed[i] === 1) escapes = true;
    } else leaking = true;
  }
  return closed + (leaking && !escapes ? 1 : 0);
}

/** Arcs of the walk: particles 0…n−1, and the prior as state n. */
interface Walk {
  readonly states: number;
  readonly arcs: (state: number) => number;
  readonly arc: (state: number, k: number) => number;
}

function walkOf({ rows, offsets, columns }: Csr, prior: (particle: number) => boolean): Walk {
  const fed: number[] = [];
  let dangling = false;
  for (let i = 0; i < rows; i++) if (offsets[i + 1] === offsets[i]) dangling = true;
  if (dangling) for (let i = 0; i < rows; i++) if (prior(i)) fed.push(i);
  return {
    states: dangling ? rows + 1 : rows,
    arcs: (i) => (i === rows ? fed.length : Math.max(1, offsets[i + 1] - offsets[i])),
    arc: (i, k) => {
      if (i === rows) return fed[k];
      return offsets[i + 1] === offsets[i] ? rows : columns[offsets[i] + k];
    },
  };
}

function walkClasses(
  axons: Csr,
  prior: (particle: number) => boolean,
): { readonly closedWalks: number; readonly period: number } {
  const walk = walkOf(axons, prior);
  const { count, of } = classesOf(walk);
  const open = new Uint8Array(count);
  for (let i = 0; i < walk.states; i++) {
    for (let k = 0; k < walk.arcs(i); k++) if (of[walk.arc(i, k)] !== of[i]) open[of[i]] = 1;
  }
  const closed = open.reduce((sum, leads) => sum + (leads === 0 ? 1 : 0), 0);
  const period = closed === 1 ? periodOf(walk, of, open.indexOf(0), axons.rows) : 1;
  return { closedWalks: closed, period };
}

/** Strongly connected classes, by Tarjan's algorithm without recursion. */
function classesOf({ states, arcs, arc }: Walk): {
  readonly count: number;
  readonly of: Uint32Array;
} {
  const of = new Uint32Array(states);
  const index = new Uint32Array(states);
  const low = new Uint32Array(states);
  const next = new Uint32Array(states);
  const path = new Uint32Array(states);
  const stack = new Uint32Array(states);
  const onStack = new Uint8Array(states);
  let visited = 0;
  let stacked = 0;
  let count = 0;
  for (let start = 0; start < states; start++) {
    if (index[start] !== 0) continue;
    let depth = 0;
    path[0] = start;
    while (depth >= 0) {
      const i = path[depth];
      if (index[i] === 0) {
        index[i] = low[i] = ++visited;
        stack[stacked++] = i;
        onStack[i] = 1;
      }
      if (next[i] < arcs(i)) {
        const j = arc(i, next[i]++);
        if (index[j] === 0) path[++depth] = j;
        else if (onStack[j] === 1) low[i] = Math.min(low[i], index[j]);
        continue;
      }
      if (low[i] === index[i]) {
        for (let j = -1; j !== i;) {
          j = stack[--stacked];
          onStack[j] = 0;
          of[j] = count;
        }
        count++;
      }
      depth--;
      if (depth >= 0) low[path[depth]] = Math.min(low[path[depth]], low[i]);
    }
  }
  return { count, of };
}

/**
 * The period of one class: the greatest common divisor over its arcs of level(i) + length − level(j).
 * The way through the prior is one step, so its second half has length 0.
 */
function periodOf(walk: Walk, of: Uint32Array, chosen: number, prior: number): number {
  const level = new Float64Array(walk.states).fill(-1);
  const start = of.indexOf(chosen);
  const queue = [start];
  level[start] = 0;
  let period = 0;
  for (const i of queue) {
    const length = i === prior ? 0 : 1;
    for (let k = 0; k < walk.arcs(i); k++) {
      const j = walk.arc(i, k);
      if (level[j] < 0) {
        level[j] = level[i] + length;
        queue.push(j);
      } else period = divisor(period, Math.abs(level[i] + length - level[j]));
    }
  }
  return Math.max(1, period);
}

function divisor(x: number, y: number): number {
  let [a, b] = [x, y];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}
