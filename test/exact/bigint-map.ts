// Section 3 of exact arithmetic in BigInt: the map G(φ, r) = diffusion + springs and heat + r for
// the random-walk and the combinatorial Laplacian, with or without springs and heat. It can record
// the widest numbers it meets. Written from docs/exact-arithmetic.md alone.

import {
  FULL,
  type Rational,
  floorDivide,
  magnitude,
  nearest,
  rounded,
  times,
  minus,
  ratio,
} from './bigint-rational.js';
import type { Folded } from './bigint-series.js';
import {
  type IntegerWeights,
  type Table,
  distribution,
  priorParts,
  spreadTable,
  transitionTable,
} from './bigint-weights.js';

/** Which Laplacian spreads: by source is the random walk's, by row the combinatorial one. */
export type Spread = 'source' | 'row';

/** The largest magnitudes met: elements of vectors, row sums and products. */
export class Widths {
  element = 0n;
  sum = 0n;
  product = 0n;
  /** Bits of a signed integer that holds the largest of each. */
  bits(): { element: number; sum: number; product: number } {
    const signed = (value: bigint): number => value.toString(2).length + 1;
    return {
      element: signed(this.element),
      sum: signed(this.sum),
      product: signed(this.product),
    };
  }
}

/** Everything of G that does not depend on the degree. */
export interface Operator {
  readonly weights: IntegerWeights;
  readonly spread: Spread;
  readonly spreading: Table;
  readonly transition: Table;
  /** ψ and χ of the combinatorial Laplacian. */
  readonly moving: readonly bigint[];
  readonly staying: readonly bigint[];
  /** F, B and T, in units of 2⁻⁶². */
  readonly follow: bigint;
  readonly whole: bigint;
  readonly teleport: bigint;
  /** u, ū = rnd(F u, 62) and r° = rnd(T u, 62). */
  readonly prior: readonly bigint[];
  readonly dangling: readonly bigint[];
  readonly right: readonly bigint[];
  readonly widths: Widths | undefined;
  /** A column of section 11 in the place of sections 3 and 6. */
  readonly varied?: VariedColumn;
}

/** G, n and Q of a column on a changed graph. */
export interface VariedColumn {
  image(series: Folded, units: readonly bigint[], right: readonly bigint[]): bigint[];
  readonly counted: number;
  cost(series: Folded): bigint;
}

export interface OperatorOptions {
  readonly weights: IntegerWeights;
  readonly spread: Spread;
  readonly teleport: Rational;
  readonly diffusion: Rational;
  /** B. */
  readonly whole: bigint;
  /** T where it is not what F and B leave. */
  readonly kept?: bigint;
  readonly prior: 'degree' | 'uniform' | Float64Array;
  readonly widths?: Widths | undefined;
}

export function operatorOf(options: OperatorOptions): Operator {
  const { weights, spread, whole, widths } = options;
  const { degrees, exponents } = weights;
  const most = degrees.reduce((x, y) => (x > y ? x : y));
  const stays = minus(ratio(1n), options.teleport);
  const follow = nearest(times(ratio(FULL), times(options.diffusion, stays)));
  const teleport = options.kept ?? FULL - follow - whole;
  const prior = distribution(priorParts(weights, options.prior));
  return {
    weights,
    spread,
    spreading: spreadTable(weights, spread),
    transition: transitionTable(weights),
    moving: degrees.map((_, i) => floorDivide(1n << BigInt(62 + exponents[i]), most)),
    staying: degrees.map((d) => FULL - floorDivide(FULL * d, most)),
    follow,
    whole,
    teleport,
    prior,
    dangling: prior.map((u) => rounded(follow * u, 62)),
    right: prior.map((u) => rounded(teleport * u, 62)),
    widths,
  };
}

/** G(φ, r). */
export function applyMap(
  operator: Operator,
  series: Folded,
  units: readonly bigint[],
  right: readonly bigint[],
): bigint[] {
  if (operator.varied !== undefined) return operator.varied.image(series, units, right);
  const spread = spreadOnce(operator, series, units);
  return diffuse(operator, units, spread, right);
}

