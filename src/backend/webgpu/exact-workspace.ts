// A graph on a GPU in exact arithmetic: the verbs of exact.ts, recorded and submitted late. Rows
// are in the order of arrangement.ts inside and in the graph's order at this interface.

import { check } from '../../base/errors.js';
import type { Entries, Scalars, Vector } from '../backend.js';
import {
  FRACTION_BITS,
  type ExactEntry,
  type ExactMatrices,
  type ExactProduct,
  type ExactReduction,
  type ExactTerm,
  type ExactWorkspace,
} from '../exact.js';
import type { Device } from './device.js';
import { recordScale } from './elementwise.js';
import { int64Words } from './format.js';
import { openGround, type Ground } from './ground.js';
import type { Kernels } from './pipelines.js';
import type { OwnTerm } from './terms.js';
import { SPREAD, TRANSITION, weighExact } from './weighing.js';

const ONE = 1n << BigInt(FRACTION_BITS);
const SCALAR_HALVES = 2;

/** Places a graph and makes its workspace; `closed` is told when it is destroyed. */
export async function openExactWorkspace(
  device: Device,
  kernels: Kernels,
  matrices: ExactMatrices,
  closed: (workspace: ExactWorkspace) => void,
): Promise<ExactWorkspace> {
  const hasSpread = matrices.spread !== null;
  const weighing = weighExact(matrices);
  const directions = hasSpread ? 'both' : 'in';
  const ground = await openGround(device, kernels, matrices, directions, weighing);
  return new WebGpuExactWorkspace(ground, hasSpread, closed);
}

class WebGpuExactWorkspace implements ExactWorkspace {
  readonly rows: number;
  readonly #ground: Ground;
  readonly #hasSpread: boolean;
  readonly #closed: (workspace: ExactWorkspace) => void;

  constructor(ground: Ground, hasSpread: boolean, closed: (workspace: ExactWorkspace) => void) {
    this.rows = ground.stage.rows;
    this.#ground = ground;
    this.#hasSpread = hasSpread;
    this.#closed = closed;
  }

  vector(columns: number): Vector {
    return this.#ground.vector(columns);
  }

  release(what: Vector | Entries): void {
    this.#ground.release(what);
  }

  /** Copies into memory of this thread's own, since Dawn crashes on shared memory. */
  write(vector: Vector, values: BigInt64Array): void {
    const own = this.#ground.own(vector);
    const { columns } = own;
    this.#ground.checkLength(values.length, columns);
    const { place } = this.#ground.stage.matrix;
    const stored = new BigInt64Array(values.length);
    for (let i = 0; i < this.rows; i++) {
      const at = place[i] * columns;
      for (let b = 0; b < columns; b++) stored[at + b] = values[i * columns + b];
    }
    this.#ground.write(own, stored);
  }

  product({ table, factor = ONE, halved, terms, ...vectors }: ExactProduct): void {
    check(
      table === 'transition' || this.#hasSpread,
      'usage',
      () => `a product with the table 'spread' of a graph that was opened without one`,
    );
    check(
      factor >= 0n && factor <= ONE,
      'bad-parameter',
      () => `factor: expected an integer in 0 … 2^62, found ${factor}`,
    );
    const ground = this.#ground;
    const words = int64Words(factor);
    ground.product({
      out: ground.own(vectors.out),
      direction: table === 'spread' ? 'both' : 'in',
      table: table === 'spread' ? SPREAD : TRANSITION,
      x: ground.own(vectors.x),
      xIn: null,
      inExponent: 0,
      factors: factor === ONE ? null : { sum: words, diagonal: words },
      rowScale: ground.ownIf(vectors.rowScale),
      diagonal: ground.ownIf(vectors.diagonal),
      halved: halved ?? false,
      terms: this.#terms(terms),
    });
  }

  combine(out: Vector, terms: readonly ExactTerm[]): void {
    this.#ground.combine(this.#ground.own(out), this.#terms(terms));
  }

  /** One dispatch. */
  scale(out: Vector, x: Vector, by: Vector): void {
    const ground = this.#ground;
    recordScale(ground.stage, {
      out: ground.own(out),
      x: ground.own(x),
      by: ground.own(by),
      plus: null,
      factor: null,
      plusFactor: [0, 0],
    });
  }

  place(entries: readonly ExactEntry[], columns: number): Entries {
    return this.#ground.placeExact(entries, columns);
  }

  /** One dispatch. */
  amend(target: Vector, entries: Entries, source: Vector, factor = ONE): void {
    const ground = this.#ground;
    ground.amendExact(ground.own(target), entries, ground.own(source), factor);
  }

  reduce(reductions: readonly ExactReduction[]): readonly Scalars[] {
    const ground = this.#ground;
    return ground.reduce(
      reductions.map(({ kind, x, y, mask }) => {
        check(
          mask === undefined || kind === 'sum',
          'usage',
          () => `a mask in a reduction '${kind}': expected one only with 'sum'`,
        );
        return { kind, x: ground.own(x), y: ground.ownIf(y), weight: ground.ownIf(mask) };
      }),
    );
  }

  async numbers(scalars: readonly Scalars[]): Promise<readonly (readonly bigint[])[]> {
    const halves = new BigUint64Array(await this.#ground.scalarBytes(scalars));
    let at = 0;
    return scalars.map(({ columns }) =>
      Array.from({ length: columns }, () => {
        const [low, high] = [halves[at], halves[at + 1]];
        at += SCALAR_HALVES;
        return (BigInt.asIntN(64, high) << 64n) + low;
      }),
    );
  }

  /** One submit, one wait, and O(rows · columns) on the host. */
  async read(vector: Vector): Promise<BigInt64Array> {
    const own = this.#ground.own(vector);
    const { columns } = own;
    const stored = new BigInt64Array(await this.#ground.elementBytes(own));
    const { place } = this.#ground.stage.matrix;
    const values = new BigInt64Array(this.rows * columns);
    for (let i = 0; i < this.rows; i++) {
      const at = place[i] * columns;
      for (let b = 0; b < columns; b++) values[i * columns + b] = stored[at + b];
    }
    return values;
  }

  destroy(): void {
    if (this.#ground.destroy()) this.#closed(this);
  }

  #terms(terms: readonly ExactTerm[]): readonly OwnTerm[] {
    return terms.map(({ coefficient, shift, vector }) => {
      check(
        Number.isInteger(shift) && shift >= 0 && shift <= FRACTION_BITS,
        'bad-parameter',
        () => `shift: expected an integer in 0 … ${FRACTION_BITS}, found ${shift}`,
      );
      return { coefficient, shift, vector: this.#ground.own(vector) };
    });
  }
}
