// A graph on the CPU in exact arithmetic: vectors of i64 in shared WebAssembly memory, each verb one
// command for the kernels (kernels/exact-*.ts).

import { invariant } from '../../base/errors.js';
import type { Vector } from '../backend.js';
import type { ExactMatrices, ExactWorkspace } from '../exact.js';
import { groupByDegree } from '../relabel.js';
import { Control, WORTH_SHARING, type CpuScalars, type CpuVector } from './control.js';
import { openExactEntries } from './exact-amend.js';
import { EXACT, ExactCommand } from './exact-command.js';
import { placeTables, tableBytes } from './exact-matrices.js';
import { openMemory } from './memory.js';
import { openPool } from './pool.js';
import { shareTable } from './shares.js';
import { openVectors } from './vectors.js';

/** Places a graph in memory and starts the threads where the graph is worth it. */
export async function openExactWorkspace(
  graph: ExactMatrices,
  threads: number,
  worthSharing = WORTH_SHARING,
): Promise<ExactWorkspace> {
  const { rows, offsets } = graph;
  const arcs = offsets[rows];
  const memory = openMemory(tableBytes(graph) + 64 * rows + 65536);
  const shared = threads > 1 && arcs + rows >= worthSharing;
  const pool = openPool(memory, shared ? threads : 1);
  try {
    const started = shared ? pool.start() : Promise.resolve();
    started.catch(() => undefined);
    const relabelling = groupByDegree(graph);
    const tables = placeTables(memory, graph, relabelling);
    const transitionShares = shareTable(memory, tables.transition, rows);
    const spreadShares = tables.spread === null ? null : shareTable(memory, tables.spread, rows);
    await started;
    const vectors = openVectors(memory, rows, EXACT.bytes);
    const { own } = vectors;
    const command = new ExactCommand(new Control(memory, pool, rows, EXACT, worthSharing), own);
    const { place } = relabelling;
    const entries = openExactEntries(memory, place);
    /** Copies elements between graph order and place order as pairs of words. */
    const elements = (vector: CpuVector, values: BigInt64Array, inwards: boolean): void => {
      const { columns, stride, address } = vector;
      invariant(values.length === rows * columns, 'a block has rows × columns integers');
      const inside = memory.u32(address, 2 * rows * stride);
      const outside = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
      for (let i = 0; i < rows; i++) {
        for (let b = 0; b < columns; b++) {
          const here = 2 * (place[i] * stride + b);
          const there = 2 * (i * columns + b);
          if (inwards) {
            inside[here] = outside[there];
            inside[here + 1] = outside[there + 1];
          } else {
            outside[there] = inside[here];
            outside[there + 1] = inside[here + 1];
          }
        }
      }
    };
    let destroyed = false;
    return {
      rows,
      vector: vectors.take,
      release: (what) => {
        if (!entries.give(what)) vectors.give(what as Vector);
      },
      write: (vector, values) => elements(own(vector), values, true),
      product: (product) => {
        if (product.table === 'transition') {
          command.product(product, tables.transition, transitionShares);
          return;
        }
        const { spread } = tables;
        invariant(
          spread !== null && spreadShares !== null,
          'the spread table is placed before it multiplies',
        );
        command.product(product, spread, spreadShares);
      },
      combine: (out, terms) => command.combine(out, terms),
      scale: (out, x, by) => command.scale(out, x, by),
      place: entries.place,
      amend: (target, placed, source, factor) =>
        command.amend(target, entries.own(placed), source, factor),
      reduce: (reductions) => command.reduce(reductions),
      numbers: (scalars) =>
        Promise.resolve(scalars.map((s) => (s as CpuScalars<readonly bigint[]>).values)),
      read: (vector) => {
        const values = new BigInt64Array(rows * vector.columns);
        elements(own(vector), values, false);
        return Promise.resolve(values);
      },
      destroy: () => {
        if (destroyed) return;
        destroyed = true;
        pool.destroy();
        vectors.clear();
      },
    };
  } catch (error) {
    pool.destroy();
    throw error;
  }
}
