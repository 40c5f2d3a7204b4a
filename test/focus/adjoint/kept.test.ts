// An adjoint that keeps numbers of few particles, and joint values put together from pieces, against
// the adjoint of all particles and its joint transactions.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../../src/backend/cpu/cpu.js';
import { randomStream } from '../../../src/base/random.js';
import { adjointOf, type Adjoint } from '../../../src/focus/adjoint/adjoint.js';
import {
  columnValue,
  priorValue,
  type ColumnPiece,
  type WeightedLink,
} from '../../../src/focus/adjoint/pieces.js';
import { focus, type SolverOptions } from '../../../src/focus/focus.js';
import { axonWeight } from '../../../src/graph/change.js';
import { graphOf, randomLinks, type LinkTuple } from '../../graphs.js';

const backend = openCpu({ threads: 1 });
const links = randomLinks(3, 40, 90).map(([a, b, w]): LinkTuple => [a, b, Math.sqrt(w)]);
const graph = graphOf(links);
const n = graph.particles;
const columns = (list: readonly WeightedLink[]) => ({
  from: list.map(({ from }) => from),
  to: list.map(({ to }) => to),
  weight: list.map(({ weight }) => weight),
});

async function adjoint(options: SolverOptions, particles?: number[]): Promise<Adjoint> {
  const solved = await focus(graph, { tolerance: 1e-13, ...options }, backend);
  return adjointOf(graph, solved, 'syntropy', { tolerance: 1e-12, particles }, backend);
}

/** Links among some particles; some axons of theirs lose a part, or all. */
function randomSet(seed: number, among: readonly number[]): WeightedLink[] {
  const random = randomStream(seed, 2);
  const pick = (): number => among[random.below(among.length)];
  const set: WeightedLink[] = [];
  while (set.length < 8) {
    const [from, to] = [pick(), pick()];
    if (from !== to) set.push({ from, to, weight: 1 + random.below(50) });
  }
  for (const from of among) {
    for (const to of among) {
      const weight = axonWeight(graph, from, to);
      if (weight > 0 && random.below(2) === 0)
        set.push({ from, to, weight: -weight * (random.below(2) === 0 ? 1 : 0.5) });
    }
  }
  return set;
}

/** Σ over particles, and the prior. */
function together(of: Adjoint, sets: readonly (readonly WeightedLink[])[]): number {
  const sums = new Map<number, ColumnPiece>();
  let [weight, lambda] = [0, 0];
  for (const set of sets) {
    const pieces = of.pieces(set);
    weight += pieces.weight;
    lambda += pieces.lambda;
    for (const piece of pieces.columns) {
      const sum = sums.get(piece.particle);
      if (sum === undefined) sums.set(piece.particle, { ...piece });
      else {
        for (const name of ['degree', 'out', 'spread', 'walk'] as const) sum[name] += piece[name];
      }
    }
  }
  let value = priorValue(of.priorBefore, { weight, lambda });
  for (const [particle, sum] of sums) value += columnValue(of.column(particle), sum);
  return value;
}

describe('pieces of a joint value', () => {
  it.each([
    ['focus-1', {}],
    ['the uniform prior', { prior: 'uniform' }],
    ['pagerank', { reading: 'pagerank' }],
    ['the combinatorial Laplacian', { reading: 'focus-1-combinatorial', unit: 20 }],
  ] as [string, SolverOptions][])('add up to joint transactions, for %s', async (_, options) => {
    const of = await adjoint(options);
    let [jumps, lost, all] = [0, 0, 0];
    for (let seed = 0; seed < 30; seed++) {
      const among = Array.from({ length: 9 }, (_, k) => (seed * 5 + k * 7) % n);
      const set = randomSet(seed, [...new Set(among)]);
      const whole = of.transaction(columns(set));
      jumps += whole.firstOutLinks.length;
      lost += whole.lastOutLinks.length;
      all += Math.abs(whole.value);
      const middle = Math.floor(set.length / 2);
      const parts = together(of, [set.slice(0, middle), set.slice(middle)]);
      expect(Math.abs(parts - whole.value)).toBeLessThan(1e-13);
    }
    expect(all).toBeGreaterThan(0.1);
    expect(jumps).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
  });

  it('are refused where nothing is left of a particle', async () => {
    const of = await adjoint({});
    const own = of.column(1);
    const gone = { degree: -own.degree, out: -own.out, spread: 0, walk: 0 };
    expect(() => columnValue(own, gone)).toThrow(/weight left at particle 1/);
  });
});

describe('an adjoint that keeps few particles', () => {
  const kept = [17, 3, 8, 3, 29, 12];

  it.each([{}, { prior: 'uniform' as const }])(
    'says of them what that of all says (%o)',
    async (options) => {
      const [all, few] = [await adjoint(options), await adjoint(options, kept)];
      expect(few.lambda).toEqual(all.lambda);
      const set = [
        { from: 3, to: 29, weight: 4 },
        { from: n, to: 12, weight: 2 },
        { from: 17, to: n + 1, weight: 3 },
        { from: n + 1, to: n, weight: 1 },
      ];
      const [a, b] = [all.transaction(columns(set)), few.transaction(columns(set))];
      expect(b.value).toBeCloseTo(a.value, 13);
      expect(b.discovery).toBe(a.discovery);
      expect(b.newParticles.map(({ particle }) => particle)).toEqual([n, n + 1]);
      b.newParticles.forEach(({ focus: share }, k) =>
        expect(share).toBeCloseTo(a.newParticles[k].focus, 13),
      );
      expect(b.firstOutLinks).toEqual(a.firstOutLinks);
      const known = columns(set.slice(0, 1));
      expect(few.marginals(known).values[0]).toBeCloseTo(all.marginals(known).values[0], 13);
      expect(few.sensitivity(8, 12)).toBeCloseTo(all.sensitivity(8, 12) as number, 13);
      expect(together(few, [set.slice(0, 1)])).toBeCloseTo(together(all, [set.slice(0, 1)]), 13);
    },
  );

  it('refuses the others', async () => {
    const few = await adjoint({}, kept);
    expect(() => few.sensitivity(3, 4)).toThrow(/nothing is kept of particle 4/);
    expect(() => few.transaction(columns([{ from: 3, to: 4, weight: 1 }]))).toThrow(/particle 4/);
    expect(() => few.column(n)).toThrow(/expected a particle/);
    expect(() => few.ofAxons()).toThrow(/keeps all particles/);
    await expect(adjoint({}, [n])).rejects.toThrow(/particles to keep/);
  });
});
