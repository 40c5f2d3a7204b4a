// Encodes out = rowScale ⊙ (factor · table · x) + diagonalFactor · diagonal ⊙ x + Σ terms: one
// dispatch per slice of the matrix and one for the rows cut into segments. Up to two vectors besides
// out are added on the way out of the product; the rest by combine.

import { check, invariant } from '../../base/errors.js';
import type { Direction } from '../backend.js';
import type { Bin, PlacedMatrix, Slice } from './matrix.js';
import type { Kernel, Kernels } from './pipelines.js';
import type { Recorder } from './recorder.js';
import type { ScalarRing } from './scalars.js';
import { constantsOf, groupTerms, writeTerms, type OwnTerm, type TermGroup } from './terms.js';
import type { DeviceVector } from './vectors.js';

/** What the verbs of a workspace share. */
export interface Stage {
  readonly rows: number;
  readonly kernels: Kernels;
  readonly recorder: Recorder;
  readonly ring: ScalarRing;
  readonly matrix: PlacedMatrix;
  /** Bound where a kernel has a slot and the verb has no vector for it. */
  readonly nothing: GPUBuffer;
}

/** A product of either interface with its vectors resolved. */
export interface OwnProduct {
  readonly out: DeviceVector;
  readonly direction: Direction;
  /** Which of the matrix's tables weighs the arcs. */
  readonly table: number;
  readonly x: DeviceVector;
  readonly xIn: DeviceVector | null;
  /** The exponent by which elements of xIn are rescaled; 0 without one. */
  readonly inExponent: number;
  /** Words of both factors; null: they are one. */
  readonly factors: { readonly sum: Words; readonly diagonal: Words } | null;
  readonly rowScale: DeviceVector | null;
  readonly diagonal: DeviceVector | null;
  /** Whether what rowScale and diagonal multiply is halved (exact only). */
  readonly halved: boolean;
  readonly terms: readonly OwnTerm[];
}

/** A factor in two words. */
type Words = readonly [number, number];

/** The lanes of a workgroup that lie side by side over columns, and the tiles of columns. */
export interface Lanes {
  readonly columnsLog2: number;
  readonly tiles: number;
}

const BIN_WORD = 16;
const BINS = 8;
const TERM_WORD = BIN_WORD + 4 * BINS;
const DIRECTIONS = { in: 1, out: 2, both: 3 } as const;
const NO_GROUP = 0xffff_ffff;

/**
 * Lanes for a block of B columns: the power of two ≥ B, at most the lanes of a workgroup, and as
 * many tiles as that takes.
 */
export function lanesFor(columns: number, lanes: number): Lanes {
  return {
    columnsLog2: Math.min(Math.log2(lanes), 32 - Math.clz32(columns - 1)),
    tiles: Math.ceil(columns / lanes),
  };
}

/**
 * Records a product; returns the groups of terms that did not fit and are to be combined
 * afterwards.
 */
