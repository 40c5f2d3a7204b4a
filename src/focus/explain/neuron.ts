// What the links of a neuron carry: its share w(ℓ)/A(p,q) of the flow of every axon it signs.
//   ahead   diffusion, springs and heat from p to q       back   springs and heat from q to p
// Over all neurons, ahead + back + teleport + dangling + what stays = Σφ = 1: the shares of all are
// one account. What a neuron's links change if they were not there is a shift, not a share of it.

import { invariant } from '../../base/errors.js';
import { axonWeight } from '../../graph/change.js';
import type { LinkedGraph } from '../../graph/linked.js';
import { NO_NEURON } from '../../graph/links.js';
import { weighLinks } from '../../graph/weigh.js';
import type { Flow, Flows } from './flows.js';

/** What a neuron's links carry to one particle. */
export interface CarriedFocus extends Flow {
  readonly particle: number;
  readonly total: number;
  /** total / φ of the particle. */
  readonly share: number;
}

/** The links of a neuron and what they carry. */
export interface NeuronExplanation {
  readonly links: number;
  /** Links that count: not self-loops, of weight above zero. */
  readonly counted: number;
  readonly stake: number;
  /** Σ w(ℓ), and that of all links of the graph. */
  readonly weight: number;
  readonly totalWeight: number;
  /** Indices of its links that count. */
  readonly indices: Uint32Array;
  /** Carried from sources to targets, summed over all links. */
  readonly ahead: Flow & { readonly total: number };
  /** Springs and heat that come back along its links to their sources. */
  readonly back: Pick<Flow, 'springs' | 'heat'> & { readonly total: number };
  /** By target, largest first. */
  readonly targets: readonly CarriedFocus[];
}

/** Explains a neuron by its index in the links' table, NO_NEURON for links without one. O(links). */
export function explainNeuron(
  { graph, links, options }: LinkedGraph,
  flows: Flows,
  neuron: number,
): NeuronExplanation {
  const { values } = weighLinks(links, options);
  const targets = new Map<number, { diffusion: number; springs: number; heat: number }>();
  const ahead = { diffusion: 0, springs: 0, heat: 0 };
  const back = { springs: 0, heat: 0 };
  const indices: number[] = [];
  const sums = { links: 0, stake: 0, weight: 0, totalWeight: 0 };
  for (let i = 0; i < links.count; i++) {
    const counts = links.from[i] !== links.to[i] && values[i] > 0;
    if (counts) sums.totalWeight += values[i];
    if ((links.neuron === null ? NO_NEURON : links.neuron[i]) !== neuron) continue;
    sums.links++;
    sums.stake += links.amount[i];
    if (!counts) continue;
    indices.push(i);
    sums.weight += values[i];
    const p = graph.ids.indexOf(links.particles.at(links.from[i]));
    const q = graph.ids.indexOf(links.particles.at(links.to[i]));
    invariant(p >= 0 && q >= 0 && axonWeight(graph, p, q) > 0, 'a link that counts has an axon');
    const flow = flows.ahead(p, values[i]);
    let sum = targets.get(q);
    if (sum === undefined) targets.set(q, (sum = { diffusion: 0, springs: 0, heat: 0 }));
    const returned = flows.back(q, values[i]);
    for (const name of ['diffusion', 'springs', 'heat'] as const) {
      sum[name] += flow[name];
      ahead[name] += flow[name];
    }
    back.springs += returned.springs;
    back.heat += returned.heat;
  }
  const carried = [...targets].map(([particle, flow]) => {
    const total = flow.diffusion + flow.springs + flow.heat;
    return { particle, ...flow, total, share: total / flows.phi[particle] };
  });
  return {
    links: sums.links,
    counted: indices.length,
    stake: sums.stake,
    weight: sums.weight,
    totalWeight: sums.totalWeight,
    indices: Uint32Array.from(indices),
    ahead: { ...ahead, total: ahead.diffusion + ahead.springs + ahead.heat },
    back: { ...back, total: back.springs + back.heat },
    targets: carried.sort((a, b) => b.total - a.total || a.particle - b.particle),
  };
}
