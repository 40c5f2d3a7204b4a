// The WebGPU backend: f32 on a GPU through npm `webgpu` (Dawn). Opened by name or by the automatic
// choice, which asks probeWebGpu first and never takes a software adapter.

import type { Backend, Workspace } from '../backend.js';
import { openDevice, type DeviceOptions } from './device.js';
import { compileKernels, formatF32 } from './pipelines.js';
import { openWorkspace } from './workspace.js';

export {
  probeWebGpu,
  type AdapterDescription,
  type GraphicsApi,
  type WebGpuProbe,
} from './adapters.js';
export type { DeviceOptions } from './device.js';

/**
 * Opens the WebGPU backend and compiles its kernels (some tens of milliseconds).
 * @throws FocusError `no-backend` where there is no adapter or none that the options allow.
 */
export async function openWebGpu(options: DeviceOptions = {}): Promise<Backend> {
  const device = await openDevice(options);
  try {
    const kernels = await compileKernels(device, formatF32);
    const workspaces = new Set<Workspace>();
    const { name, driver, software } = device.description;
    const words = ['webgpu', name, driver, software ? 'a software adapter' : '', 'f32'];
    return {
      name: 'webgpu',
      precision: 'f32',
      description: words.filter((word) => word !== '').join(', '),
      open: async (axons, directions) => {
        const workspace = await openWorkspace(device, kernels, axons, directions, (closed) =>
          workspaces.delete(closed),
        );
        workspaces.add(workspace);
        return workspace;
      },
      destroy: () => {
        for (const workspace of [...workspaces]) workspace.destroy();
        device.destroy();
      },
    };
  } catch (error) {
    device.destroy();
    throw error;
  }
}
