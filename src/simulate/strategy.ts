// What a strategy is: a name, its rule in a sentence, and one function from what a player can see
// to the signals of an epoch. It sees past epochs only. The table of them all is strategies.ts.

import type { Random } from '../base/random.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Signal, SignalLink } from '../graph/signal.js';
import type { SimulationSettings } from './settings.js';
import type { Pair } from './world.js';

/** A signal as it was played. */
export interface Played {
  /** Number of the player. */
  readonly player: number;
  readonly signal: Signal;
}

/** What a player can see and use in an epoch. */
export interface Turn {
  readonly settings: SimulationSettings;
  /** From 0. */
  readonly epoch: number;
  /** The graph after the epochs before. */
  readonly graph: LinkedGraph;
  /** Signals of the epochs before, by epoch. */
  readonly past: readonly (readonly Played[])[];
  /** The player's own number, and its stream of this epoch. */
  readonly player: number;
  readonly random: Random;
  /** The id of one of the player's identities; 0 is its own name. */
  neuron(identity: number): string;
  /** Draws a link as an honest neuron sees the world now. */
  observe(): Pair;
  /** Draws a link to what the crowd does not know yet. For those who know the truth. */
  foresee(): Pair;
}

/** A strategy. */
export interface Strategy<Name extends string = string> {
  readonly name: Name;
  /** One sentence. */
  readonly rule: string;
  /** The signals of an epoch, one a neuron at most; none where it waits. */
  act(turn: Turn): readonly Signal[];
}

/** A signal that only adds links. */
export function adding(neuron: string, links: readonly SignalLink[]): Signal {
  return { neuron, links, remove: [], change: [] };
}

/** `count` different pairs, drawn one after the other. */
export function distinctPairs(count: number, draw: () => Pair): Pair[] {
  const pairs = new Map<string, Pair>();
  while (pairs.size < count) {
    const pair = draw();
    pairs.set(`${pair.from} ${pair.to}`, pair);
  }
  return [...pairs.values()];
}

/** Pairs that share a stake alike. */
export function staked(pairs: readonly Pair[], stake: number): SignalLink[] {
  return pairs.map((pair) => ({ ...pair, amount: stake / pairs.length }));
}

/** The links that an honest neuron would make of a stake now. */
export function honestLinks(turn: Turn, stake: number = turn.settings.stake): SignalLink[] {
  return staked(distinctPairs(turn.settings.links, turn.observe), stake);
}