export function recordProduct(stage: Stage, product: OwnProduct): readonly TermGroup[] {
  checkProduct(product);
  const { out, x, xIn, rowScale, diagonal, terms, table } = product;
  // An x of its own for the in-arcs takes the place of the second term.
  const split = xIn !== null && xIn !== x;
  const [fused, ...rest] = groupTerms(out, terms, split ? 1 : 2);
  const { kernels, recorder, matrix, nothing } = stage;
  const constants = constantsOf(fused.terms);
  const vectors = [rowScale, diagonal, fused.slots[0], split ? xIn : fused.slots[1]].map(
    (vector) => vector?.buffer ?? nothing,
  );
  let head: Uint32Array | null = null;
  const record = (
    kernel: Kernel,
    buffer: GPUBuffer,
    groups: number,
    slice: Slice | null,
    bins: Uint32Array,
  ): void => {
    // A submit between two slices takes the constants with it: place them again.
    if (recorder.reserve(1, constants) || head === null) head = writeHead(stage, product, fused);
    const words = head;
    recorder.dispatch(
      kernel,
      [recorder.coefficients, out.buffer, x.buffer, buffer, ...vectors],
      groups,
      (target) => {
        target.set(words);
        target.set(bins, BIN_WORD);
        target[3] = groups;
        target[6] = slice?.columnBase ?? 0;
        target[7] = slice?.weightBases[table] ?? 0;
      },
    );
  };
  const { columnsLog2, tiles } = lanesFor(out.columns, kernels.lanes);
  const { plain, split: splitting, join } = kernels.products[matrix.tables[table].sum];
  const kernel = split ? splitting : plain;
  invariant(kernel !== null, 'in-arcs have an x of their own only where the format splits');
  for (const slice of matrix.slices) {
    const { words, groups } = binTable(slice.bins, Math.log2(kernels.lanes), columnsLog2);
    record(kernel, slice.buffer, groups * tiles, slice, words);
  }
  if (matrix.joins !== null) {
    const { buffer, count } = matrix.joins;
    record(join, buffer, count * tiles, null, new Uint32Array(4 * BINS));
  }
  return rest;
}

/** What WebGPU or the kernels could not tell from a right product. */
function checkProduct({ out, x, xIn, rowScale, diagonal, direction }: OwnProduct): void {
  check(
    ![x, xIn, rowScale, diagonal].includes(out),
    'usage',
    () => 'the result of a product is also its x, xIn, rowScale or diagonal',
    'write to another vector',
  );
  check(
    xIn === null || direction === 'both',
    'usage',
    () => `xIn with direction '${direction}': expected 'both'`,
  );
  for (const vector of [x, xIn]) {
    check(
      vector === null || vector.columns === out.columns,
      'bad-parameter',
      () => `a product of ${vector?.columns} columns into ${out.columns}: expected the same`,
    );
  }
  for (const vector of [rowScale, diagonal]) {
    check(
      vector === null || vector.columns === 1,
      'bad-parameter',
      () => `rowScale and diagonal have one column, found ${vector?.columns}`,
    );
  }
}

/** The parameters that all dispatches of a product share; places its constants. */
function writeHead(stage: Stage, product: OwnProduct, fused: TermGroup): Uint32Array {
  const { rows, matrix, kernels } = stage;
  const { out, rowScale, diagonal, halved, factors, direction, table, inExponent } = product;
  const words = new Uint32Array(TERM_WORD + 4 * 4);
  const { columnsLog2, tiles } = lanesFor(out.columns, kernels.lanes);
  const { displaced } = matrix.tables[table];
  const flags = [rowScale !== null, diagonal !== null, factors !== null, displaced, halved];
  const parts = flags.reduce((sum, flag, k) => sum + (flag ? 2 ** k : 0), 0);
  words.set([
    out.columns,
    columnsLog2,
    tiles,
    0,
    DIRECTIONS[direction],
    rows * out.columns,
    0,
    0,
    ...(factors?.sum ?? [0, 0]),
    ...(factors?.diagonal ?? [0, 0]),
    parts + 256 * (127 + inExponent),
    fused.terms.length,
  ]);
  const exponents = fused.terms.map(({ vector }) => vector.exponent);
  writeTerms(words.subarray(TERM_WORD), out, fused, exponents, stage);
  return words;
}

/** Where each bin's workgroups start, and how many there are in all. */
function binTable(
  bins: readonly Bin[],
  groupLog2: number,
  columnsLog2: number,
): { readonly words: Uint32Array; readonly groups: number } {
  const words = new Uint32Array(4 * BINS).fill(NO_GROUP);
  let groups = 0;
  bins.forEach(({ firstItem, items, lanesLog2 }, k) => {
    const sharing = Math.min(lanesLog2, groupLog2 - columnsLog2);
    words.set([groups, firstItem, items, sharing], 4 * k);
    groups += Math.ceil(items / 2 ** (groupLog2 - columnsLog2 - sharing));
  });
  return { words, groups };
}
