// Exact Shapley values: against the definition by orderings, the axioms, known games, and the chains
// that all coalitions are asked along.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enumerateShapley, symmetricChains } from '../../src/attribution/enumeration.js';
import { VALUE_ONE } from '../../src/attribution/game.js';
import { tableGame } from '../../src/attribution/table-game.js';
import { randomGame } from './random-games.js';

function orderingsOf(players: number): number[][] {
  if (players === 0) return [[]];
  return orderingsOf(players - 1).flatMap((order) =>
    Array.from({ length: players }, (_, at) => [
      ...order.slice(0, at),
      players - 1,
      ...order.slice(at),
    ]),
  );
}

const units = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
const tables = fc
  .integer({ min: 1, max: 5 })
  .chain((n) => fc.array(units, { minLength: 2 ** n - 1, maxLength: 2 ** n - 1 }))
  .map((values) => [0n, ...values]);
const playersOf = (values: readonly bigint[]): number => Math.log2(values.length);
const exactly = (values: readonly bigint[]) =>
  enumerateShapley(tableGame(playersOf(values), values));

describe('symmetric chains', () => {
  it.each([1, 2, 3, 4, 7, 12])('hold every coalition of %i players but ∅ once', (players) => {
    const seen = new Set<number>();
    const chains = symmetricChains(players);
    chains.forEach(({ index, steps }, place) => {
      expect(index).toBe(place);
      let mask = 0;
      for (const added of steps) {
        for (const player of added) {
          expect(mask & (1 << player)).toBe(0);
          mask |= 1 << player;
        }
        expect(seen.has(mask)).toBe(false);
        seen.add(mask);
      }
      for (const added of steps.slice(1)) expect(added).toHaveLength(1);
    });
    expect(seen.size).toBe(2 ** players - 1);
    const middle = [1, 2, 3, 6, 10, 20, 35, 70, 126, 252, 462, 924];
    expect(chains).toHaveLength(middle[players - 1]);
  });
});

describe('enumeration', () => {
  it('is the mean of marginals over all orderings', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (values) => {
        const players = playersOf(values);
        const sums = new Array<bigint>(players).fill(0n);
        for (const order of orderingsOf(players)) {
          let mask = 0;
          for (const player of order) {
            sums[player] += values[mask | (1 << player)] - values[mask];
            mask |= 1 << player;
          }
        }
        const { numerators, denominator } = await exactly(values);
        expect(numerators).toEqual(sums);
        expect(denominator).toBe(BigInt(orderingsOf(players).length));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('is efficient, in rationals and in units', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (values) => {
        const { numerators, denominator, shares, grand } = await exactly(values);
        expect(numerators.reduce((sum, value) => sum + value, 0n)).toBe(grand * denominator);
        expect(shares.reduce((sum, value) => sum + value, 0n)).toBe(grand);
        shares.forEach((share, i) => {
          const off = share * denominator - numerators[i];
          expect(off < denominator && -off < denominator).toBe(true);
        });
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it('gives nothing to a player who adds nothing, and alike to players who add alike', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (values) => {
        const withNull = [...values, ...values];
        const added = await exactly(withNull);
        expect(added.numerators[playersOf(values)]).toBe(0n);
        // Two new players of whom either one counts, and both no more than one.
        const twins = Array.from({ length: 4 * values.length }, (_, mask) => {
          const one = mask >= values.length ? VALUE_ONE / 3n : 0n;
          return values[mask % values.length] + (mask === 0 ? 0n : one);
        });
        const { numerators } = await exactly(twins);
        expect(numerators.at(-1)).toBe(numerators.at(-2));
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('is additive over games', async () => {
    const [a, b] = [randomGame(1, 6), randomGame(2, 6)];
    const sum = await exactly(a.values.map((value, mask) => value + b.values[mask]));
    const [left, right] = [await exactly(a.values), await exactly(b.values)];
    expect(sum.numerators).toEqual(left.numerators.map((value, i) => value + right.numerators[i]));
  });

  it('knows the glove game: one left glove and two right ones', async () => {
    const glove = tableGame(3, (mask) => Number((mask & 1) === 1 && mask > 1));
    const { shares } = await enumerateShapley(glove);
    expect(shares.map((share) => Number(share) / Number(VALUE_ONE))).toEqual(
      [4 / 6, 1 / 6, 1 / 6].map((share) => expect.closeTo(share, 15)),
    );
  });

  it('refuses thirteen players unless asked, and seventeen always', async () => {
    await expect(enumerateShapley(randomGame(1, 13))).rejects.toThrow(/1…12 players, found 13/);
    const huge = { players: 17, walk: randomGame(1, 2).walk };
    await expect(enumerateShapley(huge, { mostPlayers: 20 })).rejects.toThrow(/1…16/);
    const { evaluations } = await enumerateShapley(randomGame(1, 13), { mostPlayers: 13 });
    expect(evaluations).toBe(8191);
  });
});
