// Exact columns that differ on the CPU: their bits are those of the second implementation, whatever
// the width of the block, the neighbours and the threads; and they are within the proven bounds of
// what the changed graph gives when it is solved by itself, in exact arithmetic and in f64.

import { afterAll, describe, expect, it } from 'vitest';
import type { ExactBackend } from '../../src/backend/exact.js';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import {
  openExactBlock,
  type ExactBlockOptions,
  type ExactVaried,
  type ExactVariation,
} from '../../src/focus/exact/block.js';
import { randomStream } from '../../src/base/random.js';
import { distanceOfUnits } from '../../src/focus/exact/delta.js';
import { focus } from '../../src/focus/focus.js';
import { solveUnits } from '../../src/focus/exact/solve-units.js';
import { resolveParameters } from '../../src/focus/parameters.js';
import type { AxonChange } from '../../src/graph/change.js';
import type { WeightedGraph } from '../../src/graph/graph.js';
import { bigintVaried } from './bigint-varied.js';
import { changedGraph, graphOf, variationsOf, type VariationCase } from './variations.js';

const SEEDS = Number(process.env['FOCUS_VARIATIONS'] ?? 16);
const TOLERANCE = 1e-10;
const one = openCpuExact({ threads: 1 });
afterAll(() => one.destroy());

async function solveAll(
  graph: WeightedGraph,
  options: ExactBlockOptions,
  variations: readonly ExactVariation[],
  backend: ExactBackend = one,
): Promise<readonly (ExactVaried | null)[]> {
  const added = variations.reduce((most, { changes }) => Math.max(most, changes.added), 0);
  const block = await openExactBlock(graph, { tolerance: TOLERANCE, added, ...options }, backend);
  try {
    return await block.solve(variations);
  } finally {
    block.destroy();
  }
}

const bits = (found: ExactVaried | null): unknown =>
  found === null ? null : { ...found, units: found.units.join() };

/** Starts of every kind: the base's focus, a point mass, and noise with units for lost particles. */
function startsOf({ graph, changes }: VariationCase): ExactVariation[] {
  return changes.map((change, b) => {
    const length = graph.particles + change.added;
    if (b % 3 === 0) return { changes: change };
    const start = new BigInt64Array(length);
    for (let i = 0; i < length; i++) {
      start[i] = b % 3 === 1 ? 1n << 54n : BigInt((i * 7919) % 31) << 40n;
    }
    return { changes: change, start };
  });
}

