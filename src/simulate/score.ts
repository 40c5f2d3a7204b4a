// Rewards of every signal of a game, each alone against the graph before its epoch, under every
// function. Alignment is settled with the focus after the last epoch, the weight in the DAG with the
// blocks of all epochs. Beside the functions stands a yardstick that none of them sees: how much
// closer a signal brought focus to that of the hidden truth.
// Every signal's graph is solved as a whole: on graphs of some hundred particles that is cheaper
// than looking near the change, and one solve serves both checkpoints.

import type { Backend } from '../backend/backend.js';
import { check } from '../base/errors.js';
import { eventTurn } from '../base/turn.js';
import { focus } from '../focus/focus.js';
import { changedAxons } from '../focus/local/whole.js';
import type { BaseFocus } from '../focus/shifts.js';
import { axonChangesOf, type NamedAxonChanges } from '../graph/axon-changes.js';
import type { Block } from '../graph/block.js';
import type { Graph } from '../graph/graph.js';
import { blockDag, type BlockDag } from '../rewards/block-dag.js';
import { alignCheckpoint } from '../rewards/checkpoint.js';
import type { NamedFocus } from '../rewards/closeness.js';
import type { Interval } from '../rewards/interval.js';
import {
  evaluateReward,
  neededInputs,
  type RewardName,
  type RewardOptions,
} from '../rewards/reward.js';
import type { RewardInputs, SpectrumMeasures } from '../rewards/reward-function.js';
import type { RewardsOfOptions } from '../rewards/rewards-of.js';
import { solveChanged } from '../rewards/solve-changed.js';
import { blocksOf } from './blocks.js';
import type { Game } from './play.js';
import type { SimulationSettings } from './settings.js';

/** What is measured of a signal: the functions that pay, and the yardstick. */
export type Measure = RewardName | 'accuracy';

/** Rewards of one epoch's signals. */
export interface ScoredEpoch {
  /** By measure: one number a signal, in the order they were played. */
  readonly rewards: Readonly<Record<string, readonly number[]>>;
  /** By measure: the largest proven error; infinite where nothing is proven. */
  readonly errorBounds: Readonly<Record<string, number>>;
}

/** What scoring needs besides the game. */
export interface ScoreOptions {
  /** The focus of the hidden truth. */
  readonly truth: NamedFocus;
  /** The spectrum of a graph, needed where spectral-gap is among the functions. */
  readonly spectrum?: RewardsOfOptions['spectrum'];
  readonly signal?: AbortSignal | undefined;
}

/** Options of the reward functions under these settings. */
export function rewardOptionsOf({ hybrid, discount }: SimulationSettings): RewardOptions {
  return {
    'dag-weight': { discount },
    hybrid: { weights: hybrid, dagWeight: { discount } },
  };
}

/** Solves the focus of a graph, four times as closely as shifts are to be. */
export async function solvedFocus(
  graph: Graph,
  tolerance: number,
  backend: Backend,
): Promise<BaseFocus> {
  const { parameters, phi, errorBound } = await focus(graph, { tolerance: tolerance / 4 }, backend);
  return { parameters, phi: phi.data, errorBound: errorBound ?? 2 };
}

/** A focus with the ids of its graph. */
export function named({ ids }: Graph, { phi, errorBound }: BaseFocus): NamedFocus {
  return { ids, values: phi, errorBound };
}

/**
 * Scores all epochs. Costs a solve for each graph and each signal. Throws `bad-parameter` where
 * spectral-gap is asked for without a way to compute spectra.
 */
export async function scoreGame(
  settings: SimulationSettings,
  game: Game,
  options: ScoreOptions,
  backend: Backend,
): Promise<ScoredEpoch[]> {
  const { graphs, epochs } = game;
  const focuses: BaseFocus[] = [];
  for (const { graph } of graphs) {
    focuses.push(await solvedFocus(graph, settings.tolerance, backend));
  }
  const last = graphs.length - 1;
  const checkpoint = named(graphs[last].graph, focuses[last]);
  const blocks = blocksOf(epochs);
  const scored: ScoredEpoch[] = [];
  for (const [epoch, played] of epochs.entries()) {
    const linked = graphs[epoch];
    const scorer = await openScorer(
      { settings, graph: linked.graph, focus: focuses[epoch], checkpoint, options },
      dagWith(blocks, epoch),
      backend,
    );
    const found: Scores[] = [];
    // Lets Ctrl-C and timers in.
    await eventTurn();
    for (const [k, { signal }] of played.entries()) {
      options.signal?.throwIfAborted();
      found.push(await scorer(axonChangesOf(linked, [signal]), k));
    }
    scored.push(gathered([...settings.functions, 'accuracy'], found));
  }
  return scored;
}

