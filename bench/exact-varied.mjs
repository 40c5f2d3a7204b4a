// What does a coalition cost in exact arithmetic? On a generated graph of --links links (default
// 100,000; --profile=bostrom, or kronecker of 2^--scale particles): a cold exact solve to --tolerance
// (default 1e-9), then blocks of --columns (default 8) columns, each the graph with --axons (default
// 10) axons changed, from the focus of the base. Rounds are interleaved, medians; the last column is
// a column in cold solves of a changed graph. --threads. Correctness is test/exact/varied*.test.ts.
import { openCpuExact } from '../dist/backend/cpu/cpu.js';
import { randomStream } from '../dist/base/random.js';
import { openExactBlock } from '../dist/focus/exact/block.js';
import { solveUnits } from '../dist/focus/exact/solve-units.js';
import { buildGraph } from '../dist/graph/build.js';
import { axonWeight } from '../dist/graph/change.js';
import { generateLinks } from '../dist/graph/generate.js';

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

export async function bench({
  links = '100000',
  profile = 'bostrom',
  scale = '13',
  tolerance = '1e-9',
  columns = '8',
  axons = '10',
  rounds = '3',
  threads,
}) {
  const backend = openCpuExact(threads === undefined ? {} : { threads: Number(threads) });
  const wish =
    profile === 'kronecker'
      ? { profile, seed: 1, scale: Number(scale), stakes: 'heavy' }
      : { profile, seed: 1, links: Number(links) };
  const graph = buildGraph(generateLinks(wish));
  const random = randomStream(1);
  const change = () => {
    const after = new Map();
    while (after.size < Number(axons)) {
      const from = random.below(graph.particles);
      const to = graph.axons.columns[random.below(graph.axons.columns.length)];
      if (from !== to) after.set(`${from} ${to}`, [from, to, 1 + random.below(1000)]);
    }
    const changed = [...after.values()].map(([from, to, more]) => {
      const before = axonWeight(graph, from, to);
      return { from, to, before, after: before + more };
    });
    return { changes: { added: 0, axons: changed } };
  };
  const options = { tolerance: Number(tolerance) };
  const timed = async (list, body) => {
    const from = performance.now();
    const result = await body();
    list.push(performance.now() - from);
    return result;
  };
  const [cold, varied] = [[], []];
  const width = Number(columns);
  const [{ units, applications }] = await solveUnits(graph, options, 1, backend);
  const block = await openExactBlock(graph, { ...options, columns: width, base: units }, backend);
  await block.solve([change()]);
  let found = [];
  for (let round = 0; round < Number(rounds); round++) {
    await timed(cold, () => solveUnits(graph, options, 1, backend));
    const variations = Array.from({ length: width }, change);
    found = await timed(varied, () => block.solve(variations));
  }
  block.destroy();
  backend.destroy();
  const [coldMs, blockMs] = [median(cold), median(varied)];
  return [
    {
      graph: profile,
      particles: graph.particles,
      axons: graph.axons.columns.length,
      coldMs,
      coldApplications: applications,
      columns: width,
      blockMs,
      columnMs: blockMs / width,
      applications: Math.max(...found.map((column) => column?.applications ?? 0)),
      inColdSolves: blockMs / width / coldMs,
    },
  ];
}
