// Discs that hold the eigenvalues of every matrix T + E with ‖E‖₂ ≤ δ, T small, dense and real, by
// the block form of Gershgorin's theorem (Feingold and Varga 1962) after an approximate
// diagonalisation V:
//   W ≈ V⁻¹, WV = I − G, TV = VD + Q   ⇒   V⁻¹(T + E)V = D + (I − G)⁻¹ W (Q + EV)
// D has blocks a, and [[a, b], [−b, a]] for pairs, which are normal. An eigenvalue lies within the
// sum of norms of a block row of the last term of a ± ib; a set of discs apart from the others holds
// as many eigenvalues as centres. Scaling one block makes a disc that stands apart smaller still.
// Every product's rounding is bounded by γ times the product of magnitudes.
// Source: Rump, Verification methods, Acta Numerica 19 (2010), section 13; Varga, Geršgorin and His
// Circles, ch. 6.

import { randomStream } from '../../base/random.js';
import {
  dense,
  eigenOf,
  frobenius,
  gammaOf,
  inverseOf,
  mapped,
  multiply,
  type Dense,
  type RealEigen,
} from './dense.js';

/** A disc |z − (real ± i·imaginary)| ≤ radius; imaginary ≥ 0 stands for both of a pair. */
export interface Disc {
  readonly real: number;
  readonly imaginary: number;
  readonly radius: number;
}

/** Slack for sums of non-negative numbers, up to 2²⁰ terms. */
const SLACK = 1 + 2 ** -30;

/**
 * Discs of the eigenvalues of T + E, or null where no diagonalisation proves any. `delta` ≥ ‖E‖₂.
 * Cost some 40 n³.
 */
export function encloseEigenvalues(t: Dense, delta: number): readonly Disc[] | null {
  if (t.rows === 0) return [];
  const plain = discsFrom(t, eigenOf(t), delta);
  if (plain !== null) return plain;
  // A defective matrix has no basis of eigenvectors; a neighbour in general position has one.
  const random = randomStream(0xd15c, t.rows);
  const size = 2 ** -44 * frobenius(t);
  const near = mapped(t, (value) => value + size * (random.double() - 0.5));
  return discsFrom(t, eigenOf(near), delta);
}

function discsFrom(t: Dense, eigen: RealEigen, delta: number): readonly Disc[] | null {
  const n = t.rows;
  const v = normalised(eigen);
  const w = inverseOf(v);
  if (w === null) return null;
  const gamma = gammaOf(n + 4);
  const blocks = blocksOf(eigen);
  const d = diagonalOf(blocks, n);
  // Q = TV − VD and G = I − WV as computed, and what their rounding can hide.
  const tv = multiply(t, v);
  const vd = multiply(v, d);
  const q = mapped(tv, (value, i, j) => value - vd.values[i * n + j]);
  const absoluteV = mapped(v, Math.abs);
  const absoluteW = mapped(w, Math.abs);
  const hiddenQ = multiply(mapped(t, Math.abs), absoluteV);
  const hiddenD = multiply(absoluteV, mapped(d, Math.abs));
  const hiddenG = multiply(absoluteW, absoluteV);
  const wv = multiply(w, v);
  const whole = mapped(
    q,
    (value, i, j) =>
      Math.abs(value) + gamma * (hiddenQ.values[i * n + j] + hiddenD.values[i * n + j]),
  );
  const spread = multiply(absoluteW, whole);
  const heights = Array.from({ length: n }, (_, j) => columnLength(v, j));
  const widths = Array.from({ length: n }, (_, i) => rowLength(w, i));
  const terms = mapped(spread, (value, i, j) => (value + delta * widths[i] * heights[j]) * SLACK);
  const rest = Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      sum += Math.abs((i === j ? 1 : 0) - wv.values[i * n + j]) + gamma * hiddenG.values[i * n + j];
    }
    return sum * SLACK;
  });
  return blockDiscs(blocks, terms, rest);
}

function columnLength({ rows, columns, values }: Dense, j: number): number {
  let square = 0;
  for (let i = 0; i < rows; i++) square += values[i * columns + j] ** 2;
  return Math.sqrt(square) * SLACK;
}

function rowLength({ columns, values }: Dense, i: number): number {
  let square = 0;
  for (let j = 0; j < columns; j++) square += values[i * columns + j] ** 2;
  return Math.sqrt(square) * SLACK;
}

/** One block of D: rows `first` … `first + width − 1`, at a ± ib. */
interface Block {
  readonly first: number;
  readonly width: number;
  readonly real: number;
  readonly imaginary: number;
}

/** Bounds of the blocks of (I − G)⁻¹ W (Q + EV), then the discs. */
function blockDiscs(
  blocks: readonly Block[],
  terms: Dense,
  rest: readonly number[],
): readonly Disc[] | null {
  const count = blocks.length;
  const sumOf = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < blocks[i].width; k++) {
      for (let l = 0; l < blocks[j].width; l++) {
        sum += terms.values[(blocks[i].first + k) * terms.columns + blocks[j].first + l];
      }
    }
    return sum;
  };
  const sizes = dense(count, count, sumOf);
  const leaks = blocks.map(({ first, width }) => rest[first] + (width === 2 ? rest[first + 1] : 0));
  const mostLeak = leaks.reduce((most, leak) => Math.max(most, leak), 0);
  if (!(mostLeak < 0.5)) return null;
  const tallest = Array.from({ length: count }, (_, j) => {
    let most = 0;
    for (let i = 0; i < count; i++) most = Math.max(most, sizes.values[i * count + j]);
    return most;
  });
  // Two columns of a block may be tallest in different rows, hence the 2.
  const whole = mapped(
    sizes,
    (value, i, j) => (value + (2 * leaks[i] * tallest[j]) / (1 - mostLeak)) * SLACK,
  );
  if (!whole.values.every(Number.isFinite)) return null;
  return blocks.map((_, i) => discOf(blocks, whole, i));
}

