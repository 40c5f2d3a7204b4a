// A game: players act epoch after epoch, all signals of an epoch are applied together, and nobody
// sees the epoch that is being played. Stake counts from the epoch it is emitted in to the epoch
// before it is taken back, or to the end.
//   stream of player p in epoch e of run r: r·2¹⁶ + 1 + e·2⁸ + p, so that a player draws the same
//   numbers whatever the others do

import { randomStream } from '../base/random.js';
import { applyDelta } from '../graph/delta.js';
import type { LinkedGraph } from '../graph/linked.js';
import { NO_NEURON } from '../graph/links.js';
import type { SimulationSettings } from './settings.js';
import type { Played, Strategy } from './strategy.js';
import type { World } from './world.js';

/** What a player did with its stake. */
export interface StakeUse {
  /** Σ amount over the links it added. */
  readonly emitted: number;
  /** Σ amount × epochs for which it was locked. */
  readonly locked: number;
}

/** A game that was played. */
export interface Game {
  readonly players: readonly Strategy[];
  /** Signals by epoch. */
  readonly epochs: readonly (readonly Played[])[];
  /** Graphs before each epoch, and after the last: one more than epochs. */
  readonly graphs: readonly LinkedGraph[];
  /** By player. */
  readonly stakes: readonly StakeUse[];
}

/** Stream of chance of the world of a run. */
export function worldStream(run: number): number {
  return run * 65536;
}

/**
 * Plays all epochs. Costs a graph for each. Throws what applyDelta throws where a strategy emits
 * what cannot be applied.
 */
export function playGame(
  settings: SimulationSettings,
  run: number,
  world: World,
  players: readonly Strategy[],
): Game {
  const { seed } = settings;
  const epochs: (readonly Played[])[] = [];
  const graphs: LinkedGraph[] = [world.genesis];
  const emitted = new Float64Array(players.length);
  const locked = new Float64Array(players.length);
  const playerOf = new Map<string, number>();
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const graph = graphs[epoch];
    const played = players.flatMap((strategy, player): Played[] => {
      const random = randomStream(seed, worldStream(run) + 1 + epoch * 256 + player);
      const signals = strategy.act({
        settings,
        epoch,
        graph,
        past: epochs,
        player,
        random,
        neuron: (identity) => neuronId(player, identity),
        observe: () => world.observe(epoch, random),
        foresee: () => world.foresee(epoch, random),
      });
      return signals.map((signal) => ({ player, signal }));
    });
    for (const { player, signal } of played) {
      playerOf.set(signal.neuron as string, player);
      for (const { amount } of signal.links) emitted[player] += amount;
    }
    const { after } = applyDelta(
      graph,
      played.map(({ signal }) => signal),
    );
    epochs.push(played);
    graphs.push(after);
    addLocked(after, playerOf, locked);
  }
  const stakes = players.map((_, p) => ({ emitted: emitted[p], locked: locked[p] }));
  return { players, epochs, graphs, stakes };
}

/** The id of an identity of a player. */
export function neuronId(player: number, identity: number): string {
  return identity === 0 ? `n${player}` : `n${player}.${identity}`;
}

/** Adds the stake that each player has in a graph. */
function addLocked(
  { links }: LinkedGraph,
  playerOf: ReadonlyMap<string, number>,
  locked: Float64Array,
): void {
  const { neurons, neuron, amount, count } = links;
  if (neurons === null || neuron === null) return;
  const owner = Int32Array.from(
    { length: neurons.count },
    (_, k) => playerOf.get(neurons.at(k)) ?? -1,
  );
  for (let i = 0; i < count; i++) {
    if (neuron[i] !== NO_NEURON && owner[neuron[i]] >= 0) locked[owner[neuron[i]]] += amount[i];
  }
}
