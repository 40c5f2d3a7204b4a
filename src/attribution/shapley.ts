// Shapley shares of a game by sampling: players × estimator × control variate × stopping rule, each a
// part of its own. Values are integers, replicates are pure functions of their index, and their
// estimates are summed as integers: batches, workers, resumed runs, all give the same bits.
//   share_i = mean over replicates of estimate_i        Σ share_i = v(N), exactly

import { createHash } from 'node:crypto';
import { check, invariant } from '../base/errors.js';
import {
  efficiencyGap,
  emptyAccumulator,
  sharesOf,
  varianceOf,
  withReplicate,
  type Accumulator,
} from './accumulator.js';
import type { ControlVariate } from './control-variate.js';
import {
  DEFAULT_ESTIMATOR,
  estimatorOf,
  groupFor,
  type EstimatorName,
} from './estimators/estimators.js';
import { VALUE_ONE, type Game } from './game.js';
import { halfWidthOf, type IntervalOptions } from './intervals.js';
import { orderingStream, type Draw } from './orderings.js';
import {
  estimateOf,
  finishReplicates,
  grandChain,
  worst,
  type FinishedReplicate,
  type ReplicateSource,
} from './replicates.js';
import { evaluationsOf, openStopping, type Stopping, type StoppingRule } from './stopping.js';

