// The shared cases of exact arithmetic on Mesa's llvmpipe through OpenGL ES: a second shader
// compiler and a second Dawn back end, where installed.

import { it } from 'vitest';
import { openWebGpuExact } from '../../src/backend/webgpu/webgpu.js';
import { exactCases } from '../cases/exact-cases.js';
import { hasSystemEgl } from './software-adapter.js';

if (hasSystemEgl()) {
  for (const workgroupSize of [64, 128] as const) {
    exactCases(`webgpu on llvmpipe with workgroups of ${workgroupSize}`, () =>
      openWebGpuExact({ api: 'opengles', workgroupSize, subgroups: true }),
    );
  }
} else {
  const line =
    'THE EXACT WGSL SUITE DID NOT RUN ON LLVMPIPE: install libegl1, libgl1-mesa-dri and libegl-dev';
  console.warn(line);
  it.skip(line);
}
