// Small buffers that a workspace keeps beside its vectors: entries of amend, and scalars that stay.
// Each is made with its words and freed when it is given back, after all that reads it is submitted.

import { usages, type Device } from './device.js';
import type { Recorder } from './recorder.js';

/** The small buffers of one workspace. */
export class SmallBuffers {
  readonly #device: Device;
  readonly #recorder: Recorder;
  readonly #used = new Set<GPUBuffer>();

  constructor(device: Device, recorder: Recorder) {
    this.#device = device;
    this.#recorder = recorder;
  }

  /** A buffer that holds the given words. Throws `too-large` where the budget ends. */
  take(label: string, words: Uint32Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.#device.allocate(
      label,
      words.byteLength,
      usages.storage | usages.copyTarget | usages.copySource,
    );
    this.#used.add(buffer);
    if (words.length > 0) this.#device.device.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }

  /** Frees a buffer, once what was recorded with it is on its way. */
  give(buffer: GPUBuffer): void {
    if (!this.#used.delete(buffer)) return;
    this.#recorder.forget();
    this.#device.free(buffer);
  }

  /** Frees all. */
  destroy(): void {
    for (const buffer of this.#used) this.#device.free(buffer);
    this.#used.clear();
  }
}
