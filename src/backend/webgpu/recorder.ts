// Records verbs into one command encoder and submits them late: k iterations cost one submit, and
// only a wait or a full buffer sends it. Parameters and constant coefficients are collected on the
// host and uploaded once before the submit; the queue keeps that order, so a buffer is never
// overwritten before the work that reads it has run. Each dispatch is its own usage scope, so a
// whole batch fits in one compute pass.

import { check, invariant } from '../../base/errors.js';
import { usages, type Device } from './device.js';
import type { NumberFormat } from './format.js';
import { PARAMETER_BYTES, type Kernel } from './pipelines.js';

/** Dispatches in one submit. More would leave the device idle while they are recorded. */
const MOST_DISPATCHES = 128;
const PARAMETER_WORDS = PARAMETER_BYTES / 4;
/** Bind groups kept for reuse; a solver cycles through a few dozen. */
const MOST_BIND_GROUPS = 2048;

/** Numbers that fit where constant coefficients and reduced scalars are kept. */
export interface CoefficientSpace {
  readonly constants: number;
  readonly scalars: number;
}

/** One encoder's worth of pending work on a device. */
export class Recorder {
  /** Constants first, then the ring of scalars. */
  readonly coefficients: GPUBuffer;
  readonly space: CoefficientSpace;
  readonly #device: Device;
  readonly #parameterBuffer: GPUBuffer;
  readonly #parameters = new Uint32Array(MOST_DISPATCHES * PARAMETER_WORDS);
  readonly #constants: Uint32Array;
  readonly #scalarWords: number;
  readonly #groups = new Map<string, GPUBindGroup>();
  readonly #names = new WeakMap<GPUBuffer, number>();
  #named = 0;
  #dispatches = 0;
  #constantCount = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;

  constructor(device: Device, { scalarBytes }: NumberFormat, space: CoefficientSpace) {
    this.#device = device;
    this.space = space;
    this.#scalarWords = scalarBytes / 4;
    this.#constants = new Uint32Array(this.#scalarWords * space.constants);
    this.#parameterBuffer = device.allocate(
      'parameters',
      MOST_DISPATCHES * PARAMETER_BYTES,
      usages.uniform | usages.copyTarget,
    );
    this.coefficients = device.allocate(
      'coefficients',
      scalarBytes * (space.constants + space.scalars),
      usages.storage | usages.copyTarget | usages.copySource,
    );
  }

  /**
   * Makes room for dispatches and their constants, so that no submit falls in between. Returns
   * whether it had to submit: constants placed before that are gone.
   */
  reserve(dispatches: number, constants: number): boolean {
    this.#device.assertUsable();
    check(
      constants <= this.space.constants,
      'too-large',
      () => `${constants} coefficients in one verb: expected at most ${this.space.constants}`,
      'use fewer columns',
    );
    invariant(dispatches <= MOST_DISPATCHES, 'a verb fits in one submit');
    const full = this.#dispatches + dispatches > MOST_DISPATCHES;
    if (!full && this.#constantCount + constants <= this.space.constants) return false;
    this.flush();
    return true;
  }

  /**
   * Places constant coefficients, as words of the number format, for the verb being recorded;
   * returns their place in `coefficients`.
   */
  constant(words: Uint32Array): number {
    const place = this.#constantCount;
    this.#constants.set(words, place * this.#scalarWords);
    this.#constantCount += words.length / this.#scalarWords;
    return place;
  }

  /**
   * Records one dispatch. `buffers` follow the kernel's bindings; `fill` writes the parameters into
   * a zeroed block of words. Cost: some microseconds of the host's time, nothing on the device
   * until flush.
   */
  dispatch(
    kernel: Kernel,
    buffers: readonly GPUBuffer[],
    groups: number,
    fill: (words: Uint32Array) => void,
  ): void {
    if (groups === 0) return;
    invariant(this.#dispatches < MOST_DISPATCHES, 'room was reserved for a dispatch');
    const first = this.#dispatches * PARAMETER_WORDS;
    const words = this.#parameters.subarray(first, first + PARAMETER_WORDS).fill(0);
    fill(words);
    const high = Math.ceil(groups / this.#device.groupLimit);
    this.#pass ??= this.#open().beginComputePass({ label: 'focus-engine' });
    this.#pass.setPipeline(kernel.pipeline);
    this.#pass.setBindGroup(0, this.#bindGroup(kernel, buffers), [4 * first]);
    this.#pass.dispatchWorkgroups(Math.ceil(groups / high), high);
    this.#dispatches++;
  }

  /**
   * Records a copy between buffers, after the dispatches recorded so far. Offsets and bytes are
   * multiples of four.
   */
  copy(from: GPUBuffer, fromByte: number, to: GPUBuffer, toByte: number, bytes: number): void {
    this.#endPass();
    this.#open().copyBufferToBuffer(from, fromByte, to, toByte, bytes);
  }

  /** Records zeroing of a whole buffer. */
  clear(buffer: GPUBuffer): void {
    this.#endPass();
    this.#open().clearBuffer(buffer);
  }

  /** Submits what is recorded; does not wait. */
  flush(): void {
    const encoder = this.#encoder;
    if (encoder === null) return;
    this.#endPass();
    const { queue } = this.#device.device;
    if (this.#dispatches > 0) {
      queue.writeBuffer(
        this.#parameterBuffer,
        0,
        this.#parameters,
        0,
        this.#dispatches * PARAMETER_WORDS,
      );
    }
    if (this.#constantCount > 0) {
      const words = this.#constantCount * this.#scalarWords;
      queue.writeBuffer(this.coefficients, 0, this.#constants, 0, words);
    }
    queue.submit([encoder.finish()]);
    this.#encoder = null;
    this.#dispatches = 0;
    this.#constantCount = 0;
  }

  /**
   * Submits what may still use a buffer and forgets bind groups: call before a buffer is destroyed.
   */
  forget(): void {
    this.flush();
    this.#groups.clear();
  }

  /** Drops what is recorded and frees the recorder's buffers. */
  destroy(): void {
    this.#endPass();
    this.#encoder = null;
    this.#groups.clear();
    this.#device.free(this.#parameterBuffer);
    this.#device.free(this.coefficients);
  }

  #open(): GPUCommandEncoder {
    return (this.#encoder ??= this.#device.device.createCommandEncoder({ label: 'focus-engine' }));
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  #bindGroup(kernel: Kernel, buffers: readonly GPUBuffer[]): GPUBindGroup {
    invariant(
      buffers.length === kernel.bindings.length,
      `${kernel.name} has a buffer for each binding`,
    );
    const key = `${kernel.name}:${buffers.map((buffer) => this.#nameOf(buffer)).join()}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MOST_BIND_GROUPS) this.#groups.clear();
    const group = this.#device.device.createBindGroup({
      label: kernel.name,
      layout: kernel.layout,
      entries: [
        { binding: 0, resource: { buffer: this.#parameterBuffer, size: PARAMETER_BYTES } },
        ...buffers.map((buffer, k) => ({ binding: kernel.bindings[k], resource: { buffer } })),
      ],
    });
    this.#groups.set(key, group);
    return group;
  }

  #nameOf(buffer: GPUBuffer): number {
    let name = this.#names.get(buffer);
    if (name === undefined) {
      name = this.#named++;
      this.#names.set(buffer, name);
    }
    return name;
  }
}
