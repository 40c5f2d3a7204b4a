// Encodes out = factor · (rowScale ⊙ (matrix · x) + diagonal ⊙ x) + Σ terms: one dispatch per slice
// of the matrix and one for the rows cut into segments. Up to two vectors besides out are added on
// the way out of the product; the rest by combine.

import { check } from '../../base/errors.js';
import type { Direction } from '../backend.js';
import type { Bin, PlacedMatrix, Slice } from './matrix.js';
import type { Kernel, Kernels } from './pipelines.js';
import { bitsOf, type Recorder } from './recorder.js';
import { powerOfTwo } from './scaling.js';
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

/** A Product of backend.ts with its vectors resolved. */
export interface OwnProduct {
  readonly out: DeviceVector;
  readonly direction: Direction;
  readonly x: DeviceVector;
  readonly xIn: DeviceVector | null;
  readonly factor: number;
  readonly rowScale: DeviceVector | null;
  readonly diagonal: DeviceVector | null;
  readonly terms: readonly OwnTerm[];
}

/** The lanes of a workgroup that lie side by side over columns, and the tiles of 64 columns. */
export interface Lanes {
  readonly columnsLog2: number;
  readonly tiles: number;
}

const WORKGROUP_LOG2 = 6;
const BIN_WORD = 12;
const BINS = 8;
const TERM_WORD = BIN_WORD + 4 * BINS;
const DIRECTIONS = { in: 1, out: 2, both: 3 } as const;
const NO_GROUP = 0xffff_ffff;

/**
 * Lanes for a block of B columns: the power of two ≥ B, at most 64, and as many tiles as that
 * takes.
 */
export function lanesFor(columns: number): Lanes {
  return {
    columnsLog2: Math.min(WORKGROUP_LOG2, 32 - Math.clz32(columns - 1)),
    tiles: Math.ceil(columns / 64),
  };
}

/**
 * Records a product; returns the groups of terms that did not fit and are to be combined
 * afterwards.
 */
export function recordProduct(stage: Stage, product: OwnProduct): readonly TermGroup[] {
  checkProduct(product);
  const { out, x, xIn, rowScale, diagonal, terms } = product;
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
        target[7] = slice?.weightBase ?? 0;
      },
    );
  };
  const { columnsLog2, tiles } = lanesFor(out.columns);
  const kernel = kernels.products[(matrix.weighted ? 1 : 0) + (split ? 2 : 0)];
  for (const slice of matrix.slices) {
    const { words, groups } = binTable(slice.bins, columnsLog2);
    record(kernel, slice.buffer, groups * tiles, slice, words);
  }
  if (matrix.joins !== null) {
    const { buffer, count } = matrix.joins;
    record(kernels.join, buffer, count * tiles, null, new Uint32Array(4 * BINS));
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
function writeHead(
  { rows, matrix, recorder, ring }: Stage,
  product: OwnProduct,
  fused: TermGroup,
): Uint32Array {
  const { out, x, xIn, rowScale, diagonal, factor, direction } = product;
  const words = new Uint32Array(TERM_WORD + 4 * 4);
  const { columnsLog2, tiles } = lanesFor(out.columns);
  const exponent = x.exponent + (rowScale?.exponent ?? 0);
  const diagonalExponent = x.exponent + (diagonal?.exponent ?? 0);
  const inPower = Math.min(127, Math.max(-126, (xIn ?? x).exponent - x.exponent));
  const parts = (rowScale === null ? 0 : 1) + (diagonal === null ? 0 : 2) + 256 * (127 + inPower);
  words.set([
    out.columns,
    columnsLog2,
    tiles,
    0,
    DIRECTIONS[direction],
    rows * out.columns,
    0,
    0,
    bitsOf(factor * matrix.unit * powerOfTwo(exponent)),
    bitsOf(factor * powerOfTwo(diagonalExponent)),
    parts,
    fused.terms.length,
  ]);
  const exponents = fused.terms.map(({ vector }) => vector.exponent);
  writeTerms(words.subarray(TERM_WORD), out, fused, exponents, recorder, ring);
  return words;
}

/** Where each bin's workgroups start, and how many there are in all. */
function binTable(
  bins: readonly Bin[],
  columnsLog2: number,
): { readonly words: Uint32Array; readonly groups: number } {
  const words = new Uint32Array(4 * BINS).fill(NO_GROUP);
  let groups = 0;
  bins.forEach(({ firstItem, items, lanesLog2 }, k) => {
    const sharing = Math.min(lanesLog2, WORKGROUP_LOG2 - columnsLog2);
    words.set([groups, firstItem, items, sharing], 4 * k);
    groups += Math.ceil(items / 2 ** (WORKGROUP_LOG2 - columnsLog2 - sharing));
  });
  return { words, groups };
}
