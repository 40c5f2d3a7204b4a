// The shared cases of scalars that stay, of entries and of amend.

import { expect } from 'vitest';
import type { Entry, Part, Scalars, Workspace } from '../../src/backend/backend.js';
import { randomStream, type Random } from '../../src/base/random.js';
import { graphs, type Bench, type Test, type Twin } from './bench.js';
import {
  naiveAmend,
  naiveCombine,
  naiveProduct,
  naiveReduction,
  type Block,
  type Expected,
} from './naive.js';
import { randomGraph, randomNumbers } from './random-graphs.js';

/** What parts may name: rows (null: scalars) and columns. */
interface Extent {
  readonly rows: number | null;
  readonly columns: number;
}

/** A random number, of a random sign, within so many decades of one. */
function spread(random: Random, decades: number): number {
  const size = 10 ** (decades * (2 * random.double() - 1));
  return random.below(2) === 0 ? size : -size;
}

/** `count` entries at different places of the target, with up to five parts each. */
function randomEntries(
  seed: number,
  target: Extent,
  sources: readonly Extent[],
  count: number,
  decades = 0,
): Entry[] {
  const random = randomStream(seed, 7);
  const places = new Set<number>();
  const most = (target.rows ?? 1) * target.columns;
  while (places.size < Math.min(count, most)) places.add(random.below(most));
  const part = (): Part => {
    const source = random.below(sources.length);
    const { rows, columns } = sources[source];
    return {
      source,
      row: rows === null ? null : random.below(rows),
      column: random.below(columns),
      weight: spread(random, decades),
    };
  };
  return [...places].map((place) => ({
    row: target.rows === null ? null : Math.floor(place / target.columns),
    column: place % target.columns,
    keep: random.below(3) === 0 ? 0 : spread(random, decades),
    parts: Array.from({ length: sources.length === 0 ? 0 : random.below(6) }, part),
  }));
}

/** Scalars of random numbers beside the numbers: written through a block of one row's entries. */
function scalarsOf(bench: Bench, workspace: Workspace, count: number): Block & { on: Scalars } {
  const from = bench.twin(workspace, count);
  const on = workspace.scalars(count);
  const entries = Array.from({ length: count }, (_, column): Entry => ({
    row: null,
    column,
    keep: 0,
    parts: [{ source: 0, row: 0, column, weight: 1 }],
  }));
  workspace.amend(on, workspace.place(entries), [{ numbers: from.vector, factor: 1 }]);
  workspace.release(from.vector);
  return { columns: count, values: from.values.slice(0, count), on };
}

