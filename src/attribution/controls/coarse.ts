// The control variate by a coarse graph: c(S) is the value of coalition S on a graph of a few dozen
// nodes (coarse-graph.ts) where v(S) is its value on the whole one. The players meet in the particles
// they touch, and those are kept, so c has the interactions of v at every order; a solve costs what a
// few dozen nodes cost. A node's focus is taken as φ of the whole graph plus its shift on the coarse one;
// inside a lump focus keeps its proportions.
//   entropy = −Σ φ ln φ over nodes + Σ over lumps Φ·(entropy inside)        norm = Σ |Δφ| over nodes

import { check } from '../../base/errors.js';
import { logarithm } from '../../base/logarithm.js';
import type { FocusResult } from '../../focus/focus.js';
import type { NamedAxonChanges } from '../../graph/axon-changes.js';
import type { WeightedGraph } from '../../graph/graph.js';
import type { Surrogate } from '../control-variate.js';
import { coarseGraph, type CoarseGraph } from './coarse-graph.js';
import { openCoarseFocus, type CoarseFocus } from './coarse-focus.js';

/** Value functions that a surrogate knows. */
export const SURROGATE_VALUES = ['syntropy', 'directed', 'delta-norm'] as const;

/** The name of one. */
export type SurrogateValue = (typeof SURROGATE_VALUES)[number];

/** How coarse. */
export interface CoarseOptions {
  /** Particles kept besides those touched; default 64, and an eighth of the graph at most. */
  readonly neighbours?: number | undefined;
  /**
   * Entropy parts of v itself where few or all players are in: an additive correction of c that
   * brings its ends to v's. Only `directed` gains by it, which is clipped where the sign of the whole
   * turns; it costs 2 · players evaluations.
   */
  readonly ends?: EntropyEnds | undefined;
}

/** Entropy parts in nats. */
export interface EntropyEnds {
  /** Of each player's change alone. */
  readonly alone: readonly number[];
  /** Of all changes but a player's. */
  readonly without: readonly number[];
  /** Of all changes. */
  readonly all: number;
}

/** The surrogate, and how large its graph is. */
export interface CoarseSurrogate extends Surrogate {
  readonly nodes: number;
  readonly links: number;
}

const NEIGHBOURS = 64;
const SHARE = 8;

/**
 * Makes the surrogate of a game whose players are changes of a graph, each as it is alone; a
 * coalition adds them up. `result` is the focus of the graph. Costs no evaluation; a value costs some
 * hundred sweeps over the coarse graph. Throws `bad-parameter` for a value function it does not
 * know and for readings other than focus-1 and pagerank.
 */
export function coarseSurrogate(
  graph: WeightedGraph,
  result: Pick<FocusResult, 'phi' | 'parameters'>,
  changes: readonly NamedAxonChanges[],
  value: SurrogateValue,
  options: CoarseOptions = {},
): CoarseSurrogate {
  check(
    SURROGATE_VALUES.includes(value),
    'bad-parameter',
    () => `coarse surrogate: expected ${SURROGATE_VALUES.join(', ')}, found "${value}"`,
    'sample without a control variate',
  );
  const { coarse, solver } = openCoarse(graph, result, changes, options.neighbours);
  const { base } = solver;
  const inside = entropyInside(coarse, result.phi.data);
  const entropy = (phi: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < coarse.nodes; i++) {
      const own = phi[i];
      if (own > 0) sum += own * (inside[i] - logarithm(own));
    }
    return sum;
  };
  const before = entropy(coarse.focus);
  const shifted = (members: readonly number[]): Float64Array =>
    solver.of(members).map((after, i) => Math.max(0, coarse.focus[i] + (after - base[i])));
  const gain = (members: readonly number[]): number => before - entropy(shifted(members));
  const added = options.ends === undefined ? null : correctionOf(gain, options.ends);
  return {
    name: `coarse ${value}${added === null ? '' : ' with ends'}, ${coarse.nodes} nodes`,
    players: changes.length,
    evaluations: added === null ? 0 : 2 * changes.length,
    nodes: coarse.nodes,
    links: coarse.links.from.length,
    value: (members) => {
      if (members.length === 0) return 0;
      if (value === 'delta-norm') {
        const after = shifted(members);
        return after.reduce((sum, own, i) => sum + Math.abs(own - coarse.focus[i]), 0);
      }
      const corrected = members.reduce(
        (sum, player) => sum + (added?.[player] ?? 0),
        gain(members),
      );
      return value === 'directed' ? Math.max(0, corrected) : corrected;
    },
  };
}

/** The coarse graph of a game and its focus; NEIGHBOURS and SHARE unless `neighbours` says more. */
export function openCoarse(
  graph: WeightedGraph,
  { phi, parameters }: Pick<FocusResult, 'phi' | 'parameters'>,
  changes: readonly NamedAxonChanges[],
  neighbours = Math.min(NEIGHBOURS, Math.floor(graph.particles / SHARE)),
): { readonly coarse: CoarseGraph; readonly solver: CoarseFocus } {
  check(
    parameters.reading === 'focus-1' || parameters.reading === 'pagerank',
    'bad-parameter',
    () => `coarse surrogate: expected focus-1 or pagerank, found ${parameters.reading}`,
    'sample without a control variate',
  );
  const coarse = coarseGraph(graph, phi.data, changes, neighbours);
  return { coarse, solver: openCoarseFocus(coarse, parameters) };
}

/**
 * What to add to c for each player of a coalition: the mean of what c misses of it first and last,
 * and an equal part of what is then missed of all.
 */
function correctionOf(
  gain: (members: readonly number[]) => number,
  { alone, without, all }: EntropyEnds,
): number[] {
  const everyone = alone.map((_, player) => player);
  const own = gain(everyone);
  const missed = everyone.map((player) => {
    const first = alone[player] - gain([player]);
    const rest = everyone.filter((other) => other !== player);
    const last = all - without[player] - (own - (rest.length > 0 ? gain(rest) : 0));
    return (first + last) / 2;
  });
  const left = all - own - missed.reduce((sum, value) => sum + value, 0);
  return missed.map((value) => value + left / everyone.length);
}

/** Entropy of focus inside each node, in nats; 0 for single particles. */
function entropyInside({ nodes, focus, nodeOf }: CoarseGraph, phi: Float64Array): Float64Array {
  const inside = new Float64Array(nodes);
  for (let p = 0; p < phi.length; p++) {
    const share = phi[p] / focus[nodeOf[p]];
    if (share > 0) inside[nodeOf[p]] -= share * logarithm(share);
  }
  return inside;
}
