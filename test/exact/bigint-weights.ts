// Section 1 of exact arithmetic in BigInt: integer weights of axons, degrees, exponents, arc
// weights, reciprocals, and distributions from weights. Slow and plain; written from
// docs/exact-arithmetic.md alone.

import type { Csr } from '../../src/graph/csr.js';
import {
  FULL,
  ONE,
  type Rational,
  ceilLog2,
  exactly,
  floorDivide,
  floorLog2Of,
  floorOf,
  plus,
  powerOfTwo,
  ratio,
  sumOf,
  times,
} from './bigint-rational.js';

/** An axon with its integer weight. */
export interface Axon {
  readonly from: number;
  readonly to: number;
  /** w = W / g. */
  readonly weight: bigint;
}

/** One arc of a row of a table: x[column] is multiplied by q. */
export interface Arc {
  readonly column: number;
  readonly factor: bigint;
}

export type Table = readonly (readonly Arc[])[];

/** What section 1 makes of a graph. */
export interface IntegerWeights {
  readonly particles: number;
  readonly axons: readonly Axon[];
  /** W was formed with 2^shift. */
  readonly shift: number;
  /** g, the greatest common divisor. */
  readonly divisor: bigint;
  /** All w = 1. */
  readonly uniform: boolean;
  /** Every A·2^s is an integer. */
  readonly exact: boolean;
  /** d, and out. */
  readonly degrees: readonly bigint[];
  readonly out: readonly bigint[];
  /** c, and o: the numbers of axons that touch a particle, and that leave it. */
  readonly touching: readonly number[];
  readonly leaving: readonly number[];
  /** e, and e' (0 where out is 0, or in a uniform graph). */
  readonly exponents: readonly number[];
  readonly outExponents: readonly number[];
  /** R, and R'. */
  readonly reciprocals: readonly bigint[];
  readonly outReciprocals: readonly bigint[];
}

/**
 * Integer weights of the axons of a graph, degrees below 2^bits. Every particle must have an axon.
 * `shared`: as section 11 has them, with g = 1 and no uniform graph.
 */
export function integerWeights(graph: Csr, bitsOfDegrees = 61, shared = false): IntegerWeights {
  const particles = graph.rows;
  const from: number[] = [];
  const to: number[] = [];
  const exact: Rational[] = [];
  for (let i = 0; i < particles; i++) {
    for (let k = graph.offsets[i]; k < graph.offsets[i + 1]; k++) {
      from.push(i);
      to.push(graph.columns[k]);
      exact.push(exactly(graph.weights[k]));
    }
  }
  const touching = new Array<number>(particles).fill(0);
  const leaving = new Array<number>(particles).fill(0);
  const largest = new Array<number>(particles).fill(0);
  from.forEach((source, k) => {
    leaving[source]++;
    for (const particle of [source, to[k]]) {
      touching[particle]++;
      largest[particle] = Math.max(largest[particle], graph.weights[k]);
    }
  });
  const bits = largest.map((weight, j) => {
    if (touching[j] === 0) throw new Error(`particle ${j} has no axon`);
    return floorLog2Of(exactly(weight)) + 1 + ceilLog2(BigInt(touching[j]));
  });
  const shift = bitsOfDegrees - bits.reduce((x, y) => Math.max(x, y));

  const scaled = exact.map((weight) => times(weight, powerOfTwo(shift)));
  const integers = scaled.map((weight) => {
    const whole = floorOf(plus(weight, ratio(1n, 2n)));
    return whole < 1n ? 1n : whole;
  });
  const divisor = shared ? 1n : integers.reduce(commonDivisor);
  const axons = integers.map((whole, k) => ({
    from: from[k],
    to: to[k],
    weight: whole / divisor,
  }));
  const uniform = !shared && axons.every(({ weight }) => weight === 1n);
  const degrees = new Array<bigint>(particles).fill(0n);
  const out = new Array<bigint>(particles).fill(0n);
  for (const axon of axons) {
    out[axon.from] += axon.weight;
    degrees[axon.from] += axon.weight;
    degrees[axon.to] += axon.weight;
  }
  const exponentOf = (x: bigint): number => (uniform || x === 0n ? 0 : ceilLog2(x));
  const exponents = degrees.map(exponentOf);
  const outExponents = out.map(exponentOf);
  const reciprocal = (x: bigint, exponent: number): bigint =>
    x === 0n ? 0n : (1n << BigInt(62 + exponent)) / x;
  return {
    particles,
    axons,
    shift,
    divisor,
    uniform,
    exact: scaled.every((weight) => weight.numerator % weight.denominator === 0n),
    degrees,
    out,
    touching,
    leaving,
    exponents,
    outExponents,
    reciprocals: degrees.map((d, i) => reciprocal(d, exponents[i])),
    outReciprocals: out.map((o, i) => reciprocal(o, outExponents[i])),
  };
}

/** The spread tables: arcs p→i and i→p both, scaled by the source's exponent or by the row's. */
export function spreadTable(weights: IntegerWeights, by: 'source' | 'row'): Table {
  const { particles, axons, exponents } = weights;
  const rows: Arc[][] = Array.from({ length: particles }, () => []);
  for (const { from, to, weight } of axons) {
    for (const [row, column] of [
      [from, to],
      [to, from],
    ]) {
      const exponent = exponents[by === 'source' ? column : row];
      rows[row].push({ column, factor: arcWeight(weight, exponent) });
    }
  }
  return rows;
}

/** The transition table: arcs p→i in row i, scaled by the exponent of p's out weight. */
export function transitionTable({ particles, axons, outExponents }: IntegerWeights): Table {
  const rows: Arc[][] = Array.from({ length: particles }, () => []);
  for (const { from, to, weight } of axons) {
    rows[to].push({ column: from, factor: arcWeight(weight, outExponents[from]) });
  }
  return rows;
}

/** q = w·2^(62−e), with 0 < q ≤ FULL. */
function arcWeight(weight: bigint, exponent: number): bigint {
  if (exponent > 62) throw new Error(`an exponent of ${exponent}`);
  const factor = weight << BigInt(62 - exponent);
  if (factor <= 0n || factor > FULL) throw new Error('an arc weight outside (0, FULL]');
  return factor;
}

/** u: ONE in parts proportional to non-negative integers. */
export function distribution(parts: readonly bigint[]): bigint[] {
  const total = sumOf(parts);
  if (total <= 0n) throw new Error('a distribution needs a positive weight');
  const units = parts.map((part) => floorDivide(part * ONE, total));
  let missing = ONE - sumOf(units);
  for (let i = 0; i < parts.length && missing > 0n; i++) {
    if (parts[i] > 0n) {
      units[i] += 1n;
      missing -= 1n;
    }
  }
  return units;
}

/** P of weights given as binary64: the largest becomes an integer in [2⁵², 2⁵³). */
export function integerParts(weights: Float64Array): bigint[] {
  const most = weights.reduce((x, y) => Math.max(x, y), 0);
  if (!(most > 0)) throw new Error('a prior needs a positive weight');
  const shift = 52 - floorLog2Of(exactly(most));
  return Array.from(weights, (weight) =>
    floorOf(plus(times(exactly(weight), powerOfTwo(shift)), ratio(1n, 2n))),
  );
}

/** P of a prior. */
export function priorParts(
  weights: IntegerWeights,
  prior: 'degree' | 'uniform' | Float64Array,
): readonly bigint[] {
  if (prior === 'degree') return weights.degrees;
  if (prior === 'uniform') return weights.degrees.map(() => 1n);
  if (prior.length !== weights.particles) throw new Error('a prior needs a weight per particle');
  return integerParts(prior);
}

function commonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
