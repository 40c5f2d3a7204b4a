// Which particles an adjoint keeps numbers of. A derivative needs 8 (2J + 6) bytes a particle, half a
// gigabyte for three million; a set of transactions touches few of them. Terms then have one row for
// each particle kept, ascending, and new particles are numbered on from the last row.

import { check } from '../../base/errors.js';
import type { LinkColumns } from './links.js';

/** Rows of terms for particles of the graph, and back. */
export interface Kept {
  /** Ascending; null: all. */
  readonly particles: Uint32Array | null;
  /** The row of a particle; of a new one the row after the last. Throws `bad-parameter` if not kept. */
  rowOf(particle: number): number;
  particleOf(row: number): number;
  /** Links between rows. */
  columnsOf(links: LinkColumns): LinkColumns;
}

/** All particles of a graph of n. */
export function keepAll(): Kept {
  return { particles: null, rowOf: (i) => i, particleOf: (i) => i, columnsOf: (links) => links };
}

/**
 * Some particles of a graph of n, in any order, repeats allowed. Throws `bad-parameter` for numbers
 * outside 0…n−1. Keeps 4 bytes for each of n.
 */
export function keepSome(n: number, chosen: ArrayLike<number>): Kept {
  const rows = new Int32Array(n).fill(-1);
  for (let k = 0; k < chosen.length; k++) {
    const i = chosen[k];
    check(
      Number.isInteger(i) && i >= 0 && i < n,
      'bad-parameter',
      () => `particles to keep: expected numbers in 0…${n - 1}, found ${i}`,
    );
    rows[i] = 0;
  }
  let count = 0;
  for (let i = 0; i < n; i++) if (rows[i] === 0) rows[i] = count++;
  const particles = new Uint32Array(count);
  for (let i = 0; i < n; i++) if (rows[i] >= 0) particles[rows[i]] = i;
  const rowOf = (i: number): number => {
    if (i >= n) return count + (i - n);
    const row = rows[i] ?? -1;
    check(
      row >= 0,
      'bad-parameter',
      () => `adjoint: nothing is kept of particle ${i}`,
      'name it in `particles` when the adjoint is made, or leave that option out',
    );
    return row;
  };
  return {
    particles,
    rowOf,
    particleOf: (row) => (row < count ? particles[row] : n + (row - count)),
    columnsOf: ({ from, to, weight }) => ({
      from: Array.from(from, rowOf),
      to: Array.from(to, rowOf),
      weight,
    }),
  };
}
