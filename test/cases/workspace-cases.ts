// The suite that every backend passes: each verb of backend.ts against the loops of naive.ts, on graphs that have broken sparse
// kernels before: hubs, empty rows, a single arc, no arc, weights of one value and weights of 25 decades.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  Backend, Coefficient, Direction, Reduction, Scalars, Term, Vector, Workspace,
} from '../../src/backend/backend.js';
import type { Csr } from '../../src/graph/csr.js';
import {
  naiveCombine, naiveProduct, naiveReduction, type Block, type Expected, type NaiveTerm,
} from './naive.js';
import { randomGraph, randomNumbers } from './random-graphs.js';

/** Case titles that a backend does not run, each with the reason. */
export type Exclusions = Readonly<Record<string, string>>;

const weighted: (random: { double(): number }) => number = (random) => 0.1 + random.double();
/** Stakes from 1 to 10²⁵: their products leave f32 unless they are scaled. */
const whales: typeof weighted = (random) => 10 ** (25 * random.double());

const graphs: Readonly<Record<string, () => Csr>> = {
  'one particle': () => randomGraph({ rows: 1, arcs: 0, seed: 1 }),
  'one arc': () => ({
    rows: 2, offsets: Uint32Array.of(0, 1, 1), columns: Uint32Array.of(1), weights: Float64Array.of(2.5),
  }),
  'equal weights': () => randomGraph({ rows: 600, arcs: 9000, seed: 2 }),
  'unequal weights': () => randomGraph({ rows: 600, arcs: 9000, seed: 3, weight: weighted }),
  'empty rows': () => randomGraph({ rows: 500, arcs: 700, seed: 4, weight: weighted, emptyFrom: 300 }),
  'rows of every length': () => randomGraph({ rows: 3000, arcs: 9000, seed: 5, weight: weighted, hubs: true }),
};

/**
 * Runs the suite.
 * @param tolerance largest error allowed, relative to the sum of absolute values that made up a number.
 */
