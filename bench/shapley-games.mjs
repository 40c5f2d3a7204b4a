// Twelve-player games of this engine, as tables of all 4,096 values, for benchmarks of estimators: a
// graph, twelve signals of several links with stakes like those of the graph, drawn from one
// neighbourhood so that they overlap, and new particles that several of them name. Every value is a
// whole f64 solve of the changed graph to 1e-12 through the public API; tables are kept in bench/out.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  applyDelta,
  entropiesOf,
  focus,
  generateLinks,
  linkGraph,
  openCpu,
  readLinks,
} from '../dist/index.js';
import { randomStream } from '../dist/base/random.js';

const here = dirname(fileURLToPath(import.meta.url));
const PLAYERS = 12;
const TOLERANCE = 1e-12;
const VERSION = 1;

/** Graph by name: where its links come from, how many particles signals draw from, stakes. */
const GRAPHS = {
  karate: { file: 'karate.tsv', pool: 16, added: 0, most: 4, seed: 1 },
  bostrom: { file: 'bostrom-sample.tsv', pool: 20, added: 3, most: 40, seed: 2 },
  uniform: {
    made: { profile: 'uniform', seed: 3, particles: 1500, links: 6000, stakes: 'heavy' },
    pool: 24,
    added: 2,
    most: 12,
    seed: 3,
  },
  kronecker: {
    made: { profile: 'kronecker', seed: 4, scale: 10, edgeFactor: 6 },
    pool: 24,
    added: 2,
    most: 6,
    seed: 4,
  },
};

/** The value functions of the games. */
export const VALUES = ['syntropy', 'directed', 'delta-norm'];

/**
 * All games: {name, graph, value, players, values: 2^players by mask, entropyParts, base, signals}.
 * Twelve thousand solves at the first call, some minutes; then read from bench/out.
 */
export async function shapleyGames(names = Object.keys(GRAPHS)) {
  const games = [];
  for (const name of names) {
    const { base, signals } = await worldOf(name);
    const tables = await tablesOf(name, base, signals);
    for (const value of VALUES)
      games.push({
        name: `${name} ${value}`,
        graph: name,
        value,
        players: PLAYERS,
        values: tables[value],
        entropyParts: tables.syntropy,
        base,
        signals,
      });
  }
  return games;
}

/** A graph with its links, and the signals. */
async function worldOf(name) {
  const { file, made, pool, added, most, seed } = GRAPHS[name];
  const links =
    made === undefined
      ? (await readLinks(join(here, '..', 'datasets', file))).links
      : generateLinks(made);
  const base = linkGraph(links);
  return { base, signals: signalsOf(base.graph, pool, added, most, seed) };
}

/** Signals of three to five links among `pool` particles of the graph and `added` new ones. */
function signalsOf({ particles, ids }, pool, added, most, seed) {
  const random = randomStream(seed, 77);
  const names = [];
  while (names.length < pool) {
    const id = ids.at(random.below(particles));
    if (!names.includes(id)) names.push(id);
  }
  for (let i = 0; i < added; i++) names.push(`new-${i}`);
  return Array.from({ length: PLAYERS }, (_, player) => {
    const links = [];
    const count = 3 + random.below(3);
    while (links.length < count) {
      const [from, to] = [names[random.below(names.length)], names[random.below(names.length)]];
      if (from === to || (from.startsWith('new') && to.startsWith('new'))) continue;
      links.push({ from, to, amount: 1 + random.below(most) });
    }
    return { neuron: `player-${player}`, links, remove: [], change: [] };
  });
}

async function tablesOf(name, base, signals) {
  const file = join(here, 'out', `shapley-${name}.json`);
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    if (kept.version === VERSION && kept.tolerance === TOLERANCE)
      return Object.fromEntries(VALUES.map((value) => [value, Float64Array.from(kept[value])]));
  }
  const tables = await solveAll(base, signals);
  mkdirSync(join(here, 'out'), { recursive: true });
  const listed = Object.fromEntries(VALUES.map((value) => [value, [...tables[value]]]));
  writeFileSync(file, JSON.stringify({ version: VERSION, tolerance: TOLERANCE, ...listed }));
  return tables;
}

/** Values of all coalitions; coalition ∅ is worth 0. */
async function solveAll(base, signals) {
  const backend = openCpu({ threads: 1 });
  const size = 2 ** signals.length;
  const tables = Object.fromEntries(VALUES.map((value) => [value, new Float64Array(size)]));
  const before = await focus(base.graph, { tolerance: TOLERANCE }, backend);
  const { entropy } = entropiesOf(before.phi.data);
  for (let mask = 1; mask < size; mask++) {
    const chosen = signals.filter((_, player) => (mask >> player) & 1);
    const { graph } = applyDelta(base, chosen).after;
    const solved = await focus(graph, { tolerance: TOLERANCE }, backend);
    const after = solved.phi.data;
    let norm = 0;
    for (let i = 0; i < after.length; i++) {
      const place = base.graph.ids.indexOf(graph.ids.at(i));
      norm += Math.abs(after[i] - (place < 0 ? 0 : before.phi.data[place]));
    }
    tables.syntropy[mask] = entropy - entropiesOf(after).entropy;
    tables.directed[mask] = Math.max(0, tables.syntropy[mask]);
    tables['delta-norm'][mask] = norm;
  }
  backend.destroy();
  return tables;
}
