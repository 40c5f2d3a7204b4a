// What does the adjoint cost? On a generated graph: a cold solve of φ*, the adjoint of syntropy (its
// solve and the vectors of a derivative), and the first-order marginals of a million single links; the
// aim is less than three cold solves for both together. Medians of --repeats (default 3) after one
// run to warm up. --links, --tolerance, --transactions, --threads.
import { focus, openCpu } from '../dist/index.js';
import { adjointOf } from '../dist/focus/adjoint/adjoint.js';
import { randomStream } from '../dist/base/random.js';
import { buildGraph } from '../dist/graph/build.js';
import { generateLinks } from '../dist/graph/generate.js';

export async function bench({
  links = '300000',
  tolerance = '1e-9',
  transactions = '1000000',
  repeats = '3',
  threads,
}) {
  const count = Number(links);
  const scale = Math.max(4, Math.round(Math.log2(count / 16)));
  const made = [
    ['bostrom', { profile: 'bostrom', seed: 1, links: count }],
    ['uniform', { profile: 'uniform', seed: 1, particles: Math.ceil(count / 5), links: count }],
    ['kronecker', { profile: 'kronecker', seed: 1, scale, stakes: 'heavy' }],
  ];
  const backend = openCpu(threads === undefined ? {} : { threads: Number(threads) });
  const rows = [];
  for (const [name, options] of made) {
    const graph = buildGraph(generateLinks(options));
    const set = randomSet(graph.particles, Number(transactions));
    const measured = [];
    for (let i = 0; i <= Number(repeats); i++)
      measured.push(await once(graph, set, Number(tolerance), backend));
    rows.push(rowOf(name, graph, measured.slice(1)));
  }
  backend.destroy();
  return rows;
}

/** Random single links, as columns. */
function randomSet(particles, count) {
  const random = randomStream(7, 1);
  const below = () => Uint32Array.from({ length: count }, () => random.below(particles));
  const weight = Float64Array.from({ length: count }, () => 1 + random.below(1000));
  return { from: below(), to: below(), weight };
}

async function once(graph, set, tolerance, backend) {
  let start = performance.now();
  const lap = () => {
    const now = performance.now();
    const elapsed = now - start;
    start = now;
    return elapsed;
  };
  const result = await focus(graph, { tolerance }, backend);
  const cold = lap();
  const adjoint = await adjointOf(graph, result, 'syntropy', {}, backend);
  const solved = lap();
  adjoint.marginals(set);
  return { cold, solved, marginals: lap(), result, adjoint };
}

function rowOf(name, graph, measured) {
  const median = (key) =>
    measured.map((one) => one[key]).sort((a, b) => a - b)[measured.length >> 1];
  const [cold, solved, marginals] = ['cold', 'solved', 'marginals'].map(median);
  const { result, adjoint } = measured[0];
  return {
    graph: name,
    particles: graph.particles,
    axons: graph.report.axons,
    'cold ms': cold,
    'cold passes': result.passes,
    'adjoint ms': solved,
    'adjoint passes': adjoint.passes,
    'adjoint bound': adjoint.errorBound,
    'marginals ms': marginals,
    'adjoint/cold': solved / cold,
    'all/cold': (solved + marginals) / cold,
  };
}
