// Whole simulations: the same bits from the same seed, rewards that agree with the ordinary way of
// computing them, payouts that are conserved, and the signs of the headline findings.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { axonChangesOf } from '../../src/graph/axon-changes.js';
import { blockDag } from '../../src/rewards/block-dag.js';
import { rewardsOf } from '../../src/rewards/rewards-of.js';
import { blocksOf } from '../../src/simulate/blocks.js';
import type { Finding } from '../../src/simulate/findings.js';
import { playGame, worldStream } from '../../src/simulate/play.js';
import { named, rewardOptionsOf, scoreGame, solvedFocus } from '../../src/simulate/score.js';
import { resolveSettings, type SimulationSettings } from '../../src/simulate/settings.js';
import { simulate, type Simulation } from '../../src/simulate/simulate.js';
import { STRATEGIES, strategyOf } from '../../src/simulate/strategies.js';
import { makeWorld } from '../../src/simulate/world.js';

const ISOLATED = ['delta-norm', 'syntropy', 'alignment'] as const;
const TINY = { particles: 24, clusters: 2, crowd: 2, epochs: 4, runs: 2, leaves: 5 } as const;

/** Payouts of each game and measure are stakes of whole players; under delta-norm of all who act. */
function expectConserved({ observations, settings, strategies }: Simulation): void {
  const { crowd: honest, epochs, stake, mixed } = settings;
  const games = new Map<string, number>();
  const crowds = new Map<string, number>();
  for (const { run, strategy, measure, seat, crowd } of observations) {
    const key = `${run} ${mixed ? 'all' : strategy} ${measure}`;
    games.set(key, (games.get(key) ?? 0) + seat.paid);
    crowds.set(key, crowd.paid);
  }
  for (const [key, paid] of games) {
    const [, seat, measure] = key.split(' ');
    const stakes = (paid + (crowds.get(key) ?? NaN)) / stake;
    expect(Math.abs(stakes - Math.round(stakes)), key).toBeLessThan(1e-9);
    const waits = mixed ? 2 : Number(seat === 'copying' || seat === 'late-confirming');
    const most = epochs * (honest + (mixed ? strategies.length : 1)) - waits;
    expect(Math.round(stakes), key).toBeLessThanOrEqual(most);
    if (measure === 'delta-norm') expect(Math.round(stakes), key).toBe(most);
  }
}

