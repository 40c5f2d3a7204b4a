// The machines that must agree to the bit: WebAssembly with several numbers of threads, and WGSL
// through two shader compilers, two sizes of workgroup, with and without subgroups.

import type { ExactBackend } from '../../src/backend/exact.js';
import { openCpuExact } from '../../src/backend/cpu/cpu.js';
import { openWebGpuExact } from '../../src/backend/webgpu/webgpu.js';
import { hasSystemEgl } from '../backend/software-adapter.js';

export interface Machine {
  readonly name: string;
  /** One of the few that run every lineage; the others run a part of them. */
  readonly core: boolean;
  open(): Promise<ExactBackend>;
}

/** All machines here; says loudly which is missing. */
export function machinesHere(): Machine[] {
  const threaded = [1, 2, 3, 8].map((threads): Machine => ({
    name: `WebAssembly, ${threads} threads`,
    core: threads === 1,
    open: () => Promise.resolve(openCpuExact({ threads, worthSharing: 0 })),
  }));
  const gpu = (
    name: string,
    options: Parameters<typeof openWebGpuExact>[0],
    core = false,
  ): Machine => ({
    name,
    core,
    open: () => openWebGpuExact(options),
  });
  const machines = [
    ...threaded,
    gpu('WGSL on Vulkan, workgroups of 64', { workgroupSize: 64 }, true),
    gpu('WGSL on Vulkan, workgroups of 128 and subgroups', { workgroupSize: 128, subgroups: true }),
  ];
  if (hasSystemEgl()) {
    machines.push(gpu('WGSL on OpenGL ES, workgroups of 64', { api: 'opengles' }, true));
    machines.push(
      gpu('WGSL on OpenGL ES, workgroups of 32', { api: 'opengles', workgroupSize: 32 }),
    );
  } else {
    console.warn('EXACT WGSL DID NOT RUN ON OPENGL ES: install libegl1 libgl1-mesa-dri libegl-dev');
  }
  return machines;
}
