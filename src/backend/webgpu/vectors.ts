// Blocks of rows × columns elements on the device, in device row order, reused by size. Behind the
// rows lies room for the partial sums of long rows (see matrix.ts), so a product needs no buffer of
// its own for them.

import { check, invariant } from '../../base/errors.js';
import type { Vector } from '../backend.js';
import { usages, type Device } from './device.js';
import type { Recorder } from './recorder.js';

/** A block on the device: value = stored element · 2^exponent. */
export class DeviceVector implements Vector {
  exponent = 0;
  live = true;

  constructor(
    readonly pool: VectorPool,
    readonly columns: number,
    readonly buffer: GPUBuffer,
  ) {}
}

/** Hands out the blocks of one workspace. */
export class VectorPool {
  readonly #device: Device;
  readonly #recorder: Recorder;
  readonly #bytesPerColumn: number;
  readonly #idle = new Map<number, GPUBuffer[]>();
  readonly #used = new Set<GPUBuffer>();

  constructor(device: Device, recorder: Recorder, bytesPerColumn: number) {
    this.#device = device;
    this.#recorder = recorder;
    this.#bytesPerColumn = bytesPerColumn;
  }

  /**
   * A zeroed block. Throws `too-large` where it exceeds a binding or, idle blocks freed, the
   * budget.
   */
  take(columns: number): DeviceVector {
    check(
      Number.isInteger(columns) && columns >= 1,
      'bad-parameter',
      () => `columns: expected an integer ≥ 1, found ${columns}`,
    );
    this.#device.assertUsable();
    const reused = this.#idle.get(columns)?.pop();
    if (reused !== undefined) this.#recorder.clear(reused);
    const buffer = reused ?? this.#allocate(columns);
    this.#used.add(buffer);
    return new DeviceVector(this, columns, buffer);
  }

  /** Takes a block back for reuse. */
  give(vector: DeviceVector): void {
    vector.live = false;
    this.#used.delete(vector.buffer);
    const idle = this.#idle.get(vector.columns);
    if (idle === undefined) this.#idle.set(vector.columns, [vector.buffer]);
    else idle.push(vector.buffer);
  }

  /** The device's own view of a vector; throws if it is foreign or released. */
  own(vector: Vector): DeviceVector {
    invariant(
      vector instanceof DeviceVector && vector.pool === this,
      'a vector is used in its own workspace',
    );
    invariant(vector.live, 'a vector is not used after its release');
    return vector;
  }

  /** Frees all blocks. */
  destroy(): void {
    this.#freeIdle();
    for (const buffer of this.#used) this.#device.free(buffer);
    this.#used.clear();
  }

  #allocate(columns: number): GPUBuffer {
    const bytes = this.#bytesPerColumn * columns;
    if (this.#idle.size > 0 && this.#device.allocatedBytes + bytes > this.#device.memoryBudget) {
      this.#recorder.forget();
      this.#freeIdle();
    }
    return this.#device.allocate(
      `vector of ${columns} columns`,
      bytes,
      usages.storage | usages.copySource | usages.copyTarget,
    );
  }

  #freeIdle(): void {
    for (const buffers of this.#idle.values())
      for (const buffer of buffers) this.#device.free(buffer);
    this.#idle.clear();
  }
}
