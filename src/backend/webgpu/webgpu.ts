// The WebGPU backend: f32 or exact arithmetic on a GPU, through npm `webgpu` (Dawn) or a GPU object
// that the caller gives. Opened by name or by the automatic choice, which asks probeWebGpu first
// and never takes a software adapter. Nothing here imports a module of Node before it is needed.

import type { Backend } from '../backend.js';
import type { ExactBackend } from '../exact.js';
import { openDevice, type Device, type DeviceOptions } from './device.js';
import { openExactWorkspace } from './exact-workspace.js';
import { formatExact, formatF32, type NumberFormat } from './format.js';
import { compileKernels, type Kernels } from './pipelines.js';
import { openWorkspace } from './workspace.js';

export {
  probeWebGpu,
  type AdapterDescription,
  type GraphicsApi,
  type WebGpuProbe,
} from './adapters.js';
export type { DeviceOptions, WorkgroupSize } from './device.js';

/**
 * Opens the WebGPU backend in f32 and compiles its kernels (some tens of milliseconds).
 * @throws FocusError `no-backend` where there is no adapter or none that the options allow.
 */
export function openWebGpu(options: DeviceOptions = {}): Promise<Backend> {
  return openKernels(options, formatF32, (device, kernels) => {
    const workspaces = new Set<Destroyable>();
    return {
      name: 'webgpu',
      precision: 'f32',
      description: describe(device, 'f32'),
      open: (axons, directions) =>
        keep(workspaces, (closed) => openWorkspace(device, kernels, axons, directions, closed)),
      destroy: () => destroyAll(workspaces, device),
    };
  });
}

/**
 * Opens the WebGPU backend in exact arithmetic and compiles its kernels. Results have the same bits
 * whatever the options.
 * @throws FocusError `no-backend` where there is no adapter or none that the options allow.
 */
export function openWebGpuExact(options: DeviceOptions = {}): Promise<ExactBackend> {
  return openKernels(options, formatExact, (device, kernels) => {
    const workspaces = new Set<Destroyable>();
    return {
      name: 'webgpu',
      precision: 'exact',
      description: describe(device, 'exact'),
      open: (matrices) =>
        keep(workspaces, (closed) => openExactWorkspace(device, kernels, matrices, closed)),
      destroy: () => destroyAll(workspaces, device),
    };
  });
}

interface Destroyable {
  destroy(): void;
}

async function openKernels<T>(
  options: DeviceOptions,
  format: NumberFormat,
  make: (device: Device, kernels: Kernels) => T,
): Promise<T> {
  const device = await openDevice(options);
  try {
    return make(device, await compileKernels(device, format));
  } catch (error) {
    device.destroy();
    throw error;
  }
}

function describe(device: Device, precision: string): string {
  const { name, driver, software } = device.description;
  const words = ['webgpu', name, driver, software ? 'a software adapter' : '', precision];
  return words.filter((word) => word !== '').join(', ');
}

/** Opens a workspace and remembers it until it is closed. */
async function keep<T extends Destroyable>(
  workspaces: Set<Destroyable>,
  open: (closed: (workspace: T) => void) => Promise<T>,
): Promise<T> {
  const workspace = await open((closed) => workspaces.delete(closed));
  workspaces.add(workspace);
  return workspace;
}

function destroyAll(workspaces: ReadonlySet<Destroyable>, device: Device): void {
  for (const workspace of [...workspaces]) workspace.destroy();
  device.destroy();
}
