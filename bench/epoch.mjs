// What does an epoch cost? On a generated graph of --links links (default 3,000,000) with --signals
// signals (default 10,000): each part of the epoch, and all of it in cold solves of its exact focus,
// measured in the same run. The aim is at most three. --threads.
import { openCpu, openCpuExact } from '../dist/index.js';
import { randomStream } from '../dist/base/random.js';
import { computeState, marginalFile, afterSignals } from '../dist/epoch/compute.js';
import { generateLinks } from '../dist/graph/generate.js';
import { linkGraph } from '../dist/graph/linked.js';

export async function bench({ links = '3000000', signals = '10000', threads }) {
  const options = threads === undefined ? {} : { threads: Number(threads) };
  const exact = openCpuExact(options);
  const cpu = openCpu(options);
  const made = generateLinks({ profile: 'bostrom', seed: 1, links: Number(links) });
  const linked = linkGraph(made);
  const delta = randomSignals(linked.graph, Number(signals));
  const ruleset = {
    startEpoch: 0,
    order: 'first-seen',
    reading: 'focus-1',
    teleport: 0.15,
    mu: 1,
    tau: 1,
    lambda: [0.5, 0.3, 0.2],
    unit: null,
    prior: 'degree',
    tolerance: 1e-9,
    floor: 1e-3,
    joint: ['delta-norm', 'syntropy', 'directed'],
    marginals: {
      method: 'adjoint',
      functions: ['syntropy', 'directed'],
      tolerance: 1e-7,
      arcs: 1e5,
    },
  };
  const machines = { exact, cpu };
  const parts = [];
  const timed = async (name, work) => {
    const start = performance.now();
    const result = await work();
    parts.push([name, performance.now() - start]);
    return result;
  };
  const marks = [];
  const onProgress = (what) => {
    if (marks.at(-1)?.what !== what) marks.push({ what, at: performance.now() });
  };
  const zero = await computeState(
    { before: null, linked, delta: [], ruleset },
    { ...machines, onProgress },
  );
  const cold = marks.find(({ what }) => what === 'hashing').at - marks[0].at;
  const after = await timed('apply', async () => afterSignals(zero.state, delta));
  const inputs = { before: zero.state, linked: after, delta, ruleset };
  marks.length = 0;
  const state = await timed('state', () => computeState(inputs, { ...machines, onProgress }));
  const warm = marks.find(({ what }) => what === 'hashing').at - marks[0].at;
  const marginals = await timed('marginals', () => marginalFile(inputs, machines));
  const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
  exact.destroy();
  cpu.destroy();
  return [
    {
      links: after.links.count,
      particles: after.graph.particles,
      signals: delta.length,
      'cold ms': cold,
      'warm ms': warm,
      ...Object.fromEntries(parts.map(([name, ms]) => [`${name} ms`, ms])),
      'all ms': total,
      'all/cold': total / cold,
      rows: marginals.rows + state.files[2].rows,
    },
  ];
}

/** Signals of one to three links, from particles of the graph to what is linked to, or to new ones. */
function randomSignals(graph, count) {
  const random = randomStream(5, 1);
  const { columns } = graph.axons;
  return Array.from({ length: count }, (_, k) => ({
    neuron: `neuron ${k % 500}`,
    links: Array.from({ length: 1 + random.below(3) }, (_, l) => ({
      from: graph.ids.at(random.below(graph.particles)),
      to:
        random.below(4) === 0
          ? `new ${k} ${l}`
          : graph.ids.at(columns[random.below(columns.length)]),
      amount: 1 + random.below(1000),
    })),
    remove: [],
    change: [],
  }));
}