/** Declares the cases. */
export function amendCases(test: Test): void {
  for (const columns of [1, 3, 8, 17]) {
    test(`entries of ${columns} columns agree, the rest stays`, (bench) =>
      bench.on(graphs['unequal weights'](), (workspace) =>
        entriesAgree(bench, workspace, columns),
      ));
  }

  test('thousands of entries agree', (bench) =>
    bench.on(graphs['unequal weights'](), async (workspace) => {
      const extent = { rows: workspace.rows, columns: 17 };
      const [target, x] = [bench.twin(workspace, 17), bench.twin(workspace, 17)];
      // More workgroups than one dimension of a dispatch takes, in a binding of 2¹⁷ bytes.
      const entries = randomEntries(2, extent, [extent], 4900).map((entry, e) => ({
        ...entry,
        parts: entry.parts.slice(0, e % 10 === 0 ? 1 : 0),
      }));
      workspace.amend(target.vector, workspace.place(entries), [{ numbers: x.vector, factor: 3 }]);
      const expected = naiveAmend(target, entries, [{ ...x, factor: 3 }]);
      await bench.same(workspace, target.vector, expected, '4900 entries');
    }));

  test('entries write scalars, reduced ones too, and take from them', (bench) =>
    bench.on(graphs['equal weights'](), (workspace) => scalarsAgree(bench, workspace)));

  test('scalars start as zeros, stay, and are coefficients', (bench) =>
    bench.on(graphs['equal weights'](), (workspace) => scalarsStay(bench, workspace)));

  test('an entry that keeps nothing writes over what is no number', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      const x = bench.twin(workspace, 3);
      const lost = bench.twin(workspace, 3, new Float64Array(3 * workspace.rows).fill(NaN));
      const parts: Part[] = [{ source: 0, row: 5, column: 1, weight: 0.5 }];
      const entries = workspace.place([
        { row: 7, column: 0, keep: 0, parts },
        { row: 8, column: 2, keep: -0, parts: [] },
        { row: 9, column: 2, keep: 1, parts },
      ]);
      workspace.amend(lost.vector, entries, [{ numbers: x.vector, factor: 2 }]);
      const found = await workspace.read(lost.vector);
      expect(found[21]).toBeCloseTo(x.values[16], 6);
      expect(found[26]).toBe(0);
      expect(found.filter((value) => Number.isNaN(value)).length).toBe(found.length - 2);
    }));

  test('entries placed once serve several targets, of other columns too', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      const { rows } = workspace;
      const entries = randomEntries(3, { rows, columns: 3 }, [{ rows, columns: 3 }], 300);
      const placed = workspace.place(entries);
      expect(placed.count).toBe(300);
      for (const columns of [3, 8, 4, 3]) {
        const [target, x] = [bench.twin(workspace, columns), bench.twin(workspace, columns + 1)];
        workspace.amend(target.vector, placed, [{ numbers: x.vector, factor: columns }]);
        const expected = naiveAmend(target, entries, [{ ...x, factor: columns }]);
        await bench.same(workspace, target.vector, expected, `${columns} columns`);
      }
    }));

  test('entries agree where target and sources are thirty decades from one', (bench) =>
    bench.on(graphs['equal weights'](), (workspace) => scalesAgree(bench, workspace)));

  test('entries are released as soon as they are used', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      const extent = { rows: workspace.rows, columns: 2 };
      const [target, x] = [bench.twin(workspace, 2), bench.twin(workspace, 2)];
      let now: Block = target;
      for (let k = 0; k < 5; k++) {
        const entries = randomEntries(20 + k, extent, [extent], 50);
        const placed = workspace.place(entries);
        workspace.amend(target.vector, placed, [{ numbers: x.vector, factor: 1 }]);
        workspace.release(placed);
        now = { columns: 2, values: naiveAmend(now, entries, [{ ...x, factor: 1 }]).value };
      }
      const size = now.values.map((value) => Math.max(1, Math.abs(value)));
      await bench.same(workspace, target.vector, { value: now.values, magnitude: size }, 'five');
    }));

  test('no entries change nothing', (bench) =>
    bench.on(graphs['one arc'](), async (workspace) => {
      const x = bench.twin(workspace, 2, Float64Array.of(1, 2, 3, 4));
      const none = workspace.place([]);
      workspace.amend(x.vector, none, []);
      workspace.amend(workspace.scalars(0), none, [{ numbers: x.vector, factor: 1 }]);
      workspace.release(none);
      expect(await workspace.read(x.vector)).toEqual(x.values);
      expect(await workspace.numbers([workspace.scalars(0)])).toEqual([new Float64Array(0)]);
    }));

  test('an amend between two products is what the host does between them', (bench) =>
    bench.on(graphs['unequal weights'](), (workspace) => betweenProducts(bench, workspace)));
}

