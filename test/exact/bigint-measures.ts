// Section 8 of exact arithmetic in BigInt: entropy, syntropy, the three components at φ, the free
// energy F, and norms of differences. Written from docs/exact-arithmetic.md alone.

import { applyMap, operatorOf, spreadOnce, walkOnce, type Spread } from './bigint-map.js';
import { LN2, logarithm } from './bigint-logarithm.js';
import {
  FULL,
  type Rational,
  SERIES_ONE as C,
  nearest,
  normOf,
  ratio,
  rounded,
  roundedDivide,
  times,
} from './bigint-rational.js';
import { degreeFor, fold, seriesOf } from './bigint-series.js';
import { distribution, type IntegerWeights } from './bigint-weights.js';

/** H in units of 2⁻⁵⁶. */
export function entropyOf(units: readonly bigint[]): bigint {
  let sum = 0n;
  for (const phi of units) if (phi > 0n) sum += phi * (61n * LN2 - logarithm(phi));
  return rounded(sum, 61);
}

/** J = ln n − H in units of 2⁻⁵⁶. */
export function syntropyOf(units: readonly bigint[]): bigint {
  return logarithm(BigInt(units.length)) - entropyOf(units);
}

/** φ_after − φ_before by id, absent = 0; and its norm. */
export function difference(
  before: ReadonlyMap<string, bigint>,
  after: ReadonlyMap<string, bigint>,
): { readonly changes: ReadonlyMap<string, bigint>; readonly norm: bigint } {
  const changes = new Map<string, bigint>();
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    changes.set(id, (after.get(id) ?? 0n) - (before.get(id) ?? 0n));
  }
  return { changes, norm: normOf([...changes.values()]) };
}

export interface MeasureParameters {
  readonly weights: IntegerWeights;
  readonly spread: Spread;
  readonly teleport: Rational;
  readonly mu: Rational;
  readonly tau: Rational;
  readonly lambda: readonly [Rational, Rational, Rational];
  /** Λ. */
  readonly scale: Rational;
  readonly prior: 'degree' | 'uniform' | Float64Array;
  /** tolerance·λ_d·t/5. */
  readonly goal: Rational;
}

export interface Components {
  readonly diffusion: readonly bigint[];
  readonly springs: readonly bigint[];
  readonly heat: readonly bigint[];
  /** 𝓛φ. */
  readonly laplacian: readonly bigint[];
  /** F in units of 2⁻⁵⁶. */
  readonly energy: bigint;
}

/** Dφ, Sφ, Hφ, 𝓛φ and F. */
export function componentsOf(parameters: MeasureParameters, units: readonly bigint[]): Components {
  const { weights, spread, teleport, mu, tau, scale, prior, goal } = parameters;
  const one = ratio(1n);
  const none = ratio(0n);
  const partOf = (springs: Rational, heat: Rational) => {
    const series = seriesOf({ springs, heat, mu, tau, scale });
    return fold(series, degreeFor(series, times(goal, ratio(1n, 2n))));
  };
  const operator = operatorOf({ weights, spread, teleport, diffusion: one, whole: 0n, prior });
  const diffusion = applyMap(operator, partOf(none, none), units, operator.right);
  const springs = spreadOnce(operator, partOf(one, none), units);
  const heat = spreadOnce(operator, partOf(none, one), units);
  const walked = walkOnce(operator, units);
  const step = nearest(times(ratio(1n << 32n), scale));
  const laplacian = units.map((phi, i) =>
    spread === 'source' ? phi - walked[i] : rounded(step * (phi - walked[i]), 32),
  );
  const energy = energyOf(parameters, units, { diffusion, heat, laplacian });
  return { diffusion, springs, heat, laplacian, energy };
}

function energyOf(
  { lambda, mu }: MeasureParameters,
  units: readonly bigint[],
  parts: Pick<Components, 'diffusion' | 'heat' | 'laplacian'>,
): bigint {
  const [follow, stretch, warm] = lambda.map((part) => nearest(times(ratio(FULL), part)));
  const stiffness = nearest(times(ratio(1n << 32n), mu));
  const even = distribution(units.map(() => 1n));
  let bent = 0n;
  let apart = 0n;
  let rough = 0n;
  let surprise = 0n;
  units.forEach((phi, i) => {
    bent += phi * parts.laplacian[i];
    apart += (phi - even[i]) ** 2n;
    rough += (phi - parts.heat[i]) ** 2n;
    const drawn = parts.diffusion[i] > 1n ? parts.diffusion[i] : 1n;
    if (phi > 0n) surprise += phi * (logarithm(phi) - logarithm(drawn));
  });
  const springs = rounded(bent, 67) + rounded(stiffness * rounded(apart, 66), 33);
  const sum = stretch * springs + warm * rounded(rough, 67) + follow * rounded(surprise, 61);
  return rounded(sum, 62);
}

/** B of a series sum Θ. */
export const wholeOf = (total: bigint): bigint => roundedDivide(FULL * total, C);
