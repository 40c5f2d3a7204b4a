// Writes verbs into the control block (layout.ts) one at a time and has the kernels execute them;
// what the verbs of all number formats share.

import { invariant } from '../../base/errors.js';
import type { Scalars, Vector } from '../backend.js';
import * as layout from './layout.js';
import type { PlacedMatrix } from './matrices.js';
import type { Memory } from './memory.js';
import type { Pool } from './pool.js';
import type { Shares } from './shares.js';

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

/** A term with its vector resolved and a way to write its coefficient, one number per column. */
export interface CpuTerm<Numbers> {
  readonly vector: CpuVector;
  readonly shift: number;
  readonly fill: (target: Numbers) => void;
}

/** A reduction with its vectors resolved. */
export interface CpuReduction {
  readonly kind: 'sum' | 'absolute' | 'dot' | 'distance';
  readonly x: CpuVector;
  readonly y: CpuVector | null;
  readonly weight: CpuVector | null;
}

/** Results of a reduction, known at once on this backend. */
export interface CpuScalars<Numbers> extends Scalars {
  readonly values: Numbers;
}

const KINDS = {
  sum: layout.KIND_SUM,
  absolute: layout.KIND_ABSOLUTE,
  dot: layout.KIND_DOT,
  distance: layout.KIND_DISTANCE,
} as const;

/** What the kernels need to know of a number format; `view` sees numbers at an address. */
export interface NumberFormat<Numbers> {
  /** One of the NUMBER_ constants of layout.ts. */
  readonly code: number;
  readonly bytes: number;
  /** Bytes of a partial sum of a reduction. */
  readonly partialBytes: number;
  readonly view: (memory: Memory, address: number, length: number) => Numbers;
}

/** The control block of one workspace. */
export class Control<Numbers> {
  readonly memory: Memory;
  readonly rows: number;
  readonly format: NumberFormat<Numbers>;
  readonly #pool: Pool;
  readonly #worthSharing: number;
  readonly #fields: Uint32Array;
  #work = 0;
  #stride = 1;
  #coefficients = { address: 0, stride: 0 };
  #partials = { address: 0, bytes: 0 };

  constructor(
    memory: Memory,
    pool: Pool,
    rows: number,
    format: NumberFormat<Numbers>,
    worthSharing = WORTH_SHARING,
  ) {
    this.#worthSharing = worthSharing;
    this.memory = memory;
    this.rows = rows;
    this.format = format;
    this.#pool = pool;
    this.#fields = memory.u32(pool.control, layout.CONTROL_BYTES / 4);
  }

  /** Address of the control block, for fields wider than 32 bits. */
  get address(): number {
    return this.#pool.control;
  }

  set(field: number, value: number): void {
    this.#fields[field / 4] = value;
  }

  /** Starts a verb on blocks shaped like `shape`; `work` counts numbers or arcs per column. */
  begin(op: number, shape: CpuVector, work: number): void {
    this.#work = work * shape.stride;
    this.#stride = shape.stride;
    this.set(layout.OP, op);
    this.set(layout.NUMBER, this.format.code);
    this.set(layout.ROWS, this.rows);
    this.set(layout.STRIDE, shape.stride);
    this.set(layout.COLUMNS, shape.columns);
    this.set(layout.TERM_COUNT, 0);
    this.set(layout.REDUCTION_COUNT, 0);
    for (const field of [layout.ROW_SCALE, layout.DIAGONAL, layout.SECOND]) this.set(field, 0);
  }

  execute(): void {
    const shared = this.#work >= this.#worthSharing && this.#pool.threads > 1;
    this.set(layout.THREADS, shared ? this.#pool.threads : 1);
    this.set(layout.NEXT_SHARE, 0);
    this.#pool.execute();
  }

  terms(terms: readonly CpuTerm<Numbers>[], most: number): void {
    invariant(terms.length <= most, `a verb takes at most ${most} terms`);
    const { bytes, view } = this.format;
    if (this.#coefficients.stride < this.#stride) {
      const { address, stride } = this.#coefficients;
      if (stride > 0) this.memory.free(address, layout.MOST_TERMS * stride * bytes);
      this.#coefficients = {
        address: this.memory.allocate(layout.MOST_TERMS * this.#stride * bytes),
        stride: this.#stride,
      };
    }
    terms.forEach(({ vector, shift, fill }, t) => {
      const address = this.#coefficients.address + t * this.#stride * bytes;
      fill(view(this.memory, address, this.#stride));
      const field = layout.TERMS + t * layout.TERM_BYTES;
      this.set(field, vector.address);
      this.set(field + 4, vector.stride);
      this.set(field + 8, address);
      this.set(field + 12, shift);
    });
    this.set(layout.TERM_COUNT, terms.length);
  }

  /** The matrices of a product, and the shares its rows are divided into. */
  matrices(chosen: readonly PlacedMatrix[], shares: Shares): void {
    this.set(layout.MATRIX_COUNT, chosen.length);
    chosen.forEach((matrix, m) => {
      const field = layout.MATRICES + m * layout.MATRIX_BYTES;
      this.set(field, matrix.offsets);
      this.set(field + 4, matrix.columns);
      this.set(field + 8, matrix.values);
    });
    this.set(layout.BOUNDS, shares.address);
    this.set(layout.SHARES, shares.count);
  }

  /** Executes reductions; returns the address of the partial sums [chunk][reduction][column]. */
  reduce(reductions: readonly CpuReduction[]): {
    readonly address: number;
    readonly chunks: number;
  } {
    const shape = reductions[0].x;
    const count = reductions.length;
    invariant(
      count <= layout.MOST_REDUCTIONS,
      `at most ${layout.MOST_REDUCTIONS} reductions at once`,
    );
    const chunks = Math.ceil(this.rows / layout.CHUNK_ROWS);
    const bytes = chunks * count * shape.columns * this.format.partialBytes;
    if (this.#partials.bytes < bytes) {
      if (this.#partials.bytes > 0) this.memory.free(this.#partials.address, this.#partials.bytes);
      this.#partials = { address: this.memory.allocate(bytes), bytes };
    }
    this.begin(layout.OP_REDUCE, shape, this.rows * count);
    this.set(layout.PARTIALS, this.#partials.address);
    this.set(layout.REDUCTION_COUNT, count);
    reductions.forEach(({ kind, x, y, weight }, r) => {
      invariant(x.stride === shape.stride, 'reductions of one call share a shape');
      const field = layout.REDUCTIONS + r * layout.REDUCTION_BYTES;
      const broadcast = y !== null && y.stride !== shape.stride ? layout.KIND_BROADCAST : 0;
      this.set(field, KINDS[kind] + broadcast);
      this.set(field + 4, x.address);
      this.set(field + 8, y === null ? 0 : y.address);
      this.set(field + 12, weight === null ? 0 : weight.address);
    });
    this.execute();
    return { address: this.#partials.address, chunks };
  }
}
