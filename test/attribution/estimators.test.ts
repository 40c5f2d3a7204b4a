// Estimators: every ordering has its chance, the axioms that hold exactly do, means come to the exact
// values, and replicates are pure functions of their index.

import { describe, expect, it } from 'vitest';
import { shapleyOfTable } from '../../src/attribution/enumeration.js';
import {
  DEFAULT_ESTIMATOR,
  estimatorOf,
  ESTIMATORS,
  groupFor,
} from '../../src/attribution/estimators/estimators.js';
import type { ReplicatePlan, Steps } from '../../src/attribution/estimators/estimator.js';
import { orderingOf } from '../../src/attribution/orderings.js';
import { chainsOf } from '../../src/attribution/replicates.js';
import type { TableGame } from '../../src/attribution/table-game.js';
import { beaconOf, randomGame } from './random-games.js';

const draw = { beacon: beaconOf(1), cluster: 0 };
const complete = ESTIMATORS.filter(({ name }) => name !== 'kernel' && name !== 'leverage');

function estimated(game: TableGame, plan: ReplicatePlan, index: number): readonly bigint[] {
  const chains = chainsOf(plan, draw, index);
  const values = chains.map((steps: Steps) => {
    let mask = 0;
    return steps.map((added) => {
      for (const player of added) mask |= 1 << player;
      return game.values[mask];
    });
  });
  return plan.estimate(chains, values, game.values[game.values.length - 1]);
}

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

describe('an ordering', () => {
  it('is the same wherever it is drawn, and another for each cluster and index', () => {
    const first = orderingOf(draw, 5, 12);
    expect(orderingOf({ ...draw }, 5, 12)).toEqual(first);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(orderingOf(draw, 6, 12)).not.toEqual(first);
    expect(orderingOf({ ...draw, cluster: 1 }, 5, 12)).not.toEqual(first);
    expect(() => orderingOf({ ...draw, cluster: -1 }, 0, 2)).toThrow(
      /cluster: expected an integer/,
    );
  });

  // A Fisher–Yates that draws below n each time gives some of the 24 orders a third more.
  it.each(complete.map(({ name }) => name))('of %s is each of 24 as often', (name) => {
    const estimator = estimatorOf(name);
    const plan = estimator.plan(4, 3);
    const counts = new Map<string, number>();
    const count = 6000;
    for (let index = 0; index < count; index++) {
      const [chain] = chainsOf(plan, draw, index).slice(-1);
      const key = chain.map(([player]) => player).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const chi = [...counts.values()].reduce((s, c) => s + (c - count / 24) ** 2 / (count / 24), 0);
    expect(counts.size).toBe(24);
    // 23 degrees of freedom: 49.7 is passed by one stream in a thousand.
    expect(chi).toBeLessThan(49.7);
  });
});

describe('the estimators', () => {
  const cases = ESTIMATORS.flatMap(({ name }) => [1, 2, 3, 9].map((n) => [name, n] as const));

  it.each(cases)('%s is efficient for %i players, as an integer', (name, players) => {
    const game = randomGame(players, players);
    for (const group of [1, 2, 5, 40]) {
      const plan = estimatorOf(name).plan(players, group);
      const grand = game.values[game.values.length - 1];
      for (let index = 0; index < 3; index++)
        expect(sum(estimated(game, plan, index))).toBe(plan.denominator * grand);
    }
  });

  it.each(complete.map(({ name }) => name))('%s keeps the axioms in every replicate', (name) => {
    const plan = estimatorOf(name).plan(6, 4);
    const [a, b] = [randomGame(5, 6), randomGame(6, 6)];
    const both = { ...a, values: a.values.map((value, mask) => value + b.values[mask]) };
    const idle = { ...a, values: a.values.map((_, mask) => a.values[mask & ~4]) };
    for (let index = 0; index < 5; index++) {
      const parts = [a, b].map((game) => estimated(game, plan, index));
      expect(estimated(both, plan, index)).toEqual(parts[0].map((x, i) => x + parts[1][i]));
      expect(estimated(idle, plan, index)[2]).toBe(0n);
    }
  });

  it.each(['antithetic', 'balanced', 'spherical'])('%s is exact for pairwise games', (name) => {
    const weight = (i: number, j: number): bigint => BigInt((i * 37 + j * 101) % 23) - 9n;
    const values = Array.from({ length: 256 }, (_, mask) => {
      let value = 0n;
      for (let i = 0; i < 8; i++)
        for (let j = 0; j <= i; j++) if ((mask >> i) & (mask >> j) & 1) value += weight(i, j);
      return value;
    });
    const { numerators, denominator } = shapleyOfTable(8, values);
    const game = { ...randomGame(1, 8), values };
    const plan = estimatorOf(name).plan(8, 3);
    estimated(game, plan, 0).forEach((value, i) =>
      expect(value * denominator).toBe(numerators[i] * plan.denominator),
    );
  });

  it.each(ESTIMATORS.map(({ name }) => name))('%s comes to the exact values', (name) => {
    const players = 7;
    const game = randomGame(9, players, 0.6);
    const { numerators, denominator } = shapleyOfTable(players, game.values);
    const estimator = estimatorOf(name);
    const plan = estimator.plan(players, estimator.isUnbiased ? 3 : 60);
    const count = estimator.isUnbiased ? 1500 : 150;
    const rows = Array.from({ length: count }, (_, index) =>
      estimated(game, plan, index).map((value) => Number(value) / Number(plan.denominator)),
    );
    for (let i = 0; i < players; i++) {
      const truth = Number(numerators[i]) / Number(denominator);
      const mean = rows.reduce((s, row) => s + row[i], 0) / count;
      const variance = rows.reduce((s, row) => s + (row[i] - mean) ** 2, 0) / (count - 1);
      // Four standard errors; a regression has a bias of one in the number of pairs besides.
      const bias = estimator.isUnbiased ? 0 : Math.sqrt(variance) / 4;
      expect(Math.abs(mean - truth)).toBeLessThan(4 * Math.sqrt(variance / count) + bias);
    }
  });

  it('puts each player once into each stratum of a balanced replicate', () => {
    const plan = estimatorOf('balanced').plan(12, 4);
    const orders = chainsOf(plan, draw, 3).filter((_, k) => k % 2 === 0);
    for (let player = 0; player < 12; player++) {
      const strata = orders.map((steps) =>
        Math.floor(steps.findIndex(([each]) => each === player) / 3),
      );
      expect(strata.sort()).toEqual([0, 1, 2, 3]);
    }
  });

  it('splits a hundred orderings of 200 players into five replicates', () => {
    const estimator = estimatorOf(DEFAULT_ESTIMATOR);
    const group = groupFor(estimator, 200, 100 * 199);
    const plan = estimator.plan(200, group);
    expect(Math.floor(100 / plan.orderings)).toBe(5);
    const [first, second] = chainsOf(plan, draw, 0);
    expect(new Set(first.flat()).size).toBe(200);
    expect([...first].reverse()).toEqual(second);
  });

  it('names what there is for a name that is not there', () => {
    expect(() => estimatorOf('guess')).toThrow(/permutation, antithetic.*found "guess"/);
  });
});