/** g of section 3: λ_s S φ + λ_h H φ. */
export function spreadOnce(operator: Operator, series: Folded, units: readonly bigint[]): bigint[] {
  const { degree, whole, coefficients } = series;
  if (coefficients.length === 0) return units.map(() => 0n);
  if (degree === 0) return units.map((x) => rounded(whole * x, 62));
  return operator.spread === 'source'
    ? spreadBySource(operator, series, units)
    : spreadByRow(operator, series, units);
}

function spreadBySource(
  { weights, spreading, widths }: Operator,
  { degree, stay, move, halve }: Folded,
  units: readonly bigint[],
): bigint[] {
  const start = units.map((x, i) => watched(widths, rounded(weights.reciprocals[i] * x, 62)));
  let current = start;
  for (let k = degree - 1; k >= 1; k--) {
    const spread = product(spreading, current, widths);
    current = spread.map((v, i) => {
      const moved = watched(widths, rounded(move[k] * v, 62));
      const kept = rounded(stay[k] * start[i], 62);
      return watched(widths, rounded(weights.reciprocals[i] * moved, 62 + halve[k]) + kept);
    });
  }
  return product(spreading, current, widths).map((v, i) =>
    watched(widths, rounded(move[0] * v, 62) + rounded(stay[0] * units[i], 62)),
  );
}

function spreadByRow(
  operator: Operator,
  { degree, stay, move, halve }: Folded,
  units: readonly bigint[],
): bigint[] {
  let current = units.slice();
  for (let k = degree - 1; k >= 0; k--) {
    current = combinatorialStep(operator, move[k], halve[k], current).map((moved, i) =>
      watched(operator.widths, moved + rounded(stay[k] * units[i], 62)),
    );
  }
  return current;
}

/** f · P x / 2^h for the combinatorial Laplacian: one step of the loop without its last term. */
function combinatorialStep(
  { spreading, moving, staying, widths }: Operator,
  move: bigint,
  halve: number,
  current: readonly bigint[],
): bigint[] {
  return product(spreading, current, widths).map((v, i) => {
    const moved = watched(widths, rounded(move * v, 62));
    const kept = watched(widths, rounded(staying[i] * current[i], 62 + halve));
    return rounded(moving[i] * moved, 62 + halve) + rounded(move * kept, 62);
  });
}

/** M φ of section 8: one step of the walk that the Laplacian is made of. */
export function walkOnce(operator: Operator, units: readonly bigint[]): bigint[] {
  if (operator.spread === 'row') return combinatorialStep(operator, FULL, 0, units);
  const { weights, spreading, widths } = operator;
  const scaled = units.map((x, i) => rounded(weights.reciprocals[i] * x, 62));
  return product(spreading, scaled, widths);
}

function diffuse(
  operator: Operator,
  units: readonly bigint[],
  spread: readonly bigint[],
  right: readonly bigint[],
): bigint[] {
  const { weights, transition, follow, dangling, widths } = operator;
  const scaled = units.map((x, i) => watched(widths, rounded(weights.outReciprocals[i] * x, 62)));
  let share = 0n;
  units.forEach((x, i) => {
    if (weights.out[i] === 0n) share += x;
  });
  watched(widths, share);
  return product(transition, scaled, widths).map((v, i) => {
    const followed = rounded(follow * v, 62);
    const back = rounded(share * dangling[i], 61);
    return watched(widths, followed + spread[i] + back + right[i]);
  });
}

/** v = rnd(S, 62) of every row. */
export function product(
  table: Table,
  values: readonly bigint[],
  widths?: Widths | undefined,
): bigint[] {
  return table.map((row) => {
    let sum = 0n;
    for (const { column, factor } of row) {
      const term = factor * values[column];
      sum += term;
      if (widths !== undefined) {
        const size = magnitude(term);
        if (size > widths.product) widths.product = size;
        const whole = magnitude(sum);
        if (whole > widths.sum) widths.sum = whole;
      }
    }
    return watched(widths, rounded(sum, 62));
  });
}

function watched(widths: Widths | undefined, value: bigint): bigint {
  if (widths !== undefined) {
    const size = magnitude(value);
    if (size > widths.element) widths.element = size;
  }
  return value;
}
