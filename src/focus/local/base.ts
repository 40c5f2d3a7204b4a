// What shifts need of the graph before a change, computed once for many changes: both directions and
// φ; and, to look near a change, (M^k φ)_i at the particles that some change touches. The last costs
// one product with W for each power; everything after it is local.

import { check } from '../../base/errors.js';
import type { AxonChanges } from '../../graph/change.js';
import type { Graph } from '../../graph/graph.js';
import { adjacencyOf, type Adjacency } from '../adjacency.js';
import type { FocusOperator } from '../operator.js';
import type { Parameters } from '../parameters.js';
import { compensatedSum } from '../sums.js';
import { twoWayGraph, type TwoWayGraph } from './changed-graph.js';
import { meanPowerBeyond, powerSeries, type PowerSeries } from './series.js';

/** A focus as a base of shifts. */
export interface BaseFocus {
  readonly parameters: Parameters;
  /** φ: n numbers ≥ 0 with sum 1. */
  readonly phi: Float64Array;
  /**
   * Proven L1 error of φ, as its residual proves it: a shift counts on the residual being at most
   * errorBound · (1 − κ), so a bound known in another way will not do.
   */
  readonly errorBound: number;
}

/** The graph before, on the host. */
export interface ShiftBase {
  readonly graph: TwoWayGraph;
  readonly adjacency: Adjacency;
  readonly parameters: Parameters;
  readonly phi: Float64Array;
  readonly errorBound: number;
  /** What one unit of the prior's weight injects: φ = Q φ + injection · weight. */
  readonly injection: number;
}

/** The graph before, ready for looking near changes. */
export interface LocalBase extends ShiftBase {
  readonly series: PowerSeries;
  /** Column of a particle in `powers`, for those that changes touch. */
  readonly columns: ReadonlyMap<number, number>;
  /** (M^k φ)_i at [k][column]; k = 0 … powers.length − 1. */
  readonly powers: readonly Float64Array[];
  /** Relative error of each entry of `powers`. */
  readonly powerError: number;
  /**
   * (M^k φ)_i ≤ density · d_i for every k: M averages φ/d, so its largest value never grows.
   */
  readonly density: number;
}

/** Share of the tolerated residual that powers beyond the last held may cost. */
const BEYOND_SHARE = 1 / 16;

/**
 * The host's part. O(n + m). Throws `bad-parameter` for a reading without the random-walk Laplacian,
 * and for a prior that a changed graph cannot have.
 */
export function shiftBaseOf(graph: Graph, focus: BaseFocus): ShiftBase {
  const { parameters, phi, errorBound } = focus;
  const { reading, prior } = parameters;
  check(
    reading === 'focus-1' || reading === 'pagerank',
    'bad-parameter',
    () => `shifts: expected the reading focus-1 or pagerank, found ${reading}`,
    'solve the changed graph as a whole instead',
  );
  check(
    typeof prior === 'string',
    'bad-parameter',
    () => 'shifts: expected the degree or the uniform prior, found one weight per particle',
  );
  const adjacency = adjacencyOf(graph.axons);
  const { outStake, totalDegree } = adjacency;
  const dangling = compensatedSum(phi.length, (i) => (outStake[i] > 0 ? 0 : phi[i]));
  const total = prior === 'degree' ? totalDegree : graph.particles;
  const [diffusion] = parameters.lambda;
  const { teleport } = parameters;
  return {
    graph: twoWayGraph(adjacency),
    adjacency,
    parameters,
    phi,
    errorBound,
    injection: (diffusion * (teleport + (1 - teleport) * dangling)) / total,
  };
}

/**
 * What looking near `changes` needs: ten to sixty products with W on `operator`, which is of one
 * column; more for larger changes and smaller `tolerance`.
 */
export async function openLocalBase(
  base: ShiftBase,
  operator: FocusOperator,
  changes: readonly AxonChanges[],
  tolerance: number,
): Promise<LocalBase> {
  const { graph, parameters } = base;
  const series = powerSeries(parameters);
  const columns = new Map<number, number>();
  for (const { axons } of changes) {
    for (const { from, to } of axons) {
      for (const i of [from, to]) {
        if (i < graph.particles && !columns.has(i)) columns.set(i, columns.size);
      }
    }
  }
  const target =
    (tolerance * parameters.lambda[0] * parameters.teleport * BEYOND_SHARE) / mostMoved(changes);
  const held = await powersAt(base, operator, series, [...columns.keys()], target);
  return { ...base, series, columns, ...held };
}

/** Largest Σ|change of weight|, at both ends of each axon, of any one change; 0 becomes 1. */
function mostMoved(changes: readonly AxonChanges[]): number {
  let most = 0;
  for (const { axons } of changes) {
    const moved = axons.reduce((sum, { before, after }) => sum + 2 * Math.abs(after - before), 0);
    most = Math.max(most, moved);
  }
  return most > 0 ? most : 1;
}

/**
 * (M^k φ) at some particles, k = 0, 1, … until what is beyond costs at most `target` for each unit
 * of weight moved.
 */
async function powersAt(
  { adjacency: { degree }, phi }: ShiftBase,
  { workspace, hostMeasure: h, step }: FocusOperator,
  series: PowerSeries,
  particles: readonly number[],
  target: number,
): Promise<Pick<LocalBase, 'powers' | 'powerError' | 'density'>> {
  const powers = [Float64Array.from(particles, (i) => phi[i])];
  const density = phi.reduce((most, value, i) => Math.max(most, value / degree[i]), 0);
  const last = series.coefficients.length - 1;
  const gathered = workspace.scalars(particles.length);
  const entries = workspace.place(
    particles.map((row, column) => ({
      row: null,
      column,
      keep: 0,
      parts: [{ source: 0, row, column: 0, weight: h[row] }],
    })),
  );
  let [z, next] = [workspace.vector(1), workspace.vector(1)];
  const start = new Float64Array(h.length);
  phi.forEach((value, i) => (start[i] = value / h[i]));
  workspace.write(z, start);
  for (let k = 1; k <= last; k++) {
    if (meanPowerBeyond(series, k - 1) * 2 * density <= target) break;
    // Y = 𝓛 − 1 = −M.
    step(next, z, -1, []);
    [z, next] = [next, z];
    workspace.amend(gathered, entries, [{ numbers: z, factor: 1 }]);
    const [values] = await workspace.numbers([gathered]);
    powers.push(values.slice());
  }
  for (const each of [z, next, entries]) workspace.release(each);
  // Sums of numbers ≥ 0: their relative errors add up over the powers.
  const perPower = (2 * workspace.summationDepth(1) + 16) * workspace.unitRoundoff;
  return {
    powers,
    powerError: 1.01 * (powers.length - 1) * perPower,
    density: density * (1 + perPower),
  };
}
