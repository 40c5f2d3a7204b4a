// The shared cases of the reductions, and of long sequences of verbs between two waits.

import { expect } from 'vitest';
import type { Scalars, Workspace } from '../../src/backend/backend.js';
import type { Csr } from '../../src/graph/csr.js';
import { graphs, type Bench, type Test } from './bench.js';
import { naiveProduct, naiveReduction, type Block } from './naive.js';
import { randomGraph, randomNumbers } from './random-graphs.js';

/** Declares the cases of reduce and numbers. */
export function reductionCases(test: Test): void {
  // Two stages begin at 2,049 rows; more than 64 columns take a second tile.
  const wanted: readonly (readonly [number, readonly number[]])[] = [
    [1, [1, 3]],
    [2, [1, 8]],
    [63, [1, 3, 8, 70]],
    [2049, [1, 3, 8]],
    [100_000, [1]],
  ];
  for (const [rows, columnCounts] of wanted) {
    test(`sixteen reductions of ${rows} rows agree`, async (bench) => {
      const axons = randomGraph({ rows, arcs: Math.min(rows - 1, 1000), seed: 8 });
      await bench.on(axons, async (workspace) => {
        for (const columns of columnCounts) await reductionsAgree(bench, workspace, columns);
      });
    });
  }
}

async function reductionsAgree(bench: Bench, workspace: Workspace, columns: number): Promise<void> {
  const twins = Array.from({ length: 8 }, () => bench.twin(workspace, columns));
  const weight = bench.twin(workspace, 1);
  const kinds = ['sum', 'absolute', 'dot', 'distance'] as const;
  const wanted = Array.from({ length: 16 }, (_, r) => {
    const kind = kinds[r % 4];
    const x = twins[r % 8];
    const y = kind === 'dot' || kind === 'distance' ? twins[(3 * r + 1) % 8] : null;
    return { kind, x, y, weight: r % 3 === 0 ? weight : null };
  });
  const scalars = workspace.reduce(
    wanted.map(({ kind, x, y, weight: by }) => ({
      kind,
      x: x.vector,
      ...(y === null ? {} : { y: y.vector }),
      ...(by === null ? {} : { weight: by.vector }),
    })),
  );
  expect(scalars.map((one) => one.columns)).toEqual(wanted.map(() => columns));
  const numbers = await workspace.numbers(scalars);
  wanted.forEach(({ kind, x, y, weight: by }, r) =>
    bench.close(
      numbers[r],
      naiveReduction(kind, x, y, by?.values ?? null),
      `reduction ${r}, ${kind}, B = ${columns}`,
    ),
  );
  for (const { vector } of [...twins, weight]) workspace.release(vector);
}

/** Declares the cases of order, determinism and life time. */
export function sequenceCases(test: Test): void {
  test('hundreds of verbs without a wait keep their order', (bench) => {
    const axons = graphs['unequal weights']();
    return bench.on(axons, (workspace) => sequenceAgrees(bench, workspace, axons));
  });

  test('the same verbs give the same bits twice', (bench) =>
    bench.on(graphs['rows of every length'](), async (workspace) => {
      const x = bench.twin(workspace, 3);
      const run = async (): Promise<readonly Float64Array[]> => {
        const out = workspace.vector(3);
        workspace.product({ out, direction: 'both', x: x.vector, factor: 0.7, terms: [] });
        const scalars = workspace.reduce([
          { kind: 'dot', x: out, y: x.vector },
          { kind: 'sum', x: out },
        ]);
        const result = [await workspace.read(out), ...(await workspace.numbers(scalars))];
        workspace.release(out);
        return result;
      };
      expect(await run()).toEqual(await run());
    }));

  test('waits that overlap each bring their own numbers', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      const twins = Array.from({ length: 6 }, (_, k) => bench.twin(workspace, 1 + (k % 2)));
      const reads = await Promise.all(twins.map(({ vector }) => workspace.read(vector)));
      reads.forEach((values, k) =>
        bench.close(
          values,
          { value: twins[k].values, magnitude: twins[k].values.map(Math.abs) },
          `read ${k}`,
        ),
      );
      expect(await workspace.numbers([])).toEqual([]);
    }));

  test('after destroy no verb succeeds', async (bench) => {
    const workspace = await bench.backend.open(graphs['one arc'](), 'both');
    const vector = workspace.vector(1);
    workspace.destroy();
    workspace.destroy();
    expect(() => workspace.combine(vector, [])).toThrow();
    await expect(async () => workspace.read(vector)).rejects.toThrow();
  });
}

/** 150 steps x ← (0.04 W + 0.1) x, scaled to sum one by a coefficient that the loops know. */
async function sequenceAgrees(bench: Bench, workspace: Workspace, axons: Csr): Promise<void> {
  const x = bench.twin(workspace, 2, randomNumbers(workspace.rows * 2, 50).map(Math.abs));
  const out = workspace.vector(2);
  const kept: Scalars[] = [];
  const sums: Float64Array[] = [];
  let current: Block = x;
  for (let step = 0; step < 150; step++) {
    const shared = { direction: 'both', factor: 0.04 } as const;
    const own = [{ coefficient: 0.1, vector: x.vector }];
    workspace.product({ ...shared, out, x: x.vector, terms: own });
    workspace.combine(x.vector, [{ coefficient: 1, vector: out }]);
    kept.push(...workspace.reduce([{ kind: 'sum', x: x.vector }]));
    const terms = [{ coefficient: 0.1, vector: current }];
    const { value } = naiveProduct({ ...shared, axons, x: current, terms });
    const sum = naiveReduction('sum', { columns: 2, values: value }, null, null).value;
    workspace.combine(x.vector, [{ coefficient: sum.map((s) => 1 / s), vector: x.vector }]);
    current = { columns: 2, values: value.map((v, k) => v / sum[k % 2]) };
    sums.push(sum);
  }
  const numbers = await workspace.numbers(kept);
  const errors = numbers.flatMap((sum, step) =>
    [...sum].map((s, b) => Math.abs(s / sums[step][b] - 1)),
  );
  // Errors of all steps add up, each at most the tolerance.
  expect(Math.max(...errors)).toBeLessThan(150 * bench.tolerance);
}
