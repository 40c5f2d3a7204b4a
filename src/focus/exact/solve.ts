// Solves φ = G(φ) in exact arithmetic (docs/exact-arithmetic.md, section 4). Stages measure the
// residual with a degree that grows by a fixed schedule and correct φ; nothing that steers depends on
// a neighbouring column, on threads or on a machine.

import type { Vector } from '../../backend/backend.js';
import { FocusError } from '../../base/errors.js';
import { eventTurn } from '../../base/turn.js';
import { correct, LARGEST_NORM, openCorrection, STEPS, type ExactMeasured } from './correct.js';
import type { ExactMap } from './operator.js';
import { CERTAIN } from './series.js';
import { ONE, rationalOf, rounded, times, type Rational } from './units.js';

/** How far and how to solve. */
export interface ExactSolveOptions {
  readonly tolerance: number;
  readonly mostIterations: number;
  /** Whether the start is an earlier focus. */
  readonly warm: boolean;
  readonly onProgress?: ((applications: number, errorBound: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where one column ended. */
export interface ExactColumn {
  /** Applications of G. */
  readonly applications: number;
  /** Σ|G(φ) − φ| in focus units. */
  readonly residual: bigint;
  /** Residual, truncation and roundings: E of section 6. */
  readonly error: bigint;
  /** Σφ as it stands. */
  readonly mass: bigint;
  /** Whether E met its goal. */
  readonly done: boolean;
  /** K of the last measurement. */
  readonly degree: number;
}

/** Bits by which the residual is expected to fall from stage to stage, and before the first. */
const STAGE_BITS = 5;
const FIRST_BITS = 3;
const WARM_STAGE = 3;
const MOST_STALLED = 10;
const ROUGH = CERTAIN >> 4n;
/** A plain step may add its roundings to the largest norm of a correction. */
const LARGEST = LARGEST_NORM + (1n << 58n);

/** Degrees of the schedule. */
export interface Schedule {
  readonly rough: number;
  degree(stage: number): number;
  isFinal(stage: number): boolean;
}

/** goal = tolerance·λ_d·t/5, the truncation of a final stage. */
export function scheduleGoal(
  { constants }: Pick<ExactMap, 'constants'>,
  tolerance: number,
): Rational {
  const { numerator, denominator } = times(rationalOf(tolerance), constants.injection);
  return { numerator, denominator: denominator * 5n };
}

/** The schedule of section 4 for a tolerance. */
export function scheduleOf(
  operator: Pick<ExactMap, 'constants' | 'series'>,
  tolerance: number,
): Schedule {
  const { series } = operator;
  const goal = scheduleGoal(operator, tolerance);
  const bitsOf = (stage: number): bigint => BigInt(FIRST_BITS + STAGE_BITS * stage);
  const isFinal = (stage: number): boolean => goal.denominator <= goal.numerator << bitsOf(stage);
  const { injection } = operator.constants;
  const share = (CERTAIN * injection.numerator) / injection.denominator;
  const rough = series === null ? 0 : series.degreeFor(1n, share < ROUGH ? share : ROUGH, 0);
  const most = (CERTAIN * goal.numerator) / goal.denominator;
  return {
    rough,
    isFinal,
    degree: (stage) =>
      series === null
        ? 0
        : series.degreeFor(2n, isFinal(stage) ? most : CERTAIN >> bitsOf(stage), rough),
  };
}

/** Measures f = G(φ) − φ into `f`. Throws where ‖φ‖₁ leaves the range that the widths allow. */
async function measure(
  operator: ExactMap,
  phi: Vector,
  f: Vector,
  degree: number,
): Promise<ExactMeasured> {
  const { workspace, constantVector } = operator;
  operator.apply(f, phi, degree, constantVector, phi);
  const [residual, gain, mass, norm] = await workspace.numbers(
    workspace.reduce([
      { kind: 'absolute', x: f },
      { kind: 'sum', x: f },
      { kind: 'sum', x: phi },
      { kind: 'absolute', x: phi },
    ]),
  );
  if (norm.some((value) => value > LARGEST)) {
    throw new FocusError(
      'failure',
      'exact arithmetic: the norm of a vector leaves its range, so it was stopped',
      'use --precision f64',
    );
  }
  return { residual, gain, mass };
}

/** Solves every column of φ. */
export async function solveExact(
  operator: ExactMap,
  phi: Vector,
  options: ExactSolveOptions,
): Promise<readonly ExactColumn[]> {
  const { workspace, columns } = operator;
  const schedule = scheduleOf(operator, options.tolerance);
  const goals = goalsOf(operator, options.tolerance);
  const f = workspace.vector(columns);
  const room = openCorrection(operator);
  const results: (ExactColumn | null)[] = Array.from({ length: columns }, () => null);
  const best: (bigint | null)[] = Array.from({ length: columns }, () => null);
  const stalled = new Uint8Array(columns);
  let applications = 0;
  try {
    for (let stage = options.warm ? WARM_STAGE : 0; ; stage++) {
      await eventTurn();
      options.signal?.throwIfAborted();
      const degree = schedule.degree(stage);
      const isFinal = schedule.isFinal(stage);
      const measured = await measure(operator, phi, f, degree);
      applications++;
      const more = errorsOf(operator, degree);
      measured.residual.forEach((residual, b) => {
        if (results[b] !== null) return;
        const error = residual + more[b];
        const done = isFinal && meets(error, goals[b]);
        const resting = isFinal && residual === 0n;
        if (isFinal) {
          const known = best[b];
          const fell = known === null || 50n * residual <= 49n * known;
          stalled[b] = fell ? 0 : stalled[b] + 1;
          if (known === null || residual < known) best[b] = residual;
        }
        const stop =
          done ||
          resting ||
          applications + STEPS + 1 > options.mostIterations ||
          stalled[b] === MOST_STALLED;
        if (stop)
          results[b] = { applications, residual, error, mass: measured.mass[b], done, degree };
      });
      reportProgress(operator, options, applications, measured, more);
      if (results.every((result) => result !== null)) break;
      const active = results.map((result) => result === null);
      await correct(operator, room, phi, f, measured, active, schedule.rough, options.signal);
      applications += STEPS;
    }
  } finally {
    room.release();
    workspace.release(f);
  }
  return results as ExactColumn[];
}

/** (tolerance·ONE − n)·λ_d·t, what E may be, of each column. */
function goalsOf(operator: ExactMap, tolerance: number): readonly Rational[] {
  const { numerator, denominator } = rationalOf(tolerance);
  const { injection } = operator.constants;
  return Array.from({ length: operator.columns }, (_, b) => ({
    numerator:
      (numerator * ONE - BigInt(operator.particles(b)) * denominator) * injection.numerator,
    denominator: denominator * injection.denominator,
  }));
}

/** Q + truncation of each column. */
function errorsOf(operator: ExactMap, degree: number): readonly bigint[] {
  return Array.from({ length: operator.columns }, (_, b) => operator.applicationError(degree, b));
}

function meets(error: bigint, goal: Rational): boolean {
  return error * goal.denominator <= goal.numerator;
}

function reportProgress(
  { constants }: ExactMap,
  options: ExactSolveOptions,
  applications: number,
  { residual }: ExactMeasured,
  more: readonly bigint[],
): void {
  if (options.onProgress === undefined) return;
  const most = residual.map((value, b) => value + more[b]).reduce((a, b) => (a > b ? a : b));
  const { numerator, denominator } = constants.injection;
  const bound = (most * denominator) / numerator;
  options.onProgress(applications, Number(bound) / Number(ONE));
}

/** Applies φ ← G(φ) exactly `count` times with the degree of a final stage, then measures. */
export async function iterateExact(
  operator: ExactMap,
  phi: Vector,
  count: number,
  options: ExactSolveOptions,
): Promise<readonly ExactColumn[]> {
  const { workspace, columns, constantVector } = operator;
  const schedule = scheduleOf(operator, options.tolerance);
  const goals = goalsOf(operator, options.tolerance);
  const degree = schedule.degree(finalStage(schedule));
  const next = workspace.vector(columns);
  for (let step = 0; step < count; step++) {
    await eventTurn();
    options.signal?.throwIfAborted();
    operator.apply(next, phi, degree, constantVector);
    workspace.combine(phi, [{ coefficient: 1n, shift: 0, vector: next }]);
  }
  const { residual, mass } = await measure(operator, phi, next, degree);
  workspace.release(next);
  return errorsOf(operator, degree).map((more, b) => ({
    applications: count,
    residual: residual[b],
    error: residual[b] + more,
    mass: mass[b],
    done: meets(residual[b] + more, goals[b]),
    degree,
  }));
}

/** The first final stage. */
export function finalStage(schedule: Schedule): number {
  let stage = 0;
  while (!schedule.isFinal(stage)) stage++;
  return stage;
}

/**
 * Makes Σφ exactly ONE by the stated correction. Returns the units that were missing, and a bound of
 * the L1 distance that φ was moved. O(n).
 */
export function normalise(phi: BigInt64Array): {
  readonly missing: bigint;
  readonly moved: bigint;
} {
  const n = BigInt(phi.length);
  const before = ONE - sumOf(phi);
  // Roundings may leave a particle a unit below zero; φ* is positive, so zero is nearer.
  for (let i = 0; i < phi.length; i++) if (phi[i] < 0n) phi[i] = 0n;
  const sum = sumOf(phi);
  const missing = ONE - sum;
  const size = missing < 0n ? -missing : missing;
  const scale = size > n && sum > 0n;
  if (scale) {
    const factor = (1n << 122n) / sum;
    for (let i = 0; i < phi.length; i++) phi[i] = rounded(phi[i] * factor, 61);
  }
  const rest = scale ? ONE - sumOf(phi) : missing;
  if (rest > 0n) {
    const each = rest / n;
    const some = Number(rest % n);
    for (let i = 0; i < phi.length; i++) phi[i] += each + (i < some ? 1n : 0n);
  }
  for (let left = -rest; left > 0n;) {
    for (let i = 0; i < phi.length && left > 0n; i++) {
      if (phi[i] <= 0n) continue;
      phi[i]--;
      left--;
    }
  }
  return { missing: before, moved: scale ? 2n * size + n + 4n : size };
}

/** Rows whose words sum in doubles without rounding. */
const EXACT_ROWS = 2 ** 20;

/** Σ, by halves of 32 bits: sums of long integers would take ten times as long. */
function sumOf(values: BigInt64Array): bigint {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  let sum = 0n;
  for (let first = 0; first < words.length; first += 2 * EXACT_ROWS) {
    const end = Math.min(words.length, first + 2 * EXACT_ROWS);
    let low = 0;
    let high = 0;
    for (let k = first; k < end; k += 2) {
      low += words[k];
      high += words[k + 1] | 0;
    }
    sum += (BigInt(high) << 32n) + BigInt(low);
  }
  return sum;
}
