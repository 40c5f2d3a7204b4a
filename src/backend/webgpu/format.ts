// What host code must know of a number format: the preludes that its kernels are compiled with, the
// bytes of elements and scalars, and how numbers of the host become words of the device and come
// back. All else, from recording verbs to reading them back, is the same for both formats.

import { check } from '../../base/errors.js';
import { powerOfTwo } from './scaling.js';

/** A coefficient that the host knows: one for a block, or one for each column. */
export type HostCoefficient = number | bigint | Float64Array | BigInt64Array;

/** A prelude for sums of weighted elements, and what weights and partial sums take. */
export interface SumFormat {
  /** Preludes after the format's own. */
  readonly preludes: readonly string[];
  /** Words of one arc weight; 0: the arcs have none. */
  readonly weightWords: number;
  /** Words of an item of the matrix: five where several tables may weigh the arcs (matrix.ts). */
  readonly itemWords: 4 | 5;
  /** Elements of the tail of a vector that the sum of a segment takes. */
  readonly partialElements: number;
}

/** How vector elements are stored and computed with. */
export interface NumberFormat {
  readonly prelude: string;
  /** The prelude with lane_sum: in a fixed order, or in any. */
  readonly summation: 'summation' | 'summation-free';
  readonly elementBytes: number;
  /** Bytes of a reduced number, and of a coefficient. */
  readonly scalarBytes: number;
  /** Sums of reductions. */
  readonly reductions: SumFormat;
  /** Sums of products: what the arcs of a table may weigh; a table names one by its place. */
  readonly products: readonly SumFormat[];
  /** Whether in-arcs may read a vector of their own. */
  readonly splits: boolean;
  /** The kernel of amend, and its storage bindings. */
  readonly amend: { readonly name: string; readonly bindings: readonly number[] };
  /** The coefficient one. */
  readonly one: HostCoefficient;
  /** A coefficient's numbers as the coefficient buffer holds them. */
  wordsOf(coefficient: HostCoefficient): Uint32Array;
  /** What makes a coefficient a factor: a power of two, or a shift to the right. */
  scaleWord(exponent: number, shift: number): number;
}

/** Places of the sums of products in formatF32.products and formatExact.products. */
export const UNIFORM = 0;
export const WEIGHTED_F32 = 1;
export const NARROW = 1;
export const WIDE = 2;

const sumF32 = { preludes: [], itemWords: 4, partialElements: 1 } as const;

/** IEEE single precision. */
export const formatF32: NumberFormat = {
  prelude: 'number-f32',
  summation: 'summation',
  elementBytes: 4,
  scalarBytes: 4,
  reductions: { ...sumF32, weightWords: 0 },
  products: [
    { ...sumF32, weightWords: 0 },
    { ...sumF32, weightWords: 1 },
  ],
  splits: true,
  amend: { name: 'amend', bindings: [2, 3, 4, 5, 6, 7] },
  one: 1,
  wordsOf: (coefficient) =>
    typeof coefficient === 'object'
      ? new Uint32Array(Float32Array.from(coefficient, Number).buffer)
      : Uint32Array.of(bitsOf(Number(coefficient))),
  scaleWord: (exponent) => bitsOf(powerOfTwo(exponent)),
};

const EXACT_SCALAR_WORDS = 4;

/** Signed 64-bit integers, reductions of 128 bits. */
export const formatExact: NumberFormat = {
  prelude: 'number-exact',
  summation: 'summation-free',
  elementBytes: 8,
  scalarBytes: 4 * EXACT_SCALAR_WORDS,
  reductions: { preludes: ['total-128'], weightWords: 0, itemWords: 4, partialElements: 2 },
  products: [
    { preludes: ['total-64'], weightWords: 0, itemWords: 4, partialElements: 1 },
    { preludes: ['total-96'], weightWords: 1, itemWords: 5, partialElements: 2 },
    { preludes: ['total-128'], weightWords: 2, itemWords: 5, partialElements: 2 },
  ],
  splits: false,
  amend: { name: 'amend-exact', bindings: [2, 3, 4] },
  one: 1n,
  wordsOf: (coefficient) => {
    const numbers = typeof coefficient === 'object' ? coefficient : [coefficient];
    const words = new Uint32Array(EXACT_SCALAR_WORDS * numbers.length);
    // Kernels read the low half of a coefficient only.
    numbers.forEach((number, k) => words.set(int64Words(BigInt(number)), EXACT_SCALAR_WORDS * k));
    return words;
  },
  scaleWord: (_exponent, shift) => shift,
};

/** The two words of a signed 64-bit integer. Throws `bad-parameter` where it needs more bits. */
export function int64Words(value: bigint): readonly [number, number] {
  check(
    BigInt.asIntN(64, value) === value,
    'bad-parameter',
    () => `an integer of ${value}: expected one of 64 bits`,
  );
  return [Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n))];
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The bits of a number rounded to f32, for a parameter word. */
export function bitsOf(value: number): number {
  single[0] = value;
  return bits[0];
}
