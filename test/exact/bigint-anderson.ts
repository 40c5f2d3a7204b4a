// Section 5 of exact arithmetic in BigInt: the correction of a column, by Anderson acceleration of
// the map on a scaled residual with the last four points. Written from docs/exact-arithmetic.md
// alone.

import { applyMap, type Operator } from './bigint-map.js';
import {
  ONE,
  type Rational,
  floorOf,
  magnitude,
  normOf,
  powerOfTwo,
  rounded,
  roundedDivide,
  sumOf,
  times,
} from './bigint-rational.js';
import type { Folded } from './bigint-series.js';

/** A point x of the acceleration: G(x, h), and G(x, h) − x. */
interface Point {
  readonly image: readonly bigint[];
  readonly residual: readonly bigint[];
}

const POINTS = 4;
const WHOLE = 1n << 24n;

/** What a correction met, for tests that look at the limits of the arithmetic. */
export interface CorrectionReport {
  shift: number;
  /** Times that mix fell back to the newest point. */
  fallbacks: number;
  /** Largest magnitudes of m, of an element of a mixed point and of δ. */
  mass: bigint;
  mixed: bigint;
  change: bigint;
}

/** δ, or null where the column is left as it is. `strength` is λ_d·t. */
export function correction(
  operator: Operator,
  rough: Folded,
  units: readonly bigint[],
  residual: readonly bigint[],
  strength: Rational,
  report?: CorrectionReport,
): bigint[] | null {
  const size = normOf(residual);
  const shift = scaleOf(size, floorOf(times(powerOfTwo(59), strength)));
  if (shift === null) return null;
  const scaled = BigInt(shift + 20);
  const right = residual.map((f) => rounded(f << scaled, 20));
  let points: Point[] = [{ image: right, residual: right }];
  for (let count = 1; count <= POINTS; count++) {
    const place = mix(points, report);
    const image = applyMap(operator, rough, place, right);
    if (count === POINTS) points = points.slice(1);
    points.push({ image, residual: image.map((value, i) => value - place[i]) });
  }
  const mixed = mix(points, report);
  const mass = rounded((ONE - sumOf(units)) << scaled, 20) - sumOf(mixed);
  if (magnitude(mass) > 1n << 62n) throw new Error('invariant: the missing mass is too large');
  const change = mixed.map((x, i) =>
    rounded((x + rounded(mass * operator.prior[i], 61)) << BigInt(40 - shift), 40),
  );
  if (report !== undefined) {
    report.shift = shift;
    report.mass = larger(report.mass, magnitude(mass));
    report.change = change.reduce((most, x) => larger(most, magnitude(x)), report.change);
  }
  return change;
}

/** σ: the largest integer in −20 … 40 with N·2^σ ≤ L, or null. */
function scaleOf(size: bigint, limit: bigint): number | null {
  if (size === 0n) return null;
  for (let shift = 40; shift >= -20; shift--) {
    const fits = shift >= 0 ? size << BigInt(shift) <= limit : size <= limit << BigInt(-shift);
    if (fits) return shift;
  }
  return null;
}

/** Σ w_i · image_i, with the weights that make the residual least. Points are oldest first. */
function mix(points: readonly Point[], report?: CorrectionReport): bigint[] {
  const weights = mixingWeights(points);
  const newest = points.length - 1;
  const norms = points.map(({ image }) => normOf(image));
  const reach =
    weights === null ? 0n : sumOf(weights.map((weight, i) => magnitude(weight) * norms[i]));
  const isSafe = weights !== null && reach <= 1n << 85n;
  const used = isSafe ? weights : points.map((_, i) => (i === newest ? WHOLE : 0n));
  const mixed = points[newest].image.map((_, p) =>
    sumOf(points.map(({ image }, i) => rounded(used[i] * image[p], 24))),
  );
  if (report !== undefined) {
    if (!isSafe) report.fallbacks++;
    report.mixed = mixed.reduce((most, x) => larger(most, magnitude(x)), report.mixed);
  }
  return mixed;
}

/** w in units of 2⁻²⁴, or null where Y ≤ 0. */
function mixingWeights(points: readonly Point[]): bigint[] | null {
  const gram = points.map((a) => points.map((b) => innerProduct(a.residual, b.residual)));
  const most = gram.map((row, i) => row[i]).reduce(larger);
  const ridge = (most >> 40n) + 1n;
  const matrix = gram.map((row, i) => row.map((value, j) => (i === j ? value + ridge : value)));
  const parts = matrix.map((_, i) =>
    determinant(matrix.map((row) => row.map((value, j) => (j === i ? 1n : value)))),
  );
  const total = sumOf(parts);
  if (total <= 0n) return null;
  const weights = parts.map((part) => roundedDivide(part * WHOLE, total));
  const newest = weights.length - 1;
  weights[newest] = WHOLE - sumOf(weights.slice(0, newest));
  return weights;
}

function innerProduct(a: readonly bigint[], b: readonly bigint[]): bigint {
  let sum = 0n;
  for (let p = 0; p < a.length; p++) sum += (a[p] * b[p]) >> 32n;
  return sum;
}

/** By expansion along the first row. */
function determinant(matrix: readonly (readonly bigint[])[]): bigint {
  if (matrix.length === 0) return 1n;
  let sum = 0n;
  matrix[0].forEach((value, column) => {
    const minor = matrix.slice(1).map((row) => row.filter((_, j) => j !== column));
    const part = value * determinant(minor);
    sum += column % 2 === 0 ? part : -part;
  });
  return sum;
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
