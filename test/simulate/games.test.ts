// Games: what each strategy may do and see, that stake is counted as it is locked, and that payouts
// are conserved.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { axonWeight } from '../../src/graph/change.js';
import { changesBetween } from '../../src/graph/axon-changes.js';
import type { Signal } from '../../src/graph/signal.js';
import { blockDag } from '../../src/rewards/block-dag.js';
import { blocksOf } from '../../src/simulate/blocks.js';
import { payoutsOf } from '../../src/simulate/payouts.js';
import { type Game, playGame, worldStream } from '../../src/simulate/play.js';
import { resolveSettings, type SimulationSettings } from '../../src/simulate/settings.js';
import { STRATEGIES, type StrategyName, strategyOf } from '../../src/simulate/strategies.js';
import { makeWorld, type World } from '../../src/simulate/world.js';

const SMALL = { particles: 36, clusters: 3, crowd: 4, epochs: 6, runs: 2 } as const;

interface Table {
  readonly settings: SimulationSettings;
  readonly world: World;
  readonly game: Game;
  /** Number of the seat's player. */
  readonly seat: number;
  /** Signals of the seat, by epoch. */
  readonly signals: readonly (readonly Signal[])[];
}

function play(name: StrategyName, seed = 1, crowd: number = SMALL.crowd): Table {
  const settings = resolveSettings({ ...SMALL, seed });
  const world = makeWorld(settings, randomStream(seed, worldStream(0)));
  const players = [...Array.from({ length: crowd }, () => strategyOf('honest')), strategyOf(name)];
  const game = playGame(settings, 0, world, players);
  const signals = game.epochs.map((played) =>
    played.filter(({ player }) => player === crowd).map(({ signal }) => signal),
  );
  return { settings, world, game, seat: crowd, signals };
}

const pairsOf = ({ links }: Signal): string[] =>
  links.map(({ from, to }) => `${from} ${to}`).sort();

