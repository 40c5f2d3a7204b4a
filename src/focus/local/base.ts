// What local shifts need of the graph before a change, computed once for many changes: both
// directions, φ, and (M^k φ)_i at the particles that some change touches. The last costs one pass
// both ways over the graph for each power; everything after it is local.

import type { Backend, Vector, Workspace } from '../../backend/backend.js';
import { openCpu } from '../../backend/cpu/cpu.js';
import { check } from '../../base/errors.js';
import type { AxonChanges } from '../../graph/change.js';
import type { Graph } from '../../graph/graph.js';
import { adjacencyOf, type Adjacency } from '../adjacency.js';
import type { Parameters } from '../parameters.js';
import { compensatedSum } from '../sums.js';
import { twoWayGraph, type TwoWayGraph } from './changed-graph.js';
import { meanPowerBeyond, powerSeries, type PowerSeries } from './series.js';

/** A focus as a base of shifts. */
export interface BaseFocus {
  readonly parameters: Parameters;
  /** φ: n numbers ≥ 0 with sum 1. */
  readonly phi: Float64Array;
  /** Proven L1 error of φ. */
  readonly errorBound: number;
}

/** The graph before, ready for local shifts. */
export interface LocalBase {
  readonly graph: TwoWayGraph;
  readonly adjacency: Adjacency;
  readonly parameters: Parameters;
  readonly phi: Float64Array;
  readonly errorBound: number;
  readonly series: PowerSeries;
  /** What one unit of the prior's weight injects: φ = Q φ + injection · weight. */
  readonly injection: number;
  /** Column of a particle in `powers`, for those that changes touch. */
  readonly columns: ReadonlyMap<number, number>;
  /** (M^k φ)_i at [k][column]; k = 0 … powers.length − 1. */
  readonly powers: readonly Float64Array[];
  /** Relative error of each entry of `powers`. */
  readonly powerError: number;
  /**
   * (M^k φ)_i ≤ density · d_i for every k from the last power on: M averages φ/d, so its largest
   * value never grows.
   */
  readonly density: number;
}

/** Share of the tolerated residual that powers beyond the last held may cost. */
const BEYOND_SHARE = 1 / 16;

/**
 * Prepares shifts of `focus` under each of `changes`. Cost O(n + m), and twenty to sixty products
 * with W on the backend (default: the CPU), more for larger changes and smaller `tolerance`. Throws
 * `bad-parameter` for a reading without the random-walk Laplacian, and for a prior that a changed
 * graph cannot have.
 */
export async function openLocalBase(
  graph: Graph,
  focus: BaseFocus,
  changes: readonly AxonChanges[],
  tolerance: number,
  backend: Backend = openCpu(),
): Promise<LocalBase> {
  const { parameters, phi, errorBound } = focus;
  const { reading, prior } = parameters;
  check(
    reading === 'focus-1' || reading === 'pagerank',
    'bad-parameter',
    () => `local mode: expected the reading focus-1 or pagerank, found ${reading}`,
    'solve the changed graph as a whole instead',
  );
  check(
    typeof prior === 'string',
    'bad-parameter',
    () => 'local mode: expected the degree or the uniform prior, found one weight per particle',
  );
  const adjacency = adjacencyOf(graph.axons);
  const series = powerSeries(parameters);
  const columns = new Map<number, number>();
  for (const { axons } of changes) {
    for (const { from, to } of axons) {
      for (const i of [from, to]) {
        if (i < graph.particles && !columns.has(i)) columns.set(i, columns.size);
      }
    }
  }
  const { powers, relativeError, density } = await powersAt(
    adjacency,
    phi,
    series,
    [...columns.keys()],
    (tolerance * parameters.lambda[0] * parameters.teleport * BEYOND_SHARE) / mostMoved(changes),
    backend,
  );
  const { outStake, totalDegree } = adjacency;
  const dangling = compensatedSum(phi.length, (i) => (outStake[i] > 0 ? 0 : phi[i]));
  const total = prior === 'degree' ? totalDegree : graph.particles;
  const [diffusion] = parameters.lambda;
  const { teleport } = parameters;
  return {
    graph: twoWayGraph(adjacency),
    parameters,
    phi,
    errorBound,
    series,
    injection: (diffusion * (teleport + (1 - teleport) * dangling)) / total,
    adjacency,
    columns,
    powers,
    powerError: relativeError,
    density,
  };
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

interface Powers {
  readonly powers: readonly Float64Array[];
  readonly relativeError: number;
  readonly density: number;
}

/**
 * (M^k φ) at some particles, k = 0, 1, … until what is beyond costs at most `target` for each unit
 * of weight moved.
 */
async function powersAt(
  adjacency: Adjacency,
  phi: Float64Array,
  series: PowerSeries,
  particles: readonly number[],
  target: number,
  backend: Backend,
): Promise<Powers> {
  const { axons, degree } = adjacency;
  const powers = [Float64Array.from(particles, (i) => phi[i])];
  let values: Float64Array = phi.map((value, i) => value / degree[i]);
  const largest = (): number => values.reduce((most, value) => Math.max(most, value), 0);
  const last = series.coefficients.length - 1;
  let relativeError = 0;
  if (last > 0) {
    const workspace = await backend.open(axons, 'both');
    try {
      const perDegree = column(
        workspace,
        degree.map((d) => 1 / d),
      );
      // z = φ/d throughout: M φ = W z, and the next z is that over d.
      let [z, next] = [column(workspace, values), workspace.vector(1)];
      for (let k = 1; k <= last; k++) {
        if (meanPowerBeyond(series, k - 1) * 2 * largest() <= target) break;
        const product = { out: next, direction: 'both', x: z, factor: 1, terms: [] } as const;
        workspace.product({ ...product, rowScale: perDegree });
        [z, next] = [next, z];
        values = await workspace.read(z);
        const at = values;
        powers.push(Float64Array.from(particles, (i) => at[i] * degree[i]));
      }
      // Sums of numbers ≥ 0: their relative errors add up over the powers.
      const perPower = (2 * workspace.summationDepth(1) + 16) * workspace.unitRoundoff;
      relativeError = 1.01 * (powers.length - 1) * perPower;
    } finally {
      workspace.destroy();
    }
  }
  return { powers, relativeError, density: largest() * (1 + relativeError) };
}

function column(workspace: Workspace, values: Float64Array): Vector {
  const vector = workspace.vector(1);
  workspace.write(vector, values);
  return vector;
}
