// Δφ* of many changes of one graph, each on its own: relaxed near the change (local/relax.ts), and
// where that does not reach the tolerance, solved as columns of one block (local/block.ts), or, for
// a change too large for that, as a graph of its own (local/whole.ts).

import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { eventTurn } from '../base/turn.js';
import { checkChanges, type AxonChanges } from '../graph/change.js';
import type { Graph } from '../graph/graph.js';
import { openLocalBase, shiftBaseOf, type BaseFocus, type ShiftBase } from './local/base.js';
import { mostColumns, openBlockSolver, type BlockSolver } from './local/block.js';
import { openRelaxation, relax, type Relaxation, type Relaxed } from './local/relax.js';
import { reduceBlock } from './local/block-shifts.js';
import { reduceShift, shiftSums, type Excess, type Shift, type ShiftSums } from './local/shift.js';
import { solveWhole } from './local/whole.js';

export type { BaseFocus } from './local/base.js';
export type { Shift } from './local/shift.js';

/** How closely to compute shifts. */
export interface ShiftOptions {
  /** L1 error of what is left out, in (0, 2]; default 1e-9. */
  readonly tolerance?: number | undefined;
  /**
   * Whether to solve on the whole graph where looking near the change is not enough (default), or
   * to return what was reached, with its bound.
   */
  readonly mode?: 'certified' | 'local' | undefined;
  /**
   * Arcs to follow near a change. Default in mode `local`: those of the graph, and at least a
   * million; in mode `certified` a thirty-second of them, and at least 100,000.
   */
  readonly mostArcs?: number | undefined;
  /** Entries of Δφ below floor/n are summed up, not listed; default 1e-3. */
  readonly floor?: number | undefined;
  /** Changed graphs solved as columns of one block; default 8, fewer where memory is short. */
  readonly columns?: number | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TOLERANCE = 1e-9;
const DEFAULT_FLOOR = 1e-3;
const DEFAULT_COLUMNS = 8;
const MOST_COLUMNS = 2 ** 20;
/** Blocks whose changes are looked at together, so that those of one block have as far to go. */
const WINDOW = 8;

/** Shifts of the changes of one graph, computed as they are asked for. */
export interface Shifts {
  /**
   * The shifts of some changes, in the order asked. In mode `local` each has the same bits whatever
   * else is asked for; in mode `certified` that holds for the same list only. Throws
   * `bad-parameter` for places outside the list of changes.
   */
  of(indices: readonly number[], onProgress?: (done: number) => void): Promise<readonly Shift[]>;
  destroy(): void;
}

/**
 * Computes the shift of each change, as if it alone were applied. Deterministic: the same bits for
 * any number of threads. Throws `bad-input` for changes that do not fit the graph, `bad-parameter`
 * for options out of range and readings other than focus-1 and pagerank.
 */
export async function shiftsOf(
  graph: Graph,
  focus: BaseFocus,
  changes: readonly AxonChanges[],
  options: ShiftOptions = {},
  backend: Backend = openCpu(),
): Promise<readonly Shift[]> {
  const shifts = await openShifts(graph, focus, changes, options, backend);
  try {
    return await shifts.of([...changes.keys()], options.onProgress);
  } finally {
    shifts.destroy();
  }
}

/**
 * Prepares what all changes share: the graph placed, and ten to sixty products with W for looking
 * near them. Throws as shiftsOf.
 */
export async function openShifts(
  graph: Graph,
  focus: BaseFocus,
  changes: readonly AxonChanges[],
  options: ShiftOptions = {},
  backend: Backend = openCpu(),
): Promise<Shifts> {
  const tolerance = inRange('tolerance', options.tolerance ?? DEFAULT_TOLERANCE, 2);
  const floor = inRange('floor', options.floor ?? DEFAULT_FLOOR, 1e300, 0);
  const width = inRange('columns', options.columns ?? DEFAULT_COLUMNS, MOST_COLUMNS, 1);
  check(
    Number.isInteger(width),
    'bad-parameter',
    () => `shift columns: expected an integer ≥ 1, found ${width}`,
  );
  inRange('mostArcs', options.mostArcs ?? 0, Infinity, 0);
  for (const each of changes) checkChanges(graph, each);
  const base = shiftBaseOf(graph, focus);
  const isLocal = options.mode === 'local';
  const spare = changes.reduce((sum, { added }) => Math.max(sum, added), 0);
  const most = Math.min(width, mostColumns(graph.particles + spare));
  const columns = Math.min(most, Math.max(1, changes.length));
  const solver = await openBlockSolver(base, changes, columns, backend, options.signal);
  try {
    const near = openRelaxation(
      await openLocalBase(base, solver.operator, changes, tolerance),
      spare,
    );
    if (isLocal) solver.destroy();
    const arcs = graph.axons.offsets[graph.particles];
    const run: Run = {
      base,
      sums: shiftSums(base),
      changes,
      near,
      solver: isLocal ? null : solver,
      tolerance,
      floor,
      mostArcs: options.mostArcs ?? (isLocal ? Math.max(1e6, arcs) : Math.max(1e5, arcs / 32)),
      columns,
      backend,
      signal: options.signal,
    };
    return {
      of: (indices, onProgress) => compute(run, indices, onProgress),
      destroy: () => solver.destroy(),
    };
  } catch (error) {
    solver.destroy();
    throw error;
  }
}

/** What shifts of one base share. */
interface Run {
  readonly base: ShiftBase;
  readonly sums: ShiftSums;
  readonly changes: readonly AxonChanges[];
  readonly near: Relaxation;
  /** Null: what looking near reached is the answer. */
  readonly solver: BlockSolver | null;
  readonly tolerance: number;
  readonly floor: number;
  readonly mostArcs: number;
  readonly columns: number;
  readonly backend: Backend;
  readonly signal: AbortSignal | undefined;
}

/** A change that looking near left open: its place in the list asked for. */
interface Open {
  readonly at: number;
  readonly relaxed: Relaxed;
}

async function compute(
  run: Run,
  indices: readonly number[],
  onProgress?: (done: number) => void,
): Promise<readonly Shift[]> {
  const { tolerance, columns, solver, signal } = run;
  for (const index of indices) {
    check(
      Number.isInteger(index) && index >= 0 && index < run.changes.length,
      'bad-parameter',
      () => `shifts: expected places of ${run.changes.length} changes, found ${index}`,
    );
  }
  const shifts: (Shift | null)[] = indices.map(() => null);
  let open: Open[] = [];
  let done = 0;
  const finish = async (): Promise<void> => {
    if (solver === null) return;
    open.sort((a, b) => a.relaxed.leftOut - b.relaxed.leftOut || a.at - b.at);
    for (let k = 0; k < open.length; k += columns) {
      const block = open.slice(k, k + columns);
      const found = await solveTogether(run, solver, indices, block);
      block.forEach(({ at }, b) => (shifts[at] = found[b]));
      onProgress?.((done += block.length));
    }
    open = [];
  };
  for (const [at, index] of indices.entries()) {
    await eventTurn();
    signal?.throwIfAborted();
    const relaxed = relax(run.near, run.changes[index], tolerance, run.mostArcs);
    if (relaxed.leftOut <= tolerance || solver === null) {
      shifts[at] = reduce(run, relaxed, relaxed);
      onProgress?.(++done);
      continue;
    }
    open.push({ at, relaxed });
    if (open.length === WINDOW * columns) await finish();
  }
  await finish();
  return shifts as Shift[];
}

/** Shifts of changed graphs, as columns of one block, or else each as a whole. */
async function solveTogether(
  run: Run,
  solver: BlockSolver,
  indices: readonly number[],
  open: readonly Open[],
): Promise<readonly Shift[]> {
  const { base, sums, changes, tolerance, floor, backend, signal } = run;
  const solved = await solver.solve(
    open.map(({ relaxed }) => relaxed),
    tolerance,
  );
  const shifts: Shift[] = [];
  if (solved !== null) {
    const { h, z, width, columns } = solved;
    shifts.push(...reduceBlock(base, sums, h, z, width, columns, tolerance, floor));
  }
  for (const [b, { at, relaxed }] of open.entries()) {
    if (b < shifts.length && shifts[b].converged) continue;
    const change = changes[indices[at]];
    const whole = await solveWhole(base, change, relaxed, tolerance, backend, signal);
    if (!(whole.leftOut > shifts[b]?.leftOut)) shifts[b] = reduce(run, whole, relaxed);
  }
  return shifts;
}

function reduce(
  { base, sums, tolerance, floor }: Run,
  excess: Excess,
  { particlesAfter }: Relaxed,
): Shift {
  return reduceShift(base, sums, excess, particlesAfter, tolerance, floor);
}

function inRange(name: string, value: number, most: number, least = Number.MIN_VALUE): number {
  check(
    value >= least && value <= most,
    'bad-parameter',
    () => `shift ${name}: expected a number in [${least}, ${most}], found ${value}`,
  );
  return value;
}
