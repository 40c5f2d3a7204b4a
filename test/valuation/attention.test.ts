// The attention yield curve: early links to what later matters must earn the most. Worlds of the
// research bench are played (hidden qualities, an honest crowd that learns them over time), every
// epoch is solved, and links are valued under every weighting that there is.

import { beforeAll, describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { applyDelta } from '../../src/graph/delta.js';
import type { LinkedGraph } from '../../src/graph/linked.js';
import { neuronId, playGame, worldStream, type Game } from '../../src/simulate/play.js';
import { solvedFocus } from '../../src/simulate/score.js';
import { resolveSettings } from '../../src/simulate/settings.js';
import { strategyOf } from '../../src/simulate/strategies.js';
import { makeWorld, particleId, type World } from '../../src/simulate/world.js';
import type { ValuedEpoch } from '../../src/valuation/epoch-view.js';
import { valueLinks, type Valuation } from '../../src/valuation/link-valuation.js';
import { SHARE_READINGS } from '../../src/valuation/shares.js';
import { WEIGHTINGS, type Weighting } from '../../src/valuation/weightings.js';

const SEEDS = [1, 2, 3, 4, 5, 6];
const CROWD = 8;
const EPOCHS = 10;
const [EARLY, LATE] = [neuronId(CROWD, 0), neuronId(CROWD + 1, 0)];

const ALL: readonly Weighting[] = [
  { name: 'constant', parameter: null },
  { name: 'exponential', parameter: 0.1 },
  { name: 'exponential', parameter: 0.5 },
  { name: 'half-life', parameter: 2 },
  { name: 'half-life', parameter: 10 },
  { name: 'own-weight', parameter: null },
];

interface Played {
  readonly world: World;
  readonly game: Game;
}

/** A game of the crowd, and of one who knows early and one who confirms late. */
function play(seed: number, seats: readonly string[]): Played {
  const settings = resolveSettings({ seed, epochs: EPOCHS, crowd: CROWD });
  const world = makeWorld(settings, randomStream(seed, worldStream(0)));
  const crowd = Array.from({ length: CROWD }, () => strategyOf('honest'));
  return { world, game: playGame(settings, 0, world, [...crowd, ...seats.map(strategyOf)]) };
}

async function solve(graphs: readonly LinkedGraph[]): Promise<ValuedEpoch[]> {
  const backend = openCpu({ threads: 1 });
  const views: ValuedEpoch[] = [];
  for (const [epoch, linked] of graphs.entries()) {
    const { phi, errorBound } = await solvedFocus(linked.graph, 1e-8, backend);
    views.push({ epoch, linked, phi: phi.slice(), errorBound });
  }
  backend.destroy();
  return views;
}

/** What a neuron's links earned, a link, and what of it focus does not prove. */
function perLink({ count, linkAt }: Valuation, neuron: string): { mean: number; bound: number } {
  let [sum, bound, links] = [0, 0, 0];
  for (let slot = 0; slot < count; slot++) {
    const link = linkAt(slot);
    if (link.neuron !== neuron) continue;
    sum += link.value;
    bound += link.errorBound ?? Infinity;
    links++;
  }
  return { mean: sum / links, bound: bound / links };
}

describe('on simulated growth', () => {
  const worlds: ValuedEpoch[][] = [];
  beforeAll(async () => {
    for (const seed of SEEDS) {
      worlds.push(await solve(play(seed, ['early-accurate', 'late-confirming']).game.graphs));
    }
  });

  it('every weighting is tried', () => {
    expect(new Set(ALL.map(({ name }) => name))).toEqual(new Set(Object.keys(WEIGHTINGS)));
  });

  it.each(ALL)(
    'early accurate links out-earn late confirming ones, $name $parameter',
    async (weighting) => {
      for (const share of SHARE_READINGS) {
        for (const [k, views] of worlds.entries()) {
          const options = { weighting, share, identity: 'row', curves: false } as const;
          const valuation = await valueLinks(views, options);
          const [early, late] = [perLink(valuation, EARLY), perLink(valuation, LATE)];
          // Beyond what focus is off by, and by far.
          expect(early.mean - early.bound, `seed ${SEEDS[k]}`).toBeGreaterThan(
            late.mean + late.bound,
          );
          expect(early.mean, `seed ${SEEDS[k]}`).toBeGreaterThan(2 * late.mean);
        }
      }
    },
  );
});

describe('on one axon of simulated growth', () => {
  it.each(SEEDS)(
    'the link that opens it early out-earns the one that confirms it late, seed %i',
    async (seed) => {
      const { world, game } = play(seed, []);
      // The best particle that the crowd learns of last, and one of its cluster that does not link it.
      const best = [...world.quality.keys()]
        .filter((i) => world.quality[i] === 1)
        .sort((a, b) => world.disclosure[b] - world.disclosure[a])[0];
      const { graph } = game.graphs[EPOCHS];
      const target = particleId(best);
      const isLinked = (p: number): boolean => {
        const { offsets, columns } = graph.axons;
        const [from, to] = [graph.ids.indexOf(particleId(p)), graph.ids.indexOf(target)];
        return columns.subarray(offsets[from], offsets[from + 1]).includes(to);
      };
      const source = [...world.clusterOf.keys()].find(
        (p) => p !== best && world.clusterOf[p] === world.clusterOf[best] && !isLinked(p),
      );
      expect(source).toBeDefined();
      const link = { from: particleId(source as number), to: target, amount: 60 };
      const added = (linked: LinkedGraph, neuron: string): LinkedGraph =>
        applyDelta(linked, [{ neuron, links: [link], remove: [], change: [] }]).after;
      const graphs = game.graphs.map((linked, epoch) => {
        const early = epoch === 0 ? linked : added(linked, 'early');
        return epoch < EPOCHS - 2 ? early : added(early, 'late');
      });
      const views = await solve(graphs);
      for (const weighting of ALL) {
        for (const share of SHARE_READINGS) {
          // The two links come last in every graph, so positions differ: they are told by occurrence.
          const options = { weighting, share, identity: 'occurrence', curves: false } as const;
          const valuation = await valueLinks(views, options);
          const [early, late] = [perLink(valuation, 'early'), perLink(valuation, 'late')];
          expect(early.mean - early.bound).toBeGreaterThan(late.mean + late.bound);
          expect(early.mean).toBeGreaterThan(0);
        }
      }
    },
  );
});
