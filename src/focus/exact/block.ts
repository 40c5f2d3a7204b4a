// Many graphs near one base in exact arithmetic (docs/exact-arithmetic.md, section 11): each column of
// a block is the base with its own few axons changed, solved from an earlier focus to a certificate of
// its own. A column's bits are a function of base, change and start alone: not of the width of the
// block, of its neighbours, of threads or of the machine.

import type { ExactBackend } from '../../backend/exact.js';
import { check } from '../../base/errors.js';
import { checkChanges, type AxonChanges } from '../../graph/change.js';
import type { WeightedGraph } from '../../graph/graph.js';
import { limitsOf } from '../limits.js';
import { resolveParameters, type FocusOptions, type Parameters } from '../parameters.js';
import { boundOf } from './certificate.js';
import type { ChangedColumn } from './changed-column.js';
import { measureUnits } from './focus-exact.js';
import {
  checkedStart,
  DEFAULT_TOLERANCE,
  LEAST_TOLERANCE,
  solveUnits,
  type ExactOptions,
} from './solve-units.js';
import { normalise, solveExact, type ExactColumn, type ExactSolveOptions } from './solve.js';
import { variedQuantisationError } from './varied-certificate.js';
import { openVariedBase, variedOperator, type VariedBase, type VariedOperator } from './varied.js';

/** Options of a block beyond the parameters of the tri-kernel. */
export interface ExactBlockOptions extends FocusOptions {
  /** L1 error to certify of each column, in (0, 2]; default 1e-9. */
  readonly tolerance?: number | undefined;
  /** Applications after which a column stops unconverged; default 10,000. */
  readonly mostIterations?: number | undefined;
  /** Columns of a block; default 8. */
  readonly columns?: number | undefined;
  /** Most particles that any change adds; default 0. */
  readonly added?: number | undefined;
  /** The exact focus of the base in focus units, where it is known; else it is solved. */
  readonly base?: BigInt64Array | undefined;
}

/** One graph to solve: the base with these axons changed. */
export interface ExactVariation {
  readonly changes: AxonChanges;
  /**
   * Focus units to start from, of the base's particles and then those that the change adds; default:
   * the focus of the base. What it has for particles that the change takes away is not used.
   */
  readonly start?: BigInt64Array | undefined;
}

/** The focus of one changed graph. */
export interface ExactVaried {
  /**
   * φ in focus units of 2⁻⁶¹, Σ = 2⁶¹: the base's particles in their order, then those that the
   * change adds; 0 where a particle has no axon left.
   */
  readonly units: BigInt64Array;
  /** Particles with an axon. */
  readonly particles: number;
  /** H and J = ln particles − H, in units of 2⁻⁵⁶ nats. */
  readonly entropy: bigint;
  readonly syntropy: bigint;
  /** Σ|G(φ) − φ| in focus units. */
  readonly residual: bigint;
  /** Units by which Σφ missed 2⁶¹ before the final correction. */
  readonly missing: bigint;
  readonly applications: number;
  /** Proven bound of ‖φ − φ*‖₁ against the focus of the changed graph in real numbers. */
  readonly errorBound: number;
  readonly converged: boolean;
}

/** A base graph on a machine for exact solves of graphs near it. Owns memory: `destroy` it. */
export interface ExactBlock {
  readonly parameters: Parameters;
  readonly tolerance: number;
  /** The focus of the base, in focus units. */
  readonly base: BigInt64Array;
  /**
   * Solves each variation, as many at once as the block has columns. Null where a change does not fit
   * the integers that columns share (a degree above 32 times the base's largest, or more than half of
   * all stake taken away): solve that graph by itself. Throws `bad-input` for changes of particles
   * that are not there and `bad-parameter` for starts out of range.
   */
  solve(
    variations: readonly ExactVariation[],
    signal?: AbortSignal,
  ): Promise<readonly (ExactVaried | null)[]>;
  destroy(): void;
}

