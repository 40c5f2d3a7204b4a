// What a delta does to the axons of a graph: which weights change, and how many particles are new.
// Indices are those of the graph before the change; particles it does not hold are numbered on from
// its last.

import { check } from '../base/errors.js';
import type { Csr } from './csr.js';
import type { WeightedGraph } from './graph.js';

/** Indices are of 32 bits. */
const MOST_PARTICLES = 2 ** 32 - 1;

/** One axon before and after; weights finite and ≥ 0, 0 where there is none. */
export interface AxonChange {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly after: number;
}

/** The axons that a delta changes, each pair once. */
export interface AxonChanges {
  /** Particles that the graph lacks: particles … particles + added − 1. */
  readonly added: number;
  readonly axons: readonly AxonChange[];
}

/** The weight of the axon p → q, 0 where there is none. O(log arcs of the row). */
export function axonWeight({ axons, particles }: WeightedGraph, p: number, q: number): number {
  const at = p < particles ? arcAt(axons, p, q) : -1;
  return at < 0 ? 0 : axons.weights[at];
}

/** The arc p → q of a matrix whose rows are sorted, or −1. O(log arcs of the row). */
export function arcAt({ offsets, columns }: Csr, p: number, q: number): number {
  let low = offsets[p];
  let high = offsets[p + 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (columns[middle] < q) low = middle + 1;
    else high = middle;
  }
  return low < offsets[p + 1] && columns[low] === q ? low : -1;
}

/** Throws `bad-input` for changes that do not fit the graph. O(changes · log). */
export function checkChanges(graph: WeightedGraph, { added, axons }: AxonChanges): void {
  check(
    Number.isInteger(added) && added >= 0 && added <= MOST_PARTICLES - graph.particles,
    'bad-input',
    () => `axon changes: expected an integer ≥ 0 of particles added, found ${added}`,
  );
  const particles = graph.particles + added;
  const seen = new Set<number>();
  axons.forEach(({ from, to, before, after }, k) => {
    const inside = (i: number): boolean => Number.isInteger(i) && i >= 0 && i < particles;
    const expect = (ok: boolean, expected: string, found: () => string): void =>
      check(ok, 'bad-input', () => `axon change ${k + 1}: expected ${expected}, found ${found()}`);
    expect(inside(from) && inside(to), `particles below ${particles}`, () => `${from} → ${to}`);
    expect(from !== to, 'two different particles', () => `${from} → ${to}`);
    expect(after >= 0 && after < Infinity, 'a finite weight ≥ 0', () => String(after));
    const known = axonWeight(graph, from, to);
    expect(before === known, `the weight ${known} that the graph has before`, () => String(before));
    const key = from * particles + to;
    expect(!seen.has(key), 'each pair once', () => `${from} → ${to} again`);
    seen.add(key);
  });
}
