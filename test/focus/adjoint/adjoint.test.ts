// The adjoint's derivatives against differences: of an independent dense computation on random
// graphs, for every reading, prior and value, and of the library's own focus on a data set. A
// derivative that forgot a term of its formula (heat, degrees, the change of d_q, normalisation)
// differs from them in the first digits.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openCpu } from '../../../src/backend/cpu/cpu.js';
import { randomStream } from '../../../src/base/random.js';
import { adjointOf, type Value } from '../../../src/focus/adjoint/adjoint.js';
import { focus, type SolverOptions } from '../../../src/focus/focus.js';
import { readGraph } from '../../../src/formats/read.js';
import type { Graph } from '../../../src/graph/graph.js';
import { graphOf, randomLinks, type LinkTuple } from '../../graphs.js';
import {
  differenceAt,
  focusOf,
  FOCUS_1,
  valueOf,
  weightsOf,
  type DenseModel,
  type DenseValue,
} from './dense-value.js';

const backend = openCpu({ threads: 1 });

/** Rounding of φ in the dense computation. */
const DENSE_ERROR = 1e-13;

interface Case {
  readonly graph: Graph;
  readonly model: DenseModel;
  readonly options: SolverOptions;
}

/** A random graph with hubs and dangling particles, and random parameters of a reading. */
function drawCase(seed: number, reading: 'focus-1' | 'focus-1-combinatorial' | 'pagerank'): Case {
  const random = randomStream(seed, 11);
  const particles = 3 + random.below(36);
  const links = randomLinks(seed, particles, particles + random.below(3 * particles));
  // Weights over two orders of magnitude: over six, differences have no digits left.
  const graph = graphOf(links.map(([from, to, amount]) => [from, to, Math.cbrt(amount)]));
  const n = graph.particles;
  const prior = (['degree', 'uniform', 'given'] as const)[seed % 3];
  const given = Float64Array.from({ length: n }, () => 0.1 + random.double());
  const [s, h] = [0.1 + 0.3 * random.double(), 0.1 + 0.3 * random.double()];
  const base: SolverOptions = {
    reading,
    teleport: 0.1 + 0.5 * random.double(),
    mu: 0.3 + 2 * random.double(),
    tau: 0.3 + 2 * random.double(),
    lambda: reading === 'pagerank' ? [1, 0, 0] : [1 - s - h, s, h],
    prior: prior === 'given' ? given : prior,
    tolerance: 1e-12,
  };
  const unit = reading === 'focus-1-combinatorial' ? 60 : null;
  return {
    graph,
    options: unit === null ? base : { ...base, unit },
    model: {
      teleport: base.teleport!,
      mu: base.mu!,
      tau: base.tau!,
      lambda: base.lambda!,
      unit,
      prior: prior === 'given' ? [...given] : prior,
    },
  };
}

/** Some pairs of particles, half of them axons. */
function drawPairs(graph: Graph, seed: number, count: number): [number, number][] {
  const random = randomStream(seed, 12);
  const { rows, offsets, columns } = graph.axons;
  const pairs: [number, number][] = [];
  for (let i = 0; i < count; i++) {
    let p = random.below(rows);
    while (offsets[p] === offsets[p + 1]) p = random.below(rows);
    const known = offsets[p] + random.below(offsets[p + 1] - offsets[p]);
    const q = i % 2 === 0 ? columns[known] : random.below(rows);
    if (p !== q) pairs.push([p, q]);
  }
  return pairs;
}

/** A step in which P, M, d and φ_q all change little. */
function stepAt(a: readonly number[][], p: number, q: number, phi: Float64Array): number {
  const out = a[p].reduce((x, y) => x + y, 0);
  const degree = (i: number): number => a.reduce((sum, row, j) => sum + row[i] + a[i][j], 0);
  return 0.004 * Math.min(out, degree(p), degree(q), (phi[q] * out) / phi[p]);
}

