// What a workspace of either number format stands on: a graph placed on a device, its vectors, the
// recorder, the ring of scalars and the buffers for reading back. The verbs of backend.ts
// (workspace.ts) and of exact.ts (exact-workspace.ts) are written above it.

import { check, invariant } from '../../base/errors.js';
import type { Entries, Entry, EntryTable, Scalars, Source, Vector } from '../backend.js';
import { checkAmend } from '../entries.js';
import { DeviceEntries, placeEntries, recordAmend, type Operand } from './amend.js';
import type { ExactEntry } from '../exact.js';
import { checkExactAmend } from '../exact-entries.js';
import { DeviceExactEntries, placeExactEntries, recordExactAmend } from './exact-amend.js';
import type { Structure } from './arrangement.js';
import { usages, type Device } from './device.js';
import { recordAccumulation, recordCombination } from './elementwise.js';
import { placeMatrix } from './matrix.js';
import type { Kernels } from './pipelines.js';
import { recordProduct, type OwnProduct, type Stage } from './product.js';
import { Readback } from './readback.js';
import { Recorder } from './recorder.js';
import { recordReductions, type OwnReduction } from './reduction.js';
import { DeviceScalars, ScalarRing, StoredScalars } from './scalars.js';
import { SmallBuffers } from './small-buffers.js';
import type { OwnTerm } from './terms.js';
import { VectorPool, type DeviceVector } from './vectors.js';
import type { Weighing } from './weighing.js';

const MOST_TERMS = 24;
const PRODUCT_TERMS = 4;
/** Constant coefficients of one submit, and scalars kept; less where the binding limit is small. */
const CONSTANTS = 2 ** 16;
const SCALARS = 2 ** 18;

/** Places a graph and waits until it is there. */
export async function openGround(
  device: Device,
  kernels: Kernels,
  axons: Structure,
  directions: 'in' | 'both',
  weighing: Weighing,
): Promise<Ground> {
  device.assertUsable();
  const matrix = await placeMatrix(device, kernels.format, axons, directions, weighing);
  const { scalarBytes, elementBytes } = kernels.format;
  const space = Math.floor(device.bindingLimit / scalarBytes);
  const constants = Math.min(CONSTANTS, Math.floor(space / 4));
  const scalars = Math.min(SCALARS, space - constants);
  const recorder = new Recorder(device, kernels.format, { constants, scalars });
  const ring = new ScalarRing(constants, scalars);
  const nothing = device.allocate('nothing', scalarBytes, usages.storage);
  const { rows } = axons;
  const bytesPerColumn = (rows + matrix.partialElements) * elementBytes;
  const vectors = new VectorPool(device, recorder, bytesPerColumn);
  const stage = { rows, kernels, recorder, ring, matrix, nothing };
  const small = new SmallBuffers(device, recorder);
  const ground = new Ground(device, stage, vectors, small, new Readback(device, recorder));
  await device.settle(device.device.queue.onSubmittedWorkDone());
  return ground;
}

/** A placed graph. Make one with openGround. */
export class Ground {
  readonly #device: Device;
  readonly #vectors: VectorPool;
  readonly #small: SmallBuffers;
  readonly #readback: Readback;
  readonly #partials: [GPUBuffer | null, GPUBuffer | null] = [null, null];
  #destroyed = false;

  constructor(
    device: Device,
    readonly stage: Stage,
    vectors: VectorPool,
    small: SmallBuffers,
    readback: Readback,
  ) {
    this.#device = device;
    this.#vectors = vectors;
    this.#small = small;
    this.#readback = readback;
  }

  /** Reuses a released block of as many columns, zeroed on the device; else allocates. */
  vector(columns: number): DeviceVector {
    this.#assertOpen();
    return this.#vectors.take(columns);
  }

