// How do general-purpose GPU libraries do at the same product? gpu.js in its CPU mode (its WGSL backend cannot compile CSR
// loop bounds) against ours on one thread, f32, a Kronecker graph of --scale (default 14). Install the peers first:
//   npm install --prefix bench/peers --ignore-scripts
import { createRequire } from 'node:module';
import { openCpu } from '../dist/backend/cpu/cpu.js';
import { kronecker } from './kronecker.mjs';

export async function bench({ scale = '14', rounds = '15' }) {
  const graph = kronecker(Number(scale));
  const contestants = {
    'gpu.js cpu mode f32': gpuJs(graph),
    'ours f32, 1 thread': await ours(graph),
  };
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  let sums = {};
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, run] of Object.entries(contestants)) {
      const started = performance.now();
      const result = await run();
      times[name].push(performance.now() - started);
      sums = { ...sums, [name]: result };
    }
  }
  const [theirs, own] = Object.values(sums);
  if (Math.abs(theirs - own) > 1e-3 * Math.abs(own))
    throw new Error(`results differ: ${theirs}, ${own}`);
  return Object.entries(times).map(([contestant, all]) => {
    const ms = all.sort((a, b) => a - b)[all.length >> 1];
    return { contestant, scale, ms, 'arcs/ns': graph.columns.length / ms / 1e6 };
  });
}

function gpuJs({ rows, offsets, columns }) {
  const require = createRequire(new URL('./peers/package.json', import.meta.url));
  const { GPU } = require('gpu.js');
  const gpu = new GPU({ mode: 'cpu' });
  const kernel = gpu
    .createKernel(function product(starts, sources, x) {
      let sum = 0;
      const end = starts[this.thread.x + 1];
      for (let k = starts[this.thread.x]; k < end; k++) sum += x[sources[k]];
      return sum;
    })
    .setOutput([rows])
    .setLoopMaxIterations(rows);
  const x = Float32Array.from({ length: rows }, (_, i) => 1 / (1 + (i % 97)));
  return () => kernel(offsets, columns, x).reduce((sum, value) => sum + value, 0);
}

async function ours(graph) {
  const workspace = await openCpu({ precision: 'f32', threads: 1 }).open(graph, 'in');
  const [x, out] = [workspace.vector(1), workspace.vector(1)];
  workspace.write(
    x,
    Float64Array.from({ length: graph.rows }, (_, i) => 1 / (1 + (i % 97))),
  );
  return async () => {
    workspace.product({ out, direction: 'in', x, factor: 1, terms: [] });
    const [[sum]] = await workspace.numbers(workspace.reduce([{ kind: 'sum', x: out }]));
    return sum;
  };
}
