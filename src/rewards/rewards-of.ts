// Rewards of many changes of one graph, each as if it alone were applied, and of all together.
// Shifts come from shiftsOf, near the change where that suffices; readings it does not know, and
// priors it cannot keep, are solved on the whole changed graph. Changes go in batches, so memory does
// not grow with their number.

import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { changedAxons } from '../focus/local/whole.js';
import { shiftsOf, type BaseFocus, type ShiftOptions } from '../focus/shifts.js';
import { checkChanges, type AxonChanges } from '../graph/change.js';
import type { Graph, WeightedGraph } from '../graph/graph.js';
import type { BlockDag } from './block-dag.js';
import { alignCheckpoint, type AlignedCheckpoint } from './checkpoint.js';
import type { NamedFocus } from './closeness.js';
import type { Interval } from './interval.js';
import { measuresOfShift } from './measures.js';
import {
  evaluateReward,
  neededInputs,
  type RewardName,
  type RewardOptions,
  type RewardResult,
} from './reward.js';
import type { RewardInput, RewardInputs, SpectrumMeasures } from './reward-function.js';
import { solveChanged, type SolvedChange } from './solve-changed.js';

/** A change, with the ids of its new particles where a checkpoint is compared. */
export interface RewardedChange extends AxonChanges {
  readonly names?: readonly string[] | undefined;
}

