// A graph with a few axons changed, without building it anew: the arcs of the graph before, plus a
// short list of differences at the particles that the change touches. Rows lead both ways, because
// W = A + Aᵀ spreads along axons in both directions.

import type { AxonChange, AxonChanges } from '../../graph/change.js';
import { transpose, type Csr } from '../../graph/csr.js';
import type { Adjacency } from '../adjacency.js';
import { compensatedSum } from '../sums.js';

/** The graph before a change, both ways. */
export interface TwoWayGraph {
  readonly particles: number;
  readonly axons: Csr;
  readonly reverse: Csr;
  readonly degree: Float64Array;
  readonly outStake: Float64Array;
  /** Axons at a particle, both ways: what following it costs; infinite where they are not known. */
  readonly touching: Uint32Array | Float64Array;
  readonly mostTouching: number;
}

/** What is different at one particle. */
export interface ChangedParticle {
  readonly index: number;
  /** d and out after the change; 0 where nothing is left. */
  readonly degree: number;
  readonly outStake: number;
  /** Differences of axons that leave, and of those that arrive: other end and weight. */
  readonly leaving: readonly { readonly end: number; readonly weight: number }[];
  readonly arriving: readonly { readonly end: number; readonly weight: number }[];
  /** Σ|difference| of all its axons. */
  readonly moved: number;
}

/** A change laid over a graph. */
export interface ChangedGraph {
  readonly before: TwoWayGraph;
  readonly changed: readonly ChangedParticle[];
  /** By particle: 1 + its place in `changed`, 0 elsewhere. */
  readonly marks: Int32Array;
}

/**
 * By how much the sizes that are added for a particle's own columns of W/d and A/out exceed the
 * sums, 1 and more: taking stake away cancels digits. O(changes of the particle).
 */
export function cancellationOf(
  { degree, outStake }: Pick<TwoWayGraph, 'degree' | 'outStake'>,
  particle: ChangedParticle,
): { readonly step: number; readonly out: number } {
  const { index, leaving, moved } = particle;
  const movedOut = leaving.reduce((sum, { weight }) => sum + Math.abs(weight), 0);
  const ratio = (before: number | undefined, added: number, after: number): number =>
    after > 0 ? Math.max(1, ((before ?? 0) + added) / after) : 1;
  return {
    step: ratio(degree[index], moved, particle.degree),
    out: ratio(outStake[index], movedOut, particle.outStake),
  };
}

/** Both directions of a graph. O(particles + axons). */
export function twoWayGraph(adjacency: Adjacency): TwoWayGraph {
  const { axons, degree, outStake } = adjacency;
  const reverse = transpose(axons);
  const touching = new Uint32Array(axons.rows);
  let mostTouching = 0;
  for (let i = 0; i < axons.rows; i++) {
    const arriving = reverse.offsets[i + 1] - reverse.offsets[i];
    touching[i] = axons.offsets[i + 1] - axons.offsets[i] + arriving;
    mostTouching = Math.max(mostTouching, touching[i]);
  }
  return { particles: axons.rows, axons, reverse, degree, outStake, touching, mostTouching };
}

/** Lays a change over a graph: writes the marks, which `removeChange` clears. O(arcs touched). */
export function layChange(
  before: TwoWayGraph,
  { axons }: AxonChanges,
  marks: Int32Array,
): ChangedGraph {
  const byParticle = new Map<number, { out: AxonChange[]; in: AxonChange[] }>();
  const entry = (index: number) => {
    let found = byParticle.get(index);
    if (found === undefined) byParticle.set(index, (found = { out: [], in: [] }));
    return found;
  };
  for (const change of axons) {
    if (change.before === change.after) continue;
    entry(change.from).out.push(change);
    entry(change.to).in.push(change);
  }
  const changed = [...byParticle].map(([index, changes]): ChangedParticle => {
    const { out, in: incoming } = changes;
    const outStake = rowSum(before, before.axons, index, new Map(out.map((c) => [c.to, c])));
    const inStake = rowSum(
      before,
      before.reverse,
      index,
      new Map(incoming.map((c) => [c.from, c])),
    );
    const difference = ({ before: old, after }: AxonChange): number => after - old;
    return {
      index,
      degree: outStake + inStake,
      outStake,
      leaving: out.map((c) => ({ end: c.to, weight: difference(c) })),
      arriving: incoming.map((c) => ({ end: c.from, weight: difference(c) })),
      moved: [...out, ...incoming].reduce((sum, c) => sum + Math.abs(difference(c)), 0),
    };
  });
  changed.forEach(({ index }, place) => {
    marks[index] = place + 1;
  });
  return { before, changed, marks };
}

/** Clears the marks of a change. */
export function removeChange({ changed, marks }: ChangedGraph): void {
  for (const { index } of changed) marks[index] = 0;
}

/** The sum of a row after the change, compensated; exactly 0 where no arc is left. */
function rowSum(
  { particles }: TwoWayGraph,
  { offsets, columns, weights }: Csr,
  row: number,
  changes: Map<number, AxonChange>,
): number {
  const first = row < particles ? offsets[row] : 0;
  const count = row < particles ? offsets[row + 1] - first : 0;
  const fresh = [...changes.values()].filter((change) => change.before === 0);
  return compensatedSum(count + fresh.length, (k) => {
    if (k >= count) return fresh[k - count].after;
    return changes.size === 0
      ? weights[first + k]
      : (changes.get(columns[first + k])?.after ?? weights[first + k]);
  });
}