async function compare({ graph, model, options }: Case, seed: number): Promise<number> {
  const result = await focus(graph, options, backend);
  // The true errors are far smaller: bounds allow for rounding generously.
  expect(result.errorBound).toBeLessThan(1e-9);
  const random = randomStream(seed, 13);
  const linear = Float64Array.from({ length: graph.particles }, () => random.double() - 0.5);
  const a = weightsOf(graph);
  let compared = 0;
  for (const value of ['syntropy', 'entropy', linear] satisfies Value[]) {
    const adjoint = await adjointOf(graph, result, value, { tolerance: 1e-11 }, backend);
    expect(adjoint.errorBound).toBeLessThan(1e-8);
    const dense: DenseValue = typeof value === 'string' ? value : [...value];
    for (const [p, q] of drawPairs(graph, seed, 6)) {
      const step = stepAt(a, p, q, result.phi.data);
      const truth = differenceAt(a, [p, q], step, model, dense) * step;
      const found = adjoint.sensitivity(p, q)! * step;
      // What the dense computation itself is off by; a difference much larger has digits to compare.
      const allowed = 1e-5 * Math.abs(truth) + DENSE_ERROR;
      expect(Math.abs(found - truth), `seed ${seed}, ${p} → ${q}`).toBeLessThanOrEqual(allowed);
      if (Math.abs(truth) > 1e6 * DENSE_ERROR) compared++;
    }
  }
  return compared;
}

describe('the derivative of a value by a link', () => {
  for (const reading of ['focus-1', 'focus-1-combinatorial', 'pagerank'] as const) {
    it(`agrees with differences of a dense solve, for ${reading}, any prior and value`, async () => {
      let compared = 0;
      for (let seed = 0; seed < 12; seed++)
        compared += await compare(drawCase(seed, reading), seed);
      expect(compared).toBeGreaterThan(150);
    });
  }

  it('agrees where heat is long and springs are soft, which takes more nodes', async () => {
    for (let seed = 0; seed < 3; seed++) {
      const drawn = drawCase(seed, 'focus-1');
      const changed = { mu: 0.05, tau: 12 };
      const options = { ...drawn.options, ...changed };
      await compare({ ...drawn, options, model: { ...drawn.model, ...changed } }, seed);
    }
  });

  it('agrees with no springs, no heat, or a heat time of zero', async () => {
    const parts: Pick<DenseModel, 'lambda' | 'tau'>[] = [
      { lambda: [0.6, 0, 0.4], tau: 1 },
      { lambda: [0.6, 0.4, 0], tau: 1 },
      { lambda: [0.6, 0.2, 0.2], tau: 0 },
      { lambda: [1, 0, 0], tau: 1 },
    ];
    for (const [seed, part] of parts.entries()) {
      const drawn = drawCase(seed, 'focus-1');
      const options = { ...drawn.options, ...part };
      await compare({ ...drawn, options, model: { ...drawn.model, ...part } }, seed);
    }
  });
});

const datasets = join(dirname(fileURLToPath(import.meta.url)), '../../../datasets');

/** The links of a graph by particle number, for building it again with some changed. */
function linksOf(graph: Graph): LinkTuple[] {
  const { rows, offsets, columns, weights } = graph.axons;
  const links: LinkTuple[] = [];
  for (let p = 0; p < rows; p++) {
    for (let k = offsets[p]; k < offsets[p + 1]; k++)
      links.push([String(p), String(columns[k]), weights[k]]);
  }
  return links;
}