describe('a simulation', () => {
  it('gives the same bits for a seed whatever the threads, and others for another seed', async () => {
    const names = ['late-confirming', 'copying', 'oscillating', 'sybil'] as const;
    const run = async (seed: number, threads: number): Promise<Simulation> => {
      const backend = openCpu({ threads });
      return simulate({ ...TINY, runs: 1, seed }, { strategies: names }, backend);
    };
    const [one, two, other] = [await run(4, 1), await run(4, 2), await run(5, 1)];
    expect(two.observations).toEqual(one.observations);
    expect(two.findings).toEqual(one.findings);
    expect(two.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
    expectConserved(one);
  });

  it('conserves payouts with all strategies in one world', async () => {
    const found = await simulate({ ...TINY, mixed: true });
    expectConserved(found);
    expect(found.strategies).toHaveLength(STRATEGIES.length);
    expect(found.observations).toHaveLength(TINY.runs * STRATEGIES.length * found.measures.length);
  });

  it('leaves one strategy as it is when others are left out', async () => {
    const all = await simulate({ ...TINY, runs: 1 }, { strategies: ['copying', 'ring'] });
    const few = await simulate({ ...TINY, runs: 1 }, { strategies: ['ring'] });
    const ring = ({ observations }: Simulation) =>
      observations.filter(({ strategy }) => strategy === 'ring');
    expect(ring(few)).toEqual(ring(all));
    expect(few.strategies.map(({ name }) => name)).toEqual(['honest', 'ring']);
  });

  it('scores signals as shifts near the change do, within both bounds', async () => {
    const settings = resolveSettings({ ...TINY, seed: 8 });
    const backend = openCpu({ threads: 1 });
    const world = makeWorld(settings, randomStream(8, worldStream(0)));
    const game = playGame(
      settings,
      0,
      world,
      STRATEGIES.map(({ name }) => strategyOf(name)),
    );
    const truth = named(world.truth, await solvedFocus(world.truth, 1e-9, backend));
    const scored = await scoreGame(settings, game, { truth }, backend);
    const last = game.graphs[game.graphs.length - 1].graph;
    const checkpoint = named(last, await solvedFocus(last, 1e-9, backend));
    for (const epoch of [0, 3]) {
      const linked = game.graphs[epoch];
      const played = game.epochs[epoch];
      const blocks = blocksOf(game.epochs).flatMap((some, e) =>
        some.map((block, k) => ({ ...block, signals: e === epoch ? [k] : [] })),
      );
      const { changes } = await rewardsOf(
        linked.graph,
        await solvedFocus(linked.graph, 1e-9, backend),
        played.map(({ signal }) => axonChangesOf(linked, [signal])),
        settings.functions,
        { rewards: rewardOptionsOf(settings), checkpoint, dag: blockDag(blocks), tolerance: 1e-8 },
        backend,
      );
      changes.forEach(({ rewards }, k) => {
        for (const name of settings.functions) {
          const { value, errorBound } = rewards[name];
          const slack = (errorBound ?? Infinity) + scored[epoch].errorBounds[name] + 1e-12;
          const distance = Math.abs(scored[epoch].rewards[name][k] - (value ?? NaN));
          expect(distance, `${name} of signal ${k}`).toBeLessThanOrEqual(slack);
          expect(slack).toBeLessThan(1e-4);
        }
      });
    }
  });

  it('pays spectral-gap where a way to compute spectra is given, and says so where none is', async () => {
    const settings: Partial<SimulationSettings> = {
      ...TINY,
      runs: 1,
      functions: ['spectral-gap', 'delta-norm'],
    };
    await expect(simulate(settings)).rejects.toMatchObject({ code: 'bad-parameter' });
    const exactly = (value: number) => ({ value, lower: value, upper: value });
    // The number of axons stands for an eigenvalue: a signal that opens axons gets less than one
    // that takes them away.
    const found = await simulate(settings, {
      strategies: ['oscillating'],
      spectrum: ({ axons }) => {
        const count = exactly(axons.offsets[axons.offsets.length - 1]);
        return Promise.resolve({ lambda2R: count, lambda2Diffusion: count, fiedler: count });
      },
    });
    const gap = found.observations.filter(({ measure }) => measure === 'spectral-gap');
    for (const { strategy, seat } of gap) {
      if (strategy === 'oscillating') expect(seat.raw).toBeLessThanOrEqual(0);
      else expect(seat.raw).toBeLessThan(-4);
      expect(Number.isInteger(seat.raw)).toBe(true);
    }
    expect(found.findings.map(({ id }) => id)).not.toContain('spectral-gap');
  });

  it('refuses settings out of range, naming them', async () => {
    for (const [name, value] of [
      ['epochs', 1],
      ['noise', 1],
      ['crowd', 2.5],
      ['stake', 0],
      ['clusters', 900],
      ['functions', []],
    ] as const) {
      await expect(simulate({ [name]: value })).rejects.toMatchObject({
        code: 'bad-parameter',
        message: expect.stringContaining(name) as string,
      });
    }
  });
});

describe('findings', { timeout: 120_000 }, () => {
  const settings = { particles: 36, clusters: 3, crowd: 3, epochs: 6, runs: 2 } as const;
  const results = new Map<number, Promise<Simulation>>();
  const resultOf = (seed: number): Promise<Simulation> => {
    const found =
      results.get(seed) ??
      simulate(
        { ...settings, seed },
        {
          strategies: ['early-accurate', 'late-confirming', 'oscillating', 'spamming', 'sybil'],
        },
      );
    results.set(seed, found);
    return found;
  };
  const finding = ({ findings }: Simulation, id: string): Finding => {
    const found = findings.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no finding ${id}`);
    return found;
  };

  it.each([1, 2, 3, 4])('come out with the sign they are told with, seed %d', async (seed) => {
    const result = await resultOf(seed);
    const value = (id: string): number => finding(result, id).estimate?.value ?? NaN;
    // The oscillator gets as much for taking away as for adding.
    expect(value('delta-norm-oscillation-emitted')).toBeGreaterThan(1.3);
    expect(value('delta-norm-oscillation-locked')).toBeGreaterThan(3);
    expect(value('alignment-early-late')).toBeGreaterThan(1);
    expect(value('discovery-leaves')).toBeGreaterThan(10);
    expect(value('directed-leaves')).toBeLessThan(1);
    expect(value('hybrid-spamming')).toBeGreaterThan(1);
    expect(value('dag-weight-sybil')).toBeGreaterThan(1.5);
    expect(value('dag-weight-slow')).toBeLessThan(0.5);
    expect(value('alignment-accuracy')).toBeGreaterThan(0);
    expect(finding(result, 'costs').verdict).toBe('not measured');
  });

  it('have a verdict that their own interval gives', async () => {
    const { findings } = await resultOf(1);
    for (const { verdict, estimate, threshold, side } of findings) {
      if (estimate === null || estimate.margin === null) continue;
      const [low, high] = [estimate.value - estimate.margin, estimate.value + estimate.margin];
      if (verdict === 'holds')
        expect(side === 'above' ? low : -high).toBeGreaterThan(
          side === 'above' ? threshold : -threshold,
        );
      else if (verdict === 'fails')
        expect(side === 'above' ? -high : low).toBeGreaterThan(
          side === 'above' ? -threshold : threshold,
        );
      else {
        expect(low).toBeLessThanOrEqual(threshold);
        expect(high).toBeGreaterThanOrEqual(threshold);
      }
    }
  });

  it('hold of one oscillator alone: what it takes back sums to nothing, but under delta-norm', async () => {
    const alone = resolveSettings({ ...settings, seed: 6, functions: ISOLATED });
    const backend = openCpu({ threads: 1 });
    const world = makeWorld(alone, randomStream(6, worldStream(0)));
    const game = playGame(alone, 0, world, [strategyOf('oscillating')]);
    const truth = named(world.truth, await solvedFocus(world.truth, 1e-9, backend));
    const scored = await scoreGame(alone, game, { truth }, backend);
    for (let epoch = 0; epoch < alone.epochs; epoch += 2) {
      const [added, removed] = [scored[epoch], scored[epoch + 1]].map(({ rewards }) => rewards);
      for (const name of [...ISOLATED, 'accuracy']) {
        const slack = scored[epoch].errorBounds[name] + scored[epoch + 1].errorBounds[name];
        const sum = added[name][0] + removed[name][0];
        if (name !== 'delta-norm') expect(Math.abs(sum), name).toBeLessThanOrEqual(slack);
        else expect(Math.abs(sum - 2 * added[name][0])).toBeLessThanOrEqual(slack);
        expect(Math.abs(added[name][0]), name).toBeGreaterThan(10 * slack);
      }
    }
  });
});
