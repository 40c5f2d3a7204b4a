// The graph of one coalition, as what differs at the particles that it touches: degrees, and the axons
// that its players change together (axon-sums.ts).

import type { AxonChange } from '../../graph/change.js';
import { transpose, type Csr } from '../../graph/csr.js';
import type { ChangedParticle } from '../local/changed-graph.js';
import { openAxonSums, sumOf, type SummedAxon } from './axon-sums.js';
import type { Core } from './core.js';

/** The axons of rows that a player changes; rows from axons.rows on are spare. */
export interface PlayerChange {
  readonly axons: readonly AxonChange[];
}

/** A coalition that grows by players. */
export interface Coalition {
  /** Adds a player's changes. O(its axons + all axons of particles that lose stake). */
  add(player: PlayerChange): void;
  /** What differs from the graph that all share; the same object for a row until it changes. */
  changed(): readonly ChangedParticle[];
}

/** Opens empty coalitions over one graph. */
export interface Coalitions {
  open(): Coalition;
}

/** Prepares coalitions over a graph. O(1); O(axons) once where a player takes stake away. */
export function coalitionsOf(core: Core): Coalitions {
  let reverse: Csr | null = null;
  const rowOf = (matrix: 'out' | 'in', row: number): readonly (readonly [number, number])[] => {
    reverse ??= transpose(core.axons);
    const { rows, offsets, columns, weights } = matrix === 'out' ? core.axons : reverse;
    if (row >= rows) return [];
    const arcs: [number, number][] = [];
    for (let k = offsets[row]; k < offsets[row + 1]; k++) arcs.push([columns[k], weights[k]]);
    return arcs;
  };
  return { open: () => openCoalition(core, rowOf) };
}

function openCoalition(
  core: Core,
  rowOf: (matrix: 'out' | 'in', row: number) => readonly (readonly [number, number])[],
): Coalition {
  const sums = openAxonSums();
  const leaving = new Map<number, SummedAxon[]>();
  const arriving = new Map<number, SummedAxon[]>();
  const particles = new Map<number, ChangedParticle>();

  /** The sum of a row's axons after the change; exactly 0 where none is left. */
  const stakeOf = (matrix: 'out' | 'in', row: number, changes: readonly SummedAxon[]): number => {
    const end = (axon: SummedAxon): number => (matrix === 'out' ? axon.to : axon.from);
    const changed = new Map(changes.map((axon) => [end(axon), axon]));
    const kept = rowOf(matrix, row).filter(([column]) => !changed.has(column));
    return sumOf([
      ...kept.map(([, weight]) => weight),
      ...changes.map(({ before, difference }) => before + difference),
    ]);
  };

  const particleOf = (index: number): ChangedParticle => {
    const [out, into] = [leaving.get(index) ?? [], arriving.get(index) ?? []];
    const differences = [...out, ...into].map(({ difference }) => difference);
    const loses = differences.some((difference) => difference < 0);
    const sum = (before: number, changes: readonly SummedAxon[]): number =>
      sumOf([before, ...changes.map(({ difference }) => difference)]);
    const outStake = loses ? stakeOf('out', index, out) : sum(core.outStake[index] ?? 0, out);
    return {
      index,
      outStake,
      degree: loses
        ? outStake + stakeOf('in', index, into)
        : sum(core.degree[index] ?? 0, [...out, ...into]),
      leaving: out.map(({ to, difference }) => ({ end: to, weight: difference })),
      arriving: into.map(({ from, difference }) => ({ end: from, weight: difference })),
      moved: differences.reduce((total, difference) => total + Math.abs(difference), 0),
    };
  };

  return {
    add: (player) => {
      const touched = new Set(player.axons.flatMap(({ from, to }) => [from, to]));
      for (const axon of sums.add(player.axons)) {
        leaving.set(axon.from, [...(leaving.get(axon.from) ?? []), axon]);
        arriving.set(axon.to, [...(arriving.get(axon.to) ?? []), axon]);
      }
      for (const index of touched) particles.set(index, particleOf(index));
    },
    changed: () => [...particles.values()],
  };
}
