// Two biorthogonal frames Q, P (n × m) of a leading invariant subspace from the right and from the
// left, and everything measured about them. With P'ᵀQ = I exactly (P' is P corrected by the measured
// defect of biorthogonality), N an orthonormal basis of the complement P'⊥ and Π = QP'ᵀ, the map is
//   B ≅ [[T', F], [R, B₂]]   T' = P'ᵀBQ,  F = (B*P' − P'Tᵀ)ᵀN,  R = Nᵀ(I − Π)(BQ − QT),
//                            B₂ = Nᵀ(I − Π)BN
// so outside the spectrum of B₂ the eigenvalues of B are the z with det(z − T' − F(z − B₂)⁻¹R) = 0:
// those of T changed by at most
//   δ(z) = ‖T' − T‖ + ‖F‖ ‖(z − B₂)⁻¹‖ ‖R‖
// which is of second order in the residuals and needs no condition number of an eigenvector.
// Source: Stewart and Sun, Matrix Perturbation Theory, ch. V.2; Kahan, Parlett and Jiang 1982.

import type { Vector } from '../../backend/backend.js';
import { dense, frobenius, inverseOf, mapped, UNIT, type Dense } from './dense.js';
import type { InnerSpace } from './inner-space.js';
import type { SpectralMap } from './map.js';

/** Frames with the norms that the proof uses; all norms are upper bounds. */
export interface Frame {
  readonly q: readonly Vector[];
  readonly p: readonly Vector[];
  /** T, m × m, as computed. */
  readonly t: Dense;
  /** ‖Q‖ and ‖P‖ (of P as stored). */
  readonly right: number;
  readonly left: number;
  /** ‖PᵀQ − I‖ of the stored P. */
  readonly defect: number;
  /** ‖I − Π‖. */
  readonly complement: number;
  /** ‖T' − T‖. */
  readonly shift: number;
  /** ‖F‖ and ‖R‖. */
  readonly fromRest: number;
  readonly toRest: number;
  /** ‖BQ − QT‖ as computed: how well the subspace satisfies its equation. */
  readonly residual: number;
}

const SLACK = 1 + 2 ** -30;

/** The frame of an empty subspace: all of B is the rest. */
export const EMPTY_FRAME: Frame = {
  q: [],
  p: [],
  t: dense(0, 0),
  right: 0,
  left: 0,
  defect: 0,
  complement: 1,
  shift: 0,
  fromRest: 0,
  toRest: 0,
  residual: 0,
};

/**
 * Makes `p` biorthogonal to `q` (both settled, m vectors each, p overwritten) and measures. Null
 * where they do not belong together. Cost 2m applications and 4m² dots.
 */
export async function openFrame(
  map: SpectralMap,
  q: readonly Vector[],
  p: readonly Vector[],
): Promise<Frame | null> {
  const { space, norm } = map;
  const m = q.length;
  if (m === 0) return EMPTY_FRAME;
  for (let pass = 0; pass < 2; pass++) {
    const gram = await gramOf(space, p, q);
    const inverse = inverseOf(gram);
    if (inverse === null) return null;
    recombine(space, p, inverse);
  }
  const dot = space.dotError(1);
  const right = await lengthOf(space, q);
  const left = await lengthOf(space, p);
  const gram = await gramOf(space, p, q);
  const defect =
    frobenius(mapped(gram, (value, i, j) => value - (i === j ? 1 : 0))) + dot * left * right;
  if (!(defect < 0.01)) return null;
  const { t, residual } = await rightResidual(map, q, p);
  const size = frobenius(t);
  const combined = (m + 4) * UNIT;
  // What a vector has beside its zero-sum part is a rounding as well.
  const rounding = map.forward.rounding + (norm + 1) * (await massOf(space, q));
  const roundingBack = map.backward.rounding + (norm + 1) * (await massOf(space, p));
  const grown = 1 / (1 - defect);
  const complement = 1 + right * left * grown;
  // Of T: dots of P with computed products; then P' for P.
  const measured = left * right * (rounding + dot * (norm + rounding));
  const shift = (measured + defect * grown * (size + measured)) * SLACK;
  const back = await leftResidual(map, p, t);
  const toRest = complement * (residual + right * (rounding + combined * (norm + size)));
  const fromRest = grown * (back + left * (roundingBack + combined * (norm + size))) * SLACK;
  const numbers = [shift, fromRest, toRest, complement];
  if (!numbers.every(Number.isFinite)) return null;
  return {
    q,
    p,
    t,
    right,
    left,
    defect,
    complement: complement * SLACK,
    shift,
    fromRest,
    toRest: toRest * SLACK,
    residual,
  };
}

