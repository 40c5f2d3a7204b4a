// Rewards of many deltas of one graph in exact arithmetic, each as if it alone were applied, and of
// all together. Each changed graph is solved as a whole from the focus before, so every verifier has
// the same start and the same bits. A delta that changes no axon changes nothing.

import type { ExactBackend } from '../backend/exact.js';
import { alignUnits } from '../focus/exact/delta.js';
import { focusExact, type ExactFocus } from '../focus/exact/focus-exact.js';
import type { FocusOptions, Parameters } from '../focus/parameters.js';
import { changesBetween } from '../graph/axon-changes.js';
import { applyDelta } from '../graph/delta.js';
import type { Graph } from '../graph/graph.js';
import type { LinkedGraph } from '../graph/linked.js';
import type { Delta } from '../graph/signal.js';
import type { NamedValues } from './aligned.js';
import type { BlockDag } from './block-dag.js';
import { carryingBlocks, checkCarried } from './carrying-blocks.js';
import { compareFocusExact } from './closeness-exact.js';
import type { ExactNumber } from './exact-number.js';
import { measuresOfExact, type NamedExactFocus } from './measures.js';
import {
  evaluateRewardExact,
  neededInputs,
  type ExactReward,
  type RewardName,
  type RewardOptions,
} from './reward.js';
import type { RewardInputs } from './reward-function.js';

/** What exact rewards depend on, besides the deltas. */
export interface RewardsExactOptions {
  /** Options of the reward functions, by name. */
  readonly rewards?: RewardOptions | undefined;
  /** All deltas applied together; default: no joint rewards. */
  readonly joint?: Delta | undefined;
  /** A later focus in units of 2⁻⁶¹, for alignment; without it alignment is pending. */
  readonly checkpoint?: NamedValues<BigInt64Array> | undefined;
  /** Blocks that name the deltas by their index, for dag-weight. */
  readonly dag?: BlockDag | undefined;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Rewards of one delta, by function name. */
export interface ExactRewardsOfChange {
  readonly rewards: Readonly<Record<string, ExactReward>>;
  /** Whether the focus after meets the tolerance. */
  readonly converged: boolean;
  /** SHA-256 of the focus after; its header names the focus before as the start. */
  readonly digestAfter: string;
}

/** Rewards of every delta alone, in order, and of all together. */
export interface RewardsExact {
  readonly changes: readonly ExactRewardsOfChange[];
  readonly joint: ExactRewardsOfChange | null;
}

/**
 * Computes the rewards of each delta alone and, where `joint` is given, of all together; `before` is
 * what focusExact returned for the graph. Costs a warm solve and O(links) for each delta. Throws what
 * applyDelta throws, `bad-parameter` for functions without an exact form and inputs that one lacks.
 */
export async function rewardsExactOf(
  base: LinkedGraph,
  before: ExactFocus,
  deltas: readonly Delta[],
  functions: readonly RewardName[],
  options: RewardsExactOptions,
  backend: ExactBackend,
): Promise<RewardsExact> {
  neededInputs(functions, options.rewards);
  if (options.dag !== undefined) checkCarried(options.dag, deltas.length);
  const all = options.joint === undefined ? deltas : [...deltas, options.joint];
  const found: ExactRewardsOfChange[] = [];
  for (const [index, delta] of all.entries()) {
    options.signal?.throwIfAborted();
    const { graph } = applyDelta(base, delta).after;
    const after = await focusAfter(base.graph, before, graph, options.signal, backend);
    const inputs = inputsOf(
      { ids: base.graph.ids, exact: before.exact },
      { ids: graph.ids, exact: after.exact },
      options,
      index,
      deltas.length,
    );
    found.push({
      rewards: Object.fromEntries(
        functions.map((name) => [name, evaluateRewardExact(name, inputs, options.rewards)]),
      ),
      converged: after.converged,
      digestAfter: after.exact.digest,
    });
    options.onProgress?.(found.length, all.length);
  }
  return {
    changes: found.slice(0, deltas.length),
    joint: options.joint === undefined ? null : found[deltas.length],
  };
}

/** The focus of a changed graph; that before where no axon changed. */
async function focusAfter(
  graph: Graph,
  before: ExactFocus,
  after: Graph,
  signal: AbortSignal | undefined,
  backend: ExactBackend,
): Promise<ExactFocus> {
  const { parameters, tolerance, exact } = before;
  const sameUnit =
    parameters.reading !== 'reference-2026-07' || graph.largestStake === after.largestStake;
  if (sameUnit && changesBetween(graph, after).axons.length === 0) {
    return { ...before, exact: { ...exact, units: alignUnits(named(graph, exact), after.ids) } };
  }
  const units = alignUnits(named(graph, exact), after.ids);
  const start = units.some((value) => value > 0n) ? { units, name: exact.digest } : undefined;
  return focusExact(after, { ...given(parameters), tolerance, start, signal }, backend);
}

function named({ ids }: Graph, { units }: ExactFocus['exact']) {
  return { ids, units };
}

/** Parameters as options: only one reading takes a unit. */
function given({ unit, reading, ...rest }: Parameters): FocusOptions {
  return { ...rest, reading, ...(reading === 'focus-1-combinatorial' ? { unit: unit ?? 0 } : {}) };
}

function inputsOf(
  before: NamedExactFocus,
  after: NamedExactFocus,
  { checkpoint, dag }: RewardsExactOptions,
  index: number,
  count: number,
): RewardInputs<ExactNumber> {
  const values = ({ ids, exact }: NamedExactFocus) => ({ ids, values: exact.units });
  return {
    shift: measuresOfExact(before, after),
    focuses: compareFocusExact(values(before), values(after), checkpoint ?? null),
    blocks: dag === undefined ? undefined : { dag, blocks: carryingBlocks(dag, index, count) },
  };
}
