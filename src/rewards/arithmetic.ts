// The few operations that rewards are made of, so that one definition of a reward serves both
// precisions: intervals of doubles (interval.ts) and exact integers (exact-number.ts).

/** Numbers of one precision. */
export interface Arithmetic<N> {
  readonly precision: 'f64' | 'exact';
  /** The very double, finite. */
  of(value: number): N;
  plus(a: N, b: N): N;
  minus(a: N, b: N): N;
  /** factor · a; the factor is the very double, finite. */
  times(factor: number, a: N): N;
  /** max(a, 0). */
  positive(a: N): N;
  /** Exact numbers to the nearest multiple of 2^−bits, halves up; intervals as they are. */
  settle(a: N, bits: number): N;
}
