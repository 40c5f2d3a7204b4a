// Rewards of many changes of one graph, each as if it alone were applied, and of all together.
// Shifts come from shiftsOf, near the change where that suffices; readings it does not know, and
// priors it cannot keep, are solved on the whole changed graph. Changes go in batches, so memory does
// not grow with their number.

import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { changedAxons } from '../focus/local/whole.js';
import { openShifts, type BaseFocus, type ShiftOptions } from '../focus/shifts.js';
import { checkChanges, type AxonChanges } from '../graph/change.js';
import type { Graph, WeightedGraph } from '../graph/graph.js';
import type { BlockDag } from './block-dag.js';
import { carryingBlocks, checkCarried } from './carrying-blocks.js';
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
import { solveChanged, type PriorAfter } from './solve-changed.js';

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
  /** Arcs to follow near a change; default: those of the graph, and at least a million. */
  readonly mostArcs?: number | undefined;
  /** Columns of a block on the whole graph; default 8. */
  readonly columns?: number | undefined;
  /** Which changes to reward, by index; default: all. In mode `local` that changes no bit. */
  readonly only?: readonly number[] | undefined;
  /** A later focus, for alignment; without it alignment is pending. */
  readonly checkpoint?: NamedFocus | undefined;
  /** Blocks that name the changes by their index, for dag-weight. */
  readonly dag?: BlockDag | undefined;
  /** The prior of a changed graph, where that before has one weight per particle. */
  readonly priorAfter?: PriorAfter | undefined;
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

/** Rewards of every change alone, in the order asked, and of all together. */
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
  const all = options.joint === undefined ? changes : [...changes, options.joint];
  for (const each of all) checkChanges(graph, each);
  const run = await openRun(graph, focus, all, changes.length, functions, options, backend);
  const wanted = [...(options.only ?? changes.keys()), ...(options.joint ? [changes.length] : [])];
  const found: RewardsOfChange[] = [];
  try {
    for (let first = 0; first < wanted.length; first += BATCH) {
      const batch = wanted.slice(first, first + BATCH);
      const shifts = await run.shifts?.of(batch, (done) =>
        options.onProgress?.(first + done, wanted.length),
      );
      for (const [k, index] of batch.entries()) {
        options.signal?.throwIfAborted();
        found.push(await rewardsOfOne(run, all[index], index, shifts?.[k]));
      }
      options.onProgress?.(found.length, wanted.length);
    }
  } finally {
    run.shifts?.destroy();
  }
  const joint = options.joint === undefined ? null : (found.pop() ?? null);
  return { changes: found, joint };
}

/** What all changes share. */
interface Run {
  readonly graph: Graph;
  readonly focus: BaseFocus;
  /** How many changes there are besides the joint one. */
  readonly count: number;
  readonly functions: readonly RewardName[];
  readonly options: RewardsOfOptions;
  readonly needs: ReadonlySet<RewardInput>;
  /** Null where no function looks at a shift. */
  readonly shifts: ShiftInputs | null;
  readonly checkpoint: AlignedCheckpoint | null;
  readonly spectrumBefore: SpectrumMeasures<Interval> | null;
}

async function openRun(
  graph: Graph,
  focus: BaseFocus,
  all: readonly RewardedChange[],
  count: number,
  functions: readonly RewardName[],
  options: RewardsOfOptions,
  backend: Backend,
): Promise<Run> {
  const needs = neededInputs(functions, options.rewards);
  const { checkpoint, dag, spectrum } = options;
  if (dag !== undefined) checkCarried(dag, count);
  check(
    !needs.has('spectra') || spectrum !== undefined,
    'bad-parameter',
    () => 'reward spectral-gap: expected a way to compute spectra, found none',
  );
  const named = { ids: graph.ids, values: focus.phi, errorBound: focus.errorBound };
  const compared =
    needs.has('focuses') && checkpoint !== undefined ? alignCheckpoint(named, checkpoint) : null;
  const looks = needs.has('shift') || compared !== null;
  return {
    graph,
    focus,
    count,
    functions,
    options,
    needs,
    shifts: looks ? await openShiftInputs(graph, focus, all, compared, options, backend) : null,
    checkpoint: compared,
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

/** Shifts of changes by index; `destroy` frees what they share. */
interface ShiftInputs {
  of(indices: readonly number[], onProgress: (done: number) => void): Promise<ShiftInput[]>;
  destroy(): void;
}

async function openShiftInputs(
  graph: Graph,
  focus: BaseFocus,
  all: readonly RewardedChange[],
  checkpoint: AlignedCheckpoint | null,
  { tolerance, mode, mostArcs, columns, priorAfter, signal }: RewardsOfOptions,
  backend: Backend,
): Promise<ShiftInputs> {
  const { reading, prior } = focus.parameters;
  if ((reading === 'focus-1' || reading === 'pagerank') && typeof prior === 'string') {
    const floor = checkpoint === null ? NOTHING : 0;
    const settings = { tolerance, mode, mostArcs, columns, floor, signal };
    const shifts = await openShifts(graph, focus, all, settings, backend);
    return {
      of: async (indices, onProgress) =>
        (await shifts.of(indices, onProgress)).map((shift) => ({
          shift: measuresOfShift(shift),
          compare: (to, names) => to.compare(shift, names),
          converged: shift.converged,
          leftOut: shift.leftOut,
        })),
      destroy: () => shifts.destroy(),
    };
  }
  const solveOne = async (change: RewardedChange): Promise<ShiftInput> => {
    const settings = { tolerance, priorAfter, signal };
    const solved = await solveChanged(graph, focus, change, settings, backend);
    const { measures, after, errorBound, converged, leftOut } = solved;
    return {
      shift: measures,
      compare: (to, names) => to.compareSolved(after, errorBound, names),
      converged,
      leftOut,
    };
  };
  return {
    of: async (indices, onProgress) => {
      const solved: ShiftInput[] = [];
      for (const index of indices) {
        solved.push(await solveOne(all[index]));
        onProgress(solved.length);
      }
      return solved;
    },
    destroy: () => undefined,
  };
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
    blocks: dag === undefined ? undefined : { dag, blocks: carryingBlocks(dag, index, count) },
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
