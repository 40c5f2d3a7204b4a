// Several functions of the Laplacian applied to one vector by one recurrence:
//   T_{k+1}x = 2 Y T_k x − T_{k−1}x,   out_j = Σ_k c_{jk} T_k x
// The vectors T_k x are kept in groups, so that a block of all outputs is written once a group.
// Costs as many products as the highest degree, whatever the number of functions.

import type { Term, Vector } from '../../backend/backend.js';
import type { FocusOperator } from '../operator.js';

/** T_k x kept between two updates of the outputs; a combination takes 24 terms at most. */
const GROUP = 12;

/**
 * Returns a new block of one column per function, column j = Σ_k functions[j][k] T_k x; x of one
 * column, unchanged. The caller releases the block. Needs 14 vectors meanwhile.
 */
export function spectralFamily(
  operator: FocusOperator,
  x: Vector,
  functions: readonly Float64Array[],
): Vector {
  const { workspace } = operator;
  const degree = Math.max(...functions.map((c) => c.length)) - 1;
  const out = workspace.vector(functions.length);
  const kept: Vector[] = Array.from({ length: Math.min(degree, GROUP) + 2 }, () =>
    workspace.vector(1),
  );
  const coefficient = (k: number): Float64Array => Float64Array.from(functions, (c) => c[k] ?? 0);
  // kept[0] and kept[1] hold T_{k−2} and T_{k−1} of the group that starts at k.
  let terms: Term[] = [{ coefficient: coefficient(0), vector: x }];
  let behind: Vector = x;
  let ahead: Vector = x;
  let free = kept.slice();
  for (let k = 1; k <= degree; k++) {
    const next = free.pop();
    if (next === undefined) break;
    if (k === 1) operator.step(next, x, 1, []);
    else operator.step(next, ahead, 2, [{ coefficient: -1, vector: behind }]);
    behind = ahead;
    ahead = next;
    terms.push({ coefficient: coefficient(k), vector: next });
    if (free.length === 0) {
      workspace.combine(out, terms);
      terms = [{ coefficient: 1, vector: out }];
      free = kept.filter((vector) => vector !== ahead && vector !== behind);
    }
  }
  workspace.combine(out, terms);
  for (const vector of kept) workspace.release(vector);
  return out;
}
