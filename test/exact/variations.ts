// Random base graphs and changes for exact columns that differ: hubs, dangling particles, weights from
// 1 to 2⁴⁰ or fractions, particles gained and lost, hubs that fall and leaves that rise. Made from a
// seed alone.

import { randomStream, type Random } from '../../src/base/random.js';
import type { AxonChange, AxonChanges } from '../../src/graph/change.js';
import type { Csr } from '../../src/graph/csr.js';
import type { WeightedGraph } from '../../src/graph/graph.js';
import type { FocusOptions } from '../../src/focus/parameters.js';

/** Axons by from · 2¹⁶ + to. */
type Axons = ReadonlyMap<number, number>;

/** A base and changes of it. */
export interface VariationCase {
  readonly name: string;
  readonly graph: WeightedGraph;
  readonly options: FocusOptions & { readonly prior?: 'degree' | 'uniform' };
  readonly changes: readonly AxonChanges[];
}

const SHIFT = 2 ** 16;

/** Draws a weight: small, of many powers, fractions, or one for all. */
function weightDrawer(random: Random): () => number {
  const kind = random.below(4);
  return () => {
    if (kind === 0) return 7;
    if (kind === 1) return 1 + random.below(1000);
    if (kind === 2) return Math.floor(2 ** (40 * random.double()));
    return random.double() + 2 ** -10;
  };
}

/** A graph in canonical form of axons among `particles`. */
export function graphOf(particles: number, axons: Axons): WeightedGraph {
  const keys = [...axons.keys()].sort((a, b) => a - b);
  const offsets = new Uint32Array(particles + 1);
  for (const key of keys) offsets[Math.floor(key / SHIFT) + 1]++;
  for (let i = 0; i < particles; i++) offsets[i + 1] += offsets[i];
  const csr: Csr = {
    rows: particles,
    offsets,
    columns: Uint32Array.from(keys, (key) => key % SHIFT),
    weights: Float64Array.from(keys, (key) => axons.get(key) ?? 0),
  };
  return { particles, axons: csr, largestStake: 1 };
}

/** The axons of a graph. */
export function axonsOf({ axons: { rows, offsets, columns, weights } }: WeightedGraph): Axons {
  const axons = new Map<number, number>();
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) axons.set(p * SHIFT + columns[k], weights[k]);
  }
  return axons;
}

/** The changed graph without lost and absent particles, and where each of its particles was. */
export function changedGraph(
  graph: WeightedGraph,
  { added, axons }: AxonChanges,
): { readonly graph: WeightedGraph; readonly rows: readonly number[] } {
  const after = new Map(axonsOf(graph));
  for (const { from, to, after: weight } of axons) {
    if (weight > 0) after.set(from * SHIFT + to, weight);
    else after.delete(from * SHIFT + to);
  }
  const there = new Set([...after.keys()].flatMap((key) => [Math.floor(key / SHIFT), key % SHIFT]));
  const rows = Array.from({ length: graph.particles + added }, (_, i) => i).filter((i) =>
    there.has(i),
  );
  const place = new Map(rows.map((row, i) => [row, i]));
  const at = (row: number): number => place.get(row) ?? -1;
  const moved = [...after].map(([key, weight]): [number, number] => [
    at(Math.floor(key / SHIFT)) * SHIFT + at(key % SHIFT),
    weight,
  ]);
  return { graph: graphOf(rows.length, new Map(moved)), rows };
}

function baseAxons(random: Random, particles: number, weight: () => number): Axons {
  const axons = new Map<number, number>();
  const hub = random.below(particles);
  const put = (from: number, to: number): void => {
    if (from !== to) axons.set(from * SHIFT + to, weight());
  };
  // Everyone has an axon; those after the first few often dangle.
  for (let i = 0; i < particles; i++) put(random.below(Math.min(i + 1, 3)), i);
  for (let k = random.below(3 * particles); k > 0; k--) {
    const from = random.below(particles);
    if (random.below(3) > 0) put(from, hub);
    else put(from, random.below(particles));
  }
  // The first particle may have been named with itself alone.
  put(0, particles - 1);
  put(1, 0);
  return axons;
}

function drawChange(
  random: Random,
  particles: number,
  axons: Axons,
  weight: () => number,
): AxonChanges {
  const after = new Map<number, number>();
  const keys = [...axons.keys()];
  const any = (): number => keys[random.below(keys.length)];
  const put = (from: number, to: number, own: number): void => {
    if (from !== to) after.set(from * SHIFT + to, own);
  };
  let added = 0;
  for (let k = random.below(5); k >= 0; k--) {
    const kind = random.below(8);
    if (kind < 2) put(random.below(particles), random.below(particles), weight());
    else if (kind === 2) after.set(any(), weight());
    else if (kind === 3) after.set(any(), 0);
    else if (kind === 4) {
      const gained = particles + added++;
      put(random.below(particles), gained, weight());
      if (random.below(2) === 0) put(gained, random.below(particles), weight());
    } else if (kind === 5) {
      // A particle that is lost, or keeps one axon of many.
      const lost = random.below(particles);
      const own = keys.filter((key) => Math.floor(key / SHIFT) === lost || key % SHIFT === lost);
      own.slice(random.below(2)).forEach((key) => after.set(key, 0));
    } else if (kind === 6) {
      // A leaf that rises by many powers, or by what no integer is.
      const key = any();
      const factor = random.below(2) === 0 ? 2 ** random.below(6) : 1 + random.double();
      after.set(key, (axons.get(key) ?? 1) * factor);
    } else {
      // All arcs out of a particle: it dangles, or links anew.
      const from = random.below(particles);
      for (const key of keys) if (Math.floor(key / SHIFT) === from) after.set(key, 0);
      if (random.below(2) === 0) put(from, (from + 1) % particles, weight());
    }
  }
  const list = [...after].map(([key, own]): AxonChange => ({
    from: Math.floor(key / SHIFT),
    to: key % SHIFT,
    before: axons.get(key) ?? 0,
    after: own,
  }));
  return { added, axons: list };
}

function optionsOf(random: Random): VariationCase['options'] {
  const kind = random.below(8);
  if (kind === 0) return { reading: 'pagerank', teleport: 0.05 + 0.9 * random.double() };
  if (kind === 1) return { teleport: 0.3, mu: 0.5, tau: 2, lambda: [0.4, 0.4, 0.2] };
  if (kind === 2) return { prior: 'uniform', tau: 0.1 + random.double() };
  if (kind === 3) return { lambda: [0.7, 0, 0.3] };
  return {};
}

/** The case of a seed, with `count` changes, of which the first is none. */
export function variationsOf(seed: number, count: number, most = 24): VariationCase {
  const random = randomStream(seed, 111);
  const particles = 4 + random.below(most);
  const weight = weightDrawer(random);
  const axons = baseAxons(random, particles, weight);
  const graph = graphOf(particles, axons);
  const changes = Array.from({ length: count }, (_, b) =>
    b === 0 ? { added: 0, axons: [] } : drawChange(random, particles, axons, weight),
  );
  const name = `seed ${seed}: ${particles} particles, ${axons.size} axons`;
  return { name, graph, options: optionsOf(random), changes };
}
