// Graphs with integer weights and exponents, as docs/exact-arithmetic.md section 1 makes them, and
// the integers that have broken kernels before.

import { randomStream } from '../../src/base/random.js';
import type { ExactMatrices } from '../../src/backend/exact.js';
import { randomGraph, type GraphWish } from './random-graphs.js';

/**
 * What the arcs weigh: all one; small integers, whose q are multiples of 2^31; integers of many
 * bits; powers of two up to 2^62 with exponents to match.
 */
export type WeightKind = 'uniform' | 'narrow' | 'wide' | 'extreme';

/** How the table `spread` is normalised; null: there is none. */
export type SpreadBy = 'source' | 'row' | null;

/** The graphs of the shared cases. */
export const exactGraphs: Readonly<Record<string, GraphWish>> = {
  'one particle': { rows: 1, arcs: 0, seed: 1 },
  'one arc': { rows: 2, arcs: 1, seed: 2 },
  'every length of row': { rows: 600, arcs: 5000, seed: 3 },
  'empty rows': { rows: 500, arcs: 700, seed: 4, emptyFrom: 300 },
  'rows longer than a segment': { rows: 1500, arcs: 3000, seed: 5, hubs: true },
};

/** Weights and exponents for the arcs of a random graph. */
export function exactMatrices(wish: GraphWish, kind: WeightKind, by: SpreadBy): ExactMatrices {
  const { rows, offsets, columns } = randomGraph(wish);
  const arcs = offsets[rows];
  const weights = kind === 'uniform' ? null : drawWeights(kind, arcs, wish.seed);
  const out = Array.from({ length: rows }, () => 0n);
  const degree = Array.from({ length: rows }, () => 0n);
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++) {
      const weight = weights === null ? 0n : BigInt(weights[k]);
      out[p] += weight;
      degree[p] += weight;
      degree[columns[k]] += weight;
    }
  }
  const logs = (sums: readonly bigint[]): Uint8Array => Uint8Array.from(sums, ceilLog2);
  const spread = by === null ? null : { by, exponents: logs(degree) };
  return { rows, offsets, columns, weights, spread, transitionExponents: logs(out) };
}

/** Bits of elements whose row sums stay in 64 bits, whatever their signs. */
export function elementBits({ rows, offsets, columns, weights, spread }: ExactMatrices): number {
  if (weights !== null && spread?.by === 'row') return 62;
  const arcs = new Uint32Array(rows);
  for (let p = 0; p < rows; p++) {
    arcs[p] += offsets[p + 1] - offsets[p];
    for (let k = offsets[p]; k < offsets[p + 1]; k++) arcs[columns[k]]++;
  }
  return 62 - ceilLog2(BigInt(arcs.reduce((most, count) => Math.max(most, count), 1)));
}

/** Integers below 2^bits in magnitude: ±1, 0, the largest, powers of two, and random ones. */
export function randomIntegers(length: number, seed: number, bits: number): BigInt64Array {
  const random = randomStream(seed, 7);
  const largest = (1n << BigInt(bits)) - 1n;
  return BigInt64Array.from({ length }, () => {
    const sign = random.below(2) === 0 ? 1n : -1n;
    const word = (): bigint => BigInt(random.uint32());
    const choice = random.below(8);
    if (choice === 0) return [0n, -1n, 1n, largest, -largest][random.below(5)];
    const any = ((word() << 32n) | word()) >> BigInt(64 - bits);
    if (choice > 2) return sign * any;
    return (sign * any) >> BigInt(random.below(bits));
  });
}

function drawWeights(kind: WeightKind, arcs: number, seed: number): Float64Array {
  const random = randomStream(seed, 3);
  return Float64Array.from({ length: arcs }, () => {
    if (kind === 'narrow') return 1 + random.below(1000);
    if (kind === 'wide') return 1 + Math.floor(random.double() * 2 ** (1 + random.below(44)));
    return arcs === 1 ? 2 ** 62 : 2 ** random.below(40);
  });
}

/** ⌈log₂ x⌉, and 0 of zero. */
function ceilLog2(x: bigint): number {
  return x <= 1n ? 0 : (x - 1n).toString(2).length;
}
