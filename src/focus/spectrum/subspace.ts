// The invariant subspace of a small dense matrix H that belongs to its eigenvalues outside a circle
// |z| = r, whether or not they have eigenvectors. The Möbius map C = (H − r)(H + r)⁻¹ takes the
// circle to the imaginary axis; Newton's iteration X ← (X + X⁻¹)/2 takes C to its matrix sign; the
// range of (I + X)/2 is the subspace. An orthogonal iteration Y ← orth(HY) polishes it.
// Source: Higham, Functions of Matrices, ch. 5. The result is a guess: who uses it measures HY − YT.

import {
  dense,
  frobenius,
  inverseOf,
  mapped,
  multiply,
  traceOf,
  transposed,
  type Dense,
} from './dense.js';

const MOST_STEPS = 80;
const MOST_POLISHES = 40;

/**
 * An orthonormal basis (n × m, columns) of the subspace of |z| > radius, or null where no circle
 * separates. Cost some 20 inverses of H.
 */
export function subspaceOutside(h: Dense, radius: number): Dense | null {
  const n = h.rows;
  const shifted = (sign: number): Dense =>
    mapped(h, (value, i, j) => value + (i === j ? sign * radius : 0));
  const inverse = inverseOf(shifted(1));
  if (inverse === null) return null;
  let x = multiply(shifted(-1), inverse);
  for (let step = 0; step < MOST_STEPS; step++) {
    const back = inverseOf(x);
    if (back === null) return null;
    const scale = Math.sqrt(frobenius(back) / frobenius(x));
    const next = mapped(x, (value, i, j) => (scale * value + back.values[i * n + j] / scale) / 2);
    const change = frobenius(mapped(next, (value, i, j) => value - x.values[i * n + j]));
    const size = frobenius(next);
    x = next;
    if (!Number.isFinite(size)) return null;
    if (change <= 1e-10 * size) break;
  }
  const count = Math.round((n + traceOf(x)) / 2);
  if (!(count >= 1 && count <= n)) return null;
  return rangeOf(
    mapped(x, (value, i, j) => (value + (i === j ? 1 : 0)) / 2),
    count,
  );
}

/**
 * The best Y of an orthogonal iteration Y ← orth(HY), which may get worse before it gets better. Cost
 * at most 40 products of H with Y.
 */
export function polished(h: Dense, start: Dense): Dense {
  const enough = 2 ** -51 * frobenius(h);
  let y = start;
  let best = start;
  let least = residualOf(h, start);
  for (let step = 0; step < MOST_POLISHES && least > enough; step++) {
    const image = rangeOf(multiply(h, y), y.columns);
    if (image === null) break;
    y = image;
    const residual = residualOf(h, y);
    if (!(residual < least)) continue;
    least = residual;
    best = y;
  }
  return best;
}

/** ‖HY − Y(YᵀHY)‖_F. */
function residualOf(h: Dense, y: Dense): number {
  const image = multiply(h, y);
  const inside = multiply(y, multiply(transposed(y), image));
  return frobenius(mapped(image, (value, i, j) => value - inside.values[i * y.columns + j]));
}

/**
 * An orthonormal basis of the range of P, of known dimension: pivoted, each vector twice cleaned. Null
 * where the dimension is smaller than that.
 */
function rangeOf(p: Dense, count: number): Dense | null {
  const columns = transposed(p);
  const n = p.rows;
  const rest = Array.from({ length: p.columns }, (_, j) =>
    columns.values.slice(j * n, (j + 1) * n),
  );
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const lengths = rest.map((vector) => dot(vector, vector));
    const [pivot] = rest.splice(lengths.indexOf(Math.max(...lengths)), 1);
    for (let pass = 0; pass < 2; pass++) for (const unit of basis) remove(pivot, unit);
    const length = Math.sqrt(dot(pivot, pivot));
    if (!(length > 0) || !Number.isFinite(length)) return null;
    for (let i = 0; i < n; i++) pivot[i] /= length;
    basis.push(pivot);
    for (const vector of rest) remove(vector, pivot);
  }
  return dense(n, count, (i, j) => basis[j][i]);
}

function remove(vector: Float64Array, unit: Float64Array): void {
  const share = dot(vector, unit);
  for (let i = 0; i < vector.length; i++) vector[i] -= share * unit[i];
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}
