// A graph on a GPU: the verbs of backend.ts, recorded and submitted late. Rows are in the order of
// arrangement.ts inside and in the graph's order at this interface; numbers are f32 with a power of
// two per matrix and vector (scaling.ts).

import { check } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import type { Product, Reduction, Scalars, Term, Vector, Workspace } from '../backend.js';
import { productDepth } from './depth.js';
import { usages, type Device } from './device.js';
import { recordAccumulation, recordCombination, recordScale } from './elementwise.js';
import { placeMatrix, type PlacedMatrix } from './matrix.js';
import type { Kernels } from './pipelines.js';
import { recordProduct, type Stage } from './product.js';
import { Readback } from './readback.js';
import { Recorder } from './recorder.js';
import { recordReductions, type OwnReduction } from './reduction.js';
import { DeviceScalars, ScalarRing } from './scalars.js';
import { exponentOf, powerOfTwo } from './scaling.js';
import { ownTerms } from './terms.js';
import { VectorPool, type DeviceVector } from './vectors.js';

const MOST_TERMS = 24;
const PRODUCT_TERMS = 4;
/** Constant coefficients of one submit, and scalars kept; less where the binding limit is small. */
const CONSTANTS = 2 ** 16;
const SCALARS = 2 ** 18;
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
  device.assertUsable();
  const matrix = await placeMatrix(device, axons, directions);
  const { rows, offsets } = axons;
  const arcs = offsets[rows];
  const workspace = new WebGpuWorkspace(
    device,
    kernels,
    matrix,
    rows,
    arcs,
    directions,
    closed,
  );
  await device.settle(device.device.queue.onSubmittedWorkDone());
  return workspace;
}

class WebGpuWorkspace implements Workspace {
  readonly precision = 'f32';
  readonly unitRoundoff = 2 ** -24;
  readonly summationDepth: (columns: number) => number;
  /** A chunk's pairwise tree and the tree over chunks: shaders/reduce.wgsl. */
  readonly reductionDepth = () => 64;
  readonly stepsPerWait: number;
  readonly #device: Device;
  readonly #stage: Stage;
  readonly #vectors: VectorPool;
  readonly #readback: Readback;
  readonly #directions: 'in' | 'both';
  readonly #closed: (workspace: Workspace) => void;
  readonly #partials: [GPUBuffer | null, GPUBuffer | null] = [null, null];
  #destroyed = false;

  constructor(
    device: Device,
    kernels: Kernels,
    matrix: PlacedMatrix,
    readonly rows: number,
    arcs: number,
    directions: 'in' | 'both',
    closed: (workspace: Workspace) => void,
  ) {
    const space = Math.floor(device.bindingLimit / 4);
    const constants = Math.min(CONSTANTS, Math.floor(space / 4));
    const scalars = Math.min(SCALARS, space - constants);
    const recorder = new Recorder(device, { constants, scalars });
    const ring = new ScalarRing(constants, scalars);
    const nothing = device.allocate('nothing', 4, usages.storage);
    const depth = productDepth(matrix.longestRow);
    this.summationDepth = () => depth;
    this.stepsPerWait = arcs < WORTH_A_WAIT ? 3 : 1;
    this.#device = device;
    this.#stage = { rows, kernels, recorder, ring, matrix, nothing };
    this.#vectors = new VectorPool(device, recorder, rows + matrix.partials, kernels.format.bytes);
    this.#readback = new Readback(device, recorder);
    this.#directions = directions;
    this.#closed = closed;
  }

  /** Reuses a released block of as many columns, zeroed on the device; else allocates. */
  vector(columns: number): Vector {
    this.#assertOpen();
    return this.#vectors.take(columns);
  }

  /**
   * Keeps the block for reuse: verbs already recorded may still read it, and later ones come after.
   */
  release(vector: Vector): void {
    this.#vectors.give(this.#vectors.own(vector));
  }

  /**
   * Rounds to f32 in a copy of this thread's own, since Dawn crashes on shared memory, and submits
   * what was recorded before. Costs O(rows · columns) on the host: for starts and constants, not
   * for iterations.
   */
  write(vector: Vector, values: Float64Array): void {
    const own = this.#own(vector);
    const { columns } = own;
    check(
      values.length === this.rows * columns,
      'bad-parameter',
      () => `write: expected ${this.rows} × ${columns} numbers, found ${values.length}`,
    );
    const { place } = this.#stage.matrix;
    const exponent = exponentOf(values);
    const unit = powerOfTwo(exponent);
    const stored = new Float32Array(values.length);
    for (let i = 0; i < this.rows; i++) {
      const at = place[i] * columns;
      for (let b = 0; b < columns; b++) stored[at + b] = values[i * columns + b] / unit;
    }
    // The queue writes before anything that is submitted later, so what may still read the old
    // numbers goes first.
    this.#stage.recorder.flush();
    this.#device.device.queue.writeBuffer(own.buffer, 0, stored);
    own.exponent = exponent;
  }

