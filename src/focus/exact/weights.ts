// Integer weights of a graph for exact arithmetic (docs/exact-arithmetic.md, section 1): axon weights
// become integers by one stated quantisation, their common factor is divided out, and each particle
// gets the power of two that its arcs are normalised by. Doubles hold every w exactly (53
// significant bits), so all of this is done in doubles without rounding; sums of w are kept in two.

import { check, invariant } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import { FULL } from './units.js';

/** Sums of integer weights per particle, exact: value = high · 2³¹ + low. */
export interface Sums {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

/** A graph's integer weights. */
export interface IntegerWeights {
  readonly axons: Csr;
  /** w in axon order, 1 … 2⁶¹; null: all are one. */
  readonly values: Float64Array | null;
  /** s: W = ⌊A·2^s + ½⌋. */
  readonly exponent: number;
  /** g, the common factor of all W that was divided out. */
  readonly divisor: bigint;
  /** Whether any A·2^s was not an integer. */
  readonly quantised: boolean;
  readonly degree: Sums;
  readonly outStake: Sums;
  /** Axons touching each particle. */
  readonly touching: Uint32Array;
}

const SPLIT = 2 ** 31;
const EXACT = 2 ** 53;

/** Bits that a degree may take, and whether the common factor of all weights is divided out. */
export interface Quantum {
  readonly bits: number;
  readonly divide: boolean;
}

/** Section 1: degrees below 2⁶¹. */
const OWN_QUANTUM: Quantum = { bits: 61, divide: true };
/** Section 11: degrees below 2⁵⁷, so that columns may grow; changes need not be multiples of g. */
export const SHARED_QUANTUM: Quantum = { bits: 57, divide: false };

/** Quantises the weights of a graph. O(particles + axons), about 30 ns an axon. */
export function integerWeights(axons: Csr, quantum: Quantum = OWN_QUANTUM): IntegerWeights {
  const { rows, offsets, columns } = axons;
  const arcs = offsets[rows];
  const touching = new Uint32Array(rows);
  for (let p = 0; p < rows; p++) touching[p] += offsets[p + 1] - offsets[p];
  for (let k = 0; k < arcs; k++) touching[columns[k]]++;
  const exponent = quantum.bits - largestBits(axons, touching);
  const { values, divisor, quantised } = scaledWeights(axons, exponent, quantum.divide);
  const degree = sums(rows);
  const outStake = sums(rows);
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      const weight = values === null ? 1 : values[k];
      const high = Math.floor(weight / SPLIT);
      const low = weight - high * SPLIT;
      add(outStake, p, high, low);
      add(degree, p, high, low);
      add(degree, columns[k], high, low);
    }
  }
  for (let p = 0; p < rows; p++) {
    carry(outStake, p);
    carry(degree, p);
  }
  return { axons, values, exponent, divisor, quantised, degree, outStake, touching };
}

/** max β = ⌊log₂ A⌋ + 1 + ⌈log₂ c⌉ over particles: an upper bound of the bits of a degree. */
function largestBits({ rows, offsets, columns, weights }: Csr, touching: Uint32Array): number {
  const bits = new Int32Array(rows).fill(-2000);
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      const own = exponentOf(weights[k]) + 1;
      if (own > bits[p]) bits[p] = own;
      if (own > bits[columns[k]]) bits[columns[k]] = own;
    }
  }
  let most = -Infinity;
  for (let p = 0; p < rows; p++) {
    most = Math.max(most, bits[p] + 32 - Math.clz32(touching[p] - 1));
  }
  return most;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** ⌊log₂ value⌋ of a positive double. */
function exponentOf(value: number): number {
  double[0] = value;
  const biased = words[1] >>> 20;
  if (biased > 0) return biased - 1023;
  double[0] = value * 2 ** 52;
  return (words[1] >>> 20) - 1023 - 52;
}

/** value · 2^power without rounding, where the result is a normal number. */
function shifted(value: number, power: number): number {
  if (power > 1000) return value * 2 ** 1000 * 2 ** (power - 1000);
  if (power < -1000) return value * 2 ** -1000 * 2 ** (power + 1000);
  return value * 2 ** power;
}

/** W of one weight, of at most 53 significant bits, and whether it was rounded; of none, none. */
export function integerWeight(
  weight: number,
  exponent: number,
): { readonly whole: number; readonly rounded: boolean } {
  if (weight === 0) return { whole: 0, rounded: false };
  const scaled = shifted(weight, exponent);
  const floor = Math.floor(scaled);
  const whole = Math.max(1, scaled - floor >= 0.5 ? floor + 1 : floor);
  return { whole, rounded: floor !== scaled };
}

/** Axons out of each particle whose A·2^s is no integer. O(axons) where any is not. */
export function roundedOut({ axons, exponent, quantised }: IntegerWeights): Uint32Array {
  const { rows, offsets, weights } = axons;
  const counts = new Uint32Array(rows);
  if (!quantised) return counts;
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      if (!Number.isInteger(shifted(weights[k], exponent))) counts[p]++;
    }
  }
  return counts;
}