export function workspaceCases(
  name: string,
  open: () => Promise<Backend>,
  tolerance: number,
  exclusions: Exclusions = {},
): void {
  describe(`a workspace of ${name}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await open();
    });
    afterAll(() => backend?.destroy());

    const test = (title: string, body: (bench: Bench) => Promise<void>): void => {
      const reason = exclusions[title];
      if (reason !== undefined) it.skip(`${title} (excluded: ${reason})`);
      else it(title, () => body(new Bench(backend, tolerance)));
    };
    storageCases(test);
    productCases(test);
    combineCases(test);
    reductionCases(test);
    sequenceCases(test);
  });
}

type Test = (title: string, body: (bench: Bench) => Promise<void>) => void;

/** A vector on the backend beside the numbers it should hold. */
interface Twin extends Block {
  readonly vector: Vector;
}

/** Opens workspaces, makes vectors with known numbers, and compares. */
class Bench {
  #seed = 100;

  constructor(
    readonly backend: Backend,
    readonly tolerance: number,
  ) {}

  /** Runs `body` on a workspace of the graph and destroys it. */
  async on(axons: Csr, body: (workspace: Workspace) => Promise<void>, directions: 'in' | 'both' = 'both') {
    const workspace = await this.backend.open(axons, directions);
    try {
      await body(workspace);
    } finally {
      workspace.destroy();
    }
  }

  /** A vector of random numbers in (−1, 1), or of the given ones. */
  twin(workspace: Workspace, columns: number, values?: Float64Array): Twin {
    const vector = workspace.vector(columns);
    const numbers = values ?? randomNumbers(workspace.rows * columns, this.#seed++);
    workspace.write(vector, numbers);
    return { vector, columns, values: numbers };
  }

  /** Four coefficients, one of each kind: number, per column, scalars, and zero. */
  coefficients(workspace: Workspace, columns: number): { readonly given: Coefficient; readonly naive: NaiveTerm['coefficient'] }[] {
    const perColumn = randomNumbers(columns, this.#seed++);
    const summed = this.twin(workspace, columns);
    const [scalars] = workspace.reduce([{ kind: 'absolute', x: summed.vector }]);
    const naive = naiveReduction('absolute', summed, null, null).value;
    return [
      { given: -0.75, naive: -0.75 },
      { given: perColumn, naive: perColumn },
      { given: scalars, naive },
      { given: 0, naive: 0 },
    ];
  }

  async same(workspace: Workspace, vector: Vector, expected: Expected, what: string): Promise<void> {
    this.close(await workspace.read(vector), expected, what);
  }

  close(found: Float64Array, { value, magnitude }: Expected, what: string): void {
    expect(found.length, `${what}: length`).toBe(value.length);
    let worst = 0;
    let at = 0;
    for (let k = 0; k < value.length; k++) {
      const apart = Math.abs(found[k] - value[k]);
      const error = apart === 0 ? 0 : apart / magnitude[k];
      if (!(error <= worst)) [worst, at] = [error, k];
    }
    expect(worst, `${what}: element ${at} is ${found[at]}, expected ${value[at]}`).toBeLessThanOrEqual(this.tolerance);
  }
}

function storageCases(test: Test): void {
  test('a new vector is zero, also where a released one is reused', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      for (const columns of [1, 3, 8]) {
        const first = bench.twin(workspace, columns).vector;
        workspace.combine(first, [{ coefficient: 2, vector: first }]);
        workspace.release(first);
        const second = workspace.vector(columns);
        expect(second.columns).toBe(columns);
        const found = await workspace.read(second);
        expect([found.length, found.every((value) => value === 0)]).toEqual([workspace.rows * columns, true]);
      }
    }));

  test('what was written is read back in graph order', (bench) =>
    bench.on(graphs['rows of every length'](), async (workspace) => {
      for (const columns of [1, 3, 4, 8, 70]) {
        const { vector, values } = bench.twin(workspace, columns);
        const rounded = workspace.precision === 'f64' ? values : Float64Array.from(Float32Array.from(values));
        const found = await workspace.read(vector);
        expect(found.every((value, k) => value === rounded[k]), `B = ${columns}`).toBe(true);
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

  test('wrong use throws and names the fault', (bench) =>
    bench.on(graphs['one arc'](), async (workspace) => {
      const vector = workspace.vector(1);
      expect(() => workspace.vector(0)).toThrow(/columns/);
      expect(() => workspace.write(vector, new Float64Array(3))).toThrow();
      expect(() =>
        workspace.product({ out: vector, direction: 'in', x: vector, factor: 1, terms: [] })).toThrow();
      const other = workspace.vector(1);
      expect(() =>
        workspace.product({ out: other, direction: 'out', x: vector, factor: 1, terms: [] })).toThrow();
      workspace.release(other);
      expect(() => workspace.write(other, new Float64Array(2))).toThrow();
    }, 'in'));
}

function productCases(test: Test): void {
  for (const [title, make] of Object.entries(graphs)) {
    test(`products agree on a graph with ${title}`, async (bench) => {
      const axons = make();
      await bench.on(axons, (workspace) => productsAgree(bench, workspace, axons, [1, 3, 4, 8]));
    });
  }
  test('products agree where only Aᵀ was asked for', async (bench) => {
    const axons = graphs['rows of every length']();
    await bench.on(axons, (workspace) => productsAgree(bench, workspace, axons, [1, 5], ['in']), 'in');
  });
  test('products agree for more columns than a workgroup has lanes', async (bench) => {
    const axons = graphs['unequal weights']();
    await bench.on(axons, (workspace) => productsAgree(bench, workspace, axons, [17, 130]));
  });
  test('products agree on hubs of a hundred thousand arcs', async (bench) => {
    for (const weight of [weighted, undefined]) {
      const axons = randomGraph({
        rows: 100_001, arcs: 100_000, seed: 6, hubs: true, ...(weight === undefined ? {} : { weight }),
      });
      await bench.on(axons, (workspace) => productsAgree(bench, workspace, axons, [1], ['in', 'both']));
    }
  });
  test('products agree with stakes of twenty-five decades', async (bench) => {
    const axons = randomGraph({ rows: 400, arcs: 6000, seed: 7, weight: whales });
    await bench.on(axons, (workspace) => stakesAgree(bench, workspace, axons));
  });
}

/** Plain products, then products with every part of the formula. */
async function productsAgree(
  bench: Bench,
  workspace: Workspace,
  axons: Csr,
  columnCounts: readonly number[],
  directions: readonly Direction[] = ['in', 'out', 'both'],
): Promise<void> {
  const rowScale = bench.twin(workspace, 1);
  const diagonal = bench.twin(workspace, 1);
  for (const columns of columnCounts) {
    const x = bench.twin(workspace, columns);
    const one = bench.twin(workspace, 1);
    const other = bench.twin(workspace, columns);
    for (const direction of directions) {
      const what = `${direction}, B = ${columns}`;
      const out = bench.twin(workspace, columns);
      const plain = { axons, direction, x, factor: 1, terms: [] };
      const old = { ...out };
      const vectors: readonly Block[] = [other, old, one, x];
      const coefficients = bench.coefficients(workspace, columns);
      const given = [other, out, one, x].map(({ vector }, t): Term => ({ coefficient: coefficients[t].given, vector }));
      const naive = vectors.map((vector, t): NaiveTerm => ({ coefficient: coefficients[t].naive, vector }));
      workspace.product({
        out: out.vector, direction, x: x.vector, factor: -0.3,
        rowScale: rowScale.vector, diagonal: diagonal.vector, terms: given,
      });
      const full = { axons, direction, x, factor: -0.3, rowScale: rowScale.values, diagonal: diagonal.values, terms: naive };
      await bench.same(workspace, out.vector, naiveProduct(full), `full product, ${what}`);
      workspace.product({ out: out.vector, direction, x: x.vector, factor: 1, terms: [] });
      await bench.same(workspace, out.vector, naiveProduct(plain), `product, ${what}`);
      for (const { vector } of [out]) workspace.release(vector);
    }
    for (const { vector } of [x, one, other]) workspace.release(vector);
  }
}

/** M = W·diag(1/d) and its transpose, as the solver forms them, where 1/d and W are both far from one. */
async function stakesAgree(bench: Bench, workspace: Workspace, axons: Csr): Promise<void> {
  const { rows } = axons;
  const ones: Block = { columns: 1, values: new Float64Array(rows).fill(1) };
  const degree = naiveProduct({ axons, direction: 'both', x: ones, factor: 1, terms: [] }).value;
  const inverse = bench.twin(workspace, 1, degree.map((d) => 1 / d));
  const focus = bench.twin(workspace, 3, randomNumbers(rows * 3, 9).map((v) => (v + 1) * 1e-6));
  const shares = workspace.vector(3);
  const out = workspace.vector(3);
  workspace.scale(shares, focus.vector, inverse.vector, 1);
  workspace.product({ out, direction: 'both', x: shares, factor: 0.5, terms: [{ coefficient: 1, vector: focus.vector }] });
  const x: Block = { columns: 3, values: focus.values.map((v, k) => v * inverse.values[Math.floor(k / 3)]) };
  const terms = [{ coefficient: 1, vector: focus }];
  const expected = naiveProduct({ axons, direction: 'both', x, factor: 0.5, terms });
  await bench.same(workspace, out, expected, 'W (φ/d)');
  workspace.product({ out, direction: 'both', x: focus.vector, factor: 1, rowScale: inverse.vector, terms: [] });
  const scaled = naiveProduct({ axons, direction: 'both', x: focus, factor: 1, rowScale: inverse.values, terms: [] });
  await bench.same(workspace, out, scaled, '(W φ)/d');
  const degrees = bench.twin(workspace, 1, degree);
  const reductions: readonly Reduction[] = [
    { kind: 'dot', x: degrees.vector, y: inverse.vector },
    { kind: 'distance', x: degrees.vector, y: inverse.vector },
    { kind: 'sum', x: degrees.vector },
  ];
  const [dot, distance, sum] = await workspace.numbers(workspace.reduce(reductions));
  bench.close(dot, naiveReduction('dot', degrees, inverse, null), 'd · 1/d');
  bench.close(distance, naiveReduction('distance', degrees, inverse, null), '|d − 1/d|');
  bench.close(sum, naiveReduction('sum', degrees, null, null), 'Σ d');
  const back = workspace.vector(1);
  workspace.combine(back, [{ coefficient: 2, vector: inverse.vector }, { coefficient: 1, vector: degrees.vector }]);
  await bench.same(workspace, back, naiveCombine(rows, 1, [
    { coefficient: 2, vector: inverse }, { coefficient: 1, vector: degrees },
  ]), '2/d + d');
  expect(await workspace.read(inverse.vector)).toSatisfy((values: Float64Array) =>
    values.every((value, k) => Math.abs(value / inverse.values[k] - 1) < 1e-6));
}

function combineCases(test: Test): void {
  test('combinations agree for up to 24 terms of every kind', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      for (const columns of [1, 3, 8]) {
        for (const count of [0, 1, 2, 7, 24]) await combinationAgrees(bench, workspace, columns, count);
      }
    }));

  test('a combination may read its own result, once or twice', (bench) =>
    bench.on(graphs['equal weights'](), async (workspace) => {
      for (const columns of [1, 4]) {
        const out = bench.twin(workspace, columns);
        const other = bench.twin(workspace, columns);
        const terms: readonly (Twin & { readonly by: number })[] =
          [{ ...out, by: 2 }, { ...other, by: 3 }, { ...out, by: -0.5 }];
        workspace.combine(out.vector, terms.map(({ by, vector }) => ({ coefficient: by, vector })));
        const naive = terms.map((term): NaiveTerm => ({ coefficient: term.by, vector: term }));
        await bench.same(workspace, out.vector, naiveCombine(workspace.rows, columns, naive), `B = ${columns}`);
      }
    }));

  test('scaling agrees, also in place', (bench) =>
    bench.on(graphs['unequal weights'](), async (workspace) => {
      for (const columns of [1, 3, 8]) {
        const x = bench.twin(workspace, columns);
        const by = bench.twin(workspace, 1);
        const out = workspace.vector(columns);
        const value = x.values.map((v, k) => -1.5 * by.values[Math.floor(k / columns)] * v);
        const expected = { value, magnitude: value.map(Math.abs) };
        workspace.scale(out, x.vector, by.vector, -1.5);
        await bench.same(workspace, out, expected, 'apart');
        workspace.scale(x.vector, x.vector, by.vector, -1.5);
        await bench.same(workspace, x.vector, expected, 'in place');
      }
    }));
}

async function combinationAgrees(bench: Bench, workspace: Workspace, columns: number, count: number): Promise<void> {
  const kinds = bench.coefficients(workspace, columns);
  const twins = Array.from({ length: count }, (_, t) => bench.twin(workspace, t % 5 === 4 ? 1 : columns));
  const out = bench.twin(workspace, columns);
  workspace.combine(out.vector, twins.map(({ vector }, t) => ({ coefficient: kinds[t % 4].given, vector })));
  const naive = twins.map((vector, t): NaiveTerm => ({ coefficient: kinds[t % 4].naive, vector }));
  const expected = naiveCombine(workspace.rows, columns, naive);
  await bench.same(workspace, out.vector, expected, `${count} terms, B = ${columns}`);
  for (const { vector } of [...twins, out]) workspace.release(vector);
}

function reductionCases(test: Test): void {
  // Two stages begin at 2,049 rows; more than 64 columns take a second tile.
  const wanted: readonly (readonly [number, readonly number[]])[] =
    [[1, [1, 3]], [2, [1, 8]], [63, [1, 3, 8, 70]], [2049, [1, 3, 8]], [100_000, [1]]];
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
  const scalars = workspace.reduce(wanted.map(({ kind, x, y, weight: by }) => ({
    kind, x: x.vector, ...(y === null ? {} : { y: y.vector }), ...(by === null ? {} : { weight: by.vector }),
  })));
  expect(scalars.map((one) => one.columns)).toEqual(wanted.map(() => columns));
  const numbers = await workspace.numbers(scalars);
  wanted.forEach(({ kind, x, y, weight: by }, r) =>
    bench.close(numbers[r], naiveReduction(kind, x, y, by?.values ?? null), `reduction ${r}, ${kind}, B = ${columns}`));
  for (const { vector } of [...twins, weight]) workspace.release(vector);
}

function sequenceCases(test: Test): void {
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
          out, direction: 'both', x: x.vector, factor: 0.04, terms: [{ coefficient: 0.1, vector: x.vector }],
        });
        workspace.combine(x.vector, [{ coefficient: 1, vector: out }]);
        current = { columns: 2, values: next.value };
        const sum = naiveReduction('sum', current, null, null).value;
        kept.push(...workspace.reduce([{ kind: 'sum', x: x.vector }]));
        // Dividing by its size would need the sum here: a coefficient known to the loops and to the host.
        workspace.combine(x.vector, [{ coefficient: sum.map((s) => 1 / s), vector: x.vector }]);
        current = { columns: 2, values: current.values.map((v, k) => v / sum[k % 2]) };
        sums.push(sum);
      }
      const numbers = await workspace.numbers(kept);
      // Errors of every step add up, each at most the tolerance.
      numbers.forEach((sum, step) =>
        sum.forEach((value, b) => expect(Math.abs(value / sums[step][b] - 1)).toBeLessThan(150 * bench.tolerance)));
    }));

  test('the same verbs give the same bits twice', (bench) =>
    bench.on(graphs['rows of every length'](), async (workspace) => {
      const x = bench.twin(workspace, 3);
      const run = async (): Promise<readonly Float64Array[]> => {
        const out = workspace.vector(3);
        workspace.product({ out, direction: 'both', x: x.vector, factor: 0.7, terms: [] });
        const scalars = workspace.reduce([{ kind: 'dot', x: out, y: x.vector }, { kind: 'sum', x: out }]);
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
        bench.close(values, { value: twins[k].values, magnitude: twins[k].values.map(Math.abs) }, `read ${k}`));
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
