// The shared cases of exact reductions, and of long sequences of verbs between two waits.

import { expect } from 'vitest';
import type { ExactReduction, ExactWorkspace } from '../../src/backend/exact.js';
import type { ExactBench, ExactTest, ExactTwin } from './exact-bench.js';
import { exactGraphs, exactMatrices } from './exact-graphs.js';
import {
  naiveExactCombine,
  naiveExactProduct,
  naiveExactReduction,
  type IntegerBlock,
} from './exact-naive.js';

/** Declares the cases of reduce and numbers. */
export function exactReductionCases(test: ExactTest): void {
  const wanted: readonly (readonly [number, readonly number[]])[] = [
    [1, [1, 7]],
    [2, [1, 2]],
    [63, [1, 2, 7, 65]],
    [2049, [1, 2, 7]],
    [100_000, [1]],
  ];
  for (const [rows, columnCounts] of wanted) {
    test(`sixteen exact reductions of ${rows} rows agree`, (bench) =>
      bench.on(
        exactMatrices({ rows, arcs: Math.min(rows - 1, 1000), seed: 8 }, 'uniform', null),
        async (workspace) => {
          for (const columns of columnCounts) await reductionsAgree(bench, workspace, columns);
        },
      ));
  }
}

/** A reduction as the backend takes it beside its integers. */
interface ReductionTwin {
  readonly given: ExactReduction;
  readonly naive: readonly bigint[];
}

async function reductionsAgree(
  bench: ExactBench,
  workspace: ExactWorkspace,
  columns: number,
): Promise<void> {
  const twins = Array.from({ length: 8 }, () => bench.twin(workspace, columns, 62));
  const one = bench.twin(workspace, 1, 62);
  const mask = bench.twin(workspace, 1, 1);
  const kinds = ['sum', 'absolute', 'dot', 'distance'] as const;
  const reductions = Array.from({ length: 16 }, (_, r): ReductionTwin => {
    const kind = kinds[r % 4];
    const x = twins[r % 8];
    const second: ExactTwin = r > 11 ? one : twins[(3 * r + 1) % 8];
    if (kind === 'dot' || kind === 'distance') {
      const given = { kind, x: x.vector, y: second.vector };
      return { given, naive: naiveExactReduction(kind, x, second, null) };
    }
    if (kind === 'sum' && r > 3) {
      const given = { kind, x: x.vector, mask: mask.vector };
      return { given, naive: naiveExactReduction(kind, x, null, mask.values) };
    }
    return { given: { kind, x: x.vector }, naive: naiveExactReduction(kind, x, null, null) };
  });
  const scalars = workspace.reduce(reductions.map(({ given }) => given));
  const found = await workspace.numbers(scalars);
  expect(found, `B = ${columns}`).toEqual(reductions.map(({ naive }) => naive));
  for (const { vector } of [...twins, one, mask]) workspace.release(vector);
}

/** Declares a case of hundreds of verbs without a wait. */
export function exactSequenceCases(test: ExactTest): void {
  test('hundreds of exact verbs without a wait keep their order', async (bench) => {
    const matrices = exactMatrices(exactGraphs['every length of row'], 'wide', 'row');
    await bench.on(matrices, async (workspace) => {
      const columns = 2;
      const x = bench.twin(workspace, columns, 55);
      const out = workspace.vector(columns);
      let block: IntegerBlock = x;
      const factor = 3n << 60n;
      const totals: bigint[][] = [];
      const scalars = [];
      for (let step = 0; step < 150; step++) {
        const product = { x, table: 'spread', factor } as const;
        workspace.product({ ...product, out, x: x.vector, terms: [] });
        const sums = workspace.reduce([{ kind: 'sum', x: out }]);
        scalars.push(sums[0]);
        workspace.combine(x.vector, [
          { coefficient: 1n, shift: 0, vector: out },
          { coefficient: sums[0], shift: 62, vector: x.vector },
        ]);
        const next = naiveExactProduct({ ...product, matrices, x: block, terms: [] });
        const image = { columns, values: next };
        const sum = naiveExactReduction('sum', image, null, null);
        totals.push(sum);
        const values = naiveExactCombine(workspace.rows, columns, [
          { coefficient: 1n, shift: 0, vector: image },
          { coefficient: sum, shift: 62, vector: block },
        ]);
        block = { columns, values };
      }
      expect(await workspace.numbers(scalars)).toEqual(totals);
      await bench.same(workspace, x.vector, block.values, 'after 150 steps');
    });
  });
}
