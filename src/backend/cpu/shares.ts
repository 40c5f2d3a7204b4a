// How the rows of a product are divided between threads: many shares of about equal cost, which
// threads take as they become free (kernels/share.ts).

import type { Direction } from '../backend.js';
import type { PlacedMatrices, PlacedMatrix } from './matrices.js';
import type { Memory } from './memory.js';

/** A row costs about as much as this many arcs: offsets, result and terms. */
export const ROW_COST = 6;
/** Arcs a share, so that threads end a product within some ten microseconds of each other. */
const SHARE_COST = 16384;
const MOST_SHARES = 8192;

/**
 * Shares of rows that cost about the same: `count` of them between count + 1 bounds at an address.
 */
export interface Shares {
  readonly address: number;
  readonly count: number;
}

/** Divides the rows of `in`, `out` and `both` into shares of about SHARE_COST. */
export function shareRows(
  memory: Memory,
  matrices: PlacedMatrices,
  rows: number,
  arcs: number,
): Readonly<Record<Direction, Shares>> {
  const offsetsOf = (address: number) => memory.u32(address, rows + 1);
  const incoming = offsetsOf(matrices.incoming.offsets);
  const outgoing = matrices.outgoing === null ? null : offsetsOf(matrices.outgoing.offsets);
  const oneWay = arcs + ROW_COST * rows;
  const share = (costBefore: (row: number) => number, total: number): Shares =>
    divide(memory, rows, costBefore, total);
  const byIn = share((row) => incoming[row] + ROW_COST * row, oneWay);
  if (outgoing === null) return { in: byIn, out: byIn, both: byIn };
  return {
    in: byIn,
    out: share((row) => outgoing[row] + ROW_COST * row, oneWay),
    both: share((row) => incoming[row] + outgoing[row] + ROW_COST * row, arcs + oneWay),
  };
}

/** Divides the rows of one matrix. */
export function shareTable(
  memory: Memory,
  table: PlacedMatrix & { readonly arcs: number },
  rows: number,
): Shares {
  const offsets = memory.u32(table.offsets, rows + 1);
  return divide(memory, rows, (row) => offsets[row] + ROW_COST * row, table.arcs + ROW_COST * rows);
}

function divide(
  memory: Memory,
  rows: number,
  costBefore: (row: number) => number,
  total: number,
): Shares {
  const count = Math.max(1, Math.min(MOST_SHARES, Math.ceil(total / SHARE_COST)));
  const address = memory.allocate((count + 1) * 4);
  const bounds = memory.u32(address, count + 1);
  for (let k = 0, row = 0; k < count; k++) {
    while (row < rows && costBefore(row) < (total * k) / count) row++;
    bounds[k] = row;
  }
  bounds[count] = rows;
  return { address, count };
}
