// Which estimator of Shapley values has the least error for the values it asks for? On twelve-player
// games of this engine, known in full (shapley-games.mjs): the squared error of all shares, mean over
// --seeds beacons (default 200), at 4, 16 and 64 evaluations a player, for every estimator without and
// with control variates, as a ratio to plain `permutation` without one: how many times smaller. v(∅) is
// free, v(N) counts once, adjoint solves count. --games (default all),
// --estimators (default all), --budgets=4,16,64.
import { createHash } from 'node:crypto';
import { adjointOf, axonChangesOf, focus, openCpu } from '../dist/index.js';
import { openCoalitionGame } from '../dist/attribution/coalition-game.js';
import { controlOf } from '../dist/attribution/control-variate.js';
import { adjointSurrogate } from '../dist/attribution/controls/adjoint.js';
import { coarseSurrogate } from '../dist/attribution/controls/coarse.js';
import { superposedSurrogate } from '../dist/attribution/controls/superposed.js';
import { shapleyOfTable } from '../dist/attribution/enumeration.js';
import { ESTIMATORS, groupFor } from '../dist/attribution/estimators/estimators.js';
import { VALUE_ONE } from '../dist/attribution/game.js';
import { orderingStream } from '../dist/attribution/orderings.js';
import { unitsOf } from '../dist/attribution/table-game.js';
import { shapleyGames } from './shapley-games.mjs';

const SUPERPOSED = [
  { name: 'superposed' },
  { name: 'kept-only', lumps: 'nothing' },
  { name: 'moves', interactions: false },
];

const ONE = Number(VALUE_ONE);

export async function bench({ seeds = '200', games: names, budgets = '4,16,64', estimators }) {
  const chosen = ESTIMATORS.filter(({ name }) => estimators?.split(',').includes(name) ?? true);
  const games = (await shapleyGames(names?.split(','))).filter(({ values }) =>
    values.some((value) => value !== 0),
  );
  const tables = [];
  for (const game of games) tables.push(...(await tablesOf(game)));
  const rows = [];
  for (const perPlayer of budgets.split(',').map(Number)) {
    const errors = measure(tables, chosen, perPlayer, Number(seeds));
    rows.push(...rowsOf(tables, chosen, errors, perPlayer));
  }
  return rows;
}

/** The game, and the game less each surrogate: the error of an estimate is that of the rest. */
async function tablesOf({ name, value, players, values, entropyParts, base, signals }) {
  const backend = openCpu({ threads: 1 });
  const solved = await focus(base.graph, { tolerance: 1e-12 }, backend);
  const changes = signals.map((signal) => axonChangesOf(base, [signal]));
  const own = Array.from(values, unitsOf);
  const made = [{ game: name, players, control: 'none', cost: 0, ...shapleyOfTable(players, own) }];
  const surrogates = [coarseSurrogate(base.graph, solved, changes, value)];
  const { parameters, phi, errorBound } = solved;
  const opened = await openCoalitionGame(
    base.graph,
    { parameters, phi: phi.data, errorBound },
    changes,
    { value, tolerance: 1e-10 },
  );
  for (const options of SUPERPOSED)
    surrogates.push({
      ...superposedSurrogate(opened, base.graph, solved, changes, value, options),
      name: options.name,
    });
  if (value === 'syntropy') {
    const adjoint = await adjointOf(base.graph, solved, 'syntropy', {}, backend);
    surrogates.push(adjointSurrogate(adjoint, base.graph.particles, changes));
  }
  if (value === 'directed') {
    const gains = entropyParts;
    const all = gains.length - 1;
    const everyone = [...Array(players).keys()];
    const ends = {
      alone: everyone.map((i) => gains[1 << i]),
      without: everyone.map((i) => gains[all ^ (1 << i)]),
      all: gains[all],
    };
    surrogates.push(coarseSurrogate(base.graph, solved, changes, value, { ends }));
  }
  for (const surrogate of surrogates) {
    const start = performance.now();
    const control = await controlOf(surrogate);
    const elapsed = performance.now() - start;
    const everyone = (mask) => [...Array(players).keys()].filter((i) => (mask >> i) & 1);
    const rest = own.map((units, mask) =>
      mask === 0 ? 0n : units - control.valuesOf([everyone(mask)])[0],
    );
    process.stderr.write(
      `${name}: ${surrogate.name} for ${base.graph.particles} particles, ` +
        `${(elapsed / rest.length).toFixed(2)} ms a value\n`,
    );
    const control_ = surrogate.name.includes('ends') ? 'ends' : surrogate.name.split(' ')[0];
    const cost = surrogate.evaluations;
    made.push({ game: name, players, control: control_, cost, ...shapleyOfTable(players, rest) });
  }
  backend.destroy();
  return made;
}

/** Mean squared error by estimator and table; draws are shared by all tables. */
function measure(tables, estimators, perPlayer, seeds) {
  const [{ players }] = tables;
  const errors = new Map();
  for (const estimator of estimators) {
    for (const cost of new Set(tables.map((table) => table.cost))) {
      const budget = perPlayer * players - 1 - cost;
      const plan = estimator.plan(players, groupFor(estimator, players, budget));
      const replicates = Math.max(1, Math.floor(budget / plan.evaluations));
      for (let seed = 0; seed < seeds; seed++) {
        const beacon = createHash('sha256').update(`seed ${seed}`).digest('hex');
        const drawn = Array.from({ length: replicates }, (_, index) =>
          plan.draw(orderingStream({ beacon, cluster: 0 }, index)),
        );
        for (const table of tables.filter((each) => each.cost === cost)) {
          const key = `${estimator.name} ${table.game} ${table.control}`;
          const error = squaredError(plan, drawn, table);
          errors.set(key, (errors.get(key) ?? 0) + error / seeds);
        }
      }
    }
  }
  return errors;
}

function squaredError(plan, drawn, { values, grand, numerators, denominator }) {
  const sums = new Array(plan.players).fill(0n);
  for (const chains of drawn) {
    const walked = chains.map((steps) => {
      let mask = 0;
      return steps.map((added) => {
        for (const player of added) mask |= 1 << player;
        return values[mask];
      });
    });
    plan.estimate(chains, walked, grand).forEach((value, i) => (sums[i] += value));
  }
  const scale = Number(plan.denominator) * drawn.length;
  return sums.reduce((total, sum, i) => {
    const error = (Number(sum) / scale - Number(numerators[i]) / Number(denominator)) / ONE;
    return total + error * error;
  }, 0);
}

/** A row for each estimator and control variate: the ratio on every game. */
function rowsOf(tables, estimators, errors, perPlayer) {
  const games = [...new Set(tables.map((table) => table.game))];
  const controls = [...new Set(tables.map((table) => table.control))];
  return estimators.flatMap(({ name }) =>
    controls.map((control) => ({
      'per player': String(perPlayer),
      estimator: name,
      control,
      ...Object.fromEntries(
        games.map((game) => {
          const plain = errors.get(`permutation ${game} none`);
          const own = errors.get(`${name} ${game} ${control}`);
          return [game, own === undefined ? null : plain / own];
        }),
      ),
    })),
  );
}
