// How many passes over the graph does acceleration save? For each data set: the plain iteration φ ←
// Rφ with springs and heat accurate to the tolerance, stopped at the first step whose certificate
// meets it, against the solver (refinement with growing degree and Anderson acceleration). The aim
// is a third; pass files of links as --files=a.csv,b.tsv to measure others.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { focus, openCpu, openGraph } from '../dist/index.js';
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
  const slow = await plain(high);
  backend.destroy();
  // The plain result's own measurement is not counted against it.
  const perStep = slow.passes / (high + 1);
  const plainPasses = perStep * high;
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
