// The shared cases of exact arithmetic for storing, combining and scaling blocks.

import { expect } from 'vitest';
import type { ExactWorkspace } from '../../src/backend/exact.js';
import { TERM_BITS, type ExactBench, type ExactTest } from './exact-bench.js';
import { exactGraphs, exactMatrices, randomIntegers } from './exact-graphs.js';
import { naiveExactCombine, rnd, type NaiveExactTerm } from './exact-naive.js';

const graph = () => exactMatrices(exactGraphs['every length of row'], 'narrow', 'source');
/** Odd integers and their neighbours, whose halves are rounded upwards, and the largest. */
const BORDERS = [0n, 1n, -1n, 2n, -2n, 3n, -3n, 5n, -5n, (1n << 62n) - 1n, 1n - (1n << 62n)];

/** Declares the cases of vector, write, read and release. */
export function exactStorageCases(test: ExactTest): void {
  test('exact blocks are read back as they were written', (bench) =>
    bench.on(graph(), async (workspace) => {
      for (const columns of [1, 2, 65]) {
        const { vector, values } = bench.twin(workspace, columns, 62);
        await bench.same(workspace, vector, values, `B = ${columns}`);
        workspace.release(vector);
        const zeroed = workspace.vector(columns);
        await bench.same(workspace, zeroed, values.fill(0n), `zeroed, B = ${columns}`);
      }
    }));
  test('shared memory is written like any other', (bench) =>
    bench.on(graph(), async (workspace) => {
      const shared = new BigInt64Array(new SharedArrayBuffer(8 * workspace.rows));
      shared.set(randomIntegers(workspace.rows, 4, 62));
      const vector = workspace.vector(1);
      workspace.write(vector, shared);
      await bench.same(workspace, vector, BigInt64Array.from(shared), 'shared');
    }));
  test('a block of another length is refused', (bench) =>
    bench.on(graph(), async (workspace) => {
      const vector = workspace.vector(2);
      expect(() => workspace.write(vector, new BigInt64Array(workspace.rows))).toThrow();
      await workspace.read(vector);
    }));
}

/** Declares the cases of combine and scale. */
export function exactCombineCases(test: ExactTest): void {
  test('exact combinations agree for up to 24 terms of every kind', (bench) =>
    bench.on(graph(), async (workspace) => {
      for (const columns of [1, 2, 7, 65]) {
        for (const count of [0, 1, 2, 7, 24])
          await combinationAgrees(bench, workspace, columns, count);
      }
    }));
  test('an exact combination may read its own result, more than once', (bench) =>
    bench.on(graph(), async (workspace) => {
      for (const columns of [1, 7]) {
        const out = bench.twin(workspace, columns, TERM_BITS);
        const other = bench.twin(workspace, columns, TERM_BITS);
        const terms = bench.terms(workspace, columns, [out, other, out, out]);
        workspace.combine(
          out.vector,
          terms.map(({ given }) => given),
        );
        const naive = terms.map((term) => term.naive);
        const expected = naiveExactCombine(workspace.rows, columns, naive);
        await bench.same(workspace, out.vector, expected, `B = ${columns}`);
      }
    }));
  test('halves are rounded upwards for every shift and sign', (bench) =>
    bench.on(exactMatrices({ rows: 11, arcs: 20, seed: 1 }, 'narrow', null), (workspace) =>
      halvesAgree(bench, workspace),
    ));
  test('the low 64 bits of a reduction are a coefficient', (bench) =>
    bench.on(graph(), async (workspace) => {
      const x = bench.twin(workspace, 1, 62);
      const small = bench.twin(workspace, 1, 1);
      const [dot] = workspace.reduce([{ kind: 'dot', x: x.vector, y: x.vector }]);
      const out = workspace.vector(1);
      workspace.combine(out, [{ coefficient: dot, shift: 0, vector: small.vector }]);
      const [[total]] = await workspace.numbers([dot]);
      expect(total > 1n << 64n).toBe(true);
      const term = { coefficient: BigInt.asIntN(64, total), shift: 0, vector: small };
      const expected = naiveExactCombine(workspace.rows, 1, [term]);
      await bench.same(workspace, out, expected, 'low bits');
    }));
  test('exact scaling agrees, also in place', (bench) =>
    bench.on(graph(), async (workspace) => {
      for (const columns of [1, 2, 7, 65]) {
        const x = bench.twin(workspace, columns, 62);
        const by = bench.twin(workspace, 1, 62);
        const out = workspace.vector(columns);
        const expected = x.values.map((v, k) => rnd(by.values[Math.floor(k / columns)] * v, 62));
        workspace.scale(out, x.vector, by.vector);
        await bench.same(workspace, out, expected, 'apart');
        workspace.scale(x.vector, x.vector, by.vector);
        await bench.same(workspace, x.vector, expected, 'in place');
      }
    }));
}

async function combinationAgrees(
  bench: ExactBench,
  workspace: ExactWorkspace,
  columns: number,
  count: number,
): Promise<void> {
  const twins = Array.from({ length: count }, (_, t) =>
    bench.twin(workspace, t % 5 === 4 ? 1 : columns, TERM_BITS),
  );
  const out = bench.twin(workspace, columns, 62);
  const terms = bench.terms(workspace, columns, twins);
  workspace.combine(
    out.vector,
    terms.map(({ given }) => given),
  );
  const naive = terms.map((term) => term.naive);
  const expected = naiveExactCombine(workspace.rows, columns, naive);
  await bench.same(workspace, out.vector, expected, `${count} terms, B = ${columns}`);
  for (const { vector } of [...twins, out]) workspace.release(vector);
}

async function halvesAgree(bench: ExactBench, workspace: ExactWorkspace): Promise<void> {
  const x = bench.twin(workspace, 1, 62, BigInt64Array.from(BORDERS));
  const half = bench.twin(workspace, 1, 62, new BigInt64Array(workspace.rows).fill(1n << 61n));
  const out = workspace.vector(1);
  for (let shift = 0; shift <= 62; shift++) {
    const one = 1n << BigInt(shift);
    for (const coefficient of [one >> 1n, -(one >> 1n), 1n - one, one === 1n ? 1n : one - 1n]) {
      const term: NaiveExactTerm = { coefficient, shift, vector: x };
      workspace.combine(out, [{ coefficient, shift, vector: x.vector }]);
      const expected = naiveExactCombine(workspace.rows, 1, [term]);
      await bench.same(workspace, out, expected, `${coefficient} >> ${shift}`);
    }
  }
  workspace.scale(out, x.vector, half.vector);
  const expected = x.values.map((value) => rnd(value << 61n, 62));
  await bench.same(workspace, out, expected, 'scaled by a half');
}
