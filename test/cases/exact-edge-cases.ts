// Where one lost carry or one wrong rounding shows: products and row sums that end exactly at, or one
// below, half a unit. Random integers come near a half once in billions of tries.

import { expect } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import type { ExactMatrices, ExactWorkspace } from '../../src/backend/exact.js';
import type { ExactTest } from './exact-bench.js';
import { rnd } from './exact-naive.js';

const ROWS = 400;

/** A pair of factors whose product is `target` modulo 2^bits: b odd, a = target / b. */
function pairFor(target: bigint, bits: number, seed: number): readonly [bigint, bigint] {
  const random = randomStream(seed, bits);
  const modulus = 1n << BigInt(bits);
  const word = (): bigint => BigInt(random.below(2 ** 31));
  const b = (((word() << 31n) | word()) % (1n << 60n)) | 1n;
  // Newton: every step doubles the right bits of the inverse.
  let inverse = b;
  for (let step = 0; step < 7; step++) inverse = (inverse * (2n - b * inverse)) % modulus;
  let a = (target * inverse) % modulus;
  if (a < 0n) a += modulus;
  if (a >= modulus / 2n) a -= modulus;
  return [a, b];
}

/** Pairs with products at a half of 2^shift, and one below, for all rows. */
function edgePairs(shift: number): readonly (readonly [bigint, bigint])[] {
  const pairs: (readonly [bigint, bigint])[] = [];
  const half = 1n << BigInt(shift - 1);
  for (let seed = 1; pairs.length < ROWS; seed++) {
    const [a, b] = pairFor(seed % 2 === 0 ? half : half - 1n, shift, seed);
    if (a < 1n << 62n && a > -(1n << 62n)) pairs.push(seed % 3 === 0 ? [-a, b] : [a, b]);
  }
  return pairs;
}

/** Rows without arcs in or out, but for one axon that a graph needs. */
function bare(rows: number): ExactMatrices {
  const offsets = new Uint32Array(rows + 1).fill(1);
  offsets[0] = 0;
  return {
    rows,
    offsets,
    columns: Uint32Array.of(1),
    weights: null,
    spread: { by: 'row', exponents: new Uint8Array(rows) },
    transitionExponents: new Uint8Array(rows),
  };
}

/** Declares the cases. */
export function exactEdgeCases(test: ExactTest): void {
  test('products that end next to a half are rounded right', (bench) =>
    bench.on(bare(ROWS), async (workspace) => {
      for (const shift of [62, 61, 40, 33, 32, 31, 24]) await termsAgree(workspace, shift);
      await scalesAgree(workspace);
    }));
  test('row sums that end at a half by a carry are rounded right', async (bench) => {
    await bench.on(carryGraph(), carriesAgree);
  });
  test('dots next to a multiple of 2³² are rounded down', (bench) =>
    bench.on(bare(ROWS), async (workspace) => {
      const pairs = Array.from({ length: ROWS }, (_, i) => pairFor(i % 2 === 0 ? 0n : -1n, 32, i));
      const [x, y] = [workspace.vector(1), workspace.vector(1)];
      workspace.write(
        x,
        BigInt64Array.from(pairs, ([a]) => a),
      );
      workspace.write(
        y,
        BigInt64Array.from(pairs, ([, b]) => b),
      );
      const [[sum]] = await workspace.numbers(workspace.reduce([{ kind: 'dot', x, y }]));
      expect(sum).toBe(pairs.reduce((all, [a, b]) => all + ((a * b) >> 32n), 0n));
    }));
}