/** δ: how far T is from a matrix with B's eigenvalues where ‖(z − B₂)⁻¹‖ ≤ resolvent. */
export function distanceOf({ shift, fromRest, toRest }: Frame, resolvent: number): number {
  return (shift + fromRest * resolvent * toRest) * SLACK;
}

/** pᵀq under the inner product. */
async function gramOf(
  space: InnerSpace,
  p: readonly Vector[],
  q: readonly Vector[],
): Promise<Dense> {
  const columns: number[][] = [];
  for (const vector of q) columns.push(await space.dots(vector, p));
  return dense(p.length, q.length, (i, j) => columns[j][i]);
}

/** p_i ← Σ_k c_ik p_k, settled. */
function recombine(space: InnerSpace, p: readonly Vector[], c: Dense): void {
  const m = p.length;
  const made = p.map((_, i) => {
    const vector = space.vector();
    space.add(vector, c.values.subarray(i * m, (i + 1) * m), p, 0);
    space.settle(vector);
    return vector;
  });
  made.forEach((vector, i) => space.workspace.combine(p[i], [{ coefficient: 1, vector }]));
  space.release(made);
}

/** √Σ‖x_i‖², rounded up: a bound of the norm of all together. */
async function lengthOf(space: InnerSpace, vectors: readonly Vector[]): Promise<number> {
  let square = 0;
  for (const vector of vectors) square += (await space.norms(vector))[0] ** 2;
  return Math.sqrt(square) * SLACK;
}

/** The largest mass of a vector, relative to its length, rounded up. */
async function massOf(space: InnerSpace, vectors: readonly Vector[]): Promise<number> {
  let most = 0;
  for (const vector of vectors) {
    const [mass] = await space.masses(vector);
    const [length] = await space.norms(vector);
    most = Math.max(most, mass / length);
  }
  return (most + space.dotError(1)) * SLACK;
}

/** T = PᵀBQ and ‖BQ − QT‖. */
async function rightResidual(
  { space, forward }: SpectralMap,
  q: readonly Vector[],
  p: readonly Vector[],
): Promise<{ readonly t: Dense; readonly residual: number }> {
  const image = space.vector();
  const columns: number[][] = [];
  let square = 0;
  for (const vector of q) {
    forward.apply(image, vector);
    const column = await space.dots(image, p);
    columns.push(column);
    space.add(
      image,
      column.map((value) => -value),
      q,
    );
    square += (await space.norms(image))[0] ** 2;
  }
  space.release([image]);
  const t = dense(p.length, q.length, (i, j) => columns[j][i]);
  return { t, residual: Math.sqrt(square) * SLACK };
}

/** ‖B*P − PTᵀ‖. */
async function leftResidual(
  { space, backward }: SpectralMap,
  p: readonly Vector[],
  t: Dense,
): Promise<number> {
  const m = p.length;
  const image = space.vector();
  let square = 0;
  for (let i = 0; i < m; i++) {
    backward.apply(image, p[i]);
    space.add(
      image,
      Array.from({ length: m }, (_, k) => -t.values[i * m + k]),
      p,
    );
    square += (await space.norms(image))[0] ** 2;
  }
  space.release([image]);
  return Math.sqrt(square) * SLACK;
}
