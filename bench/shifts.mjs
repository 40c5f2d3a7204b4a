// What does Δφ* of a single link cost? On a generated graph of --links links (default 3,000,000), or
// --file: a cold solve to --tolerance (default 1e-9), then --changes single-link changes (default 32)
// certified to the same, as one call: what is shared, near each change, and solved in blocks of
// --columns (default 8). Each change is told in cold solves of the same run; the aim is at most 1/5.
// --tolerance, --threads, --seed.
import { focus, openCpu, openGraph } from '../dist/index.js';
import { randomStream } from '../dist/base/random.js';
import { openShifts } from '../dist/focus/shifts.js';
import { buildGraph } from '../dist/graph/build.js';
import { axonWeight } from '../dist/graph/change.js';
import { generateLinks } from '../dist/graph/generate.js';

export async function bench({
  links = '3000000',
  file,
  tolerance = '1e-9',
  changes = '32',
  columns = '8',
  arcs,
  seed = '1',
  threads,
}) {
  const backend = openCpu(threads === undefined ? {} : { threads: Number(threads) });
  const graph =
    file === undefined
      ? buildGraph(generateLinks({ profile: 'bostrom', seed: 1, links: Number(links) }))
      : (await openGraph(file)).graph;
  const clock = () => performance.now();
  let at = clock();
  const lap = () => {
    const elapsed = clock() - at;
    at = clock();
    return elapsed;
  };
  const error = Number(tolerance);
  const solved = await focus(graph, { tolerance: error }, backend);
  const cold = lap();
  // The base itself must be closer than what is asked of the shift.
  const { parameters, phi, errorBound, passes } = await focus(
    graph,
    { tolerance: error / 8, start: solved.phi.data },
    backend,
  );
  const refined = lap();
  const list = singleLinks(graph, Number(changes), Number(seed));
  const shifts = await openShifts(
    graph,
    { parameters, phi: phi.data, errorBound },
    list,
    {
      tolerance: error,
      columns: Number(columns),
      ...(arcs === undefined ? {} : { mostArcs: Number(arcs) }),
    },
    backend,
  );
  const shared = lap();
  const found = await shifts.of([...list.keys()]);
  const each = lap() / list.length;
  shifts.destroy();
  backend.destroy();
  const left = found.map((shift) => shift.leftOut).sort((a, b) => a - b);
  const norms = found.map((shift) => shift.norm).sort((a, b) => a - b);
  const local = found.filter((shift) => shift.reach < graph.particles).length;
  return [
    {
      particles: graph.particles,
      axons: graph.axons.offsets[graph.particles],
      changes: list.length,
      'cold ms': cold,
      'cold passes': solved.passes,
      'base ms': refined,
      'base passes': passes,
      'shared ms': shared,
      'each ms': each,
      'each/cold': each / cold,
      'all/cold each': (shared + each * list.length) / list.length / cold,
      'near only': local,
      converged: found.filter((shift) => shift.converged).length,
      'worst error': left.at(-1),
      'median norm': norms[norms.length >> 1],
    },
  ];
}

/** One link more, from a particle to what is linked to: hubs as often as they are linked. */
function singleLinks(graph, count, seed) {
  const random = randomStream(seed, 3);
  const { columns } = graph.axons;
  const list = [];
  while (list.length < count) {
    const from = random.below(graph.particles);
    const to = columns[random.below(columns.length)];
    if (from === to) continue;
    const before = axonWeight(graph, from, to);
    list.push({ added: 0, axons: [{ from, to, before, after: before + 1 }] });
  }
  return list;
}
