// The shared cases of amend in exact arithmetic: entries of every kind against loops over BigInt, sums
// whose carries decide a rounding, and what is refused.

import { expect } from 'vitest';
import type { ExactEntry, ExactPart, ExactWorkspace } from '../../src/backend/exact.js';
import { randomStream, type Random } from '../../src/base/random.js';
import type { ExactBench, ExactTest, ExactTwin } from './exact-bench.js';
import { exactGraphs, exactMatrices } from './exact-graphs.js';
import { naiveExactAmend, naiveExactProduct } from './exact-naive.js';

const FULL = 1n << 62n;
const graph = () => exactMatrices(exactGraphs['every length of row'], 'narrow', 'source');

/** A non-negative integer below 2^bits: often a border, or of few bits. */
function anyBelow(random: Random, bits: number): bigint {
  const any = ((BigInt(random.uint32()) << 32n) | BigInt(random.uint32())) >> BigInt(64 - bits);
  const choice = random.below(6);
  if (choice === 0) return (1n << BigInt(bits)) - 1n;
  if (choice === 1) return 1n << BigInt(random.below(bits));
  return choice === 2 ? any >> BigInt(random.below(bits)) : any;
}

/** Entries at different places: few parts or hundreds, so that sums leave 64 bits but not 128. */
function randomEntries(
  random: Random,
  rows: number,
  columns: number,
  count: number,
): readonly ExactEntry[] {
  const places = new Set<number>();
  while (places.size < Math.min(count, rows * columns)) places.add(random.below(rows * columns));
  const signed = (value: bigint): bigint => (random.below(2) === 0 ? value : -value);
  const part = (): ExactPart => ({
    row: random.below(rows),
    reciprocal: anyBelow(random, 63),
    weight: signed(anyBelow(random, 62)),
  });
  return [...places].map((place, e) => ({
    row: Math.floor(place / columns),
    column: place % columns,
    keep: random.below(2) === 0,
    plus: signed(anyBelow(random, 57)),
    parts: Array.from({ length: e === 0 ? 300 : random.below(6) }, part),
  }));
}

/** Applies entries on the machine and by the naive loops. */
async function agrees(
  bench: ExactBench,
  workspace: ExactWorkspace,
  target: ExactTwin,
  source: ExactTwin,
  entries: readonly ExactEntry[],
  factor: bigint,
  what: string,
): Promise<void> {
  const placed = workspace.place(entries, target.columns);
  workspace.amend(target.vector, placed, source.vector, factor);
  const expected = naiveExactAmend(target, entries, source, factor);
  await bench.same(workspace, target.vector, expected, what);
  await bench.same(workspace, source.vector, source.values, `${what}: the source`);
  workspace.release(placed);
}

/** Declares the cases. */
export function exactAmendCases(test: ExactTest): void {
  for (const columns of [1, 3, 8]) {
    test(`exact entries of ${columns} columns agree, the rest stays`, (bench) =>
      bench.on(graph(), async (workspace) => {
        for (const [count, factor] of [
          [1, FULL],
          [7, FULL],
          [200, FULL / 2n],
          [500, 0x2b67_89ab_cdef_0123n],
          [64, 0n],
        ] as const) {
          const random = randomStream(count, columns);
          const target = bench.twin(workspace, columns, 60);
          const source = bench.twin(workspace, columns, 51);
          const entries = randomEntries(random, workspace.rows, columns, count);
          const what = `B = ${columns}, ${count} entries, factor ${factor}`;
          await agrees(bench, workspace, target, source, entries, factor, what);
          workspace.release(target.vector);
          workspace.release(source.vector);
        }
      }));
  }

  test('a carry of an exact entry decides its rounding, whatever the order of parts', (bench) =>
    bench.on(graph(), async (workspace) => {
      const values = new BigInt64Array(workspace.rows);
      values.set([1n, -1n, (1n << 61n) - 1n, -(1n << 61n), 3n, 1n << 33n]);
      const source = bench.twin(workspace, 1, 1, values);
      const part = (row: number, weight: bigint): ExactPart => ({ row, reciprocal: FULL, weight });
      const half = FULL / 2n;
      const sums: readonly (readonly ExactPart[])[] = [
        [part(0, half)],
        [part(0, half - 1n)],
        [part(1, half)],
        [part(1, half + 1n)],
        [part(4, half), part(1, 1n)],
        // Low halves that carry into the high ones and back.
        [part(2, FULL - 1n), part(2, FULL - 1n), part(3, FULL - 1n), part(0, half)],
        [part(3, FULL), part(3, FULL), part(2, FULL), part(2, FULL), part(0, half - 1n)],
        [part(5, (1n << 31n) - 1n), part(5, 1n << 28n), part(1, 1n)],
      ];
      const entries = sums.map((parts, row) => ({ row, column: 0, keep: false, plus: 0n, parts }));
      const reversed = entries.map((entry) => ({ ...entry, parts: entry.parts.toReversed() }));
      for (const factor of [FULL, half, 1n]) {
        for (const [name, list] of Object.entries({ entries, reversed })) {
          const target = bench.twin(workspace, 1, 60);
          const what = `${name}, ${factor}`;
          await agrees(bench, workspace, target, source, list, factor, what);
        }
      }
    }));

  test('exact products and entries follow each other', (bench) => {
    const matrices = graph();
    return bench.on(matrices, async (workspace) => {
      const x = bench.twin(workspace, 3, 51);
      const out = bench.twin(workspace, 3, 51);
      const entries = randomEntries(randomStream(5, 5), workspace.rows, 3, 40);
      workspace.product({ out: out.vector, table: 'transition', x: x.vector, terms: [] });
      const product = { matrices, table: 'transition', x, factor: FULL, terms: [] } as const;
      const values = naiveExactProduct(product);
      await agrees(bench, workspace, { ...out, values }, x, entries, FULL, 'after a product');
    });
  });

  test('exact entries name what is there, once', (bench) =>
    bench.on(graph(), async (workspace) => {
      const { rows } = workspace;
      const entry: ExactEntry = { row: 0, column: 0, keep: true, plus: 0n, parts: [] };
      const withPart = (part: Partial<ExactPart>): ExactEntry => ({
        ...entry,
        parts: [{ row: 0, reciprocal: 1n, weight: 1n, ...part }],
      });
      for (const wrong of [
        [{ ...entry, row: rows }],
        [{ ...entry, row: -1 }],
        [{ ...entry, column: 2 }],
        [entry, entry],
        [{ ...entry, plus: 1n << 63n }],
        [withPart({ row: rows })],
        [withPart({ reciprocal: -1n })],
        [withPart({ reciprocal: 1n << 63n })],
        [withPart({ weight: 1n << 63n })],
      ]) {
        expect(() => workspace.place(wrong, 2)).toThrow(expect.objectContaining({ code: 'usage' }));
      }
      const [x, y, one] = [workspace.vector(2), workspace.vector(2), workspace.vector(1)];
      const placed = workspace.place([entry], 2);
      expect(() => workspace.amend(x, placed, x)).toThrow(/source/);
      expect(() => workspace.amend(one, placed, y)).toThrow(/columns/);
      expect(() => workspace.amend(x, placed, y, FULL + 1n)).toThrow(/factor/);
      workspace.amend(x, workspace.place([], 2), y);
      workspace.release(placed);
      expect(() => workspace.amend(x, placed, y)).toThrow();
      await workspace.read(x);
    }));
}