  /** `count` zeros that stay until they are released. */
  scalars(count: number): StoredScalars {
    this.#assertOpen();
    check(
      Number.isInteger(count) && count >= 0,
      'bad-parameter',
      () => `scalars: expected an integer ≥ 0, found ${count}`,
    );
    const words = new Uint32Array((this.stage.kernels.format.scalarBytes / 4) * count);
    return new StoredScalars(this.#small, count, this.#small.take('scalars', words));
  }

  /** Uploads entries. */
  place(entries: readonly Entry[] | EntryTable): DeviceEntries {
    this.#assertOpen();
    return placeEntries(this.#small, entries, this.stage.matrix.place);
  }

  /** Uploads entries of exact arithmetic. */
  placeExact(entries: readonly ExactEntry[], columns: number): DeviceExactEntries {
    this.#assertOpen();
    return placeExactEntries(this.#small, entries, columns, this.stage.matrix.place);
  }

  /**
   * Keeps a block for reuse, since verbs already recorded may still read it and later ones come
   * after; submits what is recorded and frees entries and scalars. Reduced scalars stay as they
   * are.
   */
  release(what: Vector | Scalars | Entries): void {
    if (what instanceof DeviceScalars) return;
    if (isSmall(what)) {
      this.#assertMine(what);
      what.live = false;
      if (what.buffer !== null) this.#small.give(what.buffer);
    } else this.#vectors.give(this.#vectors.own(what as Vector));
  }

  /** A vector of this workspace; throws if it is foreign or released. */
  own(vector: Vector): DeviceVector {
    this.#assertOpen();
    return this.#vectors.own(vector);
  }

  /** The same of a vector that may be absent. */
  ownIf(vector: Vector | undefined): DeviceVector | null {
    return vector === undefined ? null : this.own(vector);
  }

  /** Throws `bad-parameter` unless `given` numbers fill a block of so many columns. */
  checkLength(given: number, columns: number): void {
    const { rows } = this.stage;
    check(
      given === rows * columns,
      'bad-parameter',
      () => `write: expected ${rows} × ${columns} numbers, found ${given}`,
    );
  }

  /**
   * Copies elements in device order in, after submitting what may still read the old ones: the
   * queue writes before anything that is submitted later.
   */
  write({ buffer }: DeviceVector, elements: Float32Array | BigInt64Array): void {
    this.stage.recorder.flush();
    this.#device.device.queue.writeBuffer(buffer, 0, elements as GPUAllowSharedBufferSource);
  }

  /** One dispatch per slice, one more for long rows, one per six left-over terms. */
  product(product: OwnProduct): void {
    const { length } = product.terms;
    check(
      length <= PRODUCT_TERMS,
      'usage',
      () => `${length} terms in a product: expected at most ${PRODUCT_TERMS}`,
    );
    const rest = recordProduct(this.stage, product);
    product.out.exponent = 0;
    for (const group of rest) recordAccumulation(this.stage, product.out, group);
  }

  /** One dispatch per six vectors besides out. */
  combine(out: DeviceVector, terms: readonly OwnTerm[]): void {
    check(
      terms.length <= MOST_TERMS,
      'usage',
      () => `${terms.length} terms: expected at most ${MOST_TERMS}`,
    );
    recordCombination(this.stage, out, terms);
  }

  /** One dispatch. */
  amend(target: Vector | Scalars, entries: Entries, sources: readonly Source[]): void {
    this.#assertOpen();
    invariant(entries instanceof DeviceEntries, 'entries are used on their own machine');
    this.#assertMine(entries);
    checkAmend(entries.demands, target, sources, (numbers) => !isScalars(numbers));
    recordAmend(
      this.stage,
      this.#operand(target),
      entries,
      sources.map(({ numbers, factor }) => ({ ...this.#operand(numbers), factor })),
    );
  }

  /** One dispatch. */
  amendExact(target: DeviceVector, entries: Entries, source: DeviceVector, factor: bigint): void {
    this.#assertOpen();
    invariant(entries instanceof DeviceExactEntries, 'entries are used on their own machine');
    this.#assertMine(entries);
    checkExactAmend(entries.columns, target, source, factor);
    recordExactAmend(this.stage, target, entries, source, factor);
  }

  /**
   * One dispatch per stage and six vectors: two stages from 2,049 rows, three from four million.
   */
  reduce(reductions: readonly OwnReduction[]): readonly Scalars[] {
    return recordReductions(this.stage, reductions, {
      take: (which, totals) =>
        this.#partialsOf(which, totals * this.stage.kernels.format.scalarBytes),
    });
  }

  /** The bytes of scalars, one after the other: one submit and one wait, however many. */
  async scalarBytes(scalars: readonly Scalars[]): Promise<ArrayBuffer> {
    this.#assertOpen();
    const { scalarBytes } = this.stage.kernels.format;
    const pieces = scalars.map((own) => {
      check(isScalars(own), 'usage', () => 'scalars of another backend');
      const { buffer, base } = this.#operand(own);
      return { buffer, byte: scalarBytes * base, bytes: scalarBytes * own.columns };
    });
    // Nothing cannot be mapped.
    const some = pieces.filter(({ bytes }) => bytes > 0);
    return some.length === 0 ? new ArrayBuffer(0) : this.#readback.read(some);
  }

  /** The bytes of a block in device order: one submit, one wait. */
  elementBytes({ buffer, columns }: DeviceVector): Promise<ArrayBuffer> {
    const { rows, kernels } = this.stage;
    const bytes = kernels.format.elementBytes * rows * columns;
    return this.#readback.read([{ buffer, byte: 0, bytes }]);
  }

  /**
   * Drops what is recorded and not submitted; reads under way still end. Returns whether it was
   * still open.
   */
  destroy(): boolean {
    if (this.#destroyed) return false;
    this.#destroyed = true;
    const { recorder, matrix, nothing } = this.stage;
    recorder.destroy();
    this.#vectors.destroy();
    this.#small.destroy();
    this.#readback.destroy();
    const partials = this.#partials.filter((buffer) => buffer !== null);
    const slices = matrix.slices.map(({ buffer }) => buffer);
    for (const buffer of [...slices, ...partials, nothing]) this.#device.free(buffer);
    if (matrix.joins !== null) this.#device.free(matrix.joins.buffer);
    return true;
  }

  /** Where the numbers of a block or of scalars are. */
  #operand(numbers: Vector | Scalars): Operand {
    const { ring, recorder } = this.stage;
    if (numbers instanceof DeviceScalars) {
      return { buffer: recorder.coefficients, base: ring.placeOf(numbers), stride: 0, exponent: 0 };
    }
    if (numbers instanceof StoredScalars) {
      this.#assertMine(numbers);
      return { buffer: numbers.buffer, base: 0, stride: 0, exponent: 0 };
    }
    const { buffer, columns, exponent } = this.own(numbers);
    return { buffer, base: 0, stride: columns, exponent };
  }

  #assertMine({ home, live }: Small): void {
    invariant(home === this.#small, 'entries and scalars are used in their own workspace');
    invariant(live, 'entries and scalars are not used after their release');
  }

  /** A buffer for partial sums, grown as needed. */
  #partialsOf(which: 0 | 1, bytes: number): GPUBuffer {
    const known = this.#partials[which];
    if (known !== null && known.size >= bytes) return known;
    if (known !== null) {
      this.stage.recorder.forget();
      this.#device.free(known);
    }
    this.#partials[which] = null;
    const grown = this.#device.allocate('partial sums', bytes, usages.storage);
    this.#partials[which] = grown;
    return grown;
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

/** What lies in a small buffer of its own. */
type Small = DeviceEntries | DeviceExactEntries | StoredScalars;

function isSmall(what: Vector | Scalars | Entries): what is Small {
  return (
    what instanceof DeviceEntries ||
    what instanceof DeviceExactEntries ||
    what instanceof StoredScalars
  );
}

function isScalars(numbers: Vector | Scalars): numbers is DeviceScalars | StoredScalars {
  return numbers instanceof DeviceScalars || numbers instanceof StoredScalars;
}
