// The shared cases of storage and of the verbs that work element by element: combine and scale.

import { expect } from 'vitest';
import type { Workspace } from '../../src/backend/backend.js';
import { graphs, type Bench, type Test, type Twin } from './bench.js';
import { naiveCombine, type NaiveTerm } from './naive.js';

/** Declares the cases of vector, release, write and read. */
export function storageCases(test: Test): void {
  test('a new vector is zero, also where a released one is reused', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      for (const columns of [1, 3, 8]) {
        const first = bench.twin(workspace, columns).vector;
        workspace.combine(first, [{ coefficient: 2, vector: first }]);
        workspace.release(first);
        const second = workspace.vector(columns);
        expect(second.columns).toBe(columns);
        const found = await workspace.read(second);
        expect([found.length, found.every((value) => value === 0)]).toEqual([
          workspace.rows * columns,
          true,
        ]);
      }
    }));

  test('what was written is read back in graph order', (bench) =>
    bench.on(graphs['rows of every length'](), async (workspace) => {
      for (const columns of [1, 3, 4, 8, 70]) {
        const { vector, values } = bench.twin(workspace, columns);
        const rounded =
          workspace.precision === 'f64' ? values : Float64Array.from(Float32Array.from(values));
        const found = await workspace.read(vector);
        expect(
          found.every((value, k) => value === rounded[k]),
          `B = ${columns}`,
        ).toBe(true);
      }
    }));

  test('a write between verbs changes only what comes after it', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      const source = bench.twin(workspace, 1);
      const before = workspace.vector(1);
      workspace.combine(before, [{ coefficient: 1, vector: source.vector }]);
      workspace.write(source.vector, new Float64Array(workspace.rows).fill(5));
      const expected = naiveCombine(workspace.rows, 1, [{ coefficient: 1, vector: source }]);
      await bench.same(workspace, before, expected, 'copy');
    }));
}

/** Declares the cases of misuse. */
export function misuseCases(test: Test): void {
  test('wrong use throws and names the fault', (bench) =>
    bench.on(
      graphs['one arc'](),
      async (workspace) => {
        const vector = workspace.vector(1);
        expect(() => workspace.vector(0)).toThrow(/columns/);
        expect(() => workspace.write(vector, new Float64Array(3))).toThrow();
        expect(() =>
          workspace.product({ out: vector, direction: 'in', x: vector, factor: 1, terms: [] }),
        ).toThrow();
        const other = workspace.vector(1);
        expect(() =>
          workspace.product({ out: other, direction: 'out', x: vector, factor: 1, terms: [] }),
        ).toThrow();
        workspace.release(other);
        expect(() => workspace.write(other, new Float64Array(2))).toThrow();
      },
      'in',
    ));
}

/** Declares the cases of combine and scale. */
export function combineCases(test: Test): void {
  test('combinations agree for up to 24 terms of every kind', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      for (const columns of [1, 3, 8]) {
        for (const count of [0, 1, 2, 7, 24])
          await combinationAgrees(bench, workspace, columns, count);
      }
    }));

  test('a combination may read its own result, once or twice', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      for (const columns of [1, 4]) {
        const out = bench.twin(workspace, columns);
        const other = bench.twin(workspace, columns);
        const terms: readonly (Twin & { readonly by: number })[] = [
          { ...out, by: 2 },
          { ...other, by: 3 },
          { ...out, by: -0.5 },
        ];
        workspace.combine(
          out.vector,
          terms.map(({ by, vector }) => ({ coefficient: by, vector })),
        );
        const naive = terms.map((term): NaiveTerm => ({ coefficient: term.by, vector: term }));
        await bench.same(
          workspace,
          out.vector,
          naiveCombine(workspace.rows, columns, naive),
          `B = ${columns}`,
        );
      }
    }));

  test('scaling agrees, also in place', (bench) =>
    bench.on(graphs['unequal weights'](), async (workspace) => {
      for (const columns of [1, 3, 8]) {
        const x = bench.twin(workspace, columns);
        const by = bench.twin(workspace, 1);
        const out = workspace.vector(columns);
        const plus = bench.twin(workspace, columns);
        const value = x.values.map((v, k) => -1.5 * by.values[Math.floor(k / columns)] * v);
        const apart = { value, magnitude: value.map(Math.abs) };
        const sum = {
          value: value.map((v, k) => v + plus.values[k]),
          magnitude: value.map((v, k) => Math.abs(v) + Math.abs(plus.values[k])),
        };
        workspace.scale(out, x.vector, by.vector, -1.5);
        await bench.same(workspace, out, apart, 'apart');
        workspace.scale(out, x.vector, by.vector, -1.5, plus.vector);
        await bench.same(workspace, out, sum, 'with a sum');
        workspace.scale(plus.vector, x.vector, by.vector, -1.5, plus.vector);
        await bench.same(workspace, plus.vector, sum, 'onto a sum');
        workspace.scale(x.vector, x.vector, by.vector, -1.5);
        await bench.same(workspace, x.vector, apart, 'in place');
      }
    }));
}

async function combinationAgrees(
  bench: Bench,
  workspace: Workspace,
  columns: number,
  count: number,
): Promise<void> {
  const kinds = bench.coefficients(workspace, columns);
  const twins = Array.from({ length: count }, (_, t) =>
    bench.twin(workspace, t % 5 === 4 ? 1 : columns),
  );
  const out = bench.twin(workspace, columns);
  workspace.combine(
    out.vector,
    twins.map(({ vector }, t) => ({ coefficient: kinds[t % 4].given, vector })),
  );
  const naive = twins.map((vector, t): NaiveTerm => ({ coefficient: kinds[t % 4].naive, vector }));
  const expected = naiveCombine(workspace.rows, columns, naive);
  await bench.same(workspace, out.vector, expected, `${count} terms, B = ${columns}`);
  for (const { vector } of [...twins, out]) workspace.release(vector);
}
