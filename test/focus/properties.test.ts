// Properties of φ* on random graphs, and PageRank against an independent implementation on
// generated graphs.

import { describe, expect, it } from 'vitest';
import { openCpu } from '../../src/backend/cpu/cpu.js';
import { randomStream } from '../../src/base/random.js';
import { focus } from '../../src/focus/focus.js';
import { distance, graphOf, randomLinks, type LinkTuple } from '../graphs.js';

const byId = (graph: ReturnType<typeof graphOf>, phi: Float64Array): Map<string, number> =>
  new Map(Array.from(phi, (value, i) => [graph.ids.at(i), value]));

function apart(a: Map<string, number>, b: Map<string, number>): number {
  let sum = 0;
  for (const [id, value] of a) sum += Math.abs(value - (b.get(id) ?? 0));
  return sum;
}

describe('focus', () => {
  it('is positive and sums to one', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const graph = graphOf(randomLinks(seed, 3 + seed, 5 * seed + 3));
      const { phi } = await focus(graph);
      const sum = phi.data.reduce((x, y) => x + y, 0);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-14);
      expect(phi.data.every((value) => value > 0)).toBe(true);
      expect(phi.shape).toEqual([graph.particles, 1]);
    }
  });

  it('does not depend on the order of links or the names of particles', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const links = randomLinks(seed, 30, 90);
      const random = randomStream(seed, 9);
      const shuffled = links.slice();
      for (let i = shuffled.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
      }
      const renamed = shuffled.map(([p, q, a]): LinkTuple => [`x${p}y`, `x${q}y`, a]);
      const original = graphOf(links);
      const other = graphOf(renamed);
      const first = byId(original, (await focus(original)).phi.data);
      const second = byId(other, (await focus(other)).phi.data);
      const back = new Map([...second].map(([id, value]) => [id.slice(1, -1), value]));
      expect(apart(first, back)).toBeLessThan(2e-9);
    }
  });

  it('does not change when every stake is scaled', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const links = randomLinks(seed, 30, 90);
      const first = await focus(graphOf(links));
      for (const scale of [3.7, 2 ** -40, 1e12]) {
        const scaled = links.map(([p, q, a]): LinkTuple => [p, q, a * scale]);
        const second = await focus(graphOf(scaled));
        expect(distance(first.phi.data, second.phi.data)).toBeLessThan(2e-9);
      }
    }
  });

  it('has the same bits for every number of threads', async () => {
    const graph = graphOf(randomLinks(5, 20000, 60000));
    const phis = [];
    for (const threads of [1, 2, 3, 8]) {
      const backend = openCpu({ threads });
      phis.push((await focus(graph, {}, backend)).phi.data);
      backend.destroy();
    }
    for (const phi of phis)
      expect(Buffer.compare(Buffer.from(phi.buffer), Buffer.from(phis[0].buffer))).toBe(0);
  });

  it('starts warm: from its own result one measurement is enough', async () => {
    const graph = graphOf(randomLinks(8, 500, 2000));
    const cold = await focus(graph, { tolerance: 1e-12 });
    const warm = await focus(graph, { tolerance: 1e-9, start: cold.phi.data });
    expect(warm.iterations).toBeLessThan(5);
    expect(warm.converged).toBe(true);
    expect(distance(cold.phi.data, warm.phi.data)).toBeLessThan(1e-9);
  });

  it('is the same with acceleration as by plain iteration', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = graphOf(randomLinks(seed, 40, 120));
      const fast = await focus(graph, { tolerance: 1e-11 });
      const plain = await focus(graph, { tolerance: 1e-11, iterations: 400 });
      expect(distance(fast.phi.data, plain.phi.data)).toBeLessThan(2e-11);
    }
  });
});

describe('the reading pagerank', () => {
  it('agrees with a push-style PageRank written apart, with either prior', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const links = randomLinks(seed, 200, 800);
      const graph = graphOf(links);
      for (const prior of ['degree', 'uniform'] as const) {
        const expected = pushPageRank(links, prior);
        const result = await focus(graph, { reading: 'pagerank', prior, tolerance: 1e-11 });
        expect(apart(byId(graph, result.phi.data), expected)).toBeLessThan(1e-10);
        expect(result.kappa).toBeCloseTo(0.85, 15);
      }
    }
  });
});

/** PageRank by pushing mass along links kept in maps by name; 400 steps of 0.85. */
function pushPageRank(
  links: readonly LinkTuple[],
  prior: 'degree' | 'uniform',
): Map<string, number> {
  const out = new Map<string, number>();
  const degree = new Map<string, number>();
  for (const [p, q, a] of links) {
    out.set(p, (out.get(p) ?? 0) + a);
    for (const id of [p, q]) degree.set(id, (degree.get(id) ?? 0) + a);
  }
  const total = [...degree.values()].reduce((x, y) => x + y, 0);
  const u = new Map(
    [...degree].map(([id, d]) => [id, prior === 'degree' ? d / total : 1 / degree.size]),
  );
  let rank = new Map(u);
  for (let step = 0; step < 400; step++) {
    const next = new Map<string, number>();
    let dangling = 0;
    for (const [id, value] of rank) if (!out.has(id)) dangling += value;
    for (const [id, share] of u) next.set(id, (0.85 * dangling + 0.15) * share);
    for (const [p, q, a] of links) {
      next.set(q, next.get(q)! + (0.85 * rank.get(p)! * a) / out.get(p)!);
    }
    rank = next;
  }
  return rank;
}
