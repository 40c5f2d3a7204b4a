// Section 5 of exact arithmetic in BigInt: the correction of a column, by Anderson acceleration of
// the map on a scaled residual with the last four points. Written from docs/exact-arithmetic.md
// alone.

import { applyMap, type Operator } from './bigint-map.js';
import {
  FULL,
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
/** The most that Σ|φ| may become by a correction: 3/2. */
export const MOST_NORM = 3n << 60n;

/** What a correction met, for tests that look at the limits of the arithmetic. */
export interface CorrectionReport {
  /** σ of the last correction. */
  shift: number;
  /** Times that mix fell back to the newest point. */
  fallbacks: number;
  /** Times that m̂ or m' was too large, and times that δ = f. */
  dropped: number;
  plain: number;
  /** The last correction dropped no m' and was no plain step: Σ(φ + δ) = ONE but for roundings. */
  isWhole: boolean;
  /** Largest magnitudes of m, m̂ and m', of an element of a mixed point or its residual, and of δ. */
  lack: bigint;
  mass: bigint;
  mixed: bigint;
  change: bigint;
}

export const emptyReport = (): CorrectionReport => ({
  shift: 0,
  fallbacks: 0,
  dropped: 0,
  plain: 0,
  isWhole: false,
  lack: 0n,
  mass: 0n,
  mixed: 0n,
  change: 0n,
});

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
  const { prior, teleport } = operator;
  const missing = ONE - sumOf(units);
  const lack = roundedDivide(teleport * missing - FULL * sumOf(residual), FULL);
  const supplied = limited(rounded(lack << scaled, 20), 1n << 59n, report);
  const right = residual.map((f, i) => rounded(f << scaled, 20) + rounded(supplied * prior[i], 61));
  let points: Point[] = [{ image: right, residual: right }];
  for (let count = 1; count <= POINTS; count++) {
    const place = mix(points, report);
    const image = applyMap(operator, rough, place, right);
    if (count === POINTS) points = points.slice(1);
    const apart = image.map((value, i) => value - place[i]);
    if (report !== undefined) report.mixed = larger(report.mixed, widestOf(apart));
    points.push({ image, residual: apart });
  }
  const mixed = mix(points, report);
  const owed = rounded(missing << scaled, 20) - sumOf(mixed);
  const mass = limited(owed, 1n << 61n, report);
  const whole = mixed.map((x, i) => x + rounded(mass * prior[i], 61));
  const change = whole.map((x) => rounded(x << BigInt(40 - shift), 40));
  const isPlain =
    normOf(whole) > 1n << BigInt(62 + Math.min(0, shift)) ||
    normOf(units.map((x, i) => x + change[i])) > MOST_NORM;
  if (report !== undefined) {
    report.shift = shift;
    if (isPlain) report.plain++;
    report.isWhole = !isPlain && mass === owed;
    report.lack = larger(report.lack, magnitude(lack));
    report.mass = larger(report.mass, larger(magnitude(supplied), magnitude(mass)));
    report.mixed = larger(report.mixed, larger(widestOf(right), widestOf(whole)));
    report.change = larger(report.change, widestOf(isPlain ? residual : change));
  }
  return isPlain ? residual.slice() : change;
}

/** A mass, or 0 where it is above a limit. */
function limited(mass: bigint, limit: bigint, report?: CorrectionReport): bigint {
  if (magnitude(mass) <= limit) return mass;
  if (report !== undefined) report.dropped++;
  return 0n;
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
    report.mixed = larger(report.mixed, widestOf(mixed));
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
const widestOf = (values: readonly bigint[]): bigint => values.map(magnitude).reduce(larger, 0n);
