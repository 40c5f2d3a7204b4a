// What does it cost to attribute a hundred thousand transactions on a graph of three million links?
// A bostrom graph (--links, or --file of any format), random transactions of one to three links with
// stakes drawn from the graph's own axons (--transactions), of which a share names new particles
// (--new, default 0.02), its focus, and hierarchicalShapley. Prints clusters by size, methods, seconds
// by phase, peak memory, v(N), the coupling, and the bytes of checkpoints. --audit clusters are
// compared with certified solves (default 2, half a minute each at that size); --epsilon, --tolerance (of focus, default 1e-9),
// --threads.
import { createHash } from 'node:crypto';
import {
  buildGraph,
  generateLinks,
  hierarchicalShapley,
  focus,
  openCpu,
  openGraph,
} from '../dist/index.js';
import { randomStream } from '../dist/base/random.js';
import { axonWeight } from '../dist/graph/change.js';

const ONE = 2 ** 61;

export async function bench({
  links = '3000000',
  file,
  transactions = '100000',
  epsilon,
  tolerance = '1e-9',
  audit = '2',
  threads,
  new: newShare = '0.02',
}) {
  const seconds = {};
  let [phase, since] = ['graph', performance.now()];
  const enter = (next) => {
    const now = performance.now();
    seconds[phase] = (now - since) / 1000;
    const mebibytes = Math.round(process.resourceUsage().maxRSS / 1024);
    process.stderr.write(`${phase}: ${seconds[phase].toFixed(1)} s, peak ${mebibytes} MiB\n`);
    [phase, since] = [next, now];
  };
  const graph = await graphOf(file, Number(links));
  enter('transactions');
  const changes = transactionsOf(graph, Number(transactions), Number(newShare));
  enter('focus');
  const backend = openCpu(threads === undefined ? {} : { threads: Number(threads) });
  const solved = await focus(graph, { tolerance: Number(tolerance) }, backend);
  let bytes = 0;
  const result = await hierarchicalShapley(
    graph,
    solved,
    changes,
    {
      value: 'syntropy',
      beacon: createHash('sha256').update('bench clusters').digest('hex'),
      epsilon: epsilon === undefined ? undefined : Number(epsilon),
      tolerance: Number(tolerance),
      audit: Number(audit),
      onPhase: enter,
      onBatch: (batch) => {
        bytes += JSON.stringify(batch).length + 1;
      },
    },
    backend,
  );
  enter('');
  backend.destroy();
  return rowsOf(graph, result, seconds, bytes);
}

async function graphOf(file, links) {
  if (file !== undefined) return (await openGraph(file)).graph;
  return buildGraph(generateLinks({ profile: 'bostrom', seed: 1, links }));
}

/** Changes of random transactions; stakes are those of random axons. */
function transactionsOf(graph, count, newShare) {
  const random = randomStream(11, 1);
  const { particles: n, axons } = graph;
  const made = axons.offsets[n];
  const pool = Math.max(1, Math.ceil(count * newShare));
  return Array.from({ length: count }, () => {
    const names = new Set();
    const drawn = [];
    const size = 1 + random.below(3);
    for (let k = 0; k < size; k++) {
      const stake = axons.weights[random.below(made)];
      const from = random.below(n);
      let to = random.below(n);
      if (random.double() < newShare) names.add((to = `new-${random.below(pool)}`));
      if (from !== to) drawn.push({ from, to, stake });
    }
    const sorted = [...names].sort();
    const joint = new Map();
    for (const { from, to, stake } of drawn) {
      const place = typeof to === 'string' ? n + sorted.indexOf(to) : to;
      const known = joint.get(`${from} ${place}`);
      if (known !== undefined) known.after += stake;
      else {
        const before = place < n ? axonWeight(graph, from, place) : 0;
        joint.set(`${from} ${place}`, { from, to: place, before, after: before + stake });
      }
    }
    const changed = [...joint.values()].sort((a, b) => a.from - b.from || a.to - b.to);
    return { added: sorted.length, names: sorted, axons: changed };
  });
}

const BUCKETS = [1, 2, 4, 8, 16, 64, 256, 1024, Infinity];

function rowsOf(graph, result, seconds, bytes) {
  const rows = [];
  const row = (measure, value, players) => rows.push({ measure, value, players });
  row('particles', graph.particles);
  row('axons', graph.report.axons);
  row('epsilon', result.epsilon);
  let above = 0;
  for (const most of BUCKETS) {
    const found = result.clusters.filter(
      ({ members }) => members.length > above && members.length <= most,
    );
    const players = found.reduce((sum, { members }) => sum + members.length, 0);
    const name = most === 1 ? '1' : `${above + 1}…${most}`;
    if (found.length > 0) row(`clusters of ${name}`, found.length, players);
    above = most;
  }
  for (const method of ['alone', 'enumerated', 'sampled', 'proportional']) {
    const found = result.clusters.filter((cluster) => cluster.method === method);
    const players = found.reduce((sum, { members }) => sum + members.length, 0);
    row(`clusters ${method}`, found.length, players);
  }
  const largest = result.clusters.reduce((most, { members }) => Math.max(most, members.length), 0);
  row('largest cluster', largest);
  const crude = result.clusters.reduce((sum, cluster) => sum + cluster.crude, 0n);
  row('v(N)', Number(result.total) / ONE);
  row('proven error of v(N)', result.errorBound);
  row('Σ v(c)', Number(result.inside) / ONE);
  row('coupling', Number(result.coupling) / ONE);
  row('unexplained', Number(result.unexplained) / ONE);
  row('not enumerated', Number(crude) / ONE);
  row('efficiency gap', Number(result.efficiencyGap));
  const bounds = result.players.map(({ crossBound }) => crossBound).filter((b) => b !== null);
  row(
    'Σ cross bounds',
    bounds.reduce((sum, bound) => sum + bound, 0),
    bounds.length,
  );
  row(
    'largest cross bound',
    bounds.reduce((most, bound) => Math.max(most, bound), 0),
  );
  const misses = result.audit.map(({ certified, firstOrder }) => Math.abs(certified - firstOrder));
  const audited = result.audit.reduce((sum, { certified }) => sum + Math.abs(certified), 0);
  row('audited clusters', result.audit.length);
  row(
    'audit, largest |certified − first order|',
    misses.reduce((a, b) => Math.max(a, b), 0),
  );
  row('audit, Σ|miss| / Σ|certified|', misses.reduce((a, b) => a + b, 0) / audited);
  row(
    'audit, largest proven error',
    result.audit.reduce((a, b) => Math.max(a, b.errorBound), 0),
  );
  for (const [name, value] of Object.entries(seconds)) row(`${name} seconds`, value);
  row(
    'all seconds',
    Object.values(seconds).reduce((a, b) => a + b, 0),
  );
  row('peak memory MiB', process.resourceUsage().maxRSS / 1024);
  row('checkpoint bytes', bytes);
  row('converged', result.converged ? 1 : 0);
  return rows;
}
