// The game of signals on a graph: players are the changes of signals, a coalition is worth what its
// changes together move, by a value function. Solved in double precision with a certificate for
// each coalition, in blocks of columns on one or more threads; chains are walked whole, so a chain is
// worth the same integers whatever is solved beside it.

import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import type { ChainOptions, CoalitionGame, SolvedChain } from '../focus/coalitions/chain.js';
import { openChains } from '../focus/coalitions/chains.js';
import { coalitionGameOf } from '../focus/coalitions/game.js';
import { operatorsAt } from '../focus/details.js';
import {
  measureBaseOf,
  measureColumns,
  type CoalitionMeasures,
} from '../focus/coalitions/measures.js';
import { shiftBaseOf, type BaseFocus } from '../focus/local/base.js';
import type { NamedAxonChanges } from '../graph/axon-changes.js';
import type { Graph } from '../graph/graph.js';
import { openChainThreads, type ChainThreads } from './chain-threads.js';
import type { Chain, ChainValues, Game } from './game.js';
import { unitsOfValue, VALUE_FUNCTIONS, type Value, type ValueName } from './value-function.js';

/** How a game is solved. */
export interface CoalitionGameOptions {
  readonly value: ValueName;
  /** L1 error of each coalition's Δφ to certify, in (0, 2]; default 1e-7. */
  readonly tolerance?: number | undefined;
  /** Chains that a thread solves at once: 8, 16 … 64; default 8. No choice changes a bit. */
  readonly columns?: number | undefined;
  /** Threads, each with its own chains; default 1, which is this one. No choice changes a bit. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A game, and what each player is worth alone. */
export interface OpenedGame extends Game {
  /** v({i}) of each player: its local marginal. */
  readonly local: readonly Value[];
  /** Whether every player alone met the tolerance. */
  readonly converged: boolean;
  /**
   * What members would be worth if what each moves alone added up: no solve, O(rows), and no proof.
   * `extra` is added by row of the core; absent where the players' own moves do not fit in memory.
   */
  readonly superposed: ((members: readonly number[], extra?: RowChanges) => number) | null;
  /** Row of the core of each particle, −1 where no player moves it. */
  readonly rowOf: Int32Array;
  /** Rows of the part of the graph that players can move, and of all of it. */
  readonly rows: number;
  readonly particles: number;
  destroy(): void;
}

/** Numbers to add to χ by row. */
export interface RowChanges {
  readonly rows: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

const TOLERANCE = 1e-7;
/** Columns of one tile of the kernels: narrower blocks are summed in another order. */
const TILE = 8;
const MOST_COLUMNS = 64;
/**
 * Bytes that the players' own moves may take, here and on each thread; beyond, a chain's steps start
 * without them. No option: it decides bits.
 */
const MOVES_BYTES = 2 ** 28;

/**
 * Opens the game of some changes of a graph and solves each player alone. The focus must be known
 * to 1/16 of the tolerance. Throws `bad-parameter` for options out of range, readings and priors
 * that changed graphs cannot have; `bad-input` for changes that contradict each other.
 */
export async function openCoalitionGame(
  graph: Graph,
  focus: BaseFocus,
  changes: readonly NamedAxonChanges[],
  options: CoalitionGameOptions,
): Promise<OpenedGame> {
  const tolerance = options.tolerance ?? TOLERANCE;
  const columns = options.columns ?? TILE;
  check(
    columns % TILE === 0 && columns >= TILE && columns <= MOST_COLUMNS,
    'bad-parameter',
    () => `columns: expected 8, 16 … ${MOST_COLUMNS}, found ${columns}`,
  );
  const operators = options.value === 'free-energy' ? await operatorsOf(graph, focus) : null;
  const game = coalitionGameOf(shiftBaseOf(graph, focus), changes, operators);
  const solvers = await openSolvers(game, { tolerance, columns }, options.threads ?? 1);
  try {
    const { of } = VALUE_FUNCTIONS[options.value];
    const { solved: alone, moves } = await solvers.alone(changes.length, options.signal);
    // Free energies take operators that a sum of moves does not say.
    const superposed = moves === null || operators !== null ? null : superposition(game, moves);
    return {
      players: changes.length,
      local: alone.map(({ measures }) => of(measures[0])),
      converged: alone.every(({ converged }) => converged),
      superposed:
        superposed === null ? null : (members, extra) => of(superposed(members, extra)).value,
      rowOf: game.core.rowOf,
      rows: game.core.axons.rows,
      particles: game.particles,
      walk: (chains, signal) => valuesOf(solvers.solve(chains, signal), of),
      destroy: () => solvers.destroy(),
    };
  } catch (error) {
    solvers.destroy();
    throw error;
  }
}

async function* valuesOf(
  solved: AsyncIterable<SolvedChain>,
  of: (measures: SolvedChain['measures'][number]) => Value,
): AsyncGenerator<ChainValues> {
  for await (const { index, measures, converged } of solved) {
    const values = measures.map(of);
    yield {
      index,
      values: values.map(({ value }) => unitsOfValue(value)),
      errorBound: values.reduce<number | null>(
        (most, { errorBound }) =>
          most === null || errorBound === null ? null : Math.max(most, errorBound),
        0,
      ),
      converged,
    };
  }
}

/** D, H and 𝓛 at φ. */
async function operatorsOf(graph: Graph, { parameters, phi }: BaseFocus) {
  check(
    parameters.lambda[1] + parameters.lambda[2] > 0 && parameters.unit === null,
    'bad-parameter',
    () => `free-energy: expected the reading focus-1, found ${parameters.reading}`,
  );
  const backend = openCpu({ threads: 1 });
  return operatorsAt(graph, parameters, phi, backend).finally(() => backend.destroy());
}

/**
 * Measures of φ + Σ moves, by members in their order. Members that begin with those asked for last
 * cost one pass for each that is new.
 */
function superposition(
  { core, spare, particles }: CoalitionGame,
  moves: Float64Array,
): (members: readonly number[], extra?: RowChanges) => CoalitionMeasures {
  const rows = core.axons.rows + spare;
  const base = measureBaseOf(core, new Float64Array(rows).fill(1), particles, 0);
  const sum = new Float64Array(rows);
  const chi = new Float64Array(rows);
  let held: readonly number[] = [];
  sum.set(core.phi);
  return (members, extra) => {
    if (held.length > members.length || held.some((member, i) => member !== members[i])) {
      sum.fill(0);
      sum.set(core.phi);
      held = [];
    }
    for (const member of members.slice(held.length)) {
      const own = moves.subarray(member * rows, (member + 1) * rows);
      for (let i = 0; i < rows; i++) sum[i] += own[i];
    }
    held = [...members];
    chi.set(sum);
    for (let k = 0; k < (extra?.rows.length ?? 0); k++) {
      if (extra !== undefined) chi[extra.rows[k]] += extra.values[k];
    }
    const column = { column: 0, error: 0, particlesGained: 0 };
    return measureColumns(base, chi, 1, [column])[0];
  };
}

/** One solver on this thread, or threads with one each. */
async function openSolvers(
  game: CoalitionGame,
  options: ChainOptions,
  threads: number,
): Promise<ChainThreads> {
  check(
    Number.isInteger(threads) && threads >= 1 && threads <= 256,
    'bad-parameter',
    () => `threads: expected an integer in 1…256, found ${threads}`,
  );
  const keepsMoves = (rows: number): boolean => 8 * rows * game.players.length <= MOVES_BYTES;
  if (threads > 1) return openChainThreads({ game, options }, threads, keepsMoves);
  const solver = await openChains(game, openCpu({ threads: 1 }), options);
  return {
    rows: solver.rows,
    alone: async (players, signal) => {
      const isKept = keepsMoves(solver.rows);
      const moves = isKept ? new Float64Array(solver.rows * players) : null;
      const solved = await solver.alone([...Array(players).keys()], moves, signal);
      if (moves !== null) solver.useMoves(moves);
      return { solved: [...solved].sort((a, b) => a.index - b.index), moves };
    },
    solve: (chains: Iterable<Chain>, signal) => solver.solve(chains, signal),
    destroy: () => solver.destroy(),
  };
}
