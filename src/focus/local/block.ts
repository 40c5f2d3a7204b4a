// Shifts that looking near did not bring to the tolerance: the changed graphs as columns of one
// block over the graph before (focus/varied.ts), each solved from φ + η to a certificate of its own.
// The first residuals are differences from that of the graph before at a low degree, so that they
// are those of the changes alone; only the last measurement is accurate in proof.

import type { Backend, Entry, Vector } from '../../backend/backend.js';
import { openCpu } from '../../backend/cpu/cpu.js';
import type { AxonChanges } from '../../graph/change.js';
import { FocusError } from '../../base/errors.js';
import { withSpareRows } from '../adjacency.js';
import { errorBound } from '../certificate.js';
import { directionsOf, operatorOf, type FocusOperator } from '../operator.js';
import { openParts, type OperatorParts } from '../operator-parts.js';
import { openSolveScratch, solve, type SolveOptions, type SolveScratch } from '../solve.js';
import type { ShiftBase } from './base.js';
import type { SolvedColumn } from './block-shifts.js';
import type { Relaxed } from './relax.js';

/** The graph before on a machine, for blocks of graphs near it. */
export interface BlockSolver {
  /** R of the graph before, for one column. */
  readonly operator: FocusOperator;
  /**
   * Solves up to as many changed graphs as the block has columns. Null where they are too far from
   * the graph before, or from each other, for numbers that they share.
   */
  solve(open: readonly Relaxed[], tolerance: number): Promise<SolvedBlock | null>;
  destroy(): void;
}

/** What was solved: z in particle order, spare rows last, and its columns. */
export interface SolvedBlock {
  readonly h: Float64Array;
  readonly z: Float64Array;
  readonly width: number;
  readonly columns: readonly SolvedColumn[];
}

/** Relative truncation of the residuals before the last, at most. */
const ROUGH_TRUNCATION = 1e-6;

/** Blocks that a solve holds at once, and the bytes that they may take in a workspace's memory. */
const BLOCKS = 16;
const BLOCK_BYTES = 3 * 2 ** 30;

/** Columns of a block, at most, on a graph of so many particles. */
export function mostColumns(particles: number): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / (8 * BLOCKS * particles)));
}

/**
 * Places the graph, with room for the particles that `changes` add. In f64, and so on the CPU where
 * the backend has none: no other arithmetic proves small shifts.
 */