  /**
   * One dispatch per slice of the matrix, one more where it has long rows, one per six left-over
   * terms.
   */
  product({ out, direction, x, xIn, factor, rowScale, diagonal, terms }: Product): void {
    check(
      direction === 'in' || this.#directions === 'both',
      'usage',
      () => `direction '${direction}' on a graph that was opened with directions 'in'`,
      "open it with 'both'",
    );
    check(
      terms.length <= PRODUCT_TERMS,
      'usage',
      () => `${terms.length} terms in a product: expected at most ${PRODUCT_TERMS}`,
    );
    const result = this.#own(out);
    const rest = recordProduct(this.#stage, {
      out: result,
      direction,
      x: this.#own(x),
      xIn: xIn === undefined ? null : this.#own(xIn),
      factor,
      rowScale: rowScale === undefined ? null : this.#own(rowScale),
      diagonal: diagonal === undefined ? null : this.#own(diagonal),
      terms: ownTerms(terms, (vector) => this.#own(vector)),
    });
    result.exponent = 0;
    for (const group of rest) recordAccumulation(this.#stage, result, group);
  }

  /** One dispatch per six vectors besides out. */
  combine(out: Vector, terms: readonly Term[]): void {
    check(
      terms.length <= MOST_TERMS,
      'usage',
      () => `${terms.length} terms: expected at most ${MOST_TERMS}`,
    );
    const own = ownTerms(terms, (vector) => this.#own(vector));
    recordCombination(this.#stage, this.#own(out), own);
  }

  /** One dispatch. */
  scale(out: Vector, x: Vector, by: Vector, factor: number, plus?: Vector): void {
    recordScale(this.#stage, {
      out: this.#own(out),
      x: this.#own(x),
      by: this.#own(by),
      factor,
      plus: plus === undefined ? null : this.#own(plus),
    });
  }

  /**
   * One dispatch per stage and six vectors: two stages from 2,049 rows, three from four million.
   */
  reduce(reductions: readonly Reduction[]): readonly Scalars[] {
    const own = reductions.map(({ kind, x, y, weight }): OwnReduction => ({
      kind,
      x: this.#own(x),
      y: y === undefined ? null : this.#own(y),
      weight: weight === undefined ? null : this.#own(weight),
    }));
    return recordReductions(this.#stage, own, {
      take: (which, totals) => this.#partialsOf(which, totals * this.#stage.kernels.format.bytes),
    });
  }

  /** One submit and one wait, however many scalars. */
  async numbers(scalars: readonly Scalars[]): Promise<readonly Float64Array[]> {
    this.#assertOpen();
    const { ring, recorder } = this.#stage;
    const pieces = scalars.map((own) => {
      check(own instanceof DeviceScalars, 'usage', () => 'scalars of another backend');
      return { buffer: recorder.coefficients, byte: 4 * ring.placeOf(own), bytes: 4 * own.columns };
    });
    if (pieces.length === 0) return [];
    const values = await this.#readback.read(pieces);
    let at = 0;
    return scalars.map(({ columns }) => Float64Array.from(values.subarray(at, (at += columns))));
  }

  /** One submit, one wait, and O(rows · columns) on the host. */
  async read(vector: Vector): Promise<Float64Array> {
    const { buffer, columns, exponent } = this.#own(vector);
    const stored = await this.#readback.read([{ buffer, byte: 0, bytes: 4 * this.rows * columns }]);
    const { place } = this.#stage.matrix;
    const unit = powerOfTwo(exponent);
    const values = new Float64Array(this.rows * columns);
    for (let i = 0; i < this.rows; i++) {
      const at = place[i] * columns;
      for (let b = 0; b < columns; b++) values[i * columns + b] = stored[at + b] * unit;
    }
    return values;
  }

  /** Drops what is recorded and not submitted; reads under way still end. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    const { recorder, matrix, nothing } = this.#stage;
    recorder.destroy();
    this.#vectors.destroy();
    this.#readback.destroy();
    const partials = this.#partials.filter((buffer) => buffer !== null);
    const slices = matrix.slices.map(({ buffer }) => buffer);
    for (const buffer of [...slices, ...partials, nothing]) this.#device.free(buffer);
    if (matrix.joins !== null) this.#device.free(matrix.joins.buffer);
    this.#closed(this);
  }

  /** A buffer for partial sums, grown as needed. */
  #partialsOf(which: 0 | 1, bytes: number): GPUBuffer {
    const known = this.#partials[which];
    if (known !== null && known.size >= bytes) return known;
    if (known !== null) {
      this.#stage.recorder.forget();
      this.#device.free(known);
    }
    this.#partials[which] = null;
    const grown = this.#device.allocate('partial sums', bytes, usages.storage);
    this.#partials[which] = grown;
    return grown;
  }

  #own(vector: Vector): DeviceVector {
    this.#assertOpen();
    return this.#vectors.own(vector);
  }

  #assertOpen(): void {
    check(
      !this.#destroyed,
      'usage',
      () => 'a workspace was used after destroy()',
      'open the graph again',
    );
    this.#device.assertUsable();
  }
}
