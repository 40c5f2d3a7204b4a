// The signals of a game as blocks of a DAG: a block references what its neuron has seen and built
// on, the last block of its own neuron and, for every particle of its links, all blocks of the last
// epoch before in which anyone linked that particle. So an early link to what others link later has
// many descendants.

import type { Block } from '../graph/block.js';
import type { Played } from './strategy.js';

/** The id of the block of signal k of an epoch. */
export function blockId(epoch: number, k: number): string {
  return `${epoch}.${k}`;
}

/** The blocks of all signals, by epoch; they name no signals yet. O(links · blocks of a particle). */
export function blocksOf(epochs: readonly (readonly Played[])[]): Block[][] {
  const lastOfNeuron = new Map<string | null, string>();
  const lastOfParticle = new Map<string, readonly string[]>();
  return epochs.map((played, epoch) => {
    const blocks = played.map(({ signal }, k): Block => {
      const parents = new Set<string>();
      const own = lastOfNeuron.get(signal.neuron);
      if (own !== undefined) parents.add(own);
      for (const { from, to } of [...signal.links, ...signal.remove]) {
        for (const particle of [from, to]) {
          for (const block of lastOfParticle.get(particle) ?? []) parents.add(block);
        }
      }
      return { id: blockId(epoch, k), parents: [...parents], signals: [] };
    });
    const touched = new Map<string, Set<string>>();
    played.forEach(({ signal }, k) => {
      lastOfNeuron.set(signal.neuron, blocks[k].id);
      for (const { from, to } of [...signal.links, ...signal.remove]) {
        for (const particle of [from, to]) {
          const some = touched.get(particle) ?? new Set();
          touched.set(particle, some.add(blocks[k].id));
        }
      }
    });
    for (const [particle, some] of touched) lastOfParticle.set(particle, [...some]);
    return blocks;
  });
}