export async function openBlockSolver(
  base: ShiftBase,
  changes: readonly AxonChanges[],
  columns: number,
  backend: Backend,
  signal?: AbortSignal,
): Promise<BlockSolver> {
  const { parameters } = base;
  const own = backend.precision === 'f64' ? null : openCpu();
  const spare = changes.reduce((most, { added }) => Math.max(most, added), 0);
  const adjacency = withSpareRows(base.adjacency, spare);
  const spareDegree = leastNewDegree(base.graph.particles, changes);
  const workspace = await (own ?? backend).open(adjacency.axons, directionsOf(parameters));
  const destroy = (): void => {
    workspace.destroy();
    own?.destroy();
  };
  try {
    const parts = openParts(workspace, adjacency, parameters, spareDegree);
    const operator = operatorOf(parts, 1);
    let start: Start | null = null;
    let block: Block | null = null;
    return {
      operator,
      solve: async (open, tolerance) => {
        start ??= startAt(base, operator);
        const width = widthFor(open.length, columns);
        if (block?.columns !== width) {
          block?.release();
          block = openBlock(parts, width);
        }
        try {
          return await solveBlock(base, start, block, open, tolerance, signal);
        } catch (error) {
          if (!(error instanceof FocusError && error.code === 'bad-input')) throw error;
          // Its blocks hold numbers that are not finite.
          block.release();
          block = null;
          return null;
        }
      },
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** Half the columns, or a quarter …, as long as they hold so many: the last block may be small. */
function widthFor(count: number, columns: number): number {
  let width = columns;
  while (width % 2 === 0 && count <= width / 2) width /= 2;
  return width;
}

/** A lower bound of the degrees of new particles, 1 where there is none. */
function leastNewDegree(particles: number, changes: readonly AxonChanges[]): number {
  let least = Infinity;
  for (const { axons } of changes) {
    for (const { from, to, after } of axons) {
      if (after > 0 && Math.max(from, to) >= particles) least = Math.min(least, after);
    }
  }
  return least === Infinity ? 1 : least;
}

/** Where all columns start. */
interface Start {
  /** φ/h, one column. */
  readonly before: Vector;
  readonly neighbour: NonNullable<SolveOptions['neighbour']>;
}

function startAt({ phi }: ShiftBase, one: FocusOperator): Start {
  const { workspace, hostMeasure: h } = one;
  const start = new Float64Array(h.length);
  phi.forEach((value, i) => (start[i] = value / h[i]));
  const before = workspace.vector(1);
  workspace.write(before, start);
  const degree = one.expansion.degreeFor(ROUGH_TRUNCATION);
  const residual = workspace.vector(1);
  one.apply(residual, before, degree);
  workspace.combine(residual, [
    { coefficient: 1, vector: residual },
    { coefficient: -1, vector: before },
  ]);
  return { before, neighbour: { degree, residual } };
}

/** What blocks of one width share. */
interface Block {
  readonly operator: FocusOperator;
  readonly columns: number;
  readonly z: Vector;
  readonly scratch: SolveScratch;
  release(): void;
}

function openBlock(parts: OperatorParts, columns: number): Block {
  const { workspace } = parts;
  const operator = operatorOf(parts, columns);
  const z = workspace.vector(columns);
  const scratch = openSolveScratch(workspace, columns);
  const release = (): void => {
    operator.destroy();
    workspace.release(z);
    scratch.release();
  };
  return { operator, columns, z, scratch, release };
}

async function solveBlock(
  base: ShiftBase,
  { before, neighbour }: Start,
  { operator, columns, z, scratch }: Block,
  open: readonly Relaxed[],
  tolerance: number,
  signal: AbortSignal | undefined,
): Promise<SolvedBlock> {
  const { workspace, hostMeasure: h } = operator;
  const { lambda, teleport } = base.parameters;
  const contraction = 1 - lambda[0] * teleport;
  // Columns that are not needed repeat the first.
  const all = Array.from({ length: columns }, (_, b) => open[b] ?? open[0]);
  operator.vary(all.map(({ changed }) => changed));
  workspace.combine(z, [{ coefficient: 1, vector: before }]);
  addFound(base, operator, z, all);
  const { measured } = await solve(operator, z, {
    columns,
    tolerance,
    contraction,
    diffusionShare: lambda[0],
    mostIterations: 1000,
    startDefect: tolerance,
    neighbour,
    scratch,
    signal,
  });
  return {
    h,
    z: await workspace.read(z),
    width: columns,
    columns: open.map(({ arcs, particlesAfter }, b) => ({
      mass: measured.mass[b],
      leftOut: errorBound(measured, b, contraction),
      arcs,
      particlesAfter,
    })),
  };
}

/** z = (φ + η)/h in each column from φ/h, and zero where a column has lost a particle. */
function addFound(
  { phi }: ShiftBase,
  { workspace, varied }: FocusOperator,
  z: Vector,
  all: readonly Relaxed[],
): void {
  const entries: Entry[] = [];
  all.forEach(({ places, values }, column) => {
    places.forEach((row, k) => {
      if (row >= phi.length || !(phi[row] > 0)) return;
      entries.push({ row, column, keep: Math.max(0, 1 + values[k] / phi[row]), parts: [] });
    });
  });
  const placed = workspace.place(entries);
  workspace.amend(z, placed, []);
  workspace.release(placed);
  varied()?.clear(z);
}
