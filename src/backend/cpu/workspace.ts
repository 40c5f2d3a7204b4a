// A graph on the CPU: vectors in shared WebAssembly memory, each verb one command for the kernels
// (kernels/*.ts). Results are bit-identical for every number of threads: rows and reduction chunks
// are summed in a fixed order.

import { check, invariant } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import type {
  Coefficient,
  Direction,
  Precision,
  Product,
  Reduction,
  Scalars,
  Term,
  Vector,
  Workspace,
} from '../backend.js';
import * as layout from './layout.js';
import { matrixBytes, placeMatrices, type PlacedMatrices } from './matrices.js';
import { openMemory, type Memory } from './memory.js';
import { openPool, type Pool } from './pool.js';
import { groupByDegree, type Relabelling } from '../relabel.js';

/**
 * Below this many numbers or arcs a verb runs on the calling thread: a barrier costs more than it
 * saves.
 */
const WORTH_SHARING = 32768;
/**
 * A row costs about as much as this many arcs (offsets, result and terms), for sharing rows between
 * threads.
 */
const ROW_COST = 6;
/**
 * Arcs a share of rows, so that threads end a product within some ten microseconds of each other.
 */
const SHARE_COST = 16384;
const MOST_SHARES = 8192;

interface CpuVector extends Vector {
  readonly columns: number;
  readonly stride: number;
  readonly address: number;
}

interface CpuScalars extends Scalars {
  readonly values: Float64Array;
}

/** Places a graph in memory and starts the threads where the graph is worth it. */
export async function openCpuWorkspace(
  axons: Csr,
  directions: 'in' | 'both',
  precision: Precision,
  threads: number,
): Promise<Workspace> {
  const { rows } = axons;
  const arcs = axons.offsets[rows];
  const vectors = 8 * rows * (precision === 'f64' ? 8 : 4);
  const memory = openMemory(matrixBytes(axons, directions, precision) + vectors + 65536);
  const shared = threads > 1 && arcs + rows >= WORTH_SHARING;
  const pool = openPool(memory, shared ? threads : 1);
  const started = shared ? pool.start() : Promise.resolve();
  const relabelling = groupByDegree(axons);
  const matrices = placeMatrices(memory, axons, directions, precision, relabelling);
  await started;
  return workspaceOver(memory, pool, rows, arcs, precision, relabelling, matrices);
}

function workspaceOver(
  memory: Memory,
  pool: Pool,
  rows: number,
  arcs: number,
  precision: Precision,
  relabelling: Relabelling,
  matrices: PlacedMatrices,
): Workspace {
  const double = precision === 'f64';
  const size = double ? 8 : 4;
  const lanes = 16 / size;
  const command = new Command(memory, pool, rows, double);
  const shares = shareRows(memory, matrices, rows, arcs);
  const live = new Set<CpuVector>();
  let destroyed = false;

  const cpu = (vector: Vector): CpuVector => {
    invariant(
      !destroyed && live.has(vector as CpuVector),
      'a vector is used in its own live workspace',
    );
    return vector as CpuVector;
  };
  const numbersOf = (vector: CpuVector) =>
    double
      ? memory.f64(vector.address, rows * vector.stride)
      : memory.f32(vector.address, rows * vector.stride);

  return {
    rows,
    precision,
    unitRoundoff: double ? 2 ** -53 : 2 ** -24,
    summationDepth: depthOf(matrices.longestRow),
    stepsPerWait: 1,
    vector: (columns) => {
      check(
        Number.isInteger(columns) && columns >= 1,
        'bad-parameter',
        () => `columns: expected an integer ≥ 1, found ${columns}`,
      );
      const stride = columns === 1 ? 1 : Math.ceil(columns / lanes) * lanes;
      const address = memory.allocate(rows * stride * size);
      const vector: CpuVector = { columns, stride, address };
      live.add(vector);
      return vector;
    },
    release: (vector) => {
      const own = cpu(vector);
      live.delete(own);
      memory.free(own.address, rows * own.stride * size);
    },
    write: (vector, values) => {
      const own = cpu(vector);
      const { columns, stride } = own;
      invariant(values.length === rows * columns, 'write brings rows × columns numbers');
      const target = numbersOf(own);
      const { place } = relabelling;
      for (let i = 0; i < rows; i++) {
        for (let b = 0; b < columns; b++) target[place[i] * stride + b] = values[i * columns + b];
      }
    },
    product: (product) => command.product(product, matrices, shares, arcs, cpu),
    combine: (out, terms) => {
      command.begin(layout.OP_COMBINE, cpu(out), rows * terms.length);
      command.set(layout.OUT, cpu(out).address);
      command.terms(terms, cpu, layout.MOST_TERMS);
      command.execute();
    },
    scale: (out, x, by, factor, plus) => {
      command.begin(layout.OP_SCALE, cpu(out), rows * 2);
      command.set(layout.OUT, cpu(out).address);
      command.set(layout.X, cpu(x).address);
      command.set(layout.ROW_SCALE, cpu(by).address);
      if (plus !== undefined) command.set(layout.SECOND, cpu(plus).address);
      command.setDouble(layout.FACTOR, factor);
      command.execute();
    },
    reduce: (reductions) => command.reduce(reductions, cpu),
    numbers: (scalars) => Promise.resolve(scalars.map((s) => (s as CpuScalars).values)),
    read: (vector) => {
      const own = cpu(vector);
      const { columns, stride } = own;
      const source = numbersOf(own);
      const values = new Float64Array(rows * columns);
      const { place } = relabelling;
      for (let i = 0; i < rows; i++) {
        for (let b = 0; b < columns; b++) values[i * columns + b] = source[place[i] * stride + b];
      }
      return Promise.resolve(values);
    },
    destroy: () => {
      if (destroyed) return;
      destroyed = true;
      pool.destroy();
      live.clear();
    },
  };
}

