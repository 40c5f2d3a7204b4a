// Focus in real numbers, for checking what exact arithmetic promises: the operator of an affine
// reading as a dense matrix and its fixed point, in BigInt fixed point with 320 fractional bits.
// Springs by elimination, heat by its series; from the exact binary64 weights of axons, not from
// integers. A given prior is that of its integers P, as the page defines it.

import type { Csr } from '../../src/graph/csr.js';
import { type Rational, exactly, floorOf, magnitude, ratio, times } from './bigint-rational.js';
import { integerParts } from './bigint-weights.js';

const BITS = 320n;
const UNIT = 1n << BITS;

/** A square matrix by rows, in units of 2⁻³²⁰. */
type Square = bigint[][];

export interface RealParameters {
  readonly laplacian: 'random-walk' | 'combinatorial' | 'none';
  readonly unit: number;
  readonly teleport: number;
  readonly mu: number;
  readonly tau: number;
  readonly lambda: readonly [number, number, number];
  readonly prior: 'degree' | 'uniform' | Float64Array;
}

/** An affine map φ ↦ M φ + r, with its fixed point where it is asked for. */
export interface RealMap {
  readonly matrix: Square;
  readonly right: bigint[];
  focus(): bigint[];
}

export function realMap(graph: Csr, parameters: RealParameters): RealMap {
  const n = graph.rows;
  const t = fixed(parameters.teleport);
  const [diffusion, springs, heat] = parameters.lambda.map(fixed);
  const weights = dense(graph);
  const out = weights.map((row) => row.reduce((x, y) => x + y));
  const degrees = out.map((o, i) => o + weights.reduce((sum, row) => sum + row[i], 0n));
  const prior = priorOf(parameters.prior, degrees);
  const matrix = zeros(n);
  const add = (part: Square, factor: bigint): void => {
    matrix.forEach((row, i) => row.forEach((_, j) => (row[j] += multiply(factor, part[i][j]))));
  };
  const step = matrix.map((row, i) =>
    row.map((_, j) => (out[j] > 0n ? divide(weights[j][i], out[j]) : prior[i])),
  );
  add(step, multiply(diffusion, UNIT - t));
  if (parameters.laplacian !== 'none') {
    const unit = floorOf(times(exactly(parameters.unit), ratio(1n << WEIGHT_BITS)));
    const laplacian = matrix.map((row, i) =>
      row.map((_, j) => {
        const w = weights[i][j] + weights[j][i];
        const same = i === j ? 1n : 0n;
        return parameters.laplacian === 'random-walk'
          ? same * UNIT - divide(w, degrees[j])
          : divide(same * degrees[i] - w, unit);
      }),
    );
    if (springs > 0n) add(resolvent(laplacian, fixed(parameters.mu)), springs);
    if (heat > 0n) add(heatKernel(laplacian, fixed(parameters.tau)), heat);
  }
  // What springs and heat keep and diffusion does not is the teleport: T = 1 − F − B.
  const kept = UNIT - multiply(diffusion, UNIT - t) - springs - heat;
  const right = prior.map((u) => multiply(kept, u));
  const focus = (): bigint[] => {
    const system = matrix.map((row, i) => row.map((x, j) => (i === j ? UNIT : 0n) - x));
    return solved(system, [right]).map((row) => row[0]);
  };
  return { matrix, right, focus };
}

/** ‖G(φ) − (Mφ + r)‖₁ in focus units, rounded up, for φ and G(φ) in focus units. */
export function distanceToMap(
  { matrix, right }: RealMap,
  units: readonly bigint[],
  image: readonly bigint[],
): bigint {
  let sum = 0n;
  matrix.forEach((row, i) => {
    let value = right[i] << 61n;
    row.forEach((x, j) => (value += x * units[j]));
    sum += magnitude((image[i] << BITS) - value);
  });
  return (sum >> BITS) + 1n;
}

