// Runs in the page: the project's own built modules on the browser's WebGPU. Graphs, options and
// starts come as JSON, solved units go back as JSON; integers are decimal strings in both.

import { openWebGpuExact } from '/dist/backend/webgpu/webgpu.js';
import { solveUnits } from '/dist/focus/exact/solve-units.js';

const backends = new Map();

async function readShader(name) {
  const response = await fetch(`/shaders/${name}.wgsl`);
  if (!response.ok) throw new Error(`shaders/${name}.wgsl: ${response.status}`);
  return response.text();
}

/** One backend for each set of options, opened on first use. */
function backendOf(options) {
  const key = JSON.stringify(options);
  if (!backends.has(key)) {
    backends.set(key, openWebGpuExact({ ...options, gpu: navigator.gpu, readShader }));
  }
  return backends.get(key);
}

/** The backend's one line for humans. */
export async function describe(machine) {
  return (await backendOf(machine)).description;
}

/** Solves a graph without names; `starts` is a number, or a list of { units, name }. */
export async function solve({ machine, graph, options, starts }) {
  const { particles, largestStake, offsets, columns, weights } = graph;
  const axons = {
    rows: particles,
    offsets: Uint32Array.from(offsets),
    columns: Uint32Array.from(columns),
    weights: Float64Array.from(weights),
  };
  const begun =
    typeof starts === 'number'
      ? starts
      : starts.map((start) => ({ ...start, units: BigInt64Array.from(start.units, BigInt) }));
  const weighted = { particles, axons, largestStake };
  const solved = await solveUnits(weighted, options, begun, await backendOf(machine));
  return JSON.stringify(
    solved.map((column) => ({
      tolerance: column.tolerance,
      units: Array.from(column.units, String),
      missing: String(column.missing),
      applications: column.applications,
      passes: column.passes,
      residual: String(column.residual),
      errorBound: column.errorBound,
      converged: column.converged,
    })),
  );
}
