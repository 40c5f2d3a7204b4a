// The suite that every backend of exact arithmetic passes: each verb of exact.ts against the loops
// of exact-naive.ts, bit for bit. Weights of every kind and both tables, hubs of a hundred thousand
// arcs, empty rows, halves at rounding, the largest elements, and blocks wider than a workgroup.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExactBackend, ExactMatrices, ExactWorkspace } from '../../src/backend/exact.js';
import { ExactBench, TERM_BITS, type ExactTest, type ExactTwin } from './exact-bench.js';
import {
  elementBits,
  exactGraphs,
  exactMatrices,
  randomIntegers,
  type WeightKind,
} from './exact-graphs.js';
import { naiveExactProduct, type NaiveExactProduct } from './exact-naive.js';
import { exactAmendCases } from './exact-amend-cases.js';
import { exactEdgeCases } from './exact-edge-cases.js';
import { exactCombineCases, exactStorageCases } from './exact-vector-cases.js';
import { exactReductionCases, exactSequenceCases } from './exact-reduction-cases.js';

/** Case titles that a backend does not run, each with the reason. */
export type ExactExclusions = Readonly<Record<string, string>>;

const KINDS: readonly WeightKind[] = ['uniform', 'narrow', 'wide', 'extreme'];
const HUB_ROWS = 100_001;

/** Runs the suite. */
export function exactCases(
  name: string,
  open: () => Promise<ExactBackend>,
  exclusions: ExactExclusions = {},
): void {
  describe(`an exact workspace of ${name}`, () => {
    let backend: ExactBackend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.destroy());

    const test: ExactTest = (title, body) => {
      const reason = exclusions[title];
      if (reason !== undefined) it.skip(`${title} (excluded: ${reason})`);
      else it(title, () => body(new ExactBench(backend)));
    };
    exactStorageCases(test);
    exactProductCases(test);
    exactCombineCases(test);
    exactReductionCases(test);
    exactSequenceCases(test);
    exactEdgeCases(test);
    exactAmendCases(test);
  });
}

/** Declares the cases of `product`. */
function exactProductCases(test: ExactTest): void {
  for (const [title, wish] of Object.entries(exactGraphs)) {
    for (const kind of KINDS) {
      test(`exact products agree on a graph with ${title}, weights ${kind}`, async (bench) => {
        for (const by of ['source', 'row', null] as const) {
          const matrices = exactMatrices(wish, kind, by);
          await bench.on(matrices, (workspace) =>
            productsAgree(bench, workspace, matrices, [1, 2, 7]),
          );
        }
      });
    }
  }
  test('exact products agree for more columns than a workgroup has lanes', async (bench) => {
    for (const kind of KINDS) {
      const matrices = exactMatrices({ rows: 150, arcs: 600, seed: 6 }, kind, 'source');
      await bench.on(matrices, (workspace) => productsAgree(bench, workspace, matrices, [65]));
    }
  });
  test('exact products agree on hubs of a hundred thousand arcs', async (bench) => {
    const wish = { rows: HUB_ROWS, arcs: 1000, seed: 9, hubs: true };
    for (const [kind, by] of [
      ['uniform', 'source'],
      ['narrow', 'row'],
      ['wide', 'source'],
    ] as const) {
      const matrices = exactMatrices(wish, kind, by);
      await bench.on(matrices, (workspace) => productsAgree(bench, workspace, matrices, [1]));
    }
  });
  test('tables of one graph may differ in the width of their weights', async (bench) => {
    const matrices = exactMatrices({ rows: 300, arcs: 2500, seed: 10 }, 'narrow', 'source');
    const far = matrices.transitionExponents.map((exponent) => exponent + 40);
    const mixed = { ...matrices, transitionExponents: far };
    await bench.on(mixed, (workspace) => productsAgree(bench, workspace, mixed, [1, 3]));
    const exponents = matrices.spread?.exponents.map((exponent) => exponent + 35);
    if (exponents === undefined) throw new Error('the case placed a spread');
    const other = { ...matrices, spread: { by: 'source', exponents } } as const;
    await bench.on(other, (workspace) => productsAgree(bench, workspace, other, [1, 3]));
  });
  test('a product takes nothing but what it can compute', (bench) =>
    bench.on(exactMatrices(exactGraphs['one arc'], 'uniform', null), async (workspace) => {
      const [x, out] = [workspace.vector(1), workspace.vector(1)];
      const product = { out, x, table: 'transition', terms: [] } as const;
      expect(() => workspace.product({ ...product, table: 'spread' })).toThrow(/spread/);
      expect(() => workspace.product({ ...product, out: x })).toThrow();
      const term = { coefficient: 1n, shift: 0, vector: x };
      expect(() => workspace.product({ ...product, terms: Array(5).fill(term) })).toThrow();
      await workspace.read(out);
    }));
}

