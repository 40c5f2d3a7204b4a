// A graph on the CPU: vectors in shared WebAssembly memory, each verb one command for the kernels
// (kernels/*.ts). Results are bit-identical for every number of threads: rows and reduction chunks
// are summed in a fixed order.

import { invariant } from '../../base/errors.js';
import type { Csr } from '../../graph/csr.js';
import type { Precision, Scalars, Vector, Workspace } from '../backend.js';
import { checkAmend } from '../entries.js';
import { groupByDegree, type Relabelling } from '../relabel.js';
import { amend, placeEntries, type CpuEntries, type Numbers } from './amend.js';
import { Command, DOUBLE, SINGLE } from './command.js';
import { Control, WORTH_SHARING, type CpuScalars } from './control.js';
import { productDepth, reductionDepth } from './depth.js';
import { matrixBytes, placeMatrices, type PlacedMatrices } from './matrices.js';
import { openMemory, type Memory } from './memory.js';
import { openPool, type Pool } from './pool.js';
import { shareRows } from './shares.js';
import { openVectors } from './vectors.js';

type FloatScalars = CpuScalars<Float64Array>;

const isScalars = (numbers: Vector | Scalars): numbers is FloatScalars => 'values' in numbers;

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
  const format = double ? DOUBLE : SINGLE;
  const vectors = openVectors(memory, rows, format.bytes);
  const { own } = vectors;
  const command = new Command(new Control(memory, pool, rows, format), own);
  const shares = shareRows(memory, matrices, rows, arcs);
  const numbersOf = (numbers: Vector | Scalars): Numbers => {
    if (isScalars(numbers)) return { values: numbers.values, stride: 0 };
    const { stride, address } = own(numbers);
    return { values: format.view(memory, address, rows * stride), stride };
  };
  let destroyed = false;

  return {
    rows,
    precision,
    unitRoundoff: double ? 2 ** -53 : 2 ** -24,
    summationDepth: (columns) => productDepth(matrices.longestRow, columns),
    reductionDepth: (columns) => reductionDepth(rows, columns),
    stepsPerWait: 1,
    vector: vectors.take,
    scalars: (count) => ({ columns: count, values: new Float64Array(count) }),
    place: (entries) => placeEntries(entries, relabelling.place),
    release: (what) => {
      if (!('count' in what) && !isScalars(what)) vectors.give(what);
    },
    write: (vector, values) => {
      const { columns, stride, address } = own(vector);
      invariant(values.length === rows * columns, 'write brings rows × columns numbers');
      const target = format.view(memory, address, rows * stride);
      const { place } = relabelling;
      for (let i = 0; i < rows; i++) {
        for (let b = 0; b < columns; b++) target[place[i] * stride + b] = values[i * columns + b];
      }
    },
    product: (product) => command.product(product, matrices, shares, arcs),
    combine: (out, terms) => command.combine(out, terms),
    scale: (out, x, by, factor, plus) => command.scale(out, x, by, factor, plus),
    amend: (target, entries, sources) => {
      const placed = entries as CpuEntries;
      checkAmend(placed.demands, target, sources, (numbers) => !isScalars(numbers));
      amend(
        numbersOf(target),
        placed,
        sources.map(({ numbers, factor }) => ({ ...numbersOf(numbers), factor })),
      );
    },
    reduce: (reductions) => command.reduce(reductions),
    // Copies: entries may rewrite scalars later.
    numbers: (scalars) => Promise.resolve(scalars.map((s) => (s as FloatScalars).values.slice())),
    read: (vector) => {
      const { columns, stride, address } = own(vector);
      const source = format.view(memory, address, rows * stride);
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
      vectors.clear();
    },
  };
}
