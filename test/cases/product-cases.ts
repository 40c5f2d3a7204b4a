// The shared cases of the product: every direction, part of the formula and shape of graph.

import type { Direction, Term, Workspace } from '../../src/backend/backend.js';
import type { Csr } from '../../src/graph/csr.js';
import { graphs, weighted, type Bench, type Test, type Twin } from './bench.js';
import { naiveProduct, type NaiveTerm } from './naive.js';
import { randomGraph } from './random-graphs.js';

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
}

/** Vectors for products of one block size. */
interface Operands {
  readonly x: Twin;
  readonly other: Twin;
  readonly one: Twin;
  readonly rowScale: Twin;
  readonly diagonal: Twin;
}

/** Products with every part of the formula, then plain ones. */
async function productsAgree(
  bench: Bench,
  workspace: Workspace,
  axons: Csr,
  columnCounts: readonly number[],
  directions: readonly Direction[] = ['in', 'out', 'both'],
): Promise<void> {
  for (const columns of columnCounts) {
    const operands: Operands = {
      x: bench.twin(workspace, columns),
      other: bench.twin(workspace, columns),
      one: bench.twin(workspace, 1),
      rowScale: bench.twin(workspace, 1),
      diagonal: bench.twin(workspace, 1),
    };
    for (const direction of directions) {
      const out = bench.twin(workspace, columns);
      await fullAgrees(bench, workspace, axons, direction, operands, out);
      if (direction === 'both') {
        await splitAgrees(bench, workspace, axons, operands, 2);
        await splitAgrees(bench, workspace, axons, operands, 4);
      }
      const { x } = operands;
      workspace.product({ out: out.vector, direction, x: x.vector, factor: 1, terms: [] });
      const expected = naiveProduct({ axons, direction, x, factor: 1, terms: [] });
      await bench.same(workspace, out.vector, expected, `product, ${direction}, B = ${columns}`);
      workspace.release(out.vector);
    }
    for (const { vector } of Object.values(operands) as Twin[]) workspace.release(vector);
  }
}

/**
 * Terms over another block, out itself, a vector of one column, and x, with every kind of
 * coefficient.
 */
function fourTerms(bench: Bench, workspace: Workspace, { x, other, one }: Operands, out: Twin) {
  const coefficients = bench.coefficients(workspace, x.columns);
  const twins = [other, out, one, x];
  return {
    given: twins.map(({ vector }, t): Term => ({ coefficient: coefficients[t].given, vector })),
    naive: twins.map((vector, t): NaiveTerm => ({ coefficient: coefficients[t].naive, vector })),
  };
}

async function fullAgrees(
  bench: Bench,
  workspace: Workspace,
  axons: Csr,
  direction: Direction,
  operands: Operands,
  out: Twin,
): Promise<void> {
  const { x, rowScale, diagonal } = operands;
  const { given, naive } = fourTerms(bench, workspace, operands, out);
  const shared = { direction, factor: -0.3 };
  workspace.product({
    ...shared,
    out: out.vector,
    x: x.vector,
    rowScale: rowScale.vector,
    diagonal: diagonal.vector,
    terms: given,
  });
  const scales = { rowScale: rowScale.values, diagonal: diagonal.values };
  const expected = naiveProduct({ ...shared, ...scales, axons, x, terms: naive });
  await bench.same(workspace, out.vector, expected, `full product, ${direction}, B = ${x.columns}`);
}

/** A vector of its own for the in-arcs, with as many terms as asked for. */
async function splitAgrees(
  bench: Bench,
  workspace: Workspace,
  axons: Csr,
  operands: Operands,
  count: number,
): Promise<void> {
  const { x, other, diagonal } = operands;
  const out = bench.twin(workspace, x.columns);
  const { given, naive } = fourTerms(bench, workspace, operands, out);
  workspace.product({
    out: out.vector,
    direction: 'both',
    x: x.vector,
    xIn: other.vector,
    factor: 0.6,
    diagonal: diagonal.vector,
    terms: given.slice(0, count),
  });
  const expected = naiveProduct({
    axons,
    direction: 'both',
    x,
    xIn: other,
    factor: 0.6,
    diagonal: diagonal.values,
    terms: naive.slice(0, count),
  });
  const what = `product with xIn and ${count} terms, B = ${x.columns}`;
  await bench.same(workspace, out.vector, expected, what);
  workspace.release(out.vector);
}
