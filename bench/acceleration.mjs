// How many passes over the graph does acceleration save? For each data set: the plain iteration
// φ ← Rφ, stopped at the first step whose certificate meets the tolerance, its passes counted with
// the one degree of springs and heat that the tolerance needs, against the solver (refinement with
// growing degree and Anderson acceleration). The aim is a third. --files=a.csv,b.tsv adds others.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { focus, openCpu, openGraph } from '../dist/index.js';
import { expand } from '../dist/focus/chebyshev.js';
import { buildGraph } from '../dist/graph/build.js';
import { generateLinks } from '../dist/graph/generate.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export async function bench({ tolerance = '1e-9', files = '' }) {
  const own = ['karate.tsv', 'bostrom-sample.tsv'].map((name) => join(root, 'datasets', name));
  const beside = ['bostrom-sample-links.csv', 'crystal-pages-edges.csv'].map((name) =>
    join(root, '..', 'shared', 'datasets', name),
  );
  const paths = [...own, ...beside, ...files.split(',')].filter(
    (path) => path !== '' && existsSync(path),
  );
  const sets = [];
  for (const path of paths) sets.push([path.split('/').at(-1), (await openGraph(path)).graph]);
  const made = [
    ['kronecker 14', { profile: 'kronecker', seed: 1, scale: 14, stakes: 'heavy' }],
    ['uniform 10k/50k', { profile: 'uniform', seed: 1, particles: 10_000, links: 50_000 }],
    ['bostrom 100k', { profile: 'bostrom', seed: 1, links: 100_000 }],
  ];
  for (const [name, options] of made) sets.push([name, buildGraph(generateLinks(options))]);
  const rows = [];
  for (const [name, graph] of sets) rows.push(await measure(name, graph, Number(tolerance)));
  return rows;
}

async function measure(name, graph, tolerance) {
  const backend = openCpu();
  const fast = await focus(graph, { tolerance }, backend);
  // Bisection on the exact number of plain steps: the certificate falls monotonically with them.
  let [low, high] = [0, 1];
  const plain = (iterations) => focus(graph, { tolerance, iterations }, backend);
  while (!(await plain(high)).converged) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((await plain(middle)).converged) high = middle;
    else low = middle;
  }
  backend.destroy();
  // Steps of --iterations are accurate to rounding; a plain solver would use the degree it needs.
  const { degreeFor } = expand({ springs: 0.3, mu: 1, heat: 0.2, tau: 1, spectrum: 2 });
  const plainPasses = high * 2 * degreeFor(0.2 * tolerance * (1 - fast.kappa));
  return {
    'data set': name,
    axons: graph.report.axons,
    'plain steps': high,
    'plain passes': plainPasses,
    'our iterations': fast.iterations,
    'our passes': fast.passes,
    'ours/plain': fast.passes / plainPasses,
    'our bound': fast.errorBound,
  };
}
