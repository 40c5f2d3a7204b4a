// A WebGPU device with its limits and its byte budget. A lost device is an error that every later
// verb and every wait reports, never a hang: after a loss Dawn still hands out buffers, so a flag
// decides and not the calls. Errors that no scope catches are kept and thrown at the next verb or
// wait.

import { FocusError, check } from '../../base/errors.js';
import {
  findAdapter,
  type AdapterDescription,
  type FoundAdapter,
  type GraphicsApi,
} from './adapters.js';

/** Numeric values of GPUBufferUsage, GPUMapMode and GPUShaderStage: Node has no such globals. */
export const usages = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
} as const;

/** How to open a device. */
export interface DeviceOptions {
  /** Default `default`: the system's own graphics interface. */
  readonly api?: GraphicsApi;
  /**
   * Whether a software adapter will do; default true, because who names this backend may want it to
   * check results.
   */
  readonly software?: boolean;
  /**
   * Bytes that all buffers together may take; default four bindings of the adapter, at least 4 GiB.
   */
  readonly memoryBudget?: number;
  /**
   * Bytes of one storage binding, below the adapter's own limit; for tests of slicing. At least
   * 16,384.
   */
  readonly bindingLimit?: number;
  /**
   * Workgroups in one dimension of a dispatch, below the adapter's own limit; for tests of
   * two-dimensional dispatches.
   */
  readonly groupLimit?: number;
  /** Lanes of a workgroup; default 64. Throws `bad-parameter` above the adapter's limit. */
  readonly workgroupSize?: WorkgroupSize;
  /**
   * Whether lanes add up through subgroups instead of workgroup memory, where the adapter can;
   * default false.
   */
  readonly subgroups?: boolean;
  /** The GPU object to ask for an adapter, as `navigator.gpu` in a browser; default Dawn's. */
  readonly gpu?: GPU;
  /** The text of shaders/NAME.wgsl; default from the installed files. */
  readonly readShader?: (name: string) => string | Promise<string>;
}

/** Lanes that a workgroup may have. */
export type WorkgroupSize = 32 | 64 | 128 | 256;

const WORKGROUP_SIZES: readonly number[] = [32, 64, 128, 256];
/** Lanes that WebGPU promises for a subgroup. */
const LEAST_SUBGROUP = 4;
const LEAST_BINDING = 16_384;
const LEAST_BUDGET = 4 * 2 ** 30;

/**
 * Devices with their adapters, reachable until Dawn reports their end: collecting them sooner
 * crashes.
 */
const open = new Map<Device, FoundAdapter>();

/** An open device. Make one with openDevice. */
export class Device {
  readonly device: GPUDevice;
  readonly description: AdapterDescription;
  readonly bindingLimit: number;
  readonly groupLimit: number;
  readonly memoryBudget: number;
  readonly workgroupSize: WorkgroupSize;
  /** Lanes of the smallest subgroup where kernels add up through subgroups; else null. */
  readonly leastSubgroup: number | null;
  readonly #readShader: DeviceOptions['readShader'];
  readonly #waiting = new Set<(error: FocusError) => void>();
  #allocatedBytes = 0;
  #lost: FocusError | null = null;
  #error: FocusError | null = null;
  #destroyed = false;