/** Products with every part of the formula, then plain ones, of both tables. */
async function productsAgree(
  bench: ExactBench,
  workspace: ExactWorkspace,
  matrices: ExactMatrices,
  columnCounts: readonly number[],
): Promise<void> {
  const bits = elementBits(matrices);
  const tables = matrices.spread === null ? ['transition'] : ['spread', 'transition'];
  for (const columns of columnCounts) {
    for (const table of tables as readonly NaiveExactProduct['table'][]) {
      // Row sums by row stay in 64 bits for any elements; those of a transition need not.
      const fitting = table === 'transition' ? Math.min(bits, transitionBits(matrices)) : bits;
      const x = bench.twin(workspace, columns, fitting);
      const what = `${table}, B = ${columns}`;
      await plainAgrees(bench, workspace, matrices, table, x, `plain, ${what}`);
      await fullAgrees(bench, workspace, matrices, table, x, false, `full, ${what}`);
      await fullAgrees(bench, workspace, matrices, table, x, true, `halved, ${what}`);
      if (columns > 1) await shortAgrees(bench, workspace, matrices, table, x, what);
      workspace.release(x.vector);
    }
  }
}

const transitionBits = (matrices: ExactMatrices): number =>
  elementBits({ ...matrices, spread: null });

async function plainAgrees(
  bench: ExactBench,
  workspace: ExactWorkspace,
  matrices: ExactMatrices,
  table: NaiveExactProduct['table'],
  x: ExactTwin,
  what: string,
): Promise<void> {
  const out = workspace.vector(x.columns);
  workspace.product({ out, table, x: x.vector, terms: [] });
  const product = { matrices, table, x, factor: 1n << 62n, terms: [] };
  await bench.same(workspace, out, naiveExactProduct(product), what);
  workspace.release(out);
}

/** Without a diagonal and with one term or two, as a solver's products are. */
async function shortAgrees(
  bench: ExactBench,
  workspace: ExactWorkspace,
  matrices: ExactMatrices,
  table: NaiveExactProduct['table'],
  x: ExactTwin,
  what: string,
): Promise<void> {
  const { columns } = x;
  const rowScale = bench.twin(workspace, 1, 61);
  for (const kind of ['block', 'column', 'out', 'two'] as const) {
    const out = bench.twin(workspace, columns, TERM_BITS);
    const other = bench.twin(workspace, kind === 'column' ? 1 : columns, TERM_BITS);
    const first = kind === 'out' ? out : other;
    const terms = bench.terms(workspace, columns, kind === 'two' ? [first, out] : [first]);
    const halved = kind === 'column';
    const factor = kind === 'out' ? 1n << 62n : 3n << 59n;
    const scaling = kind !== 'block';
    workspace.product({
      out: out.vector,
      table,
      x: x.vector,
      factor,
      halved,
      terms: terms.map(({ given }) => given),
      ...(scaling ? { rowScale: rowScale.vector } : {}),
    });
    const expected = naiveExactProduct({
      matrices,
      table,
      x,
      factor,
      halved,
      terms: terms.map(({ naive }) => naive),
      ...(scaling ? { rowScale: rowScale.values } : {}),
    });
    await bench.same(workspace, out.vector, expected, `short, ${kind}, ${what}`);
    for (const { vector } of [out, other]) workspace.release(vector);
  }
  workspace.release(rowScale.vector);
}

/** Terms over another block, out itself, a vector of one column, and x. */
async function fullAgrees(
  bench: ExactBench,
  workspace: ExactWorkspace,
  matrices: ExactMatrices,
  table: NaiveExactProduct['table'],
  x: ExactTwin,
  halved: boolean,
  what: string,
): Promise<void> {
  const { columns } = x;
  const out = bench.twin(workspace, columns, TERM_BITS);
  const other = bench.twin(workspace, columns, TERM_BITS);
  const one = bench.twin(workspace, 1, TERM_BITS);
  const [rowScale, diagonal] = [1, 1].map((count) => bench.twin(workspace, count, 61));
  const terms = bench.terms(workspace, columns, [other, out, one, out]);
  const factor = randomIntegers(1, columns, 60)[0] + (1n << 60n);
  const shared = { table, factor, halved };
  workspace.product({
    ...shared,
    out: out.vector,
    x: x.vector,
    rowScale: rowScale.vector,
    diagonal: diagonal.vector,
    terms: terms.map(({ given }) => given),
  });
  const expected = naiveExactProduct({
    ...shared,
    matrices,
    x,
    rowScale: rowScale.values,
    diagonal: diagonal.values,
    terms: terms.map(({ naive }) => naive),
  });
  await bench.same(workspace, out.vector, expected, what);
  for (const { vector } of [out, other, one, rowScale, diagonal]) workspace.release(vector);
}