describe('games', () => {
  it.each(STRATEGIES.map(({ name }) => name))(
    '%s changes nothing of what the crowd does, and stays within its stake',
    (name) => {
      const [own, honest] = [play(name), play('honest')];
      own.game.epochs.forEach((played, epoch) => {
        const crowd = (some: typeof played) => some.filter(({ player }) => player < own.seat);
        expect(crowd(played)).toEqual(crowd(honest.game.epochs[epoch]));
        const stake = own.signals[epoch]
          .flatMap(({ links }) => links)
          .reduce((sum, { amount }) => sum + amount, 0);
        const most = (name === 'whale' ? own.settings.whale : 1) * own.settings.stake;
        expect(stake).toBeLessThanOrEqual(most * (1 + 1e-12));
      });
    },
  );

  it('counts stake from the epoch it is emitted in until it is taken back, as a sum by hand', () => {
    for (const { name } of STRATEGIES) {
      const { game, seat, signals, settings } = play(name, 3);
      let [emitted, locked] = [0, 0];
      const open = new Map<string, number>();
      signals.forEach((some, epoch) => {
        for (const { neuron, links, remove } of some) {
          for (const { from, to } of remove) {
            const key = `${neuron} ${from} ${to}`;
            locked -= (settings.epochs - epoch) * (open.get(key) ?? NaN);
            open.delete(key);
          }
          for (const { from, to, amount } of links) {
            const key = `${neuron} ${from} ${to}`;
            emitted += amount;
            locked += (settings.epochs - epoch) * amount;
            open.set(key, (open.get(key) ?? 0) + amount);
          }
        }
      });
      expect(game.stakes[seat].emitted, name).toBeCloseTo(emitted, 6);
      expect(game.stakes[seat].locked, name).toBeCloseTo(locked, 6);
    }
  });

  it('an oscillator leaves the graph after two epochs as it was, and changes it in between', () => {
    for (const seed of [1, 2, 3]) {
      const { game } = play('oscillating', seed, 0);
      for (let epoch = 0; epoch + 2 < game.graphs.length; epoch += 2) {
        const [before, middle, after] = game.graphs.slice(epoch).map(({ graph }) => graph);
        expect(changesBetween(before, after)).toEqual({ added: 0, names: [], axons: [] });
        expect(after.particles).toBe(before.particles);
        expect(changesBetween(before, middle).axons.length).toBeGreaterThan(0);
      }
    }
  });

  it('a sybil makes the honest graph to the bit, under several names', () => {
    const [honest, sybil] = [play('honest'), play('sybil')];
    honest.game.graphs.forEach(({ graph }, epoch) => {
      const other = sybil.game.graphs[epoch].graph;
      expect(changesBetween(graph, other).axons).toEqual([]);
      expect(other.report.axons).toBe(graph.report.axons);
    });
    const names = new Set(sybil.signals.flat().map(({ neuron }) => neuron));
    expect(names.size).toBe(sybil.settings.identities);
    expect(sybil.game.stakes[sybil.seat]).toEqual(honest.game.stakes[honest.seat]);
  });

  it('the crowd does the same beside one seat and beside all', () => {
    const { settings, world, game, seat } = play('honest');
    const players = [...game.players, ...STRATEGIES.map(({ name }) => strategyOf(name))];
    const together = playGame(settings, 0, world, players);
    game.epochs.forEach((played, epoch) =>
      expect(together.epochs[epoch].filter(({ player }) => player <= seat)).toEqual(played),
    );
  });

  it('copying waits in the first epoch, then repeats one signal of another from the epoch before', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const { signals, game, seat } = play('copying', seed);
      expect(signals[0]).toEqual([]);
      signals.slice(1).forEach((some, k) => {
        expect(some).toHaveLength(1);
        const seen = game.epochs[k]
          .filter(({ player }) => player !== seat)
          .map(({ signal }) => pairsOf(signal));
        expect(seen).toContainEqual(pairsOf(some[0]));
      });
    }
  });

  it('late-confirming adds to axons that were among the strongest the epoch before', () => {
    const { signals, game } = play('late-confirming');
    expect(signals[0]).toEqual([]);
    signals.slice(1).forEach((some, k) => {
      const { graph } = game.graphs[k + 1];
      const weights = [...graph.axons.weights].sort((a, b) => b - a);
      for (const { from, to } of some[0].links) {
        const weight = axonWeight(graph, graph.ids.indexOf(from), graph.ids.indexOf(to));
        expect(weight).toBeGreaterThanOrEqual(weights[Math.floor(weights.length / 10) + 4]);
      }
    });
  });

  it('early-accurate links what is not disclosed yet while there is any, and favours the good', () => {
    let [mean, all, count] = [0, 0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const { signals, world } = play('early-accurate', seed, 0);
      const { quality, disclosure, clusterOf } = world;
      signals.forEach((some, epoch) => {
        for (const { from, to } of some[0].links) {
          const [p, q] = [from, to].map((id) => Number(id.slice(1)));
          expect(clusterOf[q]).toBe(clusterOf[p]);
          const hidden = [...disclosure.keys()].filter(
            (i) => clusterOf[i] === clusterOf[p] && i !== p && disclosure[i] > epoch,
          );
          if (hidden.length === 0) continue;
          expect(hidden).toContain(q);
          mean += quality[q];
          all += hidden.reduce((sum, i) => sum + quality[i], 0) / hidden.length;
          count++;
        }
      });
    }
    expect(count).toBeGreaterThan(200);
    expect(mean / count).toBeGreaterThan((1.2 * all) / count);
  });

  it('the crowd draws known particles by quality and unknown ones alike', () => {
    const settings = resolveSettings({ ...SMALL, noise: 0 });
    const world = makeWorld(settings, randomStream(5, 0));
    const random = randomStream(5, 1);
    const draws = 60_000;
    for (const epoch of [0, 2, settings.epochs]) {
      const counts = new Float64Array(settings.particles);
      const expected = new Float64Array(settings.particles);
      for (let k = 0; k < draws; k++) counts[Number(world.observe(epoch, random).to.slice(1))]++;
      const { quality, clusterOf, disclosure } = world;
      // Twelve particles a cluster have the mean quality (1 + 1/2 + … + 1/12)/12.
      const mean = Array.from({ length: 12 }, (_, k) => 1 / (k + 1) / 12).reduce((a, b) => a + b);
      const weight = (q: number): number => (disclosure[q] <= epoch ? quality[q] : mean);
      for (let p = 0; p < settings.particles; p++) {
        const others = [...clusterOf.keys()].filter(
          (q) => q !== p && clusterOf[q] === clusterOf[p],
        );
        const total = others.reduce((sum, q) => sum + weight(q), 0);
        for (const q of others) expected[q] += (draws / settings.particles) * (weight(q) / total);
      }
      // Five standard deviations of a Poisson count.
      counts.forEach((found, q) =>
        expect(Math.abs(found - expected[q])).toBeLessThan(5 * Math.sqrt(expected[q])),
      );
    }
  });

  it('spam and rings add particles of their own only', () => {
    const spam = play('spamming');
    for (const { from, to } of spam.signals.flat().flatMap(({ links }) => links)) {
      expect(from).toMatch(/^leaf/);
      expect(to).toMatch(/^p\d+$/);
    }
    const ring = play('ring');
    const members = ring.settings.identities;
    for (const some of ring.signals) {
      expect(some).toHaveLength(members);
      const pairs = some.flatMap(pairsOf);
      expect(new Set(pairs).size).toBe(members * (members - 1));
      expect(pairs.every((pair) => /^ring\d+\.\d ring\d+\.\d$/.test(pair))).toBe(true);
    }
  });

  it('blocks reference earlier epochs only, their own neuron and those who linked their particles', () => {
    for (const { name } of STRATEGIES) {
      const { game } = play(name);
      const blocks = blocksOf(game.epochs);
      expect(() => blockDag(blocks.flat())).not.toThrow();
      blocks.forEach((some, epoch) =>
        some.forEach(({ parents }, k) => {
          const { signal } = game.epochs[epoch][k];
          const touched = (s: Signal): string[] =>
            [...s.links, ...s.remove].flatMap(({ from, to }) => [from, to]);
          const own = new Set(touched(signal));
          for (const parent of parents) {
            const [e, j] = parent.split('.').map(Number);
            expect(e).toBeLessThan(epoch);
            const other = game.epochs[e][j].signal;
            const shares = touched(other).some((particle) => own.has(particle));
            expect(shares || other.neuron === signal.neuron).toBe(true);
          }
        }),
      );
    }
    // A copy references what it copied.
    const { game, signals } = play('copying');
    const blocks = blocksOf(game.epochs);
    signals.slice(1).forEach((some, k) => {
      const at = game.epochs[k + 1].findIndex(({ signal }) => signal === some[0]);
      const copied = game.epochs[k].findIndex(
        ({ signal }) => pairsOf(signal).join() === pairsOf(some[0]).join(),
      );
      expect(blocks[k + 1][at].parents).toContain(`${k}.${copied}`);
    });
  });
});

