// What a change does to focus, by dense elimination: nothing is shared with src/rewards or src/focus
// but the graph before.

import type { AxonChange, AxonChanges } from '../../src/graph/change.js';
import { axonWeight } from '../../src/graph/change.js';
import type { Graph } from '../../src/graph/graph.js';
import { randomStream } from '../../src/base/random.js';
import { DENSE_DEFAULTS, denseFocus, type DenseParameters } from '../dense.js';
import { graphOf, type LinkTuple } from '../graphs.js';

/** Focus by id. */
export type ById = ReadonlyMap<string, number>;

/** The truth about a change. */
export interface DenseShift {
  readonly before: ById;
  readonly after: ById;
  readonly graphAfter: Graph;
  readonly norm: number;
  readonly entropyPart: number;
  readonly discoveryPart: number;
}

/** Names of the particles that a change adds, in order. */
export function namesOf({ added }: AxonChanges): string[] {
  return Array.from({ length: added }, (_, k) => `new${k}`);
}

/** The graph after a change. */
export function graphAfter(graph: Graph, changes: AxonChanges): Graph {
  const names = namesOf(changes);
  const name = (i: number): string =>
    i < graph.particles ? graph.ids.at(i) : names[i - graph.particles];
  const rows = new Map<string, LinkTuple>();
  const { offsets, columns, weights } = graph.axons;
  for (let p = 0; p < graph.particles; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      rows.set(`${p} ${columns[k]}`, [name(p), name(columns[k]), weights[k]]);
    }
  }
  for (const { from, to, after } of changes.axons) {
    rows.set(`${from} ${to}`, [name(from), name(to), after]);
  }
  return graphOf([...rows.values()]);
}

/** Focus by id, by elimination. */
export function denseById(graph: Graph, parameters = DENSE_DEFAULTS): ById {
  const phi = denseFocus(graph, parameters);
  return new Map(phi.map((value, i) => [graph.ids.at(i), value]));
}

/** The shift of a change. */
export function denseShift(
  graph: Graph,
  changes: AxonChanges,
  parameters: DenseParameters = DENSE_DEFAULTS,
): DenseShift {
  const changed = graphAfter(graph, changes);
  const before = denseById(graph, parameters);
  const after = denseById(changed, parameters);
  let norm = 0;
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    norm += Math.abs((after.get(id) ?? 0) - (before.get(id) ?? 0));
  }
  return {
    before,
    after,
    graphAfter: changed,
    norm,
    entropyPart: entropyOf(before) - entropyOf(after),
    discoveryPart: Math.log(changed.particles / graph.particles),
  };
}

function entropyOf(focus: ById): number {
  let sum = 0;
  for (const value of focus.values()) sum -= value * Math.log(value);
  return sum;
}

/** A change of some axons: more stake, removals, new axons, new particles. */
export function randomChange(graph: Graph, seed: number, count: number): AxonChanges {
  const random = randomStream(seed, 7);
  const n = graph.particles;
  const { offsets, columns } = graph.axons;
  const axons = new Map<string, AxonChange>();
  let added = 0;
  while (axons.size < count) {
    const kind = random.below(10);
    let from = random.below(n);
    let to = random.below(n);
    if (kind < 4 && offsets[from + 1] > offsets[from]) to = columns[offsets[from]];
    if (kind > 7) {
      [from, to] = kind > 8 ? [n + added, from] : [from, n + added];
      added++;
    }
    if (from === to) continue;
    const before = axonWeight(graph, from, to);
    const after = before > 0 && kind < 2 ? 0 : before + 10 ** random.below(5);
    axons.set(`${from} ${to}`, { from, to, before, after });
  }
  return { added, axons: [...axons.values()] };
}
