// What does exact arithmetic cost on a GPU? The product of one pass over the graph in f32 and in
// exact arithmetic, side by side, with equal and with unequal weights, one column and several:
//   node --expose-gc bench/main.mjs exact-gpu --scale=20 --columns=1,8
// Software adapters want a scale of 11 to 13; --api=opengles, --lanes=128 and --subgroups=true name
// the device. Figures are medians of interleaved runs of --steps products between two waits; bytes
// a second count columns, weights and gathered elements of each arc, and what rows read and write.
import { openWebGpu, openWebGpuExact } from '../dist/backend/webgpu/webgpu.js';
import { kronecker } from './kronecker.mjs';

/** Bytes of an element, and of an arc's index and weight, by contestant. */
const CONTESTANTS = [
  { name: 'f32 uniform', exact: false, weights: 'uniform', element: 4, arc: 4 },
  { name: 'exact uniform', exact: true, weights: 'uniform', element: 8, arc: 4 },
  { name: 'f32 weighted', exact: false, weights: 'narrow', element: 4, arc: 8 },
  { name: 'exact narrow', exact: true, weights: 'narrow', element: 8, arc: 8 },
  { name: 'exact wide', exact: true, weights: 'wide', element: 8, arc: 12 },
];
const EXPONENTS = { uniform: 0, narrow: 31, wide: 40 };

export async function bench({
  scale = '12',
  columns = '1,8',
  rounds = '9',
  steps = '4',
  api = 'default',
  lanes = '64',
  subgroups = 'false',
}) {
  const graph = kronecker(Number(scale));
  const options = { api, workgroupSize: Number(lanes), subgroups: subgroups === 'true' };
  const single = await openWebGpu(options);
  const exact = await openWebGpuExact(options);
  process.stderr.write(`${exact.description}: ${graph.rows} rows, ${graph.columns.length} axons\n`);
  const rows = [];
  for (const count of columns.split(',').map(Number)) {
    const runs = [];
    for (const contestant of CONTESTANTS)
      runs.push(await prepare(contestant, graph, contestant.exact ? exact : single, count));
    for (let round = 0; round <= Number(rounds); round++) {
      for (const run of runs) {
        const ms = await run.measure(Number(steps));
        // The first round compiles and warms up.
        if (round > 0) run.times.push(ms);
      }
    }
    for (const run of runs) {
      const ms = median(run.times);
      const peer = run.weights === 'uniform' ? 'f32 uniform' : 'f32 weighted';
      const base = runs.find(({ name }) => name === peer);
      const arcs = 2 * graph.columns.length;
      const perRow = 16 + count * run.element;
      const bytes = arcs * (run.arc + count * run.element) + graph.rows * perRow;
      rows.push({
        product: run.name,
        scale,
        columns: String(count),
        ms,
        'exact/f32': run.exact ? ms / median(base.times) : null,
        'GB/s': bytes / ms / 1e6,
      });
      run.workspace.destroy();
    }
  }
  single.destroy();
  exact.destroy();
  return rows;
}

/** Opens a workspace and returns what runs one measurement of the product over both directions. */
async function prepare(contestant, graph, backend, columns) {
  const { rows, offsets } = graph;
  const arcs = graph.columns.length;
  const { weights: kind, exact } = contestant;
  const weights = Float64Array.from({ length: arcs }, (_, k) =>
    kind === 'uniform' ? 1 : 1 + ((k * 7919) % 1000),
  );
  const exponents = new Uint8Array(rows).fill(EXPONENTS[kind]);
  const workspace = exact
    ? await backend.open({
        rows,
        offsets,
        columns: graph.columns,
        weights: kind === 'uniform' ? null : weights,
        spread: { by: 'source', exponents },
        transitionExponents: exponents,
      })
    : await backend.open({ ...graph, weights }, 'both');
  const [x, out] = [workspace.vector(columns), workspace.vector(columns)];
  workspace.write(
    x,
    exact
      ? BigInt64Array.from({ length: rows * columns }, (_, k) => BigInt(k) << 20n)
      : Float64Array.from({ length: rows * columns }, (_, k) => k),
  );
  const product = exact
    ? { out, table: 'spread', x, terms: [] }
    : { out, direction: 'both', x, factor: 1, terms: [] };
  const measure = async (steps) => {
    const last = [{ kind: 'sum', x: out }];
    await workspace.numbers(workspace.reduce(last));
    const started = performance.now();
    for (let step = 0; step < steps; step++) workspace.product(product);
    await workspace.numbers(workspace.reduce(last));
    const both = performance.now() - started;
    // The same wait without the products.
    const again = performance.now();
    await workspace.numbers(workspace.reduce(last));
    return (both - (performance.now() - again)) / steps;
  };
  return { ...contestant, workspace, measure, times: [] };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
