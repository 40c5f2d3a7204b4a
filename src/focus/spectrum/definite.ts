// A bound b of a dense self-adjoint map C on the complement of a few vectors V, without chance: if
//   A = (b − ε) I − C + 2 (VVᵀ + wwᵀ)
// has a Cholesky factor in floating point, then A + E is positive semidefinite with
// ‖E‖₂ ≤ γ_{n+2}/(1 − γ_{n+2}) tr A, so xᵀCx ≤ b‖x‖² for every x orthogonal to V and to w, the unit
// vector of constants. ε holds ‖E‖, the error of C as formed, and the rounding of A.
// Source: Rump, Verification of positive definiteness, BIT 46 (2006), theorem 2.3. Cost n³/3.

import { dense, gammaOf, type Dense } from './dense.js';
import type { InnerSpace } from './inner-space.js';
import type { Rayleigh } from './rayleigh.js';
import type { DenseMap } from './squaring.js';

/** Whether C ≤ b is proven on the complement of V, with C's spectrum in [0, 1]. */
export async function provesAtMost(
  { workspace, hostMeasure, totalMeasure }: InnerSpace,
  { matrix, error }: DenseMap,
  { vectors, size }: Rayleigh,
  b: number,
): Promise<boolean> {
  const n = matrix.rows;
  const roots = hostMeasure.map((h) => Math.sqrt(h));
  const columns = [roots.map((root) => root / Math.sqrt(totalMeasure))];
  for (const vector of vectors) {
    const values = await workspace.read(vector);
    columns.push(values.map((value, i) => value * roots[i]));
  }
  const sizes = size * size + 2;
  // tr A ≤ n (b + 0) + 2 Σ‖v‖²: C has no negative diagonal beyond its error.
  const trace = n * (b + error) + 2 * sizes;
  // Only one triangle is read, so an error of the matrix may count twice.
  const epsilon =
    2 * error + 2 * gammaOf(n + 2) * trace + gammaOf(columns.length + 12) * (2 * sizes + 2 * n);
  const a = dense(n, n, (i, j) => {
    let sum = (i === j ? b - epsilon : 0) - matrix.values[i * n + j];
    for (const column of columns) sum += 2 * column[i] * column[j];
    return sum;
  });
  return factorises(a);
}

/** Whether the Cholesky factorisation of the lower triangle runs to its end. */
function factorises({ rows: n, values: a }: Dense): boolean {
  for (let j = 0; j < n; j++) {
    const own = a.subarray(j * n, j * n + j);
    let pivot = a[j * n + j];
    for (let k = 0; k < j; k++) pivot -= own[k] * own[k];
    if (!(pivot > 0)) return false;
    const root = Math.sqrt(pivot);
    a[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      const row = i * n;
      let sum = a[row + j];
      for (let k = 0; k < j; k++) sum -= a[row + k] * own[k];
      a[row + j] = sum / root;
    }
  }
  return true;
}
