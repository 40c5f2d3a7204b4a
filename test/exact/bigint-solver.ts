// Section 4 of exact arithmetic in BigInt: stages of measurement and correction, the plain
// iteration, and the final correction that makes the units sum to ONE. Written from
// docs/exact-arithmetic.md alone.

import { type CorrectionReport, MOST_NORM, correction } from './bigint-anderson.js';
import { roundingCost, truncationCost } from './bigint-bound.js';
import { applyMap, type Operator } from './bigint-map.js';
import {
  ONE,
  type Rational,
  atMost,
  magnitude,
  minus,
  normOf,
  powerOfTwo,
  ratio,
  rounded,
  sumOf,
  times,
} from './bigint-rational.js';
import { degreeFor, fold, type Folded, type Series } from './bigint-series.js';

/** Times in a row that a final stage may fail to gain a fiftieth. */
const PATIENCE = 10;

export interface SolverOptions {
  readonly operator: Operator;
  readonly series: Series;
  /** λ_d·t. */
  readonly strength: Rational;
  readonly tolerance: Rational;
  readonly mostIterations: number;
  readonly iterations?: number | undefined;
  /** Units of an earlier focus. */
  readonly start?: readonly bigint[] | undefined;
  readonly report?: CorrectionReport | undefined;
}

/** Why a column stopped; `still` is N = 0 with a bound that is too large. */
export type StopReason = 'done' | 'still' | 'applications' | 'stagnation' | 'iterations';

/** The stop of a column: before the final correction. */
export interface Stopped {
  readonly units: readonly bigint[];
  readonly applications: number;
  readonly reason: StopReason;
  readonly residual: bigint;
  /** E, and the series that the last measurement used. */
  readonly uncertainty: bigint;
  readonly series: Folded;
  /** N of every stage, for tests. */
  readonly history: readonly bigint[];
}

/** tolerance·λ_d·t/5. */
export function goalOf(tolerance: Rational, strength: Rational): Rational {
  return times(times(tolerance, strength), ratio(1n, 5n));
}

/** Runs one column until it stops. */
export function solve(options: SolverOptions): Stopped {
  const { operator, series, strength, tolerance, mostIterations } = options;
  const n = BigInt(operator.varied?.counted ?? operator.weights.particles);
  const goal = goalOf(tolerance, strength);
  const sixteenth = ratio(1n, 16n);
  const roughDegree = degreeFor(series, atMost(strength, sixteenth) ? strength : sixteenth);
  const rough = fold(series, roughDegree);
  const foldFor = (share: Rational): Folded =>
    fold(series, degreeFor(series, times(share, ratio(1n, 2n)), roughDegree));
  const enough = times(minus(times(tolerance, ratio(ONE)), ratio(n)), strength);

  let units: readonly bigint[] = options.start ?? operator.prior;
  checkStart(units);
  if (options.iterations !== undefined) {
    const final = foldFor(goal);
    for (let step = 0; step < options.iterations; step++) {
      units = applyMap(operator, final, units, operator.right);
    }
    const { size } = measure(operator, final, units);
    const uncertainty = size + certainCost(operator, final);
    return stop(units, options.iterations, 'iterations', size, uncertainty, final, [size]);
  }

  let applications = 0;
  let best: bigint | null = null;
  let strikes = 0;
  const history: bigint[] = [];
  for (let stage = options.start === undefined ? 0 : 3; ; stage++) {
    const share = powerOfTwo(-3 - 5 * stage);
    const isFinal = atMost(share, goal);
    const current = foldFor(isFinal ? goal : share);
    const { residual, size } = measure(operator, current, units);
    applications++;
    history.push(size);
    const uncertainty = size + certainCost(operator, current);
    const end = (reason: StopReason): Stopped =>
      stop(units, applications, reason, size, uncertainty, current, history);
    if (isFinal && atMost(ratio(uncertainty), enough)) return end('done');
    if (isFinal && size === 0n) return end('still');
    if (applications + 5 > mostIterations) return end('applications');
    if (isFinal) {
      if (best !== null) strikes = 50n * size <= 49n * best ? 0 : strikes + 1;
      if (best === null || size < best) best = size;
      if (strikes === PATIENCE) return end('stagnation');
    }
    const change = correction(operator, rough, units, residual, strength, options.report);
    if (change !== null) units = units.map((x, i) => x + change[i]);
    applications += 4;
  }
}

function measure(
  operator: Operator,
  series: Folded,
  units: readonly bigint[],
): { residual: bigint[]; size: bigint } {
  if (normOf(units) > MOST_NORM + (1n << 58n)) throw new Error('invariant: the norm is too large');
  const image = applyMap(operator, series, units, operator.right);
  const residual = image.map((x, i) => x - units[i]);
  return { residual, size: normOf(residual) };
}

function certainCost({ weights, spread, varied }: Operator, series: Folded): bigint {
  const roundings = varied?.cost(series) ?? roundingCost(weights, spread, series);
  return roundings + truncationCost(series);
}

function stop(
  units: readonly bigint[],
  applications: number,
  reason: StopReason,
  residual: bigint,
  uncertainty: bigint,
  series: Folded,
  history: readonly bigint[],
): Stopped {
  return { units, applications, reason, residual, uncertainty, series, history };
}

/** φ_i ≥ 0 and 1 ≤ Σφ ≤ 3·2⁶⁰. */
export function checkStart(units: readonly bigint[]): void {
  const total = sumOf(units);
  if (units.some((x) => x < 0n) || total < 1n || total > MOST_NORM) {
    throw new Error('bad-parameter: a start of negative units, or of too few or too many');
  }
}

/** φ with the sum ONE, and ĉ, which bounds what that costs in L1. */
export interface Completed {
  readonly units: readonly bigint[];
  readonly cost: bigint;
}

/** The end of a column: multiplied where more than n units are missing, then unit by unit. */
export function completed(units: readonly bigint[]): Completed {
  const n = BigInt(units.length);
  const whole = units.map((x) => (x < 0n ? 0n : x));
  const total = sumOf(whole);
  const missing = magnitude(ONE - total);
  if (missing <= n || total === 0n) return { units: filled(whole), cost: missing };
  const scale = (1n << 122n) / total;
  return { units: filled(whole.map((x) => rounded(x * scale, 61))), cost: 2n * missing + n + 4n };
}

/** Adds what lacks to ONE, or takes what is too much, unit by unit in particle order. */
function filled(units: readonly bigint[]): bigint[] {
  const result = units.slice();
  const n = BigInt(result.length);
  let missing = ONE - sumOf(result);
  if (missing >= 0n) {
    const each = missing / n;
    const more = missing % n;
    return result.map((x, i) => x + each + (BigInt(i) < more ? 1n : 0n));
  }
  // Whole passes at once, as many as no particle runs dry in; then the part of a pass that is left.
  while (missing < 0n) {
    const holders = result.flatMap((x, i) => (x > 0n ? [i] : []));
    const poorest = holders.map((i) => result[i]).reduce((x, y) => (x < y ? x : y));
    const passes = -missing / BigInt(holders.length);
    const taken = passes < poorest ? passes : poorest;
    for (const i of holders) {
      const one = taken > 0n ? taken : missing < 0n ? 1n : 0n;
      result[i] -= one;
      missing += one;
    }
  }
  return result;
}
