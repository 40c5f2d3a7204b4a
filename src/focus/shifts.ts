// Δφ* of many changes of one graph, each on its own: relaxed near the change (local/relax.ts), and
// where that does not reach the tolerance, finished as columns of one block (local/finish.ts), or,
// for a change too large for that, by solving the changed graph (local/whole.ts).

import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { eventTurn } from '../base/turn.js';
import { checkChanges, type AxonChanges } from '../graph/change.js';
import type { Graph } from '../graph/graph.js';
import { openLocalBase, type BaseFocus, type LocalBase } from './local/base.js';
import { openFinisher, type Finisher } from './local/finish.js';
import { openRelaxation, relax, type Relaxation, type Relaxed } from './local/relax.js';
import { reduceShift, shiftSums, type Excess, type Shift } from './local/shift.js';
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
  /** Arcs to follow near a change; default: those of the graph, and at least a million. */
  readonly mostArcs?: number | undefined;
  /** Entries of Δφ below floor/n are summed up, not listed; default 1e-3. */
  readonly floor?: number | undefined;
  /** Columns of a block on the whole graph; default 8. */
  readonly columns?: number | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TOLERANCE = 1e-9;
const DEFAULT_FLOOR = 1e-3;
const DEFAULT_COLUMNS = 8;

/** Shifts of the changes of one graph, computed as they are asked for. */
export interface Shifts {
  /**
   * The shifts of some changes, in the order asked. In mode `local` each has the same bits whatever
   * else is asked for; in mode `certified` that holds for the same list only.
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

/** Prepares what all changes share: twenty to sixty products with W. Throws as shiftsOf. */
export async function openShifts(
  graph: Graph,
  focus: BaseFocus,
  changes: readonly AxonChanges[],
  options: ShiftOptions = {},
  backend: Backend = openCpu(),
): Promise<Shifts> {
  const tolerance = inRange('tolerance', options.tolerance ?? DEFAULT_TOLERANCE, 2);
  const floor = inRange('floor', options.floor ?? DEFAULT_FLOOR, 1e300, 0);
  for (const each of changes) checkChanges(graph, each);
  const base = await openLocalBase(graph, focus, changes, tolerance, backend);
  const added = changes.reduce((most, each) => Math.max(most, each.added), 0);
  const columns = Math.min(options.columns ?? DEFAULT_COLUMNS, Math.max(1, changes.length));
  const sums = shiftSums(base);
  let finisher: Finisher | null = null;
  const run: Run = {
    base,
    changes,
    scratch: openRelaxation(base, added),
    tolerance,
    mostArcs: options.mostArcs ?? Math.max(1e6, graph.axons.offsets[graph.particles]),
    columns: options.mode === 'local' ? 0 : columns,
    finisher: async () => (finisher ??= await openFinisher(base, columns, backend, options.signal)),
    reduce: (excess, { particlesAfter }) =>
      reduceShift(base, sums, excess, particlesAfter, tolerance, floor),
    backend,
    signal: options.signal,
  };
  return {
    of: (indices, onProgress) => compute(run, indices, onProgress),
    destroy: () => finisher?.destroy(),
  };
}

/** What shifts of one base share. */
interface Run {
  readonly base: LocalBase;
  readonly changes: readonly AxonChanges[];
  readonly scratch: Relaxation;
  readonly tolerance: number;
  readonly mostArcs: number;
  /** Columns of a block on the whole graph; 0: none is solved. */
  readonly columns: number;
  readonly finisher: () => Promise<Finisher>;
  readonly reduce: (excess: Excess, relaxed: Relaxed) => Shift;
  readonly backend: Backend;
  readonly signal: AbortSignal | undefined;
}

async function compute(
  run: Run,
  indices: readonly number[],
  onProgress?: (done: number) => void,
): Promise<readonly Shift[]> {
  const { changes, scratch, tolerance, mostArcs, columns, signal } = run;
  const shifts: (Shift | null)[] = indices.map(() => null);
  let waiting: { readonly at: number; readonly relaxed: Relaxed }[] = [];
  let done = 0;
  const finish = async (): Promise<void> => {
    const found = await finishTogether(
      run,
      waiting.map(({ at, relaxed }) => ({ relaxed, change: changes[indices[at]] })),
    );
    waiting.forEach(({ at }, b) => (shifts[at] = found[b]));
    done += waiting.length;
    waiting = [];
    onProgress?.(done);
  };
  for (const [at, index] of indices.entries()) {
    await eventTurn();
    signal?.throwIfAborted();
    const relaxed = relax(scratch, changes[index], tolerance, mostArcs, columns > 0);
    if (relaxed.leftOut > tolerance && columns > 0) {
      waiting.push({ at, relaxed });
      if (waiting.length === columns) await finish();
      continue;
    }
    shifts[at] = run.reduce(relaxed, relaxed);
    onProgress?.(++done);
  }
  if (waiting.length > 0) await finish();
  return shifts as Shift[];
}

/** Shifts that looking near left open: as columns of one block, or else each as a whole. */
async function finishTogether(
  { base, tolerance, finisher, reduce, backend, signal }: Run,
  open: readonly { readonly relaxed: Relaxed; readonly change: AxonChanges }[],
): Promise<readonly Shift[]> {
  const found = await (
    await finisher()
  ).finish(
    open.map(({ relaxed }) => relaxed),
    tolerance,
  );
  const shifts: Shift[] = [];
  for (const [b, { relaxed, change }] of open.entries()) {
    let best: Excess = found[b].leftOut < relaxed.leftOut ? found[b] : relaxed;
    if (best.leftOut > tolerance) {
      best = await solveWhole(base, change, best, tolerance, backend, signal);
    }
    shifts.push(reduce(best, relaxed));
  }
  return shifts;
}

function inRange(name: string, value: number, most: number, least = Number.MIN_VALUE): number {
  check(
    value >= least && value <= most,
    'bad-parameter',
    () => `shift ${name}: expected a number in [${least}, ${most}], found ${value}`,
  );
  return value;
}
