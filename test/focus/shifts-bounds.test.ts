// Changes that take nearly all of a stake away, against dense solves of the graphs after: what is
// left is then a difference of large numbers, and no bound may be below what that costs.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { focus } from '../../src/focus/focus.js';
import type { ShiftBase } from '../../src/focus/local/base.js';
import { reduceBlock } from '../../src/focus/local/block-shifts.js';
import { logarithmOfRatio, shiftSums } from '../../src/focus/local/shift.js';
import { changedAxons } from '../../src/focus/local/whole.js';
import { resolveParameters, type FocusOptions } from '../../src/focus/parameters.js';
import { openShifts, shiftsOf, type ShiftOptions } from '../../src/focus/shifts.js';
import { axonWeight, type AxonChanges } from '../../src/graph/change.js';
import type { Graph } from '../../src/graph/graph.js';
import { denseFocus, DENSE_DEFAULTS } from '../dense.js';
import { distance, graphOf, type LinkTuple } from '../graphs.js';

type To = readonly [from: number, to: number, after: number];

const backend = openCpu({ threads: 1 });

function changeOf(graph: Graph, added: number, list: readonly To[]): AxonChanges {
  const n = graph.particles;
  const weight = (p: number, q: number): number => (p < n && q < n ? axonWeight(graph, p, q) : 0);
  return {
    added,
    axons: list.map(([from, to, after]) => ({ from, to, before: weight(from, to), after })),
  };
}

async function shiftsFor(
  links: readonly LinkTuple[],
  changes: readonly (readonly [number, readonly To[]])[],
  options: FocusOptions,
  shiftOptions: ShiftOptions,
) {
  const graph = graphOf(links);
  const { parameters, phi, errorBound } = await focus(graph, { ...options, tolerance: 1e-13 });
  const base = { parameters, phi: phi.data, errorBound: errorBound ?? 2 };
  const list = changes.map(([added, own]) => changeOf(graph, added, own));
  const shifts = await shiftsOf(graph, base, list, { floor: 0, ...shiftOptions }, backend);
  const errors = list.map((change, k) => {
    const { axons, kept } = changedAxons(graph.axons, change);
    const after = { ...graph, axons, particles: kept.length };
    const { teleport, mu, tau, lambda } = resolveParameters(options, graph);
    const truth = denseFocus(after, { ...DENSE_DEFAULTS, teleport, mu, tau, lambda });
    const found = new Float64Array(graph.particles + change.added);
    phi.data.forEach((value, i) => (found[i] = value * (1 - shifts[k].share)));
    shifts[k].particles.forEach((i, at) => {
      found[i] = (i < phi.data.length ? phi.data[i] : 0) + shifts[k].values[at];
    });
    const whole = new Float64Array(found.length);
    kept.forEach((i, row) => (whole[i] = truth[row]));
    return distance(found, whole);
  });
  return { shifts, errors };
}