describe('exact columns that differ', () => {
  it('are those of the second implementation, to the bit', { timeout: 600_000 }, async () => {
    const seen = { refused: 0, lost: 0, gained: 0, quantised: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const given = variationsOf(seed, 6);
      const { graph, options, name } = given;
      const variations = startsOf(given);
      const base = (await solveUnits(graph, { ...options, tolerance: TOLERANCE }, 1, one))[0].units;
      const found = await solveAll(graph, { ...options, base, columns: 3 }, variations);
      const { lambda, teleport, mu, tau } = resolveParameters(options, graph);
      variations.forEach(({ changes, start }, b) => {
        const padded = [...(start ?? base), ...new Array<bigint>(changes.added).fill(0n)];
        const expected = bigintVaried({
          base: graph.axons,
          changes: changes.axons,
          added: changes.added,
          start: padded.slice(0, graph.particles + changes.added),
          lambda,
          teleport,
          mu,
          tau,
          prior: options.prior ?? 'degree',
          tolerance: TOLERANCE,
        });
        const ours = found[b];
        if (ours === null || expected === null) {
          expect(ours, `${name}, change ${b}`).toBe(expected);
          seen.refused++;
          return;
        }
        const { units, residual, applications, errorBound, entropy, syntropy } = ours;
        expect(
          { units: [...units], residual, applications, errorBound, entropy, syntropy },
          `${name}, change ${b}`,
        ).toEqual(expected);
        seen.lost += Number(units.subarray(0, graph.particles).includes(0n));
        seen.gained += Number(changes.added > 0);
        const whole = graph.axons.weights.every(Number.isInteger);
        const fraction = changes.axons.some(({ after }) => after % 1 !== 0);
        seen.quantised += Number(whole && fraction);
      });
    }
    // The cases hold what they are meant to.
    expect(Math.min(seen.refused, seen.lost, seen.gained, seen.quantised)).toBeGreaterThan(0);
  });

  it('do not depend on width, neighbours or threads', { timeout: 600_000 }, async () => {
    for (const seed of [3]) {
      const given = variationsOf(seed, 9, 60);
      const { graph, options, name } = given;
      const variations = startsOf(given);
      const expected = (await solveAll(graph, { ...options, columns: 1 }, variations)).map(bits);
      for (const columns of [3, 8]) {
        const found = await solveAll(graph, { ...options, columns, added: 9 }, variations);
        expect(found.map(bits), `${name}, B = ${columns}`).toEqual(expected);
      }
      const turned = await solveAll(graph, options, variations.toReversed());
      expect(turned.toReversed().map(bits), `${name}, other neighbours`).toEqual(expected);
      for (const threads of [2, 3]) {
        const backend = openCpuExact({ threads, worthSharing: 0 });
        const found = await solveAll(graph, options, variations, backend);
        expect(found.map(bits), `${name}, ${threads} threads`).toEqual(expected);
        backend.destroy();
      }
    }
  });

  it('are within both bounds of the changed graph by itself', { timeout: 600_000 }, async () => {
    let nearest = 1;
    for (let seed = 100; seed < 100 + SEEDS; seed++) {
      const { graph, options, name, changes } = variationsOf(seed, 5, 60);
      const found = await solveAll(
        graph,
        options,
        changes.map((change) => ({ changes: change })),
      );
      for (const [b, varied] of found.entries()) {
        if (varied === null) continue;
        const what = `${name}, change ${b}`;
        expect(varied.units.reduce((x, y) => x + y)).toBe(1n << 61n);
        const after = changedGraph(graph, changes[b]);
        expect(varied.particles).toBe(after.rows.length);
        const cold = await solveUnits(after.graph, { ...options, tolerance: TOLERANCE }, 1, one);
        const distance = after.rows.reduce((sum, row, i) => {
          const apart = varied.units[row] - cold[0].units[i];
          return sum + Number(apart < 0n ? -apart : apart) / 2 ** 61;
        }, 0);
        const bound = varied.errorBound + (cold[0].errorBound ?? 0);
        expect(distance, what).toBeLessThanOrEqual(bound);
        nearest = Math.min(nearest, distance / bound);
        if (b === 1 && seed % 3 === 0) {
          const double = await focus(after.graph, { ...options, tolerance: 1e-12 });
          const apart = after.rows.reduce(
            (sum, row, i) =>
              sum + Math.abs(Number(varied.units[row]) / 2 ** 61 - double.phi.get(i, 0)),
            0,
          );
          expect(apart, what).toBeLessThanOrEqual(varied.errorBound + (double.errorBound ?? 0));
        }
        // Integers below 2⁵⁷ are not quantised, and then the tolerance is met.
        const weights = [...graph.axons.weights, ...changes[b].axons.map(({ after: own }) => own)];
        if (weights.every(Number.isInteger)) expect(varied.converged, what).toBe(true);
      }
    }
    expect(nearest).toBeLessThan(1);
  });

  it('starts from another coalition and ends near the same focus', async () => {
    const { graph, options, changes } = variationsOf(7, 5, 60);
    const block = await openExactBlock(graph, { ...options, added: 9 }, one);
    const [, first] = await block.solve(changes.map((change) => ({ changes: change })));
    if (first === null) throw new Error('the case has a first coalition');
    const second = changes[2];
    const start = new BigInt64Array(graph.particles + second.added);
    start.set(first.units.subarray(0, graph.particles));
    const [cold, warm] = await block.solve([{ changes: second }, { changes: second, start }]);
    if (cold === null || warm === null) throw new Error('the case fits');
    const apart = distanceOfUnits(cold.units, warm.units);
    expect(Number(apart) / 2 ** 61).toBeLessThanOrEqual(cold.errorBound + warm.errorBound);
    expect(Number(apart)).toBeGreaterThan(0);
    block.destroy();
  });

  it('are told apart by word what integers of 64 bits say', () => {
    const random = randomStream(1, 9);
    const any = (): bigint =>
      ((BigInt(random.uint32()) << 32n) | BigInt(random.uint32())) >> BigInt(3 + random.below(60));
    const a = BigInt64Array.from({ length: 300 }, any);
    const b = BigInt64Array.from({ length: 280 }, (_, i) => (i % 3 === 0 ? a[i] ^ 1n : any()));
    const expected = a.reduce((sum, value, i) => {
      const apart = value - (b[i] ?? 0n);
      return sum + (apart < 0n ? -apart : apart);
    }, 0n);
    expect(distanceOfUnits(a, b)).toBe(expected);
    expect(distanceOfUnits(b, a)).toBe(expected);
    expect(distanceOfUnits(a, a)).toBe(0n);
  });

  it('refuse what they cannot hold', async () => {
    const axons = new Map([
      [1, 2],
      [2 ** 16, 3],
    ]);
    const graph = graphOf(2, axons);
    const solved = async (axon: AxonChange, added = 0): Promise<ExactVaried | null> =>
      (await solveAll(graph, { added: 2 }, [{ changes: { added, axons: [axon] } }]))[0];
    // A change that takes more than half of all stake, or gives a particle 2⁶ of it.
    expect(await solved({ from: 1, to: 0, before: 3, after: 0 })).toBeNull();
    expect(await solved({ from: 1, to: 0, before: 3, after: 400 })).toBeNull();
    expect((await solved({ from: 1, to: 0, before: 3, after: 99 }))?.converged).toBe(true);
    expect((await solved({ from: 0, to: 2, before: 0, after: 1 }, 1))?.particles).toBe(3);
    for (const [wrong, message] of [
      [{ from: 0, to: 2, before: 0, after: 1 }, /particles below 2/],
      [{ from: 0, to: 0, before: 0, after: 1 }, /different/],
      [{ from: 0, to: 1, before: 2, after: -1 }, /weight/],
    ] as const) {
      await expect(solved(wrong)).rejects.toThrow(message);
    }
    await expect(solved({ from: 0, to: 5, before: 0, after: 1 }, 4)).rejects.toThrow(/at most 2/);
    const block = await openExactBlock(graph, {}, one);
    const none = { added: 0, axons: [] };
    for (const start of [new BigInt64Array(3), new BigInt64Array(2), BigInt64Array.of(-1n, 2n)]) {
      await expect(block.solve([{ changes: none, start }])).rejects.toThrow(/start 0/);
    }
    block.destroy();
    for (const [options, message] of [
      [{ reading: 'focus-1-combinatorial', unit: 3 }, /focus-1 or pagerank/],
      [{ prior: Float64Array.of(1, 2) }, /degree or uniform/],
      [{ columns: 0 }, /columns/],
      [{ added: -1 }, /added/],
    ] as const) {
      await expect(openExactBlock(graph, options, one)).rejects.toThrow(message);
    }
  });
});
