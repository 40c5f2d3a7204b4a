// Which blocks carry a change: the one that names it by its index, and for all changes together every
// block that names one.

import { check } from '../base/errors.js';
import type { BlockDag } from './block-dag.js';

/** Throws `bad-input` for a block that names a change from `count` on. O(changes named). */
export function checkCarried(dag: BlockDag, count: number): void {
  for (const [index, block] of dag.blockOfSignal) {
    check(
      index < count,
      'bad-input',
      () => `block "${dag.ids[block]}": expected signals below ${count}, found signal ${index}`,
      'signals are counted from 0, in the order they were given',
    );
  }
}

/** The block of change `index`; those of all changes for index = count, which is the joint one. */
export function carryingBlocks(dag: BlockDag, index: number, count: number): readonly number[] {
  if (index === count) return [...new Set(dag.blockOfSignal.values())];
  const block = dag.blockOfSignal.get(index);
  return block === undefined ? [] : [block];
}
