// The research bench: what strategies earn under each reward function. Each strategy takes the same
// seat beside the same honest crowd, in a world of its own, with the same chance (`mixed`: all in
// one world). Every signal is scored alone, and every epoch pays the same emission.
// Results are a pure function of the settings: chance comes from streams of (seed, index), and no
// number depends on threads.

import { createHash } from 'node:crypto';
import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { randomStream } from '../base/random.js';
import type { NamedFocus } from '../rewards/closeness.js';
import type { RewardsOfOptions } from '../rewards/rewards-of.js';
import { findingsOf, type Finding } from './findings.js';
import { accrualOf, correlationsOf, entropyOf } from './diagnostics.js';
import type { Earned, Observation, RunDiagnostics } from './observation.js';
import { emissionOf, payoutsOf } from './payouts.js';
import { playGame, worldStream, type Game } from './play.js';
import { probeDiscovery } from './probe.js';
import { named, scoreGame, solvedFocus, type Measure, type ScoredEpoch } from './score.js';
import { resolveSettings, type SimulationSettings } from './settings.js';
import { STRATEGIES, strategyOf, type StrategyName } from './strategies.js';
import type { Strategy } from './strategy.js';
import { tableOf, type TableRow } from './table.js';
import { makeWorld, type World } from './world.js';

/** A simulation's result. */
export interface Simulation {
  readonly settings: SimulationSettings;
  readonly strategies: readonly { readonly name: StrategyName; readonly rule: string }[];
  readonly measures: readonly Measure[];
  readonly observations: readonly Observation[];
  readonly diagnostics: readonly RunDiagnostics[];
  readonly table: readonly TableRow[];
  readonly findings: readonly Finding[];
  /** By measure: the largest proven error of any reward; infinite where nothing is proven. */
  readonly errorBounds: Readonly<Record<string, number>>;
  /** Signals scored. */
  readonly signals: number;
  /** SHA-256 of the observations as JSON. */
  readonly digest: string;
}

/** How to run, which changes no number. */
export interface SimulationOptions {
  /** Strategies to try, default all; honest is always among them. */
  readonly strategies?: readonly StrategyName[] | undefined;
  /** The spectrum of a graph, needed where spectral-gap is among the functions. */
  readonly spectrum?: RewardsOfOptions['spectrum'];
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a simulation. Costs runs × strategies × epochs × (crowd + 1) solves of small graphs, about
 * a millisecond each. Throws FocusError `bad-parameter` for settings out of range.
 */
export async function simulate(
  given: Partial<SimulationSettings> = {},
  options: SimulationOptions = {},
  backend: Backend = openCpu({ threads: 1 }),
): Promise<Simulation> {
  const settings = resolveSettings(given);
  const wanted = new Set<string>(['honest', ...(options.strategies ?? STRATEGIES.map(nameOf))]);
  for (const name of wanted) strategyOf(name);
  const strategies = STRATEGIES.filter(({ name }) => wanted.has(name));
  const games = settings.runs * (settings.mixed ? 1 : strategies.length);
  const observations: Observation[] = [];
  const diagnostics: RunDiagnostics[] = [];
  const errorBounds: Record<string, number> = {};
  let signals = 0;
  let done = 0;
  for (let run = 0; run < settings.runs; run++) {
    const world = makeWorld(settings, randomStream(settings.seed, worldStream(run)));
    const truth = named(world.truth, await solvedFocus(world.truth, settings.tolerance, backend));
    const tables = settings.mixed ? [strategies] : strategies.map((one) => [one]);
    for (const seats of tables) {
      const game = playGame(settings, run, world, [...crowdOf(settings), ...seats]);
      const scored = await scoreGame(settings, game, { ...options, truth }, backend);
      for (const epoch of scored) addBounds(errorBounds, epoch);
      signals += game.epochs.reduce((sum, played) => sum + played.length, 0);
      observations.push(...observe(settings, run, game, scored, seats));
      if (seats[0].name === 'honest') {
        diagnostics.push(await diagnose(settings, run, world, game, scored, truth, backend));
      }
      options.onProgress?.(++done, games);
    }
  }
  const measures: Measure[] = [...settings.functions, 'accuracy'];
  const order = [...observations].sort((a, b) => a.run - b.run);
  const partial = { settings, strategies, measures, observations: order, diagnostics };
  return {
    ...partial,
    strategies: strategies.map(({ name, rule }) => ({ name, rule })),
    table: tableOf(order),
    findings: findingsOf(settings, order, diagnostics),
    errorBounds,
    signals,
    digest: createHash('sha256').update(JSON.stringify(order)).digest('hex'),
  };
}

function nameOf({ name }: (typeof STRATEGIES)[number]): StrategyName {
  return name;
}

function crowdOf({ crowd }: SimulationSettings): Strategy[] {
  return Array.from({ length: crowd }, () => strategyOf('honest'));
}

/** What each seat and the crowd did and got, by measure. */
function observe(
  settings: SimulationSettings,
  run: number,
  game: Game,
  scored: readonly ScoredEpoch[],
  seats: readonly { readonly name: StrategyName }[],
): Observation[] {
  const { crowd, functions } = settings;
  const players = game.players.length;
  return [...functions, 'accuracy' as const].flatMap((measure) => {
    const raw = new Float64Array(players);
    const paid = new Float64Array(players);
    scored.forEach(({ rewards }, epoch) => {
      const payouts = payoutsOf(rewards[measure], emissionOf(settings, game.epochs[epoch]));
      game.epochs[epoch].forEach(({ player }, k) => {
        raw[player] += rewards[measure][k];
        paid[player] += payouts[k];
      });
    });
    const earned = (first: number, end: number): Earned => {
      const sum = { raw: 0, paid: 0, emitted: 0, locked: 0 };
      for (let p = first; p < end; p++) {
        sum.raw += raw[p];
        sum.paid += paid[p];
        sum.emitted += game.stakes[p].emitted;
        sum.locked += game.stakes[p].locked;
      }
      return sum;
    };
    const shared = earned(0, crowd);
    return seats.map(({ name }, k) => ({
      run,
      strategy: name,
      measure,
      seat: earned(crowd + k, crowd + k + 1),
      crowd: shared,
    }));
  });
}

async function diagnose(
  settings: SimulationSettings,
  run: number,
  world: World,
  game: Game,
  scored: readonly ScoredEpoch[],
  truth: NamedFocus,
  backend: Backend,
): Promise<RunDiagnostics> {
  const entropyAt = async (epoch: number): Promise<number> => {
    const { phi } = await solvedFocus(game.graphs[epoch].graph, settings.tolerance, backend);
    return entropyOf(phi);
  };
  return {
    entropies: {
      truth: entropyOf(truth.values),
      first: await entropyAt(0),
      last: await entropyAt(settings.epochs),
    },
    probe: await probeDiscovery(settings, run, world, game, backend),
    correlations: correlationsOf(settings, game, scored),
    accrual: accrualOf(game),
  };
}

function addBounds(bounds: Record<string, number>, { errorBounds }: ScoredEpoch): void {
  for (const [name, bound] of Object.entries(errorBounds)) {
    bounds[name] = Math.max(bounds[name] ?? 0, bound);
  }
}
