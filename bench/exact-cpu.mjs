// What does exact arithmetic cost on the CPU? One product of the kind that the solver repeats (both
// matrices, row scale, terms), in f64 and in exact, interleaved in one run, medians: graphs whose
// weights are all one, fit 32 bits, and do not; --columns=1,8. The aim is at most 1.5 in the last
// column. Correctness is test/exact/.
import { openCpu, openCpuExact } from '../dist/backend/cpu/cpu.js';
import { exponentsOf, integerWeights, reciprocalsOf } from '../dist/focus/exact/weights.js';
import { buildGraph } from '../dist/graph/build.js';
import { generateLinks } from '../dist/graph/generate.js';
import { kronecker } from './kronecker.mjs';

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

export async function bench({ scales = '18', columns = '1,8', threads = '2', rounds = '15' }) {
  const graphs = [];
  for (const scale of scales.split(',').map(Number)) {
    const plain = kronecker(scale);
    graphs.push([`kronecker ${scale}, uniform`, plain]);
    graphs.push([`kronecker ${scale}, stakes to 2^10`, withWeights(plain, 2 ** 10)]);
    graphs.push([`kronecker ${scale}, stakes to 2^40`, withWeights(plain, 2 ** 40)]);
  }
  // Directed: few pairs of arcs that the exact backend can add into one.
  const directed = { profile: 'kronecker', seed: 1, scale: 17, stakes: 'heavy' };
  const made = buildGraph(generateLinks(directed)).axons;
  graphs.push(['directed 17, heavy stakes', made]);
  graphs.push(['directed 17, uniform', { ...made, weights: made.weights.map(() => 1) }]);
  graphs.push(['directed 17, stakes to 2^40', withWeights(made, 2 ** 40)]);
  const bostrom = generateLinks({ profile: 'bostrom', seed: 1, links: 1_000_000 });
  graphs.push(['bostrom 1M', buildGraph(bostrom).axons]);
  const rows = [];
  for (const [name, axons] of graphs) {
    for (const width of columns.split(',').map(Number)) {
      rows.push(await measure(name, axons, width, Number(threads), Number(rounds)));
    }
  }
  return rows;
}

/** Integer weights 1 … most, log-uniform, from a linear congruential sequence. */
function withWeights(axons, most) {
  let state = 1;
  const weights = new Float64Array(axons.columns.length);
  for (let k = 0; k < weights.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    weights[k] = Math.floor(most ** (state / 2 ** 32));
  }
  return { ...axons, weights };
}

async function measure(name, axons, columns, threads, rounds) {
  const float = openCpu({ threads });
  const exact = openCpuExact({ threads });
  const { rows } = axons;
  const arcs = axons.offsets[rows];
  const workspace = await float.open(axons, 'both');
  const degree = new Float64Array(rows).fill(0.5);
  const [x, out, own] = [columns, columns, 1].map((width) => workspace.vector(width));
  workspace.write(x, new Float64Array(rows * columns).fill(1 / rows));
  workspace.write(own, degree);
  const product = () =>
    workspace.product({
      out,
      direction: 'both',
      x,
      factor: -0.5,
      rowScale: own,
      terms: [
        { coefficient: 0.25, vector: x },
        { coefficient: -1, vector: out },
      ],
    });

  const weights = integerWeights(axons);
  const exponents = exponentsOf(weights.degree, weights.values === null);
  const integers = await exact.open({
    rows,
    offsets: axons.offsets,
    columns: axons.columns,
    weights: weights.values,
    spread: { by: 'source', exponents },
    transitionExponents: exponentsOf(weights.outStake, weights.values === null),
  });
  const [X, OUT, R] = [columns, columns, 1].map((width) => integers.vector(width));
  integers.write(X, new BigInt64Array(rows * columns).fill((1n << 61n) / BigInt(rows)));
  integers.write(R, reciprocalsOf(weights.degree, exponents));
  const exactProduct = () =>
    integers.product({
      out: OUT,
      table: 'spread',
      x: X,
      rowScale: R,
      halved: true,
      terms: [{ coefficient: 1n << 61n, shift: 62, vector: X }],
    });
  const times = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const [k, run] of [product, exactProduct].entries()) {
      const started = performance.now();
      run();
      if (round > 1) times[k].push(performance.now() - started);
    }
  }
  workspace.destroy();
  integers.destroy();
  float.destroy();
  exact.destroy();
  const [f64, whole] = times.map(median);
  return {
    graph: name,
    'arcs, both ways': 2 * arcs,
    columns,
    'f64 ms': f64,
    'exact ms': whole,
    'ns/arc': (whole * 1e6) / (2 * arcs * columns),
    'exact/f64': whole / f64,
  };
}