async function entriesAgree(bench: Bench, workspace: Workspace, columns: number): Promise<void> {
  const { rows } = workspace;
  const target = bench.twin(workspace, columns);
  const [x, y] = [bench.twin(workspace, columns), bench.twin(workspace, columns + 2)];
  const [size] = workspace.reduce([{ kind: 'absolute', x: y.vector }]);
  const reduced = naiveReduction('absolute', y, null, null).value;
  const extents: readonly Extent[] = [
    { rows, columns },
    { rows, columns: columns + 2 },
    { rows: null, columns: columns + 2 },
    { rows, columns },
  ];
  const factors = [1, -2e7, 0.01, 3e-8];
  const entries = randomEntries(columns, { rows, columns }, extents, 400, 9);
  const numbers = [x.vector, y.vector, size, x.vector];
  workspace.amend(
    target.vector,
    workspace.place(entries),
    numbers.map((own, s) => ({ numbers: own, factor: factors[s] })),
  );
  const naive = [x, y, { columns: columns + 2, values: reduced }, x];
  const expected = naiveAmend(
    target,
    entries,
    naive.map(({ columns: stride, values }, s) => ({
      columns: stride,
      values,
      factor: factors[s],
    })),
  );
  await bench.same(workspace, target.vector, loose(expected), `B = ${columns}`);
}

/** Room for the rounding of a reduction behind some of the parts. */
function loose({ value, magnitude }: Expected): Expected {
  return { value, magnitude: magnitude.map((size) => 2 * size) };
}

async function scalarsAgree(bench: Bench, workspace: Workspace): Promise<void> {
  const { rows } = workspace;
  const x = bench.twin(workspace, 5, randomNumbers(rows * 5, 77).map(Math.abs));
  const stored = scalarsOf(bench, workspace, 9);
  const [sum, dot] = workspace.reduce([
    { kind: 'sum', x: x.vector },
    { kind: 'dot', x: x.vector, y: x.vector },
  ]);
  const sums = { columns: 5, values: naiveReduction('sum', x, null, null).value };
  const dots = { columns: 5, values: naiveReduction('dot', x, x, null).value };
  const extents: readonly Extent[] = [
    { rows: null, columns: 5 },
    { rows: null, columns: 9 },
    { rows, columns: 5 },
  ];
  // Reduced scalars from other reduced ones, from stored ones and from a block.
  const ofSum = randomEntries(31, { rows: null, columns: 5 }, extents, 4);
  const sources = [dot, stored.on, x.vector].map((numbers) => ({ numbers, factor: -0.5 }));
  workspace.amend(sum, workspace.place(ofSum), sources);
  const naive = [dots, stored, x].map((block) => ({ ...block, factor: -0.5 }));
  const sumAfter = naiveAmend(sums, ofSum, naive);
  // Stored ones from reduced ones, those just written among them.
  const ofStored = randomEntries(32, { rows: null, columns: 9 }, extents.with(1, extents[0]), 7);
  workspace.amend(stored.on, workspace.place(ofStored), [
    { numbers: dot, factor: 2 },
    { numbers: sum, factor: 3 },
    { numbers: x.vector, factor: -1 },
  ]);
  const storedAfter = naiveAmend(stored, ofStored, [
    { ...dots, factor: 2 },
    { columns: 5, values: sumAfter.value, factor: 3 },
    { ...x, factor: -1 },
  ]);
  const found = await workspace.numbers([stored.on, sum, dot]);
  // Errors of up to three verbs, of numbers of the size of the largest sum.
  const sized = (value: Float64Array) => ({
    value,
    magnitude: value.map(() => 20 * Math.max(...dots.values, ...sums.values)),
  });
  bench.close(found[0], sized(storedAfter.value), 'stored scalars');
  bench.close(found[1], sized(sumAfter.value), 'a reduced sum');
  bench.close(found[2], sized(dots.values), 'a source');
}

