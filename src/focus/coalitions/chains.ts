// Chains of nested coalitions, solved as columns of one block over the core of the graph before: a
// column holds one chain, each of its coalitions starts from the one before plus what the joining
// player moves alone, and a column whose chain is done takes the next. What a column does depends
// on its own chain only: degrees and numbers of iterations are fixed for the whole game.
//   χ_S = Q_S χ_S + β b_S      ‖χ/Σχ − φ_S‖₁ ≤ (‖ρ‖₁ + |Σρ|)/((1 − κ) Σχ)      ρ = Q_S χ + β b_S − χ
// A tick: add the joining players, measure ρ at a high degree, correct χ where it is needed:
// δ = Qδ + ρ roughly, and ρ + Qδ − δ is the residual of χ + δ, with the truncation of both.

import type { Backend } from '../../backend/backend.js';
import { check } from '../../base/errors.js';
import { withSpareRows } from '../adjacency.js';
import { operatorOf } from '../operator.js';
import { openParts } from '../operator-parts.js';
import type { ChainOptions, CoalitionChain, CoalitionGame, SolvedChain } from './chain.js';
import { ChainBlock } from './chain-block.js';
import { adjacencyOfCore } from './core.js';

/** A machine for chains of one game. */
export interface ChainSolver {
  /** Numbers in what one player moves. */
  readonly rows: number;
  /**
   * Solves players alone and writes what each moves into `moves` (players × rows) where it is given,
   * at its own place.
   */
  alone(
    players: readonly number[],
    moves: Float64Array | null,
    signal?: AbortSignal,
  ): Promise<readonly SolvedChain[]>;
  /**
   * From now on a joining player brings what it moves alone: a better start, and other last bits.
   */
  useMoves(moves: Float64Array): void;
  /** Solves chains as they come; results in the order in which they end. */
  solve(chains: Iterable<CoalitionChain>, signal?: AbortSignal): AsyncGenerator<SolvedChain>;
  /** Ticks, and coalitions solved in them, for benches. */
  readonly spent: () => { readonly ticks: number; readonly steps: number };
  destroy(): void;
}

/** Of the tolerance, at most so much may be the error of φ before. */
const BASE_SHARE = 1 / 16;

/** Places the core on a machine, which is of f64. */
export async function openChains(
  game: CoalitionGame,
  backend: Backend,
  options: ChainOptions,
): Promise<ChainSolver> {
  const { core, parameters, errorBound, spare } = game;
  const { tolerance } = options;
  check(
    errorBound <= BASE_SHARE * tolerance,
    'bad-parameter',
    () =>
      `coalitions: expected a focus known to 1/16 of the tolerance ${tolerance}, ` +
      `found an error of up to ${errorBound}`,
    'refine the focus before, from itself as the start',
  );
  const adjacency = withSpareRows(adjacencyOfCore(core), spare);
  const workspace = await backend.open(adjacency.axons, 'both');
  try {
    const parts = openParts(workspace, adjacency, parameters, leastNewDegree(game));
    const block = new ChainBlock(game, workspace, operatorOf(parts, options.columns), options);
    return {
      rows: workspace.rows,
      alone: (players, moves, signal) => block.alone(players, moves, signal),
      useMoves: (moves) => block.useMoves(moves),
      solve: (chains, signal) => block.solve(chains, signal),
      spent: () => ({ ticks: block.ticks, steps: block.steps }),
      destroy: () => workspace.destroy(),
    };
  } catch (error) {
    workspace.destroy();
    throw error;
  }
}

/** A lower bound of the degrees of new particles, 1 where there is none. */
function leastNewDegree({ core, players }: CoalitionGame): number {
  let least = Infinity;
  for (const { axons } of players) {
    for (const { from, to, after } of axons) {
      if (after > 0 && Math.max(from, to) >= core.axons.rows) least = Math.min(least, after);
    }
  }
  return least === Infinity ? 1 : least;
}