const DEFAULT_COLUMNS = 8;

/**
 * Places a base graph for variations. Solves the base where its focus is not given. Readings focus-1
 * and pagerank, priors degree and uniform; throws `bad-parameter` for others.
 */
export async function openExactBlock(
  graph: WeightedGraph,
  options: ExactBlockOptions,
  backend: ExactBackend,
): Promise<ExactBlock> {
  const parameters = resolveParameters(options, graph);
  const limits = limitsOf(options, DEFAULT_TOLERANCE, LEAST_TOLERANCE);
  const most = natural('columns', options.columns ?? DEFAULT_COLUMNS, 1);
  const added = natural('added', options.added ?? 0, 0);
  const placed = await openVariedBase(graph, parameters, added, backend);
  let operator: VariedOperator | null = null;
  try {
    const base = options.base ?? (await baseUnits(graph, options, backend));
    checkedStart(base, graph.particles, 0);
    return {
      parameters,
      tolerance: limits.tolerance,
      base,
      solve: async (variations, signal) => {
        variations.forEach(({ changes }, b) => checkVariation(placed, graph, changes, b));
        const results: (ExactVaried | null)[] = [];
        for (let first = 0; first < variations.length; first += most) {
          const some = variations.slice(first, first + most);
          const width = widthFor(some.length, most);
          if (operator?.columns !== width) {
            operator?.release();
            operator = variedOperator(placed, width);
          }
          const solver = { ...limits, warm: true, signal };
          results.push(...(await solveBlock(placed, operator, base, some, first, solver)));
        }
        return results;
      },
      destroy: () => placed.destroy(),
    };
  } catch (error) {
    placed.destroy();
    throw error;
  }
}

function natural(name: string, value: number, least: number): number {
  check(
    Number.isSafeInteger(value) && value >= least,
    'bad-parameter',
    () => `${name}: expected an integer ≥ ${least}, found ${value}`,
  );
  return value;
}

async function baseUnits(
  graph: WeightedGraph,
  options: ExactBlockOptions,
  backend: ExactBackend,
): Promise<BigInt64Array> {
  const own: ExactOptions = { ...options, start: undefined };
  return (await solveUnits(graph, own, 1, backend))[0].units;
}

/** Half the columns, or a quarter …, as long as they hold so many: the last block may be small. */
function widthFor(count: number, columns: number): number {
  let width = columns;
  while (width % 2 === 0 && count <= width / 2) width /= 2;
  return width;
}

async function solveBlock(
  placed: VariedBase,
  operator: VariedOperator,
  base: BigInt64Array,
  variations: readonly ExactVariation[],
  first: number,
  solver: ExactSolveOptions,
): Promise<readonly (ExactVaried | null)[]> {
  const { workspace, columns } = operator;
  const own = operator.vary(variations.map(({ changes }) => changes.axons));
  const block = new BigInt64Array(workspace.rows * columns);
  for (let b = 0; b < columns; b++) {
    // Columns that are not asked for, or do not fit, are the base.
    const variation = own[b] === null ? undefined : variations[b];
    const start = startOf(placed, own[b], base, variation, first + b);
    copyColumn(start, block, columns, b, true);
  }
  const phi = workspace.vector(columns);
  workspace.write(phi, block);
  try {
    const solved = await solveExact(operator, phi, solver);
    const found = await workspace.read(phi);
    return variations.map(({ changes }, b) => {
      const column = own[b];
      if (column === null) return null;
      const units = new BigInt64Array(placed.shared.particles + changes.added);
      copyColumn(units, found, columns, b, false);
      return finish(placed, column, solved[b], units, solver.tolerance);
    });
  } finally {
    workspace.release(phi);
  }
}

