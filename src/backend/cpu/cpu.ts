// The CPU backend: WebAssembly SIMD kernels on worker threads, f64 or f32. Always available.

import { availableParallelism } from 'node:os';
import { check } from '../../base/errors.js';
import type { Backend, Precision } from '../backend.js';
import type { ExactBackend } from '../exact.js';
import { openExactWorkspace } from './exact-workspace.js';
import { openCpuWorkspace } from './workspace.js';

/** How the CPU backend runs. */
export interface CpuOptions {
  /** Threads including the calling one, 1…256; default: the processor's available parallelism. */
  readonly threads?: number;
  /** Default f64. */
  readonly precision?: Precision;
}

/** Opens the CPU backend. Threads start with the first graph that is large enough to share. */
export function openCpu(options: CpuOptions = {}): Backend {
  const threads = threadsOf(options.threads);
  const precision = options.precision ?? 'f64';
  return {
    name: 'cpu',
    precision,
    description: describe(precision, threads),
    open: (axons, directions) => openCpuWorkspace(axons, directions, precision, threads),
    destroy: () => undefined,
  };
}

/** How the CPU backend runs in exact arithmetic; no option changes a bit of the result. */
export interface CpuExactOptions {
  /** As in CpuOptions. */
  readonly threads?: number;
  /** Numbers or arcs from which a verb is shared between threads; default 32,768. */
  readonly worthSharing?: number;
}

/** Opens the CPU backend for exact arithmetic. */
export function openCpuExact(options: CpuExactOptions = {}): ExactBackend {
  const threads = threadsOf(options.threads);
  return {
    name: 'cpu',
    precision: 'exact',
    description: describe('exact', threads),
    open: (matrices) => openExactWorkspace(matrices, threads, options.worthSharing),
    destroy: () => undefined,
  };
}

function threadsOf(wanted: number | undefined): number {
  const threads = wanted ?? availableParallelism();
  check(
    Number.isInteger(threads) && threads >= 1 && threads <= 256,
    'bad-parameter',
    () => `threads: expected an integer in 1…256, found ${threads}`,
    'leave it out to use every core',
  );
  return threads;
}

function describe(precision: string, threads: number): string {
  return `cpu, WebAssembly SIMD ${precision}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}
