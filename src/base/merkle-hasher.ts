// SHA-256 of many leaves and of pairs of digests, four at a time in WebAssembly (kernels/merkle.ts),
// about 110 ns a block of 64 bytes. Large trees are a pipeline: the calling thread writes leaves
// into slots, worker threads hash them, and the calling thread helps whenever it has no slot to
// fill. So nothing waits for a worker to start, and the digests never depend on who made them.

import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { FocusError, check, invariant } from './errors.js';
import {
  CONTROL_BYTES,
  DATA,
  EXIT,
  FINISHED,
  FIRST_SLOT,
  HASHES,
  LEAVES,
  LENGTHS,
  LEVELS,
  SEQUENCE,
  SLOT_BYTES,
  SLOT_COUNT,
  SLOT_LEAVES,
  STATE,
  STATE_FILLED,
  STATE_FREE,
  STATE_HASHED,
} from './merkle-layout.js';

/** The leaves of a tree: bytes by index, written where they are wanted. */
export interface Leaves {
  /** 0 … 2³². */
  readonly count: number;
  /** The most bytes that a leaf has, 0 … 65,536. */
  readonly mostBytes: number;
  /**
   * Writes the bytes of a leaf into `target` from `at` on and returns their number; the same bytes
   * at every call. `target` may be shared memory.
   */
  write(index: number, target: Uint8Array, at: number): number;
}

/** Bytes of a digest. */
export const DIGEST_BYTES = 32;
/** Leaves below one kept digest: 2^BLOCK_LEVELS. */
export const BLOCK_LEVELS = 6;
const BLOCK_LEAVES = 2 ** BLOCK_LEVELS;
const MOST_LEAF_BYTES = 65536;
const MOST_LEAVES = 2 ** 32;

/** Leaves from which worker threads are started: 50 ms of hashing, which a start costs too. */
const WORTH_SHARING = 2 ** 17;
/** Of a slot beyond what its last block of leaves may need. */
const ROOMY_BYTES = 192 * 1024;
/** RFC 6962: what stands before the bytes of a leaf. */
const LEAF_PREFIX = 0;
/** Of all slots together: 29 of the largest. */
const MOST_MEMORY_BYTES = 2 ** 27;
/** The kernels' constants lie below; the control block begins here. */
const FIRST_FREE = 65536;
const PAGE = 65536;
/** Between looks at a worker that is late. */
const PATIENCE_MS = 100;

interface Kernels {
  readonly hashSlot: (slot: number) => void;
  readonly joinPairs: (slot: number, count: number) => void;
  readonly work: (control: number) => number;
}

/** Memory with slots, and the kernels over it. */
interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly slots: readonly number[];
  readonly slotBytes: number;
}

let compiled: WebAssembly.Module | undefined;
/** The machine of all hashing in one thread, kept because small trees are many. */
let single: Machine | undefined;
let singleInUse = false;

/**
 * Digests of all blocks of 64 leaves, 32 bytes each: level 6 of the tree. O(leaves · bytes), about
 * 0.45 µs a leaf of 100 bytes and thread. Throws `bad-parameter` for sizes out of range, and
 * whatever `write` throws.
 */
export function hashBlocks(leaves: Leaves, threads: number): Uint8Array {
  checkSizes(leaves);
  const out = new Uint8Array(Math.ceil(leaves.count / BLOCK_LEAVES) * DIGEST_BYTES);
  if (threads < 2 || leaves.count < WORTH_SHARING) {
    withSingle(leaves.mostBytes, (machine) => runPipeline(machine, leaves, out));
    return out;
  }
  const slotBytes = slotBytesFor(leaves.mostBytes);
  const slots = Math.min(2 * threads, Math.floor(MOST_MEMORY_BYTES / slotBytes));
  const machine = openMachine(slots, slotBytes);
  try {
    for (let i = 1; i < threads; i++) startWorker(machine);
    runPipeline(machine, leaves, out);
  } finally {
    machine.words[word(FIRST_FREE, EXIT)] = 1;
    Atomics.add(machine.words, word(FIRST_FREE, SEQUENCE), 1);
    Atomics.notify(machine.words, word(FIRST_FREE, SEQUENCE));
  }
  return out;
}

