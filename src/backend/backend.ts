// What a machine must do: a handful of verbs over opaque vectors and sparse matrices. Verbs enqueue
// work and return at once; `numbers` and `read` wait. D, S, H, Chebyshev, Anderson and the solver
// are written once above this interface. Every vector is a block of n × B numbers (B = 1 for a
// single solve), element (i, b) belonging to particle i and column b.

import type { Csr } from '../graph/csr.js';

/** Arithmetic of a workspace: IEEE double or single. */
export type Precision = 'f64' | 'f32';

/** A block of rows × columns numbers on the machine; opaque, made by Workspace.vector. */
export interface Vector {
  readonly columns: number;
}

/** One number per column, still on the machine; usable as a coefficient without waiting for it. */
export interface Scalars {
  readonly columns: number;
}

/**
 * A factor for a whole block (number), for each column (array of B), or computed on the machine and
 * not yet read.
 */
export type Coefficient = number | Float64Array | Scalars;

/** coefficient · vector; a vector of one column stands for B equal ones. */
export interface Term {
  readonly coefficient: Coefficient;
  readonly vector: Vector;
}

/** Which matrix multiplies: `in` is Aᵀ (sums over in-links), `out` is A, `both` is W = A + Aᵀ. */
export type Direction = 'in' | 'out' | 'both';

/**
 * out = factor · (rowScale ⊙ (matrix · x) + diagonal ⊙ x) + Σ terms. With `both` and xIn, Aᵀ
 * multiplies xIn and A multiplies x: so diffusion and the last Laplacian product of a step share
 * one pass over the graph.
 */
export interface Product {
  readonly out: Vector;
  readonly direction: Direction;
  readonly x: Vector;
  /** Only with `both`; absent: x. */
  readonly xIn?: Vector;
  readonly factor: number;
  /** One column; absent: all ones. */
  readonly rowScale?: Vector;
  /** One column; absent: no such term. */
  readonly diagonal?: Vector;
  /** At most four; `out` may be among their vectors, but never is x or xIn. */
  readonly terms: readonly Term[];
}

/**
 * A reduction over rows, per column: Σ w x (`sum`), Σ w |x| (`absolute`), Σ w x y (`dot`), Σ w |x −
 * y| (`distance`); w of one column, absent: all ones.
 */
export interface Reduction {
  readonly kind: 'sum' | 'absolute' | 'dot' | 'distance';
  readonly x: Vector;
  readonly y?: Vector;
  readonly weight?: Vector;
}

/** A number of a block by particle and column, or of scalars, which have no particle. */
export interface Place {
  readonly row: number | null;
  readonly column: number;
}

/** A place becomes keep · what is there + Σ weight · (number of a source at its own place). */
export interface Entry extends Place {
  readonly keep: number;
  readonly parts: readonly Part[];
}

/** One number that an entry takes; `source`, 0…3, is an index into the sources of `amend`. */
export interface Part extends Place {
  readonly source: number;
  readonly weight: number;
}

/**
 * The same entries as columns of numbers, for thousands of them. Row −1 stands for scalars; parts
 * of entry e are from starts[e] up to starts[e + 1].
 */
export interface EntryTable {
  readonly rows: Int32Array;
  readonly columns: Uint32Array;
  readonly keeps: Float64Array;
  /** One more than entries. */
  readonly starts: Uint32Array;
  readonly sources: Uint8Array;
  readonly partRows: Int32Array;
  readonly partColumns: Uint32Array;
  readonly weights: Float64Array;
}

/** Entries placed on a machine; opaque, made by Workspace.place. */
export interface Entries {
  readonly count: number;
}

/** What entries take numbers from; their weights are multiplied by `factor`. */
export interface Source {
  readonly numbers: Vector | Scalars;
  readonly factor: number;
}

/**
 * A graph placed on a machine, with the vectors that belong to it. Particle order is the graph's at
 * this interface.
 */
export interface Workspace {
  readonly rows: number;
  readonly precision: Precision;
  /** Unit roundoff of the arithmetic: 2⁻⁵³ or 2⁻²⁴. */
  readonly unitRoundoff: number;
  /** Most additions that any one element of a product of blocks passes through, for bounds. */
  summationDepth(columns: number): number;
  /** Most additions that any term of a reduction passes through. */
  reductionDepth(columns: number): number;
  /**
   * Steps of an iteration worth enqueueing between two waits: 1 where waiting costs nothing, more
   * where a step takes less time than reading a number back.
   */
  readonly stepsPerWait: number;
  /** A zeroed block. `columns` ≥ 1. */
  vector(columns: number): Vector;
  /** `count` zeros as scalars, for entries to write to. */
  scalars(count: number): Scalars;
  /**
   * Places entries, of which no two name one place; all places of the target, or of one source, are
   * in a block, or all in scalars. Throws `usage` otherwise. O(entries).
   */
  place(entries: readonly Entry[] | EntryTable): Entries;
  /**
   * Gives a block, entries or scalars made by `scalars` back; using them afterwards is a defect.
   */
  release(what: Vector | Scalars | Entries): void;
  /** Copies rows × columns numbers in, element (i, b) at i · columns + b. */
  write(vector: Vector, values: Float64Array): void;
  product(product: Product): void;
  /** out = Σ terms, at most 24; out may be among them. */
  combine(out: Vector, terms: readonly Term[]): void;
  /** out = factor · by ⊙ x + plus, `by` of one column, plus absent: zero. out may be x or plus. */
  scale(out: Vector, x: Vector, by: Vector, factor: number, plus?: Vector): void;
  /**
   * Rewrites a few numbers of the target, which is among the sources only as what entries keep.
   * O(entries), on any machine: a column's own small difference from what all columns share. At
   * most four sources, of which several may be the same; throws `usage` where they do not have what
   * the entries name.
   */
  amend(target: Vector | Scalars, entries: Entries, sources: readonly Source[]): void;
  /** One reduction each, in order; at most 16. */
  reduce(reductions: readonly Reduction[]): readonly Scalars[];
  /** Waits for scalars: one array of B numbers each. */
  numbers(scalars: readonly Scalars[]): Promise<readonly Float64Array[]>;
  /** Waits for a block: rows × columns numbers, element (i, b) at i · columns + b. */
  read(vector: Vector): Promise<Float64Array>;
  /** Frees everything of this workspace. Idempotent. */
  destroy(): void;
}

/** A machine that can hold graphs. */
export interface Backend {
  readonly name: 'cpu' | 'webgpu';
  readonly precision: Precision;
  /** One line for humans: threads, or adapter and driver. */
  readonly description: string;
  /**
   * Places a graph. `directions` names the matrices that will be used (`in` alone halves the
   * memory). Throws FocusError `too-large` where the graph does not fit.
   */
  open(axons: Csr, directions: 'in' | 'both'): Promise<Workspace>;
  /** Frees threads or device. Idempotent. */
  destroy(): void;
}
