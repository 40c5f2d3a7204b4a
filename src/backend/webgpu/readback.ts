// Brings numbers back from the device through mappable staging buffers, a few of which are kept for
// reuse.

import { usages, type Device } from './device.js';
import type { Recorder } from './recorder.js';

/** A run of bytes of one buffer; offset and length are multiples of four. */
export interface Piece {
  readonly buffer: GPUBuffer;
  readonly byte: number;
  readonly bytes: number;
}

/** Staging buffers kept at a time; larger ones are freed after use. */
const MOST_KEPT = 4;
const LARGEST_KEPT = 2 ** 26;

/** Reads pieces of device buffers. */
export class Readback {
  readonly #device: Device;
  readonly #recorder: Recorder;
  readonly #idle: GPUBuffer[] = [];
  #destroyed = false;

  constructor(device: Device, recorder: Recorder) {
    this.#device = device;
    this.#recorder = recorder;
  }

  /**
   * Submits what is recorded, waits, and returns the pieces' bytes one after the other. One wait
   * however many the pieces. Rejects with `device-lost` if the device goes away meanwhile.
   */
  async read(pieces: readonly Piece[]): Promise<ArrayBuffer> {
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    const staging = this.#take(bytes);
    let byte = 0;
    for (const piece of pieces) {
      this.#recorder.copy(piece.buffer, piece.byte, staging, byte, piece.bytes);
      byte += piece.bytes;
    }
    this.#recorder.flush();
    await this.#device.settle(staging.mapAsync(0x1, 0, bytes)); // GPUMapMode.READ
    const values = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    this.#give(staging);
    return values;
  }

  /** Frees the staging buffers; one that a read is using, when that read ends. */
  destroy(): void {
    this.#destroyed = true;
    for (const staging of this.#idle) this.#device.free(staging);
    this.#idle.length = 0;
  }

  #take(bytes: number): GPUBuffer {
    const at = this.#idle.findIndex((staging) => staging.size >= bytes);
    if (at >= 0) return this.#idle.splice(at, 1)[0];
    return this.#device.allocate(
      'readback',
      Math.max(bytes, 4096),
      usages.mapRead | usages.copyTarget,
    );
  }

  #give(staging: GPUBuffer): void {
    const keep = !this.#destroyed && this.#idle.length < MOST_KEPT && staging.size <= LARGEST_KEPT;
    if (keep) this.#idle.push(staging);
    else this.#device.free(staging);
  }
}
