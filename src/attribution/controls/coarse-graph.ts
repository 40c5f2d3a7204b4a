// A small graph that answers to a set of changes as a large one does. Particles that the changes touch
// are kept, and the neighbours they are tied to most; all others are lumped into two nodes, those that
// walks leave and those that they do not (a dangling particle sends all to the prior, so the two kinds
// act differently). What a lump sends is what its particles send, each weighted by its focus φ:
//   P(j, g) = Σ_{p∈g} (φ_p/Φ_g) A(p, j)/out_p        M(j, g) = Σ_{p∈g} (φ_p/Φ_g) (A(p,j) + A(j,p))/d_p
// No change touches a lump, so these columns stay; and while focus in a lump keeps its proportions,
// as it does exactly where no kept particle is linked with it, they are right.

import { adjacencyOf } from '../../focus/adjacency.js';
import type { NamedAxonChanges } from '../../graph/axon-changes.js';
import type { WeightedGraph } from '../../graph/graph.js';

/** Links between nodes of a coarse graph, as columns; several of the same ends add up. */
export interface CoarseLinks {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly weight: Float64Array;
}

/** The coarse graph, and what each change does to it. */
export interface CoarseGraph {
  /** Kept particles, lumps, then particles that changes bring. */
  readonly nodes: number;
  readonly kept: number;
  readonly lumps: number;
  /** Axons with a kept end. */
  readonly links: CoarseLinks;
  /** Columns of lumps in P and in M: what a unit at the lump sends where. */
  readonly walks: CoarseLinks;
  readonly springs: CoarseLinks;
  /** By node; of kept particles 0, since it changes: their links say it. */
  readonly lumpDegree: Float64Array;
  /** By change; weights are differences and may be negative. */
  readonly changes: readonly CoarseLinks[];
  /** φ of the graph by node: sums in lumps, 0 for new particles. */
  readonly focus: Float64Array;
  /** Particles that a node stands for. */
  readonly counts: Float64Array;
  /** Lumps: which node each particle is in. */
  readonly nodeOf: Uint32Array;
  /** Nodes of particles that changes bring, by name. */
  readonly newcomers: ReadonlyMap<string, number>;
}

/**
 * Lumps a graph around changes, each alone and of the graph before. At most `neighbours` particles
 * are kept besides those touched. O(arcs + particles).
 */
export function coarseGraph(
  graph: WeightedGraph,
  phi: Float64Array,
  changes: readonly NamedAxonChanges[],
  neighbours: number,
): CoarseGraph {
  const { particles } = graph;
  const { offsets } = graph.axons;
  const kept = keptParticles(graph, changes, neighbours);
  const lumps = 2;
  const nodeOf = new Uint32Array(particles);
  for (let p = 0; p < particles; p++)
    nodeOf[p] = kept.length + Number(offsets[p + 1] === offsets[p]);
  kept.forEach((particle, node) => (nodeOf[particle] = node));
  const names = [...new Set(changes.flatMap((change) => change.names))];
  const newcomers = new Map(names.map((name, i) => [name, kept.length + lumps + i]));
  const nodes = kept.length + lumps + names.length;
  const focus = new Float64Array(nodes);
  const counts = new Float64Array(nodes);
  for (let p = 0; p < particles; p++) {
    focus[nodeOf[p]] += phi[p];
    counts[nodeOf[p]]++;
  }
  return {
    nodes,
    kept: kept.length,
    lumps,
    ...columnsOf(graph, phi, nodeOf, {
      nodes,
      first: kept.length,
      end: kept.length + lumps,
      focus,
    }),
    changes: changes.map(({ axons, names: own }) => {
      const nodeAt = (p: number): number =>
        p < particles ? nodeOf[p] : (newcomers.get(own[p - particles]) as number);
      return {
        from: Uint32Array.from(axons, ({ from }) => nodeAt(from)),
        to: Uint32Array.from(axons, ({ to }) => nodeAt(to)),
        weight: Float64Array.from(axons, ({ before, after }) => after - before),
      };
    }),
    focus,
    counts,
    nodeOf,
    newcomers,
  };
}

/** Touched particles, ascending, then the neighbours with most stake between, ties by number. */
function keptParticles(
  { axons, particles }: WeightedGraph,
  changes: readonly NamedAxonChanges[],
  neighbours: number,
): number[] {
  const touched = new Set<number>();
  for (const change of changes) {
    for (const { from, to } of change.axons) {
      if (from < particles) touched.add(from);
      if (to < particles) touched.add(to);
    }
  }
  const tied = new Map<number, number>();
  for (let p = 0; p < particles; p++) {
    for (let k = axons.offsets[p]; k < axons.offsets[p + 1]; k++) {
      const q = axons.columns[k];
      if (touched.has(p) === touched.has(q)) continue;
      const other = touched.has(p) ? q : p;
      tied.set(other, (tied.get(other) ?? 0) + axons.weights[k]);
    }
  }
  const nearest = [...tied].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, neighbours);
  return [...[...touched].sort((a, b) => a - b), ...nearest.map(([particle]) => particle)];
}

interface Lumped {
  readonly nodes: number;
  /** Lumps are the nodes first … end − 1. */
  readonly first: number;
  readonly end: number;
  readonly focus: Float64Array;
}

/** Axons added up between nodes, and the columns of lumps. */
function columnsOf(
  { axons, particles }: WeightedGraph,
  phi: Float64Array,
  nodeOf: Uint32Array,
  { nodes, first, end, focus }: Lumped,
): Pick<CoarseGraph, 'links' | 'walks' | 'springs' | 'lumpDegree'> {
  const { outStake, degree } = adjacencyOf(axons);
  const lumpDegree = new Float64Array(nodes);
  const isLump = (node: number): boolean => node >= first && node < end;
  for (let p = 0; p < particles; p++) if (isLump(nodeOf[p])) lumpDegree[nodeOf[p]] += degree[p];
  const [links, walks, springs] = [0, 1, 2].map(() => openLinks(nodes));
  for (let p = 0; p < particles; p++) {
    for (let k = axons.offsets[p]; k < axons.offsets[p + 1]; k++) {
      const q = axons.columns[k];
      const weight = axons.weights[k];
      const [a, b] = [nodeOf[p], nodeOf[q]];
      if (!isLump(a) || !isLump(b)) links.add(a, b, weight);
      if (isLump(a)) {
        const share = phi[p] / focus[a];
        walks.add(a, b, (share * weight) / outStake[p]);
        springs.add(a, b, (share * weight) / degree[p]);
      }
      if (isLump(b)) springs.add(b, a, ((phi[q] / focus[b]) * weight) / degree[q]);
    }
  }
  return { links: links.done(), walks: walks.done(), springs: springs.done(), lumpDegree };
}

/** Links that add up where both ends are the same; done, they are in order of ends. */
function openLinks(nodes: number): {
  readonly add: (from: number, to: number, weight: number) => void;
  readonly done: () => CoarseLinks;
} {
  const sums = new Map<number, number>();
  return {
    add: (from, to, weight) => {
      const key = from * nodes + to;
      sums.set(key, (sums.get(key) ?? 0) + weight);
    },
    done: () => {
      const keys = [...sums.keys()].sort((a, b) => a - b);
      return {
        from: Uint32Array.from(keys, (key) => Math.floor(key / nodes)),
        to: Uint32Array.from(keys, (key) => key % nodes),
        weight: Float64Array.from(keys, (key) => sums.get(key) as number),
      };
    },
  };
}
