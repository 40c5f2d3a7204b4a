// Leading invariant subspaces by Krylov–Schur iteration: an Arnoldi basis V with BV = VH + v bᵀ,
// expanded to a fixed size, then contracted to the invariant subspace of H outside a circle, in which
// the form of the equation stays. Nothing here is proven; frame.ts measures what comes out.
// Source: Stewart, A Krylov–Schur algorithm for large eigenproblems, SIAM J. Matrix Anal. 23 (2001).

import type { Vector } from '../../backend/backend.js';
import { FocusError } from '../../base/errors.js';
import { randomStream } from '../../base/random.js';
import { eventTurn } from '../../base/turn.js';
import { dense, eigenOf, multiply, transposed, type Dense } from './dense.js';
import type { InnerSpace } from './inner-space.js';
import { polished, subspaceOutside } from './subspace.js';

/** An approximate invariant subspace: coordinates in the basis of the iteration. */
export interface Leading {
  /** size × m, orthonormal columns. */
  readonly coordinates: Dense;
  /** ‖BQ − QT‖, about. */
  readonly residual: number;
}

/** The iteration. Owns size + 2 vectors until destroyed. */
export class Krylov {
  /** Applications of B so far. */
  applications = 0;
  readonly #space: InnerSpace;
  readonly #apply: (out: Vector, x: Vector) => void;
  readonly #size: number;
  readonly #random: ReturnType<typeof randomStream>;
  #vectors: Vector[] = [];
  /** H of the first `#used` vectors, row by row, with room for all. */
  #h: Float64Array[];
  #used = 0;
  /** b of the contracted basis, which the next expansion turns into a row of H. */
  #last = 0;

  constructor(
    space: InnerSpace,
    apply: (out: Vector, x: Vector) => void,
    size: number,
    stream: number,
  ) {
    this.#space = space;
    this.#apply = apply;
    this.#size = Math.min(size, space.dimension);
    // Streams far from those of the proofs, so that no seed of theirs gives the same vectors.
    this.#random = randomStream(0x5eed, 1000 + stream);
    this.#h = Array.from({ length: this.#size + 1 }, () => new Float64Array(this.#size));
  }

  /** Whether the basis spans every vector there is, so that H has the whole spectrum. */
  get complete(): boolean {
    return this.#used === this.#space.dimension;
  }

