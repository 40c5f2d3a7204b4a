// Section 7 of exact arithmetic in BigInt: the map of reference-2026-07, one Jacobi step of springs
// and a normalised blend, iterated until it stands still. Written from docs/exact-arithmetic.md
// alone.

import { applyMap, type Operator, operatorOf, product, type Widths } from './bigint-map.js';
import {
  FULL,
  ONE,
  type Rational,
  SERIES_ONE as C,
  floorOf,
  magnitude,
  nearest,
  normOf,
  over,
  plus,
  powerOfTwo,
  ratio,
  rounded,
  roundedDivide,
  sumOf,
  times,
} from './bigint-rational.js';
import { degreeFor, fold, type Folded, type Series, seriesOf } from './bigint-series.js';
import { checkStart, type StopReason } from './bigint-solver.js';
import { distribution, type IntegerWeights } from './bigint-weights.js';

const PATIENCE = 20;

export interface ReferenceParameters {
  readonly weights: IntegerWeights;
  readonly teleport: Rational;
  readonly mu: Rational;
  readonly tau: Rational;
  readonly lambda: readonly [Rational, Rational, Rational];
  /** The graph's largest stake. */
  readonly unit: Rational;
  /** Λ. */
  readonly scale: Rational;
  readonly prior: 'degree' | 'uniform' | Float64Array;
  readonly tolerance: Rational;
  readonly mostIterations: number;
  readonly iterations?: number | undefined;
  readonly start?: readonly bigint[] | undefined;
  readonly widths?: Widths | undefined;
}

export interface ReferenceStopped {
  readonly units: readonly bigint[];
  readonly applications: number;
  readonly converged: boolean;
  readonly residual: bigint;
  readonly reason: StopReason;
}

interface Reference {
  readonly operator: Operator;
  readonly series: Folded;
  readonly jacobi: readonly bigint[];
  readonly offsets: readonly bigint[];
  readonly springs: bigint;
}

/** Iterates φ ← Rφ until it stops. */
export function solveReference(parameters: ReferenceParameters): ReferenceStopped {
  const { weights, tolerance, mostIterations, iterations } = parameters;
  const reference = referenceOf(parameters);
  const limit = times(tolerance, ratio(ONE));
  let units = parameters.start ?? distribution(weights.degrees.map(() => 1n));
  checkStart(units);
  for (let step = 0; step < (iterations ?? 0); step++) units = referenceStep(reference, units);
  let least: bigint | null = null;
  let idle = 0;
  for (let applications = iterations ?? 1; ; applications++) {
    const next = referenceStep(reference, units);
    const residual = normOf(next.map((x, i) => x - units[i]));
    const converged = residual * limit.denominator <= limit.numerator;
    const end = (reason: StopReason): ReferenceStopped => ({
      units,
      applications,
      converged,
      residual,
      reason,
    });
    if (iterations !== undefined) return end('iterations');
    if (converged) return end('done');
    if (applications >= mostIterations) return end('applications');
    idle = least !== null && residual >= least ? idle + 1 : 0;
    if (least === null || residual < least) least = residual;
    if (idle === PATIENCE) return end('stagnation');
    units = next;
  }
}

function referenceOf(parameters: ReferenceParameters): Reference {
  const { weights, teleport, mu, tau, lambda, unit, scale, tolerance, prior } = parameters;
  const [diffusion, springs, heat] = lambda;
  const series: Series = seriesOf({ springs: ratio(0n), heat, mu, tau, scale });
  const operator = operatorOf({
    weights,
    spread: 'row',
    teleport,
    diffusion,
    whole: roundedDivide(FULL * series.total, C),
    kept: nearest(times(ratio(FULL), times(diffusion, teleport))),
    prior,
    widths: parameters.widths,
  });
  const stiffness = over(times(times(mu, unit), powerOfTwo(weights.shift)), ratio(weights.divisor));
  const sums = weights.degrees.map((d) => plus(stiffness, ratio(d)));
  const n = ratio(BigInt(weights.particles));
  return {
    operator,
    series: fold(series, degreeFor(series, times(tolerance, ratio(1n, 10n)))),
    jacobi: sums.map((sum, i) => floorOf(over(powerOfTwo(62 + weights.exponents[i]), sum))),
    offsets: sums.map((sum) =>
      floorOf(over(times(times(ratio(ONE), springs), stiffness), times(n, sum))),
    ),
    springs: nearest(times(ratio(FULL), springs)),
  };
}

function referenceStep(reference: Reference, units: readonly bigint[]): bigint[] {
  const { operator, series, jacobi, offsets, springs } = reference;
  const blend = applyMap(operator, series, units, operator.right);
  const spread = product(operator.spreading, units, operator.widths);
  const mixed = blend.map(
    (x, i) => x + rounded(jacobi[i] * rounded(springs * spread[i], 62), 62) + offsets[i],
  );
  const total = sumOf(mixed);
  if (total <= ONE / 2n) throw new Error('invariant: the blend sums to a half or less');
  if (mixed.some((x) => magnitude(x) >= 1n << 63n)) throw new Error('a blend is too wide');
  const scale = (1n << 122n) / total;
  return mixed.map((x) => rounded(x * scale, 61));
}
