// A graph on the CPU: vectors in shared WebAssembly memory, each verb one command for the kernels
// (kernels/*.ts). Results are bit-identical for every number of threads: rows and reduction chunks
// are summed in a fixed order.

import { check, invariant } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import type { Precision, Vector, Workspace } from '../backend.js';
import { groupByDegree, type Relabelling } from '../relabel.js';
import { Command, WORTH_SHARING, type CpuScalars, type CpuVector } from './command.js';
import { productDepth, reductionDepth } from './depth.js';
import * as layout from './layout.js';
import { matrixBytes, placeMatrices, type PlacedMatrices } from './matrices.js';
import { openMemory, type Memory } from './memory.js';
import { openPool, type Pool } from './pool.js';
import { shareRows } from './shares.js';

/** Places a graph in memory and starts the threads where the graph is worth it. */
export async function openCpuWorkspace(
  axons: Csr,
  directions: 'in' | 'both',
  precision: Precision,
  threads: number,
): Promise<Workspace> {
  const { rows } = axons;
  const arcs = axons.offsets[rows];
  const vectors = 8 * rows * (precision === 'f64' ? 8 : 4);
  const memory = openMemory(matrixBytes(axons, directions, precision) + vectors + 65536);
  const shared = threads > 1 && arcs + rows >= WORTH_SHARING;
  const pool = openPool(memory, shared ? threads : 1);
  try {
    return await fillWorkspace(memory, pool, shared, axons, directions, precision);
  } catch (error) {
    pool.destroy();
    throw error;
  }
}

async function fillWorkspace(
  memory: Memory,
  pool: Pool,
  shared: boolean,
  axons: Csr,
  directions: 'in' | 'both',
  precision: Precision,
): Promise<Workspace> {
  const { rows } = axons;
  const arcs = axons.offsets[rows];
  const started = shared ? pool.start() : Promise.resolve();
  // The graph is placed while the threads start; a failure of theirs is heard below.
  started.catch(() => undefined);
  const relabelling = groupByDegree(axons);
  const matrices = placeMatrices(memory, axons, directions, precision, relabelling);
  await started;
  return workspaceOver(memory, pool, rows, arcs, precision, relabelling, matrices);
}

function workspaceOver(
  memory: Memory,
  pool: Pool,
  rows: number,
  arcs: number,
  precision: Precision,
  relabelling: Relabelling,
  matrices: PlacedMatrices,
): Workspace {
  const double = precision === 'f64';
  const size = double ? 8 : 4;
  const lanes = 16 / size;
  const command = new Command(memory, pool, rows, double);
  const shares = shareRows(memory, matrices, rows, arcs);
  const live = new Set<CpuVector>();
  let destroyed = false;

  const cpu = (vector: Vector): CpuVector => {
    invariant(
      !destroyed && live.has(vector as CpuVector),
      'a vector is used in its own live workspace',
    );
    return vector as CpuVector;
  };
  const numbersOf = (vector: CpuVector) =>
    double
      ? memory.f64(vector.address, rows * vector.stride)
      : memory.f32(vector.address, rows * vector.stride);

  return {
    rows,
    precision,
    unitRoundoff: double ? 2 ** -53 : 2 ** -24,
    summationDepth: (columns) => productDepth(matrices.longestRow, columns),
    reductionDepth: (columns) => reductionDepth(rows, columns),
    stepsPerWait: 1,
    vector: (columns) => {
      check(
        Number.isInteger(columns) && columns >= 1,
        'bad-parameter',
        () => `columns: expected an integer ≥ 1, found ${columns}`,
      );
      const stride = columns === 1 ? 1 : Math.ceil(columns / lanes) * lanes;
      const address = memory.allocate(rows * stride * size);
      const vector: CpuVector = { columns, stride, address };
      live.add(vector);
      return vector;
    },
    release: (vector) => {
      const own = cpu(vector);
      live.delete(own);
      memory.free(own.address, rows * own.stride * size);
    },
    write: (vector, values) => {
      const own = cpu(vector);
      const { columns, stride } = own;
      invariant(values.length === rows * columns, 'write brings rows × columns numbers');
      const target = numbersOf(own);
      const { place } = relabelling;
      for (let i = 0; i < rows; i++) {
        for (let b = 0; b < columns; b++) target[place[i] * stride + b] = values[i * columns + b];
      }
    },
    product: (product) => command.product(product, matrices, shares, arcs, cpu),
    combine: (out, terms) => {
      command.begin(layout.OP_COMBINE, cpu(out), rows * terms.length);
      command.set(layout.OUT, cpu(out).address);
      command.terms(terms, cpu, layout.MOST_TERMS);
      command.execute();
    },
    scale: (out, x, by, factor, plus) => {
      command.begin(layout.OP_SCALE, cpu(out), rows * 2);
      command.set(layout.OUT, cpu(out).address);
      command.set(layout.X, cpu(x).address);
      command.set(layout.ROW_SCALE, cpu(by).address);
      if (plus !== undefined) command.set(layout.SECOND, cpu(plus).address);
      command.setDouble(layout.FACTOR, factor);
      command.execute();
    },
    reduce: (reductions) => command.reduce(reductions, cpu),
    numbers: (scalars) => Promise.resolve(scalars.map((s) => (s as CpuScalars).values)),
    read: (vector) => {
      const own = cpu(vector);
      const { columns, stride } = own;
      const source = numbersOf(own);
      const values = new Float64Array(rows * columns);
      const { place } = relabelling;
      for (let i = 0; i < rows; i++) {
        for (let b = 0; b < columns; b++) values[i * columns + b] = source[place[i] * stride + b];
      }
      return Promise.resolve(values);
    },
    destroy: () => {
      if (destroyed) return;
      destroyed = true;
      pool.destroy();
      live.clear();
    },
  };
}