describe('on the data sets', () => {
  it('agrees with differences of the library itself', async () => {
    for (const [name, probes] of [
      ['karate.tsv', 12],
      ['bostrom-sample.tsv', 6],
    ] as const) {
      const { graph } = await readGraph(join(datasets, name));
      const links = linksOf(graph);
      const result = await focus(graph, { tolerance: 1e-12 }, backend);
      const adjoint = await adjointOf(graph, result, 'syntropy', { tolerance: 1e-11 }, backend);
      const slopes = adjoint.ofAxons();
      // The strongest axons by weight · derivative: small ones drown in the differences.
      const order = [...slopes.keys()].sort(
        (i, j) => Math.abs(slopes[j] * links[j][2]) - Math.abs(slopes[i] * links[i][2]),
      );
      for (const k of order.slice(0, probes)) {
        const [p, q, weight] = links[k];
        const step = 0.002 * weight;
        const at = async (w: number): Promise<number> => {
          const changed = links.map((link, i): LinkTuple => (i === k ? [p, q, weight + w] : link));
          return (await focus(graphOf(changed), { tolerance: 1e-14 }, backend)).syntropy;
        };
        const near = (await at(step)) - (await at(-step));
        const far = (await at(2 * step)) - (await at(-2 * step));
        const truth = (8 * near - far) / (12 * step);
        expect(slopes[k] / truth - 1, `${name} ${p} → ${q}`).toBeLessThan(1e-5);
        expect(slopes[k] / truth - 1, `${name} ${p} → ${q}`).toBeGreaterThan(-1e-5);
        expect(adjoint.sensitivity(Number(p), Number(q))).toBe(slopes[k]);
      }
    }
  });

  it('predicts what added links do, with an error of second order', async () => {
    const { graph } = await readGraph(join(datasets, 'karate.tsv'));
    const a = weightsOf(graph);
    const result = await focus(graph, { tolerance: 1e-12 }, backend);
    const adjoint = await adjointOf(graph, result, 'syntropy', { tolerance: 1e-11 }, backend);
    const before = valueOf(focusOf(a, FOCUS_1), 'syntropy');
    for (const [p, q] of drawPairs(graph, 3, 12)) {
      for (const weights of ['finite', 'infinitesimal'] as const) {
        const error = (w: number): number => {
          const moved = a.map((row) => row.slice());
          moved[p][q] += w;
          const change = valueOf(focusOf(moved, FOCUS_1), 'syntropy') - before;
          const columns = { from: [p], to: [q], weight: [w] };
          return change - adjoint.marginals(columns, { weights }).values[0];
        };
        // Halving the weight quarters the error, or better where the second order is small.
        expect(error(0.002) / error(0.001), `${p} → ${q} ${weights}`).toBeGreaterThan(3.8);
      }
    }
  });
});

describe('invariants', () => {
  it('scaling every stake changes nothing: Σ w ∂v/∂w = 0 with the degree prior', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const graph = graphOf(randomLinks(seed, 60, 200));
      const reading = seed % 2 === 0 ? 'focus-1' : 'pagerank';
      const result = await focus(graph, { reading, tolerance: 1e-12 }, backend);
      const adjoint = await adjointOf(graph, result, 'entropy', { tolerance: 1e-12 }, backend);
      const shares = adjoint.ofAxons().map((slope, k) => slope * graph.axons.weights[k]);
      const size = shares.reduce((sum, x) => sum + Math.abs(x), 0);
      expect(size).toBeGreaterThan(1e-3);
      expect(Math.abs(shares.reduce((sum, x) => sum + x, 0)) / size).toBeLessThan(1e-10);
    }
  });

  it('a value that does not depend on focus has derivative zero', async () => {
    const graph = graphOf(randomLinks(5, 20, 60));
    const result = await focus(graph, {}, backend);
    const ones = new Float64Array(graph.particles).fill(7);
    const adjoint = await adjointOf(graph, result, ones, {}, backend);
    expect(adjoint.ofAxons().every((slope) => Math.abs(slope) < 1e-12)).toBe(true);
  });

  it('entropy and syntropy have opposite derivatives, and a gradient gives the same as its name', async () => {
    const graph = graphOf(randomLinks(6, 30, 90));
    const result = await focus(graph, {}, backend);
    const gradient = result.phi.data.map((p) => Math.log(p));
    const [syntropy, entropy, given] = await Promise.all(
      (['syntropy', 'entropy', gradient] as const).map(async (value) =>
        (await adjointOf(graph, result, value, {}, backend)).ofAxons(),
      ),
    );
    syntropy.forEach((slope, k) => {
      expect(entropy[k]).toBe(-slope);
      expect(Math.abs(given[k] - slope)).toBeLessThan(1e-8 * Math.abs(slope) + 1e-14);
    });
  });
});
