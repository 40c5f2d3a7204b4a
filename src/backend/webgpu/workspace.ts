// A graph on a GPU in f32: the verbs of backend.ts, recorded and submitted late. Rows are in the
// order of arrangement.ts inside and in the graph's order at this interface; numbers are f32 with a
// power of two per matrix and vector (scaling.ts).

import { check } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import type {
  Entries,
  Entry,
  EntryTable,
  Product,
  Reduction,
  Scalars,
  Source,
  Term,
  Vector,
  Workspace,
} from '../backend.js';
import { productDepth } from './depth.js';
import type { Device } from './device.js';
import { recordScale } from './elementwise.js';
import { bitsOf } from './format.js';
import { openGround, type Ground } from './ground.js';
import type { Kernels } from './pipelines.js';
import { centre, exponentOf, powerOfTwo } from './scaling.js';
import type { OwnTerm } from './terms.js';
import { weighF32 } from './weighing.js';

/** Arcs above which a product takes longer than reading a number back (some 0.2 ms). */
const WORTH_A_WAIT = 2 ** 23;

/** Places a graph and makes its workspace; `closed` is told when it is destroyed. */
export async function openWorkspace(
  device: Device,
  kernels: Kernels,
  axons: Csr,
  directions: 'in' | 'both',
  closed: (workspace: Workspace) => void,
): Promise<Workspace> {
  const weighing = weighF32(axons, directions);
  const ground = await openGround(device, kernels, axons, directions, weighing);
  return new WebGpuWorkspace(ground, axons.offsets[axons.rows], directions, closed);
}

class WebGpuWorkspace implements Workspace {
  readonly precision = 'f32';
  readonly unitRoundoff = 2 ** -24;
  readonly rows: number;
  readonly summationDepth: (columns: number) => number;
  /** A chunk's pairwise tree and the tree over chunks: shaders/reduce.wgsl. */
  readonly reductionDepth = () => 64;
  readonly stepsPerWait: number;
  readonly #ground: Ground;
  readonly #directions: 'in' | 'both';
  readonly #closed: (workspace: Workspace) => void;

  constructor(
    ground: Ground,
    arcs: number,
    directions: 'in' | 'both',
    closed: (workspace: Workspace) => void,
  ) {
    const { rows, matrix, kernels } = ground.stage;
    const depth = productDepth(matrix.longestRow, kernels.lanes);
    this.rows = rows;
    this.summationDepth = () => depth;
    this.stepsPerWait = arcs < WORTH_A_WAIT ? 3 : 1;
    this.#ground = ground;
    this.#directions = directions;
    this.#closed = closed;
  }

  vector(columns: number): Vector {
    return this.#ground.vector(columns);
  }

  scalars(count: number): Scalars {
    return this.#ground.scalars(count);
  }

  place(entries: readonly Entry[] | EntryTable): Entries {
    return this.#ground.place(entries);
  }

  release(what: Vector | Scalars | Entries): void {
    this.#ground.release(what);
  }

  amend(target: Vector | Scalars, entries: Entries, sources: readonly Source[]): void {
    this.#ground.amend(target, entries, sources);
  }

  /**
   * Rounds to f32 in a copy of this thread's own, since Dawn crashes on shared memory, and submits
   * what was recorded before. Costs O(rows · columns) on the host: for starts and constants, not
   * for iterations.
   */
  write(vector: Vector, values: Float64Array): void {
    const own = this.#ground.own(vector);
    const { columns } = own;
    this.#ground.checkLength(values.length, columns);
    const { place } = this.#ground.stage.matrix;
    const exponent = exponentOf(values);
    const unit = powerOfTwo(exponent);
    const stored = new Float32Array(values.length);
    for (let i = 0; i < this.rows; i++) {
      const at = place[i] * columns;
      for (let b = 0; b < columns; b++) stored[at + b] = values[i * columns + b] / unit;
    }
    this.#ground.write(own, stored);
    own.exponent = exponent;
  }

  product({ direction, factor, terms, ...vectors }: Product): void {
    check(
      direction === 'in' || this.#directions === 'both',
      'usage',
      () => `direction '${direction}' on a graph that was opened with directions 'in'`,
      "open it with 'both'",
    );
    const ground = this.#ground;
    const [x, xIn] = [ground.own(vectors.x), ground.ownIf(vectors.xIn)];
    const [rowScale, diagonal] = [ground.ownIf(vectors.rowScale), ground.ownIf(vectors.diagonal)];
    const unit = ground.stage.matrix.unit * powerOfTwo(x.exponent + (rowScale?.exponent ?? 0));
    const diagonalUnit = powerOfTwo(x.exponent + (diagonal?.exponent ?? 0));
    ground.product({
      out: ground.own(vectors.out),
      direction,
      table: 0,
      x,
      xIn,
      inExponent: Math.min(127, Math.max(-126, (xIn ?? x).exponent - x.exponent)),
      factors: { sum: [bitsOf(factor * unit), 0], diagonal: [bitsOf(factor * diagonalUnit), 0] },
      rowScale,
      diagonal,
      halved: false,
      terms: this.#terms(terms),
    });
  }

  combine(out: Vector, terms: readonly Term[]): void {
    this.#ground.combine(this.#ground.own(out), this.#terms(terms));
  }

  /** One dispatch. */
  scale(out: Vector, x: Vector, by: Vector, factor: number, plus?: Vector): void {
    const ground = this.#ground;
    const own = { out: ground.own(out), x: ground.own(x), by: ground.own(by) };
    const added = ground.ownIf(plus);
    const size = Math.abs(factor);
    const stored = own.x.exponent + own.by.exponent;
    const product = stored + centre(size, size);
    const exponent = added === null ? product : Math.max(product, added.exponent);
    recordScale(ground.stage, {
      ...own,
      plus: added,
      factor: [bitsOf(factor * powerOfTwo(stored - exponent)), 0],
      plusFactor: [bitsOf(powerOfTwo((added?.exponent ?? 0) - exponent)), 0],
    });
    own.out.exponent = exponent;
  }

  reduce(reductions: readonly Reduction[]): readonly Scalars[] {
    const ground = this.#ground;
    return ground.reduce(
      reductions.map(({ kind, x, y, weight }) => ({
        kind,
        x: ground.own(x),
        y: ground.ownIf(y),
        weight: ground.ownIf(weight),
      })),
    );
  }

  async numbers(scalars: readonly Scalars[]): Promise<readonly Float64Array[]> {
    const values = new Float32Array(await this.#ground.scalarBytes(scalars));
    let at = 0;
    return scalars.map(({ columns }) => Float64Array.from(values.subarray(at, (at += columns))));
  }

  /** One submit, one wait, and O(rows · columns) on the host. */
  async read(vector: Vector): Promise<Float64Array> {
    const own = this.#ground.own(vector);
    const { columns, exponent } = own;
    const stored = new Float32Array(await this.#ground.elementBytes(own));
    const { place } = this.#ground.stage.matrix;
    const unit = powerOfTwo(exponent);
    const values = new Float64Array(this.rows * columns);
    for (let i = 0; i < this.rows; i++) {
      const at = place[i] * columns;
      for (let b = 0; b < columns; b++) values[i * columns + b] = stored[at + b] * unit;
    }
    return values;
  }

  destroy(): void {
    if (this.#ground.destroy()) this.#closed(this);
  }

  #terms(terms: readonly Term[]): readonly OwnTerm[] {
    return terms.map(({ coefficient, vector }) => ({
      coefficient,
      shift: 0,
      vector: this.#ground.own(vector),
    }));
  }
}
