// Exact sums of logarithms on the CPU, by the kernel kernels/exact-logarithm.ts; the table it needs
// is computed here in long integers (docs/exact-arithmetic.md, section 8). About 60 ns a row.

import { createKernels } from './pool.js';
import { openMemory, type Memory } from './memory.js';

interface Kernels {
  readonly weightedLogarithms: (
    w: number,
    a: number,
    count: number,
    table: number,
    out: number,
  ) => void;
}

/** Bits behind the point of a logarithm. */
export const LOGARITHM_BITS = 56;
const GUARD = 128n;
const CENTRES = 128;
const BLOCK = 1 << 16;

/** ⌊ln((m + d)/(m − d))·2⁵⁶⌋ by the series of artanh(d/m), with 128 guard bits. */
function logarithmOfRatio(d: bigint, m: bigint): bigint {
  const one = 1n << (GUARD + BigInt(LOGARITHM_BITS));
  let power = (one * d) / m;
  let sum = 0n;
  for (let k = 1n; power > 0n; k += 2n) {
    sum += power / k;
    power = (power * d * d) / (m * m);
  }
  return (2n * sum) >> GUARD;
}

/** ln 2 in units of 2⁻⁵⁶. */
export const LN2 = logarithmOfRatio(1n, 3n);

function tableOf(): BigInt64Array {
  const table = new BigInt64Array(1 + 2 * CENTRES + 8);
  table[0] = LN2;
  for (let j = 0; j < CENTRES; j++) {
    const centre = BigInt(257 + 2 * j);
    table[1 + 2 * j] = logarithmOfRatio(centre - 256n, centre + 256n);
    table[2 + 2 * j] = (1n << 69n) / centre;
  }
  for (let i = 1n; i <= 8n; i++) {
    // To the nearest, as div; the last is rounded down, which is exact.
    table[2 * CENTRES + Number(i)] = ((1n << 63n) + i) / (2n * i);
  }
  return table;
}

/** What sums are taken with: kernels over a memory of a megabyte, its table and buffers. */
interface Desk {
  readonly memory: Memory;
  readonly kernels: Kernels;
  readonly table: number;
  readonly weights: number;
  readonly values: number;
  readonly out: number;
}

/** Opened once: each memory reserves 4 GiB of address space until it is collected. */
let desk: Desk | null = null;

function openDesk(): Desk {
  const memory = openMemory(16 * BLOCK + 8192);
  const kernels = createKernels(memory) as unknown as Kernels;
  const numbers = tableOf();
  const table = memory.allocate(numbers.byteLength);
  memory.i64(table, numbers.length).set(numbers);
  const [weights, values, out] = [8 * BLOCK, 8 * BLOCK, 24].map((bytes) => memory.allocate(bytes));
  return { memory, kernels, table, weights, values, out };
}

/**
 * Σ w_i ln(max(1, a_i)) over rows with w_i > 0, in units of 2⁻⁵⁶ times those of w. O(rows) in one
 * thread.
 */
export function weightedLogarithms(w: BigInt64Array, a: BigInt64Array): bigint {
  desk ??= openDesk();
  const { memory, kernels, table, weights, values, out } = desk;
  let sum = 0n;
  for (let first = 0; first < w.length; first += BLOCK) {
    const count = Math.min(BLOCK, w.length - first);
    memory.i64(weights, count).set(w.subarray(first, first + count));
    memory.i64(values, count).set(a.subarray(first, first + count));
    kernels.weightedLogarithms(weights, values, count, table, out);
    const [high, middle, low] = memory.i64(out, 3);
    sum += (high << 64n) + (middle << 32n) + low;
  }
  return sum;
}
