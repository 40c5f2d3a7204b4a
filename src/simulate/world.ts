// The hidden truth of a simulation, and what the crowd knows of it. Particles are dealt to clusters,
// and each has a quality, 1/rank within its cluster. The crowd learns a particle's quality at the
// epoch of its disclosure; before, it takes it for its cluster's mean. No reward function enters.
//   truth   A(p,q) = quality of q / Σ of the others of p's cluster, p and q of one cluster
// Chance comes from stream run·2¹⁶ of the seed; integers and + − × ÷ only.

import type { Random } from '../base/random.js';
import { buildGraph } from '../graph/build.js';
import type { Graph } from '../graph/graph.js';
import { createLinkBuilder } from '../graph/link-builder.js';
import { linkGraph, type LinkedGraph } from '../graph/linked.js';
import type { SimulationSettings } from './settings.js';

/** A link without its stake: particle ids. */
export interface Pair {
  readonly from: string;
  readonly to: string;
}

/** A world. */
export interface World {
  /** By particle: (0, 1], the best of a cluster 1. */
  readonly quality: Float64Array;
  /** By particle: the first epoch in which the crowd knows its quality. */
  readonly disclosure: Uint32Array;
  readonly clusterOf: Uint32Array;
  /** The graph before the first epoch: links within clusters that know nothing of quality. */
  readonly genesis: LinkedGraph;
  /** The graph that a crowd without noise would make in the end. */
  readonly truth: Graph;
  /** A link as an honest neuron makes it at an epoch, with its noise. */
  observe(epoch: number, random: Random): Pair;
  /** A link to what the crowd does not know yet, by its true quality; later, to the best. */
  foresee(epoch: number, random: Random): Pair;
}

/** Signs the links of the first graph. */
export const GENESIS = 'genesis';

const GENESIS_LINKS = 2;
/** Share of the epochs in which disclosures fall: the rest is played with full knowledge. */
const DISCLOSED_BY = 2 / 3;

/** Makes the world of a run. O(particles · cluster). */
export function makeWorld(settings: SimulationSettings, random: Random): World {
  const { particles: n, clusters, epochs, noise, stake, links } = settings;
  const clusterOf = Uint32Array.from({ length: n }, (_, i) => i % clusters);
  const members = Array.from({ length: clusters }, (_, c) =>
    Array.from({ length: Math.ceil((n - c) / clusters) }, (__, k) => c + k * clusters),
  );
  const quality = new Float64Array(n);
  for (const cluster of members) {
    shuffled(cluster, random).forEach((particle, rank) => (quality[particle] = 1 / (rank + 1)));
  }
  const last = Math.ceil(epochs * DISCLOSED_BY);
  const disclosure = Uint32Array.from({ length: n }, () => random.below(last) + 1);
  const mean = members.map((some) => some.reduce((sum, i) => sum + quality[i], 0) / some.length);
  /** Draws a member of p's cluster, not p, in proportion to a weight. */
  const target = (p: number, weight: (q: number) => number, draw: Random): number => {
    const others = members[clusterOf[p]].filter((q) => q !== p);
    const total = others.reduce((sum, q) => sum + weight(q), 0);
    if (total === 0) return target(p, (q) => quality[q], draw);
    let left = draw.double() * total;
    for (const q of others) {
      left -= weight(q);
      if (left < 0) return q;
    }
    return others[others.length - 1];
  };
  const pair = (p: number, q: number): Pair => ({ from: particleId(p), to: particleId(q) });
  return {
    quality,
    disclosure,
    clusterOf,
    genesis: genesisOf(n, stake / links / 2, (p) => target(p, () => 1, random), random),
    truth: truthOf(quality, members),
    observe: (epoch, draw) => {
      const p = draw.below(n);
      if (draw.double() < noise) return pair(p, (p + 1 + draw.below(n - 1)) % n);
      const known = (q: number): number =>
        disclosure[q] <= epoch ? quality[q] : mean[clusterOf[q]];
      return pair(p, target(p, known, draw));
    },
    foresee: (epoch, draw) => {
      const p = draw.below(n);
      return pair(
        p,
        target(p, (q) => (disclosure[q] > epoch ? quality[q] : 0), draw),
      );
    },
  };
}

/** The id of a particle of the world. */
export function particleId(index: number): string {
  return `p${index}`;
}

/** Two links of every particle to its cluster, and one to any particle. */
function genesisOf(
  n: number,
  amount: number,
  near: (p: number) => number,
  random: Random,
): LinkedGraph {
  const builder = createLinkBuilder(3 * n);
  const neuron = builder.neuronOf(GENESIS);
  const ids = Array.from({ length: n }, (_, i) => builder.particleOf(particleId(i)));
  const add = (p: number, q: number): void =>
    builder.add({ from: ids[p], to: ids[q], amount, neuron });
  for (let p = 0; p < n; p++) {
    for (let k = 0; k < GENESIS_LINKS; k++) add(p, near(p));
    add(p, (p + 1 + random.below(n - 1)) % n);
  }
  return linkGraph(builder.finish());
}

function truthOf(quality: Float64Array, members: readonly (readonly number[])[]): Graph {
  const builder = createLinkBuilder();
  for (const cluster of members) {
    const total = cluster.reduce((sum, q) => sum + quality[q], 0);
    for (const p of cluster) {
      for (const q of cluster) {
        if (p === q) continue;
        const [from, to] = [p, q].map((i) => builder.particleOf(particleId(i)));
        builder.addRow(from, to, quality[q] / (total - quality[p]));
      }
    }
  }
  return buildGraph(builder.finish());
}

/** Fisher–Yates. */
function shuffled(items: readonly number[], random: Random): number[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
