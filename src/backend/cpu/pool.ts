// Worker threads of one workspace. Workers live inside the WebAssembly function `serve`: they spin,
// sleep and compute there, so a verb costs one barrier and no message. Threads start lazily, with
// the first command that is worth sharing.

import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { CONTROL_BYTES, OP, OP_EXIT, REMAINING, SEQUENCE, THREADS } from './layout.js';
import type { Memory } from './memory.js';

interface Kernels {
  readonly run: (control: number) => void;
  readonly dispatch: (control: number, workers: number) => void;
}

/** Executes commands written into the control block, on one thread or on all of them. */
export interface Pool {
  /** Address of the control block. */
  readonly control: number;
  /** Starts the workers, once; resolves when all of them wait for commands. */
  start(): Promise<void>;
  /** Threads that `execute` uses: 1 until `start` has resolved. */
  readonly threads: number;
  execute(): void;
  destroy(): void;
}

let compiled: WebAssembly.Module | undefined;

function kernelModule(): WebAssembly.Module {
  const file = new URL('../../../kernels/kernels.wasm', import.meta.url);
  compiled ??= new WebAssembly.Module(readFileSync(file));
  return compiled;
}

/** The kernels over a memory, for the calling thread. */
export function createKernels(memory: Memory): Record<string, unknown> {
  return new WebAssembly.Instance(kernelModule(), { env: { memory: memory.shared } }).exports;
}

// Plain JavaScript in a string: it must run from source and from dist alike, and it is one call
// into the kernels.
const WORKER = `
const { workerData, parentPort } = require('node:worker_threads');
const { module, memory, control, seen } = workerData;
const instance = new WebAssembly.Instance(module, { env: { memory } });
parentPort.postMessage('ready');
instance.exports.serve(control, seen);
`;

/** Opens a pool of up to `threads` threads over a memory; the calling thread is one of them. */
export function openPool(memory: Memory, threads: number): Pool {
  const module = kernelModule();
  const kernels = createKernels(memory) as unknown as Kernels;
  const control = memory.allocate(CONTROL_BYTES);
  const workers: Worker[] = [];
  let active = 1;
  let starting: Promise<void> | undefined;

  const startOne = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const seen = new Int32Array(memory.shared.buffer, control + SEQUENCE, 1)[0];
      const workerData = { module, memory: memory.shared, control, seen };
      const worker = new Worker(WORKER, { eval: true, workerData, stdin: false });
      workers.push(worker);
      worker.once('message', () => {
        worker.unref();
        resolve();
      });
      worker.once('error', reject);
    });

  return {
    control,
    get threads() {
      return active;
    },
    start: () => {
      starting ??= Promise.all(Array.from({ length: threads - 1 }, startOne)).then(
        () => void (active = threads),
      );
      return starting;
    },
    execute: () => {
      const shared = memory.u32(control, CONTROL_BYTES / 4);
      if (shared[THREADS / 4] > 1) kernels.dispatch(control, active - 1);
      else kernels.run(control);
    },
    destroy: () => {
      if (workers.length > 0) {
        const shared = new Int32Array(memory.shared.buffer, control, CONTROL_BYTES / 4);
        shared[OP / 4] = OP_EXIT;
        Atomics.store(shared, REMAINING / 4, workers.length);
        Atomics.add(shared, SEQUENCE / 4, 1);
        Atomics.notify(shared, SEQUENCE / 4);
        for (const worker of workers) void worker.terminate();
        workers.length = 0;
      }
      active = 1;
    },
  };
}
