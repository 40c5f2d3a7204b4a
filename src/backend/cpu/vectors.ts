// Blocks of rows × columns numbers in a workspace's memory. Blocks of several columns are padded to
// whole v128 registers.

import { check, invariant } from '../../base/errors.js';
import type { Vector } from '../backend.js';
import type { CpuVector } from './control.js';
import type { Memory } from './memory.js';

/** Hands out the blocks of one workspace. */
export interface Vectors {
  take(columns: number): CpuVector;
  give(vector: Vector): void;
  /** The block itself; a defect if it is foreign or released. */
  own(vector: Vector): CpuVector;
  /** Makes all blocks unusable. */
  clear(): void;
}

/** Opens the blocks of a workspace of `rows` rows, `bytes` a number. */
export function openVectors(memory: Memory, rows: number, bytes: number): Vectors {
  const lanes = 16 / bytes;
  const live = new Set<CpuVector>();
  const own = (vector: Vector): CpuVector => {
    invariant(live.has(vector as CpuVector), 'a vector is used in its own live workspace');
    return vector as CpuVector;
  };
  return {
    own,
    take: (columns) => {
      check(
        Number.isInteger(columns) && columns >= 1,
        'bad-parameter',
        () => `columns: expected an integer ≥ 1, found ${columns}`,
      );
      const stride = columns === 1 ? 1 : Math.ceil(columns / lanes) * lanes;
      const vector = { columns, stride, address: memory.allocate(rows * stride * bytes) };
      live.add(vector);
      return vector;
    },
    give: (vector) => {
      const { address, stride } = own(vector);
      live.delete(vector as CpuVector);
      memory.free(address, rows * stride * bytes);
    },
    clear: () => live.clear(),
  };
}