/** How to sample. */
export interface ShapleyOptions extends Draw, IntervalOptions {
  readonly stopping: Stopping;
  /** Default: DEFAULT_ESTIMATOR. */
  readonly estimator?: EstimatorName | undefined;
  readonly control?: ControlVariate | undefined;
  /** Members of a replicate; default: the most of which five replicates fit the budget, or 16. */
  readonly group?: number | undefined;
  /** What an earlier run had done. */
  readonly resume?: ShapleyProgress | undefined;
  /** Called once, before any replicate, with v(N). */
  readonly onStart?: ((start: ShapleyProgress) => void | Promise<void>) | undefined;
  /** Called with each replicate as it is finished, in whatever order: write it down to resume. */
  readonly onReplicate?: ((done: FinishedReplicate) => void | Promise<void>) | undefined;
  /**
   * `of` is null where nothing says how many there will be; `widest` is the widest interval so far,
   * null below two replicates.
   */
  readonly onProgress?:
    ((done: number, of: number | null, widest: number | null) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What of a run is done, as data for a checkpoint. */
export interface ShapleyProgress {
  /** All that a replicate depends on besides its index and the game. */
  readonly key: string;
  /** v(N) in units, decimal, and its proven error. */
  readonly grand: string;
  readonly grandErrorBound: number | null;
  readonly replicates: readonly FinishedReplicate[];
}

/** The share of one player. */
export interface PlayerShare {
  readonly player: number;
  /** In units of 2⁻⁶¹, and in 1. */
  readonly units: bigint;
  readonly share: number;
  /** From the spread between replicates; null below two. */
  readonly standardError: number | null;
  /** Ends of the confidence interval, in 1; null below two replicates. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Shares, and what stands behind them. */
export interface ShapleyResult {
  readonly players: readonly PlayerShare[];
  /** v(N) = Σ shares, in units and in 1. */
  readonly totalUnits: bigint;
  readonly total: number;
  /** Σ of the exact estimates − v(N), over replicates · denominator: 0 for complete orderings. */
  readonly efficiencyGap: bigint;
  readonly estimator: EstimatorName;
  readonly isUnbiased: boolean;
  readonly control: string | null;
  readonly group: number;
  readonly confidence: number;
  readonly method: 'student' | 'bernstein';
  readonly replicates: number;
  readonly orderings: number;
  /** Values asked for: v(N) once, those of replicates, and what the control variate cost. */
  readonly evaluations: number;
  /** The largest proven error of a value, in 1; null where one has none. */
  readonly errorBound: number | null;
  /** Whether the stopping rule was met; false for a width that was not reached in time. */
  readonly reached: boolean;
  /** The sums themselves, to be merged with others. */
  readonly sums: Accumulator;
}

const ONE = Number(VALUE_ONE);

/**
 * Samples the Shapley shares of a game. Throws `bad-parameter` for options out of range, `mismatch`
 * where `resume` is of another run, and what the game throws; an abort throws its reason, after
 * which what `onReplicate` was given can be resumed.
 */
export async function shapleyOf(game: Game, options: ShapleyOptions): Promise<ShapleyResult> {
  const { players } = game;
  const { stopping, control = null, signal } = options;
  check(
    Number.isInteger(players) && players >= 1,
    'bad-parameter',
    () => `shapley: expected a game of one player at least, found ${players}`,
  );
  check(
    control === null || control.players === players,
    'mismatch',
    () => `control variate: expected ${players} players, found ${control?.players}`,
  );
  orderingStream(options, 0);
  halfWidthOf(0, 2, options);
  const estimator = estimatorOf(options.estimator ?? DEFAULT_ESTIMATOR);
  const budget = evaluationsOf(stopping, players);
  const plan = estimator.plan(players, options.group ?? groupFor(estimator, players, budget));
  const key = keyOf(options, estimator.name, plan.group, players);
  const start = await startOf(game, key, options);
  const source: ReplicateSource = {
    game,
    plan,
    draw: options,
    control,
    grand: BigInt(start.grand),
    signal,
  };
  const rule = openStopping(stopping, plan);
  const { sums, errorBound, reached } = await collect(source, rule, start, options);
  const { replicates } = sums;
  const evaluations = 1 + replicates * plan.evaluations + (control?.evaluations ?? 0);
  return {
    ...sharesAndIntervals(sums, source, options),
    estimator: estimator.name as EstimatorName,
    isUnbiased: estimator.isUnbiased,
    control: control?.name ?? null,
    group: plan.group,
    confidence: options.confidence ?? 0.95,
    method: options.method ?? 'student',
    replicates,
    orderings: replicates * plan.orderings,
    evaluations,
    errorBound,
    reached,
    sums,
  };
}

function keyOf(
  { beacon, cluster, control }: ShapleyOptions,
  estimator: string,
  group: number,
  players: number,
): string {
  const parts = [`estimator ${estimator}`, `group ${group}`, `players ${players}`];
  parts.push(`beacon ${beacon.toLowerCase()}`, `cluster ${cluster}`);
  if (control !== undefined) {
    const shares = createHash('sha256').update(control.shares.join()).digest('hex');
    parts.push(`control ${control.name} ${shares.slice(0, 16)}`);
  }
  return parts.join(', ');
}

/** v(N), and what an earlier run had done. */
async function startOf(
  game: Game,
  key: string,
  { resume, onStart, signal }: ShapleyOptions,
): Promise<ShapleyProgress> {
  if (resume !== undefined) {
    check(
      resume.key === key,
      'mismatch',
      () => `resume: expected a run of "${key}", found "${resume.key}"`,
      'resume with the options the run was started with, or start it anew',
    );
    check(/^-?\d+$/.test(resume.grand), 'bad-input', () => `resume: "${resume.grand}" is no v(N)`);
    return resume;
  }
  let start: ShapleyProgress | null = null;
  for await (const { values, errorBound } of game.walk([grandChain(game.players)], signal))
    start = { key, grand: String(values[0]), grandErrorBound: errorBound, replicates: [] };
  invariant(start !== null, 'a game values the chain it was given');
  await onStart?.(start);
  return start;
}

interface Collected {
  readonly sums: Accumulator;
  readonly errorBound: number | null;
  readonly reached: boolean;
}

/** Does replicates until the rule is met; those that an earlier run did are not done again. */
async function collect(
  source: ReplicateSource,
  rule: StoppingRule,
  start: ShapleyProgress,
  options: ShapleyOptions,
): Promise<Collected> {
  const { players, denominator } = source.plan;
  const most = rule.mostReplicates;
  const earlier = new Map(start.replicates.map((each) => [each.index, each]));
  let sums = emptyAccumulator(players, denominator);
  let errorBound = start.grandErrorBound;
  const add = (done: FinishedReplicate): void => {
    sums = withReplicate(sums, estimateOf(done, players));
    errorBound = worst(errorBound, done.errorBound);
    if (options.onProgress === undefined) return;
    const of = most < Number.MAX_SAFE_INTEGER ? most : null;
    options.onProgress(sums.replicates, of, widestOf(widthsOf(sums, source, options)));
  };
  for (let from = 0, end = 0; ; from = end) {
    end = rule.round === null ? most : Math.min(most, from + rule.round);
    for (const done of doneWithin(from, end, earlier)) add(done);
    for await (const done of finishReplicates(source, missing(from, end, earlier, rule))) {
      await options.onReplicate?.(done);
      add(done);
    }
    if (rule.round === null) return { sums, errorBound, reached: true };
    const reached = rule.suffices(widthsOf(sums, source, options));
    if (reached || end >= most) return { sums, errorBound, reached };
  }
}

/** What an earlier run did of a range of indices, the range or the run gone through once. */
function* doneWithin(
  from: number,
  end: number,
  earlier: ReadonlyMap<number, FinishedReplicate>,
): Generator<FinishedReplicate> {
  if (end - from > earlier.size) {
    for (const done of earlier.values()) if (done.index >= from && done.index < end) yield done;
    return;
  }
  for (let index = from; index < end; index++) {
    const done = earlier.get(index);
    if (done !== undefined) yield done;
  }
}

/** Indices to do, ascending, until the time is over; what an earlier run did counts as handed out. */
function* missing(
  from: number,
  end: number,
  earlier: ReadonlyMap<number, FinishedReplicate>,
  rule: StoppingRule,
): Generator<number> {
  let handedOut = earlier.size;
  for (let index = from; index < end; index++) {
    if (earlier.has(index)) continue;
    if (rule.isOver(handedOut++)) return;
    yield index;
  }
}

function widestOf(widths: readonly (number | null)[]): number | null {
  return widths.reduce((most, width) => (width === null ? most : Math.max(most ?? 0, width)), null);
}

function widthsOf(
  sums: Accumulator,
  source: ReplicateSource,
  options: IntervalOptions,
): (number | null)[] {
  return sharesAndIntervals(sums, source, options).players.map(({ low, high }) =>
    low === null || high === null ? null : high - low,
  );
}

function sharesAndIntervals(
  sums: Accumulator,
  { grand, plan, control }: ReplicateSource,
  options: IntervalOptions,
): Pick<ShapleyResult, 'players' | 'totalUnits' | 'total' | 'efficiencyGap'> {
  // A single player, and a game of two by its pair, has nothing left to chance.
  const units = sharesOf(sums, grand);
  return {
    players: units.map((own, player) => {
      const share = Number(own) / ONE;
      const variance = plan.evaluations === 0 ? 0 : varianceOf(sums, player);
      const known = control?.shareErrors[player] ?? 0;
      const count = plan.evaluations === 0 ? Math.max(2, sums.replicates) : sums.replicates;
      const withControl = variance === null ? null : variance + count * known * known;
      const half = halfWidthOf(withControl, count, options);
      return {
        player,
        units: own,
        share,
        standardError: withControl === null ? null : Math.sqrt(withControl / count),
        low: half === null ? null : share - half,
        high: half === null ? null : share + half,
      };
    }),
    totalUnits: grand,
    total: Number(grand) / ONE,
    efficiencyGap: efficiencyGap(sums, grand),
  };
}