  constructor(device: GPUDevice, found: FoundAdapter, options: DeviceOptions) {
    const { description } = found;
    this.device = device;
    this.description = description;
    const own = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
    this.bindingLimit = Math.min(own, options.bindingLimit ?? own);
    check(
      this.bindingLimit >= LEAST_BINDING,
      'bad-parameter',
      () => `bindingLimit: expected at least ${LEAST_BINDING} bytes, found ${this.bindingLimit}`,
    );
    this.groupLimit = Math.min(
      device.limits.maxComputeWorkgroupsPerDimension,
      options.groupLimit ?? Infinity,
    );
    this.workgroupSize = options.workgroupSize ?? 64;
    const mostLanes = Math.min(
      device.limits.maxComputeInvocationsPerWorkgroup,
      device.limits.maxComputeWorkgroupSizeX,
    );
    check(
      WORKGROUP_SIZES.includes(this.workgroupSize) && this.workgroupSize <= mostLanes,
      'bad-parameter',
      () =>
        `workgroupSize: expected one of ${WORKGROUP_SIZES.join(', ')} up to ${mostLanes} on ` +
        `${description.name}, found ${this.workgroupSize}`,
    );
    this.leastSubgroup = device.features.has('subgroups')
      ? (device.adapterInfo.subgroupMinSize ?? LEAST_SUBGROUP)
      : null;
    this.#readShader = options.readShader;
    this.memoryBudget = options.memoryBudget ?? Math.max(4 * own, LEAST_BUDGET);
    void device.lost.then((info) => {
      const lost = new FocusError(
        'device-lost',
        `the WebGPU device ${description.name} was lost: ${info.message || info.reason}`,
        'open the backend again, or use the cpu backend',
      );
      this.#lost = lost;
      for (const reject of this.#waiting) reject(lost);
      open.delete(this);
    });
    device.onuncapturederror = (event) => {
      event.preventDefault();
      this.#error ??= errorOf(event.error);
    };
    open.set(this, found);
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** Throws if the device is destroyed or lost, or has reported an error that nobody caught. */
  assertUsable(): void {
    check(
      !this.#destroyed,
      'device-lost',
      () => 'the WebGPU backend was used after destroy()',
      'open the backend again',
    );
    if (this.#lost !== null) throw this.#lost;
    if (this.#error !== null) throw this.#error;
  }

  /** Throws `too-large` unless `bytes` more fit the budget. `what` names them in the message. */
  assertFits(bytes: number, what: string): void {
    check(
      this.#allocatedBytes + bytes <= this.memoryBudget,
      'too-large',
      () =>
        `${what} needs ${bytes} bytes on ${this.description.name}, and ${this.#allocatedBytes} ` +
        `of a budget of ${this.memoryBudget} bytes are taken`,
      'raise memoryBudget, use fewer columns, or use the cpu backend',
    );
  }

  /** Makes a zeroed buffer within budget and limits; `bytes` are rounded up to four. */
  allocate(label: string, bytes: number, usage: number): GPUBuffer {
    this.assertUsable();
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const limit =
      (usage & usages.storage) === 0 ? this.device.limits.maxBufferSize : this.bindingLimit;
    check(
      size <= limit,
      'too-large',
      () => `${label} needs ${size} bytes and ${this.description.name} binds at most ${limit}`,
      'use fewer columns, a smaller graph, or the cpu backend',
    );
    this.assertFits(size, label);
    const buffer = this.device.createBuffer({ label, size, usage });
    this.#allocatedBytes += size;
    return buffer;
  }

  /** Destroys a buffer made by allocate. */
  free(buffer: GPUBuffer): void {
    this.#allocatedBytes -= buffer.size;
    buffer.destroy();
  }

  /**
   * Waits for the device, or rejects if it is lost or reports an error meanwhile; never hangs on a
   * lost device.
   */
  async settle<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await this.#unlessLost(work);
      this.assertUsable();
      return result;
    } catch (cause) {
      if (cause instanceof FocusError) throw cause;
      // A wait that the driver aborts is often the first sign of a loss, whose own report comes a
      // moment later.
      await this.#unlessLost(new Promise((resolve) => setTimeout(resolve, 100)));
      this.assertUsable();
      throw new FocusError('failure', `WebGPU: ${String(cause)}`, '', { cause });
    }
  }

  /** The text of a shader. Throws `failure` where there is none. */
  async readShader(name: string): Promise<string> {
    if (this.#readShader !== undefined) return this.#readShader(name);
    const { readShader } = await import('./shader-files.js');
    return readShader(name);
  }

  /** Destroys the device. Idempotent; Dawn's entry object stays (see adapters.ts). */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.device.destroy();
  }

  /**
   * The work's outcome, or the loss of the device if that is first. A race would keep every wait
   * alive with the device.
   */
  #unlessLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) reject(this.#lost);
      this.#waiting.add(reject);
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }
}

/** Opens a device with the adapter's own limits. Throws `no-backend`. */
export async function openDevice(options: DeviceOptions): Promise<Device> {
  const { api = 'default', software = true, gpu } = options;
  const found = await findAdapter(api, software, gpu);
  const { limits, features } = found.adapter;
  const subgroups = options.subgroups === true && features.has('subgroups');
  try {
    const device = await found.adapter.requestDevice({
      label: 'focus-engine',
      requiredFeatures: subgroups ? ['subgroups'] : [],
      requiredLimits: {
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxBufferSize: limits.maxBufferSize,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      },
    });
    return new Device(device, found, options);
  } catch (cause) {
    if (cause instanceof FocusError) throw cause;
    throw new FocusError(
      'no-backend',
      `WebGPU: ${found.description.name} gives no device: ${String(cause)}`,
      'use the cpu backend',
      { cause },
    );
  }
}

function errorOf(error: GPUError): FocusError {
  const outOfMemory = /memory/i.test(error.constructor.name);
  const message = `WebGPU: ${error.message.trim().split('\n')[0]}`;
  return outOfMemory
    ? new FocusError(
        'too-large',
        message,
        'lower memoryBudget below the free memory, or use the cpu backend',
      )
    : new FocusError(
        'failure',
        message,
        'please report this with the adapter named by `focus doctor`',
      );
}
