// Verbs as commands: each is written into the control block (layout.ts) and executed by the kernels.

import { invariant } from '../../base/errors.js';
import type {
  Coefficient,
  Direction,
  Product,
  Reduction,
  Scalars,
  Term,
  Vector,
} from '../backend.js';
import * as layout from './layout.js';
import type { PlacedMatrices } from './matrices.js';
import type { Memory } from './memory.js';
import type { Pool } from './pool.js';
import { ROW_COST, type Shares } from './shares.js';

/**
 * Below this many numbers or arcs a verb runs on the calling thread: a barrier costs more than it
 * saves.
 */
export const WORTH_SHARING = 32768;

/** A block in the workspace's memory: `stride` numbers a row, the columns padded to whole v128. */
export interface CpuVector extends Vector {
  readonly columns: number;
  readonly stride: number;
  readonly address: number;
}

/** Results of a reduction, known at once on this backend. */
export interface CpuScalars extends Scalars {
  readonly values: Float64Array;
}

/** Writes one verb at a time into the control block and executes it. */
export class Command {
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