/**
 * The disc of block i, with the similarity diag(1, …, 1/t, …, 1) that narrows it for as long as the
 * other discs, which it widens, stay apart. It must stand apart at t = 1 already: only then are its
 * eigenvalues, counted there, all found again in the narrow disc, and the others' in their own.
 */
function discOf(blocks: readonly Block[], sizes: Dense, i: number): Disc {
  const count = blocks.length;
  const at = (row: number, column: number): number => sizes.values[row * count + column];
  const rowSum = (row: number): number => {
    let sum = 0;
    for (let j = 0; j < count; j++) if (j !== row) sum += at(row, j);
    return sum * SLACK;
  };
  const { real, imaginary } = blocks[i];
  const others = rowSum(i);
  const sums = blocks.map((_, j) => (j === i ? 0 : rowSum(j) + at(j, j)));
  let radius = (at(i, i) + others) * SLACK;
  for (let t = 1; t > 2 ** -50; t /= 2) {
    const narrow = (at(i, i) + t * others) * SLACK;
    const apart = blocks.every((block, j) => {
      if (j === i) return true;
      const wide = (sums[j] + at(j, i) / t) * SLACK;
      const [dx, dy] = [block.real - real, block.imaginary - imaginary];
      return dx * dx + dy * dy > ((wide + narrow) * SLACK) ** 2;
    });
    if (!apart) break;
    radius = narrow;
  }
  return { real, imaginary, radius };
}

/** V with each column (each pair of columns) scaled to about length 1, which rounds nothing away. */
function normalised({ imaginary, vectors }: RealEigen): Dense {
  const n = vectors.rows;
  const factors = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const pair = imaginary[j] > 0 && j + 1 < n;
    let square = 0;
    for (let i = 0; i < n; i++) {
      square += vectors.values[i * n + j] ** 2;
      if (pair) square += vectors.values[i * n + j + 1] ** 2;
    }
    factors[j] = square > 0 ? 1 / Math.sqrt(square) : 1;
    if (pair) factors[++j] = factors[j - 1];
  }
  return mapped(vectors, (value, _, j) => value * factors[j]);
}

/** Eigenvalues one by one, and neighbours with an imaginary part as one block. */
function blocksOf({ real, imaginary }: RealEigen): readonly Block[] {
  const blocks: Block[] = [];
  for (let i = 0; i < real.length;) {
    const width = imaginary[i] !== 0 && i + 1 < real.length ? 2 : 1;
    const height = width === 2 ? Math.abs(imaginary[i]) : 0;
    blocks.push({ first: i, width, real: real[i], imaginary: height });
    i += width;
  }
  return blocks;
}

/** D. Both rows of a pair share one centre, so that its block is normal. */
function diagonalOf(blocks: readonly Block[], n: number): Dense {
  const d = dense(n, n);
  for (const { first, width, real, imaginary } of blocks) {
    for (let k = first; k < first + width; k++) d.values[k * n + k] = real;
    if (width === 1) continue;
    d.values[first * n + first + 1] = imaginary;
    d.values[(first + 1) * n + first] = -imaginary;
  }
  return d;
}

/** The largest modulus that discs allow, and the largest that they prove above a floor. */
export interface ModulusBounds {
  readonly upper: number;
  /**
   * Some eigenvalue has at least this modulus; 0 where no set of discs lies wholly outside
   * |z| = floor.
   */
  readonly lower: number;
  /** Modulus of the centre farthest out. */
  readonly value: number;
}

/**
 * Bounds of the largest modulus among eigenvalues in the discs: the upper one of any that lie in
 * |z| > floor, the lower one from sets of discs apart from all others and wholly outside the floor.
 */
export function modulusBounds(discs: readonly Disc[], floor: number): ModulusBounds {
  const inner = discs.map(({ real, imaginary, radius }) => {
    const modulus = Math.sqrt(real * real + imaginary * imaginary);
    return { modulus, least: modulus * (1 - 2 ** -50) - radius };
  });
  let upper = floor;
  let value = 0;
  discs.forEach(({ radius }, i) => {
    const { modulus } = inner[i];
    upper = Math.max(upper, (modulus * (1 + 2 ** -50) + radius) * (1 + 2 ** -52));
    value = Math.max(value, modulus);
  });
  const groups = groupsOf(discs);
  const least = new Map<number, number>();
  groups.forEach((group, i) => {
    least.set(group, Math.min(least.get(group) ?? Infinity, inner[i].least));
  });
  let lower = 0;
  for (const bound of least.values()) if (bound > floor) lower = Math.max(lower, bound);
  return { upper, lower, value };
}

/** Numbers the connected sets of discs, conjugates joined. */
function groupsOf(discs: readonly Disc[]): number[] {
  const group = discs.map((_, i) => i);
  const rootOf = (i: number): number => {
    while (group[i] !== i) i = group[i] = group[group[i]];
    return i;
  };
  for (let i = 0; i < discs.length; i++) {
    for (let j = 0; j < i; j++) {
      const [p, q] = [discs[i], discs[j]];
      const dx = p.real - q.real;
      const dy = p.imaginary - q.imaginary;
      const reach = (p.radius + q.radius) * SLACK;
      if (dx * dx + dy * dy <= reach * reach) group[rootOf(i)] = rootOf(j);
    }
  }
  return discs.map((_, i) => rootOf(i));
}