/** Digests of up to 64 leaves from `first` on: level 0 of one block. */
export function hashLeaves(leaves: Leaves, first: number): Uint8Array {
  return withSingle(leaves.mostBytes, (machine) => {
    const slot = machine.slots[0];
    const count = fill(machine, slot, leaves, first, Math.min(leaves.count, first + BLOCK_LEAVES));
    machine.words[word(slot, LEVELS)] = 0;
    machine.kernels.hashSlot(slot);
    return machine.bytes.slice(slot + HASHES, slot + HASHES + count * DIGEST_BYTES);
  });
}

/** The next level: digests of pairs, an odd last one as it is. */
export function joinLevel(level: Uint8Array): Uint8Array {
  const count = level.length / DIGEST_BYTES;
  const joined = new Uint8Array(Math.ceil(count / 2) * DIGEST_BYTES);
  withSingle(0, ({ bytes, kernels, slots }) => {
    const at = slots[0] + HASHES;
    for (let first = 0; first < count; first += SLOT_LEAVES) {
      const size = Math.min(SLOT_LEAVES, count - first);
      bytes.set(level.subarray(first * DIGEST_BYTES, (first + size) * DIGEST_BYTES), at);
      kernels.joinPairs(slots[0], size);
      const half = Math.ceil(size / 2) * DIGEST_BYTES;
      joined.set(bytes.subarray(at, at + half), (first / 2) * DIGEST_BYTES);
    }
  });
  return joined;
}

function checkSizes({ count, mostBytes }: Leaves): void {
  check(
    Number.isInteger(count) && count >= 0 && count <= MOST_LEAVES,
    'bad-parameter',
    () => `leaves: expected a count in 0…2³², found ${count}`,
  );
  check(
    Number.isInteger(mostBytes) && mostBytes >= 0 && mostBytes <= MOST_LEAF_BYTES,
    'bad-parameter',
    () => `leaves: expected at most ${MOST_LEAF_BYTES} bytes a leaf, found ${mostBytes}`,
    'commit to the digest of long content instead of its bytes',
  );
}

/** Fills, hashes and collects slots until every block's digest is in `out`. */
function runPipeline(machine: Machine, leaves: Leaves, out: Uint8Array): void {
  const { words, bytes, kernels, slots } = machine;
  const finished = word(FIRST_FREE, FINISHED);
  const firstLeaf = slots.map(() => 0);
  let next = 0;
  let waiting = 0;
  while (next < leaves.count || waiting > 0) {
    const seen = Atomics.load(words, finished);
    let hasMoved = false;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i];
      const state = Atomics.load(words, word(slot, STATE));
      if (state === STATE_HASHED) {
        const digests = Math.ceil(words[word(slot, LEAVES)] / BLOCK_LEAVES) * DIGEST_BYTES;
        const from = slot + HASHES;
        const to = (firstLeaf[i] / BLOCK_LEAVES) * DIGEST_BYTES;
        out.set(bytes.subarray(from, from + digests), to);
        waiting--;
      }
      if (state !== STATE_HASHED && state !== STATE_FREE) continue;
      words[word(slot, STATE)] = STATE_FREE;
      if (next === leaves.count) continue;
      firstLeaf[i] = next;
      next += fill(machine, slot, leaves, next, leaves.count);
      words[word(slot, LEVELS)] = BLOCK_LEVELS;
      Atomics.store(words, word(slot, STATE), STATE_FILLED);
      Atomics.add(words, word(FIRST_FREE, SEQUENCE), 1);
      Atomics.notify(words, word(FIRST_FREE, SEQUENCE), 1);
      waiting++;
      hasMoved = true;
    }
    if (hasMoved || waiting === 0) continue;
    if (kernels.work(FIRST_FREE) === 0) Atomics.wait(words, finished, seen, PATIENCE_MS);
  }
}

