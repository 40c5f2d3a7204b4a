// The shared cases of stakes that span twenty-five decades: their products leave f32 unless a
// backend scales them.

import { expect } from 'vitest';
import type { Reduction, Workspace } from '../../src/backend/backend.js';
import type { Csr } from '../../src/graph/csr.js';
import { type Bench, type Test, type Twin } from './bench.js';
import {
  naiveCombine,
  naiveProduct,
  naiveReduction,
  type Block,
  type NaiveProduct,
} from './naive.js';
import { randomGraph, randomNumbers } from './random-graphs.js';

/** Declares the cases. */
export function stakesCases(test: Test): void {
  test('products agree with stakes of twenty-five decades', (bench) => {
    const axons = whales();
    return bench.on(axons, (workspace) => productsAgree(bench, workspace, axons));
  });
  test('the other verbs agree with stakes of twenty-five decades', (bench) => {
    const axons = whales();
    return bench.on(axons, (workspace) => othersAgree(bench, workspace, axons));
  });
}

/** A graph of stakes from 1 to 10²⁵. */
function whales(): Csr {
  const weight = (random: { double(): number }): number => 10 ** (25 * random.double());
  return randomGraph({ rows: 400, arcs: 6000, seed: 7, weight });
}

function degreesOf(axons: Csr): Float64Array {
  const x: Block = { columns: 1, values: new Float64Array(axons.rows).fill(1) };
  return naiveProduct({ axons, direction: 'both', x, factor: 1, terms: [] }).value;
}

/** Numbers of the size that focus has. */
function focusOf(bench: Bench, workspace: Workspace, columns: number): Twin {
  const numbers = randomNumbers(workspace.rows * columns, 9).map((v) => (v + 1) * 1e-6);
  return bench.twin(workspace, columns, numbers);
}

/** M = W·diag(1/d) and its transpose, as the solver forms them: W and 1/d are both far from one. */
async function productsAgree(bench: Bench, workspace: Workspace, axons: Csr): Promise<void> {
  const inverse = bench.twin(
    workspace,
    1,
    degreesOf(axons).map((d) => 1 / d),
  );
  const focus = focusOf(bench, workspace, 3);
  const shares = workspace.vector(3);
  const out = workspace.vector(3);
  const check = (what: string, naive: Partial<NaiveProduct>): Promise<void> => {
    const expected = {
      axons,
      direction: 'both' as const,
      x: focus,
      factor: 1,
      terms: [],
      ...naive,
    };
    return bench.same(workspace, out, naiveProduct(expected), what);
  };
  const both = { out, direction: 'both' } as const;

  workspace.scale(shares, focus.vector, inverse.vector, 1);
  const term = { coefficient: 1, vector: focus.vector };
  workspace.product({ ...both, x: shares, factor: 0.5, terms: [term] });
  const values = focus.values.map((v, k) => v * inverse.values[Math.floor(k / 3)]);
  const x: Block = { columns: 3, values };
  await check('W (φ/d)', { x, factor: 0.5, terms: [{ coefficient: 1, vector: focus }] });

  workspace.product({ ...both, x: focus.vector, factor: 1, rowScale: inverse.vector, terms: [] });
  await check('(W φ)/d', { rowScale: inverse.values });

  // Two vectors of different sizes in one product; the larger is zero, so that the smaller shows.
  const tiny = bench.twin(
    workspace,
    3,
    focus.values.map((v) => v * 1e-12),
  );
  const zero = bench.twin(workspace, 3, new Float64Array(3 * workspace.rows));
  workspace.product({ ...both, x: zero.vector, xIn: tiny.vector, factor: 1e12, terms: [] });
  await check('Aᵀ tiny', { x: zero, xIn: tiny, factor: 1e12 });
  workspace.product({ ...both, x: tiny.vector, xIn: zero.vector, factor: 1e12, terms: [] });
  await check('A tiny', { x: tiny, xIn: zero, factor: 1e12 });
}

async function othersAgree(bench: Bench, workspace: Workspace, axons: Csr): Promise<void> {
  const { rows } = axons;
  const degrees = bench.twin(workspace, 1, degreesOf(axons));
  const inverse = bench.twin(
    workspace,
    1,
    degrees.values.map((d) => 1 / d),
  );
  const reductions: readonly Reduction[] = [
    { kind: 'dot', x: degrees.vector, y: inverse.vector },
    { kind: 'distance', x: degrees.vector, y: inverse.vector },
    { kind: 'sum', x: degrees.vector },
  ];
  const [dot, distance, sum] = await workspace.numbers(workspace.reduce(reductions));
  bench.close(dot, naiveReduction('dot', degrees, inverse, null), 'd · 1/d');
  bench.close(distance, naiveReduction('distance', degrees, inverse, null), '|d − 1/d|');
  bench.close(sum, naiveReduction('sum', degrees, null, null), 'Σ d');

  const out = workspace.vector(1);
  workspace.combine(out, [
    { coefficient: 2, vector: inverse.vector },
    { coefficient: 1, vector: degrees.vector },
  ]);
  const terms = [
    { coefficient: 2, vector: inverse },
    { coefficient: 1, vector: degrees },
  ];
  await bench.same(workspace, out, naiveCombine(rows, 1, terms), '2/d + d');

  const focus = focusOf(bench, workspace, 1);
  workspace.scale(out, focus.vector, inverse.vector, 1e20, focus.vector);
  const parts = focus.values.map((v, i) => 1e20 * v * inverse.values[i]);
  const value = parts.map((v, i) => v + focus.values[i]);
  await bench.same(workspace, out, { value, magnitude: value }, '10²⁰ φ/d + φ');

  const read = await workspace.read(inverse.vector);
  const worst = Math.max(...read.map((v, i) => Math.abs(v / inverse.values[i] - 1)));
  expect(worst).toBeLessThan(bench.tolerance);
}