describe('bounds of shifts', () => {
  it.each([
    [
      'at a sender',
      [
        ['b', 'a', 1],
        ['c', 'a', 1],
      ],
      [0, 1, 2],
      1e-9,
      { reading: 'pagerank' },
    ],
    [
      'of all that is large',
      [
        ['a', 'b', 5512],
        ['b', 'a', 1],
      ],
      [0, 1, 2],
      1e-9,
      {},
    ],
  ] as const)('cover what cancels near a change %s', async (_, links, particles, left, options) => {
    for (const from of particles) {
      for (const to of particles) {
        const graph = graphOf(links);
        const n = graph.particles;
        if (from >= n || to >= n || axonWeight(graph, from, to) === 0) continue;
        for (const mode of ['certified', 'local'] as const) {
          const { shifts, errors } = await shiftsFor(links, [[0, [[from, to, left]]]], options, {
            mode,
            tolerance: 1e-11,
          });
          expect(shifts[0].leftOut).toBeGreaterThanOrEqual(0);
          expect(errors[0]).toBeLessThanOrEqual(shifts[0].errorBound + 1e-14);
        }
      }
    }
  });

  it.each([2 ** 40, 2 ** 50])('cover the prior of a column that loses %d', async (large) => {
    // a gives it all to x and keeps what it is given; neither a nor x sends what is left.
    const links: LinkTuple[] = [
      ['a', 'x', large],
      ['c', 'a', 1 / 3],
      ['c', 'x', 1 / 7],
      ['d', 'c', 1 / 5],
    ];
    for (const options of [{ reading: 'pagerank' }, { lambda: [1, 0, 0] }] as const) {
      const graph = graphOf(links);
      const place = (id: string): number =>
        [...Array(graph.particles).keys()].find((i) => graph.ids.at(i) === id)!;
      const list: To[] = [[place('a'), place('x'), 0]];
      const { shifts, errors } = await shiftsFor(links, [[0, list]], options, {
        mostArcs: 0,
        tolerance: 1e-9,
      });
      expect(shifts[0].converged).toBe(true);
      expect(errors[0]).toBeLessThanOrEqual(shifts[0].errorBound + 1e-14);
    }
  });

  it('a change that leaves no old particle, and one beside new ones of vanishing stake', async () => {
    const links: LinkTuple[] = [
      ['a', 'b', 1],
      ['b', 'c', 2],
      ['c', 'a', 3],
    ];
    const gone: To[] = [
      [0, 1, 0],
      [1, 2, 0],
      [2, 0, 0],
      [3, 4, 1],
    ];
    const changes: (readonly [number, readonly To[]])[] = [
      [2, gone],
      [1, [[0, 3, 1]]],
      [1, [[0, 3, 1e-200]]],
    ];
    const { shifts, errors } = await shiftsFor(links, changes, {}, { mostArcs: 0 });
    shifts.forEach((shift, k) => {
      expect(shift.converged, `${k}`).toBe(true);
      expect(errors[k], `${k}`).toBeLessThanOrEqual(shift.errorBound + 1e-14);
    });
  });

  it('looking near ends where what it moves grows beyond all numbers', async () => {
    const links: LinkTuple[] = [
      ['a', 'b', 0.060563838886510214],
      ['b', 'a', 2.0164116519109475e-16],
    ];
    const options: FocusOptions = { teleport: 0.2577896473463625, prior: 'uniform' };
    const list: To[] = [
      [0, 1, 0],
      [1, 0, 1.6869877468066847e-19],
    ];
    const { shifts } = await shiftsFor(links, [[0, list]], options, { tolerance: 4.5e-7 });
    expect(shifts[0].converged).toBe(true);
  });

  it('logarithms of ratios are numbers where focus falls to nothing, or rises from it', () => {
    for (const [before, after] of [
      [0.5, 1e-20],
      [1e-310, 0.5],
      [0.25, 0.75],
    ]) {
      const found = logarithmOfRatio(after, before, Math.log(before), after - before);
      expect(found).toBeCloseTo(Math.log(after) - Math.log(before), 12);
    }
    const [phi, after] = [Float64Array.of(0.5, 0.5), Float64Array.of(1e-20, 1)];
    const base = { phi, errorBound: 0 } as unknown as ShiftBase;
    const column = { mass: 1, leftOut: 0, arcs: 0, particlesAfter: 2 };
    const ones = Float64Array.of(1, 1);
    const [shift] = reduceBlock(base, shiftSums(base), ones, after, 1, [column], 1, 0);
    expect(shift.entropyPart).toBeCloseTo(Math.log(2), 12);
  });

  it('a tolerance that no double meets is a result', async () => {
    const links: LinkTuple[] = [
      ['a', 'b', 1],
      ['b', 'c', 2],
    ];
    const { shifts } = await shiftsFor(links, [[0, [[0, 1, 5]]]], {}, { tolerance: 1e-16 });
    expect(shifts[0].converged).toBe(false);
    expect(shifts[0].leftOut).toBeLessThan(1e-11);
  });

  it.each([
    { columns: 0 },
    { columns: 2.5 },
    { columns: NaN },
    { mostArcs: NaN },
    { mostArcs: -1 },
  ])('refuses %j', async (options) => {
    const links: LinkTuple[] = [['a', 'b', 1]];
    await expect(shiftsFor(links, [[0, [[0, 1, 5]]]], {}, options)).rejects.toMatchObject({
      code: 'bad-parameter',
    });
  });

  it('refuses places outside the list of changes', async () => {
    const graph = graphOf([['a', 'b', 1]]);
    const { parameters, phi } = await focus(graph, {});
    const base = { parameters, phi: phi.data, errorBound: 1e-9 };
    const shifts = await openShifts(graph, base, [{ added: 0, axons: [] }]);
    await expect(shifts.of([1])).rejects.toMatchObject({ code: 'bad-parameter' });
    shifts.destroy();
  });

  it.each([-1, 1.5, NaN, 2 ** 33])('refuses %d particles added', async (added) => {
    const graph = graphOf([['a', 'b', 1]]);
    const { parameters, phi } = await focus(graph, {});
    const base = { parameters, phi: phi.data, errorBound: 1e-9 };
    await expect(shiftsOf(graph, base, [{ added, axons: [] }])).rejects.toMatchObject({
      code: 'bad-input',
    });
  });
});