/** Terms: one coefficient for a column, so every pair is its own column's coefficient in turn. */
async function termsAgree(workspace: ExactWorkspace, shift: number): Promise<void> {
  const pairs = edgePairs(shift).slice(0, 40);
  const x = workspace.vector(pairs.length);
  const out = workspace.vector(pairs.length);
  const block = new BigInt64Array(ROWS * pairs.length);
  for (let i = 0; i < ROWS; i++) {
    for (let b = 0; b < pairs.length; b++) block[i * pairs.length + b] = pairs[b][1];
  }
  workspace.write(x, block);
  const coefficient = BigInt64Array.from(pairs, ([a]) => a);
  workspace.combine(out, [{ coefficient, shift, vector: x }]);
  const found = await workspace.read(out);
  expect([...found.subarray(0, pairs.length)], `shift ${shift}`).toEqual(
    pairs.map(([a, b]) => rnd(a * b, shift)),
  );
  for (const vector of [x, out]) workspace.release(vector);
}

/** scale, and row scale and diagonal of a product, whole and halved. */
async function scalesAgree(workspace: ExactWorkspace): Promise<void> {
  for (const bits of [62, 63]) {
    const pairs = edgePairs(62).map(([a, b], i): readonly [bigint, bigint] =>
      bits === 62 ? [a, b] : pairFor((1n << 62n) - BigInt(i % 2), 63, i + 1),
    );
    const fitting = pairs.map(([a, b]): readonly [bigint, bigint] =>
      a < 1n << 62n && a > -(1n << 62n) ? [a, b] : [1n, b],
    );
    const [scale, x, out] = [1, 1, 1].map((columns) => workspace.vector(columns));
    workspace.write(
      scale,
      BigInt64Array.from(fitting, ([a]) => a),
    );
    workspace.write(
      x,
      BigInt64Array.from(fitting, ([, b]) => b),
    );
    if (bits === 62) workspace.scale(out, x, scale);
    else {
      const product = { out, table: 'spread', x, rowScale: scale, diagonal: scale } as const;
      workspace.product({ ...product, halved: true, terms: [] });
    }
    const found = await workspace.read(out);
    // Rows 0 and 1 have an arc, whose sum is another matter.
    expect([...found.subarray(2)], `${bits} bits`).toEqual(
      fitting.slice(2).map(([a, b]) => rnd(a * b, bits)),
    );
    for (const vector of [scale, x, out]) workspace.release(vector);
  }
}

const FIRST_BIT = 8;
const LAST_BIT = 60;

/** For each k, particles a and b link to c with (2⁶¹ − 2^k) + 2^k = 2⁶¹, half of a unit. */
function carryGraph(): ExactMatrices {
  const groups = LAST_BIT - FIRST_BIT + 1;
  const rows = 3 * groups;
  const offsets = new Uint32Array(rows + 1);
  const columns = new Uint32Array(2 * groups);
  const weights = new Float64Array(2 * groups);
  for (let g = 0; g < groups; g++) {
    const k = FIRST_BIT + g;
    columns.fill(3 * g + 2, 2 * g, 2 * g + 2);
    weights[2 * g] = 2 ** 61 - 2 ** k;
    weights[2 * g + 1] = 2 ** k;
    offsets.set([2 * g + 1, 2 * g + 2, 2 * g + 2], 3 * g + 1);
  }
  const exponents = new Uint8Array(rows).fill(62);
  return {
    rows,
    offsets,
    columns,
    weights,
    spread: { by: 'source', exponents },
    transitionExponents: exponents,
  };
}

async function carriesAgree(workspace: ExactWorkspace): Promise<void> {
  for (const columns of [1, 3]) {
    const [x, out] = [workspace.vector(columns), workspace.vector(columns)];
    for (const unit of [1n, -1n]) {
      workspace.write(x, new BigInt64Array(workspace.rows * columns).fill(unit));
      workspace.product({ out, table: 'transition', x, terms: [] });
      const found = await workspace.read(out);
      // Half a unit goes up: to one, or from −½ to nought.
      const half = unit === 1n ? 1n : 0n;
      const expected = Array.from({ length: workspace.rows * columns }, (_, at) =>
        Math.floor(at / columns) % 3 === 2 ? half : 0n,
      );
      expect([...found]).toEqual(expected);
    }
    for (const vector of [x, out]) workspace.release(vector);
  }
}
