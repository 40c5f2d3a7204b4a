// Shifts that relaxation did not bring to the tolerance, finished on the whole graph: many of them
// as columns of one block, all with the operator of the graph before,
//   ξ = R'ξ + f      f = the residual left, with mass zero, divided by Σχ
// Each changed graph's own operator R_b differs from it at a few columns only. That difference is
// not applied but bounded at ξ, which is small and spread out where it acts:
//   ‖(R_b − R)ξ‖₁ ≤ Σ over changed i of (2 λ_d |ξ_i| + 2 Σ k c_k · min(moved, d) · max|ξ/d|)
//                   + what the prior moves

import type { Backend } from '../../backend/backend.js';
import { directionsOf, openOperator, type FocusOperator } from '../operator.js';
import { defectOf } from '../certificate.js';
import { solveCorrection, type SolveOptions } from '../solve.js';
import type { LocalBase } from './base.js';
import { meanPowerBeyond } from './series.js';
import type { Relaxed } from './relax.js';
import type { Excess } from './shift.js';

/** Opens the whole graph for blocks of columns; `destroy` frees it. */
export interface Finisher {
  finish(relaxed: readonly Relaxed[], tolerance: number): Promise<readonly Excess[]>;
  destroy(): void;
}

/** Places the graph on the backend, for up to `columns` shifts at once. */
export async function openFinisher(
  base: LocalBase,
  columns: number,
  backend: Backend,
  signal?: AbortSignal,
): Promise<Finisher> {
  const { adjacency, parameters } = base;
  const workspace = await backend.open(adjacency.axons, directionsOf(parameters));
  const operator = openOperator(workspace, adjacency, parameters, columns);
  return {
    finish: (relaxed, tolerance) => finish(base, operator, columns, relaxed, tolerance, signal),
    destroy: () => workspace.destroy(),
  };
}

async function finish(
  base: LocalBase,
  operator: FocusOperator,
  columns: number,
  relaxed: readonly Relaxed[],
  tolerance: number,
  signal: AbortSignal | undefined,
): Promise<readonly Excess[]> {
  const { workspace, hostMeasure: h } = operator;
  const { lambda, teleport } = base.parameters;
  const gap = lambda[0] * teleport;
  const n = base.graph.particles;
  const right = new Float64Array(n * columns);
  const starts = relaxed.map((each) => startOf(base, each));
  starts.forEach(({ f, size }, b) => {
    for (let i = 0; i < n; i++) right[i * columns + b] = f[i] / size / h[i];
  });
  // Columns that are not needed repeat the first: a column of zeros would steer nothing.
  for (let b = relaxed.length; b < columns; b++) {
    for (let i = 0; i < n; i++) right[i * columns + b] = right[i * columns];
  }
  // Relative to the largest right side, half of what the tolerance leaves after what is unseen.
  const targets = relaxed.map(
    ({ unseen }, b) =>
      (Math.max(0.05 * tolerance, tolerance - unseen) * 0.8 * gap) / starts[b].size,
  );
  const x = workspace.vector(columns);
  const f = workspace.vector(columns);
  workspace.write(f, right);
  const options: SolveOptions = {
    columns,
    tolerance: 1,
    contraction: 1 - gap,
    diffusionShare: lambda[0],
    mostIterations: 1000,
    startDefect: 1,
    signal,
  };
  const measured = await solveCorrection(operator, x, f, Math.min(...targets), options);
  const found = await workspace.read(x);
  for (const vector of [x, f]) workspace.release(vector);
  return relaxed.map((each, b) => {
    const { size, mass } = starts[b];
    const xi = new Float64Array(n);
    for (let i = 0; i < n; i++) xi[i] = found[i * columns + b] * h[i] * size;
    const defect = defectOf(measured, b) * size + differenceAt(base, each, xi);
    const drift = Math.abs(xi.reduce((sum, value) => sum + value, 0));
    return {
      ...addedTo(each, base, xi, mass),
      // φ + ξ solves an affine equation up to the defect; its sum is 1 up to the drift.
      leftOut: (defect + starts[b].beyond) / gap + drift * (1 + 1e-9) + each.unseen,
      arcs: each.arcs,
    };
  });
}

/** η + Σχ · ξ, on all particles. */
function addedTo(
  { places, values, changed }: Relaxed,
  { phi }: LocalBase,
  xi: Float64Array,
  mass: number,
): Pick<Excess, 'places' | 'values'> {
  const n = xi.length;
  const beyond = places.filter((i) => i >= n);
  const all = Uint32Array.from({ length: n + beyond.length }, (_, k) =>
    k < n ? k : beyond[k - n],
  );
  const sums = new Float64Array(all.length);
  for (let i = 0; i < n; i++) sums[i] = mass * xi[i];
  places.forEach((i, k) => {
    sums[i < n ? i : n + beyond.indexOf(i)] += values[k];
  });
  for (const { index, degree } of changed) {
    if (degree === 0 && index < n) sums[index] = -phi[index];
  }
  return { places: all, values: sums };
}

interface Start {
  /** Right side on the particles before, of mass zero. */
  readonly f: Float64Array;
  /** ‖f‖₁. */
  readonly size: number;
  /** Σχ. */
  readonly mass: number;
  /** Residual at new particles, which the solve does not see. */
  readonly beyond: number;
}

/** The residual in terms of φ = χ/Σχ: the prior gives back the mass that it lacks. */
function startOf(base: LocalBase, { values, rest }: Relaxed): Start {
  const n = base.graph.particles;
  const mass = 1 + values.reduce((sum, value) => sum + value, 0);
  const f = new Float64Array(n);
  let signed = 0;
  let beyond = 0;
  rest.places.forEach((i, k) => {
    if (i < n) {
      f[i] = rest.values[k] / mass;
      signed += f[i];
    } else beyond += 2 * Math.abs(rest.values[k] / mass);
  });
  const { degree, totalDegree } = base.adjacency;
  const uniform = base.parameters.prior === 'uniform';
  let size = 0;
  for (let i = 0; i < n; i++) {
    f[i] -= signed * (uniform ? 1 / n : degree[i] / totalDegree);
    size += Math.abs(f[i]);
  }
  return { f, size: size > 0 ? size : 1, mass, beyond };
}

/** ‖(R_b − R)ξ‖₁, at most; and the prior's own change at the mass that was given back. */
function differenceAt(base: LocalBase, { changed, rest }: Relaxed, xi: Float64Array): number {
  const { degree, totalDegree } = base.adjacency;
  const { lambda } = base.parameters;
  const n = base.graph.particles;
  const meanPower = meanPowerBeyond(base.series, 0);
  let [total, largest] = [0, 0];
  for (let i = 0; i < n; i++) {
    total += Math.abs(xi[i]);
    largest = Math.max(largest, Math.abs(xi[i]) / degree[i]);
  }
  let [difference, moved, counted] = [0, 0, 0];
  for (const each of changed) {
    const { index } = each;
    const own = index < n ? degree[index] : 0;
    moved += each.moved;
    if (index >= n || each.degree === 0) counted++;
    if (index >= n) continue;
    difference += 2 * lambda[0] * Math.abs(xi[index]);
    difference += 2 * meanPower * Math.min(each.moved, own) * largest;
  }
  const prior =
    base.parameters.prior === 'uniform'
      ? (2 * counted) / n
      : Math.min(2, (2 * moved) / Math.max(totalDegree - moved, 0));
  const given = Math.abs(rest.values.reduce((sum, value) => sum + value, 0));
  return 1.000001 * (difference + prior * (lambda[0] * total + given));
}
