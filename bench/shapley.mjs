// What does the value of a coalition cost? On generated graphs of --links links (default 10,000, 30,000,
// 100,000), of the shape of bostrom's and of a Kronecker graph, --players signals of one to three
// links (default 200) join one by one along orderings. Told are milliseconds of the machine for each
// value, certified to --tolerance (default 1e-7): in blocks of --columns (default 8,16) on --threads
// threads (default 2), one at a time on the same threads (column 1), and a cold solve of each changed
// graph, which is what is done without any of this. --orderings: chains walked (default 16).
// --full: 100 orderings of 200 players at 100,000 links, in seconds.
import { focus, openCpu } from '../dist/index.js';
import { openChainThreads } from '../dist/attribution/chain-threads.js';
import { randomStream } from '../dist/base/random.js';
import { coalitionGameOf } from '../dist/focus/coalitions/game.js';
import { shiftBaseOf } from '../dist/focus/local/base.js';
import { changedAxons } from '../dist/focus/local/whole.js';
import { buildGraph } from '../dist/graph/build.js';
import { axonWeight } from '../dist/graph/change.js';
import { generateLinks } from '../dist/graph/generate.js';

export async function bench({
  links = '10000,30000,100000',
  profiles = 'bostrom,kronecker',
  players = '200',
  columns = '8,16',
  threads = '2',
  orderings = '16',
  tolerance = '1e-7',
  full,
}) {
  const rows = [];
  const sizes = full === undefined ? links.split(',').map(Number) : [100000];
  for (const profile of profiles.split(',')) {
    for (const size of sizes) {
      const options = {
        players: Number(players),
        columns: full === undefined ? columns.split(',').map(Number) : [8],
        threads: Number(threads),
        orderings: full === undefined ? Number(orderings) : 100,
        tolerance: Number(tolerance),
        compare: full === undefined,
      };
      rows.push(...(await measure(profile, size, options)));
    }
  }
  return rows;
}

async function measure(profile, links, { players, columns, threads, orderings, tolerance, compare }) {
  const scale = profile === 'kronecker' ? { scale: Math.max(8, Math.round(Math.log2(links / 6))) } : {};
  const graph = buildGraph(generateLinks({ profile, seed: 1, links, ...scale }));
  const backend = openCpu({ threads });
  const changes = signalsOn(graph, players);
  const cold = await coldSolves(graph, changes, tolerance, backend);
  const solved = await focus(graph, { tolerance: tolerance / 64 }, backend);
  const { parameters, phi, errorBound } = solved;
  const base = shiftBaseOf(graph, { parameters, phi: phi.data, errorBound });
  const game = coalitionGameOf(base, changes);
  backend.destroy();
  const found = [];
  for (const width of compare ? [1, ...columns] : columns) {
    const solvers = await openChainThreads(
      { game, options: { tolerance, columns: width } },
      threads,
      () => true,
    );
    const start = performance.now();
    await solvers.alone(players);
    const alone = performance.now();
    let worst = 0;
    let met = true;
    // One column does less at a time, and need not do as much to be timed.
    const count = width === 1 ? Math.ceil(orderings / 8) * threads : orderings;
    for await (const { measures, converged } of solvers.solve(chains(players, count))) {
      worst = Math.max(worst, ...measures.map((each) => each.errorBound));
      met &&= converged;
    }
    const elapsed = performance.now() - alone;
    solvers.destroy();
    found.push({ width, elapsed, alone: alone - start, worst, met, each: elapsed / (count * players) });
  }
  const [one] = found;
  return found.map(({ width, elapsed, alone, worst, met, each }) => ({
    profile,
    links,
    'rows of particles': `${game.core.axons.rows} of ${graph.particles}`,
    columns: width,
    values: Math.round(elapsed / each),
    'alone s': alone / 1e3,
    'all s': elapsed / 1e3,
    'ms a value': each,
    'per s': 1e3 / each,
    'x one column': compare ? one.each / each : null,
    'cold ms': cold,
    'x cold': cold / each,
    met: String(met),
    'worst error': worst,
  }));
}

/** Random orderings of all players. */
function* chains(players, count) {
  for (let index = 0; index < count; index++) {
    const random = randomStream(11, index);
    const order = [...Array(players).keys()];
    for (let i = players - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    yield { index, steps: order.map((player) => [player]) };
  }
}

/** Links from where links start to where they end, with the stakes that links have. */
function signalsOn(graph, count) {
  const { offsets, columns, weights } = graph.axons;
  const starts = new Uint32Array(columns.length);
  for (let p = 0; p < graph.particles; p++) starts.fill(p, offsets[p], offsets[p + 1]);
  const random = randomStream(7, 1);
  const arc = () => random.below(columns.length);
  return Array.from({ length: count }, () => {
    const axons = new Map();
    for (let k = 1 + random.below(3); k > 0;) {
      const [from, to, stake] = [starts[arc()], columns[arc()], weights[arc()]];
      if (from === to) continue;
      const before = axonWeight(graph, from, to);
      const known = axons.get(`${from} ${to}`)?.after ?? before;
      axons.set(`${from} ${to}`, { from, to, before, after: known + stake });
      k--;
    }
    return { added: 0, names: [], axons: [...axons.values()] };
  });
}

/** Milliseconds of a cold solve of a changed graph: the median of five prefixes. */
async function coldSolves(graph, changes, tolerance, backend) {
  const times = [];
  for (let k = 1; k <= 5; k++) {
    const together = new Map();
    for (const { axons } of changes.slice(0, Math.ceil((k * changes.length) / 5))) {
      for (const { from, to, before, after } of axons) {
        const known = together.get(`${from} ${to}`)?.after ?? before;
        together.set(`${from} ${to}`, { from, to, before, after: known + after - before });
      }
    }
    const { axons } = changedAxons(graph.axons, { added: 0, axons: [...together.values()] });
    const start = performance.now();
    await focus({ ...graph, axons }, { tolerance }, backend);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[2];
}