async function scalarsStay(bench: Bench, workspace: Workspace): Promise<void> {
  const [first, second] = [workspace.scalars(3), workspace.scalars(3)];
  expect([first.columns, second.columns]).toEqual([3, 3]);
  const values = Float64Array.of(2, -4, 0.5);
  const x = bench.twin(workspace, 3);
  const one = bench.twin(workspace, 1, new Float64Array(workspace.rows).fill(1));
  const entries = Array.from(values, (weight, column): Entry => ({
    row: null,
    column,
    keep: 1,
    parts: [{ source: 0, row: 4, column: 0, weight }],
  }));
  const placed = workspace.place(entries);
  const before = workspace.numbers([first, second]);
  workspace.amend(first, placed, [{ numbers: one.vector, factor: 1 }]);
  const out = workspace.vector(3);
  workspace.combine(out, [
    { coefficient: first, vector: x.vector },
    { coefficient: -1, vector: x.vector },
  ]);
  const product = { direction: 'both', factor: 0 } as const;
  const added = workspace.vector(3);
  const terms = [{ coefficient: first, vector: x.vector }];
  workspace.product({ ...product, out: added, x: x.vector, terms });
  const between = workspace.numbers([first]);
  workspace.amend(first, placed, [{ numbers: one.vector, factor: 1 }]);
  expect(await before).toEqual([new Float64Array(3), new Float64Array(3)]);
  expect(await between).toEqual([values]);
  expect(await workspace.numbers([second, first])).toEqual([
    new Float64Array(3),
    values.map((value) => 2 * value),
  ]);
  const naive = [
    { coefficient: values, vector: x },
    { coefficient: -1, vector: x },
  ];
  const { rows } = workspace;
  await bench.same(workspace, out, naiveCombine(rows, 3, naive), 'combine by scalars');
  const alone = naiveCombine(rows, 3, naive.slice(0, 1));
  await bench.same(workspace, added, alone, 'a product with a term by scalars');
  workspace.release(second);
  workspace.release(first);
}

/** Numbers near 10³⁰ from numbers near 10⁻³⁰ and the reverse, by weights that no f32 holds. */
async function scalesAgree(bench: Bench, workspace: Workspace): Promise<void> {
  const { rows } = workspace;
  const extent = { rows, columns: 3 };
  const sized = (size: number, seed: number): Twin =>
    bench.twin(
      workspace,
      3,
      randomNumbers(rows * 3, seed).map((value) => size * value),
    );
  const cases: readonly (readonly [target: number, source: number, weight: number])[] = [
    [1e30, 1e-30, 1e10],
    [1e30, 1e-30, 1e70],
    [1e-30, 1e30, 1e-45],
    [1e-30, 1e30, 1e-100],
    [1, 1e30, 1e60],
    [1, 1e-30, 1e-60],
  ];
  for (const [to, from, by] of cases) {
    const [target, x, same] = [sized(to, 1), sized(from, 2), sized(to, 3)];
    const entries = randomEntries(40, extent, [extent, extent], 200).map((entry) => ({
      ...entry,
      parts: entry.parts.map((part) => ({
        ...part,
        weight: part.weight * (part.source === 0 ? by : 1),
      })),
    }));
    const factor = to / from / by;
    workspace.amend(target.vector, workspace.place(entries), [
      { numbers: x.vector, factor },
      { numbers: same.vector, factor: 1 },
    ]);
    const expected = naiveAmend(target, entries, [
      { ...x, factor },
      { ...same, factor: 1 },
    ]);
    await bench.same(workspace, target.vector, expected, `${to} from ${from} by ${by}`);
  }
  await smallScalarsAgree(bench, workspace);
}

/** A number near 10⁻³⁶ in scalars, where no power of two is kept, brought back near one. */
async function smallScalarsAgree(bench: Bench, workspace: Workspace): Promise<void> {
  const x = bench.twin(workspace, 1);
  const small = workspace.scalars(1);
  const only = (row: number | null, weight: number): Entry => ({
    row,
    column: 0,
    keep: 0,
    parts: [{ source: 0, row: row === null ? 3 : null, column: 0, weight }],
  });
  const first = [only(null, 1e-36)];
  workspace.amend(small, workspace.place(first), [{ numbers: x.vector, factor: 1 }]);
  const second = [only(5, 1e20)];
  workspace.amend(x.vector, workspace.place(second), [{ numbers: small, factor: 1e20 }]);
  const values = naiveAmend({ columns: 1, values: new Float64Array(1) }, first, [
    { ...x, factor: 1 },
  ]).value;
  const expected = naiveAmend(x, second, [{ columns: 1, values, factor: 1e20 }]);
  await bench.same(workspace, x.vector, loose(expected), 'from 10⁻³⁶');
}

