// One correction of an exact solve: δ = R'δ + h solved roughly by Anderson acceleration over four
// points, in integers (docs/exact-arithmetic.md, section 5). The residual is scaled up by a power of
// two per column, so that a small one has as many digits as a large one. Mixing weights come from an
// exact Gram matrix by integer determinants; points are refused before they could leave 64 bits.

import type { Vector } from '../../backend/backend.js';
import type { ExactReduction } from '../../backend/exact.js';
import { invariant } from '../../base/errors.js';
import { eventTurn } from '../../base/turn.js';
import type { ExactMap } from './operator.js';
import { FULL, nearest, ONE, rounded } from './units.js';

/** Blocks of one correction, kept between corrections. */
export interface CorrectionRoom {
  readonly right: Vector;
  readonly x: Vector;
  readonly points: readonly Point[];
  release(): void;
}

interface Point {
  readonly image: Vector;
  readonly residual: Vector;
}

/** What was measured of φ and f = G(φ) − φ, per column. */
export interface ExactMeasured {
  /** Σ|f|. */
  readonly residual: readonly bigint[];
  /** Σf. */
  readonly gain: readonly bigint[];
  /** Σφ. */
  readonly mass: readonly bigint[];
}

/** Applications of G in one correction. */
export const STEPS = 4;
const LEAST_POWER = -20;
const MOST_POWER = 40;
const WEIGHT_BITS = 24;
const LARGEST_MIX = 1n << 85n;
const LARGEST_GAIN = 1n << 59n;
const LARGEST_LACK = 1n << 61n;
/** What ‖δ‖₁ may be: the distance of two distributions, in focus units. */
const LARGEST_STEP = 1n << 62n;
/** What ‖φ‖₁ may be after a correction: one and a half. */
export const LARGEST_NORM = 3n << 60n;

/** Makes room: ten blocks. */
export function openCorrection({ workspace, columns }: ExactMap): CorrectionRoom {
  const block = (): Vector => workspace.vector(columns);
  const right = block();
  const x = block();
  const points = Array.from({ length: STEPS }, () => ({ image: block(), residual: block() }));
  return {
    right,
    x,
    points,
    release: () => {
      for (const vector of [right, x, ...points.flatMap((p) => [p.image, p.residual])])
        workspace.release(vector);
    },
  };
}

/** φ += δ in the active columns; `f` is the measured residual. Waits for the machine eight times. */
export async function correct(
  operator: ExactMap,
  room: CorrectionRoom,
  phi: Vector,
  f: Vector,
  measured: ExactMeasured,
  active: readonly boolean[],
  degree: number,
  signal?: AbortSignal,
): Promise<void> {
  const { workspace, columns, priorVector } = operator;
  const { right, x } = room;
  const powers = measured.residual.map((n, b) => (active[b] ? powerFor(operator, n) : null));
  const perColumn = (valueOf: (power: number, b: number) => bigint): BigInt64Array =>
    BigInt64Array.from(powers, (power, b) => (power === null ? 0n : valueOf(power, b)));
  const up = perColumn((power) => 1n << BigInt(power - LEAST_POWER));
  const lacking = perColumn((power, b) => {
    const mass = lackingMass(operator, measured, b) << BigInt(power - LEAST_POWER);
    return within(rounded(mass, -LEAST_POWER), LARGEST_GAIN);
  });
  workspace.combine(right, [
    { coefficient: up, shift: -LEAST_POWER, vector: f },
    { coefficient: lacking, shift: 61, vector: priorVector },
  ]);
  // Point 0 is (right, right): the image of zero, and its residual.
  const points: Point[] = [{ image: right, residual: right }];
  const grams = Array.from({ length: columns }, () => [] as bigint[][]);
  const norms: (readonly bigint[])[] = [];
  const update = async (): Promise<void> => {
    const newest = points[points.length - 1];
    const wanted: ExactReduction[] = [{ kind: 'absolute', x: newest.image }];
    for (const { residual } of points)
      wanted.push({ kind: 'dot', x: newest.residual, y: residual });
    const [norm, ...dots] = await workspace.numbers(workspace.reduce(wanted));
    norms.push(norm);
    grams.forEach((gram, b) => {
      const row = dots.map((dot) => dot[b]);
      gram.forEach((other, i) => other.push(row[i]));
      gram.push(row);
    });
  };
  const mix = (): void => {
    const weights = grams.map((gram, b) =>
      mixingWeights(
        gram,
        norms.map((norm) => norm[b]),
      ),
    );
    workspace.combine(
      x,
      points.map(({ image }, i) => ({
        coefficient: BigInt64Array.from(weights, (own) => own[i]),
        shift: WEIGHT_BITS,
        vector: image,
      })),
    );
  };
  await update();
  for (let step = 0; step < STEPS; step++) {
    mix();
    await eventTurn();
    signal?.throwIfAborted();
    const point = room.points[step];
    operator.apply(point.image, x, degree, right);
    workspace.combine(point.residual, [
      { coefficient: 1n, shift: 0, vector: point.image },
      { coefficient: -1n, shift: 0, vector: x },
    ]);
    if (points.length === STEPS) {
      points.shift();
      norms.shift();
      for (const gram of grams) {
        gram.shift();
        for (const row of gram) row.shift();
      }
    }
    points.push(point);
    await update();
  }
  mix();
  await addCorrection(operator, room, phi, f, measured, powers);
}

