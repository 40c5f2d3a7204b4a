// late-confirming: waits until something is strong, and adds stake to it. It says nothing new. It
// acts in every epoch but the first, so that it differs from others in what it links, not in when
// its stake is paid.

import type { Graph } from '../../graph/graph.js';
import { adding, distinctPairs, staked, type Strategy } from '../strategy.js';
import type { Pair } from '../world.js';

/** Which share of the axons counts as strong. */
const STRONG_SHARE = 0.1;

export const lateConfirming: Strategy<'late-confirming'> = {
  name: 'late-confirming',
  rule: 'adds stake to axons drawn from the strongest tenth of the graph, from the second epoch on',
  act: (turn) => {
    if (turn.epoch === 0) return [];
    const { links, stake } = turn.settings;
    const strong = strongestAxons(turn.graph.graph, links);
    const pairs = distinctPairs(links, () => strong[turn.random.below(strong.length)]);
    return [adding(turn.neuron(0), staked(pairs, stake))];
  },
};

/** The strongest tenth of the axons, and at least `least`; equal weights in the graph's order. */
function strongestAxons({ axons, ids, particles }: Graph, least: number): Pair[] {
  const found: { readonly p: number; readonly q: number; readonly weight: number }[] = [];
  for (let p = 0; p < particles; p++) {
    for (let k = axons.offsets[p]; k < axons.offsets[p + 1]; k++) {
      found.push({ p, q: axons.columns[k], weight: axons.weights[k] });
    }
  }
  // Sorting is stable, so the graph's order decides between equals.
  found.sort((a, b) => b.weight - a.weight);
  return found
    .slice(0, Math.max(least, Math.floor(found.length * STRONG_SHARE)))
    .map(({ p, q }) => ({ from: ids.at(p), to: ids.at(q) }));
}
