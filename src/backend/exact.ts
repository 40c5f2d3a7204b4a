// What a machine must do in exact arithmetic: the verbs of backend.ts over signed 64-bit integers.
// Products are formed in full width and rounded once, to the nearest, halves up:
//   rnd(v, s) = ⌊(v + 2^(s−1)) / 2^s⌋
// Sums are integer sums, whose order is free: every machine, number of threads, workgroup size and
// block of columns gives the same bits. The caller proves that nothing leaves 64 bits
// (docs/exact-arithmetic.md), so the kernels do not look. Element (i, b) belongs to particle i and
// column b; particle order is the graph's at this interface.

import type { Entries, Scalars, Vector } from './backend.js';

/** 2^62, a coefficient or fraction of one; `shift` 62 divides it out. */
export const FRACTION_BITS = 62;

/**
 * An integer for the whole block (bigint), for each column (B of them), or a reduction on the
 * machine that has not been read. It must fit in a signed 64-bit integer.
 */
export type ExactCoefficient = bigint | BigInt64Array | Scalars;

/** rnd(coefficient · vector, shift), 0 ≤ shift ≤ 62; a vector of one column stands for B equal ones. */
export interface ExactTerm {
  readonly coefficient: ExactCoefficient;
  readonly shift: number;
  readonly vector: Vector;
}

/**
 * out_i = rnd(rowScale_i · rnd(factor · v_i, 62), 62 + h) + rnd(factor · rnd(diagonal_i · x_i, 62 + h), 62) + Σ terms,
 * v_i = rnd(Σ q·x, 62) over the arcs of row i in the given table, h = 1 if halved and else 0.
 */
export interface ExactProduct {
  readonly out: Vector;
  readonly table: 'spread' | 'transition';
  /** Never out. */
  readonly x: Vector;
  /** 0 … 2^62; absent: 2^62, one. */
  readonly factor?: bigint;
  /** One column; absent: all 2^62, and then the product is not halved. */
  readonly rowScale?: Vector;
  /** Divides what rowScale and diagonal multiply by two, in the same rounding. */
  readonly halved?: boolean;
  /** One column; absent: no such term. */
  readonly diagonal?: Vector;
  /** At most four; `out` may be among their vectors. */
  readonly terms: readonly ExactTerm[];
}

/**
 * Per column: Σ x over rows (`sum`; of rows with a non-zero mask where there is one), Σ |x|
 * (`absolute`), Σ |x − y| (`distance`), Σ ⌊x y / 2³²⌋ (`dot`). Signed, 128 bits.
 */
export interface ExactReduction {
  readonly kind: 'sum' | 'absolute' | 'distance' | 'dot';
  readonly x: Vector;
  readonly y?: Vector;
  /** One column, only with `sum`. */
  readonly mask?: Vector;
}

/** weight · rnd(reciprocal · source, 62), the source's number in this row and the entry's column. */
export interface ExactPart {
  readonly row: number;
  /** 0 … 2^63 − 1. */
  readonly reciprocal: bigint;
  /** −2^63 < weight < 2^63. */
  readonly weight: bigint;
}

/** One number of a block, rewritten: see ExactWorkspace.amend. */
export interface ExactEntry {
  readonly row: number;
  readonly column: number;
  /** Whether what is there stays in the sum. */
  readonly keep: boolean;
  /** 64 bits, signed. */
  readonly plus: bigint;
  readonly parts: readonly ExactPart[];
}

/** A graph's arcs with integer weights, as docs/exact-arithmetic.md section 1 makes them. */
export interface ExactMatrices {
  readonly rows: number;
  /** rows + 1 ascending arc positions of A: row p holds the axons p → q. */
  readonly offsets: Uint32Array;
  readonly columns: Uint32Array;
  /** w, integers 1 … 2^62 of at most 53 significant bits, in axon order; null: all are one. */
  readonly weights: Float64Array | null;
  /**
   * spread: rows sum over p→i and i→p with w·2^(62−e), e of the source of x or of the row itself.
   * Null: the reading has no springs and heat, and A itself need not be placed.
   */
  readonly spread: { readonly by: 'source' | 'row'; readonly exponents: Uint8Array } | null;
  /** transition: rows sum over p→i with w·2^(62−e), e of the source. All exponents 0 without weights. */
  readonly transitionExponents: Uint8Array;
}

/** A graph placed on a machine for exact arithmetic, with the vectors that belong to it. */
export interface ExactWorkspace {
  readonly rows: number;
  /** A zeroed block. `columns` ≥ 1. */
  vector(columns: number): Vector;
  /** Gives a block or entries back; using them afterwards is a defect. */
  release(what: Vector | Entries): void;
  /** Copies rows × columns integers in, element (i, b) at i · columns + b. */
  write(vector: Vector, values: BigInt64Array): void;
  product(product: ExactProduct): void;
  /** out = Σ terms, at most 24, each rounded by itself; out may be among them. */
  combine(out: Vector, terms: readonly ExactTerm[]): void;
  /** out = rnd(by ⊙ x, 62), `by` of one column; out may be x. */
  scale(out: Vector, x: Vector, by: Vector): void;
  /**
   * Places entries for blocks of so many columns, of which no two name one place. Throws `usage`
   * otherwise. O(entries + parts).
   */
  place(entries: readonly ExactEntry[], columns: number): Entries;
  /**
   * Rewrites a few numbers of the target, a column's own small difference from what all share:
   *   target ← (keep ? target : 0) + plus + rnd(factor · rnd(Σ weight · rnd(reciprocal · source, 62), 62), 62)
   * The sum is formed in 128 bits, so parts have no order. The source is another block, of as many
   * columns; `factor` 0 … 2^62, absent: 2^62, one. O(entries + parts).
   */
  amend(target: Vector, entries: Entries, source: Vector, factor?: bigint): void;
  /** One reduction each, in order; at most 16. */
  reduce(reductions: readonly ExactReduction[]): readonly Scalars[];
  /** Waits for scalars: B integers each. */
  numbers(scalars: readonly Scalars[]): Promise<readonly (readonly bigint[])[]>;
  /** Waits for a block: rows × columns integers, element (i, b) at i · columns + b. */
  read(vector: Vector): Promise<BigInt64Array>;
  /** Frees everything of this workspace. Idempotent. */
  destroy(): void;
}

/** A machine that can hold graphs for exact arithmetic. */
export interface ExactBackend {
  readonly name: 'cpu' | 'webgpu';
  readonly precision: 'exact';
  /** One line for humans: threads, or adapter and driver. */
  readonly description: string;
  /** Places a graph. Throws FocusError `too-large` where it does not fit. */
  open(matrices: ExactMatrices): Promise<ExactWorkspace>;
  /** Frees threads or device. Idempotent. */
  destroy(): void;
}
