// The last resort of a shift: the changed graph is built and solved as a whole, from where
// relaxation ended. For changes so large that the graph before says little about the one after.

import type { Backend } from '../../backend/backend.js';
import type { AxonChange, AxonChanges } from '../../graph/change.js';
import type { Csr } from '../../graph/csr.js';
import { focus, LEAST_TOLERANCE } from '../focus.js';
import type { ShiftBase } from './base.js';
import type { Excess } from './shift.js';

/** Solves the graph after a change to `tolerance`; the excess is on all particles, with Ση = 0. */
export async function solveWhole(
  base: ShiftBase,
  changes: AxonChanges,
  near: Excess,
  tolerance: number,
  backend: Backend,
  signal: AbortSignal | undefined,
): Promise<Excess> {
  const { parameters, phi } = base;
  const { teleport, mu, tau, lambda, prior, reading } = parameters;
  const { axons, kept } = changedAxons(base.graph.axons, changes);
  const places = new Map<number, number>();
  kept.forEach((i, row) => places.set(i, row));
  const start = Float64Array.from(kept, (i) => (i < phi.length ? phi[i] : 0));
  near.places.forEach((i, k) => {
    const row = places.get(i);
    if (row !== undefined) start[row] = Math.max(0, start[row] + near.values[k]);
  });
  const graph = { particles: kept.length, axons, largestStake: 0 };
  const solver = {
    tolerance: Math.max(LEAST_TOLERANCE, tolerance),
    // All that had focus may be gone.
    start: start.some((value) => value > 0) ? start : undefined,
    signal,
  };
  const options = { reading, teleport, mu, tau, lambda, prior, ...solver };
  const solved = await focus(graph, options, backend);
  const added = kept.filter((i) => i >= phi.length);
  const all = Uint32Array.from({ length: phi.length + added.length }, (_, k) =>
    k < phi.length ? k : added[k - phi.length],
  );
  const values = Float64Array.from(all, (i) => {
    const row = places.get(i);
    return (row === undefined ? 0 : solved.phi.data[row]) - (i < phi.length ? phi[i] : 0);
  });
  return { places: all, values, leftOut: solved.errorBound ?? 2, arcs: near.arcs };
}

/** A with the changes merged in, without the particles that are left without an axon. O(n + m). */
export function changedAxons(
  before: Csr,
  { added, axons: changes }: AxonChanges,
): { readonly axons: Csr; readonly kept: Uint32Array } {
  const size = before.rows + added;
  const byRow = new Map<number, AxonChange[]>();
  for (const change of changes) {
    const row = byRow.get(change.from);
    if (row === undefined) byRow.set(change.from, [change]);
    else row.push(change);
  }
  const most = before.offsets[before.rows] + changes.length;
  const columns = new Uint32Array(most);
  const weights = new Float64Array(most);
  const offsets = new Uint32Array(size + 1);
  const used = new Uint8Array(size);
  let arcs = 0;
  const put = (row: number, column: number, weight: number): void => {
    if (weight === 0) return;
    used[row] = used[column] = 1;
    columns[arcs] = column;
    weights[arcs++] = weight;
  };
  for (let row = 0; row < size; row++) {
    offsets[row] = arcs;
    const own = (byRow.get(row) ?? []).sort((a, b) => a.to - b.to);
    const end = row < before.rows ? before.offsets[row + 1] : 0;
    let next = 0;
    for (let k = row < before.rows ? before.offsets[row] : 0; k < end; k++) {
      const column = before.columns[k];
      while (next < own.length && own[next].to < column) put(row, own[next].to, own[next++].after);
      if (next < own.length && own[next].to === column) put(row, column, own[next++].after);
      else put(row, column, before.weights[k]);
    }
    while (next < own.length) put(row, own[next].to, own[next++].after);
  }
  offsets[size] = arcs;
  return compacted({ rows: size, offsets, columns, weights }, used, arcs);
}

/** Leaves out the particles that no axon touches. */
function compacted(
  { rows, offsets, columns, weights }: Csr,
  used: Uint8Array,
  arcs: number,
): { readonly axons: Csr; readonly kept: Uint32Array } {
  const place = new Uint32Array(rows);
  let count = 0;
  for (let i = 0; i < rows; i++) if (used[i] === 1) place[i] = count++;
  const kept = new Uint32Array(count);
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < rows; i++) {
    if (used[i] === 0) continue;
    kept[place[i]] = i;
    starts[place[i]] = offsets[i];
  }
  starts[count] = arcs;
  for (let k = 0; k < arcs; k++) columns[k] = place[columns[k]];
  const axons = {
    rows: count,
    offsets: starts,
    columns: columns.slice(0, arcs),
    weights: weights.slice(0, arcs),
  };
  return { axons, kept };
}