function scaledWeights(
  { rows, offsets, weights }: Csr,
  exponent: number,
  divide: boolean,
): Pick<IntegerWeights, 'values' | 'divisor' | 'quantised'> {
  const arcs = offsets[rows];
  const values = new Float64Array(arcs);
  // A power of two that is itself a normal number scales in one step.
  const factor = Math.abs(exponent) <= 1000 ? 2 ** exponent : null;
  let quantised = false;
  let odd = 0;
  let twos = Infinity;
  for (let k = 0; k < arcs; k++) {
    // Below 2^−1 the product may lose bits, but what it rounds to is one in any case.
    const scaled = factor === null ? shifted(weights[k], exponent) : weights[k] * factor;
    const floor = Math.floor(scaled);
    if (floor !== scaled) quantised = true;
    const whole = Math.max(1, scaled - floor >= 0.5 ? floor + 1 : floor);
    values[k] = whole;
    if (!divide || (odd === 1 && twos === 0)) continue;
    const power = trailingZeros(whole);
    twos = Math.min(twos, power);
    odd = odd === 1 ? 1 : commonFactor(whole / 2 ** power, odd);
  }
  if (!divide) return { values, divisor: 1n, quantised };
  invariant(odd >= 1, 'weights have a common factor');
  let uniform = true;
  for (let k = 0; k < arcs; k++) {
    // Exact: 2^twos divides by a shift, and an odd part below 2⁵³ by an exact quotient.
    values[k] = values[k] / 2 ** twos / odd;
    if (values[k] !== 1) uniform = false;
  }
  return {
    values: uniform ? null : values,
    divisor: BigInt(odd) << BigInt(twos),
    quantised,
  };
}

/** Trailing zero bits of a positive integer below 2⁶², of at most 53 significant bits. */
function trailingZeros(value: number): number {
  double[0] = value;
  const low = words[0];
  const high = (words[1] & 0xfffff) | 0x100000;
  const zeros = low !== 0 ? 31 - Math.clz32(low & -low) : 32 + 31 - Math.clz32(high & -high);
  return (words[1] >>> 20) - 1023 - 52 + zeros;
}

/** Euclid on odd integers below 2⁵³; `known` 0 stands for none yet. */
function commonFactor(value: number, known: number): number {
  let a = value;
  let b = known;
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

function sums(rows: number): Sums {
  return { high: new Float64Array(rows), low: new Float64Array(rows) };
}

function add({ high, low }: Sums, at: number, more: number, less: number): void {
  high[at] += more;
  low[at] += less;
  if (low[at] >= EXACT / 2) carry({ high, low }, at);
}

function carry({ high, low }: Sums, at: number): void {
  const over = Math.floor(low[at] / SPLIT);
  high[at] += over;
  low[at] -= over * SPLIT;
}

/** The sum of one particle. */
export function sumAt({ high, low }: Sums, at: number): bigint {
  const value = high[at] * SPLIT + low[at];
  return value < EXACT ? BigInt(value) : (BigInt(high[at]) << 31n) + BigInt(low[at]);
}

/** Σ over all particles. */
export function totalOf({ high, low }: Sums): bigint {
  let most = 0n;
  let least = 0;
  let above = 0;
  for (let i = 0; i < high.length; i++) {
    above += high[i];
    least += low[i];
    if (above >= EXACT / 2 || least >= EXACT / 2) {
      most += (BigInt(above) << 31n) + BigInt(least);
      above = 0;
      least = 0;
    }
  }
  return most + (BigInt(above) << 31n) + BigInt(least);
}

/** ⌈log₂ value⌉ of a positive integer. */
export function ceilingLog2(value: bigint): number {
  return value <= 1n ? 0 : (value - 1n).toString(2).length;
}

/** ⌈log₂⌉ of each sum; 0 where it is zero, and everywhere in a uniform graph. */
export function exponentsOf({ high, low }: Sums, uniform: boolean): Uint8Array {
  const exponents = new Uint8Array(high.length);
  if (uniform) return exponents;
  for (let i = 0; i < high.length; i++) {
    const value = high[i] * SPLIT + low[i];
    if (value === 0) continue;
    if (value < EXACT)
      exponents[i] = exponentOf(value) + (trailingZeros(value) === exponentOf(value) ? 0 : 1);
    else exponents[i] = ((BigInt(high[i]) << 31n) + BigInt(low[i]) - 1n).toString(2).length;
  }
  return exponents;
}

/** Below this a quotient's digits of 31 bits are exact in doubles. */
const SHORT = 2 ** 21;

/** ⌊2^(62+e) / sum⌋ per particle, 0 where the sum is zero. About 10 ns each, 0.4 µs above 2²¹. */
export function reciprocalsOf(values: Sums, exponents: Uint8Array): BigInt64Array {
  const { high, low } = values;
  const result = new BigInt64Array(high.length);
  const parts = new Uint32Array(result.buffer);
  for (let i = 0; i < high.length; i++) {
    const value = high[i] * SPLIT + low[i];
    if (value === 0) continue;
    if (value >= SHORT) {
      result[i] = (FULL << BigInt(exponents[i])) / sumAt(values, i);
      continue;
    }
    // Long division of 2^e by the sum, with two digits of 31 bits behind the point.
    const numerator = 2 ** exponents[i];
    const whole = Math.floor(numerator / value);
    const first = (numerator - whole * value) * SPLIT;
    const upper = Math.floor(first / value);
    const second = (first - upper * value) * SPLIT;
    const lower = Math.floor(second / value);
    parts[2 * i] = lower + (upper % 2) * SPLIT;
    parts[2 * i + 1] = whole * 2 ** 30 + Math.floor(upper / 2);
  }
  return result;
}

/** P_i of a prior or start given as doubles ≥ 0: ⌊p·2^k + ½⌋, the largest in [2⁵², 2⁵³). */
export function integersOf(given: Float64Array): Float64Array {
  let most = 0;
  for (const value of given) most = Math.max(most, value);
  check(
    most > 0 && most < Infinity,
    'bad-parameter',
    () => `prior: expected weights with a positive finite largest, found ${most}`,
  );
  const power = 52 - exponentOf(most);
  return given.map((value) => {
    const scaled = shifted(value, power);
    const floor = Math.floor(scaled);
    return scaled - floor >= 0.5 ? floor + 1 : floor;
  });
}
