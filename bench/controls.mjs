// What do control variates of many players cost, and what do they bring? On a generated graph (--profile,
// default kronecker; --links, default 60,000) with --players signals (default 200) of one to three links
// between its own particles, --shared of them (default 0.5) among 64 that meet: milliseconds on one
// thread of a value of the game and of each surrogate along --orderings orderings and their reverses
// (default 8 pairs), and how many times smaller the surrogate makes the variance of a pair: all
// players' variance of v over that of v − c, and over that of c, which its own shares are sampled with.
// --values=delta-norm,syntropy; --meeting=no leaves the coarse graph's interactions out.
import { axonChangesOf, focus, generateLinks, linkGraph, openCpu } from '../dist/index.js';
import { openCoalitionGame } from '../dist/attribution/coalition-game.js';
import { superposedSurrogate } from '../dist/attribution/controls/superposed.js';
import { orderingOf } from '../dist/attribution/orderings.js';
import { unitsOf } from '../dist/attribution/table-game.js';
import { randomStream } from '../dist/base/random.js';

const BEACON = 'ab'.repeat(32);

export async function bench({
  profile = 'kronecker',
  links = '60000',
  players = '200',
  orderings = '8',
  shared = '0.5',
  values = 'delta-norm,syntropy',
  meeting = 'both',
}) {
  const [count, pairs] = [Number(players), Number(orderings)];
  const scale = profile === 'kronecker' ? { scale: Math.round(Math.log2(Number(links) / 3)) } : {};
  const more = profile === 'uniform' ? { particles: Number(links) / 2, stakes: 'heavy' } : {};
  const base = linkGraph(
    generateLinks({ profile, seed: 1, links: Number(links), ...scale, ...more }),
  );
  const changes = signalsOn(base.graph, count, Number(shared)).map((signal) =>
    axonChangesOf(base, [signal]),
  );
  const backend = openCpu({ threads: 1 });
  const solved = await focus(base.graph, { tolerance: 1e-9 }, backend);
  const { parameters, phi, errorBound } = solved;
  const before = { parameters, phi: phi.data, errorBound };
  const rows = [];
  for (const value of values.split(',')) {
    const start = performance.now();
    const game = await openCoalitionGame(base.graph, before, changes, { value, tolerance: 1e-7 });
    const opened = performance.now() - start;
    const chains = chainsOf(count, pairs);
    const own = await timed(2 * pairs * count, () => walked(game, chains));
    for (const interactions of meeting === 'no' ? [false] : [false, true]) {
      const surrogate = superposedSurrogate(game, base.graph, solved, changes, value, {
        interactions,
      });
      const few = interactions ? Math.min(pairs, 4) : pairs;
      const asked = chains.slice(0, 2 * few);
      const c = await timed(2 * few * count, () =>
        asked.map(({ steps }) => surrogate.along(steps).map(unitsOf)),
      );
      const rest = asked.map((_, k) => own.found[k].map((v, s) => v - c.found[k][s]));
      const spread = (values) => varianceOf(asked, values, count);
      const all = spread(own.found.slice(0, 2 * few));
      rows.push({
        profile,
        value,
        players: count,
        rows: game.rows,
        'alone ms': opened / count,
        'v ms': own.each,
        surrogate: interactions ? 'with interactions' : 'superposed',
        'c ms': c.each,
        'v / c': own.each / c.each,
        'variance of v / of v − c': all / spread(rest),
        'of v / of c': all / spread(c.found),
      });
    }
    game.destroy();
  }
  backend.destroy();
  return rows;
}

async function timed(count, work) {
  const start = performance.now();
  const found = await work();
  return { found, each: (performance.now() - start) / count };
}

async function walked(game, chains) {
  const found = [];
  for await (const { index, values } of game.walk(chains)) found[index] = values;
  return found;
}

/** Orderings and their reverses. */
function chainsOf(players, pairs) {
  return Array.from({ length: pairs }, (_, pair) => {
    const order = orderingOf({ beacon: BEACON, cluster: 0 }, pair, players).map((player) => [
      player,
    ]);
    return [order, [...order].reverse()];
  })
    .flat()
    .map((steps, index) => ({ index, steps }));
}

/** Σ over players of the variance of the mean marginal of a pair. */
function varianceOf(chains, values, players) {
  const sums = new Float64Array(players);
  const squares = new Float64Array(players);
  for (let k = 0; k < chains.length; k += 2) {
    const marginals = new Float64Array(players);
    for (const j of [k, k + 1]) {
      chains[j].steps.forEach(([player], s) => {
        const before = s === 0 ? 0n : values[j][s - 1];
        marginals[player] += Number(values[j][s] - before) / 2 / 2 ** 61;
      });
    }
    marginals.forEach((value, i) => {
      sums[i] += value;
      squares[i] += value * value;
    });
  }
  const pairs = chains.length / 2;
  return sums.reduce((all, sum, i) => all + (squares[i] - (sum * sum) / pairs) / (pairs - 1), 0);
}

/** Signals between particles that links start at and end at, with the stakes that links have. */
function signalsOn({ axons, ids }, count, shared) {
  const { offsets, columns, weights } = axons;
  const starts = new Uint32Array(columns.length);
  for (let p = 0; p < offsets.length - 1; p++) starts.fill(p, offsets[p], offsets[p + 1]);
  const random = randomStream(7, 1);
  const pool = Array.from({ length: 64 }, () => starts[random.below(columns.length)]);
  return Array.from({ length: count }, (_, player) => {
    const meets = random.double() < shared;
    const links = [];
    const wanted = 1 + random.below(3);
    while (links.length < wanted) {
      const from = meets ? pool[random.below(64)] : starts[random.below(columns.length)];
      const to = meets ? pool[random.below(64)] : columns[random.below(columns.length)];
      const amount = weights[random.below(columns.length)];
      if (from !== to) links.push({ from: ids.at(from), to: ids.at(to), amount });
    }
    return { neuron: `player-${player}`, links, remove: [], change: [] };
  });
}