  /** H, used × used. */
  get matrix(): Dense {
    return dense(this.#used, this.#used, (i, j) => this.#h[i][j]);
  }

  /** Expands the basis to its full size. */
  async expand(signal?: AbortSignal): Promise<void> {
    if (this.#vectors.length === 0) await this.#seed();
    while (this.#used < this.#size) {
      if (signal?.aborted === true) throw new FocusError('interrupted', 'interrupted');
      const next = this.#space.vector();
      this.#apply(next, this.#vectors[this.#used]);
      this.applications++;
      const [before] = await this.#space.norms(next);
      const column = await this.#orthogonalise(next);
      const [length] = await this.#space.norms(next);
      column.forEach((value, i) => {
        this.#h[i][this.#used] = value;
      });
      this.#used++;
      const stop = !(length > 1e-13 * before);
      this.#last = stop ? 0 : length;
      if (this.#used < this.#size) this.#h[this.#used][this.#used - 1] = this.#last;
      if (stop) {
        this.#space.release([next]);
        if (this.complete) break;
        await this.#seed();
      } else {
        this.#space.add(next, [], [], 1 / length);
        this.#vectors.push(next);
      }
      await eventTurn();
    }
  }

  /** Moduli of the eigenvalues of H, falling. */
  moduli(): number[] {
    const { real, imaginary } = eigenOf(this.matrix);
    return [...real]
      .map((x, i) => Math.sqrt(x * x + imaginary[i] * imaginary[i]))
      .sort((x, y) => y - x);
  }

  /** The invariant subspace of H outside a circle, or null where there is none. */
  leading(radius: number): Leading | null {
    const coordinates = subspaceOutside(this.matrix, radius);
    if (coordinates === null) return null;
    return { coordinates, residual: this.#residualOf(coordinates) };
  }

  /** The same subspace, as exact an invariant one of H as doubles allow. */
  polish({ coordinates }: Leading): Leading {
    const better = polished(this.matrix, coordinates);
    return { coordinates: better, residual: this.#residualOf(better) };
  }

  /**
   * The `count` eigenvectors of a self-adjoint map's H with the largest eigenvalues, and those in
   * falling order, one more than asked where there is one.
   */
  largest(count: number): { readonly leading: Leading; readonly values: number[] } {
    const h = this.matrix;
    const n = h.rows;
    const even = dense(n, n, (i, j) => (h.values[i * n + j] + h.values[j * n + i]) / 2);
    const { real, vectors } = eigenOf(even, true);
    const order = Array.from(real.keys()).sort((i, j) => real[j] - real[i]);
    const taken = Math.min(count, n);
    const coordinates = dense(n, taken, (i, j) => vectors.values[i * n + order[j]]);
    return {
      leading: { coordinates, residual: this.#residualOf(coordinates) },
      values: order.slice(0, taken + 1).map((i) => real[i]),
    };
  }

  /** Vectors of a subspace, settled, as new vectors of the workspace. */
  vectorsOf({ coordinates }: Leading): Vector[] {
    const { rows, columns, values } = coordinates;
    return Array.from({ length: columns }, (_, j) => {
      const vector = this.#space.vector();
      const weights = Float64Array.from({ length: rows }, (_, i) => values[i * columns + j]);
      this.#space.add(vector, weights, this.#vectors.slice(0, rows), 0);
      this.#space.settle(vector);
      return vector;
    });
  }

  /** Contracts the basis to a subspace; the next expansion goes on from it. */
  contract(leading: Leading): void {
    const { coordinates } = leading;
    const { rows, columns, values } = coordinates;
    const kept = this.vectorsOf(leading);
    const h = multiply(transposed(coordinates), multiply(this.matrix, coordinates));
    const next = this.#vectors.slice(rows);
    this.#space.release(this.#vectors.slice(0, rows));
    this.#vectors = [...kept, ...next];
    for (const row of this.#h) row.fill(0);
    for (let i = 0; i < columns; i++) {
      for (let j = 0; j < columns; j++) this.#h[i][j] = h.values[i * columns + j];
    }
    for (let j = 0; j < columns && columns < this.#size; j++) {
      this.#h[columns][j] = this.#last * values[(rows - 1) * columns + j];
    }
    this.#used = columns;
  }

  /** Goes on from a subspace and a new random vector: finds what the old start could not. */
  async reseed(leading: Leading): Promise<void> {
    this.contract(leading);
    this.#space.release(this.#vectors.splice(this.#used));
    if (this.#used < this.#size) {
      this.#h[this.#used].fill(0);
      await this.#seed();
    }
  }

  destroy(): void {
    this.#space.release(this.#vectors);
    this.#vectors = [];
  }

  /** ‖v bᵀY‖ of a subspace with coordinates Y. */
  #residualOf({ rows, columns, values }: Dense): number {
    let square = 0;
    for (let j = 0; j < columns; j++) square += values[(rows - 1) * columns + j] ** 2;
    return this.#last * Math.sqrt(square);
  }

  /** Appends a random unit vector orthogonal to all. */
  async #seed(): Promise<void> {
    const { workspace } = this.#space;
    const vector = this.#space.vector();
    const values = new Float64Array(workspace.rows);
    // A start in general position: no symmetry of the graph may hide an eigenvector.
    for (let i = 0; i < values.length; i++) {
      values[i] = (this.#random.double() - 0.5) / Math.sqrt(this.#space.hostMeasure[i]);
    }
    workspace.write(vector, values);
    this.#space.settle(vector);
    await this.#orthogonalise(vector);
    const [length] = await this.#space.norms(vector);
    this.#space.add(vector, [], [], 1 / length);
    // Once more at length one, where nothing of the others may be left.
    await this.#orthogonalise(vector);
    const [again] = await this.#space.norms(vector);
    this.#space.add(vector, [], [], 1 / again);
    this.#vectors.push(vector);
  }

  /** Removes from x its parts along all vectors, in two passes; returns the parts. */
  async #orthogonalise(x: Vector): Promise<Float64Array> {
    const sums = new Float64Array(this.#vectors.length);
    for (let pass = 0; pass < 2; pass++) {
      const parts = await this.#space.dots(x, this.#vectors);
      this.#space.add(
        x,
        parts.map((part) => -part),
        this.#vectors,
      );
      parts.forEach((part, i) => {
        sums[i] += part;
      });
      if (pass === 0) this.#space.settle(x);
    }
    return sums;
  }
}