/**
 * Additions on the way of one element: an accumulator's share of a block, joining four, then the
 * blocks of two rows.
 */
function depthOf(longestRow: number): number {
  const withinBlock = Math.ceil(Math.min(longestRow, layout.BLOCK_ARCS) / 4) + 6;
  return withinBlock + 2 * Math.ceil(longestRow / layout.BLOCK_ARCS) + 2;
}

/**
 * Shares of rows that cost about the same: `count` of them between count + 1 bounds at an address.
 */
interface Shares {
  readonly address: number;
  readonly count: number;
}

/** Divides the rows of `in`, `out` and `both` into shares of about SHARE_COST. */
function shareRows(
  memory: Memory,
  matrices: PlacedMatrices,
  rows: number,
  arcs: number,
): Readonly<Record<Direction, Shares>> {
  const offsetsOf = (address: number) => memory.u32(address, rows + 1);
  const incoming = offsetsOf(matrices.incoming.offsets);
  const outgoing = matrices.outgoing === null ? null : offsetsOf(matrices.outgoing.offsets);
  const share = (costBefore: (row: number) => number, total: number): Shares => {
    const count = Math.max(1, Math.min(MOST_SHARES, Math.ceil(total / SHARE_COST)));
    const address = memory.allocate((count + 1) * 4);
    const bounds = memory.u32(address, count + 1);
    for (let k = 0, row = 0; k < count; k++) {
      while (row < rows && costBefore(row) < (total * k) / count) row++;
      bounds[k] = row;
    }
    bounds[count] = rows;
    return { address, count };
  };
  const oneWay = arcs + ROW_COST * rows;
  const byIn = share((row) => incoming[row] + ROW_COST * row, oneWay);
  if (outgoing === null) return { in: byIn, out: byIn, both: byIn };
  return {
    in: byIn,
    out: share((row) => outgoing[row] + ROW_COST * row, oneWay),
    both: share((row) => incoming[row] + outgoing[row] + ROW_COST * row, arcs + oneWay),
  };
}

/** Writes one verb at a time into the control block and executes it. */
class Command {
  readonly #memory: Memory;
  readonly #pool: Pool;
  readonly #rows: number;
  readonly #double: boolean;
  #fields: Uint32Array;
  #doubles: Float64Array;
  #work = 0;
  #stride = 1;
  #coefficients = { address: 0, stride: 0 };
  #partials = { address: 0, bytes: 0 };

  constructor(memory: Memory, pool: Pool, rows: number, double: boolean) {
    this.#memory = memory;
    this.#pool = pool;
    this.#rows = rows;
    this.#double = double;
    this.#fields = memory.u32(pool.control, layout.CONTROL_BYTES / 4);
    this.#doubles = memory.f64(pool.control, layout.CONTROL_BYTES / 8);
  }

  set(field: number, value: number): void {
    this.#fields[field / 4] = value;
  }

  setDouble(field: number, value: number): void {
    this.#doubles[field / 8] = value;
  }