/** A product, entries on its result and from its operand, and a product of that: one wait. */
async function betweenProducts(bench: Bench, workspace: Workspace): Promise<void> {
  const axons = graphs['unequal weights']();
  const columns = 8;
  const extent = { rows: workspace.rows, columns };
  const x = bench.twin(workspace, columns);
  const [first, second] = [workspace.vector(columns), workspace.vector(columns)];
  const shared = { direction: 'both', factor: 0.05, terms: [] } as const;
  const entries = randomEntries(50, extent, [extent], 500);
  const placed = workspace.place(entries);
  workspace.product({ ...shared, out: first, x: x.vector });
  workspace.amend(first, placed, [{ numbers: x.vector, factor: 0.7 }]);
  workspace.product({ ...shared, out: second, x: first });
  workspace.amend(second, placed, [{ numbers: first, factor: -0.3 }]);

  const once = naiveProduct({ ...shared, axons, x }).value;
  const amended = naiveAmend({ columns, values: once }, entries, [{ ...x, factor: 0.7 }]).value;
  const between: Block = { columns, values: amended };
  const twice = naiveProduct({ ...shared, axons, x: between });
  const last = naiveAmend({ columns, values: twice.value }, entries, [
    { ...between, factor: -0.3 },
  ]);
  // Errors of four verbs, on numbers whose parts have the size of a row's sum.
  const size = 10 * Math.max(...twice.magnitude);
  const expected = { value: last.value, magnitude: last.value.map(() => size) };
  await bench.same(workspace, second, expected, 'two products and two amends');
}

/** Declares the cases of misuse. */
export function amendMisuseCases(test: Test): void {
  test('wrong entries throw and name the fault', (bench) =>
    bench.on(randomGraph({ rows: 4, arcs: 5, seed: 3 }), async (workspace) => {
      const part: Part = { source: 0, row: 1, column: 1, weight: 1 };
      const entry: Entry = { row: 2, column: 1, keep: 1, parts: [part] };
      const placing = (...entries: readonly Entry[]) => expect(() => workspace.place(entries));
      placing({ ...entry, row: 4 }).toThrow(/row below 4 or null, found 4/);
      placing({ ...entry, row: -1 }).toThrow(/a row or null, found -1/);
      placing({ ...entry, column: 0.5 }).toThrow(/column/);
      placing({ ...entry, parts: [{ ...part, row: 9 }] }).toThrow(/entry 0, part 0.*found 9/);
      placing({ ...entry, parts: [{ ...part, source: 4 }] }).toThrow(/0…3, found 4/);
      placing(entry, { ...entry, keep: 0 }).toThrow(/entry 1: row 2, column 1 named twice/);
      placing(entry, { ...entry, row: null, column: 0 }).toThrow(/scalars|block/);

      const placed = workspace.place([entry]);
      const [x, y, thin] = [workspace.vector(2), workspace.vector(2), workspace.vector(1)];
      const from = { numbers: y, factor: 1 };
      const amending = (...given: Parameters<Workspace['amend']>) =>
        expect(() => workspace.amend(...given));
      amending(x, placed, [from, from, from, from, from]).toThrow(/5 sources.*at most 4/);
      amending(x, placed, []).toThrow(/0 sources, and entries take from 1/);
      amending(x, placed, [from, { numbers: x, factor: 1 }]).toThrow(/also one of their sources/);
      amending(thin, placed, [from]).toThrow(/target is a block of 1 columns.*at least 2/);
      amending(x, placed, [{ numbers: thin, factor: 1 }]).toThrow(/source 0 is a block of 1/);
      amending(workspace.scalars(2), placed, [from]).toThrow(/target is scalars/);
      amending(x, placed, [{ numbers: workspace.scalars(2), factor: 1 }]).toThrow(/is scalars/);
      amending(x, placed, [from, from, from, from]).not.toThrow();
      expect(await workspace.read(x)).toEqual(new Float64Array(8));
    }));
}