/** What rewards of changes depend on, besides the changes. */
export interface RewardsOfOptions {
  /** Options of the reward functions, by name. */
  readonly rewards?: RewardOptions | undefined;
  /** All changes applied together; default: no joint rewards. */
  readonly joint?: RewardedChange | undefined;
  /** L1 error of what a shift leaves out, in (0, 2]; default 1e-9. */
  readonly tolerance?: number | undefined;
  /** `local`: look near the changes only, and return what that proves. */
  readonly mode?: ShiftOptions['mode'];
  /** Columns of a block on the whole graph; default 8. */
  readonly columns?: number | undefined;
  /** A later focus, for alignment; without it alignment is pending. */
  readonly checkpoint?: NamedFocus | undefined;
  /** Blocks that name the changes by their index, for dag-weight. */
  readonly dag?: BlockDag | undefined;
  /** The spectrum of a graph, for spectral-gap. */
  readonly spectrum?: ((graph: WeightedGraph) => Promise<SpectrumMeasures<Interval>>) | undefined;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Rewards of one change, by function name. */
export interface RewardsOfChange {
  readonly rewards: Readonly<Record<string, RewardResult>>;
  /** Whether its shift meets the tolerance; true where no shift was needed. */
  readonly converged: boolean;
  /** What the shift leaves out, its part of the bound that the tolerance is about; 0 without one. */
  readonly leftOut: number;
}

/** Rewards of every change alone, in order, and of all together. */
export interface RewardsOf {
  readonly changes: readonly RewardsOfChange[];
  readonly joint: RewardsOfChange | null;
}

/** Changes whose shifts are kept at a time, where they list every particle they reach. */
const BATCH = 256;
/** A floor that lists no particle. */
const NOTHING = 1e300;

/**
 * Computes the rewards of each change alone and, where `joint` is given, of all together. Costs what
 * shiftsOf costs; spectral-gap a spectrum for each change, alignment O(particles) for each. Throws
 * `bad-input` for changes that do not fit the graph and blocks that name changes that are not there,
 * `bad-parameter` for options out of range and inputs that a function lacks. Not converging is a
 * result.
 */
export async function rewardsOf(
  graph: Graph,
  focus: BaseFocus,
  changes: readonly RewardedChange[],
  functions: readonly RewardName[],
  options: RewardsOfOptions = {},
  backend: Backend = openCpu(),
): Promise<RewardsOf> {
  const run = await openRun(graph, focus, changes.length, functions, options, backend);
  const all = options.joint === undefined ? changes : [...changes, options.joint];
  for (const each of all) checkChanges(graph, each);
  const found: RewardsOfChange[] = [];
  for (let first = 0; first < all.length; first += BATCH) {
    const batch = all.slice(first, first + BATCH);
    const shifts = await shiftInputs(run, batch, (done) =>
      options.onProgress?.(first + done, all.length),
    );
    for (const [k, change] of batch.entries()) {
      options.signal?.throwIfAborted();
      found.push(await rewardsOfOne(run, change, first + k, shifts?.[k]));
    }
    options.onProgress?.(found.length, all.length);
  }
  return {
    changes: found.slice(0, changes.length),
    joint: options.joint === undefined ? null : found[changes.length],
  };
}

/** What all changes share. */
interface Run {
  readonly graph: Graph;
  readonly focus: BaseFocus;
  /** How many changes there are besides the joint one. */
  readonly count: number;
  readonly functions: readonly RewardName[];
  readonly options: RewardsOfOptions;
  readonly backend: Backend;
  readonly needs: ReadonlySet<RewardInput>;
  readonly checkpoint: AlignedCheckpoint | null;
  readonly spectrumBefore: SpectrumMeasures<Interval> | null;
}

async function openRun(
  graph: Graph,
  focus: BaseFocus,
  count: number,
  functions: readonly RewardName[],
  options: RewardsOfOptions,
  backend: Backend,
): Promise<Run> {
  const needs = neededInputs(functions, options.rewards);
  const { checkpoint, dag, spectrum } = options;
  for (const index of dag?.blockOfSignal.keys() ?? []) {
    const block = (): string => String(dag?.ids[dag.blockOfSignal.get(index) ?? 0]);
    check(
      index < count,
      'bad-input',
      () => `block "${block()}": expected signals below ${count}, found signal ${index}`,
      'signals are counted from 0, in the order they were given',
    );
  }
  check(
    !needs.has('spectra') || spectrum !== undefined,
    'bad-parameter',
    () => 'reward spectral-gap: expected a way to compute spectra, found none',
  );
  const named = { ids: graph.ids, values: focus.phi, errorBound: focus.errorBound };
  return {
    graph,
    focus,
    count,
    functions,
    options,
    backend,
    needs,
    checkpoint:
      needs.has('focuses') && checkpoint !== undefined ? alignCheckpoint(named, checkpoint) : null,
    spectrumBefore: needs.has('spectra') ? ((await spectrum?.(graph)) ?? null) : null,
  };
}

/** A shift as rewards need it. */
interface ShiftInput extends Pick<RewardInputs<Interval>, 'shift'> {
  readonly compare: (
    checkpoint: AlignedCheckpoint,
    names: readonly string[],
  ) => RewardInputs<Interval>['focuses'];
  readonly converged: boolean;
  readonly leftOut: number;
}

/** The shifts of a batch; null where no function looks at one. */
async function shiftInputs(
  run: Run,
  batch: readonly RewardedChange[],
  onProgress: (done: number) => void,
): Promise<readonly ShiftInput[] | null> {
  const { graph, focus, needs, checkpoint, options, backend } = run;
  if (!needs.has('shift') && checkpoint === null) return null;
  const { tolerance, mode, columns, signal } = options;
  const { reading, prior } = focus.parameters;
  if ((reading === 'focus-1' || reading === 'pagerank') && typeof prior === 'string') {
    const floor = checkpoint === null ? NOTHING : 0;
    const settings = { tolerance, mode, columns, floor, signal, onProgress };
    const shifts = await shiftsOf(graph, focus, batch, settings, backend);
    return shifts.map((shift) => ({
      shift: measuresOfShift(shift),
      compare: (to, names) => to.compare(shift, names),
      converged: shift.converged,
      leftOut: shift.leftOut,
    }));
  }
  const solved: SolvedChange[] = [];
  for (const change of batch) {
    solved.push(await solveChanged(graph, focus, change, { tolerance, signal }, backend));
    onProgress(solved.length);
  }
  return solved.map(({ measures, after, errorBound, ...rest }) => ({
    shift: measures,
    compare: (to, names) => to.compareSolved(after, errorBound, names),
    ...rest,
  }));
}

async function rewardsOfOne(
  run: Run,
  change: RewardedChange,
  index: number,
  shift: ShiftInput | undefined,
): Promise<RewardsOfChange> {
  const { needs, checkpoint, functions, options, count } = run;
  const { dag, rewards = {} } = options;
  const inputs: RewardInputs<Interval> = {
    shift: shift?.shift,
    spectra: needs.has('spectra') ? await spectraOf(run, change) : undefined,
    focuses:
      checkpoint === null || shift === undefined
        ? { measure: null }
        : shift.compare(checkpoint, namesOf(change)),
    blocks: dag === undefined ? undefined : { dag, blocks: blocksOf(dag, index, count) },
  };
  return {
    rewards: Object.fromEntries(
      functions.map((name) => [name, evaluateReward(name, inputs, rewards)]),
    ),
    converged: shift?.converged ?? true,
    leftOut: shift?.leftOut ?? 0,
  };
}

async function spectraOf(
  run: Run,
  change: AxonChanges,
): Promise<RewardInputs<Interval>['spectra']> {
  const { graph, options, spectrumBefore: before } = run;
  if (before === null || options.spectrum === undefined) return undefined;
  if (change.axons.every((axon) => axon.before === axon.after)) return { before, after: before };
  const { axons, kept } = changedAxons(graph.axons, change);
  const { largestStake } = graph;
  return { before, after: await options.spectrum({ particles: kept.length, axons, largestStake }) };
}

function namesOf({ added, names = [] }: RewardedChange): readonly string[] {
  check(
    names.length === added,
    'bad-parameter',
    () => `alignment: expected the ids of ${added} new particles, found ${names.length}`,
    'a checkpoint is aligned by id; axonChangesOf gives them as names',
  );
  return names;
}

/** The block of a change; those of all changes for the joint one. */
function blocksOf(dag: BlockDag, index: number, count: number): readonly number[] {
  if (index === count) return [...new Set(dag.blockOfSignal.values())];
  const block = dag.blockOfSignal.get(index);
  return block === undefined ? [] : [block];
}
