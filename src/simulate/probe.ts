// A probe of the discovery part: in the middle of an honest game, one honest link and 100 worthless
// leaves of the same stake are each applied alone.
//   ΔJ = entropy part + discovery part, discovery part = ln(n after / n before)
// Paying [ΔJ]₊ instead of the entropy part alone is what the network's own code does.

import type { Backend } from '../backend/backend.js';
import { randomStream } from '../base/random.js';
import { axonChangesOf } from '../graph/axon-changes.js';
import { solveChanged } from '../rewards/solve-changed.js';
import { type Game, worldStream } from './play.js';
import { solvedFocus } from './score.js';
import type { SimulationSettings } from './settings.js';
import { adding, staked } from './strategy.js';
import { particleId, type Pair, type World } from './world.js';

/** Parts of ΔJ of the probe's changes, in nats. */
export interface DiscoveryProbe {
  /** Mean over the links of [entropy part]₊, and of [ΔJ]₊. */
  readonly link: { readonly directed: number; readonly deltaJ: number };
  /** The same of all leaves together. */
  readonly leaves: { readonly directed: number; readonly deltaJ: number };
}

export const PROBE_LEAVES = 100;
const PROBE_LINKS = 8;
/** A stream beyond those of players; see play.ts. */
const PROBE_STREAM = 60_000;

/** Runs the probe on a game. Costs ten solves. */
export async function probeDiscovery(
  settings: SimulationSettings,
  run: number,
  world: World,
  game: Game,
  backend: Backend,
): Promise<DiscoveryProbe> {
  const { seed, stake, particles, tolerance } = settings;
  const random = randomStream(seed, worldStream(run) + PROBE_STREAM);
  const epoch = Math.floor(settings.epochs / 2);
  const linked = game.graphs[epoch];
  const base = await solvedFocus(linked.graph, tolerance, backend);
  const measured = async (pairs: readonly Pair[]): Promise<DiscoveryProbe['link']> => {
    const change = axonChangesOf(linked, [adding('probe', staked(pairs, stake))]);
    const { measures } = await solveChanged(linked.graph, base, change, { tolerance }, backend);
    const { entropyPart, discoveryPart } = measures;
    return {
      directed: Math.max(0, entropyPart.value),
      deltaJ: Math.max(0, entropyPart.value + discoveryPart.value),
    };
  };
  const link = { directed: 0, deltaJ: 0 };
  for (let k = 0; k < PROBE_LINKS; k++) {
    const one = await measured([world.observe(epoch, random)]);
    link.directed += one.directed / PROBE_LINKS;
    link.deltaJ += one.deltaJ / PROBE_LINKS;
  }
  const leaves = await measured(
    Array.from({ length: PROBE_LEAVES }, (_, k) => ({
      from: `probe.${k}`,
      to: particleId(random.below(particles)),
    })),
  );
  return { link, leaves };
}
