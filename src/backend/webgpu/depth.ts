// How deep the sums of shaders/summation.wgsl are: the most additions that any one element passes
// through, which multiplies the unit roundoff in rounding bounds. Twin of that file: blocks of 32
// in four accumulators, then the blocks one by one, then a tree.

import { SEGMENT_ARCS } from './matrix.js';

const BLOCK = 32;
/**
 * Additions after the sum of a row: diagonal and four terms, with the products rounded before each.
 */
const EPILOGUE = 10;

/**
 * Depth of a row's sum for the longest row of a matrix and the lanes of a workgroup. The worst
 * case, as many columns as lanes, leaves one lane to a row.
 */
export function productDepth(longestRow: number, lanes: number): number {
  const tree = Math.log2(lanes);
  const within = laneDepth(Math.min(longestRow, SEGMENT_ARCS)) + tree;
  const joined =
    longestRow > SEGMENT_ARCS ? laneDepth(Math.ceil(longestRow / SEGMENT_ARCS)) + tree : 0;
  return within + joined + EPILOGUE;
}

/**
 * Additions in one lane that sums `count` elements: at most ten in a block's accumulator, two to
 * join four, then the blocks.
 */
function laneDepth(count: number): number {
  const inBlock = count < BLOCK ? Math.ceil(count / 4) + 3 : BLOCK / 4 + 3;
  return inBlock + 2 + Math.ceil(count / BLOCK);
}
