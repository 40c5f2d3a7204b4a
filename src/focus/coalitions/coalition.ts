// The graph of one coalition, as what differs at the particles that it touches. Players' changes of
// one axon add up; sums of stakes are compensated and in order of size, so they do not depend on the
// order in which players joined.
//   A_S(p,q) = A(p,q) + Σ_{i∈S} (A_i(p,q) − A(p,q))

import { FocusError } from '../../base/errors.js';
import type { AxonChange } from '../../graph/change.js';
import { transpose, type Csr } from '../../graph/csr.js';
import type { ChangedParticle } from '../local/changed-graph.js';
import { compensatedSum } from '../sums.js';
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

interface Axon {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  /** A_i of each player that changes it, and −before for each. */
  readonly terms: number[];
  difference: number;
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
  const axons = new Map<string, Axon>();
  const leaving = new Map<number, Axon[]>();
  const arriving = new Map<number, Axon[]>();
  const particles = new Map<number, ChangedParticle>();

  /** The sum of a row's axons after the change; exactly 0 where none is left. */
  const stakeOf = (matrix: 'out' | 'in', row: number, changes: readonly Axon[]): number => {
    const end = (axon: Axon): number => (matrix === 'out' ? axon.to : axon.from);
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
    const sum = (before: number, changes: readonly Axon[]): number =>
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
      const touched = new Set<number>();
      for (const { from, to, before, after } of player.axons) {
        const key = `${from} ${to}`;
        let axon = axons.get(key);
        if (axon === undefined) {
          axon = { from, to, before, terms: [], difference: 0 };
          axons.set(key, axon);
          leaving.set(from, [...(leaving.get(from) ?? []), axon]);
          arriving.set(to, [...(arriving.get(to) ?? []), axon]);
        }
        axon.terms.push(after, -before);
        axon.difference = sumOf(axon.terms);
        if (!(before + axon.difference >= 0)) throw removedTwice(axon);
        touched.add(from).add(to);
      }
      for (const index of touched) particles.set(index, particleOf(index));
    },
    changed: () => [...particles.values()],
  };
}

function removedTwice({ from, to, before, difference }: Axon): FocusError {
  return new FocusError(
    'bad-input',
    `signals: together they leave ${before + difference} on the axon of rows ${from} → ${to}, ` +
      `expected a stake ≥ 0`,
    'each link can be taken away by one signal only',
  );
}

/** A compensated sum in order of size. */
function sumOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return compensatedSum(sorted.length, (k) => sorted[k]);
}