function checkVariation(
  { shared, workspace }: VariedBase,
  graph: WeightedGraph,
  changes: AxonChanges,
  variation: number,
): void {
  const spare = workspace.rows - 1 - shared.particles;
  check(
    changes.added <= spare,
    'bad-input',
    () =>
      `variation ${variation}: expected at most ${spare} particles added, found ${changes.added}`,
    'open the block with room for as many: option added',
  );
  checkChanges(graph, changes);
}

/** Copies a column into a block, or out of it, as pairs of words. */
function copyColumn(
  units: BigInt64Array,
  block: BigInt64Array,
  columns: number,
  column: number,
  inwards: boolean,
): void {
  const own = new Uint32Array(units.buffer, units.byteOffset, 2 * units.length);
  const all = new Uint32Array(block.buffer, block.byteOffset, 2 * block.length);
  const step = 2 * columns;
  for (let k = 0, at = 2 * column; k < own.length; k += 2, at += step) {
    if (inwards) {
      all[at] = own[k];
      all[at + 1] = own[k + 1];
    } else {
      own[k] = all[at];
      own[k + 1] = all[at + 1];
    }
  }
}

/** A start by row, zero at particles that are gone. */
function startOf(
  { shared }: VariedBase,
  column: ChangedColumn | null,
  base: BigInt64Array,
  variation: ExactVariation | undefined,
  number: number,
): BigInt64Array {
  const length = shared.particles + (variation?.changes.added ?? 0);
  const start = new BigInt64Array(length);
  const given = variation?.start;
  check(
    given === undefined || given.length === length,
    'bad-parameter',
    () => `start ${number}: expected ${length} units, found ${given?.length}`,
    'align the earlier focus to the base, then the particles that the change adds, absent = 0',
  );
  start.set(given ?? base);
  if (column !== null) {
    for (const index of column.lost) start[index] = 0n;
    for (let i = shared.particles; i < length; i++) {
      if (!column.gained.includes(i)) start[i] = 0n;
    }
  }
  return checkedStart(start, length, number);
}

/** Makes Σφ exactly one over the particles that are there, in place, and proves the error. */
function finish(
  placed: VariedBase,
  column: ChangedColumn,
  { error, residual, applications, degree }: ExactColumn,
  units: BigInt64Array,
  tolerance: number,
): ExactVaried {
  const quantised = variedQuantisationError(placed, column, units, degree);
  const there = present(placed.shared.particles, column, units);
  const { missing, moved } = normalise(there);
  absorb(placed.shared.particles, column, units, there);
  const errorBound = boundOf(error + quantised, moved, placed.constants.injection);
  return {
    units,
    particles: there.length,
    ...measureUnits(there),
    residual,
    missing,
    applications,
    errorBound,
    converged: errorBound <= tolerance,
  };
}

/** Ranges of rows whose particles have an axon in the column, ascending. */
function rangesOf(particles: number, { lost, gained }: ChangedColumn): [number, number][] {
  const ranges: [number, number][] = [];
  let first = 0;
  for (const row of lost.toSorted((a, b) => a - b)) {
    ranges.push([first, row]);
    first = row + 1;
  }
  ranges.push([first, particles]);
  for (const row of gained.toSorted((a, b) => a - b)) ranges.push([row, row + 1]);
  return ranges;
}

/** The units of particles that are there, in order. */
function present(particles: number, column: ChangedColumn, units: BigInt64Array): BigInt64Array {
  const { lost, gained } = column;
  const there = new BigInt64Array(particles - lost.length + gained.length);
  let at = 0;
  for (const [first, end] of rangesOf(particles, column)) {
    there.set(units.subarray(first, end), at);
    at += end - first;
  }
  return there;
}

/** Puts them back where they are. */
function absorb(
  particles: number,
  column: ChangedColumn,
  units: BigInt64Array,
  there: BigInt64Array,
): void {
  let at = 0;
  for (const [first, end] of rangesOf(particles, column)) {
    units.set(there.subarray(at, at + end - first), first);
    at += end - first;
  }
}
