// The shared cases of the product: every direction, part of the formula and shape of graph.

import { expect } from 'vitest';
import type { Direction, Reduction, Term, Workspace } from '../../src/backend/backend.js';
import type { Csr } from '../../src/graph/csr.js';
import { graphs, weighted, type Bench, type Test } from './bench.js';
import { naiveCombine, naiveProduct, naiveReduction, type Block, type NaiveTerm } from './naive.js';
import { randomGraph, randomNumbers } from './random-graphs.js';

/** Stakes from 1 to 10²⁵: their products leave f32 unless they are scaled. */
const whales: typeof weighted = (random) => 10 ** (25 * random.double());

/** Declares the cases of `product`. */
export function productCases(test: Test): void {
  for (const [title, make] of Object.entries(graphs)) {
    test(`products agree on a graph with ${title}`, async (bench) => {
      const axons = make();
      await bench.on(axons, (workspace) => productsAgree(bench, workspace, axons, [1, 3, 4, 8]));
    });
  }
  test('products agree where only Aᵀ was asked for', async (bench) => {
    const axons = graphs['rows of every length']();
    await bench.on(
      axons,
      (workspace) => productsAgree(bench, workspace, axons, [1, 5], ['in']),
      'in',
    );
  });
  test('products agree for more columns than a workgroup has lanes', async (bench) => {
    const axons = graphs['unequal weights']();
    await bench.on(axons, (workspace) => productsAgree(bench, workspace, axons, [17, 130]));
  });
  test('products agree on hubs of a hundred thousand arcs', async (bench) => {
    for (const weight of [weighted, undefined]) {
      const axons = randomGraph({
        rows: 100_001,
        arcs: 100_000,
        seed: 6,
        hubs: true,
        ...(weight === undefined ? {} : { weight }),
      });
      await bench.on(axons, (workspace) =>
        productsAgree(bench, workspace, axons, [1], ['in', 'both']),
      );
    }
  });
  test('products agree with stakes of twenty-five decades', async (bench) => {
    const axons = randomGraph({ rows: 400, arcs: 6000, seed: 7, weight: whales });
    await bench.on(axons, (workspace) => stakesAgree(bench, workspace, axons));
  });
}

/** Plain products, then products with every part of the formula. */
async function productsAgree(
  bench: Bench,
  workspace: Workspace,
  axons: Csr,
  columnCounts: readonly number[],
  directions: readonly Direction[] = ['in', 'out', 'both'],
): Promise<void> {
  const rowScale = bench.twin(workspace, 1);
  const diagonal = bench.twin(workspace, 1);
  for (const columns of columnCounts) {
    const x = bench.twin(workspace, columns);
    const one = bench.twin(workspace, 1);
    const other = bench.twin(workspace, columns);
    for (const direction of directions) {
      const what = `${direction}, B = ${columns}`;
      const out = bench.twin(workspace, columns);
      const plain = { axons, direction, x, factor: 1, terms: [] };
      const old = { ...out };
      const vectors: readonly Block[] = [other, old, one, x];
      const coefficients = bench.coefficients(workspace, columns);
      const given = [other, out, one, x].map(({ vector }, t): Term => ({
        coefficient: coefficients[t].given,
        vector,
      }));
      const naive = vectors.map((vector, t): NaiveTerm => ({
        coefficient: coefficients[t].naive,
        vector,
      }));
      workspace.product({
        out: out.vector,
        direction,
        x: x.vector,
        factor: -0.3,
        rowScale: rowScale.vector,
        diagonal: diagonal.vector,
        terms: given,
      });
      const full = {
        axons,
        direction,
        x,
        factor: -0.3,
        rowScale: rowScale.values,
        diagonal: diagonal.values,
        terms: naive,
      };
      await bench.same(workspace, out.vector, naiveProduct(full), `full product, ${what}`);
      workspace.product({ out: out.vector, direction, x: x.vector, factor: 1, terms: [] });
      await bench.same(workspace, out.vector, naiveProduct(plain), `product, ${what}`);
      if (direction === 'both') {
        // A vector of its own for the in-arcs, with one term beside out and with more.
        for (const count of [2, 4]) {
          const before = { columns, values: await workspace.read(out.vector) };
          workspace.product({
            out: out.vector,
            direction,
            x: x.vector,
            xIn: other.vector,
            factor: 0.6,
            diagonal: diagonal.vector,
            terms: given.slice(0, count),
          });
          const split = {
            axons,
            direction,
            x,
            xIn: other,
            factor: 0.6,
            diagonal: diagonal.values,
            terms: naive
              .map((term, t) => (t === 1 ? { ...term, vector: before } : term))
              .slice(0, count),
          };
          await bench.same(
            workspace,
            out.vector,
            naiveProduct(split),
            `${count} terms, xIn, ${what}`,
          );
        }
      }
      workspace.release(out.vector);
    }
    for (const { vector } of [x, one, other]) workspace.release(vector);
  }
}

