// The WebAssembly memory of one workspace: a bump allocator with free lists by size, growing in
// place; a block is also given for less than its size, so that narrow blocks can follow wide ones.
// Addresses are byte offsets, aligned to 64; views are made anew after growth because a shared
// buffer's length is fixed.

import { FocusError } from '../../base/errors.js';

const PAGE = 65536;
const MOST_PAGES = 65536;
/**
 * Left unused at both ends: the kernels' own constants below, loads that peek past a block above.
 */
const FIRST_FREE = PAGE;
const MARGIN = PAGE;

/** Linear memory shared with worker threads. */
export interface Memory {
  readonly shared: WebAssembly.Memory;
  /** Address of `bytes` zeroed bytes. Throws `too-large` beyond 4 GiB. */
  allocate(bytes: number): number;
  free(address: number, bytes: number): void;
  u32(address: number, length: number): Uint32Array;
  f32(address: number, length: number): Float32Array;
  f64(address: number, length: number): Float64Array;
  i64(address: number, length: number): BigInt64Array;
}

/** Opens a memory that starts with room for `expectedBytes` and grows on demand. */
export function openMemory(expectedBytes: number): Memory {
  const pages = Math.ceil((FIRST_FREE + expectedBytes + MARGIN) / PAGE);
  if (pages > MOST_PAGES) throw tooLarge(expectedBytes);
  const shared = create(pages);
  const free = new Map<number, number[]>();
  /** Sizes of blocks that were larger than what was asked for. */
  const larger = new Map<number, number>();
  let top = FIRST_FREE;

  const allocate = (bytes: number): number => {
    const size = rounded(bytes);
    const recycled = recycle(free, larger, size);
    if (recycled !== undefined) {
      // Fresh pages are zero already; touching them here would cost as much as their first use.
      new Uint8Array(shared.buffer, recycled, size).fill(0);
      return recycled;
    }
    const missing = top + size + MARGIN - shared.buffer.byteLength;
    if (missing > 0) grow(shared, missing, top + size);
    const address = top;
    top += size;
    return address;
  };
  return {
    shared,
    allocate,
    free: (address, bytes) => {
      const size = larger.get(address) ?? rounded(bytes);
      larger.delete(address);
      const list = free.get(size);
      if (list) list.push(address);
      else free.set(size, [address]);
    },
    u32: (address, length) => new Uint32Array(shared.buffer, address, length),
    f32: (address, length) => new Float32Array(shared.buffer, address, length),
    f64: (address, length) => new Float64Array(shared.buffer, address, length),
    i64: (address, length) => new BigInt64Array(shared.buffer, address, length),
  };
}

/** A free block of this size, or the smallest of at most eight times it. */
function recycle(
  free: ReadonlyMap<number, number[]>,
  larger: Map<number, number>,
  size: number,
): number | undefined {
  const exact = free.get(size)?.pop();
  if (exact !== undefined) return exact;
  let best = Infinity;
  for (const [other, list] of free) {
    if (other > size && other <= 8 * size && list.length > 0) best = Math.min(best, other);
  }
  const found = free.get(best)?.pop();
  if (found !== undefined) larger.set(found, best);
  return found;
}

function rounded(bytes: number): number {
  return Math.max(64, Math.ceil(bytes / 64) * 64);
}

function create(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: MOST_PAGES, shared: true });
  } catch (cause) {
    throw new FocusError(
      'too-large',
      `the CPU backend could not reserve 4 GiB of address space (${String(cause)})`,
      'raise the limit on virtual memory (ulimit -v) or free address space',
      { cause },
    );
  }
}

function grow(shared: WebAssembly.Memory, missing: number, wanted: number): void {
  const pages = Math.ceil(missing / PAGE);
  // Grow by an eighth at least, so that many small blocks do not remap the memory each time.
  const generous = Math.max(pages, Math.floor(shared.buffer.byteLength / PAGE / 8));
  for (const attempt of [generous, pages]) {
    try {
      shared.grow(attempt);
      return;
    } catch {
      continue;
    }
  }
  throw tooLarge(wanted);
}

function tooLarge(bytes: number): FocusError {
  return new FocusError(
    'too-large',
    `the graph and its vectors need ${(bytes / 2 ** 30).toFixed(2)} GiB, ` +
      'expected at most 4 GiB in one workspace on the cpu backend',
    'use --precision f32, fewer columns, or the webgpu backend',
  );
}
