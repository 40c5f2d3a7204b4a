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
 * V of a column: what the quantisation of its weights adds, `phi` by row. O(rows) long divisions
 * where any weight was rounded.
 */
export function variedQuantisationError(
  { shared, series }: { readonly shared: SharedBase; readonly series: Series | null },
  column: ChangedColumn,
  phi: BigInt64Array,
  degree: number,
): bigint {
  if (!column.quantised) return 0n;
  const { axons, degree: degrees, outStake } = shared.weights;
  const { offsets } = axons;
  const arcs = BigInt(column.axons);
  let sum = ceiling(4n * arcs * ONE, totalAfter(shared, column));
  let steepest = 0n;
  for (let i = 0; i < phi.length; i++) {
    const touched = column.touched.get(i);
    const out = BigInt(touched?.outAxons ?? offsets[i + 1] - offsets[i]);
    const magnitude = phi[i] < 0n ? -phi[i] : phi[i];
    if (out > 0n) sum += ceiling(2n * magnitude * out, touched?.out ?? sumAt(outStake, i));
    const own = touched?.degree ?? sumAt(degrees, i);
    if (own === 0n) continue;
    const slope = ceiling(magnitude << 62n, own);
    if (slope > steepest) steepest = slope;
  }
  if (series === null) return sum;
  const steps = series.levels(degree).gamma + (1n << 20n);
  return sum + ceiling(4n * arcs * steps * steepest, 1n << 82n);
}

/** Σ d of the column. */
function totalAfter({ weights }: SharedBase, { touched }: ChangedColumn): bigint {
  let total = totalOf(weights.degree);
  for (const { index, degree } of touched.values()) total += degree - sumAt(weights.degree, index);
  return total;
}
