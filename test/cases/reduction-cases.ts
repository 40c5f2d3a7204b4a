// The shared cases of the reductions, and of long sequences of verbs between two waits.

import { expect } from 'vitest';
import type { Scalars, Workspace } from '../../src/backend/backend.js';
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
  test('hundreds of verbs without a wait keep their order', (bench) =>
    bench.on(graphs['unequal weights'](), async (workspace) => {
      const axons = graphs['unequal weights']();
      const x = bench.twin(workspace, 2, randomNumbers(workspace.rows * 2, 50).map(Math.abs));
      const out = workspace.vector(2);
      let current: Block = x;
      const kept: Scalars[] = [];
      const sums: Float64Array[] = [];
      for (let step = 0; step < 150; step++) {
        // x ← 0.04 Wx + 0.1 x: a growth that stays in range.
        const terms = [{ coefficient: 0.1, vector: current }];
        const next = naiveProduct({ axons, direction: 'both', x: current, factor: 0.04, terms });
        workspace.product({
          out,
          direction: 'both',
          x: x.vector,
          factor: 0.04,
          terms: [{ coefficient: 0.1, vector: x.vector }],
        });
        workspace.combine(x.vector, [{ coefficient: 1, vector: out }]);
        current = { columns: 2, values: next.value };
        const sum = naiveReduction('sum', current, null, null).value;
        kept.push(...workspace.reduce([{ kind: 'sum', x: x.vector }]));
        // Dividing by its size would need the sum here: a coefficient known to the loops and to the
        // host.
        workspace.combine(x.vector, [{ coefficient: sum.map((s) => 1 / s), vector: x.vector }]);
        current = { columns: 2, values: current.values.map((v, k) => v / sum[k % 2]) };
        sums.push(sum);
      }
      const numbers = await workspace.numbers(kept);
      // Errors of every step add up, each at most the tolerance.
      numbers.forEach((sum, step) =>
        sum.forEach((value, b) =>
          expect(Math.abs(value / sums[step][b] - 1)).toBeLessThan(150 * bench.tolerance),
        ),
      );
    }));

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
