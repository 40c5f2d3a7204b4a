// shapleyOf as a whole: the same bits however a run is cut up, stopping that does not depend on
// batches, efficiency, and control variates that change the spread and not the mean.

import { describe, expect, it } from 'vitest';
import { controlOf, gameOf, type Surrogate } from '../../src/attribution/control-variate.js';
import { sampledBy } from '../../src/attribution/controls/sampled.js';
import { shapleyOfTable } from '../../src/attribution/enumeration.js';
import { ESTIMATORS } from '../../src/attribution/estimators/estimators.js';
import type { FinishedReplicate } from '../../src/attribution/replicates.js';
import {
  shapleyOf,
  type ShapleyOptions,
  type ShapleyProgress,
  type ShapleyResult,
} from '../../src/attribution/shapley.js';
import type { Stopping } from '../../src/attribution/stopping.js';
import { tableGame } from '../../src/attribution/table-game.js';
import { beaconOf, randomGame, scrambled } from './random-games.js';

const game = randomGame(3, 8, 0.5);
const orderings: Stopping = { kind: 'orderings', orderings: 60 };
const options: ShapleyOptions = { beacon: beaconOf(2), cluster: 7, stopping: orderings };
const shares = ({ players }: ShapleyResult): bigint[] => players.map(({ units }) => units);

/** A run that is broken off after some replicates, and what it had written down. */
async function brokenOff(after: number, more: Partial<ShapleyOptions>): Promise<ShapleyProgress> {
  const written: FinishedReplicate[] = [];
  let start: ShapleyProgress | null = null;
  const stop = new AbortController();
  const run = shapleyOf(scrambled(game, 5), {
    ...options,
    ...more,
    signal: stop.signal,
    onStart: (begun) => void (start = begun),
    onReplicate: (done) => {
      written.push(done);
      if (written.length === after) stop.abort(new Error('broken off'));
    },
  });
  await expect(run).rejects.toThrow('broken off');
  const progress = start as unknown as ShapleyProgress;
  return JSON.parse(JSON.stringify({ ...progress, replicates: written })) as ShapleyProgress;
}

describe('shapleyOf', () => {
  it('gives the same bits for any order in which chains are done', async () => {
    const plain = await shapleyOf(game, options);
    for (const batch of [1, 3, 7, 1000])
      expect(await shapleyOf(scrambled(game, batch), options)).toEqual(plain);
    expect(await shapleyOf(game, { ...options, cluster: 8 })).not.toEqual(plain);
  });

  it.each(ESTIMATORS.map(({ name }) => name))(
    'resumes a run of %s to the same bits',
    async (name) => {
      const more = {
        estimator: name,
        stopping: { kind: 'evaluations', evaluations: 700 },
      } as const;
      const resume = await brokenOff(2, more);
      let replicates = 0;
      const resumed = await shapleyOf(game, {
        ...options,
        ...more,
        resume,
        onReplicate: () => void replicates++,
      });
      expect(resumed).toEqual(await shapleyOf(game, { ...options, ...more }));
      expect(replicates).toBe(resumed.replicates - 2);
    },
  );

  it('refuses to resume a run of another beacon, estimator or control variate', async () => {
    const resume = await brokenOff(1, {});
    for (const other of [
      { beacon: beaconOf(9) },
      { estimator: 'antithetic' },
      { group: 1 },
    ] as const)
      await expect(shapleyOf(game, { ...options, ...other, resume })).rejects.toThrow(/resume/);
  });

  it('is efficient to the unit, and counts what it asked for', async () => {
    for (const players of [1, 2, 3, 8]) {
      let asked = 0;
      const own = randomGame(4, players);
      const counted = {
        ...own,
        async *walk(chains: Parameters<typeof own.walk>[0]) {
          for await (const walked of own.walk(chains)) {
            asked += walked.values.length;
            yield walked;
          }
        },
      };
      const result = await shapleyOf(counted, options);
      expect(shares(result).reduce((a, b) => a + b)).toBe(own.values[own.values.length - 1]);
      expect(result.efficiencyGap).toBe(0n);
      expect(result.evaluations).toBe(asked);
    }
  });

  it('knows a single player, and two, without chance', async () => {
    const one = await shapleyOf(randomGame(5, 1), options);
    expect(one.players[0].units).toBe(one.totalUnits);
    expect(one.players[0].standardError).toBe(0);
    const pair = randomGame(6, 2);
    const two = await shapleyOf(pair, options);
    expect(shares(two)).toEqual(shapleyOfTable(2, pair.values).shares);
  });

  it('stops at a width after the same replicates for any batch, and after a break', async () => {
    const stopping = { kind: 'width', width: 0.004, mostOrderings: 5000 } as const;
    const plain = await shapleyOf(game, { ...options, stopping, group: 2 });
    expect(plain.reached).toBe(true);
    expect(plain.replicates % 8).toBe(0);
    expect(plain.replicates).toBeGreaterThan(8);
    for (const { low, high } of plain.players)
      expect((high as number) - (low as number)).toBeLessThanOrEqual(0.004);
    const batched = await shapleyOf(scrambled(game, 11), { ...options, stopping, group: 2 });
    expect(batched).toEqual(plain);
    const resume = await brokenOff(5, { stopping, group: 2 });
    expect(await shapleyOf(game, { ...options, stopping, group: 2, resume })).toEqual(plain);
    const narrow = { ...stopping, width: 1e-9, mostOrderings: 100 };
    const unmet = await shapleyOf(game, { ...options, stopping: narrow, group: 2 });
    expect([unmet.reached, unmet.orderings]).toEqual([false, 100]);
  });

  it('stops at a time by the clock that it is handed', async () => {
    let clock = 0;
    const stopping: Stopping = { kind: 'time', milliseconds: 100, now: () => (clock += 10) };
    const result = await shapleyOf(game, { ...options, stopping });
    expect(result.replicates).toBe(11);
    expect(result.players.every(({ low }) => low !== null)).toBe(true);
  });

  it('refuses budgets, beacons and games that are none', async () => {
    const none: Stopping = { kind: 'orderings', orderings: 0 };
    await expect(shapleyOf(game, { ...options, stopping: none })).rejects.toThrow(/orderings/);
    await expect(shapleyOf(game, { ...options, beacon: 'ab' })).rejects.toThrow(/beacon/);
    await expect(shapleyOf(game, { ...options, confidence: 95 })).rejects.toThrow(/confidence/);
    const empty = { players: 0, walk: game.walk };
    await expect(shapleyOf(empty, options)).rejects.toThrow(/one player/);
  });
});