/**
 * φ += δ, where δ is the mix in `room.x` with its mass put right, or the plain step f where that
 * would leave the range.
 */
async function addCorrection(
  { workspace, priorVector }: ExactMap,
  { x, right: next }: CorrectionRoom,
  phi: Vector,
  f: Vector,
  { mass }: ExactMeasured,
  powers: readonly (number | null)[],
): Promise<void> {
  const perColumn = (valueOf: (power: number, b: number) => bigint): BigInt64Array =>
    BigInt64Array.from(powers, (power, b) => (power === null ? 0n : valueOf(power, b)));
  // What Anderson left of the mass is put right exactly, so that Σφ becomes ONE but for rounding.
  const [sums] = await workspace.numbers(workspace.reduce([{ kind: 'sum', x }]));
  const missing = perColumn((power, b) => {
    const wanted = rounded((ONE - mass[b]) << BigInt(power - LEAST_POWER), -LEAST_POWER);
    return within(wanted - sums[b], LARGEST_LACK);
  });
  workspace.combine(x, [
    { coefficient: 1n, shift: 0, vector: x },
    { coefficient: missing, shift: 61, vector: priorVector },
  ]);
  const [size] = await workspace.numbers(workspace.reduce([{ kind: 'absolute', x }]));
  const fits = powers.map((power, b) => {
    if (power === null) return false;
    return size[b] << BigInt(Math.max(0, -power)) <= LARGEST_STEP;
  });
  const down = perColumn((power, b) => (fits[b] ? 1n << BigInt(MOST_POWER - power) : 0n));
  workspace.combine(next, [
    { coefficient: 1n, shift: 0, vector: phi },
    { coefficient: down, shift: MOST_POWER, vector: x },
  ]);
  const [norm] = await workspace.numbers(workspace.reduce([{ kind: 'absolute', x: next }]));
  const taken = perColumn((_, b) => (fits[b] && norm[b] <= LARGEST_NORM ? 1n : 0n));
  workspace.combine(phi, [
    { coefficient: taken, shift: 0, vector: next },
    { coefficient: taken.map((on) => 1n - on), shift: 0, vector: phi },
    { coefficient: perColumn((_, b) => 1n - taken[b]), shift: 0, vector: f },
  ]);
}

/** σ: the largest power of two that keeps N·2^σ below λ_d t·2⁵⁹; null where nothing can be done. */
function powerFor({ constants }: ExactMap, residual: bigint): number | null {
  if (residual === 0n) return null;
  const { numerator, denominator } = constants.injection;
  const limit = (numerator << 59n) / denominator;
  const fits = (power: number): boolean =>
    power >= 0 ? residual << BigInt(power) <= limit : residual <= limit << BigInt(-power);
  if (!fits(LEAST_POWER)) return null;
  let power = LEAST_POWER;
  while (power < MOST_POWER && fits(power + 1)) power++;
  return power;
}

/** m: the mass that f must have so that Σφ becomes ONE, less the mass that it has. */
function lackingMass({ constants }: ExactMap, measured: ExactMeasured, b: number): bigint {
  const { gain, mass } = measured;
  return nearest(constants.constant * (ONE - mass[b]) - FULL * gain[b], FULL);
}

/** The value, or 0 where its magnitude is above the limit. */
function within(value: bigint, limit: bigint): bigint {
  return value > limit || -value > limit ? 0n : value;
}

/** Weights in units of 2⁻²⁴ with sum one, points by age. */
export function mixingWeights(
  gram: readonly (readonly bigint[])[],
  norms: readonly bigint[],
): bigint[] {
  const size = gram.length;
  const one = 1n << BigInt(WEIGHT_BITS);
  const newestOnly = gram.map((_, i) => (i === size - 1 ? one : 0n));
  if (size === 1) return newestOnly;
  let largest = 0n;
  for (let i = 0; i < size; i++) if (gram[i][i] > largest) largest = gram[i][i];
  const damping = (largest >> 40n) + 1n;
  const matrix = gram.map((row, i) => row.map((value, j) => (i === j ? value + damping : value)));
  const solution = matrix.map((_, column) =>
    determinant(matrix.map((row) => row.map((value, j) => (j === column ? 1n : value)))),
  );
  let sum = 0n;
  for (const value of solution) sum += value;
  if (sum <= 0n) return newestOnly;
  const weights = solution.map((value) => nearest(value * one, sum));
  let others = 0n;
  for (let i = 0; i < size - 1; i++) others += weights[i];
  weights[size - 1] = one - others;
  let bound = 0n;
  weights.forEach((weight, i) => (bound += (weight < 0n ? -weight : weight) * norms[i]));
  return bound > LARGEST_MIX ? newestOnly : weights;
}

/** By cofactors along the first row: at most 4 × 4. */
function determinant(matrix: readonly (readonly bigint[])[]): bigint {
  invariant(matrix.length <= STEPS, 'at most four points are mixed');
  if (matrix.length === 1) return matrix[0][0];
  let sum = 0n;
  matrix[0].forEach((value, j) => {
    const minor = matrix.slice(1).map((row) => row.filter((_, k) => k !== j));
    sum += (j % 2 === 0 ? value : -value) * determinant(minor);
  });
  return sum;
}