/** ‖φ − φ*‖₁ as a number, for φ in focus units. */
export function distanceToFocus(focus: readonly bigint[], units: readonly bigint[]): number {
  let sum = 0n;
  focus.forEach((x, i) => (sum += magnitude((units[i] << (BITS - 61n)) - x)));
  return Number(sum >> (BITS - 200n)) * 2 ** -200;
}

/** Weights are in units of 2⁻¹¹⁰⁰: every binary64 is a whole number of them. */
const WEIGHT_BITS = 1100n;

function dense({ rows, offsets, columns, weights }: Csr): Square {
  const matrix = zeros(rows);
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      matrix[i][columns[k]] += floorOf(times(exactly(weights[k]), ratio(1n << WEIGHT_BITS)));
    }
  }
  return matrix;
}

function priorOf(prior: RealParameters['prior'], degrees: readonly bigint[]): bigint[] {
  const parts =
    prior === 'degree'
      ? degrees
      : prior === 'uniform'
        ? degrees.map(() => 1n)
        : integerParts(prior);
  const total = parts.reduce((x, y) => x + y);
  return parts.map((part) => divide(part, total));
}

/** μ (μ + L)⁻¹. */
function resolvent(laplacian: Square, mu: bigint): Square {
  const system = laplacian.map((row, i) => row.map((x, j) => x + (i === j ? mu : 0n)));
  const columns = system.map((_, i) => system.map((__, j) => (i === j ? mu : 0n)));
  return solved(system, columns);
}

/** exp(−τL) = exp(−z) exp(z − τL) with z = the largest diagonal: all terms are positive. */
function heatKernel(laplacian: Square, tau: bigint): Square {
  const exponent = laplacian.map((row) => row.map((x) => multiply(tau, x)));
  const most = exponent.map((row, i) => row[i]).reduce((x, y) => (x > y ? x : y));
  const step = exponent.map((row, i) => row.map((x, j) => (i === j ? most : 0n) - x));
  let halvings = 0n;
  while (most >> halvings >= UNIT) halvings++;
  // Columns of the summands sum to z^k/k!, so 2^halvings squarings of exp(step/2^halvings).
  let term: Square = step.map((row, i) => row.map((_, j) => (i === j ? UNIT : 0n)));
  let sum = term;
  for (let k = 1n; term.some((row) => row.some((x) => x > 0n)); k++) {
    term = product(term, step).map((row) => row.map((x) => (x >> halvings) / k));
    sum = sum.map((row, i) => row.map((x, j) => x + term[i][j]));
  }
  const total = sum.reduce((x, row) => x + row[0], 0n);
  let kernel = sum.map((row) => row.map((x) => divide(x, total)));
  for (let k = 0n; k < halvings; k++) kernel = product(kernel, kernel);
  return kernel;
}

const fixed = (value: number | Rational): bigint =>
  floorOf(times(typeof value === 'number' ? exactly(value) : value, ratio(UNIT)));
const multiply = (a: bigint, b: bigint): bigint => (a * b) >> BITS;
const divide = (a: bigint, b: bigint): bigint => (a << BITS) / b;
const zeros = (n: number): Square => Array.from({ length: n }, () => new Array<bigint>(n).fill(0n));

function product(a: Square, b: Square): Square {
  return a.map((row) =>
    row.map((_, j) => {
      let sum = 0n;
      for (let k = 0; k < row.length; k++) sum += row[k] * b[k][j];
      return sum >> BITS;
    }),
  );
}

/** X with A X = B, columns of B given; the largest pivot of each column. */
function solved(system: Square, columns: readonly (readonly bigint[])[]): Square {
  const n = system.length;
  const rows = system.map((row, i) => [...row, ...columns.map((column) => column[i])]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (magnitude(rows[i][k]) > magnitude(rows[pivot][k])) pivot = i;
    }
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = 0; i < n; i++) {
      if (i === k || rows[i][k] === 0n) continue;
      const factor = divide(rows[i][k], rows[k][k]);
      for (let j = k; j < rows[i].length; j++) rows[i][j] -= multiply(factor, rows[k][j]);
    }
  }
  return rows.map((row, k) => row.slice(n).map((x) => divide(x, row[k])));
}
