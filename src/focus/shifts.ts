// Δφ* of many changes of one graph, each on its own: relaxed near the change (local/relax.ts), and
// where that does not reach the tolerance, finished as columns of one block (local/finish.ts), or,
// for a change too large for that, by solving the changed graph (local/whole.ts).

import type { Backend } from '../backend/backend.js';
import { openCpu } from '../backend/cpu/cpu.js';
import { check } from '../base/errors.js';
import { eventTurn } from '../base/turn.js';
import { checkChanges, type AxonChanges } from '../graph/change.js';
import type { Graph } from '../graph/graph.js';
import { openLocalBase, type BaseFocus } from './local/base.js';
import { openFinisher, type Finisher } from './local/finish.js';
import { openRelaxation, relax, type Relaxed } from './local/relax.js';
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
  const tolerance = inRange('tolerance', options.tolerance ?? DEFAULT_TOLERANCE, 2);
  const floor = inRange('floor', options.floor ?? DEFAULT_FLOOR, 1e300, 0);
  for (const each of changes) checkChanges(graph, each);
  const base = await openLocalBase(graph, focus, changes, tolerance, backend);
  const mostArcs = options.mostArcs ?? Math.max(1e6, graph.axons.offsets[graph.particles]);
  const added = changes.reduce((most, each) => Math.max(most, each.added), 0);
  const scratch = openRelaxation(base, added);
  const sums = shiftSums(base);
  const columns = options.columns ?? DEFAULT_COLUMNS;
  const shifts: (Shift | null)[] = changes.map(() => null);
  let waiting: { readonly index: number; readonly relaxed: Relaxed }[] = [];
  let finisher: Finisher | null = null;
  let done = 0;
  const finish = async (): Promise<void> => {
    if (waiting.length === 0) return;
    finisher ??= await openFinisher(
      base,
      Math.min(columns, changes.length),
      backend,
      options.signal,
    );
    const found = await finisher.finish(
      waiting.map(({ relaxed }) => relaxed),
      tolerance,
    );
    for (const [b, { index, relaxed }] of waiting.entries()) {
      let best: Excess = found[b].leftOut < relaxed.leftOut ? found[b] : relaxed;
      if (best.leftOut > tolerance) {
        best = await solveWhole(base, changes[index], best, tolerance, backend, options.signal);
      }
      shifts[index] = reduceShift(base, sums, best, relaxed.particlesAfter, tolerance, floor);
    }
    done += waiting.length;
    options.onProgress?.(done);
    waiting = [];
  };
  try {
    for (const [index, each] of changes.entries()) {
      await eventTurn();
      options.signal?.throwIfAborted();
      const relaxed = relax(scratch, each, tolerance, mostArcs);
      if (relaxed.leftOut > tolerance && options.mode !== 'local') {
        waiting.push({ index, relaxed });
        if (waiting.length === columns) await finish();
        continue;
      }
      shifts[index] = reduceShift(base, sums, relaxed, relaxed.particlesAfter, tolerance, floor);
      options.onProgress?.(++done);
    }
    await finish();
  } finally {
    (finisher as Finisher | null)?.destroy();
  }
  return shifts as Shift[];
}

function inRange(name: string, value: number, most: number, least = Number.MIN_VALUE): number {
  check(
    value >= least && value <= most,
    'bad-parameter',
    () => `shift ${name}: expected a number in [${least}, ${most}], found ${value}`,
  );
  return value;
}