/** Writes whole blocks of leaves from `first` on into a slot; returns the number of leaves. */
function fill(
  { bytes, words, slotBytes }: Machine,
  slot: number,
  leaves: Leaves,
  first: number,
  last: number,
): number {
  const end = slot + slotBytes;
  const blockBytes = BLOCK_LEAVES * paddedBytes(leaves.mostBytes);
  const most = Math.min(SLOT_LEAVES, last - first);
  let at = slot + DATA;
  let count = 0;
  for (; count < most; count++) {
    if (count % BLOCK_LEAVES === 0 && at + blockBytes > end) break;
    bytes[at] = LEAF_PREFIX;
    const length = leaves.write(first + count, bytes, at + 1);
    invariant(
      length >= 0 && length <= leaves.mostBytes,
      `leaf ${first + count} has at most ${leaves.mostBytes} bytes, ${length} were written`,
    );
    words[word(slot, LENGTHS) + count] = length + 1;
    at += paddedBytes(length);
  }
  words[word(slot, LEAVES)] = count;
  return count;
}

/** Bytes of the blocks of a leaf: its prefix, its bytes, and at least nine of padding. */
function paddedBytes(length: number): number {
  return (length + 1 + 9 + 63) & ~63;
}

function slotBytesFor(mostBytes: number): number {
  return DATA + BLOCK_LEAVES * paddedBytes(mostBytes) + ROOMY_BYTES;
}

function word(base: number, field: number): number {
  return (base + field) >>> 2;
}

/** Runs on the kept machine, or, inside a leaf's own `write`, on one of its own. */
function withSingle<T>(mostBytes: number, use: (machine: Machine) => T): T {
  const needed = slotBytesFor(mostBytes);
  if (singleInUse) return use(openMachine(1, needed));
  if (single === undefined || single.slotBytes < needed) single = openMachine(1, needed);
  singleInUse = true;
  try {
    return use(single);
  } finally {
    singleInUse = false;
  }
}

function openMachine(slotCount: number, slotBytes: number): Machine {
  const start = FIRST_FREE + CONTROL_BYTES;
  const pages = Math.ceil((start + slotCount * slotBytes) / PAGE) + 1;
  const memory = reserve(pages);
  const instance = new WebAssembly.Instance(merkleModule(), { env: { memory } });
  const words = new Int32Array(memory.buffer);
  const slots = Array.from({ length: slotCount }, (_, i) => start + i * slotBytes);
  words[word(FIRST_FREE, SLOT_COUNT)] = slotCount;
  words[word(FIRST_FREE, FIRST_SLOT)] = start;
  words[word(FIRST_FREE, SLOT_BYTES)] = slotBytes;
  return {
    memory,
    kernels: instance.exports as unknown as Kernels,
    bytes: new Uint8Array(memory.buffer),
    words,
    slots,
    slotBytes,
  };
}

function reserve(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    const bytes = pages * PAGE;
    throw new FocusError(
      'too-large',
      `no ${bytes} bytes of memory for hashing (${String(cause)})`,
      'free memory or address space (ulimit -v)',
      { cause },
    );
  }
}

function merkleModule(): WebAssembly.Module {
  const file = new URL('../../kernels/merkle.wasm', import.meta.url);
  compiled ??= new WebAssembly.Module(readFileSync(file));
  return compiled;
}

// Plain JavaScript in a string: it must run from source and from dist alike.
const WORKER = `
const { module, memory, control } = require('node:worker_threads').workerData;
new WebAssembly.Instance(module, { env: { memory } }).exports.serve(control);
`;

function startWorker({ memory }: Machine): void {
  const workerData = { module: merkleModule(), memory, control: FIRST_FREE };
  const worker = new Worker(WORKER, { eval: true, workerData, stdin: false });
  worker.unref();
  // The calling thread does what the worker does not, so the root is right all the same.
  worker.once('error', (cause) => {
    process.emitWarning(`Merkle trees are hashed by one thread less: ${String(cause)}`);
  });
}
