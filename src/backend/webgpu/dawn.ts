// Dawn's entry objects through npm `webgpu`, for Node; imported on demand, so that a browser never
// sees it and a machine where the binary cannot load still runs everything else.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What Dawn calls the graphics interface below it; `default` is the system's own (Vulkan, Metal or
 * Direct3D 12).
 */
export type GraphicsApi = 'default' | 'vulkan' | 'metal' | 'd3d12' | 'opengles';

/**
 * Dawn's entry objects, one for each interface, never let go: once one is collected, whatever is
 * left of its devices, destroyed or not, crashes the process.
 */
const entries = new Map<GraphicsApi, GPU>();

/** The entry object of Dawn, or why it cannot be had. */
export async function createGpu(api: GraphicsApi): Promise<GPU | string> {
  // Dawn would find this out too, and print two lines about it that nobody asked for.
  if (
    process.platform === 'linux' &&
    (api === 'default' || api === 'vulkan') &&
    !hasVulkanLoader()
  ) {
    return 'no Vulkan loader (libvulkan.so.1) on this machine';
  }
  try {
    const { create } = await import('webgpu');
    const gpu = entries.get(api) ?? create(api === 'default' ? [] : [`backend=${api}`]);
    entries.set(api, gpu);
    return gpu;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return `the package \`webgpu\` cannot be loaded: ${reason}`;
  }
}

/**
 * Whether the dynamic loader would find libvulkan.so.1: on its path, in its cache, or in a usual
 * place.
 */
function hasVulkanLoader(): boolean {
  const name = 'libvulkan.so.1';
  const usual = [
    '/usr/lib',
    '/usr/lib64',
    '/lib',
    '/lib64',
    '/usr/local/lib',
    '/run/opengl-driver/lib',
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
  ];
  const path = (process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  if ([...path, ...usual].some((folder) => existsSync(join(folder, name)))) return true;
  const cache = '/etc/ld.so.cache';
  return existsSync(cache) && readFileSync(cache, 'latin1').includes(name);
}