describe('payouts', () => {
  const rewards = fc.array(fc.double({ noNaN: true, min: -1e3, max: 1e3 }), { maxLength: 30 });

  it('sum to the emission, or to zero where nothing is positive; none is negative', () => {
    fc.assert(
      fc.property(rewards, fc.double({ noNaN: true, min: 1e-3, max: 1e9 }), (some, emission) => {
        const payouts = payoutsOf(some, emission);
        const sum = payouts.reduce((total, payout) => total + payout, 0);
        const isPaid = some.some((reward) => reward > 0);
        expect(Math.abs(sum - (isPaid ? emission : 0))).toBeLessThanOrEqual(1e-12 * emission);
        payouts.forEach((payout, k) => {
          expect(payout).toBeGreaterThanOrEqual(0);
          if (some[k] <= 0) expect(payout).toBe(0);
        });
      }),
    );
  });

  it('are in proportion to positive rewards, down to the least doubles', () => {
    expect(payoutsOf([3, -5, 1], 8)).toEqual([6, 0, 2]);
    expect(payoutsOf([5e-324, 5e-324], 8)).toEqual([4, 4]);
    expect(payoutsOf([-1, 0], 8)).toEqual([0, 0]);
    expect(payoutsOf([], 8)).toEqual([]);
  });
});
