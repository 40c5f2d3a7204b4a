// Growing graphs for tests of valuation: random signals that add, remove and change links, solved
// epoch by epoch, and a second computation of what links earn, from raw links and nothing else.

import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { focus } from '../../src/focus/focus.js';
import { applyDelta } from '../../src/graph/delta.js';
import { createLinkBuilder } from '../../src/graph/link-builder.js';
import { linkGraph, neuronAt, rowOf, type LinkedGraph } from '../../src/graph/linked.js';
import type { Signal } from '../../src/graph/signal.js';
import type { ValuedEpoch } from '../../src/valuation/epoch-view.js';
import type { Valuation, ValuationOptions } from '../../src/valuation/link-valuation.js';

/** Options of most tests. */
export const PLAIN: ValuationOptions = {
  weighting: { name: 'constant', parameter: null },
  share: 'axon',
  identity: 'row',
  curves: true,
};

const NEURONS = ['ann', 'bo', 'cy', null];

/** A graph of literal links: neuron, from, to, amount. */
export function linkedOf(
  links: readonly (readonly [string | null, string, string, number])[],
): LinkedGraph {
  const builder = createLinkBuilder();
  for (const [neuron, from, to, amount] of links) {
    builder.addRow(builder.particleOf(from), builder.particleOf(to), amount);
    if (neuron !== null) builder.setNeuron(builder.neuronOf(neuron));
  }
  return linkGraph(builder.finish());
}

/** Graphs of epochs 0…last, each grown from the one before by signals with removals and changes. */
export function growingGraphs(seed: number, last: number): LinkedGraph[] {
  const random = randomStream(seed, 90);
  const particle = (more: number): string => `p${random.below(10 + more)}`;
  const first = Array.from({ length: 24 }, () => {
    const neuron = NEURONS[random.below(4)];
    return [neuron, particle(0), particle(0), 1 + random.below(9)] as const;
  });
  const graphs = [linkedOf([...first, ['ann', 'p0', 'p1', 2]])];
  for (let epoch = 1; epoch <= last; epoch++) {
    const before = graphs[epoch - 1];
    const { links } = before;
    const chosen = new Set(Array.from({ length: 3 }, () => random.below(links.count)));
    const [removed, ...changed] = [...chosen];
    const named = (i: number) => ({
      from: links.particles.at(links.from[i]),
      to: links.particles.at(links.to[i]),
      row: rowOf(before, i),
    });
    const signals: Signal[] = NEURONS.map((neuron) => ({
      neuron,
      links: Array.from({ length: 1 + random.below(2) }, () => ({
        from: particle(epoch),
        to: particle(epoch),
        amount: random.below(8),
      })),
      remove: neuronAt(links, removed) === neuron ? [named(removed)] : [],
      change: changed
        .filter((i) => neuronAt(links, i) === neuron)
        .map((i) => ({ ...named(i), amount: 1 + random.below(20) })),
    }));
    graphs.push(applyDelta(before, signals).after);
  }
  return graphs;
}

/** Solves graphs; the numbers of the epochs are those given, default 0, 1, 2 … */
export async function solved(
  graphs: readonly LinkedGraph[],
  numbers: readonly number[] = [...graphs.keys()],
  tolerance = 1e-12,
): Promise<ValuedEpoch[]> {
  const backend = openCpu({ threads: 1 });
  const views: ValuedEpoch[] = [];
  for (const [k, linked] of graphs.entries()) {
    const { phi, errorBound } = await focus(linked.graph, { tolerance }, backend);
    views.push({ epoch: numbers[k], linked, phi: phi.data.slice(), errorBound });
  }
  backend.destroy();
  return views;
}

/** One link of one epoch by the second computation. */
export interface DenseYield {
  /** position neuron from to */
  readonly key: string;
  readonly epoch: number;
  readonly value: number;
}

/** Yields from raw links: every sum over all links, focus looked up by name. */
export function denseYields(
  views: readonly ValuedEpoch[],
  weight: (t: number, own: number) => number,
  share: 'axon' | 'target',
): DenseYield[] {
  const focusOf = ({ linked, phi }: ValuedEpoch) =>
    new Map(Array.from(phi, (value, i) => [linked.graph.ids.at(i), Number(value)]));
  return views.slice(1).flatMap((view, k) => {
    const [now, then] = [focusOf(view), focusOf(views[k])];
    const all = rawLinks(view.linked);
    return all.map(({ key, from, to, amount }): DenseYield => {
      const of = all.filter((each) => each.to === to && each.from !== each.to);
      const among = share === 'axon' ? of.filter((each) => each.from === from) : of;
      const total = among.reduce((sum, each) => sum + each.amount, 0);
      const shift = (now.get(to) ?? 0) - (then.get(to) ?? 0);
      const part = from === to || amount === 0 ? 0 : amount / total;
      const value = weight(view.epoch - views[0].epoch, amount) * shift * part;
      return { key, epoch: view.epoch, value };
    });
  });
}

/** Links with their names. */
export function rawLinks(linked: LinkedGraph) {
  const { links } = linked;
  return Array.from({ length: links.count }, (_, i) => {
    const [from, to] = [links.from[i], links.to[i]].map((p) => links.particles.at(p));
    const neuron = neuronAt(links, i);
    const key = `${rowOf(linked, i)} ${neuron ?? '-'} ${from} ${to}`;
    return { key, neuron, from, to, amount: links.amount[i] };
  });
}

/** Sums by key. */
export function summed(rows: readonly DenseYield[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { key, value } of rows) sums.set(key, (sums.get(key) ?? 0) + value);
  return sums;
}

/** The key of a slot, as in rawLinks. */
export function keyOf(valuation: Valuation, slot: number): string {
  const { row, neuron, from, to } = valuation.linkAt(slot);
  return `${row} ${neuron ?? '-'} ${from} ${to}`;
}