describe('a control variate', () => {
  /** The game itself, its values rounded to a hundredth. */
  const surrogate: Surrogate = {
    name: 'rounded',
    players: 8,
    evaluations: 3,
    value: (members) => {
      const mask = members.reduce((bits, player) => bits | (1 << player), 0);
      return Math.round((Number(game.values[mask]) / 2 ** 61) * 1000) / 1000;
    },
  };

  it('leaves the mean and efficiency, and takes away what it knows of the spread', async () => {
    const control = await controlOf(surrogate);
    const { shares: truth } = shapleyOfTable(8, game.values);
    let [plainError, ownError] = [0, 0];
    for (let run = 0; run < 20; run++) {
      const beacon = beaconOf(100 + run);
      const plain = await shapleyOf(game, { ...options, beacon });
      const own = await shapleyOf(game, { ...options, beacon, control });
      expect(own.efficiencyGap).toBe(0n);
      expect(shares(own).reduce((a, b) => a + b)).toBe(own.totalUnits);
      expect(own.evaluations).toBe(plain.evaluations + 3);
      const error = (result: ShapleyResult): number =>
        shares(result).reduce((sum, x, i) => sum + (Number(x - truth[i]) / 2 ** 61) ** 2, 0);
      plainError += error(plain);
      ownError += error(own);
    }
    expect(ownError).toBeLessThan(plainError / 5);
  });

  it('is part of what a run is: one cannot be resumed without it', async () => {
    const resume = await brokenOff(1, { control: await controlOf(surrogate) });
    await expect(shapleyOf(game, { ...options, resume })).rejects.toThrow(/resume/);
    const other = { ...surrogate, value: (some: readonly number[]) => some.length / 64 };
    const control = await controlOf(other);
    await expect(shapleyOf(game, { ...options, control, resume })).rejects.toThrow(/resume/);
  });

  it('that is the game itself leaves nothing to chance', async () => {
    const same: Surrogate = {
      ...surrogate,
      value: (members) => members.reduce((sum, i) => sum + (i + 1) / 64, 0) ** 2 / 16,
    };
    const table = tableGame(8, (mask) =>
      same.value([...Array(8).keys()].filter((i) => (mask >> i) & 1)),
    );
    const result = await shapleyOf(table, { ...options, control: await controlOf(same) });
    const { shares: truth } = shapleyOfTable(8, table.values);
    expect(shares(result)).toEqual(truth);
    for (const { standardError } of result.players) expect(standardError).toBe(0);
  });

  it('in parts is the sum of games, each enumerated alone', async () => {
    const square = (members: readonly number[]): number =>
      members.reduce((sum, i) => sum + (i + 1) / 64, 0) ** 3;
    const parted: Surrogate = {
      name: 'parts',
      players: 14,
      evaluations: 0,
      value: square,
      parts: [[0, 2, 4, 6, 8, 10, 12], [1, 3, 5, 7, 9, 11], [13]],
    };
    const control = await controlOf(parted);
    expect(control.shares.reduce((a, b) => a + b)).toBe(control.grand);
    const table = new Array<bigint>(64);
    for (let mask = 0; mask < 64; mask++) {
      const members = [1, 3, 5, 7, 9, 11].filter((_, i) => (mask >> i) & 1);
      [table[mask]] = control.valuesOf([members]);
    }
    const { shares: odd } = shapleyOfTable(6, table);
    expect(odd).toEqual([1, 3, 5, 7, 9, 11].map((i) => control.shares[i]));
    await expect(controlOf({ ...parted, parts: undefined })).rejects.toThrow(
      /too many to enumerate/,
    );
  });

  it('too large to enumerate is sampled, and its error counts in the interval', async () => {
    const large: Surrogate = {
      ...surrogate,
      players: 14,
      value: (members) => Math.sqrt(members.reduce((sum, i) => sum + i + 1, 0)) / 64,
    };
    const control = await controlOf(large, { sample: sampledBy(options, 60) });
    expect(control.shares.reduce((a, b) => a + b)).toBe(control.grand);
    const result = await shapleyOf(gameOf(large), { ...options, control });
    result.players.forEach(({ standardError }, i) =>
      expect(standardError).toBeCloseTo(control.shareErrors[i], 15),
    );
  });
});
