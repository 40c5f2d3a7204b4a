// The work of focus shapley on an open game: all coalitions, or replicates until the rule is met,
// with progress, and one row a signal.

import type { OpenedGame } from '../attribution/coalition-game.js';
import type { AuditedCluster } from '../attribution/cluster-audit.js';
import type { ControlVariate } from '../attribution/control-variate.js';
import { enumerateShapley } from '../attribution/enumeration.js';
import { VALUE_ONE } from '../attribution/game.js';
import { shapleyOf, type ShapleyProgress } from '../attribution/shapley.js';
import type { Stopping } from '../attribution/stopping.js';
import type { Delta } from '../graph/signal.js';
import type { ProgressDisplay } from './progress.js';
import type { RunDirectory } from './run-directory.js';
import type { ShapleyFlags } from './shapley-flags.js';

/** One signal's part. */
export interface ShareRow {
  readonly index: number;
  readonly neuron: string | null;
  /** v({i}). */
  readonly local: number;
  readonly share: number;
  /** In units of 2⁻⁶¹. */
  readonly units: bigint;
  /** Null where all coalitions were enumerated, or too few replicates were done. */
  readonly standardError: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly blended: number;
}

/** Shares of all signals, and what stands behind them. */
export interface Attribution {
  readonly rows: readonly ShareRow[];
  readonly total: number;
  readonly totalUnits: bigint;
  /** Σ shares − v(N), in units: 0. */
  readonly efficiencyGap: bigint;
  readonly estimator: string;
  readonly control: string | null;
  readonly orderings: number;
  readonly evaluations: number;
  readonly replicates: number;
  readonly group: number;
  readonly confidence: number;
  /** The largest proven error of a coalition's value. */
  readonly errorBound: number | null;
  /** Whether every coalition met the tolerance, and the stopping rule was met. */
  readonly converged: boolean;
  readonly reached: boolean;
  /** Rows that the signals can move, and particles. */
  readonly rowsSolved: number;
  readonly particles: number;
  /** Wall time per value of a coalition. */
  readonly millisecondsPerValue: number | null;
  /** Of a clustered run: docs/shapley-clusters.md. */
  readonly clusters?: {
    readonly count: number;
    readonly methods: Readonly<Record<string, number>>;
    readonly largest: number;
    readonly epsilon: number;
    readonly between: string;
    /** Σ v(c), and v(N) less that: what clustering neglects, measured. */
    readonly inside: number;
    readonly coupling: number;
    readonly unexplained: number;
    readonly audit: readonly AuditedCluster[];
  };
}

/** What a sampled run is given besides the game. */
export interface AttributeOptions {
  readonly flags: ShapleyFlags;
  readonly beacon: string;
  readonly stopping: Stopping;
  readonly directory: RunDirectory | null;
  /** Makes the control variate; null: none. */
  readonly control: () => Promise<ControlVariate | null>;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
}

/** Divides v(N) between the signals. */
export async function attribute(
  game: OpenedGame,
  delta: Delta,
  options: AttributeOptions,
): Promise<Attribution> {
  const watched = watch(game);
  const found =
    options.flags.exact === true
      ? await enumerated(watched.game, options)
      : await sampled(watched.game, options);
  const { blend = 0 } = options.flags;
  const local = game.local.map(({ value }) => value);
  const rows = found.players.map(({ units, ...interval }, index): ShareRow => {
    const share = Number(units) / Number(VALUE_ONE);
    return {
      index,
      neuron: delta[index].neuron,
      local: local[index],
      share,
      units,
      ...interval,
      blended: blend * local[index] + (1 - blend) * share,
    };
  });
  const { players: _, ...rest } = found;
  return {
    rows,
    ...rest,
    total: Number(found.totalUnits) / Number(VALUE_ONE),
    converged: game.converged && watched.converged(),
    rowsSolved: game.rows,
    particles: game.particles,
    millisecondsPerValue: watched.millisecondsPerValue(),
  };
}

type Found = Omit<
  Attribution,
  'rows' | 'total' | 'converged' | 'rowsSolved' | 'particles' | 'millisecondsPerValue'
> & {
  readonly players: readonly Pick<ShareRow, 'units' | 'standardError' | 'low' | 'high'>[];
};

async function enumerated(
  game: OpenedGame,
  { progress, signal, flags }: AttributeOptions,
): Promise<Found> {
  const found = await enumerateShapley(game, {
    signal,
    onProgress: (done, of) => progress.update(done / of, `${done} of ${of} coalitions`),
  });
  const sum = found.shares.reduce((total, share) => total + share, 0n);
  return {
    players: found.shares.map((units) => ({ units, standardError: null, low: null, high: null })),
    totalUnits: found.grand,
    efficiencyGap: sum - found.grand,
    estimator: 'enumeration',
    control: null,
    orderings: 0,
    evaluations: found.evaluations,
    replicates: 0,
    group: 0,
    confidence: flags.confidence ?? 0.95,
    errorBound: found.errorBound,
    reached: true,
  };
}

async function sampled(game: OpenedGame, options: AttributeOptions): Promise<Found> {
  const { flags, beacon, stopping, directory, progress, signal } = options;
  const resume = directory?.done ?? undefined;
  if (resume !== undefined) {
    progress.say(`going on after ${resume.replicates.length} replicates`);
  }
  const control = await options.control();
  const clock = openClock(resume);
  const result = await shapleyOf(game, {
    ...(control === null ? {} : { control }),
    beacon,
    cluster: 0,
    stopping,
    estimator: flags.estimator,
    confidence: flags.confidence,
    resume,
    signal,
    onStart: (start) => directory?.start(start),
    onReplicate: (done) => directory?.add(done),
    onProgress: (done, of, widest) =>
      progress.update(of === null ? null : done / of, clock.remark(done, of, widest)),
  });
  return {
    players: result.players,
    totalUnits: result.totalUnits,
    efficiencyGap: result.efficiencyGap,
    estimator: result.estimator,
    control: result.control,
    orderings: result.orderings,
    evaluations: result.evaluations,
    replicates: result.replicates,
    group: result.group,
    confidence: result.confidence,
    errorBound: result.errorBound,
    reached: result.reached,
  };
}

/** What is left of a run, in words. */
function openClock(resume: ShapleyProgress | undefined) {
  const before = resume?.replicates.length ?? 0;
  const started = performance.now();
  return {
    remark: (done: number, of: number | null, widest: number | null): string => {
      const seconds = (performance.now() - started) / 1000;
      const left =
        of === null || done === before ? null : (seconds * (of - done)) / (done - before);
      return [
        of === null ? `${done} replicates` : `${done} of ${of} replicates`,
        ...(widest === null ? [] : [`widest interval ${widest.toExponential(2)}`]),
        ...(left === null ? [] : [`${left.toFixed(0)} s left`]),
      ].join(', ');
    },
  };
}

/** A game that counts what it is asked and how long that takes. */
function watch(game: OpenedGame) {
  let values = 0;
  let started: number | null = null;
  let last = 0;
  let allMet = true;
  const walk: OpenedGame['walk'] = async function* (chains, signal) {
    started ??= performance.now();
    for await (const chain of game.walk(chains, signal)) {
      values += chain.values.length;
      allMet &&= chain.converged ?? true;
      last = performance.now();
      yield chain;
    }
  };
  return {
    game: { ...game, walk },
    converged: () => allMet,
    millisecondsPerValue: () =>
      started === null || values === 0 ? null : (last - started) / values,
  };
}
