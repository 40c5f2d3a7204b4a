// What does each verb of a workspace cost? benny runs them on a bostrom graph of --links links
// (default 300,000); printed are microseconds and the bytes a second that the verb's vectors and
// arcs amount to.
import { add, cycle, suite } from 'benny';
import { openCpu } from '../dist/backend/cpu/cpu.js';
import { buildGraph } from '../dist/graph/build.js';
import { generateLinks } from '../dist/graph/generate.js';

export async function bench({ links = '300000', precision = 'f64', threads = '2' }) {
  const graph = buildGraph(generateLinks({ profile: 'bostrom', seed: 1, links: Number(links) }));
  const backend = openCpu({ precision, threads: Number(threads) });
  const workspace = await backend.open(graph.axons, 'both');
  const size = precision === 'f64' ? 8 : 4;
  const n = graph.particles;
  const m = graph.report.axons;
  const [a, b, c] = [workspace.vector(1), workspace.vector(1), workspace.vector(1)];
  workspace.write(a, new Float64Array(n).fill(1 / n));
  workspace.write(b, new Float64Array(n).fill(0.5));
  const four = [0, 1, 2, 3].map(() => ({ coefficient: 0.25, vector: a }));
  const dots = [0, 1, 2, 3].map(() => ({ kind: 'dot', x: a, y: b, weight: b }));
  const matrix = m * (4 + size) + 4 * n;
  const cases = {
    'product, in': [
      () => workspace.product({ out: c, direction: 'in', x: a, factor: 1, terms: [] }),
      matrix + n * size,
    ],
    'product, both, three terms': [
      () =>
        workspace.product({
          out: c,
          direction: 'both',
          x: a,
          factor: 1,
          rowScale: b,
          terms: four.slice(0, 3),
        }),
      2 * matrix + 5 * n * size,
    ],
    'combine, four terms': [() => workspace.combine(c, four), 5 * n * size],
    scale: [() => workspace.scale(c, a, b, 1), 3 * n * size],
    'reduce, four dots': [() => workspace.reduce(dots), 12 * n * size],
  };
  const summary = await suite(
    'verbs',
    ...Object.entries(cases).map(([name, [run]]) => add(name, run)),
    cycle(),
  );
  workspace.destroy();
  backend.destroy();
  return summary.results.map(({ name, ops }) => ({
    verb: `${name}, ${precision}`,
    µs: 1e6 / ops,
    'GB/s': (cases[name][1] * ops) / 1e9,
  }));
}
