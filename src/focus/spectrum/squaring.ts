// The spectrum of B₂ from repeated squaring of a dense matrix, without chance. With A = (I − Π)B/τ in
// the coordinates √h z, C_0 ≈ A and C_{q+1} = fl(C_q²),
//   ‖A^(2^q) − C_q‖_F ≤ e_q,   e_{q+1} = 2 ‖C_q‖₂ e_q + e_q² + γ_n ‖C_q‖_F²
// N_q = ‖C_q‖₂ + e_q ≤ ½ proves the spectrum inside |z| < τ, and there
//   ‖(z − B₂)⁻¹‖ ≤ (1/τ) Π_{j<q} (1 + N_j) / (1 − N_q)
// because z^K − A^K = (z − A) Π (z^(2^j) + A^(2^j)). The trace bounds from below, since the sum of the
// K-th powers of n eigenvalues is at most n times the largest:
//   max |λ|^K ≥ (|tr C_q| − √n e_q − γ)/n
// Cost 2n³ a squaring.

import { FocusError } from '../../base/errors.js';
import { eventTurn } from '../../base/turn.js';
import { dense, frobenius, gammaOf, mapped, multiply, traceOf, UNIT, type Dense } from './dense.js';
import type { Frame } from './frame.js';
import type { SpectralMap } from './map.js';
import { rootOf, type Remainder, type RemainderRequest } from './remainder.js';

/** B as a dense matrix in the coordinates √h z, in which its norm is the Euclidean one. */
export interface DenseMap {
  readonly matrix: Dense;
  /** ‖matrix − B‖_F, at most. */
  readonly error: number;
}

/** Columns of the identity that are applied at once. */
const BLOCK = 16;
const SLACK = 1 + 2 ** -30;
const MOST_SQUARINGS = 40;

/** Forms B column by column. Cost n applications. */
export async function formDense(map: SpectralMap, signal?: AbortSignal): Promise<DenseMap> {
  const { space, norm } = map;
  const { workspace, hostMeasure: h, totalMeasure } = space;
  const n = workspace.rows;
  const columns = Math.min(BLOCK, n);
  const application = map.inBlocks(columns, 0);
  const x = space.vector(columns);
  const image = space.vector(columns);
  const matrix = dense(n, n);
  for (let first = 0; first < n; first += columns) {
    if (signal?.aborted === true) throw new FocusError('interrupted', 'interrupted');
    const count = Math.min(columns, n - first);
    const values = new Float64Array(n * columns);
    // e_j/√h_j without its mass √h_j.
    for (let b = 0; b < count; b++) {
      const j = first + b;
      const mass = Math.sqrt(h[j]) / totalMeasure;
      for (let i = 0; i < n; i++) values[i * columns + b] = -mass;
      values[j * columns + b] += 1 / Math.sqrt(h[j]);
    }
    workspace.write(x, values);
    application.apply(image, x);
    const found = await workspace.read(image);
    for (let i = 0; i < n; i++) {
      for (let b = 0; b < count; b++) {
        matrix.values[i * n + first + b] = found[i * columns + b] * Math.sqrt(h[i]);
      }
    }
    await eventTurn();
  }
  space.release([x, image]);
  // Each column has length at most 1; eight roundings of its own, four of them of its mass.
  const column = application.rounding + application.truncation + 16 * UNIT * (norm + 1);
  return { matrix, error: Math.sqrt(n) * column * SLACK };
}

