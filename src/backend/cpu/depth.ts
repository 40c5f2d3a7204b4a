// How many additions a number passes through in the kernels, for the certificate's rounding bounds.
// The orders of summation are those that kernels/product.ts, product-block.ts and reduce.ts state.

import { BLOCK_ARCS, CHUNK_ROWS } from './layout.js';

/**
 * Additions on the way of one element: its accumulator's share of a block (one of four for a single
 * column, the only one in the widest tile of a block), then the blocks of two rows.
 */
export function productDepth(longestRow: number, columns: number): number {
  const block = Math.min(longestRow, BLOCK_ARCS);
  const withinBlock = (columns === 1 ? Math.ceil(block / 4) : block) + 6;
  return withinBlock + 2 * Math.ceil(longestRow / BLOCK_ARCS) + 2;
}

/**
 * Additions on the way of one term of a reduction: its accumulator's share of a chunk (one of four
 * for a single column, the only one in a block), then the chunks.
 */
export function reductionDepth(rows: number, columns: number): number {
  const chunk = Math.min(rows, CHUNK_ROWS);
  return (columns === 1 ? Math.ceil(chunk / 4) : chunk) + 6 + Math.ceil(rows / CHUNK_ROWS);
}
