// The game that focus shapley divides, on the machine that the flags choose: in double precision on
// CPU threads, or in exact arithmetic on the CPU or a GPU.

import { availableParallelism } from 'node:os';
import { openCoalitionGame, type OpenedGame } from '../attribution/coalition-game.js';
import { openExactGame } from '../attribution/exact-game.js';
import { chooseExactBackend } from '../backend/choose.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { focus, type FocusResult } from '../focus/focus.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import { parametersOf } from './kernel-options.js';
import type { ProgressDisplay } from './progress.js';
import type { ShapleyFlags } from './shapley-flags.js';

/** A game, and the focus of the graph before. */
export interface ChosenGame {
  readonly game: OpenedGame;
  readonly before: FocusResult;
  destroy(): void;
}

/** What a game is made of. */
export interface GameRequest {
  readonly graph: Graph;
  readonly changes: readonly NamedAxonChanges[];
  readonly flags: ShapleyFlags;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
}

/** Of the tolerance, what the focus before may be wrong by. */
const BASE_SHARE = 1 / 64;
const TOLERANCE = 1e-7;
const EXACT_TOLERANCE = 1e-9;

/** The L1 error to certify. Throws `usage` for one outside (0, 2]. */
export function coalitionTolerance({ tolerance, precision }: ShapleyFlags): number {
  const chosen = tolerance ?? (precision === 'exact' ? EXACT_TOLERANCE : TOLERANCE);
  check(
    chosen > 0 && chosen <= 2,
    'usage',
    () => `--tolerance: expected a number in (0, 2], found ${chosen}`,
  );
  return chosen;
}

/** Solves the graph before and each player alone. */
export function openGame(request: GameRequest): Promise<ChosenGame> {
  return request.flags.precision === 'exact' ? openExact(request) : openDoubles(request);
}

async function openDoubles(request: GameRequest): Promise<ChosenGame> {
  const { graph, changes, flags, progress, signal } = request;
  const { value, threads, columns } = flags;
  check(
    flags.backend !== 'webgpu',
    'usage',
    () => '--backend webgpu: coalitions are certified in f64, which no GPU has',
    'give --precision exact for a GPU, or leave --backend out',
  );
  const tolerance = coalitionTolerance(flags);
  const backend = openCpu(threads === undefined ? {} : { threads });
  progress.say(`backend: ${backend.description}`);
  progress.phase('solving the graph before');
  const before = await focus(
    graph,
    { ...parametersOf(flags), tolerance: tolerance * BASE_SHARE, signal },
    backend,
  ).finally(() => backend.destroy());
  const { parameters, phi, errorBound } = before;
  check(
    errorBound !== null,
    'bad-parameter',
    () => `shapley: expected a reading with a proven bound, found ${parameters.reading}`,
    'use focus-1',
  );
  progress.phase('solving each signal alone');
  const game = await openCoalitionGame(graph, { parameters, phi: phi.data, errorBound }, changes, {
    value,
    tolerance,
    columns,
    threads: threads ?? availableParallelism(),
    signal,
  });
  return { game, before, destroy: () => game.destroy() };
}

async function openExact(request: GameRequest): Promise<ChosenGame> {
  const { graph, changes, flags, progress, signal } = request;
  const { axons } = graph.report;
  const { backend, reason } = await chooseExactBackend({ ...flags, axons });
  progress.say(`backend: ${backend.description} (${reason})`);
  progress.phase('solving the graph before, and each signal alone');
  try {
    const tolerance = coalitionTolerance(flags);
    const { value, columns } = flags;
    const options = { ...parametersOf(flags), value, tolerance, columns, signal };
    const game = await openExactGame(graph, changes, options, backend);
    const destroy = (): void => {
      game.destroy();
      backend.destroy();
    };
    return { game, before: game.base, destroy };
  } catch (error) {
    backend.destroy();
    throw error;
  }
}