  /** Starts a verb on blocks shaped like `shape`; `work` counts numbers or arcs per column. */
  begin(op: number, shape: CpuVector, work: number): void {
    this.#work = work * shape.stride;
    this.#stride = shape.stride;
    this.set(layout.OP, op);
    this.set(layout.DOUBLE, this.#double ? 1 : 0);
    this.set(layout.ROWS, this.#rows);
    this.set(layout.STRIDE, shape.stride);
    this.set(layout.COLUMNS, shape.columns);
    this.set(layout.TERM_COUNT, 0);
    this.set(layout.REDUCTION_COUNT, 0);
    for (const field of [layout.ROW_SCALE, layout.DIAGONAL, layout.SECOND]) this.set(field, 0);
  }

  execute(): void {
    const shared = this.#work >= WORTH_SHARING && this.#pool.threads > 1;
    this.set(layout.THREADS, shared ? this.#pool.threads : 1);
    this.set(layout.NEXT_SHARE, 0);
    this.#pool.execute();
  }

  terms(terms: readonly Term[], cpu: (vector: Vector) => CpuVector, most: number): void {
    invariant(terms.length <= most, `a verb takes at most ${most} terms`);
    const size = this.#double ? 8 : 4;
    if (this.#coefficients.stride < this.#stride) {
      const address = this.#memory.allocate(layout.MOST_TERMS * this.#stride * size);
      this.#coefficients = { address, stride: this.#stride };
    }
    terms.forEach((term, t) => {
      const vector = cpu(term.vector);
      const address = this.#coefficients.address + t * this.#stride * size;
      const target = this.#double
        ? this.#memory.f64(address, this.#stride)
        : this.#memory.f32(address, this.#stride);
      fillCoefficients(target, term.coefficient);
      const field = layout.TERMS + t * layout.TERM_BYTES;
      this.set(field, vector.address);
      this.set(field + 4, vector.stride);
      this.set(field + 8, address);
    });
    this.set(layout.TERM_COUNT, terms.length);
  }

  product(
    { out, direction, x, xIn, factor, rowScale, diagonal, terms }: Product,
    { incoming, outgoing, unit }: PlacedMatrices,
    shares: Readonly<Record<Direction, Shares>>,
    arcs: number,
    cpu: (vector: Vector) => CpuVector,
  ): void {
    invariant(out !== x && out !== xIn, 'the result of a product is not its operand');
    invariant(
      xIn === undefined || direction === 'both',
      'a second operand comes with both matrices',
    );
    invariant(direction === 'in' || outgoing !== null, 'A is placed before it multiplies');
    const chosen = [];
    if (direction !== 'out') chosen.push(incoming);
    if (direction !== 'in' && outgoing !== null) chosen.push(outgoing);
    this.begin(layout.OP_PRODUCT, cpu(out), arcs * chosen.length + ROW_COST * this.#rows);
    this.set(layout.OUT, cpu(out).address);
    this.set(layout.X, cpu(x).address);
    this.set(layout.SECOND, cpu(xIn ?? x).address);
    this.setDouble(layout.FACTOR, factor);
    this.setDouble(layout.UNIT, unit);
    if (rowScale !== undefined) this.set(layout.ROW_SCALE, cpu(rowScale).address);
    if (diagonal !== undefined) this.set(layout.DIAGONAL, cpu(diagonal).address);
    this.set(layout.MATRIX_COUNT, chosen.length);
    chosen.forEach((matrix, m) => {
      const field = layout.MATRICES + m * layout.MATRIX_BYTES;
      this.set(field, matrix.offsets);
      this.set(field + 4, matrix.columns);
      this.set(field + 8, matrix.values);
    });
    this.terms(terms, cpu, 4);
    this.set(layout.BOUNDS, shares[direction].address);
    this.set(layout.SHARES, shares[direction].count);
    this.execute();
  }

  reduce(
    reductions: readonly Reduction[],
    cpu: (vector: Vector) => CpuVector,
  ): readonly CpuScalars[] {
    const shape = cpu(reductions[0].x);
    const count = reductions.length;
    invariant(
      count <= layout.MOST_REDUCTIONS,
      `at most ${layout.MOST_REDUCTIONS} reductions at once`,
    );
    const chunks = Math.ceil(this.#rows / layout.CHUNK_ROWS);
    const bytes = chunks * count * shape.columns * 8;
    if (this.#partials.bytes < bytes) {
      this.#partials = { address: this.#memory.allocate(bytes), bytes };
    }
    this.begin(layout.OP_REDUCE, shape, this.#rows * count);
    this.set(layout.PARTIALS, this.#partials.address);
    this.set(layout.REDUCTION_COUNT, count);
    const kinds = {
      sum: layout.KIND_SUM,
      absolute: layout.KIND_ABSOLUTE,
      dot: layout.KIND_DOT,
      distance: layout.KIND_DISTANCE,
    };
    reductions.forEach(({ kind, x, y, weight }, r) => {
      invariant(cpu(x).stride === shape.stride, 'reductions of one call share a shape');
      const field = layout.REDUCTIONS + r * layout.REDUCTION_BYTES;
      this.set(field, kinds[kind]);
      this.set(field + 4, cpu(x).address);
      this.set(field + 8, y === undefined ? 0 : cpu(y).address);
      this.set(field + 12, weight === undefined ? 0 : cpu(weight).address);
    });
    this.execute();
    return this.#collect(chunks, count, shape.columns);
  }

  #collect(chunks: number, count: number, columns: number): readonly CpuScalars[] {
    const partials = this.#memory.f64(this.#partials.address, chunks * count * columns);
    return Array.from({ length: count }, (_, r) => {
      const values = new Float64Array(columns);
      for (let chunk = 0; chunk < chunks; chunk++) {
        for (let b = 0; b < columns; b++) values[b] += partials[(chunk * count + r) * columns + b];
      }
      return { columns, values };
    });
  }
}

function fillCoefficients(target: Float64Array | Float32Array, coefficient: Coefficient): void {
  if (typeof coefficient === 'number') target.fill(coefficient);
  else {
    target.fill(0);
    target.set(
      coefficient instanceof Float64Array ? coefficient : (coefficient as CpuScalars).values,
    );
  }
}