/** Bounds the rest of a dense map outside a frame. */
export async function remainderBySquaring(
  map: SpectralMap,
  formed: DenseMap,
  frame: Frame,
  request: RemainderRequest,
): Promise<Remainder> {
  const { target, signal, onStep } = request;
  const rest = await restOf(map, formed, frame);
  let c = mapped(rest.matrix, (value) => value / target);
  let error = (rest.error / target) * SLACK + 2 * UNIT * frobenius(c);
  let product = 1;
  let best: Remainder | null = null;
  let fallen = 0;
  // N_q in the Euclidean norm, from the smaller of two bounds.
  for (let q = 0; q <= MOST_SQUARINGS; q++) {
    if (signal?.aborted === true) throw new FocusError('interrupted', 'interrupted');
    const size = frobenius(c);
    const norm = Math.min(size, spectralBound(c));
    const bound = (norm + error) * SLACK;
    const method = `the ${2 ** q}th power by squaring`;
    if (bound <= 0.5) {
      const resolvent = (product / (target * (1 - bound))) * SLACK;
      return { radius: target, resolvent, reached: true, failureProbability: 0, method };
    }
    if (!(bound < 1e150)) break;
    const growth = rootOf(2 * bound, q) * SLACK;
    if (best === null || target * growth < best.radius * (1 - 1e-6)) {
      // For |z| = τ·growth every N_j is smaller still, so the product at τ covers it; growth ≥ 1.
      const resolvent = (2 * product * SLACK) / (target * growth);
      best = { radius: target * growth, resolvent, reached: false, failureProbability: 0, method };
      fallen = q;
    } else if (q > fallen + 2) break;
    product *= 1 + bound;
    const squared = (2 * norm + error) * error + gammaOf(c.rows + 4) * size * size;
    c = multiply(c, c);
    error = squared * SLACK;
    onStep?.((q + 1) / MOST_SQUARINGS);
    await eventTurn();
  }
  return (
    best ?? { radius: Infinity, resolvent: 0, reached: false, failureProbability: 0, method: '' }
  );
}

/** √(‖A‖₁ ‖A‖_∞) ≥ ‖A‖₂, rounded up. */
function spectralBound({ rows, columns, values }: Dense): number {
  const sums = new Float64Array(columns);
  let widest = 0;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      const size = Math.abs(values[i * columns + j]);
      sum += size;
      sums[j] += size;
    }
    widest = Math.max(widest, sum);
  }
  const tallest = sums.reduce((most, sum) => Math.max(most, sum), 0);
  return Math.sqrt(widest) * Math.sqrt(tallest) * (1 + gammaOf(rows + columns + 8));
}

/** (I − Π)B in the coordinates √h z. */
async function restOf(
  { space, norm }: SpectralMap,
  { matrix, error }: DenseMap,
  { q, p, right, left, defect, complement }: Frame,
): Promise<DenseMap> {
  if (q.length === 0) return { matrix, error };
  const n = matrix.rows;
  const coordinates = async (vectors: Frame['q']): Promise<Dense> => {
    const columns: Float64Array[] = [];
    for (const vector of vectors) columns.push(await space.workspace.read(vector));
    return dense(n, vectors.length, (i, j) => columns[j][i] * Math.sqrt(space.hostMeasure[i]));
  };
  const rightOnes = await coordinates(q);
  const leftOnes = await coordinates(p);
  const share = multiply(
    dense(q.length, n, (i, j) => leftOnes.values[j * q.length + i]),
    matrix,
  );
  const removed = multiply(rightOnes, share);
  const values = mapped(matrix, (value, i, j) => value - removed.values[i * n + j]);
  const size = left * right;
  const b = frobenius(matrix);
  // Q and P are zero-sum but for a mass of some dotError.
  const rounding =
    size * b * (gammaOf(n + q.length + 12) + 2 * space.dotError(1) + defect / (1 - defect));
  return {
    matrix: values,
    error: (complement * error + rounding + 4 * UNIT * (b + norm)) * SLACK,
  };
}

/** A lower bound of max |λ| over a dense map from traces of its powers; 0 where none is proven. */
export async function largestByTraces(
  formed: DenseMap,
  target: number,
  signal?: AbortSignal,
): Promise<number> {
  const n = formed.matrix.rows;
  let c = mapped(formed.matrix, (value) => value / target);
  let error = (formed.error / target) * SLACK + 2 * UNIT * frobenius(c);
  let largest = 0;
  for (let q = 0; q <= MOST_SQUARINGS; q++) {
    if (signal?.aborted === true) throw new FocusError('interrupted', 'interrupted');
    const size = frobenius(c);
    if (!(size < 1e150) || !(size > 1e-150)) break;
    const trace =
      (Math.abs(traceOf(c)) * (1 - gammaOf(2 * n)) -
        Math.sqrt(n) * (error + gammaOf(2 * n) * size)) *
      (1 - 2 ** -30);
    if (!(trace > 0) && error > size) break;
    if (trace > 0) {
      const root = rootOf(trace / n, q) * (1 - (q + 4) * 2 ** -51);
      largest = Math.max(largest, target * root * (1 - 2 ** -50));
    }
    const norm = Math.min(size, spectralBound(c));
    error = ((2 * norm + error) * error + gammaOf(n + 4) * size * size) * SLACK;
    c = multiply(c, c);
    await eventTurn();
  }
  return largest;
}