/**
 * M = W·diag(1/d) and its transpose, as the solver forms them, where 1/d and W are both far from
 * one.
 */
async function stakesAgree(bench: Bench, workspace: Workspace, axons: Csr): Promise<void> {
  const { rows } = axons;
  const ones: Block = { columns: 1, values: new Float64Array(rows).fill(1) };
  const degree = naiveProduct({ axons, direction: 'both', x: ones, factor: 1, terms: [] }).value;
  const inverse = bench.twin(
    workspace,
    1,
    degree.map((d) => 1 / d),
  );
  const focus = bench.twin(
    workspace,
    3,
    randomNumbers(rows * 3, 9).map((v) => (v + 1) * 1e-6),
  );
  const shares = workspace.vector(3);
  const out = workspace.vector(3);
  workspace.scale(shares, focus.vector, inverse.vector, 1);
  workspace.product({
    out,
    direction: 'both',
    x: shares,
    factor: 0.5,
    terms: [{ coefficient: 1, vector: focus.vector }],
  });
  const x: Block = {
    columns: 3,
    values: focus.values.map((v, k) => v * inverse.values[Math.floor(k / 3)]),
  };
  const terms = [{ coefficient: 1, vector: focus }];
  const expected = naiveProduct({ axons, direction: 'both', x, factor: 0.5, terms });
  await bench.same(workspace, out, expected, 'W (φ/d)');
  workspace.product({
    out,
    direction: 'both',
    x: focus.vector,
    factor: 1,
    rowScale: inverse.vector,
    terms: [],
  });
  const scaled = naiveProduct({
    axons,
    direction: 'both',
    x: focus,
    factor: 1,
    rowScale: inverse.values,
    terms: [],
  });
  await bench.same(workspace, out, scaled, '(W φ)/d');
  const degrees = bench.twin(workspace, 1, degree);
  const reductions: readonly Reduction[] = [
    { kind: 'dot', x: degrees.vector, y: inverse.vector },
    { kind: 'distance', x: degrees.vector, y: inverse.vector },
    { kind: 'sum', x: degrees.vector },
  ];
  const [dot, distance, sum] = await workspace.numbers(workspace.reduce(reductions));
  bench.close(dot, naiveReduction('dot', degrees, inverse, null), 'd · 1/d');
  bench.close(distance, naiveReduction('distance', degrees, inverse, null), '|d − 1/d|');
  bench.close(sum, naiveReduction('sum', degrees, null, null), 'Σ d');
  const back = workspace.vector(1);
  workspace.combine(back, [
    { coefficient: 2, vector: inverse.vector },
    { coefficient: 1, vector: degrees.vector },
  ]);
  await bench.same(
    workspace,
    back,
    naiveCombine(rows, 1, [
      { coefficient: 2, vector: inverse },
      { coefficient: 1, vector: degrees },
    ]),
    '2/d + d',
  );
  expect(await workspace.read(inverse.vector)).toSatisfy((values: Float64Array) =>
    values.every((value, k) => Math.abs(value / inverse.values[k] - 1) < 1e-6),
  );
}