/** What signals of one epoch are scored against. */
export interface ScoreBase {
  readonly settings: SimulationSettings;
  readonly graph: Graph;
  readonly focus: BaseFocus;
  /** Settles alignment. */
  readonly checkpoint: NamedFocus;
  readonly options: ScoreOptions;
}

/** A measure of one change. */
export interface Score {
  readonly value: number;
  /** Infinite where nothing is proven. */
  readonly errorBound: number;
}

/** All measures of one change. */
export type Scores = Readonly<Record<string, Score>>;

/** Prepares an epoch: the checkpoints are aligned once. Returns what scores a change, signal k. */
export async function openScorer(
  { settings, graph, focus: before, checkpoint, options }: ScoreBase,
  dag: BlockDag,
  backend: Backend,
): Promise<(change: NamedAxonChanges, k: number) => Promise<Scores>> {
  const { functions, tolerance } = settings;
  const rewardOptions = rewardOptionsOf(settings);
  const spectrum = neededInputs(functions, rewardOptions).has('spectra') ? options.spectrum : null;
  check(
    spectrum !== undefined,
    'bad-parameter',
    () => 'simulate: spectral-gap expects a way to compute spectra, found none',
    'leave spectral-gap out of the functions, or give `spectrum`',
  );
  const spectrumBefore = spectrum === null ? null : await spectrum(graph);
  const [settled, truth] = [checkpoint, options.truth].map((later) =>
    alignCheckpoint(named(graph, before), later),
  );
  const { signal } = options;
  return async (change, k) => {
    const solved = await solveChanged(graph, before, change, { tolerance, signal }, backend);
    const { measures, after, errorBound } = solved;
    const block = dag.blockOfSignal.get(k);
    const inputs: RewardInputs<Interval> = {
      shift: measures,
      focuses: settled.compareSolved(after, errorBound, change.names),
      blocks: { dag, blocks: block === undefined ? [] : [block] },
      spectra:
        spectrum === null || spectrumBefore === null
          ? undefined
          : { before: spectrumBefore, after: await spectrumAfter(graph, change, spectrum) },
    };
    const yardstick = { focuses: truth.compareSolved(after, errorBound, change.names) };
    const rewards = functions.map((name) => evaluateReward(name, inputs, rewardOptions));
    const accuracy = { ...evaluateReward('alignment', yardstick), name: 'accuracy' };
    return Object.fromEntries(
      [...rewards, accuracy].map(({ name, value, errorBound: bound }) => {
        check(
          value !== null && Number.isFinite(value),
          'failure',
          () => `simulate: expected a finite reward ${name}, found ${String(value)}`,
        );
        return [name, { value, errorBound: bound ?? Infinity }];
      }),
    );
  };
}

function spectrumAfter(
  { axons: before, largestStake }: Graph,
  change: NamedAxonChanges,
  spectrum: NonNullable<RewardsOfOptions['spectrum']>,
): Promise<SpectrumMeasures<Interval>> {
  const { axons, kept } = changedAxons(before, change);
  return spectrum({ particles: kept.length, axons, largestStake });
}

function gathered(measures: readonly string[], found: readonly Scores[]): ScoredEpoch {
  const rewards: Record<string, number[]> = {};
  const errorBounds: Record<string, number> = {};
  for (const name of measures) {
    rewards[name] = found.map((scores) => scores[name].value);
    errorBounds[name] = found.reduce((most, scores) => Math.max(most, scores[name].errorBound), 0);
  }
  return { rewards, errorBounds };
}

/** The DAG of all blocks, in which those of one epoch carry its signals. */
function dagWith(blocks: readonly (readonly Block[])[], epoch: number): BlockDag {
  return blockDag(
    blocks.flatMap((some, e) =>
      e === epoch ? some.map((block, k) => ({ ...block, signals: [k] })) : some,
    ),
  );
}
