// Large graphs, where bounds rest on random vectors, against tensor products: the eigenvalues of
// P ⊗ P' are the products of those of P and P', so two small dense spectra give a large one.

import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import { resolveParameters } from '../../src/focus/parameters.js';
import { leastShare, uniformVectors } from '../../src/focus/spectrum/powers.js';
import { spectrumOf } from '../../src/focus/spectrum.js';
import { graphOf, type LinkTuple } from '../graphs.js';

/** Weights of a random graph: a cycle, chords, and one triangle, so that the walk has one class. */
function weights(seed: number, n: number, symmetric: boolean): number[][] {
  const random = randomStream(seed);
  const w = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const join = (i: number, j: number, weight: number): void => {
    if (i === j) return;
    w[i][j] += weight;
    if (symmetric) w[j][i] += weight;
  };
  for (let i = 0; i < n; i++) join(i, (i + 1) % n, 1 + random.below(9));
  for (let k = 0; k < 2 * n; k++) join(random.below(n), random.below(n), 1 + random.below(9));
  join(0, 2, 5);
  join(2, 1, 5);
  join(1, 0, 5);
  return w;
}

function product(a: number[][], b: number[][]): LinkTuple[] {
  const links: LinkTuple[] = [];
  a.forEach((row, i) =>
    row.forEach((x, j) =>
      b.forEach((other, k) =>
        other.forEach((y, l) => {
          if (x * y > 0) links.push([`${i}.${k}`, `${j}.${l}`, x * y]);
        }),
      ),
    ),
  );
  return links;
}

/** Moduli, or with `symmetric` signed eigenvalues, of the walk on w. */
function walkEigenvalues(w: number[][], symmetric: boolean): number[] {
  const out = w.map((row) => row.reduce((x, y) => x + y, 0));
  const p = w.map((row, i) =>
    row.map((x, j) => (symmetric ? x / Math.sqrt(out[i] * out[j]) : x / out[i])),
  );
  const found = new EigenvalueDecomposition(new Matrix(p), { assumeSymmetric: symmetric });
  return found.realEigenvalues.map((x, i) =>
    symmetric ? x : Math.hypot(x, found.imaginaryEigenvalues[i]),
  );
}

/** Products of eigenvalues but for 1 · 1. */
function products(a: number[], b: number[]): number[] {
  const all = a.flatMap((x) => b.map((y) => x * y)).sort((x, y) => y - x);
  expect(Math.abs(all[0] - 1)).toBeLessThan(1e-13);
  return all.slice(1);
}

describe('the spectrum of a large graph', () => {
  it('holds |λ₂| of R and the Fiedler value of an undirected product', async () => {
    const [a, b] = [weights(1, 25, true), weights(2, 32, true)];
    const graph = graphOf(product(a, b));
    expect(graph.particles).toBe(800);
    const found = await spectrumOf(graph, resolveParameters({}, graph));
    const all = products(walkEigenvalues(a, true), walkEigenvalues(b, true));
    const image = (y: number): number => 0.5 * 0.85 * y + 0.3 / (2 - y) + 0.2 * Math.exp(y - 1);
    for (const [each, truth] of [
      [found.fiedler, 1 - all[0]],
      [found.lambda2R, Math.max(...all.map((y) => Math.abs(image(y))))],
      [found.lambda2Diffusion, 0.85 * Math.max(...all.map(Math.abs))],
    ] as const) {
      expect(each.certificate).toBe('probabilistic');
      expect(each.failureProbability).toBeGreaterThan(0);
      expect(each.failureProbability).toBeLessThanOrEqual(1e-9);
      expect(each.lower).toBeLessThanOrEqual(truth + 1e-13);
      expect(each.upper).toBeGreaterThanOrEqual(truth - 1e-13);
      expect(each.upper - each.lower, each.proof).toBeLessThan(1e-8);
    }
  });

  it('holds |λ₂| of diffusion on a directed product', async () => {
    const [a, b] = [weights(3, 25, false), weights(4, 32, false)];
    const graph = graphOf(product(a, b));
    const parameters = resolveParameters({ reading: 'pagerank' }, graph);
    const found = await spectrumOf(graph, parameters, { failureProbability: 1e-6, seed: 7 });
    const all = products(walkEigenvalues(a, false), walkEigenvalues(b, false));
    const truth = 0.85 * Math.max(...all);
    expect(found.lambda2R).toBe(found.lambda2Diffusion);
    const { lower, upper, proof } = found.lambda2Diffusion;
    expect(lower).toBeLessThanOrEqual(truth + 1e-12);
    expect(upper).toBeGreaterThanOrEqual(truth - 1e-12);
    expect(upper - lower, proof).toBeLessThan(1e-8);
  });

  it('spends its probability as stated: K (2√2 c)^s, and no direction is missed more often', () => {
    for (const [probability, powers, columns] of [
      [1e-9, 1024, 4],
      [0.01, 1, 1],
    ]) {
      const c = leastShare(probability, powers, columns);
      const spent = powers * (2 * Math.SQRT2 * c) ** columns;
      expect(Math.abs(spent / probability - 1)).toBeLessThan(1e-9);
    }
    // The worst direction of a cube is a diagonal of two coordinates: density √2 at 0.
    const h = Float64Array.of(1, 4);
    const count = 40_000;
    const values = uniformVectors(h, count, 5, 0);
    const c = leastShare(0.2, 1, 1);
    let missed = 0;
    for (let k = 0; k < count; k++) {
      const share = (values[k] + 2 * values[count + k]) / Math.SQRT2;
      if (Math.abs(share) < c) missed++;
    }
    expect(missed / count).toBeLessThan(0.2);
    expect(missed / count).toBeGreaterThan(0.17);
  });
});
