// The proven L1 error of a column on a changed graph (docs/exact-arithmetic.md, section 11), in focus
// units: the terms of section 6, and what a column's own arcs and prior round.

import type { ChangedColumn, SharedBase } from './changed-column.js';
import { ceiling, truncationOf } from './certificate.js';
import type { Series } from './series.js';
import { ONE } from './units.js';
import { sumAt, totalOf } from './weights.js';

/** Q + truncation of one application, for a column; null: the base itself. */
export function variedApplicationError(
  { shared, series }: { readonly shared: SharedBase; readonly series: Series | null },
  column: ChangedColumn | null,
  degree: number,
): bigint {
  const n = BigInt(column?.counted ?? shared.particles);
  const own = column === null ? 0n : BigInt(2 * column.touched.size + column.ownRows);
  const outside = 8n * n + 2n * own + 4n * BigInt(degree) + 24n;
  if (series === null) return outside;
  const { gamma } = series.levels(degree);
  return outside + truncationOf(series, degree) + ceiling((2n * n + own) * gamma, 1n << 20n);
}

/**
 * V of a column: what the rounding of its weights to integers adds, `phi` by row. It counts the axons
 * that were rounded: of a base of integers only changed ones. O(rows) long divisions where there are
 * any.
 */
export function variedQuantisationError(
  { shared, series }: { readonly shared: SharedBase; readonly series: Series | null },
  column: ChangedColumn,
  phi: BigInt64Array,
  degree: number,
): bigint {
  const { degree: degrees, outStake } = shared.weights;
  let sum = 0n;
  let axons = 0n;
  let steepest = 0n;
  const isRounded = shared.weights.quantised || column.roundedMore.size > 0;
  for (let i = 0; isRounded && i < phi.length; i++) {
    const touched = column.touched.get(i);
    const out = BigInt(shared.roundedOut[i] + (column.roundedMore.get(i) ?? 0));
    const magnitude = phi[i] < 0n ? -phi[i] : phi[i];
    axons += out;
    if (out > 0n) sum += ceiling(2n * magnitude * out, touched?.out ?? sumAt(outStake, i));
    const own = touched?.degree ?? sumAt(degrees, i);
    if (own === 0n) continue;
    const slope = ceiling(magnitude << 62n, own);
    if (slope > steepest) steepest = slope;
  }
  if (axons === 0n) return 0n;
  sum += ceiling(4n * axons * ONE, totalAfter(shared, column));
  if (series === null) return sum;
  const steps = series.levels(degree).gamma + (1n << 20n);
  return sum + ceiling(4n * axons * steps * steepest, 1n << 82n);
}

/** Σ d of the column. */
function totalAfter({ weights }: SharedBase, { touched }: ChangedColumn): bigint {
  let total = totalOf(weights.degree);
  for (const { index, degree } of touched.values()) total += degree - sumAt(weights.degree, index);
  return total;
}
